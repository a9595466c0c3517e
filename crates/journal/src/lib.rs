//! Durable, ordered streams of enveloped events, one stream per company.
//!
//! The journal knows nothing of what an event means. It hands out *versions* (an event's place in its stream) and
//! *positions* (its place in its shard, without gaps and visible in order), chains the events of each stream by hashes,
//! and keeps what belongs to the same transaction as events: replies to keyed requests, and what followers produce.
//! Two engines hold to one conformance suite: [`SqliteJournal`] and [`MemoryJournal`].

mod chain;
mod delivery;
mod envelope;
mod follower;
mod memory;
mod reply;
mod snapshot;
pub mod sqlite;

pub use chain::{ChainHash, Link};
pub use delivery::{
    Again, Attempt, Attempted, Delivery, DeliveryLog, DeliveryPage, DeliveryStatus, Endpoint, EndpointHealth,
    LAST_ATTEMPTS, NewDelivery, Outcome, TriedDelivery,
};
pub use envelope::{
    Head, NewEvent, NewPersonal, Position, Shard, StoredEvent, Stream, StreamAppend, Version,
};
pub use follower::{Advance, Advanced, Output, Settled, Settlement};
pub use memory::MemoryJournal;
pub use reply::{NewReply, ReplyKey, StoredReply};
pub use snapshot::Snapshot;
pub use sqlite::SqliteJournal;

use std::future::Future;
use std::pin::Pin;

/// The most events that a read returns, whatever was asked for.
pub const MAX_READ: usize = 10_000;

/// In which order events are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they happened.
    OldestFirst,
    /// The other way around.
    NewestFirst,
}

/// Where an event is: in its shard, and in which stream, as which version.
pub type Whereabouts = (Position, Stream, Version);

/// An answer that may come later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// All that is appended in one transaction: all of it, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Events of any number of streams. A stream appears at most once.
    pub streams: Vec<StreamAppend>,
    /// Replies to keyed requests.
    pub replies: Vec<NewReply>,
}

/// Why nothing can be said to have been appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Streams are not at the versions that the batch expected. Nothing was written.
    #[error("the journal moved on: {} streams are not at the expected version", streams.len())]
    Conflict {
        /// Which.
        streams: Vec<Stream>,
    },
    /// The write failed before anything was made durable, as on a full disk. Nothing was written; it may heal.
    #[error("nothing was written: {reason}")]
    NotWritten {
        /// What the storage said.
        reason: String,
    },
    /// It is not known whether the batch is durable. The journal takes no further append; a restart decides.
    #[error("the outcome is unknown: {reason}")]
    OutcomeUnknown {
        /// What the storage said.
        reason: String,
    },
}

/// Why something cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The storage failed.
    #[error("the journal's storage failed: {0}")]
    Storage(String),
    /// What was asked for cannot be done here.
    #[error("{0}")]
    Refused(String),
    /// A write failed so that it is not known whether it is durable. The journal takes no further write; a restart
    /// decides.
    #[error("the outcome of a write is unknown: {0}")]
    OutcomeUnknown(String),
    /// What is stored is not what was written.
    #[error("the journal is damaged: {0}")]
    Damaged(String),
    /// The journal is shorter than, or another than, what its side file remembers.
    #[error(
        "the journal is older than the server last saw it: {0}. An old copy was put back, or a log was lost. Put the \
         right files back, or start once with --accept-loss to go on from what is there"
    )]
    Lost(String),
}

