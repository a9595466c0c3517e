//! Webhooks: what is sent to whom, signed, in order, again and again until it arrives, and never to an address inside.
//!
//! A follower stores what is to be sent, together with its checkpoint. Each endpoint has a worker of its own that sends what
//! is due; what came of each attempt is recorded before anything else happens to the delivery. So a crash at any moment
//! makes something be sent twice, with the same id, and loses nothing.

pub mod egress;
mod errands;
mod follower;
pub mod post;
mod recorder;
pub mod request;
pub mod schedule;
pub mod signature;
mod validation;
mod worker;

pub use follower::{Represent, Told, WEBHOOK_FOLLOWER};
pub use validation::Pinged;

use crate::mail_route::MailRoute;
use crate::webhook::errands::Mailing;
use crate::webhook::follower::{WebhookFollower, channel_of, delivery, endpoint};
use crate::webhook::post::Post;
use crate::webhook::recorder::Recorder;
use crate::webhook::request::secret_of;
use crate::webhook::signature::SigningKey;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tenure_directory::webhook::{SecretSalt, Webhook};
use tenure_directory::{Company, CompanyId, Timestamp, WebhookId};
use tenure_engine::{Engine, Progress, ReadError};
use tenure_journal::{Again, Attempt, Delivery, DeliveryPage, Endpoint, EndpointHealth, JournalError};
use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// How long the follower waits without being told of anything.
const IDLE: Duration = Duration::from_secs(5);
/// How often workers of all endpoints are woken that something is to be sent to, should one have missed that.
const WAKE_ALL: Duration = Duration::from_mins(1);
/// How long it gathers before it goes on, so that a burst of commits is one step and not hundreds.
const GATHER: Duration = Duration::from_millis(20);
/// For how long deliveries are kept that arrived or were given up, in milliseconds: 30 days.
const KEPT_MS: i64 = 30 * 86_400_000;
/// How often those are looked for that are older.
const PRUNE: Duration = Duration::from_hours(1);
/// How many are removed at a time.
const PRUNED_TOGETHER: usize = 500;
/// How many events are looked at together for what was never sent.
const MISSING_STRIDE: usize = 500;

/// The webhooks of a node; cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) post: Arc<dyn Post>,
    pub(crate) recorder: Recorder,
    represent: Arc<dyn Represent>,
    key: [u8; 32],
    workers: Mutex<Workers>,
    pub(crate) errands: Notify,
}

#[derive(Default)]
struct Workers {
    /// Whether no more are to be started.
    has_ended: bool,
    running: HashMap<Endpoint, (Arc<Notify>, AbortHandle)>,
    tasks: JoinSet<()>,
}

pub(crate) fn latency_ms(began: tokio::time::Instant) -> u32 {
    u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX)
}

impl Inner {
    /// The secrets that sign at a moment, the present one first.
    pub(crate) fn keys_of(&self, company: CompanyId, webhook: &Webhook, now: Timestamp) -> Vec<SigningKey> {
        let salts = webhook.salts(now).into_iter();
        salts.map(|salt| secret_of(&self.key, company, webhook.id, salt)).collect()
    }

    /// Tells the worker of an endpoint that there is something to do; starts one, where there is none.
    pub(crate) fn wake(self: &Arc<Self>, endpoint: Endpoint) {
        let mut workers = self.workers.lock().expect("no holder of the lock panics");
        if workers.has_ended {
            return;
        }
        if let Some((notify, _)) = workers.running.get(&endpoint).filter(|(_, task)| !task.is_finished()) {
            notify.notify_one();
            return;
        }
        let notify = Arc::new(Notify::new());
        let task = workers.tasks.spawn(worker::work(Arc::clone(self), endpoint, Arc::clone(&notify)));
        workers.running.insert(endpoint, (notify, task));
        // What ended is taken out now and then, so that it does not pile up.
        while workers.tasks.try_join_next().is_some() {}
    }
}

