//! How SCIM says no (RFC 7644, section 3.12): one body, one mapping from the core's refusals.

use crate::http::problem::{self, Problem};
use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tenure_directory::refusal::{Taken, TakenField};
use tenure_directory::{Company, Refusal};
use tenure_engine::WriteError;
use tenure_scim::{ERROR, Fault, ScimType};

/// The media type of every answer.
pub(crate) const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json; charset=utf-8");

/// Why a request is not carried out.
#[derive(Debug, Clone)]
pub(crate) struct ScimError {
    problem: Problem,
    scim_type: Option<ScimType>,
}

/// What an operation comes to.
pub(crate) type ScimResult<T> = Result<T, ScimError>;

impl ScimError {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { problem: Problem::new(status, code, detail), scim_type: None }
    }

    /// 404 for a resource that is not there, or no longer.
    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        let id = tenure_directory::text::repeated(&id.chars().take(200).collect::<String>());
        Self::new(StatusCode::NOT_FOUND, "scim.not_found", format!("there is no {what} with the id {id}"))
    }

    /// 412.
    pub(crate) fn changed_since() -> Self {
        let detail = "it was changed since you read it; read it again and repeat with its new version";
        Self::new(StatusCode::PRECONDITION_FAILED, "request.changed_since", detail)
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.problem = self.problem.with_header(name, value);
        self
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        self.problem.status
    }

    /// The body.
    pub(crate) fn to_json(&self) -> Value {
        let mut body = json!({
            "schemas": [ERROR],
            "status": self.problem.status.as_u16().to_string(),
            "detail": self.problem.message,
        });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.as_str().into();
        }
        body
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_json().to_string()));
        *response.status_mut() = self.problem.status;
        response.headers_mut().insert(CONTENT_TYPE, SCIM_JSON);
        response.headers_mut().extend(self.problem.headers);
        response
    }
}

/// A problem of what all faces share, in this face's words.
pub(crate) fn render(problem: Problem) -> Response {
    ScimError::from(problem).into_response()
}

impl From<Problem> for ScimError {
    fn from(mut problem: Problem) -> Self {
        let scim_type = match problem.code {
            "request.not_json" | "request.body_missing" | "request.cut_off" => Some(ScimType::InvalidSyntax),
            _ => None,
        };
        // How a client tells apart what is wrong with its token (`contract/scim.md`, "Where it is").
        if let Some(word) = problem.code.strip_prefix("token.") {
            let header = HeaderName::from_static("tenure-auth-error");
            problem = problem.with_header(header, HeaderValue::from_static(word));
        }
        Self { problem, scim_type }
    }
}

impl From<Fault> for ScimError {
    fn from(fault: Fault) -> Self {
        let status = StatusCode::from_u16(fault.kind.status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self { problem: Problem::new(status, "scim.fault", fault.detail), scim_type: Some(fault.kind) }
    }
}

impl From<WriteError> for ScimError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Refused(refusal) => refusal.into(),
            other => problem::of_write_error(&other).into(),
        }
    }
}

impl From<Refusal> for ScimError {
    fn from(refusal: Refusal) -> Self {
        let (status, scim_type) = match &refusal {
            Refusal::Invalid(_)
            | Refusal::UnknownTeammates { .. }
            | Refusal::BlockedTeammates { .. }
            | Refusal::UnknownAssignee { .. }
            | Refusal::UnknownAuthor { .. }
            | Refusal::BlockedAssignee { .. }
            | Refusal::BlockedAuthor { .. } => (StatusCode::BAD_REQUEST, Some(ScimType::InvalidValue)),
            Refusal::Taken(_) | Refusal::TeamNameTaken { .. } | Refusal::TeamExternalIdTaken { .. } => {
                (StatusCode::CONFLICT, Some(ScimType::Uniqueness))
            }
            Refusal::UnknownTeam { .. }
            | Refusal::UnknownCustomField { .. }
            | Refusal::UnknownToken { .. }
            | Refusal::UnknownCompany { .. }
            | Refusal::UnknownInbox { .. }
            | Refusal::UnknownChannel { .. }
            | Refusal::UnknownConversation { .. }
            | Refusal::UnknownMessage { .. }
            | Refusal::UnknownWebhook { .. }
            | Refusal::UnknownInvitation => (StatusCode::NOT_FOUND, None),
            Refusal::TeammateIsBlocked { .. }
            | Refusal::LastAdmin { .. }
            | Refusal::ReactivationNeedsAPerson { .. }
            | Refusal::FieldNameTaken { .. }
            | Refusal::SlugTaken { .. }
            | Refusal::TooMany { .. }
            | Refusal::InvitationNotHeld { .. }
            | Refusal::InvitationAccepted { .. }
            | Refusal::InvitationExpired
            | Refusal::InvitationUsed
            | Refusal::SsoNotSet => (StatusCode::CONFLICT, None),
            Refusal::ChangedSince => (StatusCode::PRECONDITION_FAILED, None),
        };
        let detail = match &refusal {
            Refusal::Taken(taken) => taken.iter().map(taken_in_words).collect::<Vec<_>>().join("; "),
            Refusal::TeamNameTaken { holder } => {
                format!("displayName is taken: group {holder} has it; use another name, or change that group")
            }
            other => other.to_string(),
        };
        Self { problem: Problem::new(status, refusal.code(), detail), scim_type }
    }
}

impl ScimError {
    /// As the refusal says; but where somebody who is deleted holds what is taken, that is told, since nobody can look them up.
    pub(crate) fn of_refusal(refusal: Refusal, company: &Company) -> Self {
        let deleted = match &refusal {
            Refusal::Taken(taken) => {
                taken.iter().find(|taken| company.present_teammate(taken.holder).is_none())
            }
            _ => None,
        };
        let deleted = deleted.map(|taken| taken.holder);
        let mut error = Self::from(refusal);
        if let Some(holder) = deleted {
            let detail = "a deleted user has it; a POST with it brings that user back";
            error.problem.message = format!("{} ({holder}: {detail})", error.problem.message);
        }
        error
    }
}

fn taken_in_words(taken: &Taken) -> String {
    let Taken { field, holder } = taken;
    let attribute = match field {
        TakenField::Email => "userName (or the address that stands for it)",
        TakenField::Username => "username",
        TakenField::UserName => "userName",
        TakenField::ExternalId => "externalId",
    };
    format!("{attribute} is taken: user {holder} has it; use another, or change that user")
}
