//! Deliveries: what is sent to endpoints outside, in order within a lane, and what came of each attempt. Like everything
//! here they are opaque: the journal knows neither what is sent nor how.

use crate::envelope::{Stream, Version};
use crate::{Answer, JournalError};

/// An endpoint: a number within a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Whose it is.
    pub stream: Stream,
    /// Which of that stream's.
    pub number: u64,
}

/// Something to be sent to an endpoint. The same event is sent to an endpoint once: enqueued again, it is no other one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// To which endpoint.
    pub endpoint: Endpoint,
    /// The version of the event in the endpoint's stream.
    pub event: Version,
    /// What it is about: deliveries of one lane to one endpoint go out one after the other.
    pub lane: String,
    /// How the body is to be sent.
    pub form: String,
    /// What is sent.
    pub body: String,
    /// When it was enqueued, and from when on it may be sent, in milliseconds since the epoch.
    pub time_ms: i64,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeliveryStatus {
    /// It is to be sent.
    Pending,
    /// It arrived.
    Delivered,
    /// It was given up.
    Failed,
}

/// A delivery as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// To which endpoint.
    pub endpoint: Endpoint,
    /// Its place among the deliveries to that endpoint, from 1.
    pub sequence: u64,
    /// The version of the event.
    pub event: Version,
    /// What it is about.
    pub lane: String,
    /// How the body is to be sent.
    pub form: String,
    /// What is sent.
    pub body: String,
    /// How far it has come.
    pub status: DeliveryStatus,
    /// When it is due, in milliseconds since the epoch; absent when it is not pending, or waits behind another of its lane.
    pub due_ms: Option<i64>,
    /// How often it was tried since it was enqueued or asked for again.
    pub tries: u32,
    /// When it was enqueued.
    pub created_ms: i64,
}

/// One attempt at a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began, in milliseconds since the epoch.
    pub time_ms: i64,
    /// How long it took.
    pub latency_ms: u32,
    /// The status of the answer; absent where there was none.
    pub status: Option<u16>,
    /// What went wrong, for people.
    pub fault: Option<String>,
    /// The beginning of the answer's body.
    pub answer: String,
}

/// A delivery with its attempts, the oldest first.
pub type TriedDelivery = (Delivery, Vec<Attempt>);

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// It is tried again.
    Retry {
        /// When, in milliseconds since the epoch.
        due_ms: i64,
    },
    /// It is not tried again.
    GivenUp,
}

/// An attempt with what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// To which endpoint.
    pub endpoint: Endpoint,
    /// Which delivery.
    pub sequence: u64,
    /// The attempt.
    pub attempt: Attempt,
    /// What it came to.
    pub outcome: Outcome,
}

/// How an endpoint fares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EndpointHealth {
    /// How many deliveries are pending.
    pub pending: u64,
    /// How many were given up.
    pub failed: u64,
    /// Since when every attempt has failed, in milliseconds since the epoch.
    pub failing_since_ms: Option<i64>,
    /// When an attempt last succeeded.
    pub last_success_ms: Option<i64>,
    /// The last attempts, the newest first; at most [`LAST_ATTEMPTS`].
    pub last_attempts: Vec<Attempt>,
}

/// How many of its last attempts an endpoint's health tells.
pub const LAST_ATTEMPTS: usize = 5;

/// Which deliveries are to be sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// This one, whatever became of it.
    One {
        /// Its place among the deliveries to the endpoint.
        sequence: u64,
    },
    /// All that were enqueued at or after a moment and given up.
    FailedSince {
        /// The moment, in milliseconds since the epoch.
        time_ms: i64,
    },
}

/// A part of the list of an endpoint's deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryPage {
    /// Those before this sequence, the newest first.
    pub before: u64,
    /// Only of this status.
    pub status: Option<DeliveryStatus>,
    /// How many.
    pub limit: usize,
}

/// What is sent to endpoints, and what came of it. All methods may be called from many tasks at once.
pub trait DeliveryLog: Send + Sync {
    /// Stores deliveries apart from any follower's step. Those of events that the endpoint was sent before are left out;
    /// returns how many are new.
    fn enqueue(&self, deliveries: Vec<NewDelivery>) -> Answer<'_, Result<usize, JournalError>>;

    /// What is to be sent to an endpoint at `now_ms`, the longest due first, at most `limit`. Of each lane it is the first
    /// alone: what comes behind it is due once that has arrived or was given up.
    fn due_deliveries(
        &self,
        endpoint: Endpoint,
        now_ms: i64,
        limit: usize,
    ) -> Answer<'_, Result<Vec<Delivery>, JournalError>>;

    /// When the next delivery to an endpoint is due, in milliseconds since the epoch.
    fn next_delivery(&self, endpoint: Endpoint) -> Answer<'_, Result<Option<i64>, JournalError>>;

    /// The endpoints that something is to be sent to, now or later.
    fn waiting_endpoints(&self) -> Answer<'_, Result<Vec<Endpoint>, JournalError>>;

    /// Records attempts and what they came to, in one transaction.
    fn record_attempts(&self, attempted: Vec<Attempted>) -> Answer<'_, Result<(), JournalError>>;

    /// Lets deliveries be sent once more; returns how many.
    fn send_again(
        &self,
        endpoint: Endpoint,
        again: Again,
        now_ms: i64,
    ) -> Answer<'_, Result<u64, JournalError>>;

    /// Forgets all about an endpoint that is no more.
    fn forget_endpoint(&self, endpoint: Endpoint) -> Answer<'_, Result<(), JournalError>>;

    /// Forgets deliveries that were enqueued before a moment and are no longer pending, at most `limit`; returns how many.
    fn prune_deliveries(&self, before_ms: i64, limit: usize) -> Answer<'_, Result<usize, JournalError>>;

    /// A part of an endpoint's deliveries, the newest first.
    fn deliveries(
        &self,
        endpoint: Endpoint,
        page: DeliveryPage,
    ) -> Answer<'_, Result<Vec<Delivery>, JournalError>>;

    /// A delivery with its attempts, the oldest first.
    fn delivery(
        &self,
        endpoint: Endpoint,
        sequence: u64,
    ) -> Answer<'_, Result<Option<TriedDelivery>, JournalError>>;

    /// Since when every attempt at an endpoint has failed, in milliseconds since the epoch.
    fn failing_since(&self, endpoint: Endpoint) -> Answer<'_, Result<Option<i64>, JournalError>>;

    /// How an endpoint fares.
    fn endpoint_health(&self, endpoint: Endpoint) -> Answer<'_, Result<EndpointHealth, JournalError>>;
}
