//! The simulated disk: a journal that outlives the node, and fails as it is told.

use crate::simulation::act::Act;
use std::sync::{Arc, Mutex, MutexGuard};
use tenure_directory::registry::REGISTRY_STREAM;
use tenure_directory::{
    Actor, Company, CompanyId, Event, Occasion, Recorded, Timestamp, Version as CompanyVersion,
};
use tenure_journal::{
    Advance, Advanced, Answer, AppendError, Batch, Head, Journal, JournalError, MAX_READ, MemoryJournal,
    NewEvent, NewPersonal, Output, Position, ReplyKey, Settlement, Shard, Snapshot, StoredEvent, StoredReply,
    Stream, StreamAppend, Version,
};
use tenure_journal::{DeliveryLog, Order, Whereabouts};

/// How the next append goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// As it should.
    Well,
    /// Refused cleanly, as on a full disk.
    NotWritten,
    /// The sync failed, and the batch was not durable.
    UnknownAndLost,
    /// The sync failed, and the batch was durable.
    UnknownAndKept,
    /// The process dies before the batch is durable.
    DiesBefore,
    /// The process dies while the batch is written: a part of it is on the disk, without the mark that ends a batch.
    Torn,
    /// The process dies after the batch is durable, before anybody is answered.
    DiesAfter,
    /// Another node is faster with a team of its own.
    Overtaken,
}

/// How the next step of a follower, or the next snapshot, goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SideFate {
    /// As it should.
    Well,
    /// The process dies before it is stored.
    DiesBefore,
    /// The process dies after it is stored.
    DiesAfter,
    /// What is stored is cut short.
    CutShort,
}

/// A bug that the disk is given, to see that the checkers see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bug {
    /// A batch is acknowledged and never written.
    SkipsTheSync,
    /// What is left of a torn batch counts.
    KeepsATornTail,
    /// A reply is not stored with its events.
    ForgetsTheReplies,
    /// A batch is stored whatever versions it expects.
    IgnoresTheExpectedVersion,
    /// A follower's checkpoint moves and what it produced is not stored.
    StoresTheCheckpointAlone,
}

impl Bug {
    pub(super) const ALL: [Bug; 5] = [
        Bug::SkipsTheSync,
        Bug::KeepsATornTail,
        Bug::ForgetsTheReplies,
        Bug::IgnoresTheExpectedVersion,
        Bug::StoresTheCheckpointAlone,
    ];
}

/// What became of the appends since it was last asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Whether a batch became durable.
    pub(super) kept: bool,
    /// Whether an append was tried at all.
    pub(super) tried: bool,
    /// The companies in which another node created a team first, each with its act.
    pub(super) overtaken: Vec<(CompanyId, Act)>,
}

#[derive(Debug)]
struct Plan {
    fate: Fate,
    side_fate: SideFate,
    outcome: Outcome,
    foreign_name: &'static str,
    /// What a torn batch left behind.
    torn: Option<Batch>,
    loads: Loads,
}

/// How many snapshots were read since somebody last asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Loads {
    pub(super) whole: u64,
    pub(super) damaged: u64,
}

/// A disk with a journal on it; cheap to clone, and shared by all nodes that ever use it.
#[derive(Clone)]
pub(super) struct Disk {
    journal: Arc<MemoryJournal>,
    plan: Arc<Mutex<Plan>>,
    bug: Option<Bug>,
}

impl Disk {
    pub(super) fn new(bug: Option<Bug>) -> Self {
        let plan = Plan {
            fate: Fate::Well,
            side_fate: SideFate::Well,
            outcome: Outcome::default(),
            foreign_name: "",
            torn: None,
            loads: Loads::default(),
        };
        Self { journal: Arc::new(MemoryJournal::new()), plan: Arc::new(Mutex::new(plan)), bug }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap()
    }

    /// Decides how the next append goes. `foreign_name` is the team that another node makes, should it be faster.
    pub(super) fn ordain(&self, fate: Fate, foreign_name: &'static str) {
        let mut plan = self.plan();
        (plan.fate, plan.foreign_name, plan.outcome) = (fate, foreign_name, Outcome::default());
    }

    /// How many snapshots were read since this was last asked.
    pub(super) fn take_loads(&self) -> Loads {
        std::mem::take(&mut self.plan().loads)
    }

    /// Decides how the next step of a follower, or the next snapshot, goes.
    pub(super) fn ordain_side(&self, fate: SideFate) {
        self.plan().side_fate = fate;
    }

    /// What a start does first: a batch without its end mark is dropped.
    pub(super) async fn recover(&self) {
        let torn = self.plan().torn.take();
        if let Some(torn) = torn.filter(|_| self.bug == Some(Bug::KeepsATornTail)) {
            self.journal.append(&torn).await.unwrap();
        }
    }

