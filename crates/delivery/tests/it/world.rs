//! A node with webhooks in simulated time: the real follower, workers and schedule, a journal in memory, a clock that leaps
//! to the next thing to do, and receivers that behave as they are told. Days pass in milliseconds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tenure_delivery::webhook::post::{Answer, Call, Post, PostError, Posting};
use tenure_delivery::webhook::{Represent, Told, Webhooks};
use tenure_directory::email::EmailAddress;
use tenure_directory::teammate::{CreateTeammate, Role, UpdateTeammate};
use tenure_directory::text::{CompanyName, Note, PersonName};
use tenure_directory::webhook::{
    CreateWebhook, Format, SecretSalt, UpdateWebhook, ValidationPolicy, Webhook,
};
use tenure_directory::webhook_url::WebhookUrl;
use tenure_directory::{
    Actor, Command, Company, CompanyId, RegistryCommand, TeammateId, Timestamp, WebhookId,
};
use tenure_engine::{Clock, Engine, Randomness};
use tenure_journal::{Delivery, DeliveryPage, DeliveryStatus, EndpointHealth, Journal, MemoryJournal};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub(crate) const ACME: CompanyId = CompanyId::new(1);
/// When every test begins.
pub(crate) const START_MS: i64 = 1_767_225_600_000;

/// The time of the runtime, which leaps when everybody sleeps.
struct LeapingClock {
    start: Instant,
    start_ms: i64,
}

impl Clock for LeapingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.start_ms + i64::try_from(self.start.elapsed().as_millis()).unwrap())
    }
}

/// Numbers in a row, mixed.
struct Counted(AtomicU64);

impl Randomness for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mixed = (number ^ (number >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9).to_le_bytes();
            chunk.copy_from_slice(&mixed[..chunk.len()]);
        }
    }
}

/// What a receiver does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// It answers with this status.
    Answers(u16),
    /// It answers with this status and asks to wait so many milliseconds.
    AsksToWait(u16, i64),
    /// It takes the request and never answers.
    Hangs,
    /// Nobody listens.
    IsGone,
    /// Its answer never ends.
    Streams,
    /// It answers with 500 for those about this teammate, and with 200 for all others.
    Dislikes(&'static str),
}

/// A request that came to a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) at_ms: i64,
    pub(crate) host: String,
    pub(crate) id: String,
    pub(crate) body: String,
}

