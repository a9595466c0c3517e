//! Invitations: asked for when a teammate is created, sent with a single-use secret, accepted or ended.

use crate::company::Company;
use crate::event::Event;
use crate::id::TeammateId;
use crate::occasion::{Occasion, Stamp, Timestamp};
use crate::refusal::Refusal;
use crate::secret::SecretDigest;
use crate::settings::Invitations;
use crate::teammate::{Standing, Teammate, TeammateRef};
use serde::{Deserialize, Serialize};

/// For how long an invitation's link works: 7 days, in milliseconds.
pub const INVITATION_VALID_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Whether a new teammate is invited by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationWish {
    /// By mail. What every create over REST does.
    Send,
    /// Not by us: the person comes another way.
    None,
}

/// How far an invitation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invitation {
    /// There is none.
    None,
    /// Asked for, and not sent yet.
    Requested,
    /// Asked for, not sent yet, and to be sent although the company holds invitations.
    Released,
    /// A link was made and sent.
    Sent {
        /// The digest of the link's secret.
        digest: SecretDigest,
        /// When the link stops working.
        expires_at: Timestamp,
    },
    /// The person followed the link.
    Accepted {
        /// The digest of the link that was followed, so that following it again is told from a link that never was.
        digest: SecretDigest,
        /// When.
        at: Timestamp,
    },
}

impl Invitation {
    pub(crate) const fn wished(wish: InvitationWish) -> Self {
        match wish {
            InvitationWish::Send => Invitation::Requested,
            InvitationWish::None => Invitation::None,
        }
    }

    pub(crate) const fn ended(self) -> Self {
        match self {
            Invitation::None | Invitation::Requested | Invitation::Released | Invitation::Sent { .. } => {
                Invitation::None
            }
            accepted @ Invitation::Accepted { .. } => accepted,
        }
    }
}

/// What is told of an invitation (`contract/events.md`, "Mail").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationStage {
    /// There is none, or it was ended.
    None,
    /// On its way, or waiting for the person.
    Pending,
    /// Waiting until the company sends invitations again.
    Held,
    /// Its link no longer works.
    Expired,
    /// The person followed the link.
    Accepted,
}

impl InvitationStage {
    /// The stage's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            InvitationStage::None => "none",
            InvitationStage::Pending => "pending",
            InvitationStage::Held => "held",
            InvitationStage::Expired => "expired",
            InvitationStage::Accepted => "accepted",
        }
    }
}

/// Asks for a new invitation of a teammate; the link of an earlier one stops working at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestInvitation {
    /// Whom.
    pub teammate: TeammateRef,
}

/// Lets a teammate's invitation be sent although the company holds invitations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseInvitation {
    /// Whose.
    pub teammate: TeammateRef,
}

/// Makes a new link for a teammate's invitation; an earlier one stops working.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendInvitation {
    /// Whom.
    pub teammate: TeammateId,
    /// The digest of the link's secret, which is made outside.
    pub digest: SecretDigest,
}

/// Accepts an invitation by its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptInvitation {
    /// The digest of the presented secret.
    pub digest: SecretDigest,
}

/// A new invitation was asked for, which ended an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequested {
    /// For whom.
    pub teammate: TeammateId,
}

/// An invitation is to be sent although the company holds invitations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationReleased {
    /// Whose.
    pub teammate: TeammateId,
}

/// A link was made and is being sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationSent {
    /// Whom.
    pub teammate: TeammateId,
    /// The digest of the link's secret.
    pub digest: SecretDigest,
    /// When the link stops working.
    #[serde(rename = "expires_at_ms")]
    pub expires_at: Timestamp,
}

/// A link stopped working before anybody followed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationEnded {
    /// Whose.
    pub teammate: TeammateId,
}

/// The person followed the link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationAccepted {
    /// Who.
    pub teammate: TeammateId,
}

impl Company {
    /// How far a teammate's invitation has come, at `now`.
    pub fn invitation_stage(&self, teammate: &Teammate, now: Timestamp) -> InvitationStage {
        match teammate.invitation {
            Invitation::None => InvitationStage::None,
            Invitation::Requested if self.settings.invitations == Invitations::Hold => InvitationStage::Held,
            Invitation::Sent { expires_at, .. } if expires_at <= now => InvitationStage::Expired,
            Invitation::Requested | Invitation::Released | Invitation::Sent { .. } => {
                InvitationStage::Pending
            }
            Invitation::Accepted { .. } => InvitationStage::Accepted,
        }
    }

    /// Whose invitation can be released: one that was asked for, not sent, and not released yet.
    pub fn releasable_invitation(&self, teammate: &TeammateRef) -> Result<TeammateId, Refusal> {
        let teammate = self.require_teammate(teammate)?;
        match teammate.invitation {
            Invitation::Requested => Ok(teammate.id),
            Invitation::None
            | Invitation::Released
            | Invitation::Sent { .. }
            | Invitation::Accepted { .. } => Err(Refusal::InvitationNotHeld { teammate: teammate.id }),
        }
    }

