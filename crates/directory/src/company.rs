//! A company: the immutable value that all its events fold into. Cloning it is cheap, so readers share it without locks.

use crate::command::Command;
use crate::conversation::Conversation;
use crate::custom_field::CustomField;
use crate::email::EmailKey;
use crate::event::{Event, Recorded};
use crate::id::{
    ChannelId, CompanyId, ConversationId, FieldId, InboxId, TeamId, TeammateId, TokenId, WebhookId,
};
use crate::inbox::{Channel, Inbox};
use crate::invitation::Invitation;
use crate::occasion::{Occasion, Stamp, Timestamp, Version};
use crate::refusal::Refusal;
use crate::secret::SecretDigest;
use crate::settings::Settings;
use crate::sso::Sso;
use crate::team::Team;
use crate::teammate::{Presence, Teammate};
use crate::text::{CompanyName, ExternalId, Slug, ThreadRef, UserName, Username};
use crate::token::Token;
use crate::webhook::Webhook;
use crate::{
    conversation, custom_field, inbox, invitation, provisioning, settings, sso, team, teammate, token,
    webhook,
};
use imbl::shared_ptr::DefaultSharedPtr;
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An index for look-ups only: it is never iterated, so its order cannot reach an event or a page.
pub(crate) type Index<K, V> = imbl::GenericHashMap<K, V, foldhash::quality::RandomState, DefaultSharedPtr>;

/// The highest number handed out of each kind; numbers are never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counters {
    pub(crate) teammate: u64,
    pub(crate) team: u64,
    pub(crate) field: u64,
    pub(crate) token: u64,
    pub(crate) inbox: u64,
    pub(crate) channel: u64,
    pub(crate) conversation: u64,
    pub(crate) message: u64,
    pub(crate) webhook: u64,
}

/// A company's whole state at one version.
#[derive(Debug, Clone)]
pub struct Company {
    /// Its id.
    pub id: CompanyId,
    /// Its name.
    pub name: CompanyName,
    /// Its short name.
    pub slug: Slug,
    /// When it was created.
    pub created_at: Timestamp,
    /// The count of its events.
    pub version: Version,
    /// The time of its last event. Times never go back within a company.
    pub last_event_at: Timestamp,
    /// Its settings.
    pub settings: Settings,
    /// Its single sign-on.
    pub sso: Option<Sso>,
    /// All teammates, blocked ones included, in order of their ids.
    pub teammates: OrdMap<TeammateId, Arc<Teammate>>,
    /// All teams in order of their ids.
    pub teams: OrdMap<TeamId, Arc<Team>>,
    /// All custom fields in order of their ids.
    pub fields: OrdMap<FieldId, CustomField>,
    /// All tokens, revoked ones included, in order of their ids.
    pub tokens: OrdMap<TokenId, Arc<Token>>,
    /// All inboxes in order of their ids.
    pub inboxes: OrdMap<InboxId, Arc<Inbox>>,
    /// All channels in order of their ids.
    pub channels: OrdMap<ChannelId, Arc<Channel>>,
    /// All conversations in order of their ids.
    pub conversations: OrdMap<ConversationId, Arc<Conversation>>,
    /// All webhook endpoints in order of their ids.
    pub webhooks: OrdMap<WebhookId, Arc<Webhook>>,
    /// The version in which a custom field was last created or deleted.
    pub fields_changed: Version,
    pub(crate) counters: Counters,
    pub(crate) active_admins: u64,
    /// How many teammates identity providers no longer see.
    pub(crate) deprovisioned: usize,
    pub(crate) by_email: Index<EmailKey, TeammateId>,
    /// By addresses that identity providers gave beside a teammate's own; several people can share one.
    pub(crate) by_other_email: Index<EmailKey, OrdSet<TeammateId>>,
    /// By what a person signs in by, where that is not the address.
    pub(crate) by_user_name: Index<EmailKey, TeammateId>,
    pub(crate) by_external_id: Index<ExternalId, TeammateId>,
    pub(crate) by_username: Index<Username, TeammateId>,
    pub(crate) by_invitation: Index<SecretDigest, TeammateId>,
    pub(crate) team_by_name: Index<Box<str>, TeamId>,
    pub(crate) team_by_external_id: Index<ExternalId, TeamId>,
    pub(crate) token_by_digest: Index<SecretDigest, TokenId>,
    pub(crate) by_thread: Index<(ChannelId, ThreadRef), ConversationId>,
    /// Who deals with what.
    pub(crate) assigned: OrdSet<(TeammateId, ConversationId)>,
}

