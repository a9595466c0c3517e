//! One request at a time: through the limiter, over the network, and into an answer or an error.

use crate::client::ClientOptions;
use crate::error::{Ambiguous, Error, Refused, RequestLine, SetupError};
use crate::limiter::{Limiter, Permit, Word};
use crate::retry::{self, RetryBudget};
use crate::server_url::ServerUrl;
use crate::token::Token;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// An answer is not read beyond this, unpacked: the other side is not trusted with our memory.
const ANSWER_AT_MOST: usize = 256 * 1024 * 1024;
/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long an unused connection is kept. Short, since a server that has closed it makes a write ambiguous.
const IDLE: Duration = Duration::from_secs(15);
/// How long refusals by the limit are waited out, in all.
const LIMITED_AT_MOST: Duration = Duration::from_mins(15);
/// How much of an error's text is kept.
const TEXT_AT_MOST: usize = 2_000;
const USER_AGENT: &str = concat!("Tenure/", env!("CARGO_PKG_VERSION"));

/// Whether a request changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
}

/// A request.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) kind: Kind,
    pub(crate) body: Option<Value>,
    pub(crate) content_type: &'static str,
    pub(crate) idempotency_key: Option<String>,
}

/// An answer with a status of success.
pub(crate) struct Answer {
    pub(crate) request: RequestLine,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as a value.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| Error::Unreadable {
            request: self.request.clone(),
            why: format!("{error}, in {}", shortened(&String::from_utf8_lossy(&self.body), 80)),
        })
    }
}

/// What came of one try.
enum Tried {
    Answered(Box<Answer>),
    /// To be tried again, after so long if the server said.
    Again(Error, Option<Duration>),
    Over(Error),
}

/// The way to one server with one token.
pub(crate) struct Transport {
    http: reqwest::Client,
    base: ServerUrl,
    token: Token,
    limiter: Arc<Limiter>,
    budget: RetryBudget,
    answer_within: Duration,
    deadline: Duration,
}

impl Transport {
    pub(crate) fn new(options: ClientOptions) -> Result<Self, SetupError> {
        let ClientOptions { url: base, token, limiter, extra_roots, answer_within, deadline } = options;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(extra_roots)?)
            // A redirect would carry the token elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_WITHIN)
            .pool_idle_timeout(IDLE)
            .user_agent(USER_AGENT)
            .build()
            .map_err(|error| SetupError::Http(innermost(&error)))?;
        Ok(Self { http, base, token, limiter, budget: RetryBudget::new(), answer_within, deadline })
    }

    pub(crate) fn base(&self) -> &ServerUrl {
        &self.base
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// Asks, and asks again where that is safe.
    pub(crate) async fn send(&self, call: Call) -> Result<Answer, Error> {
        let line = RequestLine { method: call.method.to_string(), path: call.url.path().to_owned() };
        let mut waits = retry::waits();
        let mut spent = Duration::ZERO;
        self.budget.save();
        loop {
            // The time in the limiter's queue is not the server's fault, and does not count.
            let permit = self.limiter.acquire().await;
            let began = Instant::now();
            let tried = self.try_once(&call, &line, permit).await;
            spent += began.elapsed();
            let (error, asked) = match tried {
                Tried::Answered(answer) => return Ok(*answer),
                Tried::Over(error) => return Err(error),
                Tried::Again(error, asked) => (error, asked),
            };
            let is_limited = error.status() == Some(429);
            let Some(wait) = waits.next().map(|wait| wait.max(asked.unwrap_or_default())) else {
                return Err(error);
            };
            spent += wait;
            // Being told to wait is no failure; it is waited for longer than a server that is unwell.
            let deadline = if is_limited { self.deadline.max(LIMITED_AT_MOST) } else { self.deadline };
            if spent > deadline || (!is_limited && !self.budget.spend()) {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn try_once(&self, call: &Call, line: &RequestLine, permit: Permit<'_>) -> Tried {
        let sending = self.http.execute(self.request(call));
        let answered = tokio::time::timeout(self.answer_within, async {
            let response = sending.await.map_err(|error| (error.is_connect(), innermost(&error)))?;
            let (status, headers) = (response.status(), response.headers().clone());
            permit.heard(
                word_of(&headers),
                retry_after_of(status, &headers).filter(|_| status.as_u16() != 409),
            );
            let body = read(response).await;
            Ok::<_, (bool, String)>((status, headers, body))
        })
        .await;
        if matches!(answered, Ok(Err((true, _)))) {
            permit.not_sent();
        }
        drop(permit);
        match answered {
            Ok(Ok((status, headers, Ok(body)))) => judge(call.kind, line, status, headers, body),
            Ok(Ok((_, _, Err(Cut::TooLarge)))) if call.kind == Kind::Read => {
                Tried::Over(Error::Unreadable { request: line.clone(), why: Cut::TooLarge.to_string() })
            }
            Ok(Ok((status, _, Err(cut)))) => lost(call.kind, line, &format!("{status}, but {cut}")),
            Ok(Err((true, why))) => Tried::Again(Error::NotSent { request: line.clone(), why }, None),
            Ok(Err((false, why))) => lost(call.kind, line, &why),
            Err(_) => lost(call.kind, line, &format!("no answer within {} s", self.answer_within.as_secs())),
        }
    }

    fn request(&self, call: &Call) -> reqwest::Request {
        let mut request = reqwest::Request::new(call.method.clone(), call.url.clone());
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, self.token.header());
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, application/scim+json"));
        let key = call.idempotency_key.as_deref().and_then(|key| HeaderValue::from_str(key).ok());
        if let Some(key) = key {
            headers.insert(HeaderName::from_static("idempotency-key"), key);
        }
        if let Some(body) = &call.body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(call.content_type));
            *request.body_mut() = Some(body.to_string().into());
        }
        request
    }
}

