//! How a receiver knows that a delivery is ours: the signature that anybody's library checks (Standard
//! Webhooks), and the two of the product, for receivers that exist.
//!
//! They differ in what the key is. For Standard Webhooks it is the 32 bytes; receivers of the product paste
//! the secret as text into their HMAC, so there it is the bytes of that text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac};
use sha1::Sha1;
use sha2::Sha256;
use std::fmt;

/// What the text of a secret starts with.
const PREFIX: &str = "whsec_";

/// What the deliveries to one endpoint are signed with.
#[derive(Clone)]
pub struct SigningKey([u8; 32]);

impl SigningKey {
    /// A key of these bytes, which nobody can guess.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret as the receiver gets it: `whsec_…`.
    pub fn secret_text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for SigningKey {
    /// Shows nothing of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

/// The value of `webhook-signature`: one signature with each key, the current one first, so that during a
/// rotation either secret will do. A point ends the id in what is signed, so an id must not have one.
pub fn standard(keys: &[&SigningKey], id: &str, timestamp_s: i64, body: &[u8]) -> String {
    let head = format!("{id}.{timestamp_s}.");
    let signatures: Vec<_> = keys
        .iter()
        .map(|key| format!("v1,{}", base64_of(hmac_sha256(&key.0), &[head.as_bytes(), body])))
        .collect();
    signatures.join(" ")
}

/// The value of `X-Front-Signature` as the product's applications check it, together with
/// `X-Front-Request-Timestamp`. There is room for one signature, so during a rotation it is the new secret's.
pub fn front_application(key: &SigningKey, timestamp_ms: i64, body: &[u8]) -> String {
    let head = format!("{timestamp_ms}:");
    base64_of(hmac_sha256(key.secret_text().as_bytes()), &[head.as_bytes(), body])
}

/// The value of `X-Front-Signature` as the receivers of the product's rules check it: SHA-1 over the body
/// alone, which must be the compact JSON that is sent. It tells nothing of when that was.
pub fn front_rule(key: &SigningKey, body: &[u8]) -> String {
    base64_of(hmac_sha1(key.secret_text().as_bytes()), &[body])
}

fn hmac_sha256(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn hmac_sha1(key: &[u8]) -> Hmac<Sha1> {
    Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn base64_of(mut mac: impl Mac, parts: &[&[u8]]) -> String {
    for part in parts {
        mac.update(part);
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    //! The known answers are those of Python's `hmac`.

    use super::*;

    const BODY: &str = r#"{"type":"teammate.updated","id":"evt_2f","target":{"data":{"first_name":"Zoë"}}}"#;
    const ID: &str = "whk_1_evt_2f";

    /// The bytes 0 to 31.
    fn current() -> SigningKey {
        SigningKey::new(std::array::from_fn(|place| u8::try_from(place).unwrap()))
    }

    /// The bytes 255 down to 224.
    fn previous() -> SigningKey {
        SigningKey::new(std::array::from_fn(|place| u8::MAX - u8::try_from(place).unwrap()))
    }

    #[test]
    fn the_secret_is_its_prefix_and_the_bytes_in_base64() {
        assert_eq!(current().secret_text(), "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        assert_eq!(previous().secret_text(), "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=");
    }

    #[test]
    fn debug_shows_nothing_of_the_key() {
        assert_eq!(format!("{:?}", current()), "SigningKey { .. }");
    }

    #[test]
    fn the_standard_signature_is_over_id_timestamp_and_body_with_the_bytes_as_key() {
        assert_eq!(
            standard(&[&current()], ID, 1_790_000_000, BODY.as_bytes()),
            "v1,PstSSm3WWj7oIyT2NIQDDhdNG5M9S0O5viqSsLuDJxE="
        );
        assert_eq!(
            standard(&[&current()], ID, 1_790_000_000, b""),
            "v1,BT6lhmNkPzjbyysfyv3ACKmP/0bW0psjslCSsZ8pltU="
        );
    }

    #[test]
    fn two_keys_give_two_standard_signatures_in_their_order() {
        assert_eq!(
            standard(&[&current(), &previous()], ID, 1_790_000_000, BODY.as_bytes()),
            "v1,PstSSm3WWj7oIyT2NIQDDhdNG5M9S0O5viqSsLuDJxE= \
             v1,MelloTAzvV7KNWsWFRFMuFr+n4CBVbQyNj0pa/GTxIk="
        );
    }

    #[test]
    fn the_signature_for_applications_is_over_timestamp_and_body_with_the_text_as_key() {
        for (key, signature) in [
            (current(), "uWWP60Q4R8Ti0vaksPGMlUfqpwxQkXDZDAWK7kyFoWA="),
            (previous(), "WO7OSnHCXGBlsFrtFcA6qVOcfJGGt7W+FOiTmSXFrKM="),
        ] {
            assert_eq!(front_application(&key, 1_790_000_000_123, BODY.as_bytes()), signature);
        }
    }

    #[test]
    fn the_signature_for_rules_is_over_the_body_alone_with_the_text_as_key() {
        for (key, signature) in
            [(current(), "uXgeuYo9Tsu6iHmh+0/5h/bhw90="), (previous(), "KMBlx79cQL1btGcPpkDq7JvjoFU=")]
        {
            assert_eq!(front_rule(&key, BODY.as_bytes()), signature);
        }
    }
}