impl Company {
    /// A company before its first event.
    pub fn unborn(id: CompanyId) -> Self {
        Self {
            id,
            name: CompanyName::parse("(unborn)").expect("the text is a valid name"),
            slug: Slug::parse("unborn").expect("the text is a valid slug"),
            created_at: Timestamp::default(),
            version: Version::ZERO,
            last_event_at: Timestamp::default(),
            settings: Settings::default(),
            sso: None,
            teammates: OrdMap::new(),
            teams: OrdMap::new(),
            fields: OrdMap::new(),
            tokens: OrdMap::new(),
            inboxes: OrdMap::new(),
            channels: OrdMap::new(),
            conversations: OrdMap::new(),
            webhooks: OrdMap::new(),
            fields_changed: Version::ZERO,
            counters: Counters::default(),
            active_admins: 0,
            deprovisioned: 0,
            by_email: Index::default(),
            by_other_email: Index::default(),
            by_user_name: Index::default(),
            by_external_id: Index::default(),
            by_username: Index::default(),
            by_invitation: Index::default(),
            team_by_name: Index::default(),
            team_by_external_id: Index::default(),
            token_by_digest: Index::default(),
            by_thread: Index::default(),
            assigned: OrdSet::new(),
        }
    }

    /// How many unblocked administrators there are.
    pub const fn active_admins(&self) -> u64 {
        self.active_admins
    }

