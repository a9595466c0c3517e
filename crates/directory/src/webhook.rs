//! Webhook endpoints: who is told what, where, and whether they still are (`contract/events.md`, "Webhooks"). What was
//! sent and what came of it is no state of the company; only what is decided from it is.

use crate::company::Company;
use crate::event::Event;
use crate::id::{ChannelId, WebhookId};
use crate::occasion::{Occasion, Stamp, Timestamp, Version};
use crate::refusal::Refusal;
use crate::teammate::Change;
use crate::text::Note;
use crate::webhook_url::WebhookUrl;
use crate::word::Word;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

pub use crate::subscription::{Format, NotAFormat, NotAPattern, Pattern};
pub use crate::webhook_standing::{DisabledReason, Enablement, Validation, ValidationPolicy};

/// The most endpoints that a company may have.
pub const MAX_WEBHOOKS: usize = 100;
/// For how long the secret before a rotation still signs: 24 hours, in milliseconds.
pub const PREVIOUS_SECRET_MS: i64 = 24 * 60 * 60 * 1000;
/// How many secrets sign at most beside the present one.
pub const MAX_PREVIOUS_SECRETS: usize = 5;
/// How many of the last answers are told of an endpoint that was disabled.
pub const TOLD_ANSWERS: usize = 5;

/// What a secret is derived from, together with a key that the journal has: the secret itself is stored nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretSalt([u8; 32]);

impl SecretSalt {
    /// The salt with these bytes, which are random.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretSalt(…)")
    }
}

impl Serialize for SecretSalt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::secret::SecretDigest::new(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SecretSalt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(crate::secret::SecretDigest::deserialize(deserializer)?.bytes()))
    }
}

/// A secret that was replaced, and signs beside the new one for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousSecret {
    /// What it is derived from.
    pub salt: SecretSalt,
    /// Until when it signs.
    pub until: Timestamp,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where it is.
    pub url: WebhookUrl,
    /// What it expects of bodies.
    pub format: Format,
    /// Which events it wants; all, when there are none here.
    pub events: Box<[Pattern]>,
    /// The channel of whose conversations alone it is told.
    pub channel: Option<ChannelId>,
    /// For people.
    pub description: Note,
    /// Whether anything is sent to it.
    pub enablement: Enablement,
    /// It is told of what comes after this version.
    pub since: Version,
    /// When it was last enabled, or moved to another URL: what failed before does not count.
    pub enabled_at: Timestamp,
    /// Whether it must be validated.
    pub policy: ValidationPolicy,
    /// Whether it is.
    pub validation: Validation,
    /// What its secret is derived from.
    pub salt: SecretSalt,
    /// The secrets before that still may sign, the latest first.
    pub previous: Box<[PreviousSecret]>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The company's version when it last changed.
    pub revision: Version,
    /// When that was.
    pub updated_at: Timestamp,
}

impl Webhook {
    /// Whether anything is sent to it.
    pub fn is_enabled(&self) -> bool {
        self.enablement == Enablement::Enabled
    }

    /// Whether it is told of an event, by its word, its version, and the channel of the conversation that it is about.
    pub fn wants(&self, word: Word, version: Version, channel: Option<ChannelId>) -> bool {
        self.is_enabled()
            && !self.is_lost()
            && version > self.since
            && self.matches(word)
            && self.channel.is_none_or(|own| channel == Some(own))
    }

    /// Whether nothing is kept for it: it had to show that it is one, and did not.
    pub fn is_lost(&self) -> bool {
        self.policy == ValidationPolicy::Required && matches!(self.validation, Validation::Failed { .. })
    }

    /// Whether its patterns match a word.
    pub fn matches(&self, word: Word) -> bool {
        self.events.is_empty() || self.events.iter().any(|pattern| pattern.matches(word))
    }

