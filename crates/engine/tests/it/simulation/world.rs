//! The world: a node on a disk, clients that ask, and a seed that decides what goes wrong.

use crate::births::Births;
use crate::simulation::act::Act;
use crate::simulation::checkers::{self, Pager};
use crate::simulation::disk::{Bug, Disk, Fate, Outcome, SideFate};
use crate::simulation::model::{Model, Verdict};
use fastrand::Rng;
use futures_util::FutureExt as _;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tenure_directory::text::CompanyName;
use tenure_directory::{Actor, CompanyId, RegistryCommand, Timestamp, TokenId, Urgency};
use tenure_engine::{After, Answered, Clock, Engine, Keyed, Randomness, WriteError, WriterLoop};
use tenure_journal::{ReplyKey, Stream};
use tokio::task::JoinHandle;

const COMPANIES: u64 = 2;

/// What must have happened somewhere in a whole run.
pub(super) const SOMETIMES: [&str; 20] = [
    "the process died before a batch was durable",
    "the process died while a batch was written",
    "the process died after a batch was durable",
    "a batch was refused cleanly",
    "a sync failed and the batch was lost",
    "a sync failed and the batch was kept",
    "another node was faster",
    "the clock stepped back",
    "a snapshot was used at a start",
    "a batch held commands of both companies",
    "a rule refused a command",
    "a command changed nothing",
    "a page was read while others wrote",
    "an answer was lost",
    "an answer was lost, and the stored one is what it was",
    "an answer came late",
    "an answer came late, after its process had died",
    "the process died before a follower's step was stored",
    "the process died after a follower's step was stored",
    "a damaged snapshot was passed over",
];

struct SimulatedClock(AtomicI64);

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::Relaxed))
    }
}

struct SimulatedRandomness(Mutex<Rng>);

impl Randomness for SimulatedRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill(bytes);
    }
}

struct Process {
    engine: Engine,
    writer: WriterLoop,
}

/// What was answered.
enum Said {
    Answered(Answered),
    Rendered(Vec<u8>),
}

/// Something asked, and its answer to come.
struct Asked {
    company: CompanyId,
    act: Act,
    key: Option<ReplyKey>,
    /// Whether the client goes away before it is answered.
    is_lost: bool,
    answer: JoinHandle<Result<Said, WriteError>>,
}

/// What an answer must be, whenever it comes.
struct Due {
    asked: Asked,
    said: Verdict,
    version: u64,
    /// Whether it was decided for good: it became durable, or there was nothing to make durable.
    happened: bool,
    may_be_unknown: bool,
    process: u64,
}

/// The whole world of one seed.
pub(super) struct World {
    seed: u64,
    rng: Rng,
    disk: Disk,
    clock: Arc<SimulatedClock>,
    process: Process,
    models: BTreeMap<CompanyId, Model>,
    births: Births,
    pager: Pager,
    keys: u64,
    /// Answers that are still on their way.
    late: Vec<Due>,
    /// How many processes there were before this one.
    processes: u64,
    /// What happened, as text.
    pub(super) trace: String,
    /// Which points were reached, and how often.
    pub(super) seen: BTreeMap<&'static str, u64>,
}

impl World {
    pub(super) async fn new(seed: u64, bug: Option<Bug>) -> Self {
        let mut rng = Rng::with_seed(seed);
        let disk = Disk::new(bug);
        let clock = Arc::new(SimulatedClock(AtomicI64::new(1_767_225_600_000)));
        let mut process = start(&disk, &clock, rng.fork()).await;
        let mut models = BTreeMap::new();
        for number in 1..=COMPANIES {
            let name = CompanyName::parse(&format!("Company {number}")).unwrap();
            let engine = process.engine.clone();
            let command = RegistryCommand::CreateCompany { name, slug: None };
            let asked = tokio::spawn(async move { engine.ask_registry(command, Actor::Operator).await });
            tokio::task::yield_now().await;
            process.writer.turn().await;
            models.insert(asked.await.unwrap().unwrap().company.id, Model::new());
        }
        Self {
            seed,
            rng,
            disk,
            clock,
            process,
            models,
            births: Births,
            pager: Pager::default(),
            keys: 0,
            late: Vec::new(),
            processes: 0,
            trace: String::new(),
            seen: BTreeMap::new(),
        }
    }

    fn see(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// One step: some clients ask at once, the node has one turn, and everything is checked.
    pub(super) async fn step(&mut self) {
        self.pass_time();
        let fate = self.fate();
        self.disk.ordain(fate, ["Night", "Day", "Sales", "Support"][self.rng.usize(..4)]);
        let count = self.rng.usize(1..7);
        let mut asked = Vec::with_capacity(count);
        for _ in 0..count {
            asked.push(self.ask());
        }
        // Each client hands its command over before the node has its turn.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        for asked in &asked {
            if asked.is_lost {
                asked.answer.abort();
            }
        }
        let died = self.process.writer.turn().now_or_never().is_none();
        // Each client hears its answer.
        tokio::task::yield_now().await;
        let outcome = self.disk.outcome();
        self.note(fate, died, &outcome, &asked);
        self.settle(asked, fate, died, &outcome).await;
        if died || self.process.engine.failed().now_or_never().is_some() {
            self.restart().await;
        }
        self.follow().await;
        self.hear_late_answers();
        self.check().await;
    }

