//! What followers keep in the journal: how far they have read, and what they produced.

use crate::delivery::NewDelivery;
use crate::envelope::{Position, Shard, Stream};

/// Something a follower produced and that has to be carried out, such as a mail to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The follower.
    pub follower: String,
    /// A key that is stable for the same event, so that producing it twice is producing it once.
    pub key: String,
    /// The stream of the event that it came from.
    pub stream: Stream,
    /// When it is due, in milliseconds since the epoch.
    pub due_ms: i64,
    /// How often it was tried.
    pub attempts: u32,
    /// What to do, as JSON. It holds no secret.
    pub body: String,
}

/// A follower's step over a part of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// The follower.
    pub follower: String,
    /// The shard that it read.
    pub shard: Shard,
    /// Where its checkpoint was when it began to read. If it is elsewhere by now, another node was faster, and nothing
    /// is stored.
    pub from: Position,
    /// The position of the last event that it read.
    pub to: Position,
    /// What it produced on the way.
    pub outputs: Vec<Output>,
    /// What is to be sent to endpoints.
    pub deliveries: Vec<NewDelivery>,
}

/// What became of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It was carried out, or there is nothing left to do; it is forgotten.
    Done,
    /// It failed and is due again.
    Again {
        /// When, in milliseconds since the epoch.
        due_ms: i64,
    },
    /// It was not tried yet, and must not be before.
    Wait {
        /// When, in milliseconds since the epoch.
        due_ms: i64,
    },
}

/// What became of one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The follower.
    pub follower: String,
    /// The output's key.
    pub key: String,
    /// What became of it.
    pub settled: Settled,
}

/// Whether a follower's step was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advanced {
    /// It was.
    Stored,
    /// Another node had moved the checkpoint; nothing was stored.
    Overtaken,
}