    /// Whether it may be sent what it is to be told: not before it is validated, where it must be.
    pub fn may_be_sent(&self) -> bool {
        let is_awaited = self.policy == ValidationPolicy::Required
            && !matches!(self.validation, Validation::Validated { .. });
        self.is_enabled() && !is_awaited
    }

    /// What the secrets are derived from that sign at a moment, the present one first.
    pub fn salts(&self, now: Timestamp) -> Vec<SecretSalt> {
        let previous = self.previous.iter().filter(|previous| now < previous.until);
        std::iter::once(self.salt).chain(previous.map(|previous| previous.salt)).collect()
    }
}

/// Creates an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateWebhook {
    /// Where it is.
    pub url: WebhookUrl,
    /// What it expects of bodies.
    pub format: Format,
    /// Which events it wants; all, when there are none here.
    pub events: Vec<Pattern>,
    /// The channel of whose conversations alone it is told, as it was given.
    pub channel: Option<Box<str>>,
    /// For people.
    pub description: Note,
    /// Whether anything is sent to it from the beginning.
    pub is_enabled: bool,
    /// Whether it must be validated.
    pub policy: ValidationPolicy,
    /// What its secret is derived from.
    pub salt: SecretSalt,
}

/// Changes what is given of an endpoint, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateWebhook {
    /// Which, as it was given.
    pub webhook: Box<str>,
    /// The new place.
    pub url: Option<WebhookUrl>,
    /// What it expects of bodies from now on.
    pub format: Option<Format>,
    /// Which events it wants.
    pub events: Option<Vec<Pattern>>,
    /// The channel of whose conversations alone it is told; `Some(None)` for all.
    pub channel: Option<Option<Box<str>>>,
    /// For people.
    pub description: Option<Note>,
    /// Whether anything is sent to it.
    pub is_enabled: Option<bool>,
    /// Whether it must be validated.
    pub policy: Option<ValidationPolicy>,
}

impl UpdateWebhook {
    /// A change of nothing, to be filled in.
    pub fn of(webhook: &str) -> Self {
        Self {
            webhook: webhook.into(),
            url: None,
            format: None,
            events: None,
            channel: None,
            description: None,
            is_enabled: None,
            policy: None,
        }
    }
}

/// Deletes an endpoint, and with it what was to be sent to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteWebhook {
    /// Which, as it was given.
    pub webhook: Box<str>,
}

/// Gives an endpoint a new secret. The one before signs beside it for a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotateWebhookSecret {
    /// Which, as it was given.
    pub webhook: Box<str>,
    /// What the new secret is derived from.
    pub salt: SecretSalt,
}

/// Has an endpoint asked once more to show that it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestValidation {
    /// Which, as it was given.
    pub webhook: Box<str>,
}

/// Says what came of asking an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettleValidation {
    /// Which.
    pub webhook: WebhookId,
    /// Where it was asked: if it is elsewhere by now, this says nothing of it.
    pub url: WebhookUrl,
    /// What was wrong, if it did not answer as it must.
    pub fault: Option<Box<str>>,
}

/// Sends nothing to an endpoint any more, because of what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisableWebhook {
    /// Which.
    pub webhook: WebhookId,
    /// Why.
    pub reason: DisabledReason,
    /// When the first of the attempts failed after which nothing arrived any more.
    pub first_failure: Option<Timestamp>,
    /// The last answers, the newest first.
    pub last_answers: Vec<Box<str>>,
    /// Where that was: if it is elsewhere by now, this says nothing of it.
    pub url: WebhookUrl,
    /// It is disabled only if it was not enabled again after this version.
    pub seen: Version,
}

/// An endpoint was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookCreated {
    /// Which.
    pub webhook: WebhookId,
    /// Where it is.
    pub url: WebhookUrl,
    /// What it expects of bodies.
    pub format: Format,
    /// Which events it wants; all, when there are none here.
    pub events: Box<[Pattern]>,
    /// The channel of whose conversations alone it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    /// For people.
    pub description: Note,
    /// Whether anything is sent to it.
    pub is_enabled: bool,
    /// Whether it must be validated.
    pub policy: ValidationPolicy,
    /// What its secret is derived from.
    pub salt: SecretSalt,
}

