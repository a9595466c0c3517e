//! One worker for each endpoint: it sends what is due, a few at once, and waits for nobody else's endpoint.

use crate::under_way::UnderWay;
use crate::webhook::post::{Answer, PostError};
use crate::webhook::request::call_of;
use crate::webhook::schedule::{NO_SUCCESS_MS, OVERLOADED_MS, Verdict, verdict};
use crate::webhook::{Inner, latency_ms};
use std::sync::Arc;
use std::time::Duration;
use tenure_directory::webhook::{DisableWebhook, DisabledReason, TOLD_ANSWERS, Webhook};
use tenure_directory::{Actor, Command, Company, CompanyId, Timestamp, WebhookId};
use tenure_engine::Health;
use tenure_journal::{Attempt, Attempted, Delivery, Endpoint, JournalError, Outcome};
use tokio::sync::Notify;

/// How many deliveries to one endpoint are under way at once; within a lane, one.
const AT_ONCE: usize = 16;
/// The longest that a worker sleeps, since the clock that deliveries are due by may be set.
const NAP: Duration = Duration::from_mins(1);
/// How long is waited before what failed is recorded again.
const AGAIN: Duration = Duration::from_secs(5);
/// How much of an answer's body is kept, in octets.
const ANSWER_KEPT: usize = 1024;

/// Sends to an endpoint until it is no more.
pub(crate) async fn work(inner: Arc<Inner>, endpoint: Endpoint, wake: Arc<Notify>) {
    let mut under_way = UnderWay::new("a delivery", AT_ONCE);
    loop {
        if inner.engine.health() == Health::Failed {
            // Nothing can be recorded any more, and what is not recorded would be sent again and again.
            return std::future::pending().await;
        }
        let woken = wake.notified();
        let next = match start_due(&inner, endpoint, &mut under_way).await {
            Ok(Next::Gone) if under_way.is_empty() => {
                // Should anything have been stored for it after it was deleted.
                if let Err(error) = inner.engine.journal().delivery_log().forget_endpoint(endpoint).await {
                    tracing::warn!(%error, "what was to be sent to a deleted webhook cannot be forgotten yet");
                }
                return;
            }
            Ok(Next::Gone) => None,
            Ok(Next::At(next)) => next,
            Err(error) => {
                tracing::error!(%error, "webhooks cannot be sent; trying again");
                Some(inner.engine.now().plus_ms(5000))
            }
        };
        let nap = next.map_or(NAP, |next| {
            let wait = next.as_ms() - inner.engine.now().as_ms();
            Duration::from_millis(u64::try_from(wait).unwrap_or_default()).min(NAP)
        });
        tokio::select! {
            () = under_way.ended() => {}
            () = woken => {}
            () = tokio::time::sleep(nap) => {}
        }
    }
}

enum Next {
    /// The endpoint is no more.
    Gone,
    /// Nothing is to be done before then; or before something happens.
    At(Option<Timestamp>),
}

async fn start_due(
    inner: &Arc<Inner>,
    endpoint: Endpoint,
    under_way: &mut UnderWay<u64>,
) -> Result<Next, String> {
    let id = CompanyId::new(endpoint.stream.0);
    let company = inner.engine.company(id).await.map_err(|error| error.to_string())?;
    let Some(company) = company else { return Ok(Next::At(None)) };
    let webhook = company.webhooks.get(&WebhookId::new(endpoint.number));
    let Some(webhook) = webhook.cloned() else {
        // One that was never seen here is still to be published.
        let was_there = company.had_webhook(WebhookId::new(endpoint.number));
        return Ok(if was_there { Next::Gone } else { Next::At(None) });
    };
    if !webhook.may_be_sent() || under_way.is_full() {
        return Ok(Next::At(None));
    }
    let log = inner.engine.journal().delivery_log();
    let now = inner.engine.now().as_ms();
    let told = |error: JournalError| error.to_string();
    let due = log.due_deliveries(endpoint, now, under_way.looked_at()).await.map_err(told)?;
    for delivery in due {
        if under_way.is_full() {
            break;
        }
        let sequence = delivery.sequence;
        let attempt = attempt(Arc::clone(inner), Arc::clone(&company), Arc::clone(&webhook), delivery);
        under_way.start(sequence, attempt);
    }
    if !under_way.is_empty() {
        // Whatever is due next is looked for when one of these has ended.
        return Ok(Next::At(None));
    }
    let next = log.next_delivery(endpoint).await.map_err(told)?;
    Ok(Next::At(next.map(Timestamp::from_ms)))
}

/// What came of an attempt, in a few words.
fn in_words(outcome: &Result<Answer, PostError>) -> (Option<u16>, Option<String>, String) {
    match outcome {
        Ok(answer) => {
            let kept = &answer.body[..answer.body.len().min(ANSWER_KEPT)];
            // SQLite's text ends at a zero for some who read it.
            (Some(answer.status), None, String::from_utf8_lossy(kept).replace('\0', "\u{FFFD}"))
        }
        Err(error) => (None, Some(error.to_string()), String::new()),
    }
}

