//! Conversations, as far as handing them over needs them.

use crate::teammate::TeammateId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The id of a conversation (`cnv_…`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationId(pub String);

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// `assigned`, `unassigned`, `archived`, …
    #[serde(default)]
    pub status: String,
    /// What it is about.
    #[serde(default)]
    pub subject: String,
    /// To whom it is assigned.
    #[serde(default)]
    pub assignee: Option<Assignee>,
    /// What else the server said.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// To whom a conversation is assigned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignee {
    /// The teammate's id.
    pub id: TeammateId,
}

impl Conversation {
    /// Whether somebody must still do something about it.
    pub fn is_open(&self) -> bool {
        !matches!(self.status.as_str(), "archived" | "deleted" | "trashed" | "spam")
    }

    /// The teammate to whom it is assigned.
    pub fn assignee_id(&self) -> Option<&TeammateId> {
        self.assignee.as_ref().map(|assignee| &assignee.id)
    }
}
