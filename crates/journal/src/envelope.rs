//! What surrounds an event: its stream, its place, when and by whom.

use crate::chain::ChainHash;
use std::fmt;

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

numbers! {
    /// A stream's number; for a company's stream, the company's number.
    Stream(u64);
    /// The count of events in a stream up to and with an event.
    Version(u64);
    /// An event's place in its shard, from 1, without gaps.
    Position(u64);
    /// One of the fixed number of parts that streams are spread over.
    Shard(u16);
}

/// The personal part of an event, kept apart so that it can be erased while the chain still verifies.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPersonal {
    /// Random bytes that keep the digest from telling anything once the data is erased.
    pub salt: [u8; 16],
    /// The data, as JSON.
    pub data: String,
}

impl fmt::Debug for NewPersonal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPersonal(…)")
    }
}

/// An event to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// When, in milliseconds since the epoch.
    pub time_ms: i64,
    /// Who, as a short text.
    pub actor: String,
    /// The event's durable name.
    pub name: &'static str,
    /// Everything that is not personal, as JSON.
    pub body: String,
    /// The personal part.
    pub personal: Option<NewPersonal>,
    /// What the event is about: it is found again by each of them.
    pub subjects: Vec<String>,
}

/// Events for one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamAppend {
    /// Which stream.
    pub stream: Stream,
    /// The version that the stream must be at.
    pub expected: Version,
    /// The events, in order; at least one.
    pub events: Vec<NewEvent>,
}

/// An event as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its stream.
    pub stream: Stream,
    /// Its version in the stream.
    pub version: Version,
    /// Its position in the shard.
    pub position: Position,
    /// When, in milliseconds since the epoch.
    pub time_ms: i64,
    /// Who.
    pub actor: String,
    /// The durable name.
    pub name: String,
    /// Everything that is not personal, as JSON.
    pub body: String,
    /// The personal part; absent where there is none, and once erased.
    pub personal: Option<String>,
    /// The chain's hash with this event.
    pub hash: ChainHash,
}

impl fmt::Debug for StoredEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredEvent({} of stream {}, version {})", self.name, self.stream, self.version)
    }
}

/// A stream's last version and the hash of its chain there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Which stream.
    pub stream: Stream,
    /// Its last version; 0 for a stream without events.
    pub version: Version,
    /// The hash with that event.
    pub hash: ChainHash,
}
