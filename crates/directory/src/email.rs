//! E-mail addresses: stored as given, compared folded (`contract/reliability.md`, "E-mail identity").

use crate::text::{folded, is_hidden};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// The longest address, in octets.
pub const EMAIL_MAX_OCTETS: usize = 254;

/// A valid address, spelt as it was given. Shared with its key where both are the same text, as most are.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(Arc<str>);

/// What two spellings of one address have in common: local part in NFC, domain in its ASCII form, ASCII letters in
/// lower case. Other case mappings are not applied, so `ı` and `ſ` stay other people.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailKey(Arc<str>);

/// The domain of stand-ins for erased addresses, which nobody can be given.
const ERASED: &str = "erased.invalid";

/// Why a text is no address; reads after the name of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailFault {
    /// Longer than [`EMAIL_MAX_OCTETS`].
    #[error("must be at most 254 octets")]
    TooLong,
    /// No `@`, or several.
    #[error("must be an e-mail address with exactly one @, such as ana@example.com")]
    NotOneAt,
    /// A control, space or zero-width character.
    #[error("must be an e-mail address without spaces, control or zero-width characters")]
    Hidden,
    /// The part before the `@` is not valid.
    #[error("must be a valid e-mail address; the part before the @ is not one")]
    LocalPart,
    /// The part after the `@` is not valid.
    #[error("must be a valid e-mail address; the part after the @ is not a domain name such as example.com")]
    Domain,
}

impl EmailAddress {
    /// Checks an address: its canonical form is made first, and that is what must be valid. What was given is kept.
    pub fn parse(text: &str) -> Result<Self, EmailFault> {
        if text.len() > EMAIL_MAX_OCTETS {
            return Err(EmailFault::TooLong);
        }
        if text.chars().any(|character| is_hidden(character) || character.is_whitespace()) {
            return Err(EmailFault::Hidden);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailFault::NotOneAt)?;
        if domain.contains('@') {
            return Err(EmailFault::NotOneAt);
        }
        let local = composed(local);
        if local.starts_with('"')
            || local.len() > 64
            || !email_address::EmailAddress::is_valid_local_part(&local)
        {
            return Err(EmailFault::LocalPart);
        }
        let domain = ascii_domain(domain).ok_or(EmailFault::Domain)?;
        if !is_host_name(&domain) || is_reserved(&domain) {
            return Err(EmailFault::Domain);
        }
        if local.len() + 1 + domain.len() > EMAIL_MAX_OCTETS {
            return Err(EmailFault::TooLong);
        }
        Ok(Self(text.into()))
    }

    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or(&self.0, |(local, _)| local)
    }

    /// The form that addresses are compared by.
    pub fn key(&self) -> EmailKey {
        let key = EmailKey::of(&self.0);
        if key.0 == self.0 { EmailKey(Arc::clone(&self.0)) } else { key }
    }

    /// The stand-in for an address whose personal data was erased; unique because `subject` is.
    pub(crate) fn erased(subject: impl fmt::Display) -> Self {
        Self(format!("{subject}@{ERASED}").into())
    }
}

impl EmailKey {
    /// The key of a text by which filters look it up: letters beyond ASCII have cases that addresses do not look past.
    pub(crate) fn folded(text: &str) -> Self {
        Self(folded(text).into())
    }

    /// Whether it is of ASCII alone, and so the same as its folded form.
    pub(crate) fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// The compare key of any text; a text that is no address gets a key that no address has.
    pub fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Self(text.to_ascii_lowercase().into());
        }
        let Some((local, domain)) = text.split_once('@') else { return Self(folded(text).into()) };
        let local = composed(local);
        let domain = ascii_domain(domain).unwrap_or_else(|| domain.to_owned());
        Self(format!("{}@{}", local.to_ascii_lowercase(), domain.to_ascii_lowercase()).into())
    }
}

