//! Reading a JSON body: type, size, speed, and only then its text.

use crate::http::json::Json;
use crate::http::limits::Limits;
use crate::http::problem::Problem;
use axum::body::Body;
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::body::Body as _;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderMap};
use std::time::Duration;
use tenure_directory::text::repeated;
use tokio::time::Instant;

/// The media types that a body may have. The first is the one that is told.
pub(crate) type MediaTypes = &'static [&'static str];

/// JSON, as REST takes it.
pub(crate) const JSON: MediaTypes = &["application/json"];

/// Reads a body as JSON.
pub(crate) async fn read_json(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Json, Problem> {
    read_json_of(JSON, headers, body, limits).await
}

/// Reads a body as JSON of one of these types.
pub(crate) async fn read_json_of(
    types: MediaTypes,
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
) -> Result<Json, Problem> {
    let body = read_optional_json_of(types, headers, body, limits).await?;
    body.ok_or_else(|| bad_body("request.body_missing", "a JSON object is needed, and there is no body"))
}

/// Reads a body as JSON where it may be left out.
pub(crate) async fn read_optional_json(
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
) -> Result<Option<Json>, Problem> {
    read_optional_json_of(JSON, headers, body, limits).await
}

async fn read_optional_json_of(
    types: MediaTypes,
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
) -> Result<Option<Json>, Problem> {
    let mut body = body;
    let read = match check_headers(headers, &body, limits) {
        Ok(()) => read(&mut body, limits).await,
        Err(problem) => Err(problem),
    };
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(problem) => {
            let is_unread = problem.status != StatusCode::REQUEST_TIMEOUT;
            let waits_for_us = headers.contains_key(EXPECT);
            if is_unread && !waits_for_us {
                let _ = tokio::time::timeout(DISCARD_TIME, discard(body)).await;
            }
            return Err(problem);
        }
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    check_type(types, headers)?;
    let parsed = Json::parse(&bytes, limits.json_depth);
    parsed.map(Some).map_err(|fault| bad_body("request.not_json", &fault))
}

fn bad_body(code: &'static str, fault: &str) -> Problem {
    Problem::bad_request(code, format!("Body did not satisfy requirements: {fault}"))
        .with_details(vec![format!("body: {fault}")])
}

fn check_headers(headers: &HeaderMap, body: &Body, limits: &Limits) -> Result<(), Problem> {
    let encoded = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|value| !value.is_empty() && !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded {
        let message = "bodies must come without a Content-Encoding; send the JSON as it is";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "request.encoded", message).closing());
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let least = announced.unwrap_or_else(|| body.size_hint().lower());
    if usize::try_from(least).map_or(true, |least| least > limits.body_bytes) {
        return Err(too_large(limits));
    }
    Ok(())
}

fn check_type(types: MediaTypes, headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    let charset = given.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    let is_utf8 =
        |charset: &str| charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8");
    let utf8 = charset.is_none_or(is_utf8);
    if types.iter().any(|media| essence.eq_ignore_ascii_case(media)) && utf8 {
        return Ok(());
    }
    let wanted = types.first().copied().unwrap_or_default();
    let message = if essence.is_empty() {
        format!("the body needs the header `Content-Type: {wanted}`")
    } else {
        format!("the body must be {wanted} in UTF-8, not {}", repeated(given))
    };
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "request.not_json_type", message))
}

fn too_large(limits: &Limits) -> Problem {
    let message = format!("the body is larger than {} bytes; send less in one request", limits.body_bytes);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request.too_large", message).closing()
}

fn too_slow() -> Problem {
    let message = "the body did not arrive in time; nothing was done";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "request.too_slow", message).closing()
}

/// Most clients send all of a body before they look at the answer, and lose an answer that comes with a closed connection
/// while they send. So what is refused is taken in for a while, and thrown away.
const DISCARD_TIME: Duration = Duration::from_secs(2);
const DISCARD_BYTES: usize = 32 * 1024 * 1024;

async fn discard(mut body: Body) {
    let mut left = DISCARD_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, bytes::Bytes::len)) else { return };
        left = rest;
    }
}

async fn read(body: &mut Body, limits: &Limits) -> Result<BytesMut, Problem> {
    let start = Instant::now();
    let mut bytes = BytesMut::new();
    loop {
        let frame = tokio::time::timeout_at(next_deadline(start, bytes.len(), limits), body.frame()).await;
        let Some(frame) = frame.map_err(|_| too_slow())? else { return Ok(bytes) };
        let frame = frame.map_err(|error| {
            tracing::debug!(%error, "a body broke off");
            bad_body("request.cut_off", "it broke off before its end").closing()
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > limits.body_bytes {
            return Err(too_large(limits));
        }
        bytes.extend_from_slice(&data);
    }
}

/// When the next bytes must be there: the whole request has an end, and after a grace a least speed is asked for.
fn next_deadline(start: Instant, read: usize, limits: &Limits) -> Instant {
    let read = u64::try_from(read).expect("a length fits 64 bits");
    let earned = Duration::from_secs(read / limits.body_bytes_per_second.max(1));
    (start + limits.body_grace + earned).min(start + limits.request_timeout)
}
