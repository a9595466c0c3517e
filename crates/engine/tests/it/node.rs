//! A node as faces use it: asking, being refused, reading the past, waiting lanes, and the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tenure_directory::email::EmailAddress;
use tenure_directory::team::{CreateTeam, Privacy};
use tenure_directory::teammate::{BlockTeammate, CreateTeammate};
use tenure_directory::text::{CompanyName, TeamName};
use tenure_directory::{
    Actor, Command, CompanyId, Precondition, Refusal, RegistryCommand, TeammateId, Timestamp, Version,
};
use tenure_engine::{Clock, Engine, Health, Keyed, Randomness, WriteError, WriterLoop};
use tenure_journal::sqlite::{JOURNAL_FILE, WhenShorter};
use tenure_journal::{Journal, MemoryJournal, ReplyKey, SqliteJournal, Stream};
use tokio::task::JoinHandle;

/// A clock that is set by hand.
pub(crate) struct SetClock(pub(crate) AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::Relaxed))
    }
}

/// Gives the same bytes always.
struct Sevens;

impl Randomness for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// A node whose writer loop runs, with one company.
pub(crate) struct Node {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<SetClock>,
    _writer: JoinHandle<()>,
}

pub(crate) const ACME: CompanyId = CompanyId::new(1);

pub(crate) async fn opened(
    journal: Arc<dyn Journal>,
    queue_length: usize,
) -> (Engine, WriterLoop, Arc<SetClock>) {
    let clock = Arc::new(SetClock(AtomicI64::new(1_700_000_000_000)));
    let (engine, writer) =
        Engine::open(journal, Arc::clone(&clock) as Arc<dyn Clock>, Arc::new(Sevens), queue_length)
            .await
            .unwrap();
    (engine, writer, clock)
}

impl Node {
    pub(crate) async fn start(journal: Arc<dyn Journal>) -> Self {
        let (engine, writer, clock) = opened(journal, 64).await;
        let writer = tokio::spawn(writer.run());
        if engine.registry().entries().next().is_none() {
            engine.ask_registry(create_company("Acme"), Actor::Operator).await.unwrap();
        }
        Self { engine, clock, _writer: writer }
    }

    pub(crate) async fn in_memory() -> Self {
        Self::start(Arc::new(MemoryJournal::new())).await
    }

    pub(crate) async fn create(&self, email: &str) -> TeammateId {
        let answered = self.engine.ask(ACME, create(email), Actor::Operator).await.unwrap();
        answered.events[0].teammates()[0]
    }
}

pub(crate) fn create_company(name: &str) -> RegistryCommand {
    RegistryCommand::CreateCompany { name: CompanyName::parse(name).unwrap(), slug: None }
}

pub(crate) fn create(email: &str) -> Command {
    Command::CreateTeammate(CreateTeammate::of(EmailAddress::parse(email).unwrap()))
}

fn block(number: u64) -> Command {
    let teammate = TeammateId::new(number).into();
    Command::BlockTeammate(BlockTeammate { teammate, precondition: Precondition::None })
}

fn keyed(key: &str) -> Keyed {
    let key = ReplyKey { stream: Stream(1), token: "tok_1".to_owned(), key: key.to_owned() };
    let render = |result: Result<&tenure_engine::After<'_>, &Refusal>| match result {
        Ok(after) => format!("{} events, version {}", after.events.len(), after.company.version.number()),
        Err(refusal) => refusal.code().to_owned(),
    };
    Keyed { key, fingerprint: [3; 32], render: Arc::new(move |result| render(result).into_bytes()) }
}

#[tokio::test]
async fn an_answer_has_the_state_and_the_events_and_readers_see_it() {
    let node = Node::in_memory().await;
    let answered = node.engine.ask(ACME, create("ana@x.example"), Actor::Operator).await.unwrap();
    assert_eq!((answered.company.teammates.len(), answered.events.len()), (1, 1));
    let seen = node.engine.loaded(ACME).unwrap();
    assert_eq!(seen.to_bytes(), answered.company.to_bytes());
    assert_eq!(node.engine.all_loaded().len(), 1);
    assert_eq!(node.engine.company(ACME).await.unwrap().unwrap().version, Version::new(2));
    assert!(node.engine.company(CompanyId::new(9)).await.unwrap().is_none());
    assert_eq!((node.engine.now(), node.engine.random()), (Timestamp::from_ms(1_700_000_000_000), [7; 4]));
}

