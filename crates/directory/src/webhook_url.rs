//! Where a webhook is: a URL, parsed once by the rules of browsers (WHATWG), of which everything else is made.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use url::Url;

/// The longest URL, in octets.
pub const MAX_URL_OCTETS: usize = 2048;

/// The URL of a webhook: `https` or `http`, with a host, without credentials. It may hold a secret of the receiver's, so
/// `Debug` shows the host alone.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

/// Why a text is no URL of a webhook; reads after the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlFault {
    /// No URL, or one of another scheme.
    #[error("must be a URL such as https://example.com/hooks")]
    NotAUrl,
    /// With credentials, which would be sent nobody knows where.
    #[error("must not contain a user name or a password; check the signature instead")]
    Credentials,
    /// Longer than the limit.
    #[error("must be at most {MAX_URL_OCTETS} octets")]
    TooLong,
}

impl WebhookUrl {
    /// Parses a URL. Where it may lead is checked apart, each time that something is sent.
    pub fn parse(text: &str) -> Result<Self, WebhookUrlFault> {
        if text.len() > MAX_URL_OCTETS {
            return Err(WebhookUrlFault::TooLong);
        }
        let mut url = Url::parse(text).map_err(|_| WebhookUrlFault::NotAUrl)?;
        if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none_or(str::is_empty) {
            return Err(WebhookUrlFault::NotAUrl);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookUrlFault::Credentials);
        }
        // It is never sent.
        url.set_fragment(None);
        if url.as_str().len() > MAX_URL_OCTETS {
            return Err(WebhookUrlFault::TooLong);
        }
        Ok(Self(url))
    }

    /// The parsed URL.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The URL in the form that parsing gave it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({}://{}/…)", self.0.scheme(), self.host())
    }
}

impl Serialize for WebhookUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for WebhookUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_host_and_no_credentials() {
        for (given, fault) in [
            ("ftp://example.com/", WebhookUrlFault::NotAUrl),
            ("example.com/hooks", WebhookUrlFault::NotAUrl),
            ("https://", WebhookUrlFault::NotAUrl),
            ("", WebhookUrlFault::NotAUrl),
            ("javascript:alert(1)", WebhookUrlFault::NotAUrl),
            ("https://user@example.com/", WebhookUrlFault::Credentials),
            ("https://:secret@example.com/", WebhookUrlFault::Credentials),
        ] {
            assert_eq!(WebhookUrl::parse(given), Err(fault), "{given}");
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_URL_OCTETS));
        assert_eq!(WebhookUrl::parse(&long), Err(WebhookUrlFault::TooLong));
        let parsed = WebhookUrl::parse("HTTPS://Bücher.Example:443/a b?token=x#part").unwrap();
        assert_eq!(parsed.as_str(), "https://xn--bcher-kva.example/a%20b?token=x");
        assert_eq!(format!("{parsed:?}"), "WebhookUrl(https://xn--bcher-kva.example/…)");
    }
}
