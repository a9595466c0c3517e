//! What is handed to the writer loop, and what comes back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tenure_directory::{Actor, Command, Company, CompanyId, Event, Refusal, RegistryCommand, Urgency};
use tenure_journal::ReplyKey;
use tokio::sync::oneshot;

/// Of whom something is asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    /// Of a company.
    Company(CompanyId, Command),
    /// Of a company, by whoever waits: they make each command from the state that the one before left.
    Turn(CompanyId, Urgency),
    /// Of the registry of companies.
    Registry(RegistryCommand),
}

impl Target {
    pub(crate) fn urgency(&self) -> Urgency {
        match self {
            Target::Company(_, command) => command.urgency(),
            Target::Turn(_, urgency) => *urgency,
            Target::Registry(_) => Urgency::Normal,
        }
    }
}

/// A turn at a company's working state: commands that are each made from what the one before left, with nobody in between.
/// All of them become durable together. A refused command changes nothing, and the turn goes on.
pub struct Turn<'t> {
    pub(crate) desk: &'t mut dyn Desk,
}

/// What a turn is taken at.
pub(crate) trait Desk {
    fn company(&self) -> &Company;
    fn tell(&mut self, command: &Command) -> Result<Vec<Event>, Refusal>;
}

impl Turn<'_> {
    /// The company as it is now; not durable yet.
    pub fn company(&self) -> &Company {
        self.desk.company()
    }

    /// Carries out a command: what happened, or the rule that says no.
    pub fn tell(&mut self, command: &Command) -> Result<Vec<Event>, Refusal> {
        self.desk.tell(command)
    }
}

/// What a command led to, looked at right after it and before the next one. It is not durable yet.
#[derive(Debug, Clone, Copy)]
pub struct After<'a> {
    /// The company after the command.
    pub company: &'a Company,
    /// What happened; nothing, where the command changed nothing.
    pub events: &'a [Event],
}

/// What a command led to, kept.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The company after the command.
    pub company: Arc<Company>,
    /// What happened; nothing, where the command changed nothing.
    pub events: Vec<Event>,
}

impl Answered {
    pub(crate) fn of(after: &After<'_>) -> Self {
        Self { company: Arc::new(after.company.clone()), events: after.events.to_vec() }
    }
}

/// Renders the answer of a keyed request.
pub type Render = dyn Fn(Result<&After<'_>, &Refusal>) -> Vec<u8> + Send + Sync;

/// A request with an `Idempotency-Key`: its answer is stored in the transaction of its events.
#[derive(Clone)]
pub struct Keyed {
    /// What the answer is stored under.
    pub key: ReplyKey,
    /// The digest of the request.
    pub fingerprint: [u8; 32],
    /// Renders the answer that is stored and sent.
    pub render: Arc<Render>,
}

/// Why a command has no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteError {
    /// A rule says no.
    #[error(transparent)]
    Refused(Refusal),
    /// More commands wait than may. Nothing was done.
    #[error("too many commands are waiting; try again shortly")]
    Overloaded,
    /// The journal could not write, as on a full disk. Nothing was done.
    #[error("nothing was written: {0}")]
    NotWritten(String),
    /// It is not known whether it was done.
    #[error("the outcome is unknown: {0}")]
    OutcomeUnknown(String),
    /// The node is stopping. Nothing was done.
    #[error("the server is stopping")]
    Stopping,
    /// The state could not be read.
    #[error("the company cannot be read: {0}")]
    Unreadable(String),
    /// It was done, and the answer could not be made: a fault of the code that looks at the result.
    #[error("it was done, and its answer could not be made")]
    Unanswerable,
}