/// An endpoint was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookUpdated {
    /// Which.
    pub webhook: WebhookId,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Change<WebhookUrl>>,
    /// What it expects of bodies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Change<Format>>,
    /// Which events it wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Change<Box<[Pattern]>>>,
    /// The channel of whose conversations alone it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Change<Option<ChannelId>>>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Change<Note>>,
    /// Whether anything is sent to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_enabled: Option<Change<bool>>,
    /// Whether it must be validated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Change<ValidationPolicy>>,
}

/// An endpoint was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookDeleted {
    /// Which.
    pub webhook: WebhookId,
}

/// An endpoint got a new secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSecretRotated {
    /// Which.
    pub webhook: WebhookId,
    /// What the new secret is derived from.
    pub salt: SecretSalt,
    /// Until when the one before signs too.
    #[serde(rename = "previous_until_ms")]
    pub previous_until: Timestamp,
}

/// An endpoint is asked once more to show that it is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookValidationRequested {
    /// Which.
    pub webhook: WebhookId,
}

/// An endpoint showed that it is one, or that it is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookValidationSettled {
    /// Which.
    pub webhook: WebhookId,
    /// What was wrong, if it did not answer as it must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Box<str>>,
}

/// Nothing is sent to an endpoint any more, because of what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookDisabled {
    /// Which.
    pub webhook: WebhookId,
    /// Why.
    pub reason: DisabledReason,
    /// When the first of the attempts failed after which nothing arrived any more.
    #[serde(rename = "first_failure_ms", default, skip_serializing_if = "Option::is_none")]
    pub first_failure: Option<Timestamp>,
    /// The last answers, the newest first.
    pub last_answers: Box<[Box<str>]>,
}

impl Company {
    /// The endpoint of a given id.
    pub fn find_webhook(&self, given: &str) -> Result<&Arc<Webhook>, Refusal> {
        let found = given.parse().ok().and_then(|id: WebhookId| self.webhooks.get(&id));
        found.ok_or_else(|| Refusal::UnknownWebhook { given: given.into() })
    }

    /// Whether there ever was an endpoint.
    pub fn ever_had_webhooks(&self) -> bool {
        self.counters.webhook > 0
    }

    /// Whether an endpoint is there or was.
    pub fn had_webhook(&self, webhook: WebhookId) -> bool {
        webhook.number() <= self.counters.webhook
    }

    fn find_channel_of(&self, given: Option<&str>) -> Result<Option<ChannelId>, Refusal> {
        given.map(|given| self.find_channel(given).map(|channel| channel.id)).transpose()
    }
}

fn in_order(mut patterns: Vec<Pattern>) -> Box<[Pattern]> {
    patterns.sort();
    patterns.dedup();
    if patterns.contains(&Pattern::All) { [].into() } else { patterns.into() }
}

pub(crate) fn create(company: &Company, command: &CreateWebhook) -> Result<Vec<Event>, Refusal> {
    if company.webhooks.len() >= MAX_WEBHOOKS {
        return Err(Refusal::TooMany { what: "webhooks", limit: MAX_WEBHOOKS });
    }
    let CreateWebhook { url, format, events, channel, description, is_enabled, policy, salt } =
        command.clone();
    Ok(vec![Event::WebhookCreated(WebhookCreated {
        webhook: WebhookId::new(company.counters.webhook + 1),
        url,
        format,
        events: in_order(events),
        channel: company.find_channel_of(channel.as_deref())?,
        description,
        is_enabled,
        policy,
        salt,
    })])
}

fn change<T: PartialEq + Clone>(from: &T, to: Option<&T>) -> Option<Change<T>> {
    crate::teammate::change(from, to)
}