/// A durable journal. All methods may be called from many tasks at once.
pub trait Journal: Send + Sync + 'static {
    /// Appends a batch, if every stream is at its expected version. When this returns `Ok`, the batch is durable.
    fn append<'a>(&'a self, batch: &'a Batch) -> Answer<'a, Result<(), AppendError>>;

    /// A stream's events after a version, in order, at most `limit` (and [`MAX_READ`]).
    fn read_stream(
        &self,
        stream: Stream,
        after: Version,
        limit: usize,
    ) -> Answer<'_, Result<Vec<StoredEvent>, JournalError>>;

    /// A shard's events after a position, in order, at most `limit` (and [`MAX_READ`]).
    fn read_shard(
        &self,
        shard: Shard,
        after: Position,
        limit: usize,
    ) -> Answer<'_, Result<Vec<StoredEvent>, JournalError>>;

    /// A stream's events between two versions (both exclusive), the newest first, only those of these names, at most
    /// `limit` (and [`MAX_READ`]).
    fn read_back<'a>(
        &'a self,
        stream: Stream,
        between: (Version, Version),
        names: &'a [&'static str],
        limit: usize,
    ) -> Answer<'a, Result<Vec<StoredEvent>, JournalError>>;

    /// The events of a stream that are about a subject, after a version and up to another, at most `limit` (and
    /// [`MAX_READ`]).
    fn read_subject<'a>(
        &'a self,
        stream: Stream,
        subject: &'a str,
        range: (Version, Version),
        order: Order,
        limit: usize,
    ) -> Answer<'a, Result<Vec<StoredEvent>, JournalError>>;

    /// The version of a stream's last event at or before a time, in milliseconds since the epoch.
    fn version_at(&self, stream: Stream, time_ms: i64) -> Answer<'_, Result<Version, JournalError>>;

    /// Whose events come after a position of a shard, and which, without the events, at most `limit` (and [`MAX_READ`]).
    fn streams_after(
        &self,
        shard: Shard,
        after: Position,
        limit: usize,
    ) -> Answer<'_, Result<Vec<Whereabouts>, JournalError>>;

    /// How many shards there are; they are numbered from 0.
    fn shards(&self) -> u16;

    /// The heads of these streams, in the order asked; a stream without events is at version 0.
    fn heads<'a>(&'a self, streams: &'a [Stream]) -> Answer<'a, Result<Vec<Head>, JournalError>>;

    /// Keeps a snapshot of a stream's state in place of an earlier one. A snapshot is a convenience: losing it costs time.
    fn store_snapshot(&self, snapshot: Snapshot) -> Answer<'_, Result<(), JournalError>>;

    /// The latest snapshot of a stream in this form that is whole and fits the stream's chain.
    fn load_snapshot(&self, stream: Stream, form: u32) -> Answer<'_, Result<Option<Snapshot>, JournalError>>;

    /// The reply that was stored under a key, if any.
    fn reply<'a>(&'a self, key: &'a ReplyKey) -> Answer<'a, Result<Option<StoredReply>, JournalError>>;

    /// Up to where a follower has read a shard.
    fn checkpoint<'a>(
        &'a self,
        follower: &'a str,
        shard: Shard,
    ) -> Answer<'a, Result<Position, JournalError>>;

    /// Moves a follower's checkpoint and stores what it produced, in one transaction; neither, if another node was faster.
    fn advance(&self, advance: Advance) -> Answer<'_, Result<Advanced, JournalError>>;

    /// What a follower produced and is due at `now_ms`, oldest first, at most `limit`.
    fn due_outputs<'a>(
        &'a self,
        follower: &'a str,
        now_ms: i64,
        limit: usize,
    ) -> Answer<'a, Result<Vec<Output>, JournalError>>;

    /// What a follower produced and is not carried out yet, whenever it is due, the soonest due first, at most `limit` (and
    /// [`MAX_READ`]).
    fn outputs<'a>(
        &'a self,
        follower: &'a str,
        limit: usize,
    ) -> Answer<'a, Result<Vec<Output>, JournalError>> {
        self.due_outputs(follower, i64::MAX, limit.min(MAX_READ))
    }

    /// Lets all that a follower produced from a stream be due at `now_ms`, if it is not due before.
    fn hurry<'a>(
        &'a self,
        follower: &'a str,
        stream: Stream,
        now_ms: i64,
    ) -> Answer<'a, Result<(), JournalError>>;

    /// Records what became of outputs, in one transaction.
    fn settle<'a>(&'a self, settlements: &'a [Settlement]) -> Answer<'a, Result<(), JournalError>>;

    /// What is sent to endpoints outside.
    fn delivery_log(&self) -> &dyn DeliveryLog;

    /// A random key that belongs to this journal: what is derived from it need not be stored.
    fn key(&self) -> Answer<'_, Result<[u8; 32], JournalError>>;

    /// Whether the journal answers.
    fn ping(&self) -> Answer<'_, Result<(), JournalError>>;
}