    /// The events that follow from a command, or the rule that says no. A command that changes nothing yields none.
    pub fn decide(&self, command: &Command, occasion: &Occasion) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::ChangeSettings(settings) => Ok(settings::change(self, settings)),
            Command::SetSso(metadata) => Ok(sso::set(self, metadata)),
            Command::ClearSso => Ok(sso::clear(self)),
            Command::CreateTeammate(command) => teammate::create(self, command),
            Command::UpdateTeammate(command) => teammate::update(self, command, occasion),
            Command::BlockTeammate(command) => teammate::block(self, command),
            Command::ReactivateTeammate(command) => teammate::reactivate(self, command, occasion),
            Command::ProvisionTeammate(command) => provisioning::provision(self, command, occasion),
            Command::DeprovisionTeammate(command) => provisioning::deprovision(self, command),
            Command::RequestInvitation(command) => invitation::request(self, command),
            Command::ReleaseInvitation(command) => invitation::release(self, command),
            Command::SendInvitation(command) => invitation::send(self, command, occasion),
            Command::AcceptInvitation(command) => invitation::accept(self, command, occasion),
            Command::CreateTeam(command) => team::create(self, command),
            Command::RenameTeam(command) => team::rename(self, command),
            Command::DeleteTeam(command) => team::delete(self, command),
            Command::AddToTeam(command) => team::add(self, command),
            Command::RemoveFromTeam(command) => team::remove(self, command),
            Command::ProvisionTeam(command) => provisioning::provision_team(self, command),
            Command::UpdateTeam(command) => provisioning::update_team(self, command),
            Command::CreateCustomField(command) => custom_field::create(self, command),
            Command::DeleteCustomField(command) => custom_field::delete(self, command),
            Command::CreateToken(command) => token::create(self, command, occasion),
            Command::RevokeToken(command) => token::revoke(self, command),
            Command::CreateInbox(command) => inbox::create(self, command),
            Command::CreateChannel(command) => inbox::create_channel(self, command),
            Command::ReceiveMessage(command) => conversation::receive(self, command),
            Command::SendMessage(command) => conversation::send(self, command),
            Command::UpdateConversation(command) => conversation::update(self, command),
            Command::CreateWebhook(command) => webhook::create(self, command),
            Command::UpdateWebhook(command) => webhook::update(self, command),
            Command::DeleteWebhook(command) => webhook::delete(self, command),
            Command::RotateWebhookSecret(command) => webhook::rotate(self, command, occasion),
            Command::RequestValidation(command) => webhook::request_validation(self, command),
            Command::SettleValidation(command) => Ok(webhook::settle_validation(self, command)),
            Command::DisableWebhook(command) => Ok(webhook::disable(self, command)),
        }
    }

    /// The state after one more event. Never fails: an event is a fact.
    pub fn evolve(mut self, recorded: &Recorded) -> Self {
        self.take_in(recorded);
        self
    }

    /// As [`Company::evolve`], in place: what nobody else holds is not copied.
    pub fn take_in(&mut self, recorded: &Recorded) {
        let stamp = Stamp { version: recorded.version, time: recorded.time };
        let company = &mut *self;
        match &recorded.event {
            Event::CompanyCreated(event) => {
                company.name = event.name.clone();
                company.slug = event.slug.clone();
                company.created_at = stamp.time;
            }
            Event::CompanyRenamed(event) => company.name = event.to.clone(),
            Event::CompanySettingChanged(event) => settings::changed(company, event, &stamp),
            Event::SsoSet(event) => sso::was_set(company, event, &stamp),
            Event::SsoCleared(event) => sso::was_cleared(company, event, &stamp),
            Event::TeammateCreated(event) => teammate::created(company, event, &stamp),
            Event::TeammateUpdated(event) => teammate::updated(company, event, &stamp),
            Event::TeammateBlocked(event) => teammate::blocked(company, event, &stamp),
            Event::TeammateReactivated(event) => teammate::reactivated(company, event, &stamp),
            Event::TeammateDeprovisioned(event) => provisioning::deprovisioned(company, event, &stamp),
            Event::TeammateRehired(event) => provisioning::rehired(company, event, &stamp),
            Event::InvitationRequested(event) => invitation::requested(company, event, &stamp),
            Event::InvitationReleased(event) => invitation::released(company, event, &stamp),
            Event::InvitationSent(event) => invitation::sent(company, event, &stamp),
            Event::InvitationEnded(event) => invitation::ended(company, event, &stamp),
            Event::InvitationAccepted(event) => invitation::accepted(company, event, &stamp),
            Event::TeamCreated(event) => team::created(company, event, &stamp),
            Event::TeamRenamed(event) => team::renamed(company, event, &stamp),
            Event::TeamDeleted(event) => team::deleted(company, event, &stamp),
            Event::TeamExternalIdChanged(event) => {
                provisioning::team_external_id_changed(company, event, &stamp);
            }
            Event::TeammatesAdded(event) => team::teammates_added(company, event, &stamp),
            Event::TeammatesRemoved(event) => team::teammates_removed(company, event, &stamp),
            Event::CustomFieldCreated(event) => custom_field::created(company, event, &stamp),
            Event::CustomFieldDeleted(event) => custom_field::deleted(company, event, &stamp),
            Event::TokenCreated(event) => token::created(company, event, &stamp),
            Event::TokenRevoked(event) => token::revoked(company, event, &stamp),
            Event::InboxCreated(event) => inbox::created(company, event, &stamp),
            Event::ChannelCreated(event) => inbox::channel_created(company, event, &stamp),
            Event::ConversationCreated(event) => conversation::created(company, event, &stamp),
            Event::ConversationAssigned(event) => conversation::assigned(company, event, &stamp),
            Event::ConversationUnassigned(event) => conversation::unassigned(company, event, &stamp),
            Event::ConversationArchived(event) => conversation::archived(company, event, &stamp),
            Event::ConversationReopened(event) => conversation::reopened(company, event, &stamp),
            Event::MessageReceived(event) => conversation::message_received(company, event, &stamp),
            Event::MessageSent(event) => conversation::message_sent(company, event, &stamp),
            Event::WebhookCreated(event) => webhook::created(company, event, &stamp),
            Event::WebhookUpdated(event) => webhook::updated(company, event, &stamp),
            Event::WebhookDeleted(event) => webhook::deleted(company, event, &stamp),
            Event::WebhookSecretRotated(event) => webhook::secret_rotated(company, event, &stamp),
            Event::WebhookValidationRequested(event) => {
                webhook::validation_requested(company, event, &stamp);
            }
            Event::WebhookValidationSettled(event) => webhook::validation_settled(company, event, &stamp),
            Event::WebhookDisabled(event) => webhook::disabled(company, event, &stamp),
        }
        self.version = recorded.version;
        self.last_event_at = recorded.time;
    }
}

