//! Mail handed to a mail server over SMTP.
//!
//! Connections are kept and dropped here and not by the library's pool: that one keeps a connection that was cut off in
//! the middle, and would take the late answer to one mail for the answer to the next.

mod server_url;
mod unbuffered;

use crate::mail::{Sender, cut, visible};
use futures_util::future::join_all;
use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials as Login, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::extension::{ClientId, Extension};
use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::io;
use std::sync::Mutex;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use unbuffered::Unbuffered;

pub use server_url::{Credentials, Encryption, Password, SmtpSetupFault, SmtpUrl, SmtpUrlFault};

/// How many connections there are at most; mail servers dislike many from one client.
const LANES: usize = 4;
/// How long a mail may take, from the look-up of the server's name to its last answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
/// How long each address of the server may take to be reached, so that one that is dead leaves time for another.
const REACHED_WITHIN: Duration = Duration::from_secs(10);
/// How long the server may take to say goodbye.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);
/// How much of a server's answer is told, in characters.
const ANSWER_MAX: usize = 300;

/// Why a mail was not taken. The texts have what the server said, without secrets, addresses and hidden characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpError {
    /// Trying again soon is of no use: the server refuses this mail, or it cannot do what the mail needs.
    #[error("the mail was refused: {0}")]
    Permanent(String),
    /// Trying again may help.
    #[error("the mail was not taken: {0}")]
    Transient(String),
}

impl SmtpError {
    /// Whether trying again soon is of no use.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Permanent(_))
    }
}

/// A mail server to which mail is handed.
pub struct SmtpPost {
    url: SmtpUrl,
    tls: Tls,
    credentials: Option<Credentials>,
    sender: Option<Sender>,
    answered_within: Duration,
    lanes: Semaphore,
    /// Connections over which a mail was sent to the end, so that nothing of it is still to come.
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl fmt::Debug for SmtpPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpPost").field("url", &self.url).field("tls", &self.tls).finish_non_exhaustive()
    }
}

impl SmtpPost {
    /// A mail server, and who mail comes from unless it comes from the public URL's host.
    pub fn new(url: SmtpUrl, sender: Option<Sender>) -> Result<Self, SmtpSetupFault> {
        let credentials = url.credentials()?;
        let encryption = url.agreed(credentials.is_some())?;
        let parameters =
            || TlsParameters::new(url.host.clone()).map_err(|error| SmtpSetupFault::Tls(error.to_string()));
        let tls = match encryption {
            Encryption::FromTheStart => Tls::Wrapper(parameters()?),
            Encryption::Required => Tls::Required(parameters()?),
            Encryption::Opportunistic => Tls::Opportunistic(parameters()?),
            Encryption::None => Tls::None,
        };
        Ok(Self {
            url,
            tls,
            credentials,
            sender,
            answered_within: ANSWERED_WITHIN,
            lanes: Semaphore::new(LANES),
            idle: Mutex::default(),
        })
    }

    /// The same, with another time for a mail; for tests.
    pub fn answered_within(self, answered_within: Duration) -> Self {
        Self { answered_within, ..self }
    }

    /// Who mail comes from, where that is set.
    pub fn sender(&self) -> Option<&Sender> {
        self.sender.as_ref()
    }

    /// Hands a mail to the server. It returns once the server has taken it.
    pub async fn send(&self, from: &Address, to: &Address, message: &[u8]) -> Result<(), SmtpError> {
        self.in_time(async {
            let mut connection = self.connection(from).await?;
            let info = connection.server_info();
            let takes_utf8 = info.supports_feature(Extension::SmtpUtfEight)
                && info.supports_feature(Extension::EightBitMime);
            let (envelope, message) = addressed(from, to, message, takes_utf8)?;
            let sent = connection.send(&envelope, &message).await;
            sent.map_err(|error| self.told("sending", &error))?;
            self.keep(connection);
            Ok(())
        })
        .await
    }

    /// Reaches the server and signs in, so that what follows is likely to be taken.
    pub async fn ready(&self, from: &Address) -> Result<(), SmtpError> {
        self.in_time(async {
            let connection = self.connection(from).await?;
            self.keep(connection);
            Ok(())
        })
        .await
    }

