//! `/webhooks/{id}/deliveries`: what was sent to an endpoint, what came of it, and sending it once more.

use crate::http::body::read_json;
use crate::http::problem::Problem;
use crate::rest::access::{Authorized, PathId, WebhooksRead, WebhooksWrite};
use crate::rest::app::App;
use crate::rest::error::{ErrorBody, RestError};
use crate::rest::form::Form;
use crate::rest::list::{DEFAULT_LIMIT, List, PageRequest, Query, SelfLink, bad_query};
use crate::rest::me::{EpochSeconds, epoch_seconds};
use crate::rest::view::{json, ok, tagged_by_content, to_json};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tenure_directory::text::repeated;
use tenure_directory::webhook::Webhook;
use tenure_directory::{Company, DeliveryId, EventId, Timestamp, WebhookId};
use tenure_engine::ReadError;
use tenure_journal::{Again, Attempt, Delivery, DeliveryPage, DeliveryStatus, JournalError};
use utoipa::ToSchema;

/// Something that was sent to an endpoint, or is to be.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryRepresentation {
    #[serde(rename = "_links")]
    links: SelfLink,
    /// Its id.
    id: String,
    /// Its place among the deliveries to the endpoint, from 1.
    sequence: u64,
    /// The event that it tells of.
    event_id: String,
    /// What the endpoint tells it by (`webhook-id`).
    webhook_id: String,
    /// `pending`, `delivered` or `failed`.
    status: &'static str,
    /// When it was enqueued, in epoch seconds.
    created_at: EpochSeconds,
    /// When it is tried next, in epoch seconds; `null` when it is not pending, or waits behind another about the same thing.
    #[schema(required)]
    next_attempt_at: Option<EpochSeconds>,
    /// Every attempt, the oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<AttemptRepresentation>>,
}

/// One attempt at a delivery.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttemptRepresentation {
    /// When it began, in epoch seconds.
    time: EpochSeconds,
    /// The status of the answer.
    #[schema(required)]
    status: Option<u16>,
    /// How long it took, in milliseconds.
    latency_ms: u32,
    /// What went wrong, where there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The first 1,024 octets of the answer.
    response: String,
}

const fn name_of(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Failed => "failed",
    }
}

fn represent(
    base: &str,
    company: &Company,
    webhook: WebhookId,
    delivery: &Delivery,
    attempts: Option<Vec<Attempt>>,
) -> DeliveryRepresentation {
    let Delivery {
        endpoint: _,
        sequence,
        event,
        lane: _,
        form: _,
        body: _,
        status,
        due_ms,
        tries: _,
        created_ms,
    } = delivery;
    let (id, event) = (DeliveryId::new(*sequence), EventId::new(event.0));
    let seconds = |ms: i64| epoch_seconds(Timestamp::from_ms(ms));
    let attempt = |attempt: Attempt| AttemptRepresentation {
        time: seconds(attempt.time_ms),
        status: attempt.status,
        latency_ms: attempt.latency_ms,
        error: attempt.fault,
        response: attempt.answer,
    };
    DeliveryRepresentation {
        links: SelfLink { own: format!("{base}/webhooks/{webhook}/deliveries/{id}") },
        id: id.to_string(),
        sequence: *sequence,
        event_id: event.to_string(),
        webhook_id: tenure_delivery::webhook::request::message_id(company.id, webhook, event),
        status: name_of(*status),
        created_at: seconds(*created_ms),
        next_attempt_at: due_ms.map(seconds),
        attempts: attempts.map(|attempts| attempts.into_iter().map(attempt).collect()),
    }
}

fn status_wanted(query: &Query) -> Result<Option<DeliveryStatus>, Problem> {
    match query.one("status")? {
        None => Ok(None),
        Some("pending") => Ok(Some(DeliveryStatus::Pending)),
        Some("delivered") => Ok(Some(DeliveryStatus::Delivered)),
        Some("failed") => Ok(Some(DeliveryStatus::Failed)),
        Some(_) => Err(bad_query("status", "must be one of: pending, delivered, failed")),
    }
}

fn failed(error: JournalError) -> RestError {
    ReadError::from(error).into()
}

