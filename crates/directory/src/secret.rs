//! The text of tokens: a prefix that tells the kind, the company's number, 256 random bits and a checksum
//! (`contract/reliability.md`, "Security").

use crate::base36;
use crate::id::CompanyId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use std::fmt;
use subtle::ConstantTimeEq as _;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_CHARS: usize = 43;
const CHECK_CHARS: usize = 6;

/// What a secret text is for, told by its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// A company-level API token.
    Company,
    /// A token that acts as one teammate.
    Teammate,
    /// A token for SCIM.
    Scim,
    /// The link of an invitation.
    Invitation,
}

impl SecretKind {
    const ALL: [SecretKind; 4] = [Self::Company, Self::Teammate, Self::Scim, Self::Invitation];

    /// The prefix that texts of this kind start with.
    pub const fn prefix(self) -> &'static str {
        match self {
            SecretKind::Company => "tnr_co_",
            SecretKind::Teammate => "tnr_tm_",
            SecretKind::Scim => "tnr_scim_",
            SecretKind::Invitation => "tnr_inv_",
        }
    }
}

/// A secret in clear. It exists while it is made and shown once, or while a request that carries it is checked; it has
/// no `Display`, and `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText {
    text: Box<str>,
    kind: SecretKind,
    company: CompanyId,
}

/// The SHA-256 of a secret: all that is ever stored. Compared in constant time.
#[derive(Clone, Copy, Eq)]
pub struct SecretDigest([u8; 32]);

/// Why a text is no secret of ours. None of these needs a look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// Not of the form `tnr_…`.
    #[error("is not of the form that tokens have (tnr_…)")]
    Form,
    /// The form is right and the checksum is not: mistyped or cut off.
    #[error("has a wrong checksum; it was mistyped or cut off")]
    Checksum,
}

impl SecretText {
    /// Makes the text of a secret from 32 random bytes.
    pub fn mint(kind: SecretKind, company: CompanyId, random: [u8; 32]) -> Self {
        let mut text = format!("{}{}_", kind.prefix(), base36::encode(company.number()));
        text.push_str(&base62_of_bytes(random));
        let checksum = crc32fast::hash(text.as_bytes());
        text.push_str(&base62_of_checksum(checksum));
        Self { text: text.into(), kind, company }
    }

    /// Reads a presented text: its form and checksum only, without any look-up.
    pub fn parse(text: &str) -> Result<Self, SecretFault> {
        let kind = SecretKind::ALL
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))
            .ok_or(SecretFault::Form)?;
        let (number, rest) = text[kind.prefix().len()..].split_once('_').ok_or(SecretFault::Form)?;
        let company = base36::decode(number).map(CompanyId::new).ok_or(SecretFault::Form)?;
        if rest.len() != RANDOM_CHARS + CHECK_CHARS || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(SecretFault::Checksum);
        }
        let (body, check) = text.split_at(text.len() - CHECK_CHARS);
        if base62_of_checksum(crc32fast::hash(body.as_bytes())) != check {
            return Err(SecretFault::Checksum);
        }
        Ok(Self { text: text.into(), kind, company })
    }

    /// The text itself, to be shown once or sent.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What the prefix says.
    pub const fn kind(&self) -> SecretKind {
        self.kind
    }

    /// The company that the text names.
    pub const fn company(&self) -> CompanyId {
        self.company
    }

    /// The digest that is stored instead of the text.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(self.text.as_bytes()).into())
    }

    /// The last four characters, kept so that people can tell tokens apart.
    pub fn last_four(&self) -> Box<str> {
        self.text[self.text.len() - 4..].into()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretText({}…)", self.kind.prefix())
    }
}

impl SecretDigest {
    /// The digest with these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::hash::Hash for SecretDigest {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(…)")
    }
}

impl Serialize for SecretDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use fmt::Write as _;
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            write!(text, "{byte:02x}").expect("writing to a String cannot fail");
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for SecretDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(D::Error::custom("a digest is 64 hexadecimal digits"));
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(D::Error::custom)?;
        }
        Ok(Self(bytes))
    }
}

fn base62_of_bytes(mut bytes: [u8; 32]) -> String {
    let mut text = [0_u8; RANDOM_CHARS];
    for place in text.iter_mut().rev() {
        let mut remainder = 0_u32;
        for byte in &mut bytes {
            let value = (remainder << 8) | u32::from(*byte);
            *byte =
                u8::try_from(value / 62).expect("the quotient of a value below 62 * 256 by 62 is below 256");
            remainder = value % 62;
        }
        *place = BASE62[remainder as usize];
    }
    String::from_utf8(text.to_vec()).expect("the digits are ASCII")
}

fn base62_of_checksum(mut checksum: u32) -> String {
    let mut text = [0_u8; CHECK_CHARS];
    for place in text.iter_mut().rev() {
        *place = BASE62[(checksum % 62) as usize];
        checksum /= 62;
    }
    String::from_utf8(text.to_vec()).expect("the digits are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_minted_secret_reads_back(random: [u8; 32], company: u64) {
            let secret = SecretText::mint(SecretKind::Scim, CompanyId::new(company), random);
            prop_assert_eq!(SecretText::parse(secret.reveal()).unwrap(), secret);
        }

        #[test]
        fn one_changed_character_is_told_by_the_checksum(random: [u8; 32], at in 8_usize..40) {
            let secret = SecretText::mint(SecretKind::Company, CompanyId::new(1), random);
            let mut text = secret.reveal().as_bytes().to_vec();
            text[at + 2] = if text[at + 2] == b'x' { b'y' } else { b'x' };
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(SecretText::parse(&text), Err(SecretFault::Checksum));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = SecretText::parse(&text);
            let _ = SecretText::parse(&format!("tnr_co_{text}"));
            let _ = SecretText::parse(&format!("tnr_co_1_{text}"));
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_secret() {
        let secret = SecretText::mint(SecretKind::Company, CompanyId::new(1), [7; 32]);
        assert_eq!(format!("{secret:?} {:?}", secret.digest()), "SecretText(tnr_co_…) SecretDigest(…)");
    }
}
