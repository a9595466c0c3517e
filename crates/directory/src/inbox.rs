//! Inboxes and their channels: where conversations come in, and who has access (`contract/events.md`, "Conversations").

use crate::company::Company;
use crate::event::Event;
use crate::id::{ChannelId, InboxId, TeammateId};
use crate::occasion::{Stamp, Timestamp, Version};
use crate::refusal::Refusal;
use crate::teammate::TeammateRef;
use crate::text::InboxName;
use imbl::OrdSet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The most inboxes that a company may have.
pub const MAX_INBOXES: usize = 1000;
/// The most channels that a company may have.
pub const MAX_CHANNELS: usize = 1000;

/// Who has access to an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Everybody in the company (`is_public: true`).
    Everybody,
    /// Those who were named.
    Named,
}

/// An inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbox {
    /// Its id.
    pub id: InboxId,
    /// Its name.
    pub name: InboxName,
    /// Who has access.
    pub access: Access,
    /// Those who were named.
    pub teammates: OrdSet<TeammateId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The company's version when it last changed.
    pub revision: Version,
}

impl Inbox {
    /// Whether a teammate has access.
    pub fn is_open_to(&self, teammate: TeammateId) -> bool {
        self.access == Access::Everybody || self.teammates.contains(&teammate)
    }
}

/// A channel of type `custom`: messages come in over the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// The inbox that its conversations are in.
    pub inbox: InboxId,
    /// Its name.
    pub name: InboxName,
    /// When it was created.
    pub created_at: Timestamp,
    /// The company's version when it last changed.
    pub revision: Version,
}

/// Creates an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateInbox {
    /// Its name.
    pub name: InboxName,
    /// Who has access.
    pub access: Access,
    /// Those who are named.
    pub teammates: Vec<TeammateRef>,
}

/// Creates a channel of an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateChannel {
    /// The inbox, as it was given.
    pub inbox: Box<str>,
    /// The channel's name.
    pub name: InboxName,
}

/// An inbox was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxCreated {
    /// Which.
    pub inbox: InboxId,
    /// Its name.
    pub name: InboxName,
    /// Who has access.
    pub access: Access,
    /// Those who were named.
    pub teammates: Vec<TeammateId>,
}

/// A channel was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelCreated {
    /// Which.
    pub channel: ChannelId,
    /// Of which inbox.
    pub inbox: InboxId,
    /// Its name.
    pub name: InboxName,
}

impl Company {
    /// The inbox of a given id.
    pub fn find_inbox(&self, given: &str) -> Result<&Arc<Inbox>, Refusal> {
        let found = given.parse().ok().and_then(|id: InboxId| self.inboxes.get(&id));
        found.ok_or_else(|| Refusal::UnknownInbox { given: given.into() })
    }

    /// The channel of a given id.
    pub fn find_channel(&self, given: &str) -> Result<&Arc<Channel>, Refusal> {
        let found = given.parse().ok().and_then(|id: ChannelId| self.channels.get(&id));
        found.ok_or_else(|| Refusal::UnknownChannel { given: given.into() })
    }
}

pub(crate) fn create(company: &Company, command: &CreateInbox) -> Result<Vec<Event>, Refusal> {
    if company.inboxes.len() >= MAX_INBOXES {
        return Err(Refusal::TooMany { what: "inboxes", limit: MAX_INBOXES });
    }
    let mut teammates = BTreeSet::new();
    let mut unknown = Vec::new();
    for reference in &command.teammates {
        match company.find_teammate(reference) {
            Some(teammate) => {
                teammates.insert(teammate.id);
            }
            None => unknown.push(reference.given().into()),
        }
    }
    if !unknown.is_empty() {
        return Err(Refusal::UnknownTeammates { given: unknown });
    }
    Ok(vec![Event::InboxCreated(InboxCreated {
        inbox: InboxId::new(company.counters.inbox + 1),
        name: command.name.clone(),
        access: command.access,
        teammates: teammates.into_iter().collect(),
    })])
}

pub(crate) fn create_channel(company: &Company, command: &CreateChannel) -> Result<Vec<Event>, Refusal> {
    let inbox = company.find_inbox(&command.inbox)?.id;
    if company.channels.len() >= MAX_CHANNELS {
        return Err(Refusal::TooMany { what: "channels", limit: MAX_CHANNELS });
    }
    let channel = ChannelId::new(company.counters.channel + 1);
    Ok(vec![Event::ChannelCreated(ChannelCreated { channel, inbox, name: command.name.clone() })])
}

pub(crate) fn created(company: &mut Company, event: &InboxCreated, stamp: &Stamp) {
    let InboxCreated { inbox: id, name, access, teammates } = event.clone();
    company.counters.inbox = company.counters.inbox.max(id.number());
    let (created_at, revision) = (stamp.time, stamp.version);
    let inbox = Inbox { id, name, access, teammates: teammates.into_iter().collect(), created_at, revision };
    company.inboxes.insert(id, Arc::new(inbox));
}

pub(crate) fn channel_created(company: &mut Company, event: &ChannelCreated, stamp: &Stamp) {
    let ChannelCreated { channel: id, inbox, name } = event.clone();
    company.counters.channel = company.counters.channel.max(id.number());
    let channel = Channel { id, inbox, name, created_at: stamp.time, revision: stamp.version };
    company.channels.insert(id, Arc::new(channel));
}
