//! The invitation as a mail: text and HTML, with headers that no name can break out of.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};
use tenure_directory::Timestamp;
use tenure_directory::teammate::Teammate;

/// Why a mail cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// An address that mail cannot carry.
    #[error("the address cannot be written into a mail: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// Anything else about the message.
    #[error("the mail cannot be made: {0}")]
    Message(#[from] lettre::error::Error),
}

/// An invitation.
#[derive(Debug)]
pub struct InvitationMail<'a> {
    /// The company's name.
    pub company: &'a str,
    /// Who is invited.
    pub teammate: &'a Teammate,
    /// The link with the secret.
    pub link: &'a str,
    /// The server's public URL; its host is the sender's domain.
    pub public_url: &'a str,
    /// The part of the Message-ID before the `@`; stable, so that one invitation is one mail.
    pub message_id: &'a str,
    /// When it is sent.
    pub sent_at: Timestamp,
}

impl InvitationMail<'_> {
    /// The mail's bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, MailError> {
        let domain = sender_domain(self.public_url);
        let from = Mailbox::new(Some("Tenure".to_owned()), Address::new("no-reply", &domain)?);
        let name = format!("{} {}", self.teammate.first_name, self.teammate.last_name);
        let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        let to = Mailbox::new(name, self.teammate.email.as_str().parse()?);
        let sent_at_ms = u64::try_from(self.sent_at.as_ms()).unwrap_or_default();
        let message = Message::builder()
            .message_id(Some(format!("<{}@{domain}>", self.message_id)))
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(sent_at_ms))
            .from(from)
            .to(to)
            .subject(format!("You are invited to join {}", self.company))
            .multipart(
                MultiPart::alternative().singlepart(plain(&self.text())).singlepart(html(&self.html())),
            )?;
        Ok(message.formatted())
    }

    fn text(&self) -> String {
        format!(
            "You are invited to join {}.\r\n\r\nTo accept, open this link within 7 days:\r\n\r\n{}\r\n\r\nThe link \
             works once and is for you alone. If you did not expect it, do nothing.\r\n",
            self.company, self.link
        )
    }

    fn html(&self) -> String {
        let (company, link) = (escape(self.company), escape(self.link));
        format!(
            "<!doctype html><html lang=\"en\"><body><p>You are invited to join <strong>{company}</strong>.</p>\
             <p><a href=\"{link}\">Accept the invitation</a> within 7 days.</p><p>The link works once and is for you \
             alone. If you did not expect it, do nothing.</p></body></html>\r\n"
        )
    }
}

fn plain(text: &str) -> SinglePart {
    SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text.to_owned())
}

fn html(text: &str) -> SinglePart {
    SinglePart::builder().header(ContentType::TEXT_HTML).body(text.to_owned())
}

fn sender_domain(public_url: &str) -> String {
    let rest = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let is_name = host.contains(|c: char| c.is_ascii_alphabetic()) && !host.starts_with('[');
    if is_name { host.to_owned() } else { "localhost".to_owned() }
}

fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        match character {
            '&' | '<' | '>' | '"' | '\'' => {
                write!(escaped, "&#{};", u32::from(character)).expect("writing to a String cannot fail");
            }
            other => escaped.push(other),
        }
        escaped
    })
}
