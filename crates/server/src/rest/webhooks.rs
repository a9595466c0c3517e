//! `/webhooks`: who is told what, and where.

use crate::http::body::{read_json, read_optional_json};
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::rest::access::{Authorized, PathId, WebhooksRead, WebhooksWrite};
use crate::rest::app::App;
use crate::rest::error::{ErrorBody, RestError};
use crate::rest::form::Form;
use crate::rest::keyed::{Reply, fingerprint_of, reply_to};
use crate::rest::list::{List, PageRequest, Query, SelfLink};
use crate::rest::me::{EpochSeconds, epoch_seconds};
use crate::rest::view::{ok, tagged_by_content};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tenure_directory::text::Note;
use tenure_directory::webhook::{
    CreateWebhook, DeleteWebhook, Enablement, Format, Pattern, RequestValidation, RotateWebhookSecret,
    SecretSalt, UpdateWebhook, Validation, ValidationPolicy, Webhook,
};
use tenure_directory::webhook_url::WebhookUrl;
use tenure_directory::{Actor, Command, Company, CompanyId, Event, Timestamp, WebhookId};
use tenure_engine::{After, ReadError};
use tenure_journal::EndpointHealth;
use utoipa::ToSchema;

/// How long an answer waits for the endpoint to be validated: a little more than the endpoint has.
const VALIDATED_WITHIN: Duration = Duration::from_secs(11);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);

/// A webhook endpoint.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookRepresentation<'a> {
    #[serde(rename = "_links")]
    links: WebhookLinks,
    /// Its id.
    id: String,
    /// Where it is.
    url: &'a str,
    /// `event`, `front-application` or `front-rule`.
    format: &'static str,
    /// Which events it is told of.
    events: Vec<String>,
    /// The channel of whose conversations alone it is told.
    #[schema(required)]
    channel_id: Option<String>,
    /// For people.
    description: &'a str,
    /// Whether anything is sent to it.
    is_enabled: bool,
    /// Why nothing is sent to it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<DisabledRepresentation<'a>>,
    /// Whether nothing is sent to it before it is validated.
    require_validation: bool,
    validation: ValidationRepresentation<'a>,
    /// When the secret before stops signing, in epoch seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_secret_until: Option<EpochSeconds>,
    /// When it was created, in epoch seconds.
    created_at: EpochSeconds,
    /// When it last changed, in epoch seconds.
    updated_at: EpochSeconds,
    /// How it fares.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<HealthRepresentation>,
    /// The secret; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Value>,
}

/// The links of an endpoint.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookLinks {
    /// Its URL.
    #[serde(rename = "self")]
    own: String,
    related: WebhookRelated,
}

/// Where an endpoint's things are.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookRelated {
    /// What was sent to it.
    deliveries: String,
}

/// Why nothing is sent to an endpoint any more.
#[derive(Serialize, ToSchema)]
pub(crate) struct DisabledRepresentation<'a> {
    /// Since when, in epoch seconds.
    at: EpochSeconds,
    /// `asked`, `gone`, `attempts_exhausted` or `no_success`.
    reason: &'static str,
    /// The reason in words.
    message: &'static str,
    /// When the first of the attempts failed after which nothing arrived any more, in epoch seconds.
    #[schema(required)]
    first_failure_at: Option<EpochSeconds>,
    /// The last answers, the newest first.
    last_answers: Vec<&'a str>,
}

/// Whether an endpoint has shown that it is one.
#[derive(Serialize, ToSchema)]
pub(crate) struct ValidationRepresentation<'a> {
    /// `pending`, `validated` or `failed`.
    status: &'static str,
    /// When that was, in epoch seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<EpochSeconds>,
    /// What was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// How an endpoint fares.
#[derive(Serialize, ToSchema)]
pub(crate) struct HealthRepresentation {
    /// How many deliveries are pending.
    pending: u64,
    /// How many were given up.
    failed: u64,
    /// Since when every attempt has failed, in epoch seconds.
    #[schema(required)]
    failing_since: Option<EpochSeconds>,
    /// When an attempt last succeeded, in epoch seconds.
    #[schema(required)]
    last_success_at: Option<EpochSeconds>,
}

