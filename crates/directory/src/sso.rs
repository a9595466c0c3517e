//! Single sign-on: whether the company has it, which SCIM tokens depend on.

use crate::company::Company;
use crate::event::Event;
use crate::occasion::{Stamp, Timestamp};
use crate::text::SsoMetadata;
use serde::{Deserialize, Serialize};

/// The company's single sign-on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sso {
    /// What the identity provider gave.
    pub metadata: SsoMetadata,
    /// When it was set.
    pub set_at: Timestamp,
}

/// Single sign-on was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SsoSet {
    /// What the identity provider gave.
    pub metadata: SsoMetadata,
}

/// Single sign-on was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SsoCleared {}

pub(crate) fn set(company: &Company, metadata: &SsoMetadata) -> Vec<Event> {
    if company.sso.as_ref().is_some_and(|sso| sso.metadata == *metadata) {
        return vec![];
    }
    vec![Event::SsoSet(SsoSet { metadata: metadata.clone() })]
}

pub(crate) fn clear(company: &Company) -> Vec<Event> {
    if company.sso.is_some() { vec![Event::SsoCleared(SsoCleared {})] } else { vec![] }
}

pub(crate) fn was_set(company: &mut Company, event: &SsoSet, stamp: &Stamp) {
    company.sso = Some(Sso { metadata: event.metadata.clone(), set_at: stamp.time });
}

pub(crate) fn was_cleared(company: &mut Company, _: &SsoCleared, _: &Stamp) {
    company.sso = None;
}
