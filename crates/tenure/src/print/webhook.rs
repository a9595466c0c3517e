//! How webhooks, and what was sent to them, are printed for people.

use super::{pairs, table};
use tenure_directory::text::repeated;
use tenure_server::operator::{
    AttemptDetails, DeliveryDetails, HealthDetails, NewWebhook, PingDetails, Sending, ValidationDetails,
    WebhookDetails,
};

/// How much of an answer is shown, in characters.
const ANSWER_SHOWN: usize = 200;

/// A webhook with all that is known of it.
pub(super) fn details(webhook: &WebhookDetails) -> String {
    let WebhookDetails {
        id,
        url,
        format,
        events,
        channel_id,
        description,
        is_enabled: _,
        disabled,
        require_validation,
        validation,
        previous_secret_until,
        created_at,
        updated_at,
        health,
    } = webhook;
    let required = if *require_validation { " (required)" } else { "" };
    let mut lines = vec![
        ("url", url.clone()),
        ("format", format.clone()),
        ("events", events.join(", ")),
        ("channel", channel_id.clone().unwrap_or_else(|| "all".to_owned())),
        ("description", description.clone()),
        ("state", state(webhook)),
        ("validation", format!("{}{required}", in_words(validation))),
        ("created", created_at.clone()),
        ("changed", updated_at.clone()),
    ];
    lines.extend(previous_secret_until.iter().map(|until| ("old secret", format!("signs until {until}"))));
    if let Some(disabled) = disabled {
        lines.extend(disabled.first_failure_at.iter().map(|at| ("first failure", at.clone())));
        lines.extend(disabled.last_answers.iter().map(|answer| ("answer", shown(answer))));
    }
    lines.extend(health.iter().flat_map(fares));
    lines.retain(|(_, value)| !value.is_empty());
    format!("webhook {id}\n{}", pairs(&lines))
}

fn fares(health: &HealthDetails) -> Vec<(&'static str, String)> {
    let HealthDetails { pending, failed, failing_since, last_success_at, last_attempts } = health;
    let mut lines = vec![("deliveries", format!("{pending} pending, {failed} given up"))];
    lines.push(("last success", last_success_at.clone().unwrap_or_else(|| "never".to_owned())));
    lines.extend(failing_since.iter().map(|since| ("failing since", since.clone())));
    lines.extend(last_attempts.iter().map(|attempt| ("attempt", attempt_line(attempt))));
    lines
}

fn state(webhook: &WebhookDetails) -> String {
    match &webhook.disabled {
        Some(disabled) => format!("disabled {}: {}", disabled.at, disabled.message),
        None => "enabled".to_owned(),
    }
}

fn in_words(validation: &ValidationDetails) -> String {
    let ValidationDetails { status, at, message } = validation;
    match (status.as_str(), at, message) {
        ("pending", _, _) => "pending: a running server asks the endpoint for its challenge".to_owned(),
        (status, Some(at), Some(message)) => format!("{status} {at}: {}", shown(message)),
        (status, Some(at), None) => format!("{status} {at}"),
        (status, None, _) => status.to_owned(),
    }
}

/// What came from outside, on one line and not too much of it.
fn shown(text: &str) -> String {
    let shown = repeated(text);
    let end = shown.char_indices().nth(ANSWER_SHOWN).map(|(end, _)| end);
    match end {
        Some(end) => format!("{}…", &shown[..end]),
        None => shown,
    }
}

fn answered(status: Option<u16>, error: Option<&str>, response: &str) -> String {
    match (status, error) {
        (Some(status), _) if response.is_empty() => format!("status {status}"),
        (Some(status), _) => format!("status {status}: {}", shown(response)),
        (None, Some(error)) => shown(error),
        (None, None) => "no answer".to_owned(),
    }
}

fn attempt_line(attempt: &AttemptDetails) -> String {
    let AttemptDetails { time, status, latency_ms, error, response } = attempt;
    format!("{time} ({latency_ms} ms) {}", answered(*status, error.as_deref(), response))
}

pub(super) fn table_of(webhooks: &[WebhookDetails]) -> String {
    let row = |webhook: &WebhookDetails| {
        let is_enabled = if webhook.is_enabled { "enabled" } else { "disabled" };
        let validation = webhook.validation.status.clone();
        vec![
            webhook.id.clone(),
            is_enabled.to_owned(),
            validation,
            webhook.format.clone(),
            webhook.events.join(", "),
            webhook.url.clone(),
        ]
    };
    let headers = ["ID", "STATE", "VALIDATION", "FORMAT", "EVENTS", "URL"];
    let none = "There is no webhook yet. Create one: tenure webhook create --url URL";
    table(&headers, webhooks.iter().map(row), none)
}

/// A webhook with its new secret.
pub(super) fn new(new: &NewWebhook, done: &str) -> String {
    let NewWebhook { secret, details } = new;
    let mut lines = vec![("url", details.url.clone())];
    lines.push(("validation", in_words(&details.validation)));
    let until = &details.previous_secret_until;
    lines.extend(until.iter().map(|until| ("old secret", format!("signs until {until}"))));
    format!(
        "webhook {} was {done}. This is its secret; it is never shown again:\n\n  {secret}\n\n{}",
        details.id,
        pairs(&lines)
    )
}

pub(super) fn pinged(pinged: &PingDetails) -> String {
    let PingDetails { id, delivered: _, status, latency_ms, error, response } = pinged;
    format!("webhook {id} ({latency_ms} ms): {}\n", answered(*status, error.as_deref(), response))
}

/// A delivery with its attempts.
pub(super) fn delivery(delivery: &DeliveryDetails) -> String {
    let DeliveryDetails {
        id,
        sequence,
        event_id,
        webhook_id,
        status,
        tries,
        created_at,
        next_attempt_at,
        attempts,
    } = delivery;
    let mut lines = vec![
        ("status", status.clone()),
        ("event", event_id.clone()),
        ("sequence", sequence.to_string()),
        ("webhook-id", webhook_id.clone()),
        ("created", created_at.clone()),
        ("tries", tries.to_string()),
    ];
    lines.extend(next_attempt_at.iter().map(|at| ("next try", at.clone())));
    lines.extend(attempts.iter().flatten().map(|attempt| ("attempt", attempt_line(attempt))));
    format!("delivery {id}\n{}", pairs(&lines))
}

pub(super) fn deliveries(deliveries: &[DeliveryDetails]) -> String {
    let row = |delivery: &DeliveryDetails| {
        vec![
            delivery.id.clone(),
            delivery.event_id.clone(),
            delivery.status.clone(),
            delivery.tries.to_string(),
            delivery.created_at.clone(),
            delivery.next_attempt_at.clone().unwrap_or_default(),
        ]
    };
    let headers = ["ID", "EVENT", "STATUS", "TRIES", "CREATED", "NEXT TRY"];
    table(&headers, deliveries.iter().map(row), "There is no such delivery.")
}

/// How much is sent.
pub(super) fn sending(sending: &Sending, done: &str) -> String {
    let Sending { id, deliveries } = sending;
    match deliveries {
        0 => format!("nothing is {done} to webhook {id}\n"),
        1 => format!("1 delivery is {done} to webhook {id}\n"),
        several => format!("{several} deliveries are {done} to webhook {id}\n"),
    }
}