fn health(health: &EndpointHealth) -> HealthRepresentation {
    let seconds = |ms: i64| epoch_seconds(Timestamp::from_ms(ms));
    HealthRepresentation {
        pending: health.pending,
        failed: health.failed,
        failing_since: health.failing_since_ms.map(seconds),
        last_success_at: health.last_success_ms.map(seconds),
    }
}

fn validation(validation: &Validation) -> ValidationRepresentation<'_> {
    let (status, at, message) = match validation {
        Validation::Pending => ("pending", None, None),
        Validation::Validated { at } => ("validated", Some(*at), None),
        Validation::Failed { at, reason } => ("failed", Some(*at), Some(&**reason)),
    };
    ValidationRepresentation { status, at: at.map(epoch_seconds), message }
}

fn disabled(enablement: &Enablement) -> Option<DisabledRepresentation<'_>> {
    match enablement {
        Enablement::Enabled => None,
        Enablement::Disabled { at, reason, first_failure, last_answers } => Some(DisabledRepresentation {
            at: epoch_seconds(*at),
            reason: reason.name(),
            message: reason.in_words(),
            first_failure_at: first_failure.map(epoch_seconds),
            last_answers: last_answers.iter().map(|answer| &**answer).collect(),
        }),
    }
}

fn represent<'a>(base: &str, webhook: &'a Webhook) -> WebhookRepresentation<'a> {
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
        validation: validated,
        salt: _,
        previous,
        created_at,
        revision: _,
        updated_at,
    } = webhook;
    let own = format!("{base}/webhooks/{id}");
    let related = WebhookRelated { deliveries: format!("{own}/deliveries") };
    let all = if events.is_empty() { vec!["*".to_owned()] } else { vec![] };
    WebhookRepresentation {
        links: WebhookLinks { own, related },
        id: id.to_string(),
        url: url.as_str(),
        format: format.name(),
        events: all.into_iter().chain(events.iter().map(ToString::to_string)).collect(),
        channel_id: channel.map(|channel| channel.to_string()),
        description: description.as_str(),
        is_enabled: *enablement == Enablement::Enabled,
        disabled: disabled(enablement),
        require_validation: *policy == ValidationPolicy::Required,
        validation: validation(validated),
        previous_secret_until: previous.first().map(|previous| epoch_seconds(previous.until)),
        created_at: epoch_seconds(*created_at),
        updated_at: epoch_seconds(*updated_at),
        health: None,
        secret: None,
    }
}

/// What `POST /webhooks` takes.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document; the body is read by `read_new`")]
pub(super) struct NewWebhook {
    /// Where it is: `https`, without credentials.
    url: String,
    /// Which events it is told of, such as `teammate.*`; all, when absent.
    events: Option<Vec<String>>,
    /// The channel of whose conversations alone it is told.
    channel_id: Option<String>,
    /// For people.
    description: Option<String>,
    /// Whether anything is sent to it; it is, when absent.
    is_enabled: Option<bool>,
    /// `event`, `front-application` or `front-rule`; `event`, when absent.
    format: Option<String>,
    /// Whether nothing is sent to it before it is validated.
    require_validation: Option<bool>,
}

/// The fields that a new endpoint and a changed one share.
struct Fields {
    url: Option<WebhookUrl>,
    format: Option<Format>,
    events: Option<Vec<Pattern>>,
    #[expect(clippy::option_option, reason = "left out, `null` and an id are three things")]
    channel: Option<Option<Box<str>>>,
    description: Option<Note>,
    is_enabled: Option<bool>,
    policy: Option<ValidationPolicy>,
}

fn take_fields(app: &App, form: &mut Form) -> Fields {
    let reachable = |given: &str| {
        let url = WebhookUrl::parse(given).map_err(|fault| fault.to_string())?;
        let told = "may not be reached from here: it must be https to a public host";
        app.egress.check_url(url.url()).map_err(|_| told.to_owned())?;
        Ok::<_, String>(url)
    };
    let (url, events) = (form.text("url", reachable), form.parsed_texts("events", str::parse::<Pattern>));
    if events.as_ref().is_some_and(Vec::is_empty) {
        form.fault("events", "must name at least one type of event; `*` is all");
    }
    Fields {
        url,
        format: form.text("format", str::parse::<Format>),
        events,
        channel: form.text_or_null("channel_id", |given| Ok::<_, Infallible>(given.into())),
        description: form.text("description", Note::parse),
        is_enabled: form.flag("is_enabled", true, false),
        policy: form.flag("require_validation", ValidationPolicy::Required, ValidationPolicy::Optional),
    }
}