impl Received {
    /// The teammate or team that it is about.
    pub(crate) fn about(&self) -> String {
        self.json()["about"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// All receivers that there are.
#[derive(Default)]
pub(crate) struct Net {
    behaviours: Mutex<BTreeMap<String, Behaviour>>,
    received: Mutex<Vec<Received>>,
    clock: Mutex<Option<Arc<LeapingClock>>>,
}

impl Net {
    pub(crate) fn set(&self, host: &str, behaviour: Behaviour) {
        self.behaviours.lock().unwrap().insert(host.to_owned(), behaviour);
    }

    /// What came to a host, but for validations.
    pub(crate) fn received(&self, host: &str) -> Vec<Received> {
        let received = self.received.lock().unwrap();
        received.iter().filter(|one| one.host == host && !one.body.contains("\"sync\"")).cloned().collect()
    }

    fn now_ms(&self) -> i64 {
        self.clock.lock().unwrap().as_ref().unwrap().now().as_ms()
    }

    async fn answer(&self, call: Call) -> Result<Answer, PostError> {
        let host = call.url.host_str().unwrap().to_owned();
        let header = |name: &str| {
            let found = call.headers.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let body = String::from_utf8(call.body.to_vec()).unwrap();
        let (at_ms, id) = (self.now_ms(), header("webhook-id"));
        let received = Received { at_ms, host: host.clone(), id, body };
        let about = if received.body.contains("\"sync\"") { String::new() } else { received.about() };
        self.received.lock().unwrap().push(received);
        let behaviour = self.behaviours.lock().unwrap().get(&host).copied();
        let body = header("x-front-challenge").into_bytes();
        let answered = |status| Ok(Answer { status, retry_after_ms: None, body: body.clone() });
        match behaviour.unwrap_or(Behaviour::Answers(200)) {
            Behaviour::Answers(status) => answered(status),
            Behaviour::AsksToWait(status, wait) => {
                Ok(Answer { status, retry_after_ms: Some(wait), body: vec![] })
            }
            Behaviour::Hangs | Behaviour::Streams => {
                tokio::time::sleep(Duration::from_secs(15)).await;
                Err(PostError::TimedOut)
            }
            Behaviour::IsGone => Err(PostError::Failed("connection refused".to_owned())),
            Behaviour::Dislikes(teammate) => answered(if about == teammate { 500 } else { 200 }),
        }
    }
}

impl Post for Net {
    fn post(&self, call: Call) -> Posting<'_> {
        Box::pin(self.answer(call))
    }
}

/// Tells an event by its word and its first subject.
struct Short;

impl Represent for Short {
    fn represent(&self, told: &Told<'_>) -> Option<String> {
        let word = told.recorded.event.word()?;
        let about = told.recorded.event.subjects().remove(0);
        let name = about.parse().ok().and_then(|id: TeammateId| told.scene.teammates.get(&id));
        let name = name.map_or("", |teammate| teammate.first_name.as_str());
        Some(format!("{{\"type\":\"{word}\",\"about\":\"{about}\",\"name\":\"{name}\"}}"))
    }
}

/// A node with webhooks.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) webhooks: Webhooks,
    pub(crate) net: Arc<Net>,
    journal: Arc<MemoryJournal>,
    clock: Arc<LeapingClock>,
    running: JoinHandle<()>,
    _writer: JoinHandle<()>,
}

impl World {
    /// A node with the company Acme and its administrator `tea_1`.
    pub(crate) async fn new() -> Self {
        let world = Self::on(Arc::default(), Arc::default(), START_MS).await;
        let name = CompanyName::parse("Acme").unwrap();
        let create = RegistryCommand::CreateCompany { name, slug: None };
        world.engine.ask_registry(create, Actor::Operator).await.unwrap();
        let admin = CreateTeammate { role: Role::Admin, ..named("ada@acme.example", "Ada") };
        world.tell(Command::CreateTeammate(admin)).await;
        world
    }

    async fn on(journal: Arc<MemoryJournal>, net: Arc<Net>, start_ms: i64) -> Self {
        let clock = Arc::new(LeapingClock { start: Instant::now(), start_ms });
        *net.clock.lock().unwrap() = Some(Arc::clone(&clock));
        let random = Arc::new(Counted(AtomicU64::new(u64::try_from(start_ms).unwrap())));
        let opened = Engine::open(
            Arc::clone(&journal) as Arc<dyn Journal>,
            Arc::clone(&clock) as Arc<dyn Clock>,
            random,
            1024,
        );
        let (engine, writer) = opened.await.unwrap();
        let writer = tokio::spawn(writer.run());
        let post = Arc::clone(&net) as Arc<dyn Post>;
        let (webhooks, run) = Webhooks::open(engine.clone(), post, Arc::new(Short), None).await.unwrap();
        let running = tokio::spawn(run);
        Self { engine, webhooks, net, journal, clock, running, _writer: writer }
    }

    /// Ends everything wherever it is, and starts again on the same journal.
    pub(crate) async fn crash(self) -> Self {
        self.running.abort();
        let start_ms = self.clock.now().as_ms();
        Self::on(self.journal, self.net, start_ms).await
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now().as_ms()
    }

    pub(crate) async fn tell(&self, command: Command) {
        self.engine.tell(ACME, command, Actor::Operator).await.unwrap();
    }

    pub(crate) async fn company(&self) -> Arc<Company> {
        self.engine.company(ACME).await.unwrap().unwrap()
    }

    /// Creates a webhook at a host; its number.
    pub(crate) async fn webhook(&self, host: &str) -> u64 {
        self.webhook_with(host, |_| ()).await
    }

    pub(crate) async fn webhook_with(&self, host: &str, change: impl FnOnce(&mut CreateWebhook)) -> u64 {
        let mut wish = CreateWebhook {
            url: WebhookUrl::parse(&format!("https://{host}/hook")).unwrap(),
            format: Format::Event,
            events: vec![],
            channel: None,
            description: Note::empty(),
            is_enabled: true,
            policy: ValidationPolicy::Optional,
            salt: SecretSalt::new([9; 32]),
        };
        change(&mut wish);
        self.tell(Command::CreateWebhook(wish)).await;
        self.company().await.webhooks.get_max().unwrap().0.number()
    }

    pub(crate) async fn found(&self, webhook: u64) -> Arc<Webhook> {
        Arc::clone(&self.company().await.webhooks[&WebhookId::new(webhook)])
    }

    pub(crate) async fn set_enabled(&self, webhook: u64, is_enabled: bool) {
        let of = UpdateWebhook::of(&WebhookId::new(webhook).to_string());
        self.tell(Command::UpdateWebhook(UpdateWebhook { is_enabled: Some(is_enabled), ..of })).await;
    }

    /// Creates a teammate; its id.
    pub(crate) async fn teammate(&self, name: &str) -> TeammateId {
        let email = format!("{name}@acme.example");
        self.tell(Command::CreateTeammate(named(&email, name))).await;
        self.company().await.teammates.get_max().unwrap().0
    }

    pub(crate) async fn rename(&self, teammate: TeammateId, name: &str) {
        let first_name = Some(PersonName::parse(name).unwrap());
        let update = UpdateTeammate { first_name, ..UpdateTeammate::of(teammate.into()) };
        self.tell(Command::UpdateTeammate(update)).await;
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    pub(crate) async fn deliveries(&self, webhook: u64) -> Vec<Delivery> {
        let page = DeliveryPage { before: u64::MAX >> 1, status: None, limit: 10_000 };
        let (company, found) = (self.company().await, self.found(webhook).await);
        let mut deliveries = self.webhooks.deliveries(&company, &found, page).await.unwrap();
        deliveries.reverse();
        deliveries
    }

    pub(crate) async fn statuses(&self, webhook: u64) -> Vec<DeliveryStatus> {
        self.deliveries(webhook).await.iter().map(|delivery| delivery.status).collect()
    }

    pub(crate) async fn health(&self, webhook: u64) -> EndpointHealth {
        let (company, found) = (self.company().await, self.found(webhook).await);
        self.webhooks.health(&company, &found).await.unwrap()
    }
}

fn named(email: &str, name: &str) -> CreateTeammate {
    CreateTeammate {
        first_name: PersonName::parse(name).unwrap(),
        ..CreateTeammate::of(EmailAddress::parse(email).unwrap())
    }
}
