//! What is handed to the writer loop, and what comes back.

use std::sync::Arc;
use tenure_directory::{Actor, Command, Company, CompanyId, Event, Refusal, RegistryCommand, Urgency};
use tenure_journal::ReplyKey;
use tokio::sync::oneshot;

/// Of whom something is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Of a company.
    Company(CompanyId, Command),
    /// Of the registry of companies.
    Registry(RegistryCommand),
}

impl Target {
    pub(crate) fn urgency(&self) -> Urgency {
        match self {
            Target::Company(_, command) => command.urgency(),
            Target::Registry(_) => Urgency::Normal,
        }
    }
}

/// What a command led to: the state right after it, and its events.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The company after the command.
    pub company: Arc<Company>,
    /// What happened; nothing, where the command changed nothing.
    pub events: Vec<Event>,
    /// The rendered answer, for a keyed request.
    pub reply: Option<Vec<u8>>,
}

/// Renders the answer of a keyed request.
pub type Render = dyn Fn(Result<&Answered, &Refusal>) -> Vec<u8> + Send + Sync;

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
    /// A rule says no to a keyed request; the rendered answer is stored.
    #[error("refused")]
    RefusedKeyed(Vec<u8>),
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
}

pub(crate) struct Submission {
    pub(crate) target: Target,
    pub(crate) actor: Actor,
    pub(crate) keyed: Option<Keyed>,
    pub(crate) answer: oneshot::Sender<Result<Answered, WriteError>>,
}

pub(crate) enum Message {
    Submit(Box<Submission>),
    Stop,
}
