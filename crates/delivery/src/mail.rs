//! The mails that Tenure writes: text and HTML, with headers that no name can break out of.

use crate::html::escape_html;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use serde::Deserialize;
use std::fmt;
use std::time::{Duration, SystemTime};
use tenure_directory::Timestamp;
use tenure_directory::teammate::Teammate;
use tenure_directory::text::is_hidden;

/// How many of an endpoint's answers are told.
const ANSWERS: usize = 5;
/// How much of an answer or a reason is told, in characters: it comes from outside.
const OUTSIDE_MAX: usize = 300;

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

/// A mail that is ready to be handed over.
#[derive(Clone)]
pub struct Finished {
    /// The address that it comes from.
    pub from: Address,
    /// The address that it goes to.
    pub to: Address,
    /// The mail itself.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Finished {
    /// Shows nothing of it: it holds an address, and possibly a link with a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finished").finish_non_exhaustive()
    }
}

/// Who mail comes from: an address, with or without a name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Sender(Mailbox);

/// A text that mail cannot come from; reads after the name of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an address such as no-reply@example.com or Example <no-reply@example.com>")]
pub struct NotASender;

impl Sender {
    /// Reads a mailbox.
    pub fn parse(text: &str) -> Result<Self, NotASender> {
        if text.chars().any(is_hidden) {
            return Err(NotASender);
        }
        let mailbox: Mailbox = text.parse().map_err(|_| NotASender)?;
        // The header is read back when a mail is made, so it must be readable.
        match mailbox.to_string().parse::<Mailbox>() {
            Ok(again) if again == mailbox => Ok(Self(mailbox)),
            _ => Err(NotASender),
        }
    }

    /// The sender where none is set: `no-reply` at the public URL's host.
    fn at(domain: &str) -> Result<Self, MailError> {
        Ok(Self(Mailbox::new(Some("Tenure".to_owned()), Address::new("no-reply", domain)?)))
    }
}

impl TryFrom<String> for Sender {
    type Error = NotASender;

    fn try_from(text: String) -> Result<Self, NotASender> {
        Self::parse(&text)
    }
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
    /// The server's public URL; its host is the sender's domain unless a sender is set.
    pub public_url: &'a str,
    /// The part of the Message-ID before the `@`; stable, so that one invitation is one mail.
    pub message_id: &'a str,
    /// When it is sent.
    pub sent_at: Timestamp,
}

impl InvitationMail<'_> {
    /// The mail, from a sender or from the public URL's host.
    pub fn finish(&self, sender: Option<&Sender>) -> Result<Finished, MailError> {
        let letter = Letter {
            sender,
            to: self.teammate,
            public_url: self.public_url,
            message_id: self.message_id,
            sent_at: self.sent_at,
            subject: format!("You are invited to join {}", self.company),
            text: self.text(),
            html: self.html(),
        };
        letter.finish()
    }

    fn text(&self) -> String {
        format!(
            "You are invited to join {}.\r\n\r\nTo accept, open this link within 7 days:\r\n\r\n{}\r\n\r\nThe link \
             works once and is for you alone. If you did not expect it, do nothing.\r\n",
            visible(self.company),
            self.link
        )
    }

    fn html(&self) -> String {
        let (company, link) = (escape_html(&visible(self.company)), escape_html(self.link));
        format!(
            "<!doctype html><html lang=\"en\"><body><p>You are invited to join <strong>{company}</strong>.</p>\
             <p><a href=\"{link}\">Accept the invitation</a> within 7 days.</p><p>The link works once and is for you \
             alone. If you did not expect it, do nothing.</p></body></html>\r\n"
        )
    }
}

/// Tells an administrator that a webhook was disabled because its endpoint did not take what was sent.
#[derive(Debug)]
pub struct WebhookDisabledMail<'a> {
    /// The company's name.
    pub company: &'a str,
    /// The company's short name, for the command.
    pub slug: &'a str,
    /// The administrator.
    pub to: &'a Teammate,
    /// The host of the endpoint's URL. Not more of it: a URL can hold a secret.
    pub url_host: &'a str,
    /// The webhook's id.
    pub webhook: String,
    /// Why it was disabled, in words.
    pub reason: &'a str,
    /// When the first of the deliveries failed that none has succeeded since.
    pub first_failure: Option<Timestamp>,
    /// What the endpoint answered, oldest first; the last five are told.
    pub last_answers: &'a [String],
    /// The server's public URL.
    pub public_url: &'a str,
    /// The part of the Message-ID before the `@`; stable, so that one disabling is one mail to each of them.
    pub message_id: &'a str,
    /// When it is sent.
    pub sent_at: Timestamp,
}

/// What both parts of the mail about a webhook say.
struct WebhookWords {
    company: String,
    host: String,
    webhook: String,
    reason: String,
    failing_since: String,
    answers: Vec<String>,
    command: String,
    enable: String,
    recover: String,
}

