//! A small company and people files in memory: what most tests begin with.

use jiff::civil::{Date, date};
use serde_json::{Map, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;
use tenure_client::{CustomField, TeamId, Teammate, TeammateId};
use tenure_lifecycle::directory::{Capabilities, Directory, Target, TeamState};
use tenure_lifecycle::guard::{Guard, SourceCheck};
use tenure_lifecycle::people::{self, Input, People, PeopleProblem};
use tenure_lifecycle::planner::{self, OpenConversations, PlanInput, Planned};
use tenure_lifecycle::settings::Settings;

pub(crate) const TODAY: Date = date(2026, 11, 26);

pub(crate) fn mate(number: u32, email: &str) -> Teammate {
    let username = email.split('@').next().unwrap_or_default().replace('.', "_");
    Teammate {
        id: TeammateId(format!("tea_{number}")),
        email: email.to_owned(),
        username,
        first_name: String::new(),
        last_name: String::new(),
        is_admin: false,
        is_available: true,
        is_blocked: false,
        custom_fields: Map::new(),
        license_type: None,
        kind: None,
        links: serde::de::IgnoredAny,
        other: Map::new(),
    }
}

pub(crate) fn team(id: &str, name: &str, members: &[&str]) -> TeamState {
    let members = members.iter().map(|id| TeammateId((*id).to_owned())).collect();
    TeamState { id: TeamId(id.to_owned()), name: name.to_owned(), members }
}

/// Ada, an administrator, and Ben in Support; Cyd is blocked. There are Support and Sales.
pub(crate) fn acme() -> Directory {
    let mut ada = mate(1, "ada@acme.example");
    ada.is_admin = true;
    let mut cyd = mate(3, "cyd@acme.example");
    cyd.is_blocked = true;
    let field = |name: &str, kind: &str, values: Option<Vec<serde_json::Value>>| CustomField {
        id: format!("fld_{name}"),
        name: name.to_owned(),
        kind: kind.to_owned(),
        values,
    };
    Directory {
        target: Target {
            url: "https://front.example".to_owned(),
            company_id: "cmp_1".to_owned(),
            company: "Acme".to_owned(),
        },
        teammates: vec![ada, mate(2, "ben@acme.example"), cyd],
        teams: vec![team("tim_1", "Support", &["tea_2"]), team("tim_2", "Sales", &[])],
        custom_fields: vec![
            field("Department", "enum", Some(vec![json!({"value": "Support"}), json!({"value": "Sales"})])),
            field("Number", "number", None),
            field("Started", "datetime", None),
            field("Remote", "boolean", None),
        ],
        own_teammate: None,
        capabilities: Capabilities::default(),
        rate_limit: Some(120),
    }
}

pub(crate) fn read(name: &str, text: &str, settings: &Settings) -> Result<People, Vec<PeopleProblem>> {
    let input =
        Input { name: name.to_owned(), bytes: text.as_bytes().to_vec(), modified: Some(SystemTime::now()) };
    people::read(&[input], settings)
}

pub(crate) fn csv(text: &str) -> People {
    read("people.csv", text, &Settings::default()).unwrap()
}

/// Settings under which a small company may lose everybody.
pub(crate) fn lenient() -> Settings {
    settings("[guards]\nmax_deactivations = \"100%\"\nmin_admins = 0\nsource_min_rows = \"0%\"\n")
}

pub(crate) fn settings(text: &str) -> Settings {
    Settings::parse(text).unwrap()
}

pub(crate) fn plan_with(
    people: &People,
    directory: &Directory,
    settings: &Settings,
    overrides: &[Guard],
    rows_before: Option<usize>,
) -> Result<Planned, Vec<PeopleProblem>> {
    let leavers = planner::leavers(people, directory, settings, TODAY);
    let open = leavers.into_iter().map(|id| (id, OpenConversations::Count(2)));
    let open: BTreeMap<_, _> = open.collect();
    planner::plan(&PlanInput {
        people,
        directory,
        settings,
        today: TODAY,
        planned_by: "planner@acme.example",
        overrides: &overrides.iter().copied().collect::<BTreeSet<_>>(),
        open_conversations: &open,
        check: SourceCheck { sources: &people.sources, rows_before, now: SystemTime::now() },
    })
}

pub(crate) fn plan(text: &str, directory: &Directory) -> Planned {
    plan_with(&csv(text), directory, &lenient(), &[], None).unwrap()
}

/// A plan as lines: number, kind, subject, before and after.
pub(crate) fn lines(planned: &Planned) -> String {
    let actions = planned.plan.body.actions.iter().map(|action| {
        let waits: Vec<_> = action.waits_for.iter().map(ToString::to_string).collect();
        let waits = if waits.is_empty() { String::new() } else { format!(" after {}", waits.join(",")) };
        format!(
            "{} {} {}: {} -> {} ({}){waits}\n",
            action.id,
            action.deed.kind(),
            action.subject,
            json!(action.before),
            json!(action.after),
            action.reason
        )
    });
    let notes = planned.plan.body.notes.iter().map(|note| format!("note: {note}\n"));
    let violations = planned.violations.iter().map(|violation| format!("refused: {violation}\n"));
    actions.chain(notes).chain(violations).collect()
}
