//! Carrying a plan out: an intent on disk before each request, a read-back after it, and at the end a read-back of
//! everything. What was cut off goes on where it was, after looking.

mod accounts;
mod look;
mod progress;
mod report;
mod teams;
mod verify;

pub use progress::Progress;
pub use report::{Ending, Report, ReportLine, Status};

use crate::plan::{Action, ActionId, Deed, Plan};
use crate::run::{Entry, Ledger, RequestOutcome};
use crate::service::Service;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tenure_client::{Error, TeammateId};

/// How often a request is sent for the same action: the first time, and again after an answer was lost and a look showed
/// that nothing was done.
const TRIES: usize = 4;
/// How often in all, by every process that went on with the run. Then the action has failed, so that it cannot hold up the
/// others for ever.
const TRIES_IN_ALL: u32 = 16;
/// How often a read-back is made that does not show what was written, for services that show it late.
const LOOKS: u32 = 4;
/// How long the second of them waits; each later one twice as long.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// Why a run stops before its end. It can be resumed.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// What was to be done cannot be kept, so it is not done.
    #[error("the run's ledger cannot be written: {0}; nothing more was sent")]
    Ledger(#[from] io::Error),
    /// The service cannot be asked any more.
    #[error("{0}")]
    Service(Error),
    /// A person ended it.
    #[error("interrupted")]
    Interrupted,
}

/// How one action, or some together, went.
enum Sent {
    /// The server said that it is done: look.
    Done,
    /// Nobody knows: look.
    Unknown(Error),
    /// The server said no.
    Refused(String),
}

/// A plan being carried out.
pub struct Apply<'a, S, L> {
    service: &'a S,
    ledger: &'a mut L,
    plan: &'a Plan,
    progress: Progress,
    on_ending: &'a mut (dyn FnMut(&Action, &Ending) + Send),
    stop: &'a AtomicBool,
}

impl<'a, S: Service, L: Ledger> Apply<'a, S, L> {
    /// A plan to be carried out from where its ledger says. `on_ending` hears of each action that is over; when `stop` turns
    /// true, the run halts after the action that it is at.
    pub fn new(
        service: &'a S,
        ledger: &'a mut L,
        entries: &[Entry],
        plan: &'a Plan,
        on_ending: &'a mut (dyn FnMut(&Action, &Ending) + Send),
        stop: &'a AtomicBool,
    ) -> Self {
        Self { service, ledger, plan, progress: Progress::replay(entries), on_ending, stop }
    }

    /// Carries out what is left, and reads everything back. How far it came is told in any case.
    pub async fn run(mut self) -> (Progress, Result<(), Halt>) {
        let ended = self.all().await;
        (self.progress, ended)
    }

