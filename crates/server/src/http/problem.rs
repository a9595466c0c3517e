//! What went wrong with a request, before a face gives it its body.

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};
use tenure_engine::{ReadError, WriteError};

tokio::task_local! {
    /// The id of the request that is being answered, so that an error in the log can be found by it.
    pub(crate) static REQUEST_ID: HeaderValue;
}

/// The id of the request that is being answered; `-` outside of one.
fn request_id() -> String {
    let id = REQUEST_ID.try_with(|id| id.to_str().map(str::to_owned));
    id.ok().and_then(Result::ok).unwrap_or_else(|| "-".to_owned())
}

/// What went wrong.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// A stable code for machines.
    pub(crate) code: &'static str,
    /// What was wrong and what to do.
    pub(crate) message: String,
    /// One entry for each thing that was wrong.
    pub(crate) details: Vec<String>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: vec![], headers: vec![] }
    }

    pub(crate) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    pub(crate) fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Ends the connection too: what follows on it would be read as the next request, and could be anything.
    pub(crate) fn closing(self) -> Self {
        self.with_header(hyper::header::CONNECTION, HeaderValue::from_static("close"))
    }

    /// 503: nothing was done, and it may work soon.
    pub(crate) fn unavailable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
            .with_header(hyper::header::RETRY_AFTER, HeaderValue::from_static("1"))
            .with_header(HeaderName::from_static("retry-after-ms"), HeaderValue::from_static("200"))
    }

    /// 500: a fault of ours. The message tells nothing of the inside; the log does.
    pub(crate) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, request_id = request_id(), "a request failed inside");
        let message =
            "something went wrong inside the server; its log has the details under this request's id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server.failed", message)
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, request_id = request_id(), "the journal cannot be read");
        Problem::unavailable("server.unreadable", "the data cannot be read at the moment; try again later")
    }
}

/// Everything that is not a rule's refusal; those have a place of their own in each face.
pub(crate) fn of_write_error(error: &WriteError) -> Problem {
    match error {
        WriteError::Overloaded => Problem::unavailable(
            "server.overloaded",
            "the server is overloaded; nothing was done, try again shortly",
        ),
        WriteError::Stopping => Problem::unavailable(
            "server.stopping",
            "the server is restarting; nothing was done, try again shortly",
        ),
        WriteError::OutcomeUnknown(_) => Problem::unavailable(
            "server.outcome_unknown",
            "outcome unknown, repeat with the same Idempotency-Key; without one, look before you repeat",
        ),
        WriteError::NotWritten(_) => Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "server.storage_full",
            "the change could not be stored and was not made; the server's disk may be full",
        ),
        WriteError::Unreadable(error) => Problem::internal(error),
        WriteError::Unanswerable => Problem::internal(error),
        WriteError::Refused(_) => Problem::internal(&"a refusal reached the place for failures"),
    }
}
