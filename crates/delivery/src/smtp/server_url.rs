//! Where a mail server is and who signs in there. No password is ever printed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::{SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use url::{Host, Url};

/// A password. It has no `Display`, and `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Takes a text as a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, to be sent.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Who signs in at the mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Password,
}

impl Credentials {
    /// The password in every spelling in which it is sent, so that none of them is repeated from an answer.
    pub(super) fn spellings(&self) -> [String; 3] {
        let Self { username, password: Password(password) } = self;
        let plain = STANDARD.encode(format!("\0{username}\0{password}"));
        [plain, STANDARD.encode(password), password.clone()]
    }
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// By TLS from the first byte (`smtps://`).
    FromTheStart,
    /// By STARTTLS, or no mail is sent.
    Required,
    /// By STARTTLS where the server offers it.
    Opportunistic,
    /// Not at all.
    None,
}

/// Where a mail server is: `smtps://mail.example.com`, or `smtp://USER:PASSWORD@mail.example.com:587?tls=required`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SmtpUrl {
    pub(super) host: String,
    pub(super) port: u16,
    encryption: Encryption,
    username: Option<String>,
    password: Option<Password>,
}

/// Why a text is no URL of a mail server. Reads after the name of a key, and repeats nothing of the text, which may hold
/// a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmtpUrlFault {
    /// Not of the form.
    #[error(
        "must be such as smtps://mail.example.com or smtp://USER:PASSWORD@mail.example.com:587; what is special in a \
         name or password is percent-encoded"
    )]
    Form,
    /// Something else than `tls=` behind the `?`.
    #[error(
        "may end in ?tls=required, and smtp:// also in ?tls=opportunistic or ?tls=none, and in nothing else"
    )]
    Query,
}

impl SmtpUrl {
    /// Reads a URL. `smtp://` means STARTTLS, except on this machine, unless `?tls=` says otherwise.
    pub fn parse(text: &str) -> Result<Self, SmtpUrlFault> {
        let url = Url::parse(text).map_err(|_| SmtpUrlFault::Form)?;
        let host = host_of(&url).ok_or(SmtpUrlFault::Form)?;
        let has_more = !matches!(url.path(), "" | "/") || url.fragment().is_some();
        if has_more || url.port() == Some(0) {
            return Err(SmtpUrlFault::Form);
        }
        let encryption = encryption_of(&url, is_loopback(&host))?;
        let usual_port = match encryption {
            Encryption::FromTheStart => SUBMISSIONS_PORT,
            Encryption::Required | Encryption::Opportunistic => SUBMISSION_PORT,
            Encryption::None => SMTP_PORT,
        };
        let username = Some(url.username()).filter(|name| !name.is_empty()).map(decoded).transpose()?;
        let password = url.password().map(decoded).transpose()?.map(Password);
        Ok(Self { host, port: url.port().unwrap_or(usual_port), encryption, username, password })
    }

    /// The same, with who signs in said apart from the URL: what is given here counts before what the URL has.
    pub fn signed_in_as(self, username: Option<String>, password: Option<Password>) -> Self {
        Self { username: username.or(self.username), password: password.or(self.password), ..self }
    }

    /// Who signs in, if anybody does.
    pub(super) fn credentials(&self) -> Result<Option<Credentials>, SmtpSetupFault> {
        let credentials = match (self.username.clone(), self.password.clone()) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(SmtpSetupFault::NoPassword),
            (None, Some(_)) => return Err(SmtpSetupFault::NoUsername),
            (Some(username), Some(password)) => Credentials { username, password },
        };
        let Credentials { username, password: Password(password) } = &credentials;
        // They are told apart by a NUL when they are sent.
        if username.chars().chain(password.chars()).any(char::is_control) {
            return Err(SmtpSetupFault::Control);
        }
        Ok(Some(credentials))
    }

    /// How the connection is encrypted in the end: who signs in does so within TLS, except on this machine.
    pub(super) fn agreed(&self, signs_in: bool) -> Result<Encryption, SmtpSetupFault> {
        if !signs_in || self.is_here() {
            return Ok(self.encryption);
        }
        match self.encryption {
            Encryption::None => Err(SmtpSetupFault::InTheClear),
            Encryption::Required | Encryption::Opportunistic => Ok(Encryption::Required),
            Encryption::FromTheStart => Ok(Encryption::FromTheStart),
        }
    }

    /// Whether the server is on this machine.
    pub(super) fn is_here(&self) -> bool {
        is_loopback(&self.host)
    }
}

