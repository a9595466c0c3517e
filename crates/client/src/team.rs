//! Teams and who is in them.

use crate::teammate::Teammate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The id of a team (`tim_…`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TeamId(pub String);

impl fmt::Display for TeamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// What else the server said.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A team with its members, as `GET /teams/{id}` shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeamWithMembers {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// Who is in it.
    #[serde(default)]
    pub members: Vec<Teammate>,
}