    /// What became of the appends.
    pub(super) fn outcome(&self) -> Outcome {
        self.plan().outcome.clone()
    }

    /// All events on the disk of one company.
    pub(super) async fn history(&self, company: CompanyId) -> Vec<Recorded> {
        let stored = self.journal.read_stream(Stream(company.number()), Version(0), MAX_READ).await.unwrap();
        stored.iter().map(recorded).collect()
    }

    async fn append_as_ordained(&self, batch: &Batch) -> Result<(), AppendError> {
        let fate = std::mem::replace(&mut self.plan().fate, Fate::Well);
        self.plan().outcome.tried = true;
        let lost = || AppendError::OutcomeUnknown { reason: "the sync failed".to_owned() };
        match fate {
            Fate::NotWritten => {
                return Err(AppendError::NotWritten { reason: "the disk is full".to_owned() });
            }
            Fate::UnknownAndLost => return Err(lost()),
            Fate::DiesBefore if self.bug == Some(Bug::SkipsTheSync) => return Ok(()),
            Fate::DiesBefore => return std::future::pending().await,
            Fate::Torn => {
                self.plan().torn = Some(first_half(batch));
                return std::future::pending().await;
            }
            Fate::Overtaken => self.overtake(batch).await,
            Fate::Well | Fate::UnknownAndKept | Fate::DiesAfter => {}
        }
        if let Err(conflict) = self.store(batch).await {
            // The node decides anew, and may find that nothing is left to append.
            self.plan().outcome.tried = false;
            return Err(conflict);
        }
        self.plan().outcome.kept = true;
        match fate {
            Fate::UnknownAndKept => Err(lost()),
            Fate::DiesAfter => std::future::pending().await,
            _ => Ok(()),
        }
    }

    async fn store(&self, batch: &Batch) -> Result<(), AppendError> {
        let mut batch = batch.clone();
        match self.bug {
            Some(Bug::ForgetsTheReplies) => batch.replies.clear(),
            Some(Bug::IgnoresTheExpectedVersion) => {
                for append in &mut batch.streams {
                    append.expected = self.journal.heads(&[append.stream]).await.unwrap()[0].version;
                }
            }
            _ => {}
        }
        self.journal.append(&batch).await
    }

    /// Another node creates a team in the first company that the batch is about.
    async fn overtake(&self, batch: &Batch) {
        let Some(stream) = batch.streams.iter().map(|append| append.stream).find(|stream| stream.0 != 0)
        else {
            return;
        };
        let id = CompanyId::new(stream.0);
        let history = self.history(id).await;
        let company = history.iter().fold(Company::unborn(id), tenure_directory::Company::evolve);
        let act = Act::CreateTeam { name: self.plan().foreign_name };
        let occasion = Occasion { now: company.last_event_at, actor: Actor::Operator };
        let events = company.decide(&act.command(), &occasion).unwrap_or_default();
        let append = StreamAppend {
            stream,
            expected: Version(company.version.number()),
            events: events.iter().map(|event| written(event, occasion.now)).collect(),
        };
        if !append.events.is_empty() {
            self.journal.append(&Batch { streams: vec![append], replies: vec![] }).await.unwrap();
            self.plan().outcome.overtaken.push((id, act));
        }
    }
}

/// Of each stream, the events that came to be written before the power went.
fn first_half(batch: &Batch) -> Batch {
    let mut half = batch.clone();
    for append in &mut half.streams {
        append.events.truncate(append.events.len().div_ceil(2));
    }
    half
}

fn written(event: &Event, time: Timestamp) -> NewEvent {
    let encoded = event.encode();
    NewEvent {
        time_ms: time.as_ms(),
        actor: Actor::Operator.to_string(),
        name: encoded.name,
        body: encoded.body,
        personal: encoded.personal.map(|data| NewPersonal { salt: [0; 16], data }),
        subjects: event.subjects(),
    }
}

fn recorded(stored: &StoredEvent) -> Recorded {
    Recorded {
        version: CompanyVersion::new(stored.version.0),
        time: Timestamp::from_ms(stored.time_ms),
        actor: stored.actor.parse().unwrap(),
        event: Event::decode(&stored.name, &stored.body, stored.personal.as_deref()).unwrap(),
    }
}

impl Journal for Disk {
    fn append<'a>(&'a self, batch: &'a Batch) -> Answer<'a, Result<(), AppendError>> {
        Box::pin(self.append_as_ordained(batch))
    }

