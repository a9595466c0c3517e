//! Invitations: a follower notes who is to be invited, and a sender makes the link and writes the mail.
//!
//! The link's secret is made at the moment of sending and only its digest is stored. A crash between the two leaves the
//! invitation due; the next try makes a new link, which ends the old one, and writes the same mail again, with the same
//! Message-ID.

use crate::mail::InvitationMail;
use crate::mail_route::MailRoute;
use crate::webhook::schedule::WAITS_MS;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tenure_directory::invitation::{InvitationStage, InvitationWish, SendInvitation};
use tenure_directory::secret::{SecretKind, SecretText};
use tenure_directory::{Actor, Command, CompanyId, Event, TeammateId, Timestamp};
use tenure_engine::{Engine, Followed, Follower, WriteError};
use tenure_journal::{
    JournalError, MAX_READ, Order, Output, Settled, Settlement, StoredEvent, Stream, Version,
};
use tokio::sync::Notify;

/// The name under which the follower's checkpoint and outputs are stored.
pub const INVITATION_FOLLOWER: &str = "invitation";

/// How long a held invitation waits before it is looked at again, in milliseconds.
const HELD_MS: i64 = 60_000;
/// The time that each invitation takes up: a burst of new teammates is invited at 100 a second, so that the mail, each a
/// file to be synced, does not hold up those who write.
const PACE: Duration = Duration::from_millis(10);
/// How often due invitations are looked for when nothing new was told.
const IDLE: Duration = Duration::from_secs(5);

/// The durable name of the event that asks for another invitation.
const ASKED_AGAIN: &str = "invitation.requested";

/// An invitation that is to be sent, as the follower noted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueInvitation {
    /// Whose.
    pub teammate: TeammateId,
    /// The company's version with the event that asked for it.
    pub version: u64,
}

impl DueInvitation {
    /// Reads what the follower noted.
    pub fn read(output: &Output) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&output.body)
    }

    /// When it was asked for; `None`, if another was asked for since. Then this one is not sent: a mail with a link that
    /// is dead on arrival helps nobody.
    pub async fn asked_at(
        self,
        engine: &Engine,
        company: CompanyId,
    ) -> Result<Option<Timestamp>, JournalError> {
        let (stream, subject) = (Stream(company.number()), self.teammate.to_string());
        let range = (Version(self.version.saturating_sub(1)), Version(u64::MAX));
        let journal = engine.journal();
        let events = journal.read_subject(stream, &subject, range, Order::OldestFirst, MAX_READ).await?;
        let is_own = |event: &&StoredEvent| event.version.0 == self.version;
        let at = events.iter().find(is_own).map_or(0, |event| event.time_ms);
        let is_overtaken =
            events.iter().any(|event| event.version.0 > self.version && event.name == ASKED_AGAIN);
        Ok((!is_overtaken).then_some(Timestamp::from_ms(at)))
    }
}

/// Notes every teammate that is to be invited.
pub struct InvitationFollower;

impl Follower for InvitationFollower {
    fn name(&self) -> &'static str {
        INVITATION_FOLLOWER
    }

    fn produce(&self, followed: &Followed<'_>) -> Vec<Output> {
        let teammate = match &followed.recorded.event {
            Event::TeammateCreated(event) if event.invitation == InvitationWish::Send => event.teammate,
            Event::InvitationRequested(event) => event.teammate,
            _ => return vec![],
        };
        let due = DueInvitation { teammate, version: followed.recorded.version.number() };
        vec![Output {
            follower: INVITATION_FOLLOWER.to_owned(),
            key: format!("{}/{}/{}", followed.company, due.teammate, due.version),
            stream: Stream(followed.company.number()),
            due_ms: followed.recorded.time.as_ms(),
            attempts: 0,
            body: serde_json::to_string(&due).expect("an id and a number have a JSON form"),
        }]
    }
}

/// What came of one batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// How many invitations were looked at.
    pub at: usize,
    /// How many of them are done.
    pub sent: usize,
}

/// Sends what the follower noted.
pub struct InvitationSender {
    engine: Engine,
    route: Arc<MailRoute>,
    public_url: String,
    told: Arc<Notify>,
}

impl InvitationSender {
    /// A sender over a route; `told` wakes it when there is something new.
    pub fn new(engine: Engine, route: Arc<MailRoute>, public_url: String, told: Arc<Notify>) -> Self {
        Self { engine, route, public_url, told }
    }

