//! All events, gathered in one table: the durable name of each, its written form, and its sentence for the audit.
//!
//! The durable form is a promise. A name or a field, once written to a journal, is read for ever; golden files hold it.

use crate::conversation::{
    ConversationArchived, ConversationAssigned, ConversationCreated, ConversationReopened,
    ConversationUnassigned, MessageReceived, MessageSent,
};
use crate::custom_field::{CustomFieldCreated, CustomFieldDeleted};
use crate::inbox::{ChannelCreated, InboxCreated};
use crate::invitation::{
    InvitationAccepted, InvitationEnded, InvitationReleased, InvitationRequested, InvitationSent,
};
use crate::occasion::{Actor, Timestamp, Version};
use crate::provisioning::{TeamExternalIdChanged, TeammateDeprovisioned, TeammateRehired};
use crate::registry::{CompanyCreated, CompanyRegistered, CompanyRenamed, CompanyRetitled};
use crate::settings::Setting;
use crate::sso::{SsoCleared, SsoSet};
use crate::team::{TeamCreated, TeamDeleted, TeamRenamed, TeammatesAdded, TeammatesRemoved};
use crate::teammate::{TeammateBlocked, TeammateCreated, TeammateReactivated, TeammateUpdated};
use crate::token::{TokenCreated, TokenRevoked};
use crate::webhook::{
    WebhookCreated, WebhookDeleted, WebhookDisabled, WebhookSecretRotated, WebhookUpdated,
    WebhookValidationRequested, WebhookValidationSettled,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An event of which part may be personal data, kept apart so that it can be erased.
pub(crate) trait Durable: Serialize + DeserializeOwned {
    type Personal: Serialize + DeserializeOwned;
    fn personal(&self) -> Option<&Self::Personal>;
    fn with_personal(self, personal: Option<Self::Personal>) -> Self;
}

/// The personal part of events that have none.
#[derive(serde::Deserialize, Serialize)]
pub(crate) enum Nothing {}

macro_rules! impersonal {
    ($($event:ident)*) => {$(
        impl Durable for $event {
            type Personal = Nothing;

            fn personal(&self) -> Option<&Nothing> {
                None
            }

            fn with_personal(self, _: Option<Nothing>) -> Self {
                self
            }
        }
    )*};
}

impersonal! {
    CompanyCreated CompanyRenamed Setting SsoSet SsoCleared TeammateBlocked TeammateReactivated TeammateDeprovisioned
    TeammateRehired InvitationRequested InvitationReleased InvitationSent InvitationEnded InvitationAccepted TeamCreated TeamRenamed TeamDeleted TeamExternalIdChanged
    TeammatesAdded TeammatesRemoved CustomFieldCreated CustomFieldDeleted TokenCreated TokenRevoked CompanyRegistered CompanyRetitled
    InboxCreated ChannelCreated ConversationAssigned ConversationUnassigned ConversationArchived ConversationReopened
    WebhookCreated WebhookUpdated WebhookDeleted WebhookSecretRotated WebhookValidationRequested WebhookValidationSettled WebhookDisabled
}

/// An event as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The durable name.
    pub name: &'static str,
    /// Everything that is not personal, as JSON.
    pub body: String,
    /// The personal part, as JSON.
    pub personal: Option<String>,
}

/// A stored event that this Tenure cannot read. It stops the node; it is never skipped.
#[derive(Debug, thiserror::Error)]
pub enum Undecodable {
    /// A name that this Tenure does not know.
    #[error(
        "the journal holds an event named `{0}`, which was written by a newer Tenure; use that version or a later one"
    )]
    UnknownName(String),
    /// A known name with a body of another shape.
    #[error(
        "the event `{name}` cannot be read ({source}); it was written by a newer Tenure, or it is damaged"
    )]
    Shape {
        /// The durable name.
        name: &'static str,
        /// What was wrong with it.
        source: serde_json::Error,
    },
}

fn encode<T: Durable>(name: &'static str, event: &T) -> Encoded {
    let json = |json: Result<String, serde_json::Error>| json.expect("every event has a JSON form");
    Encoded {
        name,
        body: json(serde_json::to_string(event)),
        personal: event.personal().map(|personal| json(serde_json::to_string(personal))),
    }
}

fn decode<T: Durable>(name: &'static str, body: &str, personal: Option<&str>) -> Result<T, Undecodable> {
    let shape = |source| Undecodable::Shape { name, source };
    let event: T = serde_json::from_str(body).map_err(shape)?;
    let personal = personal.map(serde_json::from_str).transpose().map_err(shape)?;
    Ok(event.with_personal(personal))
}

