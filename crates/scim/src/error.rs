//! What is wrong with a request, in the RFC's words.

use std::fmt;

/// The `scimType` of an error (RFC 7644, section 3.12, table 9; RFC 9865, section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScimType {
    /// The filter cannot be read, or asks what the schema does not have.
    InvalidFilter,
    /// The answer would be too large, or take too long.
    TooMany,
    /// A value that must be unique is somebody else's.
    Uniqueness,
    /// A change of what cannot be changed.
    Mutability,
    /// The body is not as its message must be.
    InvalidSyntax,
    /// A path that cannot be read.
    InvalidPath,
    /// A path that leads to nothing.
    NoTarget,
    /// A value that is missing, or of the wrong type.
    InvalidValue,
    /// A cursor that is damaged, forged, or of another query.
    InvalidCursor,
    /// A cursor whose time is over.
    ExpiredCursor,
    /// A `count` that cannot be, or that changed from page to page.
    InvalidCount,
}

impl ScimType {
    /// The word on the wire (RFC 7644, section 3.12, table 9).
    pub const fn as_str(self) -> &'static str {
        match self {
            ScimType::InvalidFilter => "invalidFilter",
            ScimType::TooMany => "tooMany",
            ScimType::Uniqueness => "uniqueness",
            ScimType::Mutability => "mutability",
            ScimType::InvalidSyntax => "invalidSyntax",
            ScimType::InvalidPath => "invalidPath",
            ScimType::NoTarget => "noTarget",
            ScimType::InvalidValue => "invalidValue",
            ScimType::InvalidCursor => "invalidCursor",
            ScimType::ExpiredCursor => "expiredCursor",
            ScimType::InvalidCount => "invalidCount",
        }
    }

    /// The HTTP status that goes with it (RFC 7644, section 3.12, table 9).
    pub const fn status(self) -> u16 {
        match self {
            ScimType::Uniqueness => 409,
            _ => 400,
        }
    }
}

/// Something wrong with a request (RFC 7644, section 3.12).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Fault {
    /// Of which kind.
    pub kind: ScimType,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl Fault {
    /// A fault of a kind.
    pub fn new(kind: ScimType, detail: impl fmt::Display) -> Self {
        Self { kind, detail: detail.to_string() }
    }

    /// A value that is missing or of the wrong type.
    pub fn value(detail: impl fmt::Display) -> Self {
        Self::new(ScimType::InvalidValue, detail)
    }

    /// A body that is not as its message must be.
    pub fn syntax(detail: impl fmt::Display) -> Self {
        Self::new(ScimType::InvalidSyntax, detail)
    }

    pub(crate) fn filter(detail: impl fmt::Display) -> Self {
        Self::new(ScimType::InvalidFilter, detail)
    }

    pub(crate) fn mutability(detail: impl fmt::Display) -> Self {
        Self::new(ScimType::Mutability, detail)
    }
}
