//! What is sent: the body in the receiver's format, and the headers that sign it.

use crate::webhook::post::Call;
use crate::webhook::signature::{self, SigningKey};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tenure_directory::webhook::{Format, SecretSalt, Webhook};
use tenure_directory::{CompanyId, EventId, Timestamp, WebhookId};
use tenure_journal::Delivery;

/// The secret that a salt stands for: derived from the journal's key, so that it is stored nowhere.
pub fn secret_of(
    journal_key: &[u8; 32],
    company: CompanyId,
    webhook: WebhookId,
    salt: SecretSalt,
) -> SigningKey {
    let mut mac = Hmac::<Sha256>::new_from_slice(journal_key).expect("HMAC takes a key of any length");
    mac.update(b"tenure webhook secret 1\0");
    mac.update(format!("{company}\0{webhook}\0").as_bytes());
    mac.update(salt.bytes());
    SigningKey::new(mac.finalize().into_bytes().into())
}

/// The id of what is sent about an event to an endpoint: the same at each attempt, and of nothing else.
pub fn message_id(company: CompanyId, webhook: WebhookId, event: EventId) -> String {
    format!("{company}-{webhook}-{event}")
}

/// How a delivery is stored: its format, and for the product's applications the word that goes around the event.
pub(crate) fn form(format: Format, application_word: &str) -> String {
    match format {
        Format::Event | Format::FrontRule => format.name().to_owned(),
        Format::FrontApplication => format!("{}/{application_word}", format.name()),
    }
}

fn read_form(form: &str) -> (Format, &str) {
    let (name, word) = form.split_once('/').unwrap_or((form, ""));
    (name.parse().unwrap_or_default(), word)
}

/// The bytes of a delivery: the same at each attempt.
pub fn body_of(company: CompanyId, delivery: &Delivery) -> Bytes {
    let event = delivery.body.strip_prefix('{').unwrap_or(&delivery.body);
    let event = format!("{{\"sequence\":{},{event}", delivery.sequence);
    let (format, word) = read_form(&delivery.form);
    match format {
        Format::Event | Format::FrontRule => event.into(),
        Format::FrontApplication => {
            format!("{{\"type\":\"{word}\",\"authorization\":{{\"id\":\"{company}\"}},\"payload\":{event}}}")
                .into()
        }
    }
}

/// What signs a request, and how.
pub(crate) struct Signing<'a> {
    /// The secrets, the present one first.
    pub(crate) keys: &'a [SigningKey],
    /// What the receiver expects.
    pub(crate) format: Format,
    /// When it is sent.
    pub(crate) now: Timestamp,
}

impl Signing<'_> {
    /// The headers of a message with this id and body.
    pub(crate) fn headers(&self, id: &str, body: &[u8]) -> Vec<(&'static str, String)> {
        let keys: Vec<_> = self.keys.iter().collect();
        let milliseconds = self.now.as_ms();
        let seconds = milliseconds.div_euclid(1000);
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signature::standard(&keys, id, seconds, body)),
        ];
        let Some(key) = self.keys.first() else { return headers };
        match self.format {
            Format::Event | Format::FrontApplication => {
                headers.push(("x-front-request-timestamp", milliseconds.to_string()));
                headers.push(("x-front-signature", signature::front_application(key, milliseconds, body)));
            }
            Format::FrontRule => headers.push(("x-front-signature", signature::front_rule(key, body))),
        }
        headers
    }
}

/// The format that a delivery was stored in.
pub(crate) fn format_of(delivery: &Delivery) -> Format {
    read_form(&delivery.form).0
}

/// One attempt at a delivery.
pub(crate) fn call_of(
    company: CompanyId,
    webhook: &Webhook,
    delivery: &Delivery,
    keys: &[SigningKey],
    now: Timestamp,
) -> Call {
    let body = body_of(company, delivery);
    let id = message_id(company, webhook.id, EventId::new(delivery.event.0));
    let signing = Signing { keys, format: format_of(delivery), now };
    Call { url: webhook.url.url().clone(), headers: signing.headers(&id, &body), body }
}