/// A company written out: what a snapshot holds, and what two states are compared by. The indexes are made again.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: CompanyId,
    name: CompanyName,
    slug: Slug,
    created_at: Timestamp,
    version: Version,
    last_event_at: Timestamp,
    settings: Settings,
    sso: Option<Sso>,
    counters: Counters,
    fields_changed: Version,
    fields: Vec<CustomField>,
    teams: Vec<Arc<Team>>,
    tokens: Vec<Arc<Token>>,
    teammates: Vec<Arc<Teammate>>,
    inboxes: Vec<Arc<Inbox>>,
    channels: Vec<Arc<Channel>>,
    conversations: Vec<Arc<Conversation>>,
    webhooks: Vec<Arc<Webhook>>,
}

/// The number of the form that [`Company::to_bytes`] writes; a snapshot in another form is not read.
pub const SNAPSHOT_FORM: u32 = 3;

impl Company {
    /// The state as bytes, the same for the same state.
    pub fn to_bytes(&self) -> Vec<u8> {
        let written = Written {
            id: self.id,
            name: self.name.clone(),
            slug: self.slug.clone(),
            created_at: self.created_at,
            version: self.version,
            last_event_at: self.last_event_at,
            settings: self.settings,
            sso: self.sso.clone(),
            counters: self.counters,
            fields_changed: self.fields_changed,
            fields: self.fields.values().cloned().collect(),
            teams: self.teams.values().cloned().collect(),
            tokens: self.tokens.values().cloned().collect(),
            teammates: self.teammates.values().cloned().collect(),
            inboxes: self.inboxes.values().cloned().collect(),
            channels: self.channels.values().cloned().collect(),
            conversations: self.conversations.values().cloned().collect(),
            webhooks: self.webhooks.values().cloned().collect(),
        };
        serde_json::to_vec(&written).expect("every part of a company has a JSON form")
    }

