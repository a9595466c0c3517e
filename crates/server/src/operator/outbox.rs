//! The mail that waits: for what it waits, and sending it although it is held.

use super::Operator;
use super::reply::{OperatorError, OperatorReply};
use super::request::OutboxRequest;
use crate::moment::iso;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tenure_delivery::{DueInvitation, INVITATION_FOLLOWER};
use tenure_directory::invitation::{InvitationStage, ReleaseInvitation};
use tenure_directory::teammate::TeammateRef;
use tenure_directory::text::{full_name, repeated};
use tenure_directory::{Actor, Command, CompanyId, Refusal, TeammateId, Timestamp, Urgency};
use tenure_engine::Turn;
use tenure_journal::{MAX_READ, Output, Stream};

/// An invitation that is not sent yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingInvitation {
    /// What it is told by here.
    pub key: String,
    /// The company's id.
    pub company_id: String,
    /// The company's slug.
    pub company: String,
    /// Who is invited.
    pub teammate_id: String,
    /// The address that it goes to.
    pub email: String,
    /// `held`, `due` or `retrying`.
    pub state: String,
    /// When it was asked for.
    pub since: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; absent for one that is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<String>,
}

/// A mail that is not sent yet. It has no link: that is made when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingMail {
    /// What waits.
    #[serde(flatten)]
    pub invitation: WaitingInvitation,
    /// Who is invited: the name, where there is one, and the address.
    pub to: String,
    /// What it is.
    pub subject: String,
    /// Why it waits, and what to do.
    pub why: String,
}

/// An invitation that is sent although it was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedInvitation {
    /// The company's id.
    pub company_id: String,
    /// Who is invited.
    pub teammate_id: String,
    /// The address that it goes to.
    pub email: String,
}

fn why(waiting: &WaitingInvitation) -> String {
    let WaitingInvitation { company, teammate_id, attempts, next_try_at, .. } = waiting;
    match (waiting.state.as_str(), next_try_at) {
        ("retrying", Some(at)) => {
            format!(
                "it could not be sent ({attempts} times; the server's log tells why) and is tried again at {at}"
            )
        }
        ("held", _) => format!(
            "the company holds invitations (invitations=hold); `tenure outbox release --company {company} {teammate_id}` \
             sends it"
        ),
        _ => "it is to be sent now; a running server does that within seconds".to_owned(),
    }
}

impl Operator {
    pub(super) async fn outbox(&self, ask: OutboxRequest) -> Result<OperatorReply, OperatorError> {
        match ask {
            OutboxRequest::List { company } => self.list_waiting(company.as_deref()).await,
            OutboxRequest::Show { key } => self.show_waiting(&key).await,
            OutboxRequest::Release { company, teammates } => {
                self.release(company.as_deref(), teammates).await
            }
        }
    }

    async fn list_waiting(&self, company: Option<&str>) -> Result<OperatorReply, OperatorError> {
        let registry = self.engine.registry();
        let only = company.map(|given| registry.find(given)).transpose()?;
        let outputs = self.engine.journal().outputs(INVITATION_FOLLOWER, MAX_READ).await?;
        let mut waiting = Vec::new();
        for output in &outputs {
            if only.is_none_or(|entry| entry.id.number() == output.stream.0) {
                waiting.extend(self.waiting(output).await?.map(|mail| mail.invitation));
            }
        }
        Ok(OperatorReply::Waiting(waiting))
    }

    async fn show_waiting(&self, key: &str) -> Result<OperatorReply, OperatorError> {
        let outputs = self.engine.journal().outputs(INVITATION_FOLLOWER, MAX_READ).await?;
        let waiting = match outputs.iter().find(|output| output.key == key) {
            Some(output) => self.waiting(output).await?,
            None => None,
        };
        let unknown = || {
            let message =
                format!("nothing waits under the key `{}`; see `tenure outbox list`", repeated(key));
            OperatorError::new("outbox.unknown", message)
        };
        Ok(OperatorReply::WaitingMail(Box::new(waiting.ok_or_else(unknown)?)))
    }

