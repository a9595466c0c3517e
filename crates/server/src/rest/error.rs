//! How REST says no: one body, one mapping from the core's refusals.

use crate::http::problem::{self, Problem};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{StatusCode, Uri};
use serde::Serialize;
use tenure_directory::Refusal;
use tenure_directory::text::repeated;
use tenure_engine::{ReadError, WriteError};
use utoipa::ToSchema;

/// The leading words of a body that is not as it must be; clients of the product match on them.
pub(crate) const BAD_BODY: &str = "Body did not satisfy requirements";

/// The body of every error.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody<'a> {
    #[serde(rename = "_error")]
    error: ErrorFields<'a>,
}

/// What an error says.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorFields<'a> {
    /// The HTTP status.
    status: u16,
    /// The status in words.
    title: &'a str,
    /// What was wrong and what to do.
    message: &'a str,
    /// One entry for each thing that was wrong.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    details: &'a [String],
    /// A stable code.
    code: &'a str,
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "Bad request",
        StatusCode::UNAUTHORIZED => "Unauthenticated",
        StatusCode::FORBIDDEN => "Forbidden",
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::METHOD_NOT_ALLOWED => "Method not allowed",
        StatusCode::REQUEST_TIMEOUT => "Request timeout",
        StatusCode::CONFLICT => "Conflict",
        StatusCode::GONE => "Gone",
        StatusCode::PRECONDITION_FAILED => "Precondition failed",
        StatusCode::PAYLOAD_TOO_LARGE => "Payload too large",
        StatusCode::URI_TOO_LONG => "URI too long",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "Request header fields too large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "Unsupported media type",
        StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable entity",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        StatusCode::SERVICE_UNAVAILABLE => "Service unavailable",
        StatusCode::INSUFFICIENT_STORAGE => "Insufficient storage",
        _ => "Internal server error",
    }
}

/// The bytes of an error's body.
pub(crate) fn body_of(problem: &Problem) -> Vec<u8> {
    let Problem { status, code, message, details, headers: _ } = problem;
    let fields = ErrorFields { status: status.as_u16(), title: title(*status), message, details, code };
    serde_json::to_vec(&ErrorBody { error: fields }).expect("an error has a JSON form")
}

/// An error as an answer.
pub(crate) fn render(problem: Problem) -> Response {
    let mut response = Response::new(Body::from(body_of(&problem)));
    *response.status_mut() = problem.status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().extend(problem.headers);
    response
}

/// What a handler fails with.
#[derive(Debug)]
pub(crate) struct RestError(pub(crate) Problem);

impl IntoResponse for RestError {
    fn into_response(self) -> Response {
        render(self.0)
    }
}

impl From<Problem> for RestError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<ReadError> for RestError {
    fn from(error: ReadError) -> Self {
        Self(error.into())
    }
}

impl From<Refusal> for RestError {
    fn from(refusal: Refusal) -> Self {
        Self(of_refusal(&refusal))
    }
}

impl From<WriteError> for RestError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Refused(refusal) => refusal.into(),
            other => Self(problem::of_write_error(&other)),
        }
    }
}

/// The one mapping from a refusal to a status and its words.
pub(crate) fn of_refusal(refusal: &Refusal) -> Problem {
    let status = match refusal {
        Refusal::Invalid(_)
        | Refusal::BlockedTeammates { .. }
        | Refusal::UnknownAssignee { .. }
        | Refusal::UnknownAuthor { .. }
        | Refusal::BlockedAssignee { .. }
        | Refusal::BlockedAuthor { .. } => StatusCode::BAD_REQUEST,
        Refusal::ReactivationNeedsAPerson { .. } => StatusCode::FORBIDDEN,
        Refusal::UnknownTeammates { .. }
        | Refusal::UnknownTeam { .. }
        | Refusal::UnknownCustomField { .. }
        | Refusal::UnknownToken { .. }
        | Refusal::UnknownCompany { .. }
        | Refusal::UnknownInbox { .. }
        | Refusal::UnknownChannel { .. }
        | Refusal::UnknownConversation { .. }
        | Refusal::UnknownMessage { .. }
        | Refusal::UnknownWebhook { .. }
        | Refusal::UnknownInvitation => StatusCode::NOT_FOUND,
        Refusal::Taken(_)
        | Refusal::TeammateIsBlocked { .. }
        | Refusal::LastAdmin { .. }
        | Refusal::TeamNameTaken { .. }
        | Refusal::TeamExternalIdTaken { .. }
        | Refusal::FieldNameTaken { .. }
        | Refusal::SlugTaken { .. }
        | Refusal::TooMany { .. }
        | Refusal::InvitationNotHeld { .. }
        | Refusal::InvitationAccepted { .. }
        | Refusal::SsoNotSet => StatusCode::CONFLICT,
        Refusal::ChangedSince => StatusCode::PRECONDITION_FAILED,
        Refusal::InvitationExpired | Refusal::InvitationUsed => StatusCode::GONE,
    };
    let message = match refusal {
        Refusal::Invalid(_)
        | Refusal::BlockedTeammates { .. }
        | Refusal::UnknownAssignee { .. }
        | Refusal::UnknownAuthor { .. }
        | Refusal::BlockedAssignee { .. }
        | Refusal::BlockedAuthor { .. } => format!("{BAD_BODY}: {refusal}"),
        other => other.to_string(),
    };
    Problem::new(status, refusal.code(), message).with_details(refusal.details())
}

/// 404 for a path that nothing is at.
pub(crate) fn unknown_path(uri: &Uri) -> RestError {
    let path: String = repeated(uri.path()).chars().take(200).collect();
    let hint = if path.len() > 1 && path.ends_with('/') { "; paths have no slash at their end" } else { "" };
    let message = format!("there is nothing at {path}{hint}; /docs lists what there is");
    RestError(Problem::new(StatusCode::NOT_FOUND, "request.unknown_path", message))
}
