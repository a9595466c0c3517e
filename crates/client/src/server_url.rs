//! Where a server is.

use std::fmt;
use url::Url;

/// The base URL of a server: what its paths are appended to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

/// A text that is no base URL of a server. A password in it is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no URL of a server: {0}; give one such as https://api2.frontapp.com or http://127.0.0.1:8400"
)]
pub struct NotAServerUrl(&'static str);

impl ServerUrl {
    /// A base URL from its text; slashes at its end do not count.
    pub fn parse(text: &str) -> Result<Self, NotAServerUrl> {
        let url = Url::parse(text.trim()).map_err(|_| NotAServerUrl("it cannot be read"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NotAServerUrl("it does not begin with http:// or https://"));
        }
        if !url.has_host() {
            return Err(NotAServerUrl("it names no host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotAServerUrl("it holds a user name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(NotAServerUrl("it has a query or a fragment"));
        }
        let mut url = url;
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The URL of a path below this one. The path begins with a slash, and its parts are encoded already.
    pub(crate) fn join(&self, path: &str) -> Url {
        let base = self.0.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}")).expect("a base URL with an encoded path behind it is a URL")
    }

    /// The URL that a server gave, if it leads to the same scheme, host and port: a token goes nowhere else.
    pub(crate) fn same_origin(&self, given: &str) -> Option<Url> {
        let url = self.0.join(given).ok()?;
        (url.origin() == self.0.origin()).then_some(url)
    }

    /// The next page, where a server tells of it under another of its names: the page token alone is taken from there, and
    /// the request goes to where the last one went.
    pub(crate) fn by_page_token(asked: &Url, given: &str) -> Option<Url> {
        let given = Url::parse(given).ok().filter(|given| given.path() == asked.path())?;
        let token = given.query_pairs().find(|(name, _)| name == "page_token")?.1.into_owned();
        let kept: Vec<_> = asked
            .query_pairs()
            .filter(|(name, _)| name != "page_token")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let mut next = asked.clone();
        next.query_pairs_mut().clear().extend_pairs(kept).append_pair("page_token", &token);
        Some(next)
    }

    /// Whether what is sent can be read on the way.
    pub fn is_plain_text(&self) -> bool {
        self.0.scheme() == "http"
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_may_have_a_path_and_slashes_at_its_end() {
        let url = ServerUrl::parse("https://gate.example/front//").unwrap();
        assert_eq!(url.to_string(), "https://gate.example/front");
        assert_eq!(url.join("/teammates").as_str(), "https://gate.example/front/teammates");
        assert_eq!(
            ServerUrl::parse("http://[::1]:8400").unwrap().join("/me").as_str(),
            "http://[::1]:8400/me"
        );
    }

    #[test]
    fn what_is_no_base_url_is_told_without_its_password() {
        for wrong in
            ["", "api2.frontapp.com", "ftp://a.example", "https://u:pass@a.example", "https://a.example?x=1"]
        {
            let told = ServerUrl::parse(wrong).unwrap_err().to_string();
            assert!(!told.contains("pass@") && told.contains("https://api2.frontapp.com"), "{told}");
        }
    }

    #[test]
    fn only_the_same_origin_is_followed() {
        let url = ServerUrl::parse("https://a.example").unwrap();
        assert!(url.same_origin("https://a.example/teammates?page_token=x").is_some());
        assert!(url.same_origin("/teammates?page_token=x").is_some());
        for foreign in [
            "https://b.example/teammates",
            "http://a.example/teammates",
            "https://a.example:8443/",
            "//b.example/",
        ] {
            assert!(url.same_origin(foreign).is_none(), "{foreign}");
        }
    }
}