fn read_new(app: &App, body: Json) -> Result<CreateWebhook, Problem> {
    let mut form = Form::of(body, "a new webhook")?;
    form.require("url");
    let Fields { url, format, events, channel, description, is_enabled, policy } =
        take_fields(app, &mut form);
    for field in ["id", "secret", "_links"] {
        form.refuse(field, "is system-generated; leave it out");
    }
    form.finish(Vec::new)?;
    Ok(CreateWebhook {
        url: url.expect("a missing or bad URL is a fault, which ended the form"),
        format: format.unwrap_or_default(),
        events: events.unwrap_or_default(),
        channel: channel.flatten(),
        description: description.unwrap_or_else(Note::empty),
        is_enabled: is_enabled.unwrap_or(true),
        policy: policy.unwrap_or(ValidationPolicy::Optional),
        salt: SecretSalt::new(app.engine.random()),
    })
}

/// Create a webhook
///
/// The secret is shown this once. The endpoint is asked for a challenge; the answer waits for what comes of that.
#[utoipa::path(post, path = "/webhooks", tag = "Webhooks", operation_id = "create_webhook", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body within 24 hours give the same answer")),
    request_body = NewWebhook,
    responses((status = 201, body = WebhookRepresentation), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 422, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn create(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RestError> {
    let body = read_json(&headers, body, &app.limits).await?;
    let keyed = fingerprint_of(&headers, "/webhooks", &body)?;
    let command = Command::CreateWebhook(read_new(&app, body)?);
    let base = Arc::clone(&app.public_url);
    let mut answer = reply_to(&app, &caller, keyed, command, move |after| created(&base, after)).await?;
    if answer.reply.status == StatusCode::CREATED.as_u16() {
        let mut shown: Value = serde_json::from_str(&answer.reply.body).map_err(|e| Problem::internal(&e))?;
        reveal(&app, caller.company.id, &mut shown)?;
        let id = shown["id"].as_str().unwrap_or_default().to_owned();
        if let Some(now) = app.validated(caller.company.id, &id).await {
            shown["validation"] = json!(validation(&now.validation));
        }
        answer.reply.body = shown.to_string();
    }
    Ok(answer.respond())
}

/// The stored answer has in the secret's place what it is derived from.
fn created(base: &str, after: &After<'_>) -> Reply {
    let id = after.events.iter().find_map(|event| match event {
        Event::WebhookCreated(event) => Some(event.webhook),
        _ => None,
    });
    let webhook =
        id.and_then(|id| after.company.webhooks.get(&id)).expect("a create that succeeds makes one");
    let shown = WebhookRepresentation { secret: Some(json!(webhook.salt)), ..represent(base, webhook) };
    Reply::created(format!("{base}/webhooks/{}", webhook.id), webhook.revision, &shown)
}

fn reveal(app: &App, company: CompanyId, shown: &mut Value) -> Result<(), Problem> {
    let salt: SecretSalt =
        serde_json::from_value(shown["secret"].clone()).map_err(|error| Problem::internal(&error))?;
    let id: Option<WebhookId> = shown["id"].as_str().and_then(|id| id.parse().ok());
    shown["secret"] = id.map(|id| app.webhooks.secret_text(company, id, salt)).into();
    Ok(())
}

impl App {
    /// An endpoint once it is known whether it is valid, or after it had its time; none for one that is gone.
    async fn validated(&self, company: CompanyId, id: &str) -> Option<Arc<Webhook>> {
        let until = tokio::time::Instant::now() + VALIDATED_WITHIN;
        loop {
            let company = self.engine.loaded(company)?;
            let webhook = company.find_webhook(id).ok()?;
            if webhook.validation != Validation::Pending || tokio::time::Instant::now() >= until {
                return Some(Arc::clone(webhook));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// List webhooks
#[utoipa::path(get, path = "/webhooks", tag = "Webhooks", operation_id = "list_webhooks", security(("bearer" = [])),
    params(("limit" = Option<u8>, Query, description = "1 to 100; all, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query)),
    responses((status = 200, body = List<WebhookRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksRead>,
    query: Query,
) -> Result<Response, RestError> {
    let company = &caller.company;
    let page = PageRequest::read(&app, company.id, "/webhooks".to_owned(), &query, None)?;
    let webhooks = company.webhooks.range(WebhookId::new(page.after + 1)..);
    let webhooks = webhooks.map(|(id, webhook)| (id.number(), webhook));
    Ok(ok(&page.page(&app, webhooks, |webhook| represent(&app.public_url, webhook))))
}

/// Show a webhook
#[utoipa::path(get, path = "/webhooks/{webhook_id}", tag = "Webhooks", operation_id = "show_webhook", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "`whk_…`")),
    responses((status = 200, body = WebhookRepresentation), (status = 304), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksRead>,
    webhook: PathId,
    headers: HeaderMap,
) -> Result<Response, RestError> {
    let webhook = caller.company.find_webhook(&webhook.0)?;
    let fares = app.webhooks.health(&caller.company, webhook).await.map_err(ReadError::from)?;
    let shown = WebhookRepresentation { health: Some(health(&fares)), ..represent(&app.public_url, webhook) };
    Ok(tagged_by_content(&headers, shown))
}

/// What `PATCH /webhooks/{webhook_id}` takes; everything is optional.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document; the body is read by `update`")]
pub(super) struct WebhookChanges {
    /// Where it is now; it is asked for a challenge again.
    url: Option<String>,
    events: Option<Vec<String>>,
    #[schema(nullable)]
    channel_id: Option<String>,
    description: Option<String>,
    is_enabled: Option<bool>,
    format: Option<String>,
    require_validation: Option<bool>,
}

/// Change a webhook
///
/// Only what is sent changes. What is enqueued already keeps its format.
#[utoipa::path(patch, path = "/webhooks/{webhook_id}", tag = "Webhooks", operation_id = "update_webhook", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "`whk_…`")),
    request_body = WebhookChanges,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn update(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    webhook: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, RestError> {
    caller.company.find_webhook(&webhook.0)?;
    let mut form = Form::of(read_json(&headers, body, &app.limits).await?, "a webhook")?;
    let Fields { url, format, events, channel, description, is_enabled, policy } =
        take_fields(&app, &mut form);
    for field in ["id", "secret", "_links"] {
        form.refuse(field, "is system-generated and cannot be changed; leave it out");
    }
    form.finish(Vec::new)?;
    let command = UpdateWebhook {
        url,
        format,
        events,
        channel,
        description,
        is_enabled,
        policy,
        ..UpdateWebhook::of(&webhook.0)
    };
    app.tell_of_webhook(&caller.company, &webhook.0, Command::UpdateWebhook(command), caller.rest_actor())
        .await
}

impl App {
    /// Carries out a command about an endpoint, and lets its worker look at what changed.
    async fn tell_of_webhook(
        &self,
        company: &Company,
        webhook: &str,
        command: Command,
        actor: Actor,
    ) -> Result<StatusCode, RestError> {
        self.engine.tell(company.id, command, actor).await?;
        if let Ok(webhook) = company.find_webhook(webhook) {
            self.webhooks.look(company, webhook);
        }
        Ok(StatusCode::NO_CONTENT)
    }
}

/// Delete a webhook
///
/// What was to be sent to it is forgotten.
#[utoipa::path(delete, path = "/webhooks/{webhook_id}", tag = "Webhooks", operation_id = "delete_webhook", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "`whk_…`")),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn delete(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    webhook: PathId,
) -> Result<StatusCode, RestError> {
    let command = Command::DeleteWebhook(DeleteWebhook { webhook: webhook.0.as_str().into() });
    app.tell_of_webhook(&caller.company, &webhook.0, command, caller.rest_actor()).await
}

/// The new secret of an endpoint.
#[derive(Serialize, ToSchema)]
pub(crate) struct RotatedSecret {
    #[serde(rename = "_links")]
    links: SelfLink,
    /// The endpoint's id.
    id: String,
    /// The secret; shown this once.
    #[schema(value_type = String)]
    secret: Value,
    /// Until when the secret before signs too, in epoch seconds.
    previous_secret_until: EpochSeconds,
}

fn rotated(base: &str, after: &After<'_>) -> Reply {
    let event = after.events.iter().find_map(|event| match event {
        Event::WebhookSecretRotated(event) => Some(event),
        _ => None,
    });
    let event = event.expect("a rotation that succeeds has an event");
    let shown = RotatedSecret {
        links: SelfLink { own: format!("{base}/webhooks/{}", event.webhook) },
        id: event.webhook.to_string(),
        secret: json!(event.salt),
        previous_secret_until: epoch_seconds(event.previous_until),
    };
    Reply::with_body(StatusCode::OK, &shown)
}

/// Give a webhook a new secret
///
/// The one before signs beside it for 24 hours.
#[utoipa::path(post, path = "/webhooks/{webhook_id}/rotate_secret", tag = "Webhooks", operation_id = "rotate_webhook_secret", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "`whk_…`"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body within 24 hours give the same answer")),
    responses((status = 200, body = RotatedSecret), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn rotate_secret(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    webhook: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RestError> {
    let body = read_optional_json(&headers, body, &app.limits).await?.unwrap_or(Json::Object(vec![]));
    let keyed = fingerprint_of(&headers, &format!("/webhooks/{}/rotate_secret", webhook.0), &body)?;
    Form::of(body, "this request")?.finish(Vec::new)?;
    let salt = SecretSalt::new(app.engine.random());
    let command = Command::RotateWebhookSecret(RotateWebhookSecret { webhook: webhook.0.into(), salt });
    let base = Arc::clone(&app.public_url);
    let mut answer = reply_to(&app, &caller, keyed, command, move |after| rotated(&base, after)).await?;
    if answer.reply.status == StatusCode::OK.as_u16() {
        let mut shown: Value = serde_json::from_str(&answer.reply.body).map_err(|e| Problem::internal(&e))?;
        reveal(&app, caller.company.id, &mut shown)?;
        answer.reply.body = shown.to_string();
    }
    Ok(answer.respond())
}

/// Validate a webhook again
///
/// The endpoint is asked for a challenge once more; `GET` tells what came of it.
#[utoipa::path(post, path = "/webhooks/{webhook_id}/validate", tag = "Webhooks", operation_id = "validate_webhook", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "`whk_…`")),
    responses((status = 202), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn validate(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    webhook: PathId,
) -> Result<StatusCode, RestError> {
    let command = Command::RequestValidation(RequestValidation { webhook: webhook.0.as_str().into() });
    app.tell_of_webhook(&caller.company, &webhook.0, command, caller.rest_actor()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What came of a ping.
#[derive(Serialize, ToSchema)]
pub(crate) struct PingRepresentation {
    /// Whether the endpoint took it.
    delivered: bool,
    /// The status of its answer.
    #[schema(required)]
    status: Option<u16>,
    /// How long it took, in milliseconds.
    latency_ms: u32,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The beginning of its answer.
    response: String,
}

/// Ping a webhook
///
/// Sends something that is no event, `{"type": "ping", …}`, signed as events are, and tells what came of it.
#[utoipa::path(post, path = "/webhooks/{webhook_id}/ping", tag = "Webhooks", operation_id = "ping_webhook", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "`whk_…`")),
    responses((status = 200, body = PingRepresentation), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn ping(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<WebhooksWrite>,
    webhook: PathId,
) -> Result<Response, RestError> {
    let webhook = caller.company.find_webhook(&webhook.0)?;
    let pinged = app.webhooks.ping(&caller.company, webhook).await;
    Ok(ok(&PingRepresentation {
        delivered: pinged.is_delivered,
        status: pinged.status,
        latency_ms: pinged.latency_ms,
        error: pinged.fault,
        response: pinged.answer,
    }))
}
