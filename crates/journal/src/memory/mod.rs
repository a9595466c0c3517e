//! The journal in memory: for simulations and tests. Durable for as long as the value lives.

mod deliveries;

use crate::chain::{ChainHash, Link};
use crate::delivery::{
    Again, Attempted, Delivery, DeliveryLog, DeliveryPage, Endpoint, EndpointHealth, NewDelivery,
    TriedDelivery,
};
use crate::envelope::{Head, Position, Shard, StoredEvent, Stream, Version};
use crate::follower::{Advance, Advanced, Output, Settled, Settlement};
use crate::reply::{ReplyKey, StoredReply};
use crate::snapshot::Snapshot;
use crate::{Answer, AppendError, Batch, Journal, JournalError, MAX_READ, Order, Whereabouts};
use deliveries::Deliveries;
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
    /// The places of the events that are about something.
    subjects: BTreeMap<(Stream, String), Vec<usize>>,
    deliveries: Deliveries,
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
                for subject in &event.subjects {
                    let about = self.subjects.entry((append.stream, subject.clone())).or_default();
                    about.push(self.events.len());
                }
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

    fn read_back<'a>(
        &'a self,
        stream: Stream,
        (after, before): (Version, Version),
        names: &'a [&'static str],
        limit: usize,
    ) -> Answer<'a, Result<Vec<StoredEvent>, JournalError>> {
        let contents = self.contents();
        let places = contents.streams.get(&stream).map_or(&[][..], Vec::as_slice);
        let events = places.iter().rev().map(|place| &contents.events[*place]);
        let wanted = events.filter(|event| {
            event.version > after && event.version < before && names.contains(&event.name.as_str())
        });
        now(Ok(wanted.take(limit.min(MAX_READ)).cloned().collect()))
    }

    fn read_subject<'a>(
        &'a self,
        stream: Stream,
        subject: &'a str,
        (after, up_to): (Version, Version),
        order: Order,
        limit: usize,
    ) -> Answer<'a, Result<Vec<StoredEvent>, JournalError>> {
        let contents = self.contents();
        let places = contents.subjects.get(&(stream, subject.to_owned())).map_or(&[][..], Vec::as_slice);
        let events = places.iter().map(|place| &contents.events[*place]);
        let wanted = events.filter(|event| event.version > after && event.version <= up_to);
        let mut wanted: Vec<_> = wanted.collect();
        if order == Order::NewestFirst {
            wanted.reverse();
        }
        now(Ok(wanted.into_iter().take(limit.min(MAX_READ)).cloned().collect()))
    }

    fn version_at(&self, stream: Stream, time_ms: i64) -> Answer<'_, Result<Version, JournalError>> {
        let contents = self.contents();
        let places = contents.streams.get(&stream).map_or(&[][..], Vec::as_slice);
        let before = places.partition_point(|place| contents.events[*place].time_ms <= time_ms);
        now(Ok(Version(before as u64)))
    }

    fn streams_after(
        &self,
        _: Shard,
        after: Position,
        limit: usize,
    ) -> Answer<'_, Result<Vec<Whereabouts>, JournalError>> {
        let contents = self.contents();
        let events = contents.events.iter().skip(index(after.0)).take(limit.min(MAX_READ));
        now(Ok(events.map(|event| (event.position, event.stream, event.version)).collect()))
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
        contents.deliveries.enqueue(advance.deliveries);
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

    fn hurry<'a>(
        &'a self,
        follower: &'a str,
        stream: Stream,
        now_ms: i64,
    ) -> Answer<'a, Result<(), JournalError>> {
        let mut contents = self.contents();
        let outputs = contents.outputs.values_mut();
        for output in outputs.filter(|output| output.follower == follower && output.stream == stream) {
            output.due_ms = output.due_ms.min(now_ms);
        }
        now(Ok(()))
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

    fn delivery_log(&self) -> &dyn DeliveryLog {
        self
    }

    fn key(&self) -> Answer<'_, Result<[u8; 32], JournalError>> {
        // What lives in memory alone has nothing that a key would protect.
        now(Ok([0x6b; 32]))
    }

    fn ping(&self) -> Answer<'_, Result<(), JournalError>> {
        now(Ok(()))
    }
}

impl DeliveryLog for MemoryJournal {
    fn enqueue(&self, deliveries: Vec<NewDelivery>) -> Answer<'_, Result<usize, JournalError>> {
        now(Ok(self.contents().deliveries.enqueue(deliveries)))
    }

    fn due_deliveries(
        &self,
        endpoint: Endpoint,
        now_ms: i64,
        limit: usize,
    ) -> Answer<'_, Result<Vec<Delivery>, JournalError>> {
        now(Ok(self.contents().deliveries.due(endpoint, now_ms, limit)))
    }

    fn next_delivery(&self, endpoint: Endpoint) -> Answer<'_, Result<Option<i64>, JournalError>> {
        now(Ok(self.contents().deliveries.next_due(endpoint)))
    }

    fn waiting_endpoints(&self) -> Answer<'_, Result<Vec<Endpoint>, JournalError>> {
        now(Ok(self.contents().deliveries.waiting()))
    }

    fn record_attempts(&self, attempted: Vec<Attempted>) -> Answer<'_, Result<(), JournalError>> {
        self.contents().deliveries.record(attempted);
        now(Ok(()))
    }

    fn send_again(
        &self,
        endpoint: Endpoint,
        again: Again,
        now_ms: i64,
    ) -> Answer<'_, Result<u64, JournalError>> {
        now(Ok(self.contents().deliveries.send_again(endpoint, again, now_ms)))
    }

    fn forget_endpoint(&self, endpoint: Endpoint) -> Answer<'_, Result<(), JournalError>> {
        self.contents().deliveries.forget(endpoint);
        now(Ok(()))
    }

    fn prune_deliveries(&self, before_ms: i64, limit: usize) -> Answer<'_, Result<usize, JournalError>> {
        now(Ok(self.contents().deliveries.prune(before_ms, limit)))
    }

    fn deliveries(
        &self,
        endpoint: Endpoint,
        page: DeliveryPage,
    ) -> Answer<'_, Result<Vec<Delivery>, JournalError>> {
        now(Ok(self.contents().deliveries.list(endpoint, page)))
    }

    fn delivery(
        &self,
        endpoint: Endpoint,
        sequence: u64,
    ) -> Answer<'_, Result<Option<TriedDelivery>, JournalError>> {
        now(Ok(self.contents().deliveries.one(endpoint, sequence)))
    }

    fn failing_since(&self, endpoint: Endpoint) -> Answer<'_, Result<Option<i64>, JournalError>> {
        now(Ok(self.contents().deliveries.health(endpoint).failing_since_ms))
    }

    fn endpoint_health(&self, endpoint: Endpoint) -> Answer<'_, Result<EndpointHealth, JournalError>> {
        now(Ok(self.contents().deliveries.health(endpoint)))
    }
}