    fn pass_time(&mut self) {
        let mut step = self.rng.i64(0..500);
        if self.rng.u8(..10) == 0 {
            step = -self.rng.i64(0..5000);
            self.see("the clock stepped back");
        }
        self.clock.0.fetch_add(step, Ordering::Relaxed);
    }

    fn fate(&mut self) -> Fate {
        match self.rng.u8(..20) {
            0 => Fate::NotWritten,
            1 => Fate::UnknownAndLost,
            2 => Fate::UnknownAndKept,
            3 => Fate::DiesBefore,
            4 => Fate::DiesAfter,
            5 => Fate::Torn,
            6..8 => Fate::Overtaken,
            _ => Fate::Well,
        }
    }

    fn ask(&mut self) -> Asked {
        let company = CompanyId::new(self.rng.u64(1..=COMPANIES));
        let act = Act::any(&mut self.rng);
        let key = (self.rng.u8(..3) == 0).then(|| {
            self.keys += 1;
            ReplyKey {
                stream: Stream(company.number()),
                token: "tok_1".to_owned(),
                key: self.keys.to_string(),
            }
        });
        let keyed = key.clone().map(|key| Keyed { key, fingerprint: [0; 32], render: Arc::new(render) });
        let (engine, command) = (self.process.engine.clone(), act.command());
        let answer = tokio::spawn(async move {
            let actor = Actor::Api(TokenId::new(1));
            match keyed {
                Some(keyed) => engine.ask_keyed(company, command, actor, keyed).await.map(Said::Rendered),
                None => engine.ask(company, command, actor).await.map(Said::Answered),
            }
        });
        let is_lost = self.rng.u8(..8) == 0;
        Asked { company, act, key, is_lost, answer }
    }

    fn note(&mut self, fate: Fate, died: bool, outcome: &Outcome, asked: &[Asked]) {
        let acts: Vec<_> = asked.iter().map(|asked| (asked.company, &asked.act)).collect();
        writeln!(self.trace, "{fate:?} died={died} {outcome:?} {acts:?}").unwrap();
        if !outcome.tried {
            return;
        }
        match fate {
            Fate::NotWritten => self.see("a batch was refused cleanly"),
            Fate::UnknownAndLost => self.see("a sync failed and the batch was lost"),
            Fate::UnknownAndKept => self.see("a sync failed and the batch was kept"),
            Fate::DiesBefore => self.see("the process died before a batch was durable"),
            Fate::DiesAfter => self.see("the process died after a batch was durable"),
            Fate::Torn => self.see("the process died while a batch was written"),
            Fate::Overtaken if !outcome.overtaken.is_empty() => self.see("another node was faster"),
            Fate::Well | Fate::Overtaken => {}
        }
        if asked.iter().any(|one| asked.iter().any(|other| one.company != other.company)) {
            self.see("a batch held commands of both companies");
        }
    }

    /// Tells the model what happened, and compares each answer with what the model says.
    async fn settle(&mut self, mut asked: Vec<Asked>, fate: Fate, died: bool, outcome: &Outcome) {
        for (company, act) in &outcome.overtaken {
            self.models.get_mut(company).unwrap().ask(act);
        }
        // The node takes those first that end somebody's access.
        asked.sort_by_key(|asked| asked.act.command().urgency() == Urgency::Normal);
        for asked in asked {
            let happened = outcome.kept || !outcome.tried;
            let model = self.models.get_mut(&asked.company).unwrap();
            let said = if happened { model.ask(&asked.act) } else { None };
            let version = model.version;
            match said {
                Some(0) => self.see("a command changed nothing"),
                None if happened => self.see("a rule refused a command"),
                _ => {}
            }
            self.check_stored_reply(&asked, said, outcome).await;
            let may_be_unknown = died || matches!(fate, Fate::UnknownAndKept | Fate::UnknownAndLost);
            let due = Due { asked, said, version, happened, may_be_unknown, process: self.processes };
            if self.rng.u8(..6) == 0 {
                self.late.push(due);
            } else {
                self.hear(due);
            }
        }
    }

    /// The reply of a keyed request is there exactly if its events are, and whoever repeats the request gets it.
    async fn check_stored_reply(&mut self, asked: &Asked, said: Verdict, outcome: &Outcome) {
        let Some(key) = &asked.key else { return };
        let stored = self.process.engine.reply(key).await.unwrap();
        let act = &asked.act;
        assert_eq!(stored.is_some(), outcome.kept, "seed {}: a reply and its events: {act:?}", self.seed);
        if let Some(stored) = stored {
            assert_eq!(stored.answer, rendered(said), "seed {}: {act:?}", self.seed);
            if asked.is_lost {
                self.see("an answer was lost, and the stored one is what it was");
            }
        }
    }

