//! Reading: the state now, or as it was (`as_of`), and answers with their tags.

use crate::http::authentication::Caller;
use crate::http::conditional::{self, EntityTag};
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
use std::time::Duration;
use tenure_directory::{Company, Timestamp, Version};

/// How long a read of the past waits for its turn.
const PAST_READ_PATIENCE: Duration = Duration::from_secs(5);

/// A moment as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moment {
    pub(crate) given: String,
    pub(crate) time: Timestamp,
}

/// Reads the moment of a query.
pub(crate) fn parse_moment(given: &str) -> Result<Moment, Problem> {
    let time = crate::moment::parse(given).ok_or_else(|| {
        let message =
            "must be a time in ISO 8601 with a zone, such as 2026-01-31T09:00:00Z, or in epoch seconds";
        bad_query("as_of", message)
    })?;
    Ok(Moment { given: given.to_owned(), time })
}

impl App {
    /// The company of a caller, now or at the moment that the query asks for.
    pub(crate) async fn view(&self, caller: &Caller, query: &Query) -> Result<Arc<Company>, RestError> {
        let Some(moment) = query.as_of()? else { return Ok(Arc::clone(&caller.company)) };
        if moment.time >= caller.company.last_event_at {
            return Ok(Arc::clone(&caller.company));
        }
        let Ok(permit) = tokio::time::timeout(PAST_READ_PATIENCE, self.past_reads.acquire()).await else {
            let message = "too many reads of the past are running; try again shortly";
            return Err(Problem::unavailable("server.overloaded", message).into());
        };
        let _permit = permit.expect("the semaphore is never closed");
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

/// 200 with the tag of a revision, or 304 where the caller has this revision already.
pub(crate) fn tagged(headers: &HeaderMap, revision: Version, body: Vec<u8>) -> Response {
    unless_known(headers, &EntityTag::of_revision(revision), body)
}

/// 200 with a tag made from the body, for what has no revision of its own; or 304.
pub(crate) fn tagged_by_content(headers: &HeaderMap, representation: impl Serialize) -> Response {
    let body = to_json(&representation);
    unless_known(headers, &EntityTag::of_content(&body), body)
}

fn unless_known(headers: &HeaderMap, tag: &EntityTag, body: Vec<u8>) -> Response {
    let mut response = if conditional::is_known(headers, tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        json(StatusCode::OK, body)
    };
    response.headers_mut().insert(ETAG, tag.header());
    response
}
