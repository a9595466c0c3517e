//! A rehearsal server: it misbehaves on order (`contract/lifecycle.md`; issue "the server double").
//!
//! What happens to a request is drawn from the seed, the number of the request and the number of the fault, so that the
//! same requests in the same order meet the same faults.

mod published;
mod record;

use crate::http::faults::record::Record;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, RETRY_AFTER,
};
use hyper::{HeaderMap, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// Bodies of a rehearsal are read whole, up to this.
const BODY_AT_MOST: usize = 4 * 1024 * 1024;

/// What a fault may be ordered for.
const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
/// How far a clock may be off, in seconds: ten years.
const CLOCK_OFF_AT_MOST: u64 = 315_360_000;

/// What is ordered: the file of `--faults`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct FaultPlan {
    /// What chance is drawn from.
    pub seed: u64,
    /// Whether only the published subset is there: no `POST` and `DELETE` of teammates, no list of a team's members, a
    /// narrow `PATCH`, and nothing about the token in `/me`.
    pub published_subset: bool,
    /// Whether answers have fields that nobody knows.
    pub unknown_fields: bool,
    /// How far the server's clock is ahead, in seconds; negative for one that is behind.
    pub clock_ahead_seconds: i64,
    /// A file that gets a line for each request that arrived, with what was done to it.
    pub record: Option<PathBuf>,
    /// The faults, each drawn for by itself in this order; the first that hits happens.
    pub fault: Vec<FaultOrder>,
}

/// One fault, and when it happens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FaultOrder {
    /// What happens.
    pub what: Fault,
    /// How often, from 0 to 1.
    #[serde(default = "always")]
    pub share: f64,
    /// To requests of these methods only; to all when empty.
    #[serde(default)]
    pub methods: Vec<String>,
    /// To paths that begin with this only.
    #[serde(default)]
    pub path: String,
    /// How often at most; without a bound when absent.
    #[serde(default)]
    pub times: Option<u64>,
    /// Only after so many requests.
    #[serde(default)]
    pub after: u64,
    /// How long, in milliseconds, where that applies.
    #[serde(default = "some_ms")]
    pub ms: u64,
    /// The status, where that applies.
    #[serde(default = "failed")]
    pub status: u16,
}

const fn always() -> f64 {
    1.0
}

const fn some_ms() -> u64 {
    500
}

const fn failed() -> u16 {
    500
}

/// What can happen to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// It is done, and the connection ends before the answer.
    LoseAnswer,
    /// The connection ends before anything is done.
    Reset,
    /// It is done later.
    Delay,
    /// It is done, and answered later.
    SlowAnswer,
    /// 429 with `Retry-After`; nothing is done.
    TooMany,
    /// 429 without `Retry-After`; nothing is done.
    TooManySilent,
    /// Answered with an error; nothing is done.
    Fail,
    /// It is done, and answered with an error.
    FailAfter,
}

/// A connection that is to end without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends here, as it was ordered")]
pub(crate) struct CutOff;

/// A server's faults.
pub struct Faults {
    plan: FaultPlan,
    requests: AtomicU64,
    happened: Vec<AtomicU64>,
    record: Option<Record>,
}

impl Faults {
    /// Prepares the faults; fails where the order makes no sense, or its record cannot be written.
    pub fn open(plan: FaultPlan) -> Result<Self, String> {
        if plan.clock_ahead_seconds.unsigned_abs() > CLOCK_OFF_AT_MOST {
            return Err("`clock-ahead-seconds` must be less than ten years".to_owned());
        }
        for (number, order) in (1..).zip(&plan.fault) {
            if !(0.0..=1.0).contains(&order.share) {
                return Err(format!("fault {number}: `share` must be from 0 to 1"));
            }
            if !order.path.is_empty() && !order.path.starts_with('/') {
                return Err(format!("fault {number}: `path` must begin with a slash"));
            }
            if let Some(method) =
                order.methods.iter().find(|method| !METHODS.contains(&method.to_uppercase().as_str()))
            {
                return Err(format!("fault {number}: there is no method `{}`", method.escape_debug()));
            }
            if !(400..=599).contains(&order.status) {
                return Err(format!("fault {number}: `status` must be from 400 to 599"));
            }
        }
        let record = plan.record.as_deref().map(Record::open).transpose()?;
        let happened = plan.fault.iter().map(|_| AtomicU64::new(0)).collect();
        Ok(Self { plan, requests: AtomicU64::new(0), happened, record })
    }