#[tokio::test]
async fn whoever_wants_less_gets_just_that() {
    let node = Node::in_memory().await;
    node.engine.tell(ACME, create("ana@x.example"), Actor::Operator).await.unwrap();
    let version = |after: &tenure_engine::After<'_>| after.company.version.number();
    assert_eq!(node.engine.ask_for(ACME, block(1), Actor::Operator, version).await.unwrap(), 3);
    let refused = node.engine.tell(ACME, create("ana@x.example"), Actor::Operator).await;
    assert!(matches!(refused, Err(WriteError::Refused(Refusal::Taken(_)))), "{refused:?}");
    let nobodys = node.engine.tell(CompanyId::new(9), block(1), Actor::Operator).await;
    assert!(matches!(nobodys, Err(WriteError::Refused(Refusal::UnknownCompany { .. }))), "{nobodys:?}");
}

#[tokio::test]
async fn a_view_that_panics_costs_its_caller_the_answer_and_nobody_else_anything() {
    let node = Node::in_memory().await;
    let broken = |_: &tenure_engine::After<'_>| -> u64 { panic!("this view is broken") };
    let told = node.engine.ask_for(ACME, create("ana@x.example"), Actor::Operator, broken).await;
    assert!(matches!(told, Err(WriteError::Unanswerable)), "{told:?}");
    let broken = Keyed { render: Arc::new(|_| panic!("this one too")), ..keyed("a") };
    let told = node.engine.ask_keyed(ACME, create("chi@x.example"), Actor::Operator, broken).await;
    assert!(matches!(told, Err(WriteError::Unanswerable)), "{told:?}");
    assert!(node.engine.reply(&keyed("a").key).await.unwrap().is_none());
    node.create("bo@x.example").await;
    assert_eq!(node.engine.loaded(ACME).unwrap().teammates.len(), 3);
}

#[tokio::test]
async fn the_answer_to_a_keyed_request_is_stored_refusals_too() {
    let node = Node::in_memory().await;
    let ask = |key| node.engine.ask_keyed(ACME, create("ana@x.example"), Actor::Operator, keyed(key));
    assert_eq!(ask("a").await.unwrap(), b"1 events, version 2");
    assert_eq!(ask("b").await.unwrap(), b"teammate.email_taken");
    for (key, answer) in [("a", &b"1 events, version 2"[..]), ("b", b"teammate.email_taken")] {
        let stored = node.engine.reply(&keyed(key).key).await.unwrap().unwrap();
        assert_eq!((stored.answer.as_slice(), stored.fingerprint), (answer, [3; 32]));
    }
    assert!(node.engine.reply(&keyed("c").key).await.unwrap().is_none());
    // What changes nothing and is keyed is stored nevertheless.
    node.engine.tell(ACME, block(1), Actor::Operator).await.unwrap();
    let again = node.engine.ask_keyed(ACME, block(1), Actor::Operator, keyed("d")).await.unwrap();
    assert_eq!(again, b"0 events, version 3");
    assert!(node.engine.reply(&keyed("d").key).await.unwrap().is_some());
}

