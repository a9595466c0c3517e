//! What rows name, found in the directory: teams, and custom fields with values of their types.

use crate::address::{EmailKey, nearest};
use crate::directory::{Directory, Lookup, TeamState};
use crate::people::{People, PeopleProblem, Person, Place, Wish};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use tenure_client::CustomField;

pub(super) struct Resolve<'a> {
    people: &'a People,
    lookup: &'a Lookup<'a>,
    fields: BTreeMap<&'a str, &'a CustomField>,
    teams: HashMap<String, Result<&'a TeamState, String>>,
    pub(super) problems: Vec<PeopleProblem>,
}

impl<'a> Resolve<'a> {
    pub(super) fn new(people: &'a People, directory: &'a Directory, lookup: &'a Lookup<'a>) -> Self {
        let fields = directory.custom_fields.iter().map(|field| (field.name.as_str(), field)).collect();
        Self { people, lookup, fields, teams: HashMap::new(), problems: people.problems.clone() }
    }

    fn problem(&mut self, place: Place, message: String) {
        let place = match self.people.where_is(place) {
            place if place.is_empty() => "command line".to_owned(),
            place => place,
        };
        self.problems.push(PeopleProblem { place, message });
    }

    /// A problem with the row of a person; without a place where there is no row.
    pub(super) fn problem_of(&mut self, key: &EmailKey, message: String) {
        let row = self.people.persons.iter().find(|person| person.key == *key);
        let place = row.map(|person| self.people.where_is(person.place)).filter(|place| !place.is_empty());
        let place = place.unwrap_or_else(|| "command line".to_owned());
        self.problems.push(PeopleProblem { place, message });
    }

    /// The teams that a person is to be in; none where they are not managed.
    pub(super) fn teams(&mut self, person: &Person) -> Option<Vec<&'a TeamState>> {
        let (names, place) = match &person.teams {
            Wish::Leave => return None,
            Wish::Clear => return Some(vec![]),
            Wish::Set(teams) => teams,
        };
        let mut found: Vec<&TeamState> = Vec::new();
        for name in names {
            let lookup = self.lookup;
            let team = self.teams.entry(name.clone()).or_insert_with(|| team(lookup, name)).clone();
            match team {
                Ok(team) if found.iter().any(|found| found.id == team.id) => {}
                Ok(team) => found.push(team),
                Err(message) => self.problem(*place, message),
            }
        }
        found.sort_by(|a, b| a.id.cmp(&b.id));
        Some(found)
    }

    /// The values that a person's custom fields are to have; none for one that is to have no value.
    pub(super) fn custom_fields(&mut self, person: &Person) -> Vec<(String, Option<Value>)> {
        let mut found = Vec::new();
        for (name, place, wish) in &person.custom_fields {
            let Some(field) = self.fields.get(name.as_str()) else {
                let meant = nearest(name, self.fields.keys().copied());
                let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
                self.problem(*place, format!("there is no custom field `{}`{meant}", name.escape_debug()));
                continue;
            };
            match wish {
                Wish::Leave => {}
                Wish::Clear => found.push((name.clone(), None)),
                Wish::Set(value) => match typed(field, value) {
                    Ok(value) => found.push((name.clone(), Some(value))),
                    Err(message) => self.problem(*place, format!("custom_fields.{name}: {message}")),
                },
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }
}

fn team<'a>(lookup: &Lookup<'a>, name: &str) -> Result<&'a TeamState, String> {
    if let Some(team) = lookup.team(name) {
        return Ok(team);
    }
    let named = lookup.teams_named(name);
    match named.as_slice() {
        [team] => Ok(team),
        [] => {
            let meant = nearest(name, lookup.team_names());
            let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            Err(format!("teams: there is no team `{}`{meant}", name.escape_debug()))
        }
        several => {
            let ids: Vec<_> = several.iter().map(|team| team.id.0.as_str()).collect();
            Err(format!(
                "teams: {} are all named `{}`; name one by its id",
                ids.join(", "),
                name.escape_debug()
            ))
        }
    }
}

/// A value of the type of its field.
fn typed(field: &CustomField, value: &Value) -> Result<Value, String> {
    let text = value.as_str();
    match field.kind.as_str() {
        "number" => match (value, text.map(str::parse::<f64>)) {
            (Value::Number(_), _) => Ok(value.clone()),
            (_, Some(Ok(number))) if number.is_finite() => Ok(number_of(number)),
            _ => Err(format!("{value} is no number")),
        },
        "boolean" => match (value, text.map(str::to_ascii_lowercase).as_deref()) {
            (Value::Bool(_), _) => Ok(value.clone()),
            (_, Some("true" | "yes" | "1")) => Ok(json!(true)),
            (_, Some("false" | "no" | "0")) => Ok(json!(false)),
            _ => Err(format!("{value} is neither true nor false")),
        },
        "datetime" => match (value, text) {
            (Value::Number(_), _) => Ok(value.clone()),
            (_, Some(text)) => {
                datetime(text).ok_or_else(|| format!("{value} is no time; write 2026-01-31 or epoch seconds"))
            }
            _ => Err(format!("{value} is no time")),
        },
        "enum" => {
            let choices = field
                .values
                .iter()
                .flatten()
                .filter_map(|choice| choice.as_str().or_else(|| choice["value"].as_str()));
            let choices: Vec<_> = choices.collect();
            match text {
                Some(text) if choices.is_empty() || choices.contains(&text) => Ok(value.clone()),
                _ => {
                    let meant = nearest(text.unwrap_or_default(), choices.iter().copied());
                    let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
                    Err(format!("{value} is none of {}{meant}", choices.join(", ")))
                }
            }
        }
        _ => match value {
            Value::String(_) => Ok(value.clone()),
            other => Ok(Value::String(other.to_string())),
        },
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "exact whole numbers only"
)]
fn number_of(number: f64) -> Value {
    let whole = number as i64;
    if whole as f64 == number { json!(whole) } else { json!(number) }
}

/// Epoch seconds, from the same, a date (its beginning in UTC), or a time with a zone.
fn datetime(text: &str) -> Option<Value> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(json!(seconds));
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(json!(time.as_second()));
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok().map(|start| json!(start.as_second()))
}
