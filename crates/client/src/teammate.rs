//! Teammates, as a server tells of them and is told about them.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The id of a teammate (`tea_…`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TeammateId(pub String);

impl fmt::Display for TeammateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A teammate. What a server leaves out is at its default; what it adds is in `other`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Teammate {
    /// Its id.
    pub id: TeammateId,
    /// Its address.
    pub email: String,
    /// Its user name.
    #[serde(default)]
    pub username: String,
    /// Its first name.
    #[serde(default)]
    pub first_name: String,
    /// Its last name.
    #[serde(default)]
    pub last_name: String,
    /// Whether it is an administrator.
    #[serde(default)]
    pub is_admin: bool,
    /// Whether it takes new conversations.
    #[serde(default = "yes")]
    pub is_available: bool,
    /// Whether it was deactivated.
    #[serde(default)]
    pub is_blocked: bool,
    /// Its custom fields, by name.
    #[serde(default)]
    pub custom_fields: Map<String, Value>,
    /// Its licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_type: Option<String>,
    /// What kind of teammate it is; `user`, where it is a person.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Where its record is, which follows from its id. Not kept: in a large directory it would be most of it.
    #[serde(default, rename = "_links", skip_serializing)]
    pub links: IgnoredAny,
    /// What else the server said.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

const fn yes() -> bool {
    true
}

impl Teammate {
    /// The name for people: first and last name, else the address.
    pub fn display_name(&self) -> String {
        let name = format!("{} {}", self.first_name, self.last_name);
        match name.trim() {
            "" => self.email.clone(),
            name => name.to_owned(),
        }
    }
}

/// A teammate to be created.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NewTeammate {
    /// Its address.
    pub email: String,
    /// Its user name; made by the server when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Its first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Its last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Its custom fields.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub custom_fields: Map<String, Value>,
}

/// What is to be changed of a teammate; only what is there is sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TeammateChanges {
    /// Its user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Its first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Its last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Whether it is an administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_admin: Option<bool>,
    /// The whole map of its custom fields: the server replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_fields: Option<Map<String, Value>>,
}

/// A custom field that teammates may have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CustomField {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The type of its values.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// The values that it may have, where they are listed.
    #[serde(default)]
    pub values: Option<Vec<Value>>,
}

/// How far a teammate's invitation has come, on Tenure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Invitation {
    /// `pending`, `accepted`, `expired`, `held` or `none`.
    pub status: String,
    /// When its link stops working, in epoch seconds.
    #[serde(default)]
    pub expires_at: Option<f64>,
}

/// How long the link of an invitation works, in seconds: 7 days.
const LINK_WORKS_SECONDS: f64 = 7.0 * 86_400.0;

impl Invitation {
    /// Since when it waits to be accepted, in epoch seconds; none where it does not wait.
    pub fn waits_since(&self) -> Option<i64> {
        let waits = matches!(self.status.as_str(), "pending" | "expired");
        let expires_at = self.expires_at.filter(|_| waits)?;
        #[expect(clippy::cast_possible_truncation, reason = "epoch seconds fit, and nonsense saturates")]
        let since = (expires_at - LINK_WORKS_SECONDS) as i64;
        Some(since)
    }
}
