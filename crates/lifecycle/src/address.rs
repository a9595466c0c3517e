//! Addresses as names of people: compared without case, and looked at for others that only seem to be the same.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use unicode_normalization::UnicodeNormalization as _;

/// An address in the form that it is compared in (`contract/reliability.md`, "E-mail identity"): ASCII lower case, the local
/// part in NFC, the domain as UTS 46 gives it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailKey(String);

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    /// Not exactly one `@`, or nothing beside it.
    #[error("is not an address: it needs one @ with something on both sides")]
    Shape,
    /// White space or a control character.
    #[error("is not an address: it holds a space or a control character")]
    Characters,
    /// A domain that cannot be.
    #[error("is not an address: its domain cannot be one")]
    Domain,
    /// More than 254 octets.
    #[error("is not an address: it is longer than 254 octets")]
    Length,
}

impl EmailKey {
    /// The key of an address.
    pub fn parse(address: &str) -> Result<Self, NotAnAddress> {
        let (local, domain) = address.split_once('@').ok_or(NotAnAddress::Shape)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(NotAnAddress::Shape);
        }
        if address.len() > 254 {
            return Err(NotAnAddress::Length);
        }
        if address.chars().any(|character| character.is_whitespace() || character.is_control()) {
            return Err(NotAnAddress::Characters);
        }
        let is_plain =
            domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-');
        let domain = if is_plain && !domain.contains("xn--") {
            domain.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii(domain).map_err(|_| NotAnAddress::Domain)?
        };
        let is_host = |label: &str| {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !label.is_empty()
                && label.bytes().all(is_allowed)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if !domain.split('.').all(is_host) {
            return Err(NotAnAddress::Domain);
        }
        let local = if local.is_ascii() { local.to_owned() } else { composed(local) };
        Ok(Self(format!("{}@{domain}", local.to_ascii_lowercase())))
    }

    /// The key of an address that a service has, which may be of a kind that we would not take.
    pub fn lenient(address: &str) -> Self {
        Self::parse(address).unwrap_or_else(|_| Self(address.trim().to_ascii_lowercase()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once('@').unwrap_or((&self.0, ""))
    }
}

/// What is the same for addresses that a person could take for one another: without `+tags`, with look-alike characters as one
/// (UTS 39), and with alias domains as the one that they stand for. Made once for many addresses.
pub struct Looks<'a> {
    alias_domains: &'a BTreeMap<String, String>,
    /// What each ASCII character looks like.
    ascii: Vec<String>,
    /// What the domains look like that were seen.
    domains: HashMap<String, String>,
}

/// The look-alike form of a text, in lower case.
fn skeleton(text: &str) -> String {
    let skeleton: String = unicode_security::confusable_detection::skeleton(text).collect();
    skeleton.to_lowercase()
}

impl<'a> Looks<'a> {
    /// With these domains as others.
    pub fn new(alias_domains: &'a BTreeMap<String, String>) -> Self {
        let ascii = (0..128_u8).map(|byte| skeleton(char::from(byte).encode_utf8(&mut [0; 4]))).collect();
        Self { alias_domains, ascii, domains: HashMap::new() }
    }