impl TryFrom<String> for SmtpUrl {
    type Error = SmtpUrlFault;

    fn try_from(text: String) -> Result<Self, SmtpUrlFault> {
        Self::parse(&text)
    }
}

impl fmt::Debug for SmtpUrl {
    /// Shows where, and nothing of who signs in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SmtpUrl");
        shown.field("host", &self.host).field("port", &self.port).field("encryption", &self.encryption);
        shown.finish_non_exhaustive()
    }
}

/// The host, by a name of ASCII or an address.
fn host_of(url: &Url) -> Option<String> {
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    match url.host()? {
        Host::Domain(name) if name.is_empty() || !name.bytes().all(is_of_a_name) => None,
        Host::Domain(name) => Some(name.to_ascii_lowercase()),
        Host::Ipv4(address) => Some(address.to_string()),
        Host::Ipv6(address) => Some(address.to_string()),
    }
}

fn encryption_of(url: &Url, is_here: bool) -> Result<Encryption, SmtpUrlFault> {
    let mut wish = None;
    for (key, value) in url.query_pairs() {
        if key != "tls" || wish.is_some() {
            return Err(SmtpUrlFault::Query);
        }
        wish = Some(value);
    }
    match (url.scheme(), wish.as_deref()) {
        ("smtps", None | Some("required")) => Ok(Encryption::FromTheStart),
        ("smtps", Some(_)) => Err(SmtpUrlFault::Query),
        ("smtp", wish) => match wish.unwrap_or(if is_here { "none" } else { "required" }) {
            "required" => Ok(Encryption::Required),
            "opportunistic" => Ok(Encryption::Opportunistic),
            "none" => Ok(Encryption::None),
            _ => Err(SmtpUrlFault::Query),
        },
        _ => Err(SmtpUrlFault::Form),
    }
}

