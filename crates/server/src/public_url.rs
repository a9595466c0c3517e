//! What links start with. Taken from the configuration alone, never from a request.

use hyper::Uri;
use std::fmt;

/// An `http` or `https` URL without user, query or fragment, and without a slash at its end. It has only characters that
/// URLs have (RFC 3986), so that it can stand in JSON, in HTML and in a header as it is.
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
        let authority = url.authority().ok_or_else(wrong)?;
        let has_user = authority.as_str().contains('@');
        let has_more = url.query().is_some() || given.contains('#');
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]%!$&'()*+,;=@".contains(&byte);
        let names_port = authority.host().len() < authority.as_str().len();
        let has_bad_port = names_port && authority.port_u16().is_none();
        let is_plain = given.bytes().all(is_allowed) && !has_bad_port;
        if !is_http || has_user || has_more || !is_plain || authority.host().is_empty() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_links_can_start_with_is_taken() {
        assert_eq!(
            PublicUrl::parse("https://tenure.example.com/base/").unwrap().as_str(),
            "https://tenure.example.com/base"
        );
        assert!(PublicUrl::parse("http://[::1]:8400").is_ok());
        for bad in [
            "",
            "tenure.example.com",
            "ftp://t",
            "http://",
            "http://u@t",
            "http://t?x",
            "http://t#x",
            "http://t/a\"b",
            "http://t/a\\b",
            "http://t/\u{fc}",
            "http://t:99999",
            "http://t:",
            "http://t:8x",
            "http://[::1]:99999",
            "/only/a/path",
            "http://t/ x",
        ] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
