//! The invitation as a mail: text and HTML, with headers that no name can break out of.

use crate::html::escape_html;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
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
            .subject(plain_subject(format!("You are invited to join {}", self.company)))
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
        let (company, link) = (escape_html(self.company), escape_html(self.link));
        format!(
            "<!doctype html><html lang=\"en\"><body><p>You are invited to join <strong>{company}</strong>.</p>\
             <p><a href=\"{link}\">Accept the invitation</a> within 7 days.</p><p>The link works once and is for you \
             alone. If you did not expect it, do nothing.</p></body></html>\r\n"
        )
    }
}

fn plain(text: &str) -> SinglePart {
    part(ContentType::TEXT_PLAIN, text)
}

fn html(text: &str) -> SinglePart {
    part(ContentType::TEXT_HTML, text)
}

/// The longest line that mail carries as it is, in octets (RFC 5322, section 2.1.1).
const LINE_MAX: usize = 998;

/// A part that is carried as it is where it can be, so that a link in a file of the outbox can be copied from it.
fn part(content_type: ContentType, text: &str) -> SinglePart {
    let builder = SinglePart::builder().header(content_type);
    if text.is_ascii() && text.lines().all(|line| line.len() <= LINE_MAX) {
        let body = Body::dangerous_pre_encoded(text.as_bytes().to_vec(), ContentTransferEncoding::SevenBit);
        return builder.body(body);
    }
    builder.body(text.to_owned())
}

/// A subject that every reader shows as it is: one that looks encoded is encoded (RFC 2047), so that it is not decoded.
fn plain_subject(subject: String) -> String {
    if !subject.contains("=?") {
        return subject;
    }
    // An encoded word has at most 75 characters and whole characters; the white space between two is not part of the text.
    let mut words: Vec<String> = Vec::new();
    let mut chunk = String::new();
    for character in subject.chars() {
        if chunk.len() + character.len_utf8() > 45 {
            words.push(std::mem::take(&mut chunk));
        }
        chunk.push(character);
    }
    words.push(chunk);
    let encoded = words.iter().map(|word| format!("=?utf-8?b?{}?=", STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join(" ")
}

fn sender_domain(public_url: &str) -> String {
    let rest = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let is_name = host.contains(|c: char| c.is_ascii_alphabetic()) && !host.starts_with('[');
    if is_name && Address::new("no-reply", host).is_ok() { host.to_owned() } else { "localhost".to_owned() }
}