fn decoded(text: &str) -> Result<String, SmtpUrlFault> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| SmtpUrlFault::Form)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Why mail cannot be sent the way it is set up. Repeats no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpSetupFault {
    /// A name alone.
    #[error(
        "there is a username for the mail server and no password; give it too, or leave out the username"
    )]
    NoPassword,
    /// A password alone.
    #[error(
        "there is a password for the mail server and no username; give it too, or leave out the password"
    )]
    NoUsername,
    /// What cannot be sent.
    #[error("the username and the password for the mail server must not contain control characters")]
    Control,
    /// The password would be readable on its way.
    #[error(
        "the password would be sent unencrypted to another machine; leave out tls=none, or sign in with no password"
    )]
    InTheClear,
    /// TLS itself.
    #[error("TLS to the mail server cannot be set up: {0}")]
    Tls(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed(url: &str) -> Result<Encryption, SmtpSetupFault> {
        let url = SmtpUrl::parse(url).unwrap();
        url.agreed(url.credentials()?.is_some())
    }

    #[test]
    fn a_password_goes_within_tls_or_stays_on_this_machine() {
        for (url, expected) in [
            ("smtp://u:p@mail.example.com", Ok(Encryption::Required)),
            ("smtp://u:p@mail.example.com?tls=opportunistic", Ok(Encryption::Required)),
            ("smtp://u:p@mail.example.com?tls=none", Err(SmtpSetupFault::InTheClear)),
            ("smtp://u:p@10.0.0.1?tls=none", Err(SmtpSetupFault::InTheClear)),
            ("smtp://u:p@localhost.example.com?tls=none", Err(SmtpSetupFault::InTheClear)),
            ("smtp://u:p@[::2]?tls=none", Err(SmtpSetupFault::InTheClear)),
            ("smtps://u:p@mail.example.com", Ok(Encryption::FromTheStart)),
            ("smtp://mail.example.com", Ok(Encryption::Required)),
            ("smtp://mail.example.com?tls=none", Ok(Encryption::None)),
            ("smtp://mail.example.com?tls=opportunistic", Ok(Encryption::Opportunistic)),
            ("smtp://u:p@localhost", Ok(Encryption::None)),
            ("smtp://u:p@127.0.0.1", Ok(Encryption::None)),
            ("smtp://u:p@[::1]", Ok(Encryption::None)),
            ("smtp://u:p@localhost?tls=required", Ok(Encryption::Required)),
        ] {
            assert_eq!(agreed(url), expected, "{url}");
        }
    }

    #[test]
    fn ports_are_the_usual_ones_unless_given() {
        for (url, port) in [
            ("smtps://mail.example.com", 465),
            ("smtp://mail.example.com", 587),
            ("smtp://mail.example.com?tls=opportunistic", 587),
            ("smtp://mail.example.com?tls=none", 25),
            ("smtp://localhost", 25),
            ("smtp://localhost:1025/", 1025),
        ] {
            assert_eq!(SmtpUrl::parse(url).unwrap().port, port, "{url}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_mail_server_is_refused_without_being_repeated() {
        for bad in [
            "",
            "hunter2",
            "mail.example.com:587",
            "http://u:hunter2@mail.example.com",
            "smtp://",
            "smtp://u:hunter2@",
            "smtp:u:hunter2@mail.example.com",
            "smtp://u:hunter2@mail.example.com/path",
            "smtp://u:hunter2@mail.example.com#part",
            "smtp://u:hunter2@mail.example.com:0",
            "smtp://u:hunter2@mail.example.com:99999",
            "smtp://u:hunter2@mail example.com",
            "smtp://u:hunter2/@mail.example.com",
            "smtp://u:hunter2%ff@mail.example.com",
            "smtp://u:hunter2@b%C3%BCcher.example",
            "smtp://u:hunter2@mail.example.com?tls=hunter2",
            "smtp://mail.example.com?password=hunter2",
            "smtp://mail.example.com?tls=none&tls=none",
            "smtps://mail.example.com?tls=none",
        ] {
            let fault = SmtpUrl::parse(bad).unwrap_err();
            assert!(!format!("{fault} {fault:?}").contains("hunter2"), "{bad}: {fault}");
        }
    }

    #[test]
    fn who_signs_in_can_be_said_apart_and_is_never_printed() {
        let url = SmtpUrl::parse("smtp://ana%40x.example:hunt%65r2@mail.example.com").unwrap();
        let credentials = url.credentials().unwrap().unwrap();
        assert_eq!(credentials.username, "ana@x.example");
        assert_eq!(credentials.password, Password::new("hunter2"));
        let apart = url.clone().signed_in_as(None, Some(Password::new("hunter3")));
        assert_eq!(apart.credentials().unwrap().unwrap().password, Password::new("hunter3"));
        let shown = format!("{url:?} {apart:?} {credentials:?}");
        assert!(!shown.contains("hunter") && shown.contains("mail.example.com"), "{shown}");
        let half = SmtpUrl::parse("smtp://ana@mail.example.com").unwrap();
        assert_eq!(half.credentials(), Err(SmtpSetupFault::NoPassword));
        let half = SmtpUrl::parse("smtp://mail.example.com").unwrap();
        let half = half.signed_in_as(None, Some(Password::new("hunter2")));
        assert_eq!(half.credentials(), Err(SmtpSetupFault::NoUsername));
        let split = half.signed_in_as(Some("ana\0root".to_owned()), None);
        assert_eq!(split.credentials(), Err(SmtpSetupFault::Control));
    }
}