    /// Sends until it is dropped.
    pub async fn run(self) {
        loop {
            match self.send_due().await {
                Ok(Looked { at: 0, .. }) => {
                    let _ = tokio::time::timeout(IDLE, self.told.notified()).await;
                }
                Ok(Looked { sent, .. }) => {
                    tokio::time::sleep(PACE * u32::try_from(sent).unwrap_or(u32::MAX)).await;
                }
                Err(error) => {
                    tracing::error!(error, "invitations cannot be sent; trying again");
                    tokio::time::sleep(IDLE).await;
                }
            }
        }
    }

    /// Sends what is due now, at most one batch.
    pub async fn send_due(&self) -> Result<Looked, String> {
        let now = self.engine.now().as_ms();
        let due = self.engine.journal().due_outputs(INVITATION_FOLLOWER, now, self.route.at_once()).await;
        let due = due.map_err(|error| error.to_string())?;
        if due.is_empty() {
            return Ok(Looked::default());
        }
        let settled = join_all(due.iter().map(|output| self.send(output))).await;
        self.route.sync().await?;
        let settlements: Vec<_> = due
            .into_iter()
            .zip(settled)
            .map(|(output, settled)| Settlement { follower: output.follower, key: output.key, settled })
            .collect();
        let stored = self.engine.journal().settle(&settlements).await;
        stored.inspect_err(|error| self.engine.heed(error)).map_err(|error| error.to_string())?;
        let sent = settlements.iter().filter(|settlement| settlement.settled == Settled::Done).count();
        Ok(Looked { at: settlements.len(), sent })
    }

    async fn send(&self, output: &Output) -> Settled {
        let now = self.engine.now().as_ms();
        // As webhooks do (`contract/events.md`), but for ever: the last wait stands for all that follow.
        let tries = usize::try_from(output.attempts).unwrap_or(usize::MAX).min(WAITS_MS.len() - 1);
        let again = Settled::Again { due_ms: now + WAITS_MS[tries] };
        let company = CompanyId::new(output.stream.0);
        let due = match DueInvitation::read(output) {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(key = output.key, %error, "a due invitation cannot be read");
                return again;
            }
        };
        match self.write(company, due).await {
            Ok(Written::Sent | Written::NotNeeded) => Settled::Done,
            Ok(Written::Held) => Settled::Wait { due_ms: now + HELD_MS },
            Err(error) => {
                tracing::warn!(%company, teammate = %due.teammate, error, "an invitation was not sent; trying again");
                again
            }
        }
    }

    async fn write(&self, company: CompanyId, due: DueInvitation) -> Result<Written, String> {
        let state = self.engine.company(company).await.map_err(|error| error.to_string())?;
        let state = state.ok_or("the company is not there")?;
        let Some(teammate) = state.teammates.get(&due.teammate) else { return Ok(Written::NotNeeded) };
        // Not one that is on its way already: a link that was recorded must come to its mail, after a crash too.
        if state.invitation_stage(teammate, self.engine.now()) == InvitationStage::Held {
            return Ok(Written::Held);
        }
        let asked_at = due.asked_at(&self.engine, company).await.map_err(|error| error.to_string())?;
        if asked_at.is_none() {
            return Ok(Written::NotNeeded);
        }
        let secret = SecretText::mint(SecretKind::Invitation, company, self.engine.random());
        let mail = InvitationMail {
            company: state.name.as_str(),
            teammate,
            link: &format!("{}/invitations/{}", self.public_url, secret.reveal()),
            public_url: &self.public_url,
            message_id: &format!("invitation.{company}.{}.{}", due.teammate, due.version),
            sent_at: self.engine.now(),
        };
        // Made before anything is recorded, so that a mail that cannot be made is recorded as nothing.
        let mail = mail.finish(self.route.sender()).map_err(|error| error.to_string())?;
        // The same for a mail server that cannot be reached: the audit tells what was recorded.
        self.route.ready(&mail.from).await?;
        let command = SendInvitation { teammate: due.teammate, digest: secret.digest() };
        match self.engine.tell(company, Command::SendInvitation(command), Actor::Mail).await {
            Ok(()) => {}
            Err(WriteError::Refused(_)) => return Ok(Written::NotNeeded),
            Err(error) => return Err(error.to_string()),
        }
        let name = format!("{company}-{}-invitation-{}", due.teammate, due.version);
        self.route.deliver(&name, mail).await?;
        Ok(Written::Sent)
    }
}

enum Written {
    Sent,
    Held,
    NotNeeded,
}
