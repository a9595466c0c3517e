//! The handle that faces hold: reading states, submitting commands, reading history.

use crate::codec;
use crate::codec::{company_event, stream_of};
use crate::companies::Companies;
use crate::outside::{Clock, Randomness};
use crate::snapshots::SnapshotDesk;
use crate::submission::{
    After, Answered, KeyHolder, Keyed, Message, Submission, Target, Turn, TurnTaker, Viewer, WriteError,
};
use crate::writer::WriterLoop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tenure_directory::{
    Actor, Command, Company, CompanyId, Recorded, Registry, RegistryCommand, Timestamp, Urgency, Version,
};
use tenure_journal::{Journal, JournalError, ReplyKey, StoredReply};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};

/// Why something cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal holds something that this Tenure cannot read.
    #[error("{0}")]
    Undecodable(String),
}

impl ReadError {
    /// Whether trying again cannot mend it: nothing may be skipped, or nothing is durable any more.
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Undecodable(_) | Self::Journal(JournalError::OutcomeUnknown(_)))
    }
}

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It reads and writes.
    Running,
    /// It is coming to an end in good order.
    Stopping,
    /// The journal's outcome became unknown: reads go on while it drains, and no write succeeds any more.
    Failed,
}

/// How many commands wait for the writer loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// In the lane of most commands.
    pub normal: usize,
    /// In the lane of those that end somebody's access.
    pub urgent: usize,
}

/// A handle on a node; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) companies: Companies,
    pub(crate) snapshots: SnapshotDesk,
    /// Told after every durable append; followers wait on it.
    pub(crate) appended: Notify,
    pub(crate) failed: OnceLock<String>,
    pub(crate) failure: Notify,
    stopping: AtomicBool,
    normal: mpsc::Sender<Message>,
    urgent: mpsc::Sender<Message>,
}

impl Engine {
    /// Opens a node on a journal, with lanes in which `queue_length` commands may wait. The loop that comes with it must be
    /// run for commands to be answered.
    pub async fn open(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        queue_length: usize,
    ) -> Result<(Engine, WriterLoop), ReadError> {
        let companies = Companies::open(Arc::clone(&journal)).await?;
        let (normal, normal_lane) = mpsc::channel(queue_length.max(1));
        let (urgent, urgent_lane) = mpsc::channel(queue_length.max(1));
        let inner = Arc::new(Inner {
            journal,
            clock,
            randomness,
            companies,
            snapshots: SnapshotDesk::default(),
            appended: Notify::new(),
            failed: OnceLock::new(),
            failure: Notify::new(),
            stopping: AtomicBool::new(false),
            normal,
            urgent,
        });
        Ok((Engine { inner: Arc::clone(&inner) }, WriterLoop::new(inner, normal_lane, urgent_lane)))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        self.inner.randomness.bytes()
    }

