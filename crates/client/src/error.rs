//! What can go wrong with a request, told so that a person knows what to do.

use std::fmt;

/// A request, as errors name it: never with its token or its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Why a client cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// A root certificate cannot be used.
    #[error("a root certificate cannot be used: {0}")]
    Root(String),
    /// The TLS or HTTP library refused to start.
    #[error("the HTTP client cannot be set up: {0}")]
    Http(String),
}

/// A server said no.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// What was asked.
    pub request: RequestLine,
    /// The status.
    pub status: u16,
    /// The server's title for it, or the SCIM type.
    pub title: String,
    /// The server's message.
    pub message: String,
    /// What it said of each field.
    pub details: Vec<String>,
    /// Its stable code, where it has one (`teammate.email_taken`).
    pub code: Option<String>,
    /// Its name for the request, for its operators' logs.
    pub request_id: Option<String>,
}

impl Refused {
    /// What is likely behind it, where experience tells.
    pub fn likely_cause(&self) -> Option<&'static str> {
        let text = format!("{} {}", self.title, self.message).to_lowercase();
        match self.status {
            401 if ["checksum", "malformed", "mistyped"].iter().any(|word| text.contains(word)) => {
                Some("the token was mistyped or cut off; copy it again")
            }
            401 if text.contains("scim") => Some("this is not a token for this interface"),
            401 => Some("the token was revoked, has expired, or belongs to another server"),
            403 if text.contains("scim") => Some("this token is of another kind than this interface needs"),
            403 if text.contains("company-level") => {
                Some("this token is teammate-level; user management needs a company-level one")
            }
            403 if text.contains("scope") => Some("the token lacks a scope; make one that has it"),
            403 => Some("the token is not allowed to do this"),
            404 if self.message.is_empty() || self.code.as_deref() == Some("request.unknown_path") => {
                Some("the URL is not the API's base URL, or this server does not offer this")
            }
            405 => Some(
                "this server does not offer this; some of the documented operations are absent on some servers",
            ),
            301..=308 => Some("the server sends its callers elsewhere; use that address as the URL"),
            429 => Some("something else spends the same token's limit"),
            _ => None,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was answered with {}", self.request, self.status)?;
        let said = [self.title.as_str(), self.message.as_str()];
        let said: Vec<_> = said.into_iter().filter(|text| !text.is_empty()).collect();
        if !said.is_empty() {
            write!(f, " {}", said.join(": "))?;
        }
        if !self.details.is_empty() {
            write!(f, " ({})", self.details.join("; "))?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request {id}]")?;
        }
        match self.likely_cause() {
            Some(cause) => write!(f, "; {cause}"),
            None => Ok(()),
        }
    }
}

/// A write of which nobody knows whether it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguous {
    /// What was asked.
    pub request: RequestLine,
    /// What happened instead of an answer.
    pub why: String,
}

impl fmt::Display for Ambiguous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} may have been done or not: {}; read before you repeat it", self.request, self.why)
    }
}

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was sent: there was no connection.
    #[error("{request} could not be sent: {why}")]
    NotSent {
        /// What was to be asked.
        request: RequestLine,
        /// What the system said.
        why: String,
    },
    /// A read that was not answered.
    #[error("{request} was not answered: {why}")]
    NotAnswered {
        /// What was asked.
        request: RequestLine,
        /// What happened.
        why: String,
    },
    /// The server said no.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// A write whose answer was lost.
    #[error("{0}")]
    Ambiguous(Box<Ambiguous>),
    /// The answer is not what the API answers with.
    #[error("the answer to {request} cannot be understood: {why}; is this the base URL of the API?")]
    Unreadable {
        /// What was asked.
        request: RequestLine,
        /// What is wrong with the answer.
        why: String,
    },
    /// A page that leads to another server.
    #[error(
        "the next page of {request} is said to be at {next}, which is not the server that was asked; the token is not sent there. \
         Use the server's public URL"
    )]
    Elsewhere {
        /// What was asked.
        request: RequestLine,
        /// Where it leads.
        next: String,
    },
}

impl Error {
    /// The status, if the server answered with one.
    pub fn status(&self) -> Option<u16> {
        self.refused().map(|refused| refused.status)
    }

    /// What the server said, if it said no.
    pub fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::NotSent { .. }
            | Self::NotAnswered { .. }
            | Self::Ambiguous(_)
            | Self::Unreadable { .. }
            | Self::Elsewhere { .. } => None,
        }
    }

    /// Whether nobody knows if a write was done.
    pub const fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Ambiguous(_))
    }

    /// Whether no other request with this token can go better.
    pub fn is_lasting(&self) -> bool {
        self.status() == Some(401)
    }
}