    /// Ends the connections that nobody uses.
    pub async fn hang_up(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().expect("no holder of the lock panics"));
        join_all(idle.into_iter().map(|mut connection| async move {
            // Whether the server says goodbye changes nothing.
            let _ = timeout(GOODBYE_WITHIN, connection.quit()).await;
        }))
        .await;
    }

    /// Does something with a connection once there is a lane for it. What takes too long is cut off, and its connection
    /// is closed.
    async fn in_time(&self, work: impl Future<Output = Result<(), SmtpError>>) -> Result<(), SmtpError> {
        let _lane = self.lanes.acquire().await.expect("the semaphore is never closed");
        // In a box, since a connection is large and each mail that waits would have room for one.
        let done = timeout(self.answered_within, Box::pin(work)).await;
        done.unwrap_or_else(|_| {
            let waited = self.answered_within;
            Err(SmtpError::Transient(format!("{} did not answer within {waited:?}", self.place())))
        })
    }

    async fn connection(&self, from: &Address) -> Result<AsyncSmtpConnection, SmtpError> {
        while let Some(mut connection) = self.kept() {
            if connection.test_connected().await {
                return Ok(connection);
            }
        }
        self.connect(from).await
    }

    fn kept(&self) -> Option<AsyncSmtpConnection> {
        self.idle.lock().expect("no holder of the lock panics").pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        self.idle.lock().expect("no holder of the lock panics").push(connection);
    }

    async fn connect(&self, from: &Address) -> Result<AsyncSmtpConnection, SmtpError> {
        let hello = greeting(from);
        let connected = match &self.tls {
            Tls::Wrapper(parameters) => {
                let place = (self.url.host.as_str(), self.url.port);
                let (within, parameters) = (Some(REACHED_WITHIN), Some(parameters.clone()));
                AsyncSmtpConnection::connect_tokio1(place, within, &hello, parameters, None).await
            }
            Tls::None | Tls::Opportunistic(_) | Tls::Required(_) => {
                let stream = Unbuffered::new(self.reach().await?);
                AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await
            }
        };
        let mut connection = connected.map_err(|error| self.told("connecting", &error))?;
        let parameters = match &self.tls {
            Tls::Required(parameters) => Some(parameters),
            Tls::Opportunistic(parameters) if connection.can_starttls() => Some(parameters),
            Tls::None | Tls::Opportunistic(_) | Tls::Wrapper(_) => None,
        };
        if let Some(parameters) = parameters {
            let encrypted = connection.starttls(parameters.clone(), &hello).await;
            encrypted.map_err(|error| self.told("starting TLS", &error))?;
        }
        self.sign_in(&mut connection).await?;
        Ok(connection)
    }

    async fn sign_in(&self, connection: &mut AsyncSmtpConnection) -> Result<(), SmtpError> {
        let Some(Credentials { username, password }) = &self.credentials else { return Ok(()) };
        // `agreed` has seen to it; here it is looked at, since nothing takes a password back.
        if !connection.is_encrypted() && !self.url.is_here() {
            return Err(SmtpError::Permanent(format!("the connection to {} is not encrypted", self.place())));
        }
        let login = Login::new(username.clone(), password.reveal().to_owned());
        let signed_in = connection.auth(DEFAULT_MECHANISMS, &login).await;
        signed_in.map(drop).map_err(|error| self.told("signing in", &error))
    }

    /// Connects to the first of the server's addresses that answers.
    async fn reach(&self) -> Result<TcpStream, SmtpError> {
        let failed =
            |error: io::Error| SmtpError::Transient(format!("{} cannot be reached: {error}", self.place()));
        let place = (self.url.host.as_str(), self.url.port);
        let addresses = tokio::net::lookup_host(place).await.map_err(failed)?;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
        for address in addresses {
            match timeout(REACHED_WITHIN, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true).map_err(failed)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(failed(last))
    }

    fn place(&self) -> String {
        format!("{} port {}", self.url.host, self.url.port)
    }

    /// What went wrong, as it may be told and logged.
    fn told(&self, doing: &str, error: &smtp::Error) -> SmtpError {
        let said = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        let said = self.without_secrets(&said);
        let code = error.status().map(|code| format!("{code} ")).unwrap_or_default();
        let text = format!("{} while {doing}: {code}{}", self.place(), said.trim());
        // What the library decides by itself is that the server lacks something, which it will lack next time too.
        let is_permanent = error.is_permanent() || error.is_client();
        if is_permanent { SmtpError::Permanent(text) } else { SmtpError::Transient(text) }
    }

    fn without_secrets(&self, answer: &str) -> String {
        let mut answer = visible(answer);
        for secret in self.credentials.iter().flat_map(Credentials::spellings) {
            if !secret.is_empty() {
                answer = answer.replace(&secret, "…");
            }
        }
        cut(&without_personal_words(&answer), ANSWER_MAX)
    }
}