    /// The journal, for followers and operators.
    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.inner.journal
    }

    /// All companies that there are.
    pub fn registry(&self) -> Arc<Registry> {
        self.inner.companies.registry()
    }

    /// The published state of a company if it is in memory; takes no lock.
    pub fn loaded(&self, company: CompanyId) -> Option<Arc<Company>> {
        self.inner.companies.loaded(company)
    }

    /// The published states of all companies in memory.
    pub fn all_loaded(&self) -> Vec<Arc<Company>> {
        self.inner.companies.all_loaded()
    }

    /// The published state of a company, read from the journal if need be; `None` for one that there is not.
    pub async fn company(&self, company: CompanyId) -> Result<Option<Arc<Company>>, ReadError> {
        self.inner.companies.get(company).await
    }

    /// A company as it was at a moment, from the journal; `None` before it was created.
    pub async fn company_at(
        &self,
        company: CompanyId,
        moment: Timestamp,
    ) -> Result<Option<Company>, ReadError> {
        self.inner.companies.at(company, moment).await
    }

    /// A company's events after a version, at most `limit`.
    pub async fn history(
        &self,
        company: CompanyId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let after = codec::journal_version(after);
        let stored = self.inner.journal.read_stream(stream_of(company), after, limit).await?;
        stored.iter().map(company_event).collect()
    }

    /// The stored answer to a keyed request.
    pub async fn reply(&self, key: &ReplyKey) -> Result<Option<StoredReply>, ReadError> {
        Ok(self.inner.journal.reply(key).await?)
    }

    /// Asks something of a company and waits until it is durable. The state right after it comes back: a copy, which the
    /// commands behind it in the same batch pay for. Where less is wanted, [`Engine::tell`] and [`Engine::ask_for`] are
    /// cheaper.
    pub async fn ask(
        &self,
        company: CompanyId,
        command: Command,
        actor: Actor,
    ) -> Result<Answered, WriteError> {
        self.submit(Target::Company(company, command), actor, Answered::of).await
    }

    /// Asks something of a company, waits until it is durable, and wants nothing back.
    pub async fn tell(&self, company: CompanyId, command: Command, actor: Actor) -> Result<(), WriteError> {
        self.submit(Target::Company(company, command), actor, |_| ()).await
    }

    /// Asks something of a company and waits until it is durable, for what `view` makes of it right after it is decided.
    pub async fn ask_for<T: Send + 'static>(
        &self,
        company: CompanyId,
        command: Command,
        actor: Actor,
        view: impl Fn(&After<'_>) -> T + Send + 'static,
    ) -> Result<T, WriteError> {
        self.submit(Target::Company(company, command), actor, view).await
    }

    /// Takes a turn at a company: `run` makes each of its commands from what the one before left, and answers with what came
    /// of it once all of them are durable, in one commit. It may run more than once, each time from the start, and must not
    /// take long: everybody else waits. Nothing but its commands changes anything.
    pub async fn take_turn<T: Send + 'static>(
        &self,
        company: CompanyId,
        actor: Actor,
        urgency: Urgency,
        run: impl Fn(&mut Turn<'_>) -> T + Send + 'static,
    ) -> Result<T, WriteError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Box::new(TurnTaker::new(run, answer));
        self.hand_over(Submission { target: Target::Turn(company, urgency), actor, waiting }).await?;
        outcome(answered).await
    }

    /// Asks something of the registry and waits until it is durable.
    pub async fn ask_registry(&self, command: RegistryCommand, actor: Actor) -> Result<Answered, WriteError> {
        self.submit(Target::Registry(command), actor, Answered::of).await
    }

    /// Asks something of a company under an `Idempotency-Key`, and waits until it is durable together with its rendered
    /// answer. A refusal has an answer too.
    pub async fn ask_keyed(
        &self,
        company: CompanyId,
        command: Command,
        actor: Actor,
        keyed: Keyed,
    ) -> Result<Vec<u8>, WriteError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Box::new(KeyHolder::new(keyed, answer));
        self.hand_over(Submission { target: Target::Company(company, command), actor, waiting }).await?;
        outcome(answered).await
    }

    async fn submit<T: Send + 'static>(
        &self,
        target: Target,
        actor: Actor,
        view: impl Fn(&After<'_>) -> T + Send + 'static,
    ) -> Result<T, WriteError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Box::new(Viewer::new(view, answer));
        self.hand_over(Submission { target, actor, waiting }).await?;
        outcome(answered).await
    }

    /// Hands a command over. From then on it is carried out even if the caller goes away.
    async fn hand_over(&self, submission: Submission) -> Result<(), WriteError> {
        if let Some(reason) = self.inner.failed.get() {
            return Err(WriteError::OutcomeUnknown(reason.clone()));
        }
        let company = match &submission.target {
            Target::Company(id, _) | Target::Turn(id, _) => Some(*id),
            Target::Registry(RegistryCommand::RenameCompany { company, .. }) => Some(*company),
            Target::Registry(RegistryCommand::CreateCompany { .. }) => None,
        };
        if let Some(id) = company {
            let company =
                self.company(id).await.map_err(|error| WriteError::Unreadable(error.to_string()))?;
            if company.is_none() {
                let given = id.to_string().into();
                return Err(WriteError::Refused(tenure_directory::Refusal::UnknownCompany { given }));
            }
        }
        self.send(submission)
    }

    fn send(&self, submission: Submission) -> Result<(), WriteError> {
        if self.inner.stopping.load(Ordering::Relaxed) {
            return Err(WriteError::Stopping);
        }
        let lane = match submission.target.urgency() {
            Urgency::Normal => &self.inner.normal,
            Urgency::EndsAccess => &self.inner.urgent,
        };
        lane.try_send(Message::Submit(Box::new(submission))).map_err(|error| match error {
            TrySendError::Full(_) => WriteError::Overloaded,
            TrySendError::Closed(_) => WriteError::Stopping,
        })
    }

    /// How many commands wait now.
    pub fn waiting(&self) -> Waits {
        let in_lane = |lane: &mpsc::Sender<Message>| lane.max_capacity() - lane.capacity();
        Waits { normal: in_lane(&self.inner.normal), urgent: in_lane(&self.inner.urgent) }
    }

    /// How the node is.
    pub fn health(&self) -> Health {
        if self.inner.failed.get().is_some() {
            Health::Failed
        } else if self.inner.stopping.load(Ordering::Relaxed) {
            Health::Stopping
        } else {
            Health::Running
        }
    }

    /// Ends the node: from here on no write succeeds, reads go on, and whoever waits in [`Engine::failed`] is told. For
    /// whatever finds that going on would lose or skip something.
    pub fn give_up(&self, reason: String) {
        tracing::error!(reason, "the node stops");
        // The first reason is the one that counts.
        let _ = self.inner.failed.set(reason);
        self.inner.failure.notify_waiters();
    }

    /// Gives up if it is not known any more what is durable; for whoever writes to the journal past the writer.
    pub fn heed(&self, error: &JournalError) {
        if matches!(error, JournalError::OutcomeUnknown(_)) {
            self.give_up(error.to_string());
        }
    }

    /// Waits until the node has failed; for ever, if it does not.
    pub async fn failed(&self) -> String {
        loop {
            let told = self.inner.failure.notified();
            if let Some(reason) = self.inner.failed.get() {
                return reason.clone();
            }
            told.await;
        }
    }

    /// Takes no further commands, carries out those that wait, and ends the loop.
    pub async fn stop(&self) {
        self.inner.stopping.store(true, Ordering::Relaxed);
        // A closed lane means that the loop has ended already.
        let _ = self.inner.normal.send(Message::Stop).await;
    }
}

async fn outcome<T>(answered: oneshot::Receiver<Result<T, WriteError>>) -> Result<T, WriteError> {
    let cut_off = |_| WriteError::OutcomeUnknown("the writer ended before it answered".to_owned());
    answered.await.map_err(cut_off)?
}
