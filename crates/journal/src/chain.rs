//! The chain of hashes that makes a changed, missing or swapped event visible (`contract/reliability.md`, "Durability").

use crate::envelope::{NewPersonal, Stream, Version};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A hash in a stream's chain: of the event, and through the hash before it of all events before.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ChainHash(pub [u8; 32]);

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainHash({self})")
    }
}

/// Everything of an event that its hash covers.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// The stream.
    pub stream: Stream,
    /// The version in the stream.
    pub version: Version,
    /// The time in milliseconds.
    pub time_ms: i64,
    /// The actor.
    pub actor: &'a str,
    /// The durable name.
    pub name: &'a str,
    /// The body.
    pub body: &'a str,
    /// The digest of salt and personal part; absent for an event without one.
    pub personal_digest: Option<[u8; 32]>,
}

impl Link<'_> {
    /// The hash of this event after one with the hash `before`. Texts are preceded by their length, so that no two
    /// events share their bytes.
    pub fn hash(&self, before: ChainHash) -> ChainHash {
        let mut hasher = Sha256::new();
        hasher.update(before.0);
        hasher.update(self.stream.0.to_be_bytes());
        hasher.update(self.version.0.to_be_bytes());
        hasher.update(self.time_ms.to_be_bytes());
        for text in [self.actor, self.name, self.body] {
            hasher.update(u64::try_from(text.len()).expect("a length fits 64 bits").to_be_bytes());
            hasher.update(text.as_bytes());
        }
        match self.personal_digest {
            Some(digest) => {
                hasher.update([1]);
                hasher.update(digest);
            }
            None => hasher.update([0]),
        }
        ChainHash(hasher.finalize().into())
    }
}

/// The digest that stays in the chain when salt and data are erased.
pub(crate) fn personal_digest(salt: &[u8], data: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(salt);
    hasher.update(data.as_bytes());
    hasher.finalize().into()
}

impl NewPersonal {
    pub(crate) fn digest(&self) -> [u8; 32] {
        personal_digest(&self.salt, &self.data)
    }
}
