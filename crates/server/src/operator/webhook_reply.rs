//! What operators get about webhooks: the objects that `--output json` prints.

use crate::moment::iso;
use serde::{Deserialize, Serialize};
use std::fmt;
use tenure_delivery::webhook::Pinged;
use tenure_delivery::webhook::request::message_id;
use tenure_directory::webhook::{Enablement, Validation, ValidationPolicy, Webhook};
use tenure_directory::{CompanyId, DeliveryId, EventId, Timestamp, WebhookId};
use tenure_journal::{Attempt, Delivery, DeliveryStatus, EndpointHealth};

fn moment(ms: i64) -> String {
    iso(Timestamp::from_ms(ms))
}

/// A webhook, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDetails {
    /// Its id.
    pub id: String,
    /// Where it is.
    pub url: String,
    /// `event`, `front-application` or `front-rule`.
    pub format: String,
    /// Which events it is told of.
    pub events: Vec<String>,
    /// The channel of whose conversations alone it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// For people.
    pub description: String,
    /// Whether anything is sent to it.
    pub is_enabled: bool,
    /// Why nothing is sent to it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<DisabledDetails>,
    /// Whether nothing is sent to it before it is validated.
    pub require_validation: bool,
    /// Whether it has shown that it is an endpoint.
    pub validation: ValidationDetails,
    /// When the secret before stops signing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_secret_until: Option<String>,
    /// When it was created.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// How it fares; only of one that is shown by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthDetails>,
}

/// Why nothing is sent to a webhook any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisabledDetails {
    /// Since when.
    pub at: String,
    /// `asked`, `gone`, `attempts_exhausted` or `no_success`.
    pub reason: String,
    /// The reason in words.
    pub message: String,
    /// When the first of the attempts failed after which nothing arrived any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_failure_at: Option<String>,
    /// The last answers, the newest first.
    pub last_answers: Vec<String>,
}

/// Whether a webhook has shown that it is an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationDetails {
    /// `pending`, `validated` or `failed`.
    pub status: String,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// How a webhook fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthDetails {
    /// How many deliveries are pending.
    pub pending: u64,
    /// How many were given up.
    pub failed: u64,
    /// Since when every attempt has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<String>,
    /// When an attempt last succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success_at: Option<String>,
    /// The last attempts, the newest first.
    pub last_attempts: Vec<AttemptDetails>,
}

fn disabled(enablement: &Enablement) -> Option<DisabledDetails> {
    match enablement {
        Enablement::Enabled => None,
        Enablement::Disabled { at, reason, first_failure, last_answers } => Some(DisabledDetails {
            at: iso(*at),
            reason: reason.name().to_owned(),
            message: reason.in_words().to_owned(),
            first_failure_at: first_failure.map(iso),
            last_answers: last_answers.iter().map(ToString::to_string).collect(),
        }),
    }
}

impl From<&Validation> for ValidationDetails {
    fn from(validation: &Validation) -> Self {
        let (status, at, message) = match validation {
            Validation::Pending => ("pending", None, None),
            Validation::Validated { at } => ("validated", Some(*at), None),
            Validation::Failed { at, reason } => ("failed", Some(*at), Some(reason.to_string())),
        };
        Self { status: status.to_owned(), at: at.map(iso), message }
    }
}

impl From<&Webhook> for WebhookDetails {
    fn from(webhook: &Webhook) -> Self {
        let Webhook {
            id,
            url,
            format,
            events,
            channel,
            description,
            enablement,
            since: _,
            enabled_at: _,
            policy,
            validation,
            salt: _,
            previous,
            created_at,
            revision: _,
            updated_at,
        } = webhook;
        let all = events.is_empty().then(|| "*".to_owned());
        Self {
            id: id.to_string(),
            url: url.as_str().to_owned(),
            format: format.name().to_owned(),
            events: all.into_iter().chain(events.iter().map(ToString::to_string)).collect(),
            channel_id: channel.map(|channel| channel.to_string()),
            description: description.to_string(),
            is_enabled: *enablement == Enablement::Enabled,
            disabled: disabled(enablement),
            require_validation: *policy == ValidationPolicy::Required,
            validation: validation.into(),
            previous_secret_until: previous.first().map(|previous| iso(previous.until)),
            created_at: iso(*created_at),
            updated_at: iso(*updated_at),
            health: None,
        }
    }
}