/// List a webhook's deliveries
///
/// The newest first. They are kept for 30 days.
#[utoipa::path(get, path = "/webhooks/{webhook_id}/deliveries", tag = "Webhooks", operation_id = "list_webhook_deliveries", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "`whk_…`"), ("status" = Option<String>, Query, description = "`pending`, `delivered` or `failed`"), ("limit" = Option<u8>, Query, description = "1 to 100; 50, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query)),
    responses((status = 200, body = List<DeliveryRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksRead>,
    webhook: PathId,
    query: Query,
) -> Result<Response, RestError> {
    let company = &caller.company;
    let webhook = company.find_webhook(&webhook.0)?;
    let path = format!("/webhooks/{}/deliveries", webhook.id);
    let page = PageRequest::read_chosen(&app, company.id, path, &query, Some(DEFAULT_LIMIT), &["status"])?;
    let status = status_wanted(&query)?;
    let part = DeliveryPage { before: page.before(), status, limit: page.length() + 1 };
    let deliveries = app.webhooks.deliveries(company, webhook, part).await.map_err(failed)?;
    let numbered = deliveries.iter().map(|delivery| (delivery.sequence, delivery));
    Ok(ok(&page
        .page(&app, numbered, |delivery| represent(&app.public_url, company, webhook.id, delivery, None))))
}

/// The endpoint and the delivery that a path names.
struct Named {
    webhook: Arc<Webhook>,
    delivery: Delivery,
    attempts: Vec<Attempt>,
}

async fn named(app: &App, company: &Company, (webhook, given): (String, String)) -> Result<Named, RestError> {
    let webhook = Arc::clone(company.find_webhook(&webhook)?);
    let unknown = || {
        let message = format!("Unknown delivery ID {}", repeated(&given));
        RestError::from(Problem::new(StatusCode::NOT_FOUND, "delivery.unknown", message))
    };
    let id: DeliveryId = given.parse().map_err(|_| unknown())?;
    let found = app.webhooks.delivery(company, &webhook, id.number()).await.map_err(failed)?;
    let (delivery, attempts) = found.ok_or_else(unknown)?;
    Ok(Named { webhook, delivery, attempts })
}

/// Show a delivery
///
/// With every attempt.
#[utoipa::path(get, path = "/webhooks/{webhook_id}/deliveries/{delivery_id}", tag = "Webhooks", operation_id = "show_webhook_delivery", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "`whk_…`"), ("delivery_id" = String, Path, description = "`dlv_…`")),
    responses((status = 200, body = DeliveryRepresentation), (status = 304), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksRead>,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, RestError> {
    let company = &caller.company;
    let Named { webhook, delivery, attempts } = named(&app, company, path).await?;
    let shown = represent(&app.public_url, company, webhook.id, &delivery, Some(attempts));
    Ok(tagged_by_content(&headers, shown))
}

/// How many deliveries are sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sending {
    /// How many.
    deliveries: u64,
}

fn sending(deliveries: u64) -> Response {
    json(StatusCode::ACCEPTED, to_json(&Sending { deliveries }))
}

fn check_enabled(webhook: &Webhook) -> Result<(), RestError> {
    if webhook.is_enabled() {
        return Ok(());
    }
    let message = format!("webhook {} is disabled; enable it first (PATCH is_enabled=true)", webhook.id);
    Err(Problem::new(StatusCode::CONFLICT, "webhook.disabled", message).into())
}

/// Replay a delivery
///
/// Sends the same bytes under the same `webhook-id` once more, whatever became of it.
#[utoipa::path(post, path = "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", tag = "Webhooks", operation_id = "replay_webhook_delivery", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "`whk_…`"), ("delivery_id" = String, Path, description = "`dlv_…`")),
    responses((status = 202, body = Sending), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn replay(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    Path(path): Path<(String, String)>,
) -> Result<Response, RestError> {
    let Named { webhook, delivery, .. } = named(&app, &caller.company, path).await?;
    check_enabled(&webhook)?;
    let again = Again::One { sequence: delivery.sequence };
    Ok(sending(app.webhooks.send_again(&caller.company, &webhook, again).await.map_err(failed)?))
}

/// What `recover` and `replay-missing` take.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document; the body is read by `read_since`")]
pub(super) struct Since {
    /// From this moment on: epoch seconds, or ISO 8601 with a zone.
    #[schema(value_type = f64)]
    since: f64,
}

async fn read_since(app: &App, headers: &HeaderMap, body: Body) -> Result<Timestamp, RestError> {
    let mut form = Form::of(read_json(headers, body, &app.limits).await?, "this request")?;
    form.require("since");
    let since = form.moment("since");
    form.finish(Vec::new)?;
    Ok(since.expect("a missing or bad moment is a fault, which ended the form"))
}

/// Recover what failed
///
/// Sends all that was enqueued since a moment and given up once more.
#[utoipa::path(post, path = "/webhooks/{webhook_id}/recover", tag = "Webhooks", operation_id = "recover_webhook", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "`whk_…`")),
    request_body = Since,
    responses((status = 202, body = Sending), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn recover(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    webhook: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RestError> {
    let webhook = caller.company.find_webhook(&webhook.0)?;
    let since = read_since(&app, &headers, body).await?;
    check_enabled(webhook)?;
    let again = Again::FailedSince { time_ms: since.as_ms() };
    Ok(sending(app.webhooks.send_again(&caller.company, webhook, again).await.map_err(failed)?))
}

/// Send what was never sent
///
/// All events since a moment that the endpoint wants and was never sent, as while it was disabled or before it was there.
#[utoipa::path(post, path = "/webhooks/{webhook_id}/replay-missing", tag = "Webhooks", operation_id = "replay_missing_to_webhook", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "`whk_…`")),
    request_body = Since,
    responses((status = 202, body = Sending), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn replay_missing(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    webhook: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RestError> {
    let webhook = caller.company.find_webhook(&webhook.0)?;
    let since = read_since(&app, &headers, body).await?;
    check_enabled(webhook)?;
    Ok(sending(app.webhooks.send_missing(&caller.company, webhook, since).await?))
}
