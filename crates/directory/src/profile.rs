//! What is personal about a teammate, in the events that carry it: kept apart, so that it can be erased.

use crate::custom_field::FieldValues;
use crate::email::EmailAddress;
use crate::kept::Kept;
use crate::text::{PersonName, Username};
use serde::{Deserialize, Serialize};

/// What was and what is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change<T> {
    /// What was.
    pub from: T,
    /// What is.
    pub to: T,
}

/// The personal part of a new teammate, which can be erased later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The address.
    pub email: EmailAddress,
    /// What it is mentioned by.
    pub username: Username,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// Values of custom fields.
    pub custom_fields: FieldValues,
    /// What an identity provider gave beyond these fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Box<Kept>>,
}

/// The personal part of a change, which can be erased later.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileChanges {
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Change<EmailAddress>>,
    /// The username.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Change<Username>>,
    /// The first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Change<PersonName>>,
    /// The last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Change<PersonName>>,
    /// The values of custom fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_fields: Option<Change<FieldValues>>,
    /// What an identity provider gave beyond these fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Box<Change<Kept>>>,
}