    /// Answers a request with what is ordered, or as `answer` does.
    pub(crate) async fn around<F: Future<Output = Response<Body>>>(
        &self,
        request: Request<Body>,
        answer: impl FnOnce(Request<Body>) -> F,
    ) -> Result<Response<Body>, CutOff> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let order = self.draw(number, &method, &path);
        let noted = |status: Option<StatusCode>| {
            if let Some(record) = &self.record {
                record.note(number, &method, &path, order.map(|order| order.what), status);
            }
        };
        let Some(order) = order else {
            let response = self.faithful(request, answer).await;
            noted(Some(response.status()));
            return Ok(response);
        };
        let pause = Duration::from_millis(order.ms);
        let response = match order.what {
            Fault::Reset => {
                noted(None);
                return Err(CutOff);
            }
            Fault::LoseAnswer => {
                let response = self.faithful(request, answer).await;
                noted(Some(response.status()));
                return Err(CutOff);
            }
            Fault::TooMany => self.limited(true),
            Fault::TooManySilent => self.limited(false),
            Fault::Fail => self.failure(order.status),
            Fault::FailAfter => {
                let done = self.faithful(request, answer).await;
                noted(Some(done.status()));
                return Ok(self.failure(order.status));
            }
            Fault::Delay => {
                tokio::time::sleep(pause).await;
                self.faithful(request, answer).await
            }
            Fault::SlowAnswer => {
                let response = self.faithful(request, answer).await;
                tokio::time::sleep(pause).await;
                response
            }
        };
        noted(Some(response.status()));
        Ok(response)
    }

    fn draw(&self, number: u64, method: &str, path: &str) -> Option<&FaultOrder> {
        let orders = (0_u64..).zip(self.plan.fault.iter().zip(&self.happened));
        for (index, (order, happened)) in orders {
            let is_meant = path.starts_with(&order.path)
                && number > order.after
                && (order.methods.is_empty() || order.methods.iter().any(|m| m.eq_ignore_ascii_case(method)));
            if !is_meant || chance(self.plan.seed, number, index) >= order.share {
                continue;
            }
            let may = |count: u64| order.times.is_none_or(|times| count < times).then_some(count + 1);
            if happened.fetch_update(Ordering::Relaxed, Ordering::Relaxed, may).is_ok() {
                return Some(order);
            }
        }
        None
    }

    /// Without a fault of chance, yet with what is ordered for all.
    async fn faithful<F: Future<Output = Response<Body>>>(
        &self,
        request: Request<Body>,
        answer: impl FnOnce(Request<Body>) -> F,
    ) -> Response<Body> {
        let path = request.uri().path().to_owned();
        let is_me = self.plan.published_subset && path == "/me";
        let rewrites = self.plan.unknown_fields || is_me;
        let mut request = request;
        if rewrites {
            // What is packed cannot be rewritten.
            request.headers_mut().remove(ACCEPT_ENCODING);
        }
        let mut response = if self.plan.published_subset {
            match published::check(request).await {
                Ok(request) => answer(request).await,
                Err(refusal) => refusal,
            }
        } else {
            answer(request).await
        };
        self.shift_clock(response.headers_mut());
        if rewrites {
            response = rewritten(response, self.plan.unknown_fields, is_me).await;
        }
        response
    }

    fn shift_clock(&self, headers: &mut HeaderMap) {
        if self.plan.clock_ahead_seconds == 0 {
            return;
        }
        let ahead = self.plan.clock_ahead_seconds;
        let reset = HeaderName::from_static("x-ratelimit-reset");
        let shifted = headers.get(&reset).and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
        if let Some(shifted) = shifted {
            headers.insert(reset, HeaderValue::from(shifted + ahead));
        }
        let by = Duration::from_secs(ahead.unsigned_abs());
        let now = SystemTime::now();
        let shifted = if ahead < 0 { now.checked_sub(by) } else { now.checked_add(by) };
        let date = shifted.and_then(|time| HeaderValue::from_str(&httpdate::fmt_http_date(time)).ok());
        if let Some(date) = date {
            headers.insert(DATE, date);
        }
    }

    fn failure(&self, status: u16) -> Response<Body> {
        let mut response = failure(status);
        self.shift_clock(response.headers_mut());
        response
    }

    fn limited(&self, with_retry_after: bool) -> Response<Body> {
        let mut response = problem(StatusCode::TOO_MANY_REQUESTS, "Too many requests", "as it was ordered");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(120));
        headers.insert(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(0));
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(now + 1));
        if with_retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        self.shift_clock(headers);
        response
    }
}

/// A number from 0 to 1 that only these three decide (the finaliser of `SplitMix64`).
fn chance(seed: u64, request: u64, fault: u64) -> f64 {
    let mut mixed =
        seed ^ request.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ fault.wrapping_mul(0xd1b5_4a32_d192_ed03);
    for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb)] {
        mixed = (mixed ^ (mixed >> shift)).wrapping_mul(factor);
    }
    mixed ^= mixed >> 31;
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    let share = (mixed >> 11) as f64 / (1_u64 << 53) as f64;
    share
}

fn failure(status: u16) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    problem(status, status.canonical_reason().unwrap_or("Error"), "as it was ordered")
}

/// An error in the API's shape.
fn problem(status: StatusCode, title: &str, message: &str) -> Response<Body> {
    let body = json!({ "_error": { "status": status.as_u16(), "title": title, "message": message } });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The answer with fields more, or with the token left out.
async fn rewritten(response: Response<Body>, add_fields: bool, leave_out_token: bool) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let bytes = whole(body).await;
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    if add_fields {
        let results = value.get_mut("_results").and_then(Value::as_array_mut);
        results.into_iter().flatten().for_each(add_unknown);
        add_unknown(&mut value);
    }
    if leave_out_token && let Some(object) = value.as_object_mut() {
        object.remove("token");
    }
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(value.to_string()))
}

fn add_unknown(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        object.insert("x_unheard_of".to_owned(), json!({ "nested": [1, null, "two"] }));
    }
}

async fn whole(body: Body) -> Bytes {
    let limited = http_body_util::Limited::new(body, BODY_AT_MOST);
    limited.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_another_draws_otherwise() {
        let drawn = |seed| -> Vec<bool> { (1..=200).map(|number| chance(seed, number, 0) < 0.3).collect() };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        let hits = drawn(7).iter().filter(|hit| **hit).count();
        assert!((30..=90).contains(&hits), "{hits} of 200");
    }
}