/// NFC, but for the few characters that it turns into ASCII, such as the Kelvin sign: they stay who they are.
fn composed(local: &str) -> String {
    let turns_ascii = |character: char| {
        !character.is_ascii() && std::iter::once(character).nfc().all(|composed| composed.is_ascii())
    };
    local.split_inclusive(turns_ascii).fold(String::with_capacity(local.len()), |mut composed, piece| {
        match piece.char_indices().next_back().filter(|(_, last)| turns_ascii(*last)) {
            Some((at, last)) => {
                composed.extend(piece[..at].nfc());
                composed.push(last);
            }
            None => composed.extend(piece.nfc()),
        }
        composed
    })
}

fn ascii_domain(domain: &str) -> Option<String> {
    idna::domain_to_ascii(domain).ok().filter(|ascii| !ascii.is_empty())
}

fn is_reserved(ascii: &str) -> bool {
    ascii.eq_ignore_ascii_case(ERASED)
}

fn is_host_name(ascii: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last_is_numeric =
        ascii.rsplit('.').next().is_none_or(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    ascii.len() <= 253 && ascii.contains('.') && !last_is_numeric && ascii.split('.').all(label)
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

impl fmt::Debug for EmailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_share_a_key() {
        let same = [
            ("ana@example.com", "ANA@Example.COM"),
            ("jose\u{301}@example.com", "jos\u{e9}@example.com"),
            ("ana@b\u{fc}cher.example", "ana@XN--BCHER-KVA.example"),
            ("ana@b\u{fc}cher.example", "ana@b\u{dc}CHER.example"),
        ];
        for (one, other) in same {
            assert_eq!(EmailAddress::parse(one).unwrap().key(), EmailAddress::parse(other).unwrap().key());
        }
    }

    #[test]
    fn look_alikes_are_other_people() {
        let other = [
            ("i@example.com", "\u{131}@example.com"),
            ("s@example.com", "\u{17f}@example.com"),
            ("k@example.com", "\u{212a}@example.com"),
            ("É@example.com", "é@example.com"),
        ];
        for (one, other) in other {
            assert_ne!(EmailAddress::parse(one).unwrap().key(), EmailAddress::parse(other).unwrap().key());
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        let long_in_ascii = format!("{}@{}com", "a".repeat(64), "é.".repeat(36));
        let bad = [
            "",
            "a",
            "@",
            "a@",
            "@b.c",
            "a@b",
            "a@@b.com",
            "a@b@c.com",
            "a b@c.com",
            "a@c .com",
            " a@c.com",
            "a@c.com\n",
            "\"a b\"@c.com",
            "\"a@b\"@c.com",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@-c.com",
            "a@c-.com",
            "a@c..com",
            "a@.c.com",
            "a@c.com.",
            "a..b@c.com",
            ".a@c.com",
            "a.@c.com",
            "Ana <ana@c.com>",
            "a\u{202e}@c.com",
            "a\0@c.com",
            "a@c_d.com",
            "mailto:a@c.com",
            "a@c.com,b@c.com",
            "a@xn--a.com",
            "tea_1@erased.invalid",
            "ana\u{E0041}@c.com",
            &long,
            &long_in_ascii,
        ];
        for text in bad {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
    }

    /// A domain of accents is more than twice as long in the form that mail goes to.
    #[test]
    fn the_limit_counts_the_address_that_mail_goes_to() {
        let address =
            |last: usize| format!("{}@{}{}.example", "a".repeat(64), "é.".repeat(20), "b".repeat(last));
        assert!(EmailAddress::parse(&address(21)).is_ok());
        assert_eq!(EmailAddress::parse(&address(22)), Err(EmailFault::TooLong));
    }

    #[test]
    fn internationalised_addresses_are_taken_as_given() {
        for text in
            ["用户@例子.广告", "dörte@sörensen.example", "o'brien+tag@sub.example.co.uk", "x@1.example"]
        {
            assert_eq!(EmailAddress::parse(text).unwrap().as_str(), text);
        }
    }
}