    /// What an output stands for; nothing, when there is nothing left to send.
    async fn waiting(&self, output: &Output) -> Result<Option<WaitingMail>, OperatorError> {
        let id = CompanyId::new(output.stream.0);
        let (Ok(due), Some(company)) = (DueInvitation::read(output), self.engine.company(id).await?) else {
            return Ok(None);
        };
        let Some(teammate) = company.teammates.get(&due.teammate) else { return Ok(None) };
        let state = match company.invitation_stage(teammate, self.engine.now()) {
            InvitationStage::None | InvitationStage::Accepted => return Ok(None),
            InvitationStage::Held => "held",
            InvitationStage::Pending | InvitationStage::Expired if output.attempts > 0 => "retrying",
            InvitationStage::Pending | InvitationStage::Expired => "due",
        };
        let Some(since) = due.asked_at(&self.engine, id).await? else { return Ok(None) };
        let next_try = (state != "held").then(|| iso(Timestamp::from_ms(output.due_ms)));
        let invitation = WaitingInvitation {
            key: output.key.clone(),
            company_id: id.to_string(),
            company: company.slug.to_string(),
            teammate_id: teammate.id.to_string(),
            email: teammate.email.to_string(),
            state: state.to_owned(),
            since: iso(since),
            attempts: output.attempts,
            next_try_at: next_try,
        };
        let address = &teammate.email;
        let to = match full_name(&teammate.first_name, &teammate.last_name) {
            Some(name) => format!("{name} <{address}>"),
            None => address.to_string(),
        };
        let subject = format!("You are invited to join {}", company.name);
        Ok(Some(WaitingMail { why: why(&invitation), invitation, to, subject }))
    }

    async fn release(
        &self,
        company: Option<&str>,
        teammates: Option<Vec<String>>,
    ) -> Result<OperatorReply, OperatorError> {
        let id = self.choose(company).await?.company.id;
        let parse = |given: Vec<String>| given.iter().map(|given| TeammateRef::parse(given)).collect();
        let (named, now): (Option<Vec<TeammateRef>>, _) = (teammates.map(parse), self.engine.now());
        let released = self.engine.take_turn(id, Actor::Operator, Urgency::Normal, move |turn| {
            release_in(turn, named.as_deref(), now)
        });
        let released = released.await??;
        if !released.is_empty() {
            self.hurry(id).await;
        }
        let company = self.engine.company(id).await?;
        let of = |id: &TeammateId| company.as_ref().and_then(|company| company.teammates.get(id).cloned());
        let details = released.iter().filter_map(of).map(|teammate| ReleasedInvitation {
            company_id: id.to_string(),
            teammate_id: teammate.id.to_string(),
            email: teammate.email.to_string(),
        });
        Ok(OperatorReply::Released(details.collect()))
    }

    /// Has the company's invitations looked at now. Without it they go out all the same, within a minute.
    async fn hurry(&self, company: CompanyId) {
        let (journal, now) = (self.engine.journal(), self.engine.now().as_ms());
        if let Err(error) = journal.hurry(INVITATION_FOLLOWER, Stream(company.number()), now).await {
            self.engine.heed(&error);
            tracing::warn!(%error, "invitations that were released wait for their next look");
        }
        if let Some(invitations) = &self.invitations {
            invitations.notify_one();
        }
    }
}

/// Releases the invitations of those who are named, all of them or none; else all that are held.
fn release_in(
    turn: &mut Turn<'_>,
    named: Option<&[TeammateRef]>,
    now: Timestamp,
) -> Result<BTreeSet<TeammateId>, Refusal> {
    let company = turn.company();
    let ids: BTreeSet<TeammateId> = if let Some(named) = named {
        named.iter().map(|who| company.releasable_invitation(who)).collect::<Result<_, _>>()?
    } else {
        let all = company.teammates.values();
        let held = all.filter(|found| company.invitation_stage(found, now) == InvitationStage::Held);
        held.map(|found| found.id).collect()
    };
    for id in &ids {
        let command = ReleaseInvitation { teammate: TeammateRef::from(*id) };
        turn.tell(&Command::ReleaseInvitation(command))?;
    }
    Ok(ids)
}