/// A read can be repeated; a write is told as ambiguous.
fn lost(kind: Kind, line: &RequestLine, why: &str) -> Tried {
    let (request, why) = (line.clone(), why.to_owned());
    match kind {
        Kind::Read => Tried::Again(Error::NotAnswered { request, why }, None),
        Kind::Write => Tried::Over(Error::Ambiguous(Box::new(Ambiguous { request, why }))),
    }
}

fn judge(kind: Kind, line: &RequestLine, status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Tried {
    if status.is_success() {
        return Tried::Answered(Box::new(Answer { request: line.clone(), headers, body }));
    }
    let asked = retry_after_of(status, &headers);
    let refused = refused(line, status, &headers, &body);
    let is_under_way = status == StatusCode::CONFLICT && headers.contains_key(header::RETRY_AFTER);
    match (status.as_u16(), kind) {
        (409, _) if is_under_way => Tried::Again(Error::Refused(Box::new(refused)), asked),
        // At 429 nothing was done, nor at a 409 that says when to come again: the same request is still being carried out.
        (429, _) | (502..=504, Kind::Read) => Tried::Again(Error::Refused(Box::new(refused)), asked),
        (500..=599, Kind::Write) => lost(kind, line, &refused.to_string()),
        _ => Tried::Over(Error::Refused(Box::new(refused))),
    }
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn retry_after_of(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let asked = retry::retry_after(text_of(headers, "retry-after"), text_of(headers, "date"));
    match status.as_u16() {
        // Without a word about how long, a second: the window's end is told by other headers.
        429 => Some(asked.unwrap_or(Duration::from_secs(1))),
        409 | 502..=504 => asked,
        _ => None,
    }
}

fn word_of(headers: &HeaderMap) -> Word {
    let number = |name: &str| text_of(headers, name)?.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is too large saturates"
    )]
    let count = |name: &str| number(name).map(|number| number as u32);
    let date = text_of(headers, "date").and_then(|date| httpdate::parse_http_date(date).ok());
    let date = date.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
    Word {
        limit: count("x-ratelimit-limit"),
        remaining: count("x-ratelimit-remaining"),
        reset: number("x-ratelimit-reset"),
        date: date.and_then(|date| i64::try_from(date.as_secs()).ok()),
    }
}

/// Why an answer is not whole.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the answer is larger than {} MiB", ANSWER_AT_MOST / 1024 / 1024)]
    TooLarge,
    #[error("{0}")]
    Broken(String),
}

async fn read(mut response: Response) -> Result<Vec<u8>, Cut> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Cut::Broken(innermost(&error)))? {
        if body.len() + chunk.len() > ANSWER_AT_MOST {
            return Err(Cut::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What a server says when it says no: the API's shape, SCIM's, or whatever else came.
fn refused(line: &RequestLine, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Refused {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |value: &Value| shortened(value.as_str().unwrap_or_default(), TEXT_AT_MOST);
    let error = &value["_error"];
    let details = error["details"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (title, message) = if error.is_object() {
        (text(&error["title"]), text(&error["message"]))
    } else if value["detail"].is_string() {
        (text(&value["scimType"]), text(&value["detail"]))
    } else {
        (status.canonical_reason().unwrap_or_default().to_owned(), text(&value["message"]))
    };
    // On Tenure, SCIM errors say in a header what is wrong with a token: their body has no place for it.
    let of_token = text_of(headers, "tenure-auth-error").map(|word| format!("token.{word}"));
    let location = text_of(headers, "location").filter(|_| status.is_redirection());
    Refused {
        request: line.clone(),
        status: status.as_u16(),
        title,
        message: location.map_or(message, |location| shortened(location, TEXT_AT_MOST)),
        details: details.iter().take(20).map(text).collect(),
        code: error["code"].as_str().map(str::to_owned).or(of_token),
        request_id: text_of(headers, "x-request-id").map(|id| shortened(id, 100)),
    }
}

/// A text without control characters, and not longer than so many characters.
fn shortened(text: &str, at_most: usize) -> String {
    let plain = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    let mut kept: String = plain.clone().take(at_most).collect();
    if plain.count() > at_most {
        kept.push('…');
    }
    kept
}

/// The innermost cause of an error, which says what the outer ones only wrap.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn tls(extra_roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, SetupError> {
    let mut roots = RootCertStore::empty();
    // Where the system has none, only the roots that were given are trusted.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for root in extra_roots {
        roots.add(root).map_err(|error| SetupError::Root(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Http(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
