//! Carrying out a POST, once for each `Idempotency-Key`.

use crate::http::authentication::Caller;
use crate::http::conditional::EntityTag;
use crate::http::idempotency::{self, REPLAYED_FOR_MS};
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::rest::app::App;
use crate::rest::error::{RestError, body_of, of_refusal};
use crate::rest::view::to_json;
use axum::body::Body;
use axum::response::Response;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, LOCATION};
use hyper::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tenure_directory::{Command, Version};
use tenure_engine::{After, Keyed};
use tenure_journal::{ReplyKey, StoredReply, Stream};

/// An answer that can be stored and given again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) body: String,
}

impl Reply {
    /// 204.
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT.as_u16(), location: None, etag: None, body: String::new() }
    }

    /// An answer with a body and nothing else.
    pub(crate) fn with_body(status: StatusCode, representation: &impl Serialize) -> Self {
        let body = String::from_utf8(to_json(representation)).expect("JSON is UTF-8");
        Self { status: status.as_u16(), location: None, etag: None, body }
    }

    /// 201, with where it is and its tag.
    pub(crate) fn created(location: String, revision: Version, representation: &impl Serialize) -> Self {
        let etag = EntityTag::of_revision(revision).header().to_str().ok().map(str::to_owned);
        Self { location: Some(location), etag, ..Self::with_body(StatusCode::CREATED, representation) }
    }

    fn of_problem(problem: &Problem) -> Self {
        let body = String::from_utf8(body_of(problem)).expect("JSON is UTF-8");
        Self { status: problem.status.as_u16(), location: None, etag: None, body }
    }

    fn respond(self) -> Response {
        let has_body = !self.body.is_empty();
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let optional = [(LOCATION, self.location), (ETAG, self.etag)];
        for (name, value) in optional {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        }
        response
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, RestError> {
        serde_json::from_slice(bytes).map_err(|error| Problem::internal(&error).into())
    }
}

/// The key of a POST and the digest of what it asks, before the body is taken apart.
pub(crate) fn fingerprint_of(
    headers: &HeaderMap,
    path: &str,
    body: &Json,
) -> Result<Option<(String, [u8; 32])>, RestError> {
    let key = idempotency::key_of(headers)?;
    Ok(key.map(|key| (key, idempotency::fingerprint(&Method::POST, path, headers, body))))
}

/// The answer to a POST, and whether it was given before.
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    is_replayed: bool,
}

impl Answer {
    /// The answer as it is sent.
    pub(crate) fn respond(self) -> Response {
        let mut response = self.reply.respond();
        if self.is_replayed {
            let replayed = HeaderName::from_static("idempotent-replayed");
            response.headers_mut().insert(replayed, HeaderValue::from_static("true"));
        }
        response
    }
}

/// Carries out the command of a POST and answers with what `render` makes of the result; once for each key.
pub(crate) async fn post(
    app: &App,
    caller: &Caller,
    keyed: Option<(String, [u8; 32])>,
    command: Command,
    render: impl Fn(&After<'_>) -> Reply + Send + Sync + 'static,
) -> Result<Response, RestError> {
    Ok(reply_to(app, caller, keyed, command, render).await?.respond())
}

/// As [`post`], for answers that are completed with what must not be stored.
pub(crate) async fn reply_to(
    app: &App,
    caller: &Caller,
    keyed: Option<(String, [u8; 32])>,
    command: Command,
    render: impl Fn(&After<'_>) -> Reply + Send + Sync + 'static,
) -> Result<Answer, RestError> {
    let (company, actor) = (caller.company.id, caller.rest_actor());
    let Some((key, fingerprint)) = keyed else {
        let reply = app.engine.ask_for(company, command, actor, render).await?;
        return Ok(Answer { reply, is_replayed: false });
    };
    let key = ReplyKey { stream: Stream(company.number()), token: caller.token.id.to_string(), key };
    let running = app.in_flight.start(&key)?;
    if let Some(stored) = app.engine.reply(&key).await?.filter(|stored| is_fresh(app, stored)) {
        return replay(&stored, fingerprint);
    }
    let render = Arc::new(move |result: Result<&After<'_>, &tenure_directory::Refusal>| {
        let reply = match result {
            Ok(after) => render(after),
            Err(refusal) => Reply::of_problem(&of_refusal(refusal)),
        };
        serde_json::to_vec(&reply).expect("a reply has a JSON form")
    });
    let engine = app.engine.clone();
    // In a task of its own: if the caller goes away, the key stays taken until the outcome is stored.
    let submitted = tokio::spawn(async move {
        let reply = engine.ask_keyed(company, command, actor, Keyed { key, fingerprint, render }).await;
        drop(running);
        reply
    });
    let reply = submitted.await.map_err(|error| Problem::internal(&error))??;
    Ok(Answer { reply: Reply::from_bytes(&reply)?, is_replayed: false })
}

fn is_fresh(app: &App, stored: &StoredReply) -> bool {
    stored.time_ms.saturating_add(REPLAYED_FOR_MS) > app.engine.now().as_ms()
}

fn replay(stored: &StoredReply, fingerprint: [u8; 32]) -> Result<Answer, RestError> {
    if stored.fingerprint != fingerprint {
        return Err(idempotency::other_request().into());
    }
    Ok(Answer { reply: Reply::from_bytes(&stored.answer)?, is_replayed: true })
}
