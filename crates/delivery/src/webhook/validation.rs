//! Asking an endpoint to show that it is one: it must give back a challenge.

use crate::webhook::post::{Answer, Call};
use crate::webhook::request::Signing;
use crate::webhook::{Inner, latency_ms};
use bytes::Bytes;
use std::fmt::Write as _;
use std::time::Duration;
use tenure_directory::webhook::Webhook;
use tenure_directory::{Company, EventId};

/// How long an endpoint has for its answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What came of a ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinged {
    /// Whether the endpoint took it.
    pub is_delivered: bool,
    /// The status of its answer.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u32,
    /// What went wrong, for people.
    pub fault: Option<String>,
    /// The beginning of its answer.
    pub answer: String,
}

impl Inner {
    fn signed(&self, company: &Company, webhook: &Webhook, id: &str, body: String) -> Call {
        let now = self.engine.now();
        let keys = self.keys_of(company.id, webhook, now);
        let body = Bytes::from(body);
        let headers = Signing { keys: &keys, format: webhook.format, now }.headers(id, &body);
        Call { url: webhook.url.url().clone(), headers, body }
    }

    /// Asks an endpoint for its challenge; what was wrong, if its answer is not as it must be.
    pub(crate) async fn challenge(&self, company: &Company, webhook: &Webhook) -> Result<(), String> {
        let challenge = self.engine.random::<16>().iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a String cannot fail");
            text
        });
        let body = format!("{{\"type\":\"sync\",\"authorization\":{{\"id\":\"{}\"}}}}", company.id);
        let id = format!("{}-{}-sync-{challenge}", company.id, webhook.id);
        let mut call = self.signed(company, webhook, &id, body);
        call.headers.push(("x-front-challenge", challenge.clone()));
        let answered = tokio::time::timeout(ANSWER_WITHIN, self.post.post(call)).await;
        let answer = answered
            .map_err(|_| "it did not answer within 10 seconds".to_owned())?
            .map_err(|error| error.to_string())?;
        judge(&answer, &challenge)
    }

    /// Sends an endpoint something that is no event, once, and tells what came of it.
    pub(crate) async fn ping(&self, company: &Company, webhook: &Webhook) -> Pinged {
        let emitted_at = self.engine.now().as_ms();
        let number = EventId::new(0);
        let body = format!(
            "{{\"type\":\"ping\",\"company\":\"{}\",\"webhook\":\"{}\",\"emitted_at\":{}}}",
            company.id,
            webhook.id,
            emitted_at.div_euclid(1000)
        );
        let id = format!("{}-{}-{number}-{emitted_at}", company.id, webhook.id);
        let began = tokio::time::Instant::now();
        let outcome = self.post.post(self.signed(company, webhook, &id, body)).await;
        let latency_ms = latency_ms(began);
        match outcome {
            Ok(answer) => Pinged {
                is_delivered: (200..300).contains(&answer.status),
                status: Some(answer.status),
                latency_ms,
                fault: None,
                answer: String::from_utf8_lossy(&answer.body).chars().take(1024).collect(),
            },
            Err(error) => Pinged {
                is_delivered: false,
                status: None,
                latency_ms,
                fault: Some(error.to_string()),
                answer: String::new(),
            },
        }
    }
}

/// Whether an answer gives the challenge back: as text, as `challenge=…`, or as `challenge` in JSON.
fn judge(answer: &Answer, challenge: &str) -> Result<(), String> {
    if answer.status != 200 {
        return Err(format!("it answered {} instead of 200 with the challenge", answer.status));
    }
    let text = String::from_utf8_lossy(&answer.body);
    let text = text.trim();
    let in_json = || {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        Some(value.as_str() == Some(challenge) || value.get("challenge")?.as_str() == Some(challenge))
    };
    let is_given_back = text == challenge
        || text.strip_prefix("challenge=").is_some_and(|given| given == challenge)
        || in_json().unwrap_or_default();
    if is_given_back { Ok(()) } else { Err("it answered 200 without the challenge".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_given_back_in_three_ways() {
        let judged = |status, body: &str| {
            judge(&Answer { status, retry_after_ms: None, body: body.as_bytes().to_vec() }, "abc123").is_ok()
        };
        for body in ["abc123", " abc123\n", "challenge=abc123", r#"{"challenge":"abc123"}"#, r#""abc123""#] {
            assert!(judged(200, body), "{body}");
        }
        for body in ["", "abc124", "challenge=abc", r#"{"challenge":1}"#, r#"["abc123"]"#, "xabc123"] {
            assert!(!judged(200, body), "{body}");
        }
        assert!(!judged(201, "abc123"));
    }
}