impl Webhooks {
    /// The webhooks of a node, and what must be run for anything to be sent: all of it ends when that is dropped.
    pub async fn open(
        engine: Engine,
        post: Arc<dyn Post>,
        represent: Arc<dyn Represent>,
        mail: Option<(Arc<MailRoute>, String)>,
    ) -> Result<(Self, impl Future<Output = ()> + Send), JournalError> {
        let key = engine.journal().key().await?;
        let (recorder, recording) = Recorder::new(engine.clone());
        let inner = Arc::new(Inner {
            engine,
            post,
            recorder,
            represent,
            key,
            workers: Mutex::new(Workers::default()),
            errands: Notify::new(),
        });
        let mailing = mail.map(|(route, public_url)| Mailing { route, public_url });
        let webhooks = Self { inner: Arc::clone(&inner) };
        let running = webhooks.clone();
        let run = async move {
            let _workers_end = WorkersEnd(Arc::clone(&inner));
            // Tasks of their own: whatever takes long in one must not hold up the others.
            let mut tasks = JoinSet::new();
            tasks.spawn(recording);
            tasks.spawn(errands::validate_all(Arc::clone(&inner)));
            tasks.spawn(errands::mail_all(inner, mailing));
            let following = running.clone();
            tasks.spawn(async move { following.follow().await });
            tasks.spawn(async move { running.prune().await });
            while let Some(ended) = tasks.join_next().await {
                if let Err(error) = ended {
                    tracing::error!(%error, "a part of the webhooks ended early");
                    return;
                }
            }
        };
        Ok((webhooks, run))
    }

    async fn follow(&self) {
        let engine = &self.inner.engine;
        let follower = WebhookFollower::new(engine.clone(), Arc::clone(&self.inner.represent));
        let mut all_woken_at: Option<Instant> = None;
        let mut progress = Progress::default();
        loop {
            // Now and then, and after whatever went wrong, all are woken that something is to be sent to.
            if all_woken_at.is_none_or(|at| at.elapsed() >= WAKE_ALL) {
                self.wake_waiting().await;
                all_woken_at = Some(Instant::now());
            }
            let appended = engine.appended();
            let told = |endpoints: BTreeSet<Endpoint>| {
                for endpoint in endpoints {
                    self.inner.wake(endpoint);
                }
                self.inner.errands.notify_waiters();
            };
            match engine.enqueue_step(&follower, &mut progress, &told).await {
                Ok(()) => {
                    let _ = tokio::time::timeout(IDLE, appended).await;
                    tokio::time::sleep(GATHER).await;
                }
                Err(error) if error.is_lasting() => return engine.give_up(error.to_string()),
                Err(error) => {
                    tracing::error!(%error, "webhooks cannot be followed; trying again");
                    all_woken_at = None;
                    progress = Progress::default();
                    tokio::time::sleep(IDLE).await;
                }
            }
        }
    }

    /// Starts the workers of all endpoints that something is to be sent to.
    async fn wake_waiting(&self) {
        loop {
            match self.inner.engine.journal().delivery_log().waiting_endpoints().await {
                Ok(endpoints) => return endpoints.into_iter().for_each(|endpoint| self.inner.wake(endpoint)),
                Err(error) => {
                    tracing::error!(%error, "it cannot be read what is to be sent; trying again");
                    tokio::time::sleep(IDLE).await;
                }
            }
        }
    }

    async fn prune(&self) {
        loop {
            let before = self.inner.engine.now().as_ms() - KEPT_MS;
            let log = self.inner.engine.journal().delivery_log();
            match log.prune_deliveries(before, PRUNED_TOGETHER).await {
                Ok(PRUNED_TOGETHER) => tokio::time::sleep(GATHER).await,
                Ok(_) => tokio::time::sleep(PRUNE).await,
                Err(error) => {
                    self.inner.engine.heed(&error);
                    tracing::warn!(%error, "old deliveries cannot be removed");
                    tokio::time::sleep(PRUNE).await;
                }
            }
        }
    }

    /// The text of the secret that a salt stands for, to be shown once.
    pub fn secret_text(&self, company: CompanyId, webhook: WebhookId, salt: SecretSalt) -> String {
        secret_of(&self.inner.key, company, webhook, salt).secret_text()
    }

    /// Sends an endpoint something that is no event, once, and tells what came of it.
    pub async fn ping(&self, company: &Company, webhook: &Webhook) -> Pinged {
        self.inner.ping(company, webhook).await
    }

    /// How an endpoint fares.
    pub async fn health(&self, company: &Company, webhook: &Webhook) -> Result<EndpointHealth, JournalError> {
        self.inner.engine.journal().delivery_log().endpoint_health(endpoint(company, webhook.id)).await
    }

