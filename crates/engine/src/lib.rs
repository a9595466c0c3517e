//! A node of Tenure: one loop that writes, published states that everybody reads, and followers.
//!
//! The loop takes all waiting commands, decides each in turn, appends their events in one durable batch, and only then
//! publishes the new states and answers. Readers take a state without any lock. Time, randomness and the journal come
//! from outside, so that a simulation can own them.

mod codec;
mod companies;
mod engine;
mod enqueue;
mod follow;
mod outside;
mod scenes;
mod snapshots;
mod submission;
pub mod verify;
mod writer;

pub use engine::{Engine, Health, ReadError, Waits};
pub use enqueue::{Enqueuer, Produced, Progress};
pub use follow::{Followed, Follower};
pub use outside::{Clock, Randomness};
pub use scenes::Scenes;
pub use submission::{After, Answered, Keyed, Render, Turn, WriteError};
pub use tenure_journal::Order;
pub use writer::WriterLoop;

/// How many commands may wait in each lane unless it is set otherwise; more are answered with "overloaded".
pub const QUEUE_LENGTH: usize = 8192;
/// The most commands that are decided and appended together.
pub const BATCH_LENGTH: usize = 1024;