/// A server's answer without addresses, and without links and tokens of ours, which it may repeat from the mail.
fn without_personal_words(answer: &str) -> String {
    let ends_a_word = |character: char| character.is_whitespace() || "<>()[]\",;".contains(character);
    answer.split_inclusive(ends_a_word).fold(String::with_capacity(answer.len()), |mut told, piece| {
        let word = piece.trim_end_matches(ends_a_word);
        let is_personal = word.contains('@') || word.to_ascii_lowercase().contains("tnr_");
        told.push_str(if is_personal { "…" } else { word });
        told.push_str(&piece[word.len()..]);
        told
    })
}

/// How the client names itself: as the sender's domain, since that is a name that it stands for.
fn greeting(from: &Address) -> ClientId {
    match idna::domain_to_ascii(from.domain()) {
        Ok(domain) if domain.contains('.') && !domain.starts_with('[') => ClientId::Domain(domain),
        _ => ClientId::default(),
    }
}

/// The envelope and the mail as the server can take them: addresses beyond ASCII as they are where it knows such
/// (SMTPUTF8), else with the domain in its ASCII form, in the mail's head too.
fn addressed<'a>(
    from: &Address,
    to: &Address,
    message: &'a [u8],
    takes_utf8: bool,
) -> Result<(Envelope, Cow<'a, [u8]>), SmtpError> {
    let is_ascii = |address: &Address| address.user().is_ascii() && address.domain().is_ascii();
    if takes_utf8 || (is_ascii(from) && is_ascii(to)) {
        return Ok((envelope(from.clone(), to.clone())?, Cow::Borrowed(message)));
    }
    let (plain_from, plain_to) = (in_ascii(from)?, in_ascii(to)?);
    let end = message.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or(message.len());
    let (head, body) = message.split_at(end);
    // Nothing else in a head is beyond ASCII: names and subjects are encoded.
    let head = String::from_utf8_lossy(head)
        .replace(&to.to_string(), plain_to.as_ref())
        .replace(&from.to_string(), plain_from.as_ref());
    Ok((envelope(plain_from, plain_to)?, Cow::Owned([head.as_bytes(), body].concat())))
}

fn envelope(from: Address, to: Address) -> Result<Envelope, SmtpError> {
    Envelope::new(Some(from), vec![to]).map_err(|error| SmtpError::Permanent(error.to_string()))
}

fn in_ascii(address: &Address) -> Result<Address, SmtpError> {
    let impossible = || {
        SmtpError::Permanent(
            "an address has characters beyond ASCII, and the mail server does not take such (SMTPUTF8)"
                .to_owned(),
        )
    };
    if !address.user().is_ascii() {
        return Err(impossible());
    }
    let domain = idna::domain_to_ascii(address.domain()).map_err(|_| impossible())?;
    Address::new(address.user(), domain).map_err(|_| impossible())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_without_addresses_and_links() {
        for (answer, told) in [
            ("5.1.1 <ana@x.example>: no such user", "5.1.1 <…>: no such user"),
            ("to=o'brien@x.example; not here", "…; not here"),
            ("see http://t/invitations/tnr_inv_1_abc, or \"TNR_INV_1_abc\"", "see …, or \"…\""),
            ("try  again\tlater", "try  again\tlater"),
            ("", ""),
        ] {
            assert_eq!(without_personal_words(answer), told);
        }
    }
}