    /// A part of an endpoint's deliveries, the newest first.
    pub async fn deliveries(
        &self,
        company: &Company,
        webhook: &Webhook,
        page: DeliveryPage,
    ) -> Result<Vec<Delivery>, JournalError> {
        self.inner.engine.journal().delivery_log().deliveries(endpoint(company, webhook.id), page).await
    }

    /// A delivery with its attempts, the oldest first.
    pub async fn delivery(
        &self,
        company: &Company,
        webhook: &Webhook,
        sequence: u64,
    ) -> Result<Option<(Delivery, Vec<Attempt>)>, JournalError> {
        self.inner.engine.journal().delivery_log().delivery(endpoint(company, webhook.id), sequence).await
    }

    /// Has deliveries sent once more; returns how many.
    pub async fn send_again(
        &self,
        company: &Company,
        webhook: &Webhook,
        again: Again,
    ) -> Result<u64, JournalError> {
        let endpoint = endpoint(company, webhook.id);
        let now = self.inner.engine.now().as_ms();
        let asked = self.inner.engine.journal().delivery_log().send_again(endpoint, again, now).await;
        self.inner.wake(endpoint);
        asked.inspect_err(|error| self.inner.engine.heed(error))
    }

    /// Has an endpoint sent what it would have been sent since a moment, had it been there and enabled; returns how much
    /// that is. What is older than deliveries are kept is sent only to an endpoint that is younger: of an older one it is not
    /// known any more what it was sent. Goes on to the end although nobody may wait for it any more.
    pub async fn send_missing(
        &self,
        company: &Arc<Company>,
        webhook: &Arc<Webhook>,
        since: Timestamp,
    ) -> Result<u64, ReadError> {
        let kept_since = self.inner.engine.now().plus_ms(-KEPT_MS);
        let since = if webhook.created_at < kept_since { since.max(kept_since) } else { since };
        let (webhooks, company, webhook) = (self.clone(), Arc::clone(company), Arc::clone(webhook));
        let (told, sent) = oneshot::channel();
        self.inner.workers.lock().expect("no holder of the lock panics").tasks.spawn(async move {
            // Whoever does not wait any more need not know.
            let _ = told.send(webhooks.enqueue_missing(&company, &webhook, since).await);
        });
        sent.await
            .map_err(|_| ReadError::Journal(JournalError::Storage("the server is stopping".to_owned())))?
    }

    async fn enqueue_missing(
        &self,
        company: &Arc<Company>,
        webhook: &Webhook,
        since: Timestamp,
    ) -> Result<u64, ReadError> {
        let engine = &self.inner.engine;
        // The events of that very moment too.
        let mut after = engine.version_at(company.id, since.plus_ms(-1)).await?;
        let mut count = 0;
        while after < company.version {
            let events = engine.history(company.id, after, MISSING_STRIDE).await?;
            let Some(last) = events.last() else { break };
            after = last.version;
            let is_there =
                engine.loaded(company.id).is_some_and(|now| now.webhooks.contains_key(&webhook.id));
            if !is_there {
                break;
            }
            let mut deliveries = Vec::new();
            let mut scenes = engine.scenes(Arc::clone(company));
            for recorded in events.iter().filter(|recorded| recorded.version <= company.version) {
                let Some(word) = recorded.event.word() else { continue };
                let channel = channel_of(company, &recorded.event);
                if !webhook.matches(word) || webhook.channel.is_some_and(|own| channel != Some(own)) {
                    continue;
                }
                let scene = scenes.of(recorded).await?;
                let new = delivery(&*self.inner.represent, company, &scene, recorded, word, webhook);
                let now = engine.now().as_ms();
                deliveries.extend(new.map(|new| tenure_journal::NewDelivery { time_ms: now, ..new }));
            }
            let enqueued = engine.journal().delivery_log().enqueue(deliveries).await;
            count += enqueued.inspect_err(|error| engine.heed(error))? as u64;
            self.inner.wake(endpoint(company, webhook.id));
        }
        Ok(count)
    }

    /// Tells an endpoint's worker that something about it changed.
    pub fn look(&self, company: &Company, webhook: &Webhook) {
        self.inner.wake(endpoint(company, webhook.id));
    }
}

/// Ends all workers when it is dropped.
struct WorkersEnd(Arc<Inner>);

impl Drop for WorkersEnd {
    fn drop(&mut self) {
        let mut workers = self.0.workers.lock().expect("no holder of the lock panics");
        workers.has_ended = true;
        workers.tasks.abort_all();
        workers.running.clear();
    }
}
