//! How a webhook endpoint stands: whether it has shown that it is one, and whether anything is sent to it.

use crate::occasion::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether an endpoint must have shown that it is one before anything is sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidationPolicy {
    /// It need not.
    Optional,
    /// It must (`require_validation: true`).
    Required,
}

/// Whether an endpoint has shown that it is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    /// It is being asked.
    Pending,
    /// It has.
    Validated {
        /// When.
        at: Timestamp,
    },
    /// It did not answer as it must.
    Failed {
        /// When.
        at: Timestamp,
        /// What was wrong, for people.
        reason: Box<str>,
    },
}

/// Why nothing is sent to an endpoint any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// Somebody asked for it.
    Asked,
    /// It answered 410.
    Gone,
    /// Every attempt at a delivery failed.
    AttemptsExhausted,
    /// Nothing arrived for five days.
    NoSuccess,
}

impl DisabledReason {
    /// The reason's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            DisabledReason::Asked => "asked",
            DisabledReason::Gone => "gone",
            DisabledReason::AttemptsExhausted => "attempts_exhausted",
            DisabledReason::NoSuccess => "no_success",
        }
    }

    /// The reason in words.
    pub const fn in_words(self) -> &'static str {
        match self {
            DisabledReason::Asked => "somebody asked for it",
            DisabledReason::Gone => "it answered 410 Gone",
            DisabledReason::AttemptsExhausted => "every attempt at a delivery failed",
            DisabledReason::NoSuccess => "nothing arrived for five days",
        }
    }
}

/// Whether anything is sent to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enablement {
    /// It is.
    Enabled,
    /// It is not.
    Disabled {
        /// When that began.
        at: Timestamp,
        /// Why.
        reason: DisabledReason,
        /// When the first of the attempts failed after which nothing arrived any more.
        first_failure: Option<Timestamp>,
        /// The last answers, the newest first.
        last_answers: Box<[Box<str>]>,
    },
}
