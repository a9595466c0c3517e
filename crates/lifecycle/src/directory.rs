//! What a service has: its teammates, teams and who is in them, as read at one time.

use crate::address::EmailKey;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tenure_client::{CustomField, TeamId, Teammate, TeammateId};
use unicode_normalization::UnicodeNormalization as _;

/// Which company of which server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The server's URL.
    pub url: String,
    /// The company's id.
    pub company_id: String,
    /// The company's name.
    pub company: String,
}

/// How something is done that not every server offers over REST.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// Over REST.
    Rest,
    /// Over SCIM.
    Scim,
    /// By a person, in the product.
    Person,
}

/// What a service lets us do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// How teammates are created.
    pub create: Via,
    /// How they are deactivated.
    pub deactivate: Via,
    /// How the administrator's right is given and taken.
    pub admin: Via,
    /// Whether the server tells, or this is what the documentation promises.
    pub are_told: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { create: Via::Rest, deactivate: Via::Rest, admin: Via::Rest, are_told: true }
    }
}

/// A team with the ids of its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamState {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// Who is in it.
    pub members: BTreeSet<TeammateId>,
}

/// What a service has.
#[derive(Debug, Clone, PartialEq)]
pub struct Directory {
    /// Which company of which server.
    pub target: Target,
    /// Its teammates, the blocked ones too.
    pub teammates: Vec<Teammate>,
    /// Its teams.
    pub teams: Vec<TeamState>,
    /// The custom fields of teammates.
    pub custom_fields: Vec<CustomField>,
    /// The teammate whose token is used, where it is one's.
    pub own_teammate: Option<TeammateId>,
    /// What can be done.
    pub capabilities: Capabilities,
    /// Requests a minute; none where there is no limit, or none is known.
    pub rate_limit: Option<u32>,
}

/// Ways to find things in a directory; made once for many look-ups.
pub struct Lookup<'a> {
    by_key: HashMap<EmailKey, &'a Teammate>,
    by_username: HashMap<&'a str, &'a Teammate>,
    teams_of: HashMap<&'a TeammateId, Vec<&'a TeamState>>,
    teams_by_id: BTreeMap<&'a str, &'a TeamState>,
}

impl Directory {
    /// Prepares for many look-ups.
    pub fn lookup(&self) -> Lookup<'_> {
        let mut teams_of: HashMap<_, Vec<_>> = HashMap::new();
        for team in &self.teams {
            for member in &team.members {
                teams_of.entry(member).or_default().push(team);
            }
        }
        let mut by_key: HashMap<EmailKey, &Teammate> = HashMap::with_capacity(self.teammates.len());
        for mate in &self.teammates {
            let held = by_key.entry(EmailKey::lenient(&mate.email)).or_insert(mate);
            // Where a service lets two have one address, the one that works is meant.
            if held.is_blocked && !mate.is_blocked {
                *held = mate;
            }
        }
        Lookup {
            by_key,
            by_username: self.teammates.iter().map(|mate| (mate.username.as_str(), mate)).collect(),
            teams_of,
            teams_by_id: self.teams.iter().map(|team| (team.id.0.as_str(), team)).collect(),
        }
    }

    /// How many teammates are not blocked.
    pub fn active(&self) -> usize {
        self.teammates.iter().filter(|mate| !mate.is_blocked).count()
    }

    /// How many administrators are not blocked.
    pub fn active_admins(&self) -> usize {
        self.teammates.iter().filter(|mate| !mate.is_blocked && mate.is_admin).count()
    }
}

impl<'a> Lookup<'a> {
    /// The teammate with an address.
    pub fn teammate(&self, key: &EmailKey) -> Option<&'a Teammate> {
        self.by_key.get(key).copied()
    }

    /// The teammate with a user name.
    pub fn with_username(&self, username: &str) -> Option<&'a Teammate> {
        self.by_username.get(username).copied()
    }

    /// The teams that a teammate is in.
    pub fn teams_of(&self, id: &TeammateId) -> &[&'a TeamState] {
        self.teams_of.get(id).map(Vec::as_slice).unwrap_or_default()
    }

    /// The team with an id.
    pub fn team(&self, id: &str) -> Option<&'a TeamState> {
        self.teams_by_id.get(id).copied()
    }

    /// The teams with a name, compared without case.
    pub fn teams_named(&self, name: &str) -> Vec<&'a TeamState> {
        let folded = |name: &str| name.nfc().collect::<String>().to_lowercase();
        let wanted = folded(name);
        self.teams_by_id.values().filter(|team| folded(&team.name) == wanted).copied().collect()
    }

    /// The names of all teams.
    pub fn team_names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.teams_by_id.values().map(|team| team.name.as_str())
    }
}
