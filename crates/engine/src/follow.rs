//! Followers: each reads every event once, in order, and what it produces is stored together with how far it came.

use crate::codec::company_event;
use crate::engine::{Engine, ReadError};
use std::sync::Arc;
use std::time::Duration;
use tenure_directory::registry::REGISTRY_STREAM;
use tenure_directory::{CompanyId, Recorded, Timestamp};
use tenure_journal::{Advance, Advanced, Output, Shard, StoredEvent};

/// How many events a follower reads at a time.
const STRIDE: usize = 1000;
/// How long a follower waits without being told of anything; other nodes' events are found this way.
const IDLE: Duration = Duration::from_secs(1);
/// How long it gathers before it goes on, so that a burst of commits is one step and not hundreds.
const GATHER: Duration = Duration::from_millis(100);

/// An event as a follower sees it.
#[derive(Debug)]
pub struct Followed<'a> {
    /// Whose it is.
    pub company: CompanyId,
    /// The event.
    pub recorded: &'a Recorded,
}

/// Something that reads the journal and produces what is to be done outside.
pub trait Follower: Send + Sync + 'static {
    /// The name that its checkpoint is stored under. Never changed.
    fn name(&self) -> &'static str;

    /// What follows from an event. A pure function: it may be called again for the same event after a crash.
    fn produce(&self, event: &Followed<'_>) -> Vec<Output>;
}

impl Engine {
    /// Lets a follower follow; runs until it is dropped. `told` is notified after each step that produced something.
    pub async fn follow(self, follower: Arc<dyn Follower>, told: Arc<tokio::sync::Notify>) {
        loop {
            let appended = self.inner.appended.notified();
            match self.follow_step(&*follower).await {
                Ok(produced) => {
                    if produced > 0 {
                        told.notify_one();
                    }
                    let _ = tokio::time::timeout(IDLE, appended).await;
                    tokio::time::sleep(GATHER).await;
                }
                Err(error) if error.is_lasting() => return self.give_up(error.to_string()),
                Err(error) => {
                    tracing::error!(follower = follower.name(), %error, "a follower cannot go on; trying again");
                    tokio::time::sleep(IDLE).await;
                }
            }
        }
    }

    /// The time of the oldest event that a follower has not read; `None` when it has read all.
    pub async fn oldest_waiting(&self, follower: &str) -> Result<Option<Timestamp>, ReadError> {
        let mut oldest = None;
        for shard in (0..self.inner.journal.shards()).map(Shard) {
            let from = self.inner.journal.checkpoint(follower, shard).await?;
            let next = self.inner.journal.read_shard(shard, from, 1).await?;
            let since = next.first().map(|event| Timestamp::from_ms(event.time_ms));
            oldest = [oldest, since].into_iter().flatten().min();
        }
        Ok(oldest)
    }

    /// Lets a follower read all that there is now. Returns how many outputs it produced.
    pub async fn follow_step(&self, follower: &dyn Follower) -> Result<usize, ReadError> {
        let mut produced = 0;
        for shard in (0..self.inner.journal.shards()).map(Shard) {
            let mut from = self.inner.journal.checkpoint(follower.name(), shard).await?;
            loop {
                let events = self.inner.journal.read_shard(shard, from, STRIDE).await?;
                let Some(last) = events.last() else { break };
                let outputs = produce(follower, &events)?;
                let (count, to) = (outputs.len(), last.position);
                let follower = follower.name().to_owned();
                let advance = Advance { follower, shard, from, to, outputs, deliveries: vec![] };
                if self.inner.journal.advance(advance).await? == Advanced::Overtaken {
                    break;
                }
                produced += count;
                from = to;
                if events.len() < STRIDE {
                    break;
                }
            }
        }
        Ok(produced)
    }
}

fn produce(follower: &dyn Follower, events: &[StoredEvent]) -> Result<Vec<Output>, ReadError> {
    let mut outputs = Vec::new();
    for stored in events.iter().filter(|stored| stored.stream.0 != REGISTRY_STREAM) {
        let recorded = company_event(stored)?;
        let company = CompanyId::new(stored.stream.0);
        outputs.extend(follower.produce(&Followed { company, recorded: &recorded }));
    }
    Ok(outputs)
}