impl WebhookDisabledMail<'_> {
    /// The mail, from a sender or from the public URL's host.
    pub fn finish(&self, sender: Option<&Sender>) -> Result<Finished, MailError> {
        let words = self.words();
        let letter = Letter {
            sender,
            to: self.to,
            public_url: self.public_url,
            message_id: self.message_id,
            sent_at: self.sent_at,
            subject: format!("A webhook of {} was disabled", self.company),
            text: words.text(),
            html: words.html(),
        };
        letter.finish()
    }

    fn words(&self) -> WebhookWords {
        let webhook = visible(&self.webhook);
        let url = format!("{}/webhooks/{webhook}", self.public_url);
        let since = self.first_failure.map(|time| time.as_ms().div_euclid(1000));
        let oldest = self.last_answers.len().saturating_sub(ANSWERS);
        let answers = self.last_answers.iter().skip(oldest).map(|answer| cut(&visible(answer), OUTSIDE_MAX));
        WebhookWords {
            company: visible(self.company),
            host: visible(self.url_host),
            reason: cut(&visible(self.reason), OUTSIDE_MAX),
            failing_since: since.map_or_else(|| "not known".to_owned(), moment),
            answers: answers.collect(),
            command: format!("tenure webhook enable {webhook} --company {}", visible(self.slug)),
            enable: format!("PATCH {url} {{\"is_enabled\": true}}"),
            recover: match since {
                Some(since) => format!("POST {url}/recover {{\"since\": {since}}}"),
                None => format!("POST {url}/recover {{\"since\": TIME}}"),
            },
            webhook,
        }
    }
}

impl WebhookWords {
    fn text(&self) -> String {
        let Self { company, host, webhook, reason, failing_since, answers, command, enable, recover } = self;
        let told = listed(answers, |answer| format!("  - {answer}\r\n"));
        format!(
            "The webhook {webhook} of {company} was disabled. Nothing is sent to {host} any more.\r\n\r\n\
             Why: {reason}\r\nFailing since: {failing_since}\r\n\r\n\
             The last answers, oldest first:\r\n\r\n{told}\r\n\
             When the endpoint works again, enable the webhook with\r\n\r\n  {command}\r\n\r\n\
             or over the API with\r\n\r\n  {enable}\r\n\r\n\
             Then have what failed sent again:\r\n\r\n  {recover}\r\n\r\n\
             You get this mail because you are an administrator of {company}.\r\n"
        )
    }

    fn html(&self) -> String {
        let Self { company, host, webhook, reason, failing_since, answers, command, enable, recover } = self;
        let [company, host, webhook, reason] = [company, host, webhook, reason].map(|text| escape_html(text));
        let [command, enable, recover] = [command, enable, recover].map(|text| escape_html(text));
        let failing_since = escape_html(failing_since);
        let told = listed(answers, |answer| format!("<li>{}</li>\r\n", escape_html(answer)));
        // A line for each paragraph: mail carries no long ones.
        format!(
            "<!doctype html><html lang=\"en\"><body>\r\n<p>The webhook <code>{webhook}</code> of \
             <strong>{company}</strong> was disabled. Nothing is sent to {host} any more.</p>\r\n\
             <p>Why: {reason}<br>Failing since: {failing_since}</p>\r\n\
             <p>The last answers, oldest first:</p>\r\n\
             <ul>\r\n{told}</ul>\r\n<p>When the endpoint works again, enable the webhook with</p>\r\n\
             <pre>{command}</pre>\r\n<p>or over the API with</p>\r\n<pre>{enable}</pre>\r\n\
             <p>Then have what failed sent again:</p>\r\n<pre>{recover}</pre>\r\n\
             <p>You get this mail because you are an administrator of {company}.</p>\r\n</body></html>\r\n"
        )
    }
}

/// A list of answers, each as an item.
fn listed(answers: &[String], item: impl Fn(&str) -> String) -> String {
    if answers.is_empty() {
        return item("none is known");
    }
    answers.iter().fold(String::new(), |list, answer| list + &item(answer))
}

/// What every mail has.
struct Letter<'a> {
    sender: Option<&'a Sender>,
    to: &'a Teammate,
    public_url: &'a str,
    message_id: &'a str,
    sent_at: Timestamp,
    subject: String,
    text: String,
    html: String,
}

impl Letter<'_> {
    fn finish(self) -> Result<Finished, MailError> {
        // Of the Message-ID too, whoever the sender is: it stays the same when another is set.
        let domain = sender_domain(self.public_url);
        let Sender(from) = self.sender.cloned().map_or_else(|| Sender::at(&domain), Ok)?;
        let name = visible(&format!("{} {}", self.to.first_name, self.to.last_name));
        let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        let to = Mailbox::new(name, self.to.email.as_str().parse()?);
        let (from_address, to_address) = (from.email.clone(), to.email.clone());
        let sent_at_ms = u64::try_from(self.sent_at.as_ms()).unwrap_or_default();
        let message = Message::builder()
            // Said here, and not read back from the headers, where a name may look like more than a name.
            .envelope(Envelope::new(Some(from_address.clone()), vec![to_address.clone()])?)
            .message_id(Some(format!("<{}@{domain}>", visible(self.message_id))))
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(sent_at_ms))
            .from(from)
            .to(to)
            .subject(plain_subject(visible(&self.subject)))
            .multipart(MultiPart::alternative().singlepart(plain(&self.text)).singlepart(html(&self.html)))?;
        Ok(Finished { from: from_address, to: to_address, bytes: message.formatted() })
    }
}

/// The text without what could hide or reorder it or begin another header: what breaks a line becomes a space,
/// other hidden characters go.
pub(crate) fn visible(text: &str) -> String {
    let shown = |character: char| match (is_hidden(character), character.is_whitespace()) {
        (false, _) => Some(character),
        (true, true) => Some(' '),
        (true, false) => None,
    };
    text.chars().filter_map(shown).collect()
}

/// The beginning of a text, with a sign where there is more.
pub(crate) fn cut(text: &str, at_most: usize) -> String {
    match text.char_indices().nth(at_most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A moment for people, in UTC, to the second.
fn moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| format!("{seconds} s"), |time| time.to_string())
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
