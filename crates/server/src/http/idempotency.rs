//! `Idempotency-Key`: the same key and body get the same answer, done once.

use crate::http::json::Json;
use crate::http::problem::Problem;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, IF_MATCH, RETRY_AFTER};
use hyper::{Method, StatusCode};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tenure_journal::ReplyKey;

/// For how long an answer can be had again, in milliseconds.
pub(crate) const REPLAYED_FOR_MS: i64 = 24 * 60 * 60 * 1000;

const KEY_MAX: usize = 255;

/// The key of a request, if it has one. The quoted and the bare spelling are one key.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(HeaderName::from_static("idempotency-key")).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let sane = (1..=KEY_MAX).contains(&bare.len())
        && bare.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if !sane || values.next().is_some() {
        return Err(Problem::bad_request(
            "request.bad_idempotency_key",
            format!(
                "Idempotency-Key must be there once, with 1 to {KEY_MAX} visible ASCII characters, such as a UUID"
            ),
        ));
    }
    Ok(Some(bare.to_owned()))
}

/// The digest over what a repeat must share: method, path, condition, and body, however the body is spelt.
pub(crate) fn fingerprint(method: &Method, path: &str, headers: &HeaderMap, body: &Json) -> [u8; 32] {
    let canonical = serde_json::to_vec(&body.canonical()).expect("a JSON value has a JSON form");
    let condition = headers.get(IF_MATCH).map_or(&b""[..], HeaderValue::as_bytes);
    let mut hasher = Sha256::new();
    for part in [method.as_str().as_bytes(), path.as_bytes(), condition, &canonical] {
        hasher.update(u64::try_from(part.len()).expect("a length fits 64 bits").to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The keyed requests that are running on this node.
#[derive(Debug, Clone, Default)]
pub(crate) struct InFlight(Arc<Mutex<BTreeSet<ReplyKey>>>);

/// A running keyed request; over when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    in_flight: InFlight,
    key: ReplyKey,
}

impl InFlight {
    /// Starts a keyed request, unless one with the same key is running.
    pub(crate) fn start(&self, key: &ReplyKey) -> Result<Running, Problem> {
        let started = self.0.lock().expect("no holder of the lock panics").insert(key.clone());
        if started {
            return Ok(Running { in_flight: self.clone(), key: key.clone() });
        }
        let message =
            "a request with this Idempotency-Key is still running; repeat it in a second to get its answer";
        Err(Problem::new(StatusCode::CONFLICT, "request.still_running", message)
            .with_header(RETRY_AFTER, HeaderValue::from_static("1")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.in_flight.0.lock().expect("no holder of the lock panics").remove(&self.key);
    }
}

/// 422: the key was used for something else.
pub(crate) fn other_request() -> Problem {
    let message =
        "this Idempotency-Key was used for another request within 24 hours; use a new key for a new request";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "request.key_reused", message)
}
