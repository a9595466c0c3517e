//! `tenure list`.

use crate::automate::connection::{Connected, connect};
use crate::automate::run_async;
use crate::cli::{Global, ListCommand, ListForm, Listing, Output};
use crate::failure::Failure;
use crate::print;
use futures_util::TryStreamExt as _;
use serde_json::Value;
use tenure_client::{Team, TeamId, Teammate};
use tenure_lifecycle::address::nearest;

const TEAMMATE_COLUMNS: [&str; 7] =
    ["id", "email", "first_name", "last_name", "username", "is_admin", "is_blocked"];

pub(crate) fn run(global: &Global, command: ListCommand) -> Result<(), Failure> {
    run_async(async {
        match command {
            ListCommand::Teammates { blocked, team, condition, listing } => {
                let condition = condition.as_deref().map(Condition::parse).transpose()?;
                let connected = connect(&listing.connection)?;
                let mut mates = match team {
                    Some(team) => members(&connected, &team).await?,
                    None => connected.live.client.teammates().try_collect().await.map_err(Failure::new)?,
                };
                mates.retain(|mate| !blocked || mate.is_blocked);
                mates.retain(|mate| condition.as_ref().is_none_or(|condition| condition.holds(mate)));
                teammates(global, &listing, &mates);
            }
            ListCommand::Members { team, listing } => {
                let mates = members(&connect(&listing.connection)?, &team).await?;
                teammates(global, &listing, &mates);
            }
            ListCommand::Teams { listing } => teams(global, &listing).await?,
        }
        Ok(())
    })
}

async fn members(connected: &Connected, team: &str) -> Result<Vec<Teammate>, Failure> {
    let client = &connected.live.client;
    let all = client.teams().await.map_err(Failure::new)?;
    let id = find(&all, team)?;
    let members = client.team_members(&id).await.map_err(Failure::new)?;
    members.ok_or_else(|| Failure::new(format!("there is no team {id} any more")))
}

fn find(teams: &[Team], wanted: &str) -> Result<TeamId, Failure> {
    let fits = |team: &&Team| team.id.0 == wanted || team.name.eq_ignore_ascii_case(wanted);
    let found: Vec<_> = teams.iter().filter(fits).collect();
    match found.as_slice() {
        [team] => Ok(team.id.clone()),
        [] => {
            let meant = nearest(wanted, teams.iter().map(|team| team.name.as_str()));
            let meant =
                meant.map(|meant| format!("; did you mean `{}`?", print::safe(meant))).unwrap_or_default();
            Err(Failure::new(format!("there is no team `{}`{meant}", print::safe(wanted))))
        }
        several => {
            let ids: Vec<_> = several.iter().map(|team| team.id.0.as_str()).collect();
            Err(Failure::new(format!(
                "{} are all named `{}`; name one by its id",
                ids.join(", "),
                print::safe(wanted)
            )))
        }
    }
}

fn cell(mate: &Teammate, column: &str) -> String {
    match column {
        "id" => mate.id.0.clone(),
        "email" => mate.email.clone(),
        "first_name" => mate.first_name.clone(),
        "last_name" => mate.last_name.clone(),
        "username" => mate.username.clone(),
        "is_admin" => mate.is_admin.to_string(),
        "is_available" => mate.is_available.to_string(),
        "is_blocked" => mate.is_blocked.to_string(),
        other => {
            let value = other.strip_prefix("custom_fields.").and_then(|name| mate.custom_fields.get(name));
            match value {
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None => String::new(),
            }
        }
    }
}

fn is_json(global: &Global, listing: &Listing) -> bool {
    global.output == Output::Json || listing.format == ListForm::Json
}

fn show(listing: &Listing, columns: &[&str], rows: &[Vec<String>], none: &str) {
    match listing.format {
        ListForm::Csv => print::result(&print::csv(columns, rows)),
        ListForm::Table | ListForm::Json => print::result(&print::rows(columns, rows, none)),
    }
}

fn teammates(global: &Global, listing: &Listing, mates: &[Teammate]) {
    if is_json(global, listing) {
        print::json(&mates);
        return;
    }
    let rows: Vec<_> =
        mates.iter().map(|mate| TEAMMATE_COLUMNS.map(|column| cell(mate, column)).to_vec()).collect();
    show(listing, &TEAMMATE_COLUMNS, &rows, "There is no such teammate.");
}

async fn teams(global: &Global, listing: &Listing) -> Result<(), Failure> {
    let connected = connect(&listing.connection)?;
    let client = &connected.live.client;
    let teams = client.teams().await.map_err(Failure::new)?;
    let mut counted = Vec::new();
    for team in teams {
        let members = client.team_members(&team.id).await.map_err(Failure::new)?.unwrap_or_default();
        counted.push((team, members.len()));
    }
    if is_json(global, listing) {
        let teams: Vec<_> = counted
            .iter()
            .map(|(team, members)| {
                let mut value = serde_json::to_value(team).unwrap_or_default();
                value["members"] = Value::from(*members);
                value
            })
            .collect();
        print::json(&teams);
        return Ok(());
    }
    let rows: Vec<_> = counted
        .iter()
        .map(|(team, members)| vec![team.id.0.clone(), team.name.clone(), members.to_string()])
        .collect();
    show(listing, &["id", "name", "members"], &rows, "There is no team.");
    Ok(())
}

/// What `--where` asks: comparisons that must all hold.
struct Condition(Vec<Comparison>);

struct Comparison {
    field: String,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    Holds,
}

impl Condition {
    fn parse(text: &str) -> Result<Self, Failure> {
        let comparisons = text.split(" and ").map(|part| {
            let part = part.trim();
            let operators = [("!=", Operator::IsNot), ("=", Operator::Is), ("~", Operator::Holds)];
            let found = operators.iter().filter_map(|(sign, operator)| Some((part.find(sign)?, *sign, *operator)));
            let wrong = || {
                Failure::usage(format!(
                    "--where: `{}` is no comparison; write FIELD=VALUE, FIELD!=VALUE or FIELD~PART, joined by `and`",
                    part.escape_debug()
                ))
            };
            // `a!=b` has `=` in it too; the first sign counts, and of two at one place the longer.
            let (at, sign, operator) = found.min_by_key(|(at, sign, _)| (*at, 2 - sign.len())).ok_or_else(wrong)?;
            let field = part[..at].trim();
            let is_known = TEAMMATE_COLUMNS.contains(&field) || field == "is_available" || field.starts_with("custom_fields.");
            if !is_known {
                let meant = nearest(field, TEAMMATE_COLUMNS).map(|meant| format!("; did you mean `{meant}`?"));
                let message = format!("--where: there is no field `{}`{}", field.escape_debug(), meant.unwrap_or_default());
                return Err(Failure::usage(message));
            }
            let value = part[at + sign.len()..].trim().trim_matches(['"', '\'']);
            Ok(Comparison { field: field.to_owned(), operator, value: value.to_lowercase() })
        });
        comparisons.collect::<Result<_, _>>().map(Self)
    }

    fn holds(&self, mate: &Teammate) -> bool {
        self.0.iter().all(|Comparison { field, operator, value }| {
            let has = cell(mate, field).to_lowercase();
            match operator {
                Operator::Is => has == *value,
                Operator::IsNot => has != *value,
                Operator::Holds => has.contains(value.as_str()),
            }
        })
    }
}