    /// Reads what [`Company::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let written: Written = serde_json::from_slice(bytes)?;
        let mut company = Self::unborn(written.id);
        company.name = written.name;
        company.slug = written.slug;
        company.created_at = written.created_at;
        company.version = written.version;
        company.last_event_at = written.last_event_at;
        company.settings = written.settings;
        company.sso = written.sso;
        company.counters = written.counters;
        company.fields_changed = written.fields_changed;
        company.fields = written.fields.into_iter().map(|field| (field.id, field)).collect();
        for token in written.tokens {
            company.token_by_digest.insert(token.digest, token.id);
            company.tokens.insert(token.id, token);
        }
        for team in written.teams {
            company.index_team(&team);
            company.teams.insert(team.id, team);
        }
        for teammate in written.teammates {
            company.index(&teammate);
            company.teammates.insert(teammate.id, teammate);
        }
        company.inboxes = written.inboxes.into_iter().map(|inbox| (inbox.id, inbox)).collect();
        company.webhooks = written.webhooks.into_iter().map(|webhook| (webhook.id, webhook)).collect();
        company.channels = written.channels.into_iter().map(|channel| (channel.id, channel)).collect();
        for conversation in written.conversations {
            company.index_conversation(&conversation);
            company.conversations.insert(conversation.id, conversation);
        }
        Ok(company)
    }

    /// Enters a teammate into every index and count.
    pub(crate) fn index(&mut self, teammate: &Teammate) {
        for other in teammate.kept().other_addresses(&teammate.email) {
            self.share_address(other, teammate.id);
        }
        self.by_email.insert(teammate.email.key(), teammate.id);
        self.by_username.insert(teammate.username.clone(), teammate.id);
        if let Some(user_name) = &teammate.kept().user_name {
            self.by_user_name.insert(EmailKey::folded(user_name.as_str()), teammate.id);
        }
        if let Some(external_id) = &teammate.kept().external_id {
            self.by_external_id.insert(external_id.clone(), teammate.id);
        }
        if let Invitation::Sent { digest, .. } | Invitation::Accepted { digest, .. } = teammate.invitation {
            self.by_invitation.insert(digest, teammate.id);
        }
        self.active_admins += u64::from(teammate.counts_as_admin());
        self.deprovisioned += usize::from(teammate.presence == Presence::Deprovisioned);
    }

    /// Enters into the indexes what differs between two states of a teammate.
    pub(crate) fn reindex(&mut self, before: &Teammate, after: &Teammate) {
        let id = after.id;
        if before.email != after.email || before.kept().emails != after.kept().emails {
            for other in before.kept().other_addresses(&before.email) {
                self.unshare_address(&other, id);
            }
            for other in after.kept().other_addresses(&after.email) {
                self.share_address(other, id);
            }
            self.by_email.remove(&before.email.key());
            self.by_email.insert(after.email.key(), id);
        }
        if before.username != after.username {
            self.by_username.remove(&before.username);
            self.by_username.insert(after.username.clone(), id);
        }
        let (was, is) = (&before.kept().user_name, &after.kept().user_name);
        if was != is {
            let key = |name: &UserName| EmailKey::folded(name.as_str());
            was.as_ref().map(|name| self.by_user_name.remove(&key(name)));
            is.as_ref().map(|name| self.by_user_name.insert(key(name), id));
        }
        let (was, is) = (&before.kept().external_id, &after.kept().external_id);
        if was != is {
            was.as_ref().map(|external_id| self.by_external_id.remove(external_id));
            is.as_ref().map(|external_id| self.by_external_id.insert(external_id.clone(), id));
        }
        self.active_admins -= u64::from(before.counts_as_admin());
        self.active_admins += u64::from(after.counts_as_admin());
        self.deprovisioned -= usize::from(before.presence == Presence::Deprovisioned);
        self.deprovisioned += usize::from(after.presence == Presence::Deprovisioned);
    }

    fn share_address(&mut self, address: EmailKey, with: TeammateId) {
        self.by_other_email.entry(address).or_default().insert(with);
    }

    fn unshare_address(&mut self, address: &EmailKey, with: TeammateId) {
        let Some(sharers) = self.by_other_email.get_mut(address) else { return };
        sharers.remove(&with);
        if sharers.is_empty() {
            self.by_other_email.remove(address);
        }
    }

    /// Enters a conversation into every index.
    pub(crate) fn index_conversation(&mut self, conversation: &Conversation) {
        let thread = (conversation.channel, conversation.thread.clone());
        self.by_thread.insert(thread, conversation.id);
        if let Some(assignee) = conversation.assignee {
            self.assigned.insert((assignee, conversation.id));
        }
    }

    /// Enters a team into every index.
    pub(crate) fn index_team(&mut self, team: &Team) {
        self.team_by_name.insert(team.name.folded(), team.id);
        if let Some(external_id) = &team.external_id {
            self.team_by_external_id.insert(external_id.clone(), team.id);
        }
    }
}
