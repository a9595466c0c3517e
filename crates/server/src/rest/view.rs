//! Reading: the state now, or as it was (`as_of`), and answers with their tags.

use crate::http::authentication::Caller;
use crate::http::conditional;
use crate::http::problem::Problem;
use crate::rest::app::App;
use crate::rest::error::RestError;
use crate::rest::list::{Query, bad_query};
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderValue};
use serde::Serialize;
use std::sync::Arc;
use tenure_directory::{Company, Timestamp, Version};

/// A moment as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moment {
    pub(crate) given: String,
    pub(crate) time: Timestamp,
}

/// Reads a moment: ISO 8601 with a zone, or epoch seconds with up to three decimals.
pub(crate) fn parse_moment(given: &str) -> Result<Moment, Problem> {
    let wrong = || {
        bad_query("as_of", "must be a time in ISO 8601 with a zone, such as 2026-01-31T09:00:00Z, or in epoch seconds")
    };
    let time = match epoch_ms(given) {
        Some(ms) => ms,
        // In a query an unencoded + is a space.
        None => given.replace(' ', "+").parse::<jiff::Timestamp>().map_err(|_| wrong())?.as_millisecond(),
    };
    Ok(Moment { given: given.to_owned(), time: Timestamp::from_ms(time) })
}

fn epoch_ms(given: &str) -> Option<i64> {
    let (seconds, decimals) = given.split_once('.').unwrap_or((given, "0"));
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(seconds, 12) || !digits(decimals, 3) {
        return None;
    }
    let ms: i64 = format!("{decimals:0<3}").parse().ok()?;
    Some(seconds.parse::<i64>().ok()? * 1000 + ms)
}

impl App {
    /// The company of a caller, now or at the moment that the query asks for.
    pub(crate) async fn view(&self, caller: &Caller, query: &Query) -> Result<Arc<Company>, RestError> {
        let Some(moment) = query.as_of()? else { return Ok(Arc::clone(&caller.company)) };
        if moment.time >= caller.company.last_event_at {
            return Ok(Arc::clone(&caller.company));
        }
        let _permit = self.past_reads.acquire().await.expect("the semaphore is never closed");
        let past = self.engine.company_at(caller.company.id, moment.time).await?;
        past.map(Arc::new).ok_or_else(|| {
            let message = "at that time this company did not exist yet; ask for a later time";
            Problem::new(StatusCode::NOT_FOUND, "request.before_the_company", message).into()
        })
    }
}

/// The JSON of a representation.
pub(crate) fn to_json(representation: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(representation).expect("a representation has a JSON form")
}

/// 200 with a JSON body.
pub(crate) fn ok(representation: &impl Serialize) -> Response {
    json(StatusCode::OK, to_json(representation))
}

/// An answer with a JSON body.
pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// 200 with a tag, or 304 where the caller has this revision already.
pub(crate) fn tagged(headers: &HeaderMap, revision: Version, representation: impl Serialize) -> Response {
    let mut response = if conditional::is_known(headers, revision) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ok(&representation)
    };
    response.headers_mut().insert(ETAG, conditional::etag(revision));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_both_forms() {
        let ms = |given: &str| parse_moment(given).unwrap().time.as_ms();
        assert_eq!(ms("1700000000"), 1_700_000_000_000);
        assert_eq!(ms("1700000000.5"), 1_700_000_000_500);
        assert_eq!(ms("2023-11-14T22:13:20Z"), 1_700_000_000_000);
        assert_eq!(ms("2023-11-14T23:13:20 01:00"), 1_700_000_000_000);
        for bad in ["", "now", "-1", "1.2345", "2023-11-14", "99999999999999999999", "1e9"] {
            assert!(parse_moment(bad).is_err(), "{bad}");
        }
    }
}