macro_rules! events {
    ($(#[$doc:meta])* $all:ident { $($variant:ident($body:ty) = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "each variant carries the event that documents it")]
        pub enum $all {
            $($variant($body),)*
        }

        impl $all {
            /// The durable names of all events.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// The durable name.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                }
            }

            /// The form that the journal keeps.
            pub fn encode(&self) -> Encoded {
                match self {
                    $(Self::$variant(event) => encode($name, event),)*
                }
            }

            /// Reads the form that the journal keeps. `personal` is absent for events without any and for erased ones.
            pub fn decode(name: &str, body: &str, personal: Option<&str>) -> Result<Self, Undecodable> {
                match name {
                    $($name => decode($name, body, personal).map(Self::$variant),)*
                    other => Err(Undecodable::UnknownName(other.to_owned())),
                }
            }
        }
    };
}

events! {
    /// Something that happened in a company.
    Event {
        CompanyCreated(CompanyCreated) = "company.created",
        CompanyRenamed(CompanyRenamed) = "company.renamed",
        CompanySettingChanged(Setting) = "company.setting_changed",
        SsoSet(SsoSet) = "sso.set",
        SsoCleared(SsoCleared) = "sso.cleared",
        TeammateCreated(TeammateCreated) = "teammate.created",
        TeammateUpdated(TeammateUpdated) = "teammate.updated",
        TeammateBlocked(TeammateBlocked) = "teammate.blocked",
        TeammateReactivated(TeammateReactivated) = "teammate.reactivated",
        TeammateDeprovisioned(TeammateDeprovisioned) = "teammate.deprovisioned",
        TeammateRehired(TeammateRehired) = "teammate.rehired",
        InvitationRequested(InvitationRequested) = "invitation.requested",
        InvitationReleased(InvitationReleased) = "invitation.released",
        InvitationSent(InvitationSent) = "invitation.sent",
        InvitationEnded(InvitationEnded) = "invitation.ended",
        InvitationAccepted(InvitationAccepted) = "invitation.accepted",
        TeamCreated(TeamCreated) = "team.created",
        TeamRenamed(TeamRenamed) = "team.renamed",
        TeamDeleted(TeamDeleted) = "team.deleted",
        TeamExternalIdChanged(TeamExternalIdChanged) = "team.external_id_changed",
        TeammatesAdded(TeammatesAdded) = "team.teammates_added",
        TeammatesRemoved(TeammatesRemoved) = "team.teammates_removed",
        CustomFieldCreated(CustomFieldCreated) = "custom_field.created",
        CustomFieldDeleted(CustomFieldDeleted) = "custom_field.deleted",
        TokenCreated(TokenCreated) = "token.created",
        TokenRevoked(TokenRevoked) = "token.revoked",
        InboxCreated(InboxCreated) = "inbox.created",
        ChannelCreated(ChannelCreated) = "channel.created",
        ConversationCreated(ConversationCreated) = "conversation.created",
        ConversationAssigned(ConversationAssigned) = "conversation.assigned",
        ConversationUnassigned(ConversationUnassigned) = "conversation.unassigned",
        ConversationArchived(ConversationArchived) = "conversation.archived",
        ConversationReopened(ConversationReopened) = "conversation.reopened",
        MessageReceived(MessageReceived) = "message.received",
        MessageSent(MessageSent) = "message.sent",
        WebhookCreated(WebhookCreated) = "webhook.created",
        WebhookUpdated(WebhookUpdated) = "webhook.updated",
        WebhookDeleted(WebhookDeleted) = "webhook.deleted",
        WebhookSecretRotated(WebhookSecretRotated) = "webhook.secret_rotated",
        WebhookValidationRequested(WebhookValidationRequested) = "webhook.validation_requested",
        WebhookValidationSettled(WebhookValidationSettled) = "webhook.validation_settled",
        WebhookDisabled(WebhookDisabled) = "webhook.disabled",
    }
}

events! {
    /// Something that happened in the registry of companies.
    RegistryEvent {
        Registered(CompanyRegistered) = "registry.company_registered",
        Retitled(CompanyRetitled) = "registry.company_retitled",
    }
}

/// An event with its place in a company's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded<E = Event> {
    /// The company's version with this event.
    pub version: Version,
    /// When it happened.
    pub time: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub event: E,
}