impl From<EndpointHealth> for HealthDetails {
    fn from(health: EndpointHealth) -> Self {
        let EndpointHealth { pending, failed, failing_since_ms, last_success_ms, last_attempts } = health;
        Self {
            pending,
            failed,
            failing_since: failing_since_ms.map(moment),
            last_success_at: last_success_ms.map(moment),
            last_attempts: last_attempts.into_iter().map(AttemptDetails::from).collect(),
        }
    }
}

/// A webhook with a new secret. Its text is here and nowhere else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewWebhook {
    /// The secret.
    pub secret: String,
    /// Everything else about it.
    #[serde(flatten)]
    pub details: WebhookDetails,
}

impl fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWebhook").field("id", &self.details.id).finish_non_exhaustive()
    }
}

/// What came of a ping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PingDetails {
    /// The webhook.
    pub id: String,
    /// Whether the endpoint took it.
    pub delivered: bool,
    /// The status of its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u32,
    /// What went wrong, where there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The beginning of its answer.
    pub response: String,
}

impl PingDetails {
    pub(crate) fn of(webhook: WebhookId, pinged: Pinged) -> Self {
        let Pinged { is_delivered, status, latency_ms, fault, answer } = pinged;
        Self {
            id: webhook.to_string(),
            delivered: is_delivered,
            status,
            latency_ms,
            error: fault,
            response: answer,
        }
    }
}

/// Something that was sent to a webhook, or is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryDetails {
    /// Its id.
    pub id: String,
    /// Its place among the deliveries to the webhook, from 1.
    pub sequence: u64,
    /// The event that it tells of.
    pub event_id: String,
    /// What the endpoint tells it by (`webhook-id`).
    pub webhook_id: String,
    /// `pending`, `delivered` or `failed`.
    pub status: String,
    /// How often it was tried since it was enqueued or asked for again.
    pub tries: u32,
    /// When it was enqueued.
    pub created_at: String,
    /// When it is tried next; absent when it is not pending, or waits behind another about the same thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
    /// Every attempt, the oldest first; only of one that is shown by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<Vec<AttemptDetails>>,
}

impl DeliveryDetails {
    pub(crate) fn of(
        company: CompanyId,
        webhook: WebhookId,
        delivery: &Delivery,
        attempts: Option<Vec<Attempt>>,
    ) -> Self {
        let Delivery {
            endpoint: _,
            sequence,
            event,
            lane: _,
            form: _,
            body: _,
            status,
            due_ms,
            tries,
            created_ms,
        } = delivery;
        let event = EventId::new(event.0);
        Self {
            id: DeliveryId::new(*sequence).to_string(),
            sequence: *sequence,
            event_id: event.to_string(),
            webhook_id: message_id(company, webhook, event),
            status: name_of(*status).to_owned(),
            tries: *tries,
            created_at: moment(*created_ms),
            next_attempt_at: due_ms.map(moment),
            attempts: attempts.map(|attempts| attempts.into_iter().map(AttemptDetails::from).collect()),
        }
    }
}

const fn name_of(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Failed => "failed",
    }
}

/// Reads the name of a status.
pub(crate) fn status_of(name: &str) -> Option<DeliveryStatus> {
    let all = [DeliveryStatus::Pending, DeliveryStatus::Delivered, DeliveryStatus::Failed];
    all.into_iter().find(|status| name_of(*status) == name)
}

/// One attempt at a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptDetails {
    /// When it began.
    pub time: String,
    /// The status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u32,
    /// What went wrong, where there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The beginning of the answer.
    pub response: String,
}

impl From<Attempt> for AttemptDetails {
    fn from(attempt: Attempt) -> Self {
        let Attempt { time_ms, latency_ms, status, fault, answer } = attempt;
        Self { time: moment(time_ms), status, latency_ms, error: fault, response: answer }
    }
}

/// How much is sent to a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    /// The webhook.
    pub id: String,
    /// How many deliveries.
    pub deliveries: u64,
}
