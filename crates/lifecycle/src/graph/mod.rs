//! The identity graph: who is who across people files, accounts and SCIM, and everything that does not fit together.

mod checks;
mod draw;
mod finding;
mod html;

pub use draw::{dot, mermaid};
pub use finding::{CODES, Code, Finding, Severity};
pub use html::html;

use crate::address::EmailKey;
use crate::directory::{Directory, Target};
use crate::people::{People, Person, Presence};
use crate::settings::Settings;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tenure_client::{Conversation, ScimUser, Teammate, TeammateId};

/// What a graph is made from.
pub struct GraphInput<'a> {
    /// What the service has.
    pub directory: &'a Directory,
    /// The people files, where they are compared.
    pub people: Option<&'a People>,
    /// The SCIM Users, where they are compared.
    pub scim: Option<&'a [ScimUser]>,
    /// The conversations that are assigned and open, where they could be read.
    pub conversations: Option<&'a [Conversation]>,
    /// For how many days invitations wait that nobody has accepted, where that could be read.
    pub invitations: &'a BTreeMap<TeammateId, u32>,
    /// What it is held to.
    pub settings: &'a Settings,
    /// The day for which people files are read.
    pub today: Date,
}

/// A row of a people file, as the graph shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowView {
    /// Where it is.
    pub place: String,
    /// The address in it.
    pub email: String,
    /// `present`, `absent` or `unclear`.
    pub presence: &'static str,
}

/// An account, as the graph shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountView {
    /// Its id.
    pub id: TeammateId,
    /// Its address.
    pub email: String,
    /// Its name.
    pub name: String,
    /// Whether it is blocked.
    pub is_blocked: bool,
    /// Whether it is an administrator.
    pub is_admin: bool,
    /// The names of its teams.
    pub teams: Vec<String>,
}

/// A SCIM User, as the graph shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScimView {
    /// Its id.
    pub id: String,
    /// Its address.
    pub email: String,
    /// Whether it is active.
    pub active: bool,
}

/// A person: everything that goes by one address, or one declared to be the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PersonNode {
    /// The address that names the person.
    pub email: String,
    /// Rows of people files.
    pub rows: Vec<RowView>,
    /// Accounts.
    pub accounts: Vec<AccountView>,
    /// SCIM Users.
    pub scim_users: Vec<ScimView>,
    /// The codes of what does not fit.
    pub codes: Vec<&'static str>,
}

/// The graph.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Graph {
    /// Which company of which server.
    pub target: Target,
    /// What does not fit, the worst first.
    pub findings: Vec<Finding>,
    /// The persons, by address.
    pub people: Vec<PersonNode>,
    /// The names of the teams.
    pub teams: Vec<String>,
}

/// What is known of one person, with the records themselves.
#[derive(Default)]
struct Known<'a> {
    rows: Vec<&'a Person>,
    accounts: Vec<&'a Teammate>,
    scim: Vec<&'a ScimUser>,
}

/// Draws the graph. Nobody is merged but who has the same address or was declared the same.
pub fn build(input: &GraphInput<'_>) -> Graph {
    let aliases = &input.settings.aliases.people;
    let aliases: BTreeMap<EmailKey, EmailKey> =
        aliases.iter().map(|(from, to)| (EmailKey::lenient(from), EmailKey::lenient(to))).collect();
    let person_of = |email: &str| {
        let key = EmailKey::lenient(email);
        aliases.get(&key).cloned().unwrap_or(key)
    };
    let mut known: BTreeMap<EmailKey, Known<'_>> = BTreeMap::new();
    for row in input.people.iter().flat_map(|people| &people.persons) {
        known.entry(person_of(&row.email)).or_default().rows.push(row);
    }
    let mut by_id: BTreeMap<&str, EmailKey> = BTreeMap::new();
    for mate in &input.directory.teammates {
        let key = person_of(&mate.email);
        by_id.insert(&mate.id.0, key.clone());
        known.entry(key).or_default().accounts.push(mate);
    }
    for user in input.scim.into_iter().flatten() {
        // The same id is the same record, whatever address it shows.
        let key = by_id.get(user.id.as_str()).cloned().unwrap_or_else(|| person_of(user.email()));
        known.entry(key).or_default().scim.push(user);
    }
    let mut findings = checks::all(input, &known);
    findings.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then_with(|| a.code.cmp(b.code)).then_with(|| a.subject.cmp(&b.subject))
    });
    findings.dedup();
    let lookup = input.directory.lookup();
    let mut codes: BTreeMap<EmailKey, BTreeSet<&'static str>> = BTreeMap::new();
    for finding in &findings {
        codes.entry(person_of(&finding.subject)).or_default().insert(finding.code);
    }
    let nodes = known.iter().map(|(key, known)| {
        let codes = codes.get(key).into_iter().flatten().copied().collect();
        node(input, key, known, &lookup, codes)
    });
    let mut teams: Vec<_> = input.directory.teams.iter().map(|team| team.name.clone()).collect();
    teams.sort();
    Graph { target: input.directory.target.clone(), people: nodes.collect(), findings, teams }
}

fn node(
    input: &GraphInput<'_>,
    key: &EmailKey,
    known: &Known<'_>,
    lookup: &crate::directory::Lookup<'_>,
    codes: Vec<&'static str>,
) -> PersonNode {
    let row = |row: &&Person| RowView {
        place: input.people.map(|people| people.where_is(row.place)).unwrap_or_default(),
        email: row.email.clone(),
        presence: match row.presence(input.today) {
            Presence::Present => "present",
            Presence::Absent(_) => "absent",
            Presence::Unclear => "unclear",
        },
    };
    let account = |mate: &&Teammate| AccountView {
        id: mate.id.clone(),
        email: mate.email.clone(),
        name: mate.display_name(),
        is_blocked: mate.is_blocked,
        is_admin: mate.is_admin,
        teams: lookup.teams_of(&mate.id).iter().map(|team| team.name.clone()).collect(),
    };
    let scim = |user: &&ScimUser| ScimView {
        id: user.id.clone(),
        email: user.email().to_owned(),
        active: user.active,
    };
    PersonNode {
        email: key.to_string(),
        rows: known.rows.iter().map(row).collect(),
        accounts: known.accounts.iter().map(account).collect(),
        scim_users: known.scim.iter().map(scim).collect(),
        codes,
    }
}
