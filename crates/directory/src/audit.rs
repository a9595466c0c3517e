//! What an event reads like in the audit: one sentence each, and whom it is about. Without personal data, so that a
//! sentence outlives an erasure.

use crate::event::Event;
use crate::id::TeammateId;
use crate::teammate::{ProfileChanges, Role, TeammateUpdated};
use crate::webhook::WebhookUpdated;
use std::fmt::Display;

fn list<T: Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Event {
    /// What happened, as a sentence.
    #[expect(clippy::too_many_lines, reason = "a table: one sentence for each event")]
    pub fn sentence(&self) -> String {
        match self {
            Event::CompanyCreated(event) => format!("company `{}` was created", event.name),
            Event::CompanyRenamed(event) => {
                format!("the company was renamed from `{}` to `{}`", event.from, event.to)
            }
            Event::CompanySettingChanged(setting) => {
                let written = serde_json::to_value(setting).expect("a setting has a JSON form");
                let (key, value) = (&written["key"], &written["value"]);
                format!("the setting {} was set to {}", plain(key), plain(value))
            }
            Event::SsoSet(_) => "single sign-on was set".to_owned(),
            Event::SsoCleared(_) => "single sign-on was removed".to_owned(),
            Event::TeammateCreated(event) => {
                let role = if event.role == Role::Admin { " as an administrator" } else { "" };
                format!("teammate {} was created{role}", event.teammate)
            }
            Event::TeammateUpdated(event) => {
                format!("teammate {} was changed: {}", event.teammate, list(&changed_fields(event)))
            }
            Event::TeammateBlocked(event) => format!("teammate {} was blocked", event.teammate),
            Event::TeammateReactivated(event) => format!("teammate {} was reactivated", event.teammate),
            Event::TeammateDeprovisioned(event) => {
                format!("teammate {} was deleted by an identity provider", event.teammate)
            }
            Event::TeammateRehired(event) => {
                format!("teammate {} was taken up again by an identity provider", event.teammate)
            }
            Event::InvitationRequested(event) => {
                format!("a new invitation was asked for teammate {}", event.teammate)
            }
            Event::InvitationReleased(event) => {
                format!("the invitation of teammate {} was released", event.teammate)
            }
            Event::InvitationSent(event) => format!("an invitation was sent to teammate {}", event.teammate),
            Event::InvitationEnded(event) => {
                format!("the invitation of teammate {} was ended", event.teammate)
            }
            Event::InvitationAccepted(event) => {
                format!("teammate {} accepted the invitation", event.teammate)
            }
            Event::TeamCreated(event) => format!("team {} `{}` was created", event.team, event.name),
            Event::TeamRenamed(event) => {
                format!("team {} was renamed from `{}` to `{}`", event.team, event.from, event.to)
            }
            Event::TeamDeleted(event) => format!("team {} was deleted", event.team),
            Event::TeamExternalIdChanged(event) => match &event.to {
                Some(external_id) => format!("team {} got the external id `{external_id}`", event.team),
                None => format!("team {} has no external id any more", event.team),
            },
            Event::TeammatesAdded(event) => {
                format!("{} joined team {}", list(&event.teammates), event.team)
            }
            Event::TeammatesRemoved(event) => {
                format!("{} left team {}", list(&event.teammates), event.team)
            }
            Event::CustomFieldCreated(event) => {
                format!(
                    "custom field {} `{}` of type {} was created",
                    event.field,
                    event.name,
                    event.kind.name()
                )
            }
            Event::CustomFieldDeleted(event) => format!("custom field {} was deleted", event.field),
            Event::TokenCreated(event) => {
                format!("{} token {} (…{}) was created", event.kind.name(), event.token, event.last_four)
            }
            Event::TokenRevoked(event) => format!("token {} was revoked", event.token),
            Event::InboxCreated(event) => format!("inbox {} `{}` was created", event.inbox, event.name),
            Event::ChannelCreated(event) => {
                format!("channel {} `{}` of inbox {} was created", event.channel, event.name, event.inbox)
            }
            Event::ConversationCreated(event) => {
                format!("conversation {} was created in inbox {}", event.conversation, event.inbox)
            }
            Event::ConversationAssigned(event) => {
                format!("conversation {} was assigned to {}", event.conversation, event.to)
            }
            Event::ConversationUnassigned(event) => {
                format!("conversation {} was taken from {}", event.conversation, event.from)
            }
            Event::ConversationArchived(event) => format!("conversation {} was archived", event.conversation),
            Event::ConversationReopened(event) => format!("conversation {} was reopened", event.conversation),
            Event::MessageReceived(event) => {
                format!("message {} was received in conversation {}", event.message, event.conversation)
            }
            Event::WebhookCreated(event) => format!("webhook {} was created", event.webhook),
            Event::WebhookUpdated(event) => {
                format!("webhook {} was changed: {}", event.webhook, list(&changed_of_webhook(event)))
            }
            Event::WebhookDeleted(event) => format!("webhook {} was deleted", event.webhook),
            Event::WebhookSecretRotated(event) => format!("webhook {} got a new secret", event.webhook),
            Event::WebhookValidationRequested(event) => {
                format!("the validation of webhook {} was asked for", event.webhook)
            }
            Event::WebhookValidationSettled(event) => match &event.fault {
                None => format!("webhook {} was validated", event.webhook),
                Some(_) => format!("webhook {} was not validated", event.webhook),
            },
            Event::WebhookDisabled(event) => {
                format!("webhook {} was disabled: {}", event.webhook, event.reason.in_words())
            }
            Event::MessageSent(event) => {
                format!("message {} was sent in conversation {}", event.message, event.conversation)
            }
        }
    }

    /// The teammates that the event is about.
    pub fn teammates(&self) -> &[TeammateId] {
        match self {
            Event::TeammateCreated(event) => std::slice::from_ref(&event.teammate),
            Event::TeammateUpdated(event) => std::slice::from_ref(&event.teammate),
            Event::TeammateBlocked(event) => std::slice::from_ref(&event.teammate),
            Event::TeammateReactivated(event) => std::slice::from_ref(&event.teammate),
            Event::TeammateDeprovisioned(event) => std::slice::from_ref(&event.teammate),
            Event::TeammateRehired(event) => std::slice::from_ref(&event.teammate),
            Event::InvitationRequested(event) => std::slice::from_ref(&event.teammate),
            Event::InvitationReleased(event) => std::slice::from_ref(&event.teammate),
            Event::InvitationSent(event) => std::slice::from_ref(&event.teammate),
            Event::InvitationEnded(event) => std::slice::from_ref(&event.teammate),
            Event::InvitationAccepted(event) => std::slice::from_ref(&event.teammate),
            Event::TeammatesAdded(event) => &event.teammates,
            Event::TeammatesRemoved(event) => &event.teammates,
            Event::ConversationAssigned(event) => std::slice::from_ref(&event.to),
            Event::ConversationUnassigned(event) => std::slice::from_ref(&event.from),
            Event::MessageSent(event) => event.author.as_slice(),
            Event::CompanyCreated(_)
            | Event::CompanyRenamed(_)
            | Event::CompanySettingChanged(_)
            | Event::SsoSet(_)
            | Event::SsoCleared(_)
            | Event::TeamCreated(_)
            | Event::TeamRenamed(_)
            | Event::TeamDeleted(_)
            | Event::TeamExternalIdChanged(_)
            | Event::CustomFieldCreated(_)
            | Event::CustomFieldDeleted(_)
            | Event::TokenCreated(_)
            | Event::TokenRevoked(_)
            | Event::InboxCreated(_)
            | Event::ChannelCreated(_)
            | Event::ConversationCreated(_)
            | Event::ConversationArchived(_)
            | Event::ConversationReopened(_)
            | Event::MessageReceived(_)
            | Event::WebhookCreated(_)
            | Event::WebhookUpdated(_)
            | Event::WebhookDeleted(_)
            | Event::WebhookSecretRotated(_)
            | Event::WebhookValidationRequested(_)
            | Event::WebhookValidationSettled(_)
            | Event::WebhookDisabled(_) => &[],
        }
    }
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn changed_fields(event: &TeammateUpdated) -> Vec<&'static str> {
    let TeammateUpdated { teammate: _, role, availability, standing, profile } = event;
    let mut fields = Vec::new();
    let mut note = |changed: bool, field| {
        if changed {
            fields.push(field);
        }
    };
    note(role.is_some(), "is_admin");
    note(availability.is_some(), "is_available");
    note(standing.is_some(), "is_blocked");
    if let Some(ProfileChanges { email, username, first_name, last_name, custom_fields, kept }) = profile {
        note(email.is_some(), "email");
        note(username.is_some(), "username");
        note(first_name.is_some(), "first_name");
        note(last_name.is_some(), "last_name");
        note(custom_fields.is_some(), "custom_fields");
        if let Some(change) = kept {
            fields.extend(change.from.differences(&change.to));
        }
    }
    if fields.is_empty() {
        fields.push("personal data, since erased");
    }
    fields
}

fn changed_of_webhook(event: &WebhookUpdated) -> Vec<&'static str> {
    let WebhookUpdated { webhook: _, url, format, events, channel, description, is_enabled, policy } = event;
    let fields = [
        (url.is_some(), "url"),
        (format.is_some(), "format"),
        (events.is_some(), "events"),
        (channel.is_some(), "channel_id"),
        (description.is_some(), "description"),
        (is_enabled.is_some(), "is_enabled"),
        (policy.is_some(), "require_validation"),
    ];
    fields.into_iter().filter(|(changed, _)| *changed).map(|(_, name)| name).collect()
}