pub(crate) fn update(company: &Company, command: &UpdateWebhook) -> Result<Vec<Event>, Refusal> {
    let webhook = company.find_webhook(&command.webhook)?;
    let channel = command.channel.as_ref().map(|given| company.find_channel_of(given.as_deref()));
    let channel = channel.transpose()?;
    let updated = WebhookUpdated {
        webhook: webhook.id,
        url: change(&webhook.url, command.url.as_ref()),
        format: change(&webhook.format, command.format.as_ref()),
        events: change(&webhook.events, command.events.clone().map(in_order).as_ref()),
        channel: change(&webhook.channel, channel.as_ref()),
        description: change(&webhook.description, command.description.as_ref()),
        is_enabled: change(&webhook.is_enabled(), command.is_enabled.as_ref()),
        policy: change(&webhook.policy, command.policy.as_ref()),
    };
    let nothing = WebhookUpdated {
        webhook: webhook.id,
        url: None,
        format: None,
        events: None,
        channel: None,
        description: None,
        is_enabled: None,
        policy: None,
    };
    Ok(if updated == nothing { vec![] } else { vec![Event::WebhookUpdated(updated)] })
}

pub(crate) fn delete(company: &Company, command: &DeleteWebhook) -> Result<Vec<Event>, Refusal> {
    let webhook = company.find_webhook(&command.webhook)?.id;
    Ok(vec![Event::WebhookDeleted(WebhookDeleted { webhook })])
}

pub(crate) fn rotate(
    company: &Company,
    command: &RotateWebhookSecret,
    occasion: &Occasion,
) -> Result<Vec<Event>, Refusal> {
    let webhook = company.find_webhook(&command.webhook)?.id;
    let previous_until = occasion.now.plus_ms(PREVIOUS_SECRET_MS);
    let rotated = WebhookSecretRotated { webhook, salt: command.salt, previous_until };
    Ok(vec![Event::WebhookSecretRotated(rotated)])
}

pub(crate) fn request_validation(
    company: &Company,
    command: &RequestValidation,
) -> Result<Vec<Event>, Refusal> {
    let webhook = company.find_webhook(&command.webhook)?.id;
    Ok(vec![Event::WebhookValidationRequested(WebhookValidationRequested { webhook })])
}

pub(crate) fn settle_validation(company: &Company, command: &SettleValidation) -> Vec<Event> {
    let is_asked = company
        .webhooks
        .get(&command.webhook)
        .is_some_and(|webhook| webhook.url == command.url && webhook.validation == Validation::Pending);
    let settled = WebhookValidationSettled { webhook: command.webhook, fault: command.fault.clone() };
    if is_asked { vec![Event::WebhookValidationSettled(settled)] } else { vec![] }
}

pub(crate) fn disable(company: &Company, command: &DisableWebhook) -> Vec<Event> {
    let found = company.webhooks.get(&command.webhook);
    let is_meant = found
        .is_some_and(|found| found.is_enabled() && found.since <= command.seen && found.url == command.url);
    let disabled = WebhookDisabled {
        webhook: command.webhook,
        reason: command.reason,
        first_failure: command.first_failure,
        last_answers: command.last_answers.iter().take(TOLD_ANSWERS).cloned().collect(),
    };
    if is_meant { vec![Event::WebhookDisabled(disabled)] } else { vec![] }
}

fn disabled_as_asked(at: Timestamp) -> Enablement {
    Enablement::Disabled { at, reason: DisabledReason::Asked, first_failure: None, last_answers: [].into() }
}

