//! What an event is about, so that the events of one thing are found again, and told in order.

use crate::event::Event;
use crate::id::TeammateId;
use std::fmt::Display;

/// The subject of events that concern everybody in a company.
pub const WHOLE_COMPANY: &str = "company";

fn one(subject: impl Display) -> Vec<String> {
    vec![subject.to_string()]
}

fn with(subject: impl Display, teammates: &[TeammateId]) -> Vec<String> {
    std::iter::once(subject.to_string()).chain(teammates.iter().map(ToString::to_string)).collect()
}

impl Event {
    /// What the event is about. The first is what it changes; by it the order is kept in which others are told.
    pub fn subjects(&self) -> Vec<String> {
        match self {
            Event::TeammateCreated(_)
            | Event::TeammateUpdated(_)
            | Event::TeammateBlocked(_)
            | Event::TeammateReactivated(_)
            | Event::TeammateDeprovisioned(_)
            | Event::TeammateRehired(_)
            | Event::InvitationRequested(_)
            | Event::InvitationReleased(_)
            | Event::InvitationSent(_)
            | Event::InvitationEnded(_)
            | Event::InvitationAccepted(_) => self.teammates().iter().map(ToString::to_string).collect(),
            Event::TeamCreated(event) => one(event.team),
            Event::TeamRenamed(event) => one(event.team),
            Event::TeamDeleted(event) => one(event.team),
            Event::TeamExternalIdChanged(event) => one(event.team),
            Event::TeammatesAdded(event) => with(event.team, &event.teammates),
            Event::TeammatesRemoved(event) => with(event.team, &event.teammates),
            Event::ConversationCreated(event) => one(event.conversation),
            Event::ConversationAssigned(event) => with(event.conversation, self.teammates()),
            Event::ConversationUnassigned(event) => with(event.conversation, self.teammates()),
            Event::ConversationArchived(event) => one(event.conversation),
            Event::ConversationReopened(event) => one(event.conversation),
            Event::MessageReceived(event) => vec![event.conversation.to_string(), event.message.to_string()],
            Event::MessageSent(event) => {
                let message = std::iter::once(event.message.to_string());
                with(event.conversation, self.teammates()).into_iter().chain(message).collect()
            }
            Event::WebhookCreated(event) => one(event.webhook),
            Event::WebhookUpdated(event) => one(event.webhook),
            Event::WebhookDeleted(event) => one(event.webhook),
            Event::WebhookSecretRotated(event) => one(event.webhook),
            Event::WebhookValidationRequested(event) => one(event.webhook),
            Event::WebhookValidationSettled(event) => one(event.webhook),
            Event::WebhookDisabled(event) => one(event.webhook),
            Event::CustomFieldCreated(_) | Event::CustomFieldDeleted(_) => one(WHOLE_COMPANY),
            Event::CompanyCreated(_)
            | Event::CompanyRenamed(_)
            | Event::CompanySettingChanged(_)
            | Event::SsoSet(_)
            | Event::SsoCleared(_)
            | Event::TokenCreated(_)
            | Event::TokenRevoked(_)
            | Event::InboxCreated(_)
            | Event::ChannelCreated(_) => vec![],
        }
    }
}