    /// What an address looks like.
    pub fn of(&mut self, key: &EmailKey) -> String {
        let (local, domain) = key.parts();
        let untagged = local.split('+').next().filter(|local| !local.is_empty()).unwrap_or(local);
        let mut look = String::with_capacity(key.0.len() + 8);
        if untagged.is_ascii() {
            look.extend(untagged.bytes().map(|byte| self.ascii[usize::from(byte)].as_str()));
        } else {
            look.push_str(&skeleton(untagged));
        }
        look.push('@');
        if let Some(known) = self.domains.get(domain) {
            look.push_str(known);
            return look;
        }
        let shown = self.alias_domains.get(domain).map_or(domain, String::as_str);
        let shown = skeleton(&idna::domain_to_unicode(shown).0);
        look.push_str(&shown);
        self.domains.insert(domain.to_owned(), shown);
        look
    }
}

impl fmt::Display for EmailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// NFC; characters that it would make ASCII (the Kelvin sign) stay who they are.
fn composed(local: &str) -> String {
    let mut composed = String::with_capacity(local.len());
    let mut run = String::new();
    for character in local.chars() {
        let turns_ascii =
            !character.is_ascii() && std::iter::once(character).nfc().all(|part| part.is_ascii());
        if turns_ascii {
            composed.extend(std::mem::take(&mut run).nfc());
            composed.push(character);
        } else {
            run.push(character);
        }
    }
    composed.extend(run.nfc());
    composed
}

/// Whether an address or id fits a pattern, in which `*` stands for anything.
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether an address fits a pattern, as it is written or as it is compared.
pub fn fits_address(pattern: &str, address: &str) -> bool {
    fits(pattern, address) || fits(pattern, EmailKey::lenient(address).as_str()) || {
        let (local, domain) = pattern.split_once('@').unwrap_or((pattern, ""));
        let ascii = idna::domain_to_ascii(domain).unwrap_or_default();
        !ascii.is_empty() && fits(&format!("{local}@{ascii}"), EmailKey::lenient(address).as_str())
    }
}

/// The name that is meant, perhaps, by one that is not there.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = name.to_lowercase();
    let near = |known: &'a str| (strsim::damerau_levenshtein(&folded, &known.to_lowercase()), known);
    let (distance, known) = known.into_iter().map(near).min()?;
    (distance <= name.chars().count().div_ceil(3).max(1)).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> EmailKey {
        EmailKey::parse(address).unwrap()
    }

    #[test]
    fn case_does_not_count_and_other_letters_do() {
        assert_eq!(key("Ada@Acme.Example"), key("ada@acme.example"));
        assert_eq!(key("ada@BÜCHER.example"), key("ada@xn--bcher-kva.example"));
        assert_ne!(key("ıda@acme.example"), key("ida@acme.example"));
        assert_ne!(key("\u{212A}im@acme.example"), key("kim@acme.example"));
    }

    #[test]
    fn what_is_no_address_is_told() {
        for wrong in [
            "",
            "ada",
            "@acme.example",
            "ada@",
            "a@b@c",
            "a b@c.example",
            "a@b..c",
            "a@.c",
            "a@b,c.example",
            "a@-b.example",
            "<a@b.example>",
        ] {
            assert!(EmailKey::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn look_alikes_look_the_same() {
        let aliases = BTreeMap::from([("acme.test".to_owned(), "acme.example".to_owned())]);
        let mut looks = Looks::new(&aliases);
        let mut look = |address: &str| looks.of(&key(address));
        assert_eq!(look("ada+shop@acme.example"), look("ada@acme.example"));
        assert_eq!(look("\u{430}da@acme.example"), look("ada@acme.example"), "a Cyrillic a");
        assert_eq!(look("ada@acme.test"), look("ada@acme.example"));
        assert_eq!(look("ada@\u{430}cme.example"), look("ada@acme.example"), "a Cyrillic a in the domain");
        assert_ne!(look("adam@acme.example"), look("ada@acme.example"));
    }

    #[test]
    fn patterns_take_stars() {
        assert!(fits("*@vendor.example", "Bot@Vendor.example"));
        assert!(fits("tea_1", "tea_1") && !fits("tea_1", "tea_12"));
        assert!(fits_address("*@b\u{fc}cher.example", "x@xn--bcher-kva.example"));
        assert!(fits("svc-*@*", "svc-mail@acme.example") && !fits("*@a", "x@b"));
    }

    #[test]
    fn the_nearest_name_is_offered_and_no_far_one() {
        assert_eq!(nearest("Suport", ["Sales", "Support"]), Some("Support"));
        assert_eq!(nearest("Zebra", ["Sales", "Support"]), None);
    }
}
