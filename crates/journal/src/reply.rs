//! Replies to keyed requests (`Idempotency-Key`): stored in the transaction of the events that they tell of.

use crate::envelope::Stream;
use std::fmt;

/// What a reply is stored under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyKey {
    /// The company's stream.
    pub stream: Stream,
    /// The id of the token that asked.
    pub token: String,
    /// The key that it gave.
    pub key: String,
}

/// A reply to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct NewReply {
    /// Under what.
    pub key: ReplyKey,
    /// The digest of the request, which a repeat must share.
    pub fingerprint: [u8; 32],
    /// When, in milliseconds since the epoch.
    pub time_ms: i64,
    /// The answer's bytes, as the face wrote them.
    pub answer: Vec<u8>,
}

impl fmt::Debug for NewReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewReply({:?}, {} bytes)", self.key, self.answer.len())
    }
}

/// A stored reply.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// The digest of the request.
    pub fingerprint: [u8; 32],
    /// When it was stored, in milliseconds since the epoch.
    pub time_ms: i64,
    /// The answer's bytes.
    pub answer: Vec<u8>,
}

impl fmt::Debug for StoredReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredReply({} bytes)", self.answer.len())
    }
}
