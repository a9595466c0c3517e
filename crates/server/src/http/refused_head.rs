//! Heads that the HTTP library refuses by itself, before there is a request: malformed, or too large. Its own answer has
//! no body and none of our headers, so the socket puts ours in its place.

use axum::body::Body;
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use hyper::{Response, StatusCode};

/// The status of an answer that the library wrote by itself, or `None` for any other bytes. Ours all have a request id.
pub(crate) fn status_of(written: &[u8]) -> Option<StatusCode> {
    let head = std::str::from_utf8(written).ok()?;
    let status = head.strip_prefix("HTTP/1.1 ").or_else(|| head.strip_prefix("HTTP/1.0 "))?.get(..3)?;
    let is_own = head.ends_with("\r\n\r\n") && !head.contains("x-request-id");
    let status = StatusCode::from_bytes(status.as_bytes()).ok()?;
    (is_own && status.is_client_error()).then_some(status)
}

/// A response as it goes over the wire; after it the connection is closed.
pub(crate) fn bytes_of(response: Response<Body>) -> Vec<u8> {
    let (mut parts, body) = response.into_parts();
    let body = body.collect().now_or_never().and_then(Result::ok);
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    let mut bytes = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
    for (name, value) in &parts.headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    bytes
}
