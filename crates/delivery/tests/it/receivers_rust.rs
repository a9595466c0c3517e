//! The Rust examples of `docs/webhooks.md`, word for word, so that they are compiled and tried. A test in
//! [`crate::receivers`] fails when the page and this file differ.

use crate::receivers::{Kind, Received};

fn try_verify(kind: Kind, verify: impl Fn(&Received) -> bool) {
    for (special, received) in kind.good() {
        assert!(verify(&received), "good, with {special}");
    }
    for (why, received) in kind.bad() {
        assert!(!verify(&received), "bad, for {why}");
    }
}

#[test]
fn the_rust_example_for_standard_webhooks_tells_good_from_bad() {
    try_verify(Kind::Standard, |Received { secret, id, timestamp, signature, body }| {
        standard::VERIFY(secret, id, timestamp, signature, body)
    });
}

#[test]
fn the_rust_example_for_applications_tells_good_from_bad() {
    try_verify(Kind::Application, |Received { secret, id: _, timestamp, signature, body }| {
        front_application::VERIFY(secret, timestamp, signature, body)
    });
}

#[test]
fn the_rust_example_for_rules_tells_good_from_bad() {
    try_verify(Kind::Rule, |Received { secret, id: _, timestamp: _, signature, body }| {
        front_rule::VERIFY(secret, signature, body)
    });
}

#[rustfmt::skip]
#[expect(dead_code, reason = "`main` is for whoever copies the example")]
mod standard {
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::io::Read as _;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

const TOLERANCE_S: u64 = 5 * 60;

/// Whether a delivery is genuine and recent. `body` is the bytes that came.
fn verify(secret: &str, id: &str, timestamp: &str, signatures: &str, body: &[u8]) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).unwrap_or_default();
    if key.is_empty() || !is_recent(timestamp) {
        return false;
    }
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else {
        return false;
    };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    // `verify_slice` compares in constant time.
    let fits = |given: Vec<u8>| mac.clone().verify_slice(&given).is_ok();
    let mut given = signatures.split(' ').filter_map(|one| one.strip_prefix("v1,"));
    given.any(|one| STANDARD.decode(one).is_ok_and(fits))
}

fn is_recent(timestamp: &str) -> bool {
    match (timestamp.parse::<u64>(), SystemTime::now().duration_since(UNIX_EPOCH)) {
        (Ok(sent_s), Ok(now)) => now.as_secs().abs_diff(sent_s) <= TOLERANCE_S,
        _ => false,
    }
}

fn main() -> ExitCode {
    let given = |name: &str| std::env::var(name).unwrap_or_default();
    let mut body = Vec::new();
    let is_good = std::io::stdin().read_to_end(&mut body).is_ok()
        && verify(
            &given("SECRET"),
            &given("WEBHOOK_ID"),
            &given("WEBHOOK_TIMESTAMP"),
            &given("WEBHOOK_SIGNATURE"),
            &body,
        );
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

pub(super) const VERIFY: fn(&str, &str, &str, &str, &[u8]) -> bool = verify;
}

#[rustfmt::skip]
#[expect(dead_code, reason = "`main` is for whoever copies the example")]
mod front_application {
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::io::Read as _;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

const TOLERANCE_MS: u128 = 5 * 60 * 1000;

/// Whether a delivery is genuine and recent. `body` is the bytes that came.
fn verify(secret: &str, timestamp: &str, signature: &str, body: &[u8]) -> bool {
    if secret.is_empty() || !is_recent(timestamp) {
        return false;
    }
    let (Ok(mut mac), Ok(given)) =
        (Hmac::<Sha256>::new_from_slice(secret.as_bytes()), STANDARD.decode(signature))
    else {
        return false;
    };
    mac.update(format!("{timestamp}:").as_bytes());
    mac.update(body);
    // It compares in constant time.
    mac.verify_slice(&given).is_ok()
}

fn is_recent(timestamp: &str) -> bool {
    match (timestamp.parse::<u128>(), SystemTime::now().duration_since(UNIX_EPOCH)) {
        (Ok(sent_ms), Ok(now)) => now.as_millis().abs_diff(sent_ms) <= TOLERANCE_MS,
        _ => false,
    }
}

fn main() -> ExitCode {
    let given = |name: &str| std::env::var(name).unwrap_or_default();
    let mut body = Vec::new();
    let is_good = std::io::stdin().read_to_end(&mut body).is_ok()
        && verify(&given("SECRET"), &given("FRONT_TIMESTAMP"), &given("FRONT_SIGNATURE"), &body);
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

pub(super) const VERIFY: fn(&str, &str, &str, &[u8]) -> bool = verify;
}

#[rustfmt::skip]
#[expect(dead_code, reason = "`main` is for whoever copies the example")]
mod front_rule {
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use std::io::Read as _;
use std::process::ExitCode;

/// Whether a delivery is genuine. `body` is the bytes that came.
fn verify(secret: &str, signature: &str, body: &[u8]) -> bool {
    if secret.is_empty() {
        return false;
    }
    let (Ok(mut mac), Ok(given)) =
        (Hmac::<Sha1>::new_from_slice(secret.as_bytes()), STANDARD.decode(signature))
    else {
        return false;
    };
    mac.update(body);
    // It compares in constant time.
    mac.verify_slice(&given).is_ok()
}

fn main() -> ExitCode {
    let given = |name: &str| std::env::var(name).unwrap_or_default();
    let mut body = Vec::new();
    let is_good = std::io::stdin().read_to_end(&mut body).is_ok()
        && verify(&given("SECRET"), &given("FRONT_SIGNATURE"), &body);
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

pub(super) const VERIFY: fn(&str, &str, &[u8]) -> bool = verify;
}
