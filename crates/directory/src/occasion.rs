//! What comes from outside with a command: when, who, and versions to compare.

use crate::id::{TeammateId, TokenId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::str::FromStr;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment this many milliseconds after the epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// The moment `ms` milliseconds later.
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// How many events a company has: the version of its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// The version of a company without events.
    pub const ZERO: Self = Self(0);

    /// The version after this many events.
    pub const fn new(count: u64) -> Self {
        Self(count)
    }

    /// The count of events.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The version after one more event.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// When, and as which version, something last changed. The later of two is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// The company's version with the change.
    pub version: Version,
    /// When it happened.
    pub time: Timestamp,
}

/// Who does something, and over which face. Written to the journal as a short text such as `api:tok_3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A person at the machine, over the operator socket or the command line.
    Operator,
    /// A token over REST.
    Api(TokenId),
    /// A token over SCIM.
    Scim(TokenId),
    /// A teammate who followed the link of an invitation.
    Invitation(TeammateId),
    /// The server by itself, such as the follower that sends invitations.
    Mail,
    /// The server by itself, because of what came of sending to webhooks.
    Webhooks,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Operator => f.write_str("operator"),
            Actor::Api(token) => write!(f, "api:{token}"),
            Actor::Scim(token) => write!(f, "scim:{token}"),
            Actor::Invitation(teammate) => write!(f, "invitation:{teammate}"),
            Actor::Mail => f.write_str("mail"),
            Actor::Webhooks => f.write_str("webhooks"),
        }
    }
}

/// A text in the journal's actor column that this Tenure does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown actor `{0}`")]
pub struct UnknownActor(String);

impl FromStr for Actor {
    type Err = UnknownActor;

    fn from_str(text: &str) -> Result<Self, UnknownActor> {
        let unknown = || UnknownActor(text.to_owned());
        match text.split_once(':') {
            None if text == "operator" => Ok(Actor::Operator),
            None if text == "mail" => Ok(Actor::Mail),
            None if text == "webhooks" => Ok(Actor::Webhooks),
            Some(("api", token)) => token.parse().map(Actor::Api).map_err(|_| unknown()),
            Some(("scim", token)) => token.parse().map(Actor::Scim).map_err(|_| unknown()),
            Some(("invitation", teammate)) => teammate.parse().map(Actor::Invitation).map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// What a decision may know beside the state and the command.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// When the command is decided.
    pub now: Timestamp,
    /// Who asked.
    pub actor: Actor,
}

/// A condition on the version that the caller saw (`If-Match`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    /// None was given.
    #[default]
    None,
    /// The thing must exist, in any version (`If-Match: *`).
    Exists,
    /// The thing must be at one of these revisions.
    Revisions(Vec<Version>),
}

impl Precondition {
    /// Whether a thing at `revision` meets the condition.
    pub fn allows(&self, revision: Version) -> bool {
        match self {
            Precondition::None | Precondition::Exists => true,
            Precondition::Revisions(revisions) => revisions.contains(&revision),
        }
    }
}
