//! The rules of a Tenure directory: companies, teammates, teams, custom fields, tokens and scopes.
//!
//! Everything that changes is a [`Command`]; [`Company::decide`] says which [`Event`]s follow or refuses; a company's
//! state is the fold of its events by [`Company::evolve`]. There is no I/O here, no clock, no randomness and no async:
//! what a decision needs from outside comes in its [`Occasion`].

#![warn(clippy::wildcard_enum_match_arm)]

pub mod audit;
pub mod base36;
pub mod command;
pub mod company;
pub mod conversation;
pub mod custom_field;
pub mod email;
pub mod event;
pub mod id;
pub mod inbox;
pub mod invitation;
pub mod kept;
mod memory;
pub mod occasion;
mod profile;
pub mod provisioning;
pub mod refusal;
pub mod registry;
pub mod scope;
pub mod secret;
pub mod settings;
pub mod sso;
pub mod subject;
mod subscription;
pub mod team;
pub mod teammate;
mod teammate_ref;
pub mod text;
pub mod token;
pub mod webhook;
mod webhook_standing;
pub mod webhook_url;
pub mod word;

pub use command::{Command, Urgency};
pub use company::Company;
pub use event::{Encoded, Event, Recorded, RegistryEvent, Undecodable};
pub use id::{
    ChannelId, CompanyId, ConversationId, DeliveryId, EventId, FieldId, InboxId, MessageId, TeamId,
    TeammateId, TokenId, WebhookId,
};
pub use kept::Kept;
pub use occasion::{Actor, Occasion, Precondition, Stamp, Timestamp, Version};
pub use refusal::{Fault, Refusal};
pub use registry::{Registry, RegistryCommand};
pub use scope::{Scope, Scopes};
pub use word::Word;