    fn read_stream(
        &self,
        stream: Stream,
        after: Version,
        limit: usize,
    ) -> Answer<'_, Result<Vec<StoredEvent>, JournalError>> {
        self.journal.read_stream(stream, after, limit)
    }

    fn read_shard(
        &self,
        shard: Shard,
        after: Position,
        limit: usize,
    ) -> Answer<'_, Result<Vec<StoredEvent>, JournalError>> {
        self.journal.read_shard(shard, after, limit)
    }

    fn read_back<'a>(
        &'a self,
        stream: Stream,
        between: (Version, Version),
        names: &'a [&'static str],
        limit: usize,
    ) -> Answer<'a, Result<Vec<StoredEvent>, JournalError>> {
        self.journal.read_back(stream, between, names, limit)
    }

    fn read_subject<'a>(
        &'a self,
        stream: Stream,
        subject: &'a str,
        range: (Version, Version),
        order: Order,
        limit: usize,
    ) -> Answer<'a, Result<Vec<StoredEvent>, JournalError>> {
        self.journal.read_subject(stream, subject, range, order, limit)
    }

    fn version_at(&self, stream: Stream, time_ms: i64) -> Answer<'_, Result<Version, JournalError>> {
        self.journal.version_at(stream, time_ms)
    }

    fn streams_after(
        &self,
        shard: Shard,
        after: Position,
        limit: usize,
    ) -> Answer<'_, Result<Vec<Whereabouts>, JournalError>> {
        self.journal.streams_after(shard, after, limit)
    }

    fn shards(&self) -> u16 {
        self.journal.shards()
    }

    fn heads<'a>(&'a self, streams: &'a [Stream]) -> Answer<'a, Result<Vec<Head>, JournalError>> {
        self.journal.heads(streams)
    }

    fn store_snapshot(&self, snapshot: Snapshot) -> Answer<'_, Result<(), JournalError>> {
        let mut snapshot = snapshot;
        if std::mem::replace(&mut self.plan().side_fate, SideFate::Well) == SideFate::CutShort {
            snapshot.bytes.truncate(snapshot.bytes.len() / 2);
        }
        self.journal.store_snapshot(snapshot)
    }

    fn load_snapshot(&self, stream: Stream, form: u32) -> Answer<'_, Result<Option<Snapshot>, JournalError>> {
        Box::pin(async move {
            let loaded = self.journal.load_snapshot(stream, form).await?;
            if let Some(snapshot) = loaded.as_ref().filter(|_| stream.0 != REGISTRY_STREAM) {
                let is_whole = Company::from_bytes(&snapshot.bytes).is_ok();
                let mut plan = self.plan();
                plan.loads.whole += u64::from(is_whole);
                plan.loads.damaged += u64::from(!is_whole);
            }
            Ok(loaded)
        })
    }

    fn reply<'a>(&'a self, key: &'a ReplyKey) -> Answer<'a, Result<Option<StoredReply>, JournalError>> {
        self.journal.reply(key)
    }

    fn checkpoint<'a>(
        &'a self,
        follower: &'a str,
        shard: Shard,
    ) -> Answer<'a, Result<Position, JournalError>> {
        self.journal.checkpoint(follower, shard)
    }

    fn advance(&self, advance: Advance) -> Answer<'_, Result<Advanced, JournalError>> {
        let fate = std::mem::replace(&mut self.plan().side_fate, SideFate::Well);
        let mut advance = advance;
        if self.bug == Some(Bug::StoresTheCheckpointAlone) {
            advance.outputs.clear();
        }
        Box::pin(async move {
            if fate == SideFate::DiesBefore {
                return std::future::pending().await;
            }
            let advanced = self.journal.advance(advance).await;
            if fate == SideFate::DiesAfter {
                return std::future::pending().await;
            }
            advanced
        })
    }

    fn due_outputs<'a>(
        &'a self,
        follower: &'a str,
        now_ms: i64,
        limit: usize,
    ) -> Answer<'a, Result<Vec<Output>, JournalError>> {
        self.journal.due_outputs(follower, now_ms, limit)
    }

    fn hurry<'a>(
        &'a self,
        follower: &'a str,
        stream: Stream,
        now_ms: i64,
    ) -> Answer<'a, Result<(), JournalError>> {
        self.journal.hurry(follower, stream, now_ms)
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement]) -> Answer<'a, Result<(), JournalError>> {
        self.journal.settle(settlements)
    }

    fn delivery_log(&self) -> &dyn DeliveryLog {
        self.journal.delivery_log()
    }

    fn key(&self) -> Answer<'_, Result<[u8; 32], JournalError>> {
        self.journal.key()
    }

    fn ping(&self) -> Answer<'_, Result<(), JournalError>> {
        self.journal.ping()
    }
}
