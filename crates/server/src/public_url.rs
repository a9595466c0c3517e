//! What links start with. Taken from the configuration alone, never from a request.

use hyper::Uri;
use std::fmt;

/// An `http` or `https` URL without user, query or fragment, and without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// A text that links cannot start with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no public URL; it must be such as https://tenure.example.com, without a query")]
pub struct NotAPublicUrl(String);

impl PublicUrl {
    /// Reads a URL.
    pub fn parse(given: &str) -> Result<Self, NotAPublicUrl> {
        let wrong = || NotAPublicUrl(given.escape_debug().to_string());
        let url: Uri = given.parse().map_err(|_| wrong())?;
        let is_http = matches!(url.scheme_str(), Some("http" | "https"));
        let has_user = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
        let has_more = url.query().is_some() || given.contains('#');
        if !is_http || has_user || has_more || url.host().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        Ok(Self(given.trim_end_matches('/').to_owned()))
    }

    /// The text, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