#[tokio::test]
async fn the_past_is_read_from_the_journal() {
    let node = Node::in_memory().await;
    let begun = node.engine.now();
    for (number, ms) in [(1, 1000), (2, 1000), (3, 0), (4, 1000)] {
        node.clock.0.fetch_add(ms, Ordering::Relaxed);
        node.create(&format!("p{number}@x.example")).await;
    }
    let people_at = async |ms| {
        let company = node.engine.company_at(ACME, begun.plus_ms(ms)).await.unwrap();
        company.map(|company| company.teammates.len())
    };
    for _ in 0..2 {
        assert_eq!(people_at(-1).await, None);
        assert_eq!(
            (people_at(0).await, people_at(999).await, people_at(1000).await),
            (Some(0), Some(0), Some(1))
        );
        assert_eq!(
            (people_at(2000).await, people_at(3000).await, people_at(9000).await),
            (Some(3), Some(4), Some(4))
        );
        // The same again, when a snapshot of the whole is there.
        node.engine.snapshot_all().await.unwrap();
    }
    assert_eq!(node.engine.history(ACME, Version::new(2), 2).await.unwrap().len(), 2);
    let history = node.engine.history(ACME, Version::ZERO, 100).await.unwrap();
    assert_eq!(history.iter().map(|event| event.version.number()).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_history_of_many_pages_is_read_to_its_end() {
    let journal = Arc::new(MemoryJournal::new());
    let node = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
    let many = tenure_journal::MAX_READ + 5;
    let asks = (0..many).map(|number| {
        let engine = node.engine.clone();
        tokio::spawn(async move {
            let email = create(&format!("p{number}@x.example"));
            while matches!(
                engine.tell(ACME, email.clone(), Actor::Operator).await,
                Err(WriteError::Overloaded)
            ) {
                tokio::task::yield_now().await;
            }
        })
    });
    for asked in asks.collect::<Vec<_>>() {
        asked.await.unwrap();
    }
    let again = Node::start(journal).await;
    assert_eq!(again.engine.company(ACME).await.unwrap().unwrap().teammates.len(), many);
    let at = again.engine.company_at(ACME, again.engine.now()).await.unwrap().unwrap();
    assert_eq!(at.teammates.len(), many);
}

#[tokio::test]
async fn a_node_reads_what_another_one_registered_before_it_decides_again() {
    let journal = Arc::new(MemoryJournal::new());
    let one = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
    let other = Node::start(journal).await;
    one.engine.ask_registry(create_company("By one"), Actor::Operator).await.unwrap();
    let answered = other.engine.ask_registry(create_company("By the other"), Actor::Operator).await.unwrap();
    assert_eq!(answered.company.id, CompanyId::new(3));
    assert_eq!(other.engine.registry().entries().count(), 3);
    one.create("ana@x.example").await;
    assert_eq!(other.create("bo@x.example").await, TeammateId::new(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_ends_before_its_head_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Arc::new(SqliteJournal::open(folder.path(), WhenShorter::Accept).unwrap());
    let node = Node::start(open()).await;
    node.create("ana@x.example").await;
    let journal = rusqlite::Connection::open(folder.path().join(JOURNAL_FILE)).unwrap();
    journal.execute("DELETE FROM events WHERE company = 1 AND version = 2", []).unwrap();
    let (engine, _, _) = opened(open(), 1).await;
    let error = engine.company(ACME).await.unwrap_err().to_string();
    assert!(error.contains("end at version 1, and its head is at 2"), "{error}");
}

#[tokio::test]
async fn commands_wait_in_two_lanes_and_a_full_one_refuses() {
    let journal = Arc::new(MemoryJournal::new());
    drop(Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await);
    let (engine, mut writer, _) = opened(journal, 2).await;
    let ask = |command| {
        let engine = engine.clone();
        tokio::spawn(async move { engine.tell(ACME, command, Actor::Operator).await })
    };
    let waiting = [ask(create("ana@x.example")), ask(create("bo@x.example")), ask(block(9))];
    tokio::task::yield_now().await;
    let waits = engine.waiting();
    assert_eq!((waits.normal, waits.urgent), (2, 1));
    let one_too_many = engine.tell(ACME, create("chi@x.example"), Actor::Operator).await;
    assert!(matches!(one_too_many, Err(WriteError::Overloaded)), "{one_too_many:?}");
    assert!(writer.turn().await, "the loop goes on after a batch");
    let [ana, bo, nobody] = waiting;
    ana.await.unwrap().unwrap();
    bo.await.unwrap().unwrap();
    assert!(matches!(nobody.await.unwrap(), Err(WriteError::Refused(_))));
    assert_eq!((engine.waiting().normal, engine.waiting().urgent), (0, 0));
}

#[tokio::test]
async fn a_node_that_stops_carries_out_what_waits_and_takes_nothing_more() {
    let journal = Arc::new(MemoryJournal::new());
    drop(Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await);
    let (engine, writer, _) = opened(journal, 8).await;
    assert_eq!(engine.health(), Health::Running);
    let asking = engine.clone();
    let waiting =
        tokio::spawn(async move { asking.tell(ACME, create("ana@x.example"), Actor::Operator).await });
    tokio::task::yield_now().await;
    engine.stop().await;
    assert_eq!(engine.health(), Health::Stopping);
    let late = engine.tell(ACME, create("bo@x.example"), Actor::Operator).await;
    assert!(matches!(late, Err(WriteError::Stopping)), "{late:?}");
    writer.run().await;
    waiting.await.unwrap().unwrap();
    assert_eq!(engine.loaded(ACME).unwrap().teammates.len(), 1);
}

#[tokio::test]
async fn a_node_that_gave_up_tells_why_and_no_write_succeeds() {
    let node = Node::in_memory().await;
    let engine = node.engine.clone();
    let told = tokio::spawn(async move { engine.failed().await });
    tokio::task::yield_now().await;
    node.engine.give_up("the disk is gone".to_owned());
    assert_eq!(told.await.unwrap(), "the disk is gone");
    assert_eq!(
        (node.engine.failed().await.as_str(), node.engine.health()),
        ("the disk is gone", Health::Failed)
    );
    let refused = node.engine.tell(ACME, create("ana@x.example"), Actor::Operator).await;
    assert!(matches!(refused, Err(WriteError::OutcomeUnknown(_))), "{refused:?}");
}

#[tokio::test]
async fn what_waits_when_a_node_fails_is_told_that_nobody_knows() {
    let journal = Arc::new(MemoryJournal::new());
    drop(Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await);
    let (engine, writer, _) = opened(journal, 1).await;
    let team =
        Command::CreateTeam(CreateTeam { name: TeamName::parse("Support").unwrap(), privacy: Privacy::Open });
    let (one, other) = (engine.clone(), engine.clone());
    let first = tokio::spawn(async move { one.tell(ACME, block(1), Actor::Operator).await });
    let second = tokio::spawn(async move { other.tell(ACME, team, Actor::Operator).await });
    tokio::task::yield_now().await;
    engine.give_up("the disk is gone".to_owned());
    writer.run().await;
    for told in [first.await.unwrap(), second.await.unwrap()] {
        assert!(matches!(told, Err(WriteError::OutcomeUnknown(_))), "{told:?}");
    }
    assert!(engine.company(ACME).await.unwrap().unwrap().teams.is_empty());
}

/// More than one batch: the rest waits for a turn that never comes.
#[tokio::test]
async fn whoever_waits_behind_the_batch_that_failed_is_told_the_same() {
    let journal = Arc::new(MemoryJournal::new());
    drop(Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await);
    let (engine, writer, _) = opened(journal, 2 * tenure_engine::BATCH_LENGTH).await;
    let waiting: Vec<_> = (0..tenure_engine::BATCH_LENGTH + 10)
        .map(|number| {
            let engine = engine.clone();
            let command = create(&format!("p{number}@x.example"));
            tokio::spawn(async move { engine.tell(ACME, command, Actor::Operator).await })
        })
        .collect();
    while engine.waiting().normal < waiting.len() {
        tokio::task::yield_now().await;
    }
    engine.give_up("the disk is gone".to_owned());
    writer.run().await;
    for asked in waiting {
        let told = asked.await.unwrap().unwrap_err();
        assert!(told.to_string().contains("the disk is gone"), "{told}");
    }
}

#[tokio::test]
async fn a_registry_of_more_companies_than_one_read_gives_is_read_to_its_end() {
    let journal = Arc::new(MemoryJournal::new());
    let node = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
    let many = tenure_journal::MAX_READ + 5;
    for number in 2..=many {
        let command = create_company(&format!("Company {number}"));
        node.engine.ask_registry(command, Actor::Operator).await.unwrap();
    }
    let again = Node::start(journal).await;
    assert_eq!(again.engine.registry().entries().count(), many);
    // Of the last ones too, whose numbers are as large as any.
    let last = CompanyId::new(u64::try_from(many).unwrap());
    assert_eq!(again.engine.company(last).await.unwrap().unwrap().id, last);
}