/// Somebody who waits for a command. They see what it led to at once, and are told only when that is durable.
pub(crate) trait Waiting: Send {
    /// Takes from the result what is wanted of it. Called again when the command is decided again.
    fn see(&mut self, result: Result<&After<'_>, Refusal>);

    /// Takes the turn that was asked for. Called again when it is taken again: what came of it before is void then.
    fn take(&mut self, turn: &mut Turn<'_>);

    /// The answer to store together with the events, for a keyed request.
    fn reply(&self) -> Option<(&Keyed, &[u8])>;

    /// Tells them: what they saw, or why it did not come to be.
    fn tell(self: Box<Self>, durable: Result<(), WriteError>);
}

/// Looks at a result. That cannot spoil the state, so a look that panics costs its caller the answer and nobody else
/// anything.
fn guarded<T>(look: impl FnOnce() -> T) -> Result<T, WriteError> {
    catch_unwind(AssertUnwindSafe(look)).map_err(|_| WriteError::Unanswerable)
}

pub(crate) type Answer<T> = oneshot::Sender<Result<T, WriteError>>;

/// Waits for what `view` makes of the result.
pub(crate) struct Viewer<V, T> {
    view: V,
    seen: Option<Result<T, WriteError>>,
    answer: Answer<T>,
}

impl<V, T> Viewer<V, T> {
    pub(crate) fn new(view: V, answer: Answer<T>) -> Self {
        Self { view, seen: None, answer }
    }
}

impl<T: Send, V: Fn(&After<'_>) -> T + Send> Waiting for Viewer<V, T> {
    fn see(&mut self, result: Result<&After<'_>, Refusal>) {
        self.seen = Some(match result {
            Ok(after) => guarded(|| (self.view)(after)),
            Err(refusal) => Err(WriteError::Refused(refusal)),
        });
    }

    fn take(&mut self, _: &mut Turn<'_>) {}

    fn reply(&self) -> Option<(&Keyed, &[u8])> {
        None
    }

    fn tell(self: Box<Self>, durable: Result<(), WriteError>) {
        let seen = self.seen;
        let told = durable.and_then(|()| seen.expect("a command is decided before it is durable"));
        // A caller that went away wants no answer.
        let _ = self.answer.send(told);
    }
}

/// Waits for the bytes of a keyed answer; a refusal has some too.
pub(crate) struct KeyHolder {
    keyed: Keyed,
    rendered: Result<Vec<u8>, WriteError>,
    answer: Answer<Vec<u8>>,
}

impl KeyHolder {
    pub(crate) fn new(keyed: Keyed, answer: Answer<Vec<u8>>) -> Self {
        Self { keyed, rendered: Ok(Vec::new()), answer }
    }
}

impl Waiting for KeyHolder {
    fn see(&mut self, result: Result<&After<'_>, Refusal>) {
        self.rendered = guarded(|| (self.keyed.render)(result.as_ref().copied()));
    }

    fn take(&mut self, _: &mut Turn<'_>) {}

    fn reply(&self) -> Option<(&Keyed, &[u8])> {
        self.rendered.as_ref().ok().map(|rendered| (&self.keyed, rendered.as_slice()))
    }

    fn tell(self: Box<Self>, durable: Result<(), WriteError>) {
        let rendered = self.rendered;
        // A caller that went away wants no answer.
        let _ = self.answer.send(durable.and(rendered));
    }
}

/// Takes a turn, and waits until all that came of it is durable.
pub(crate) struct TurnTaker<F, T> {
    run: F,
    came: Option<Result<T, WriteError>>,
    answer: Answer<T>,
}

impl<F, T> TurnTaker<F, T> {
    pub(crate) fn new(run: F, answer: Answer<T>) -> Self {
        Self { run, came: None, answer }
    }
}

impl<T: Send, F: Fn(&mut Turn<'_>) -> T + Send> Waiting for TurnTaker<F, T> {
    /// Only of a turn that cannot be taken.
    fn see(&mut self, result: Result<&After<'_>, Refusal>) {
        if let Err(refusal) = result {
            self.came = Some(Err(WriteError::Refused(refusal)));
        }
    }

    fn take(&mut self, turn: &mut Turn<'_>) {
        self.came = Some(guarded(|| (self.run)(turn)));
    }

    fn reply(&self) -> Option<(&Keyed, &[u8])> {
        None
    }

    fn tell(self: Box<Self>, durable: Result<(), WriteError>) {
        let came = self.came;
        let told = durable.and_then(|()| came.expect("a turn is taken before it is durable"));
        // A caller that went away wants no answer.
        let _ = self.answer.send(told);
    }
}

pub(crate) struct Submission {
    pub(crate) target: Target,
    pub(crate) actor: Actor,
    pub(crate) waiting: Box<dyn Waiting>,
}

pub(crate) enum Message {
    Submit(Box<Submission>),
    Stop,
}
