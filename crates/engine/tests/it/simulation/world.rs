//! The world: a node on a disk, clients that ask, and a seed that decides what goes wrong.

use crate::simulation::act::Act;
use crate::simulation::checkers::{self, Births, Pager};
use crate::simulation::disk::{Disk, Fate, Outcome};
use crate::simulation::model::Model;
use fastrand::Rng;
use futures_util::FutureExt as _;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tenure_directory::text::CompanyName;
use tenure_directory::{Actor, CompanyId, RegistryCommand, Timestamp, TokenId, Urgency};
use tenure_engine::{Answered, Clock, Engine, Keyed, Randomness, Target, WriteError, WriterLoop};
use tenure_journal::{ReplyKey, Stream};
use tokio::task::JoinHandle;

const COMPANIES: u64 = 2;

/// What must have happened somewhere in a whole run.
pub(super) const SOMETIMES: [&str; 12] = [
    "the process died before a batch was durable",
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

/// Something asked, and its answer to come.
struct Asked {
    company: CompanyId,
    act: Act,
    key: Option<ReplyKey>,
    answer: JoinHandle<Result<Answered, WriteError>>,
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
    /// What happened, as text.
    pub(super) trace: String,
    /// Which points were reached, and how often.
    pub(super) seen: BTreeMap<&'static str, u64>,
}

impl World {
    pub(super) async fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let disk = Disk::new();
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
            5..7 => Fate::Overtaken,
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
        let target = Target::Company(company, act.command());
        let engine = self.process.engine.clone();
        let answer =
            tokio::spawn(async move { engine.submit(target, Actor::Api(TokenId::new(1)), keyed).await });
        Asked { company, act, key, answer }
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
        for Asked { company, act, key, answer } in asked {
            let happened = outcome.kept || !outcome.tried;
            let model = self.models.get_mut(&company).unwrap();
            let said = if happened { model.ask(&act) } else { None };
            let version = model.version;
            match said {
                Some(0) => self.see("a command changed nothing"),
                None if happened => self.see("a rule refused a command"),
                _ => {}
            }
            if let Some(key) = key {
                let stored = self.process.engine.reply(&key).await.unwrap().is_some();
                assert_eq!(stored, outcome.kept, "seed {}: a reply and its events: {act:?}", self.seed);
            }
            let answered = answer.now_or_never().map(|joined| joined.unwrap());
            match answered {
                None => panic!("seed {}: no answer to {act:?}", self.seed),
                Some(Ok(answered)) => {
                    assert!(said.is_some(), "seed {}: {act:?} was done and the model says no", self.seed);
                    assert_eq!(answered.events.len() as u64, said.unwrap(), "seed {}: {act:?}", self.seed);
                    assert_eq!(answered.company.version.number(), version, "seed {}: {act:?}", self.seed);
                }
                Some(Err(WriteError::Refused(refusal))) => {
                    assert!(happened && said.is_none(), "seed {}: {act:?} was refused: {refusal}", self.seed);
                }
                Some(Err(WriteError::RefusedKeyed(_))) => {
                    assert!(happened && said.is_none(), "seed {}: {act:?} was refused", self.seed);
                }
                Some(Err(WriteError::NotWritten(_))) => {
                    assert!(!happened, "seed {}: {act:?} was written after all", self.seed);
                }
                Some(Err(WriteError::OutcomeUnknown(_))) => {
                    let may_be = died || matches!(fate, Fate::UnknownAndKept | Fate::UnknownAndLost);
                    assert!(may_be, "seed {}: {act:?} has an unknown outcome for no reason", self.seed);
                }
                Some(Err(error)) => panic!("seed {}: {act:?}: {error}", self.seed),
            }
        }
    }

    /// The process is gone, with all that it held in memory; a new one starts on the same disk.
    async fn restart(&mut self) {
        self.process = start(&self.disk, &self.clock, self.rng.fork()).await;
        for company in self.models.keys() {
            self.process.engine.company(*company).await.unwrap().unwrap();
        }
    }

    async fn follow(&mut self) {
        if self.rng.u8(..4) == 0 {
            self.process.engine.follow_step(&self.births).await.unwrap();
        }
        if self.rng.u8(..10) == 0 {
            self.process.engine.snapshot_all().await.unwrap();
            self.restart().await;
            self.see("a snapshot was used at a start");
        }
    }

    async fn check(&mut self) {
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
        self.restart().await;
        self.process.engine.follow_step(&self.births).await.unwrap();
        let mut histories = Vec::new();
        for id in self.models.keys() {
            histories.extend(self.disk.history(*id).await.into_iter().map(|recorded| (*id, recorded)));
        }
        self.births.check(self.seed, &self.disk, &histories).await;
    }
}

fn render(result: Result<&Answered, &tenure_directory::Refusal>) -> Vec<u8> {
    result.map_or_else(|refusal| refusal.code().into(), |answered| answered.events.len().to_string().into())
}

async fn start(disk: &Disk, clock: &Arc<SimulatedClock>, rng: Rng) -> Process {
    let randomness = Arc::new(SimulatedRandomness(Mutex::new(rng)));
    let (engine, writer) =
        Engine::open(Arc::new(disk.clone()), Arc::clone(clock) as Arc<dyn Clock>, randomness, 64)
            .await
            .unwrap();
    Process { engine, writer }
}
