//! The journal in memory: for simulations and tests. Durable for as long as the value lives.

use crate::chain::{ChainHash, Link};
use crate::envelope::{Head, Position, Shard, StoredEvent, Stream, Version};
use crate::follower::{Advance, Advanced, Output, Settled, Settlement};
use crate::reply::{ReplyKey, StoredReply};
use crate::snapshot::Snapshot;
use crate::{Answer, AppendError, Batch, Journal, JournalError, MAX_READ};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// A journal in memory.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    contents: Mutex<Contents>,
}

#[derive(Debug, Default)]
struct Contents {
    events: Vec<StoredEvent>,
    streams: BTreeMap<Stream, Vec<usize>>,
    replies: BTreeMap<ReplyKey, StoredReply>,
    snapshots: BTreeMap<Stream, Snapshot>,
    checkpoints: BTreeMap<(String, Shard), Position>,
    outputs: BTreeMap<(String, String), Output>,
}

impl Contents {
    fn head(&self, stream: Stream) -> Head {
        let last =
            self.streams.get(&stream).and_then(|places| places.last()).map(|place| &self.events[*place]);
        last.map_or(Head { stream, version: Version(0), hash: ChainHash::default() }, |event| Head {
            stream,
            version: event.version,
            hash: event.hash,
        })
    }

    fn append(&mut self, batch: &Batch) -> Result<(), AppendError> {
        let moved: Vec<_> = batch
            .streams
            .iter()
            .filter(|append| self.head(append.stream).version != append.expected)
            .map(|append| append.stream)
            .collect();
        if !moved.is_empty() {
            return Err(AppendError::Conflict { streams: moved });
        }
        for append in &batch.streams {
            let mut head = self.head(append.stream);
            for event in &append.events {
                let version = Version(head.version.0 + 1);
                let link = Link {
                    stream: append.stream,
                    version,
                    time_ms: event.time_ms,
                    actor: &event.actor,
                    name: event.name,
                    body: &event.body,
                    personal_digest: event.personal.as_ref().map(crate::NewPersonal::digest),
                };
                head = Head { stream: append.stream, version, hash: link.hash(head.hash) };
                self.streams.entry(append.stream).or_default().push(self.events.len());
                self.events.push(StoredEvent {
                    stream: append.stream,
                    version,
                    position: Position(self.events.len() as u64 + 1),
                    time_ms: event.time_ms,
                    actor: event.actor.clone(),
                    name: event.name.to_owned(),
                    body: event.body.clone(),
                    personal: event.personal.as_ref().map(|personal| personal.data.clone()),
                    hash: head.hash,
                });
            }
        }
        for reply in &batch.replies {
            let (fingerprint, time_ms, answer) = (reply.fingerprint, reply.time_ms, reply.answer.clone());
            self.replies.insert(reply.key.clone(), StoredReply { fingerprint, time_ms, answer });
        }
        Ok(())
    }
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().expect("no holder of the lock panics")
    }
}

fn now<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    Box::pin(std::future::ready(value))
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Journal for MemoryJournal {
    fn append<'a>(&'a self, batch: &'a Batch) -> Answer<'a, Result<(), AppendError>> {
        now(self.contents().append(batch))
    }

    fn read_stream(
        &self,
        stream: Stream,
        after: Version,
        limit: usize,
    ) -> Answer<'_, Result<Vec<StoredEvent>, JournalError>> {
        let contents = self.contents();
        let places = contents.streams.get(&stream).map_or(&[][..], Vec::as_slice);
        let events = places.iter().skip(index(after.0)).take(limit.min(MAX_READ));
        now(Ok(events.map(|place| contents.events[*place].clone()).collect()))
    }

    fn read_shard(
        &self,
        _: Shard,
        after: Position,
        limit: usize,
    ) -> Answer<'_, Result<Vec<StoredEvent>, JournalError>> {
        let contents = self.contents();
        now(Ok(contents.events.iter().skip(index(after.0)).take(limit.min(MAX_READ)).cloned().collect()))
    }

    fn shards(&self) -> u16 {
        1
    }

    fn heads<'a>(&'a self, streams: &'a [Stream]) -> Answer<'a, Result<Vec<Head>, JournalError>> {
        let contents = self.contents();
        now(Ok(streams.iter().map(|stream| contents.head(*stream)).collect()))
    }

    fn store_snapshot(&self, snapshot: Snapshot) -> Answer<'_, Result<(), JournalError>> {
        self.contents().snapshots.insert(snapshot.stream, snapshot);
        now(Ok(()))
    }

    fn load_snapshot(&self, stream: Stream, form: u32) -> Answer<'_, Result<Option<Snapshot>, JournalError>> {
        let snapshot =
            self.contents().snapshots.get(&stream).filter(|snapshot| snapshot.form == form).cloned();
        now(Ok(snapshot))
    }

    fn reply<'a>(&'a self, key: &'a ReplyKey) -> Answer<'a, Result<Option<StoredReply>, JournalError>> {
        now(Ok(self.contents().replies.get(key).cloned()))
    }

    fn checkpoint<'a>(
        &'a self,
        follower: &'a str,
        shard: Shard,
    ) -> Answer<'a, Result<Position, JournalError>> {
        let contents = self.contents();
        now(Ok(contents.checkpoints.get(&(follower.to_owned(), shard)).copied().unwrap_or_default()))
    }

    fn advance(&self, advance: Advance) -> Answer<'_, Result<Advanced, JournalError>> {
        let mut contents = self.contents();
        let place = (advance.follower.clone(), advance.shard);
        if contents.checkpoints.get(&place).copied().unwrap_or_default() != advance.from {
            return now(Ok(Advanced::Overtaken));
        }
        for output in advance.outputs {
            contents.outputs.entry((output.follower.clone(), output.key.clone())).or_insert(output);
        }
        contents.checkpoints.insert(place, advance.to);
        now(Ok(Advanced::Stored))
    }

    fn due_outputs<'a>(
        &'a self,
        follower: &'a str,
        now_ms: i64,
        limit: usize,
    ) -> Answer<'a, Result<Vec<Output>, JournalError>> {
        let contents = self.contents();
        let mut due: Vec<_> = contents
            .outputs
            .values()
            .filter(|output| output.follower == follower && output.due_ms <= now_ms)
            .cloned()
            .collect();
        due.sort_by(|one, other| (one.due_ms, &one.key).cmp(&(other.due_ms, &other.key)));
        due.truncate(limit);
        now(Ok(due))
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement]) -> Answer<'a, Result<(), JournalError>> {
        let mut contents = self.contents();
        for Settlement { follower, key, settled } in settlements {
            let place = (follower.clone(), key.clone());
            match settled {
                Settled::Done => {
                    contents.outputs.remove(&place);
                }
                Settled::Again { due_ms } => {
                    if let Some(output) = contents.outputs.get_mut(&place) {
                        output.due_ms = *due_ms;
                        output.attempts += 1;
                    }
                }
                Settled::Wait { due_ms } => {
                    if let Some(output) = contents.outputs.get_mut(&place) {
                        output.due_ms = *due_ms;
                    }
                }
            }
        }
        now(Ok(()))
    }

    fn ping(&self) -> Answer<'_, Result<(), JournalError>> {
        now(Ok(()))
    }
}