async fn attempt(inner: Arc<Inner>, company: Arc<Company>, webhook: Arc<Webhook>, delivery: Delivery) {
    let now = inner.engine.now();
    let keys = inner.keys_of(company.id, &webhook, now);
    let call = call_of(company.id, &webhook, &delivery, &keys, now);
    let began = tokio::time::Instant::now();
    let outcome = inner.post.post(call).await;
    let (status, fault, answer) = in_words(&outcome);
    let attempt = Attempt { time_ms: now.as_ms(), latency_ms: latency_ms(began), status, fault, answer };
    let [random] = [u64::from_le_bytes(inner.engine.random())];
    let verdict = verdict(&outcome, delivery.tries, random);
    metrics::counter!("tenure_webhook_attempts_total", "outcome" => name_of(verdict)).increment(1);
    let ended = inner.engine.now();
    let mut outcome = match verdict {
        Verdict::Delivered => Outcome::Delivered,
        Verdict::Retry { wait_ms } => Outcome::Retry { due_ms: ended.plus_ms(wait_ms).as_ms() },
        Verdict::Gone | Verdict::GivenUp => Outcome::GivenUp,
    };
    // Before it is recorded: a crash in between leaves it to be sent again, and not an endpoint that nobody knows of.
    if let Err(error) = disable_if_due(&inner, &company, &webhook, &delivery, verdict, &attempt).await {
        tracing::error!(error, company = %company.id, webhook = %webhook.id, "a webhook could not be disabled");
        if outcome == Outcome::GivenUp {
            outcome = Outcome::Retry { due_ms: ended.plus_ms(OVERLOADED_MS).as_ms() };
        }
    }
    let (endpoint, sequence) = (delivery.endpoint, delivery.sequence);
    record(&inner, Attempted { endpoint, sequence, attempt, outcome }).await;
}

/// Records an attempt, however long that takes: what arrived must not be sent again only because the disk is full.
async fn record(inner: &Inner, attempted: Attempted) {
    while let Err(error) = inner.recorder.record(attempted.clone()).await {
        tracing::error!(error, "an attempt at a webhook cannot be recorded; trying again");
        if inner.engine.health() == Health::Failed {
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

const fn name_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Delivered => "delivered",
        Verdict::Retry { .. } => "retry",
        Verdict::GivenUp => "given_up",
        Verdict::Gone => "gone",
    }
}

async fn disable_if_due(
    inner: &Inner,
    company: &Company,
    webhook: &Webhook,
    delivery: &Delivery,
    verdict: Verdict,
    attempt: &Attempt,
) -> Result<(), String> {
    if verdict == Verdict::Delivered {
        return Ok(());
    }
    let log = inner.engine.journal().delivery_log();
    let told = |error: JournalError| error.to_string();
    let failing_since = log.failing_since(delivery.endpoint).await.map_err(told)?.unwrap_or(attempt.time_ms);
    // What failed before it was enabled again does not count.
    let failing_since = failing_since.max(webhook.enabled_at.as_ms());
    let reason = match verdict {
        Verdict::Gone => DisabledReason::Gone,
        Verdict::GivenUp => DisabledReason::AttemptsExhausted,
        Verdict::Retry { .. } if attempt.time_ms - failing_since >= NO_SUCCESS_MS => {
            DisabledReason::NoSuccess
        }
        Verdict::Retry { .. } | Verdict::Delivered => return Ok(()),
    };
    let last = log.endpoint_health(delivery.endpoint).await.map_err(told)?.last_attempts;
    let answers = std::iter::once(attempt).chain(&last);
    // So early that a recovery from then on finds this delivery too, unless it is an old one that was asked for again.
    let created = Some(delivery.created_ms).filter(|created| *created >= webhook.enabled_at.as_ms());
    let first_failure = Timestamp::from_ms(created.map_or(failing_since, |at| failing_since.min(at)));
    let command = DisableWebhook {
        webhook: webhook.id,
        reason,
        first_failure: Some(first_failure),
        last_answers: answers.take(TOLD_ANSWERS).map(told_answer).collect(),
        url: webhook.url.clone(),
        seen: company.version,
    };
    let told = inner.engine.tell(company.id, Command::DisableWebhook(command), Actor::Webhooks).await;
    told.map_err(|error| error.to_string())
}

/// An answer in a line, as people are told of it.
fn told_answer(attempt: &Attempt) -> Box<str> {
    let said: String = attempt.answer.chars().filter(|character| !character.is_control()).take(120).collect();
    let what = match (attempt.status, &attempt.fault) {
        (Some(status), _) if said.is_empty() => format!("status {status}"),
        (Some(status), _) => format!("status {status}: {said}"),
        (None, Some(fault)) => fault.clone(),
        (None, None) => "no answer".to_owned(),
    };
    what.into()
}