pub(crate) fn created(company: &mut Company, event: &WebhookCreated, stamp: &Stamp) {
    let WebhookCreated { webhook: id, url, format, events, channel, description, is_enabled, policy, salt } =
        event.clone();
    company.counters.webhook = company.counters.webhook.max(id.number());
    let webhook = Webhook {
        id,
        url,
        format,
        events,
        channel,
        description,
        enablement: if is_enabled { Enablement::Enabled } else { disabled_as_asked(stamp.time) },
        since: stamp.version,
        enabled_at: stamp.time,
        policy,
        validation: Validation::Pending,
        salt,
        previous: [].into(),
        created_at: stamp.time,
        revision: stamp.version,
        updated_at: stamp.time,
    };
    company.webhooks.insert(id, Arc::new(webhook));
}

pub(crate) fn updated(company: &mut Company, event: &WebhookUpdated, stamp: &Stamp) {
    let WebhookUpdated { webhook, url, format, events, channel, description, is_enabled, policy } =
        event.clone();
    alter(company, webhook, stamp, |webhook| {
        if url.is_some() {
            await_validation(webhook, stamp);
            webhook.enabled_at = stamp.time;
        }
        take(&mut webhook.url, url);
        take(&mut webhook.format, format);
        take(&mut webhook.events, events);
        take(&mut webhook.channel, channel);
        take(&mut webhook.description, description);
        take(&mut webhook.policy, policy);
        match is_enabled.map(|change| change.to) {
            Some(true) => {
                webhook.enablement = Enablement::Enabled;
                (webhook.since, webhook.enabled_at) = (stamp.version, stamp.time);
            }
            Some(false) => webhook.enablement = disabled_as_asked(stamp.time),
            None => {}
        }
    });
}

fn take<T>(field: &mut T, change: Option<Change<T>>) {
    if let Some(change) = change {
        *field = change.to;
    }
}

pub(crate) fn deleted(company: &mut Company, event: &WebhookDeleted, _: &Stamp) {
    company.webhooks.remove(&event.webhook);
}

pub(crate) fn secret_rotated(company: &mut Company, event: &WebhookSecretRotated, stamp: &Stamp) {
    let WebhookSecretRotated { webhook, salt, previous_until } = event.clone();
    alter(company, webhook, stamp, |webhook| {
        let still = webhook.previous.iter().filter(|previous| stamp.time < previous.until).copied();
        let latest = PreviousSecret { salt: webhook.salt, until: previous_until };
        webhook.previous = std::iter::once(latest).chain(still).take(MAX_PREVIOUS_SECRETS).collect();
        webhook.salt = salt;
    });
}

pub(crate) fn validation_requested(company: &mut Company, event: &WebhookValidationRequested, stamp: &Stamp) {
    alter(company, event.webhook, stamp, |webhook| await_validation(webhook, stamp));
}

/// Whoever was lost because it failed is told of what comes from now on.
fn await_validation(webhook: &mut Webhook, stamp: &Stamp) {
    if webhook.is_lost() {
        webhook.since = stamp.version;
    }
    webhook.validation = Validation::Pending;
}

pub(crate) fn validation_settled(company: &mut Company, event: &WebhookValidationSettled, stamp: &Stamp) {
    let at = stamp.time;
    alter(company, event.webhook, stamp, |webhook| {
        webhook.validation = match event.fault.clone() {
            Some(reason) => Validation::Failed { at, reason },
            None => Validation::Validated { at },
        };
    });
}

pub(crate) fn disabled(company: &mut Company, event: &WebhookDisabled, stamp: &Stamp) {
    let WebhookDisabled { webhook, reason, first_failure, last_answers } = event.clone();
    alter(company, webhook, stamp, |webhook| {
        webhook.enablement = Enablement::Disabled { at: stamp.time, reason, first_failure, last_answers };
    });
}

fn alter(company: &mut Company, id: WebhookId, stamp: &Stamp, change: impl FnOnce(&mut Webhook)) {
    if let Some(webhook) = company.webhooks.get_mut(&id) {
        let webhook = Arc::make_mut(webhook);
        change(webhook);
        webhook.revision = stamp.version;
        webhook.updated_at = stamp.time;
    }
}
