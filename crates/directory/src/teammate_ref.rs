//! How requests name a teammate.

use crate::company::Company;
use crate::email::{EMAIL_MAX_OCTETS, EmailKey};
use crate::id::TeammateId;
use crate::refusal::Refusal;
use crate::teammate::Teammate;
use std::fmt;
use std::sync::Arc;

/// How a request names a teammate: by id, or by `alt:email:ADDRESS`.
#[derive(Clone, PartialEq, Eq)]
pub struct TeammateRef {
    given: Box<str>,
    target: Target,
}

#[derive(Clone, PartialEq, Eq)]
enum Target {
    Id(TeammateId),
    Email(EmailKey),
    Nobody,
}

impl TeammateRef {
    /// Reads a reference. One of neither form is kept as it is and resolves to nobody.
    pub fn parse(given: &str) -> Self {
        let target = match given.strip_prefix("alt:email:") {
            Some(email) if email.len() > EMAIL_MAX_OCTETS => Target::Nobody,
            Some(email) => Target::Email(EmailKey::of(email)),
            None => given.parse().map_or(Target::Nobody, Target::Id),
        };
        Self { given: given.into(), target }
    }

    /// A reference that names nobody, for faces that know no aliases.
    pub fn of_nobody(given: &str) -> Self {
        Self { given: given.into(), target: Target::Nobody }
    }

    /// The reference as it was given.
    pub fn given(&self) -> &str {
        &self.given
    }
}

impl From<TeammateId> for TeammateRef {
    fn from(id: TeammateId) -> Self {
        Self { given: id.to_string().into(), target: Target::Id(id) }
    }
}

impl fmt::Debug for TeammateRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::Id(id) => write!(f, "TeammateRef({id})"),
            Target::Email(_) | Target::Nobody => f.write_str("TeammateRef(…)"),
        }
    }
}

impl Company {
    /// The teammate that a reference names.
    pub fn find_teammate(&self, reference: &TeammateRef) -> Option<&Arc<Teammate>> {
        match &reference.target {
            Target::Id(id) => self.teammates.get(id),
            Target::Email(key) => self.by_email.get(key).and_then(|id| self.teammates.get(id)),
            Target::Nobody => None,
        }
    }

    pub(crate) fn require_teammate(&self, reference: &TeammateRef) -> Result<&Arc<Teammate>, Refusal> {
        self.find_teammate(reference)
            .ok_or_else(|| Refusal::UnknownTeammates { given: vec![reference.given.clone()] })
    }
}
