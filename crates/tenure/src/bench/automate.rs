//! The lines of automation (`contract/lifecycle.md`, "Speed"): planning for many people, and reading a whole directory.

use crate::bench::subject::{Subject, text};
use crate::bench::{Bound, Extent, Line};
use futures_util::TryStreamExt as _;
use jiff::civil::date;
use metrics_exporter_prometheus::PrometheusHandle;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Instant, SystemTime};
use tenure_client::{Client, ClientOptions, ServerUrl, Teammate, Token};
use tenure_lifecycle::directory::{Capabilities, Directory, Target, TeamState};
use tenure_lifecycle::guard::SourceCheck;
use tenure_lifecycle::people::{self, Input};
use tenure_lifecycle::planner::{self, PlanInput};
use tenure_lifecycle::settings::Settings;
use tenure_server::resident_memory;

/// People that are planned for, and teammates that are read: as the contract says, in both extents, since it takes seconds.
const PEOPLE: u64 = 100_000;
const DIRECTORY: u64 = 10_000;
/// Of so many people one is renamed.
const RENAMED: u64 = 50;
/// Of so many people one joins and one leaves.
const MOVED: u64 = 500;
/// Teams that everybody is spread over.
const TEAMS: u64 = 40;
const MEGABYTE: f64 = 1_000_000.0;

pub(crate) async fn run(
    extent: Extent,
    metrics: &PrometheusHandle,
    told: &dyn Fn(&str),
) -> Result<Vec<Line>, String> {
    let mut lines = planning(extent, told)?;
    told(&format!("reading a directory of {DIRECTORY} teammates"));
    let subject = Subject::start(DIRECTORY, metrics).await?;
    let url = ServerUrl::parse(&format!("http://{}", subject.address)).map_err(text)?;
    let token = Token::parse(&subject.token).map_err(text)?;
    let mut times = Vec::new();
    for _ in 0..extent.rounds {
        let client = Client::new(ClientOptions::new(url.clone(), token.clone())).map_err(text)?;
        let begun = Instant::now();
        let all: Vec<Teammate> = client.teammates().try_collect().await.map_err(text)?;
        times.push(begun.elapsed().as_secs_f64());
        if all.len() as u64 != DIRECTORY {
            return Err(format!("{} of {DIRECTORY} teammates were read", all.len()));
        }
    }
    subject.stop().await;
    lines.push(Line::of_values(
        format!("read {DIRECTORY} teammates, no limit"),
        "s",
        &times,
        Bound::AtMost(1.0),
    ));
    Ok(lines)
}

/// Planning from the file's bytes to the plan's digest; and what it all takes in memory, with the directory.
fn planning(extent: Extent, told: &dyn Fn(&str)) -> Result<Vec<Line>, String> {
    let people = PEOPLE;
    told(&format!("planning for {people} people"));
    let before = resident_memory(std::process::id()).unwrap_or_default();
    let directory = directory(people)?;
    let input = Input { name: "people.csv".to_owned(), bytes: rows(people).into_bytes(), modified: None };
    let mut settings = Settings::default();
    settings.guards.max_deactivations = tenure_lifecycle::settings::Share::Percent(5.0);
    let mut times = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..extent.rounds {
        let begun = Instant::now();
        let people = people::read(std::slice::from_ref(&input), &settings)
            .map_err(|problems| problems.iter().take(3).map(ToString::to_string).collect::<String>())?;
        let planned = planner::plan(&PlanInput {
            people: &people,
            directory: &directory,
            settings: &settings,
            today: date(2026, 11, 26),
            planned_by: "bench",
            overrides: &BTreeSet::new(),
            open_conversations: &BTreeMap::new(),
            check: SourceCheck { sources: &people.sources, rows_before: None, now: SystemTime::now() },
        });
        let planned = planned.map_err(|problems| format!("{} problems", problems.len()))?;
        times.push(begun.elapsed().as_secs_f64());
        if planned.plan.body.actions.is_empty() || !planned.violations.is_empty() {
            return Err(format!("the plan is not the one that was meant: {:?}", planned.violations));
        }
        let now = resident_memory(std::process::id()).unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "sizes in memory stay far below the exact range")]
        memory.push(now.saturating_sub(before) as f64 / MEGABYTE);
    }
    let what = format!("plan {people} people against as many");
    Ok(vec![
        Line::of_values(what.clone(), "s", &times, Bound::AtMost(1.0)),
        Line::of_values(format!("{what}: memory"), "MB", &memory, Bound::AtMost(500.0)),
    ])
}

fn email(number: u64) -> String {
    format!("person.{number}@company.example")
}

/// Teammates as a server's pages give them.
fn directory(count: u64) -> Result<Directory, String> {
    let mut teammates: Vec<Teammate> = Vec::new();
    let mut teams: Vec<_> = (0..TEAMS)
        .map(|team| TeamState {
            id: tenure_client::TeamId(format!("tim_{team}")),
            name: format!("Team {team}"),
            members: BTreeSet::new(),
        })
        .collect();
    for number in 0..count {
        let id = format!("tea_{number}");
        let (email, own) = (email(number), format!("https://company.example/teammates/{id}"));
        let page = format!(
            r#"{{"_links":{{"self":"{own}","related":{{"inboxes":"{own}/inboxes","conversations":"{own}/conversations"}}}},
            "id":"{id}","email":"{email}","username":"person_{number}","first_name":"First {number}","last_name":"Last",
            "license_type":"full","is_admin":{},"is_available":true,"is_blocked":false,"type":"user","custom_fields":{{}}}}"#,
            number < 3
        );
        let mate: Teammate = serde_json::from_str(&page).map_err(text)?;
        let team = usize::try_from(number % TEAMS).map_err(text)?;
        teams[team].members.insert(mate.id.clone());
        teammates.push(mate);
    }
    Ok(Directory {
        target: Target {
            url: "https://company.example".to_owned(),
            company_id: "cmp_1".to_owned(),
            company: "Company".to_owned(),
        },
        teammates,
        teams,
        custom_fields: vec![],
        own_teammate: None,
        capabilities: Capabilities::default(),
        rate_limit: Some(120),
    })
}

/// The people file: most are as they are, some are renamed, some join, some leave.
fn rows(count: u64) -> String {
    let mut rows = String::from("email,first_name,last_name,teams,status\n");
    for number in 0..count {
        let joins = number % MOVED == 7;
        let leaves = number % MOVED == 11;
        let email = if joins { format!("new.{number}@company.example") } else { email(number) };
        let last = if number % RENAMED == 3 { "Renamed" } else { "Last" };
        let (teams, status) =
            if leaves { (String::new(), "departed") } else { (format!("Team {}", number % TEAMS), "active") };
        writeln!(rows, "{email},First {number},{last},{teams},{status}").expect("a String takes all");
    }
    rows
}