    /// Some of the answers that are on their way arrive.
    fn hear_late_answers(&mut self) {
        for due in std::mem::take(&mut self.late) {
            if self.rng.bool() {
                self.late.push(due);
                continue;
            }
            self.see("an answer came late");
            if due.process < self.processes {
                self.see("an answer came late, after its process had died");
            }
            self.hear(due);
        }
    }

    /// Compares an answer with what the model says.
    fn hear(&mut self, due: Due) {
        let Due { asked, said, version, happened, may_be_unknown, .. } = due;
        let (seed, act) = (self.seed, asked.act);
        let joined = asked.answer.now_or_never();
        if asked.is_lost {
            self.see("an answer was lost");
            return;
        }
        match joined.map(|joined| joined.unwrap()) {
            None => panic!("seed {seed}: no answer to {act:?}"),
            Some(Ok(Said::Rendered(bytes))) => {
                assert!(happened, "seed {seed}: {act:?} was answered and did not happen");
                assert_eq!(bytes, rendered(said), "seed {seed}: {act:?}");
            }
            Some(Ok(Said::Answered(answered))) => {
                assert!(said.is_some(), "seed {seed}: {act:?} was done and the model says no");
                assert_eq!(answered.events.len() as u64, said.unwrap(), "seed {seed}: {act:?}");
                assert_eq!(answered.company.version.number(), version, "seed {seed}: {act:?}");
            }
            Some(Err(WriteError::Refused(refusal))) => {
                assert!(happened && said.is_none(), "seed {seed}: {act:?} was refused: {refusal}");
            }
            Some(Err(WriteError::NotWritten(_))) => {
                assert!(!happened, "seed {seed}: {act:?} was written after all");
            }
            Some(Err(WriteError::OutcomeUnknown(_))) => {
                assert!(may_be_unknown, "seed {seed}: {act:?} has an unknown outcome for no reason");
            }
            Some(Err(error)) => panic!("seed {seed}: {act:?}: {error}"),
        }
    }

    /// The process is gone, with all that it held in memory; a new one starts on the same disk.
    async fn restart(&mut self) {
        self.processes += 1;
        self.process = start(&self.disk, &self.clock, self.rng.fork()).await;
        for company in self.models.keys() {
            self.process.engine.company(*company).await.unwrap().unwrap();
        }
    }

    async fn follow(&mut self) {
        if self.rng.u8(..4) == 0 {
            let fate = [SideFate::Well, SideFate::DiesBefore, SideFate::DiesAfter][self.rng.usize(..3)];
            self.disk.ordain_side(fate);
            if self.process.engine.follow_step(&self.births).now_or_never().is_none() {
                self.see(match fate {
                    SideFate::DiesBefore => "the process died before a follower's step was stored",
                    _ => "the process died after a follower's step was stored",
                });
                self.restart().await;
            }
            self.disk.ordain_side(SideFate::Well);
        }
        if self.rng.u8(..10) == 0 {
            let is_damaged = self.rng.bool();
            self.disk.ordain_side(if is_damaged { SideFate::CutShort } else { SideFate::Well });
            self.process.engine.snapshot_all().await.unwrap();
            self.restart().await;
        }
    }

    async fn check(&mut self) {
        let loads = self.disk.take_loads();
        for (count, point) in [
            (loads.whole, "a snapshot was used at a start"),
            (loads.damaged, "a damaged snapshot was passed over"),
        ] {
            for _ in 0..count {
                self.see(point);
            }
        }
        for (id, model) in &self.models {
            let seen = self.process.engine.company(*id).await.unwrap().unwrap();
            let history = self.disk.history(*id).await;
            checkers::reader_sees_what_is_durable(self.seed, &seen, &history);
            assert_eq!(Model::of(&seen), model.shown(), "seed {}: company {id}", self.seed);
        }
        let company = self.process.engine.company(CompanyId::new(1)).await.unwrap().unwrap();
        if self.pager.turn(self.seed, &company, &mut self.rng) {
            self.see("a page was read while others wrote");
        }
    }

    /// The last checks: the follower catches up, and each event was enqueued exactly once.
    pub(super) async fn end(&mut self) {
        while !self.late.is_empty() {
            self.hear_late_answers();
        }
        self.restart().await;
        self.process.engine.follow_step(&self.births).await.unwrap();
        let mut histories = Vec::new();
        for id in self.models.keys() {
            histories.extend(self.disk.history(*id).await.into_iter().map(|recorded| (*id, recorded)));
        }
        self.births.check(self.seed, &self.disk, &histories).await;
    }
}

fn rendered(said: Verdict) -> Vec<u8> {
    said.map_or("refused".to_owned(), |events| events.to_string()).into_bytes()
}

fn render(result: Result<&After<'_>, &tenure_directory::Refusal>) -> Vec<u8> {
    rendered(result.ok().map(|after| after.events.len() as u64))
}

async fn start(disk: &Disk, clock: &Arc<SimulatedClock>, rng: Rng) -> Process {
    disk.recover().await;
    let randomness = Arc::new(SimulatedRandomness(Mutex::new(rng)));
    let (engine, writer) =
        Engine::open(Arc::new(disk.clone()), Arc::clone(clock) as Arc<dyn Clock>, randomness, 64)
            .await
            .unwrap();
    Process { engine, writer }
}