    /// Whose invitation a presented secret is, if it can be accepted at `now`.
    pub fn open_invitation(&self, digest: &SecretDigest, now: Timestamp) -> Result<TeammateId, Refusal> {
        let teammate = self
            .by_invitation
            .get(digest)
            .and_then(|id| self.teammates.get(id))
            .ok_or(Refusal::UnknownInvitation)?;
        match teammate.invitation {
            Invitation::Sent { expires_at, .. } if expires_at <= now => Err(Refusal::InvitationExpired),
            Invitation::Sent { digest: sent, .. } if sent == *digest => Ok(teammate.id),
            Invitation::Accepted { .. } => Err(Refusal::InvitationUsed),
            Invitation::None | Invitation::Requested | Invitation::Released | Invitation::Sent { .. } => {
                Err(Refusal::UnknownInvitation)
            }
        }
    }
}

pub(crate) fn request(company: &Company, command: &RequestInvitation) -> Result<Vec<Event>, Refusal> {
    let teammate = company.require_teammate(&command.teammate)?;
    if teammate.standing == Standing::Blocked {
        return Err(Refusal::TeammateIsBlocked { teammate: teammate.id });
    }
    match teammate.invitation {
        Invitation::Accepted { .. } => Err(Refusal::InvitationAccepted { teammate: teammate.id }),
        Invitation::None | Invitation::Requested | Invitation::Released | Invitation::Sent { .. } => {
            Ok(vec![Event::InvitationRequested(InvitationRequested { teammate: teammate.id })])
        }
    }
}

pub(crate) fn release(company: &Company, command: &ReleaseInvitation) -> Result<Vec<Event>, Refusal> {
    let teammate = company.releasable_invitation(&command.teammate)?;
    Ok(vec![Event::InvitationReleased(InvitationReleased { teammate })])
}

pub(crate) fn send(
    company: &Company,
    command: &SendInvitation,
    occasion: &Occasion,
) -> Result<Vec<Event>, Refusal> {
    let teammate = company.require_teammate(&TeammateRef::from(command.teammate))?;
    if teammate.standing == Standing::Blocked {
        return Err(Refusal::TeammateIsBlocked { teammate: teammate.id });
    }
    match teammate.invitation {
        Invitation::Accepted { .. } => Err(Refusal::InvitationUsed),
        Invitation::None => Err(Refusal::UnknownInvitation),
        Invitation::Requested | Invitation::Released | Invitation::Sent { .. } => {
            Ok(vec![Event::InvitationSent(InvitationSent {
                teammate: command.teammate,
                digest: command.digest,
                expires_at: occasion.now.plus_ms(INVITATION_VALID_MS),
            })])
        }
    }
}

pub(crate) fn accept(
    company: &Company,
    command: &AcceptInvitation,
    occasion: &Occasion,
) -> Result<Vec<Event>, Refusal> {
    let teammate = company.open_invitation(&command.digest, occasion.now)?;
    Ok(vec![Event::InvitationAccepted(InvitationAccepted { teammate })])
}

fn end_link(company: &mut Company, teammate: TeammateId) {
    if let Some(Invitation::Sent { digest, .. }) =
        company.teammates.get(&teammate).map(|teammate| teammate.invitation)
    {
        company.by_invitation.remove(&digest);
    }
}

pub(crate) fn requested(company: &mut Company, event: &InvitationRequested, _: &Stamp) {
    end_link(company, event.teammate);
    company.change_teammate(event.teammate, |teammate| teammate.invitation = Invitation::Requested);
}

pub(crate) fn released(company: &mut Company, event: &InvitationReleased, _: &Stamp) {
    company.change_teammate(event.teammate, |teammate| teammate.invitation = Invitation::Released);
}

pub(crate) fn sent(company: &mut Company, event: &InvitationSent, _: &Stamp) {
    let InvitationSent { teammate, digest, expires_at } = event.clone();
    end_link(company, teammate);
    company.by_invitation.insert(digest, teammate);
    company.change_teammate(teammate, |teammate| {
        teammate.invitation = Invitation::Sent { digest, expires_at };
    });
}

pub(crate) fn ended(company: &mut Company, event: &InvitationEnded, _: &Stamp) {
    end_link(company, event.teammate);
    company.change_teammate(event.teammate, |teammate| teammate.invitation = teammate.invitation.ended());
}

pub(crate) fn accepted(company: &mut Company, event: &InvitationAccepted, stamp: &Stamp) {
    company.change_teammate(event.teammate, |teammate| {
        if let Invitation::Sent { digest, .. } = teammate.invitation {
            teammate.invitation = Invitation::Accepted { digest, at: stamp.time };
        }
    });
}