    async fn all(&mut self) -> Result<(), Halt> {
        self.ledger.write(&Entry::Started { digest: self.plan.digest.clone() })?;
        let plan = self.plan;
        let mut rest = plan.body.actions.as_slice();
        while let Some(first) = rest.first() {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Halt::Interrupted);
            }
            let together = teams::together(rest);
            if together > 0 {
                self.team(&rest[..together]).await?;
            } else {
                self.one(first).await?;
            }
            rest = &rest[together.max(1)..];
        }
        self.read_back().await?;
        self.ledger.write(&Entry::Finished)?;
        Ok(())
    }

    /// One action that is not about a team.
    async fn one(&mut self, action: &Action) -> Result<(), Halt> {
        if self.is_over(action)? {
            return Ok(());
        }
        let ended = match &action.deed {
            Deed::HandOver { to } => self.hand_over(action, to.as_ref()).await,
            _ => self.account(action).await,
        };
        self.end(action, of_itself(ended)?)
    }

    /// Whether nothing is to be done: it is over, a person does it, or what it waits for did not go well.
    fn is_over(&mut self, action: &Action) -> Result<bool, Halt> {
        if self.progress.endings.contains_key(&action.id) {
            return Ok(true);
        }
        let ending = if action.deed.is_manual() {
            Ending::new(Status::Manual, action.steps.join("; "))
        } else if let Some((id, Status::Manual)) = self.progress.blocked_by(action) {
            Ending::new(
                Status::Manual,
                format!("it waits for action {id}, which a person does; then plan again"),
            )
        } else if let Some((id, status)) = self.progress.blocked_by(action) {
            Ending::new(Status::Skipped, format!("it waits for action {id}, which is {}", status.name()))
        } else {
            return Ok(false);
        };
        self.end(action, ending)?;
        Ok(true)
    }

    fn end(&mut self, action: &Action, ending: Ending) -> Result<(), Halt> {
        let Ending { status, why } = ending.clone();
        let teammate_id = self.progress.ids.get(&action.id).cloned();
        self.ledger.write(&Entry::Action { action: action.id, status, why, teammate_id })?;
        (self.on_ending)(action, &ending);
        self.progress.endings.insert(action.id, ending);
        Ok(())
    }

    /// The id of an action's subject: from the plan, or from the invitation that it waits for.
    fn id_of(&self, action: &Action) -> Option<TeammateId> {
        let known = action.subject.teammate_id.clone();
        known.or_else(|| action.waits_for.iter().find_map(|invite| self.progress.ids.get(invite).cloned()))
    }

    /// Sends a request with its intent before and its outcome after it on disk.
    async fn send(
        &mut self,
        actions: &[ActionId],
        request: String,
        sending: impl Future<Output = Result<(), Error>>,
    ) -> Result<Sent, Halt> {
        self.send_and_learn(actions, request, async { sending.await.map(|()| None) }).await
    }

    /// The same for a request whose answer tells an id.
    async fn send_and_learn(
        &mut self,
        actions: &[ActionId],
        request: String,
        sending: impl Future<Output = Result<Option<TeammateId>, Error>>,
    ) -> Result<Sent, Halt> {
        self.progress.requests += 1;
        let number = self.progress.requests;
        self.ledger.write(&Entry::Intent { number, actions: actions.to_vec(), request })?;
        self.progress.intend(actions);
        let sent = sending.await;
        let outcome = outcome_of(&sent);
        let teammate_id = sent.as_ref().ok().cloned().flatten();
        self.progress.hear(actions, outcome, teammate_id.as_ref());
        self.ledger.write(&Entry::Outcome { number, outcome, teammate_id })?;
        match sent {
            Ok(_) => Ok(Sent::Done),
            Err(error) if error.is_lasting() => Err(Halt::Service(error)),
            Err(error) => match outcome {
                RequestOutcome::NotSent => Err(Halt::Service(error)),
                RequestOutcome::Refused => Ok(Sent::Refused(error.to_string())),
                RequestOutcome::Ambiguous | RequestOutcome::Done => Ok(Sent::Unknown(error)),
            },
        }
    }
}

fn outcome_of(sent: &Result<Option<TeammateId>, Error>) -> RequestOutcome {
    match sent {
        Ok(_) => RequestOutcome::Done,
        Err(Error::Ambiguous(_)) => RequestOutcome::Ambiguous,
        Err(Error::NotSent { .. }) => RequestOutcome::NotSent,
        // An answer that came and cannot be read is no proof of anything.
        Err(Error::Unreadable { .. } | Error::NotAnswered { .. } | Error::Elsewhere { .. }) => {
            RequestOutcome::Ambiguous
        }
        // Over the limit nothing is done; it may go better another time.
        Err(Error::Refused(refused)) if refused.status == 429 => RequestOutcome::NotSent,
        Err(Error::Refused(_)) => RequestOutcome::Refused,
    }
}

/// An error that is about one action fails that action; all others end the run, which can be resumed.
fn of_itself(ended: Result<Ending, Halt>) -> Result<Ending, Halt> {
    match ended {
        Err(Halt::Service(error))
            if matches!(error.status(), Some(400..=499)) && !matches!(error.status(), Some(401 | 429)) =>
        {
            Ok(Ending::new(Status::Failed, error.to_string()))
        }
        ended => ended,
    }
}

/// Enough was tried. A service that answers and does not do it has failed the action. One that does not answer ends the run,
/// which can be resumed when it is well again; but not for ever.
fn given_up(last: Sent, sent: u32) -> Result<String, Halt> {
    match last {
        Sent::Done => {
            Ok("unknown: it was answered as done and does not show; look at the service, and plan again"
                .to_owned())
        }
        Sent::Refused(why) => Ok(why),
        Sent::Unknown(error) if sent >= TRIES_IN_ALL => Ok(format!(
            "unknown: it was sent {sent} times and does not show; look at the service, and plan again ({error})"
        )),
        Sent::Unknown(error) => Err(Halt::Service(error)),
    }
}
