//! Names and other short texts, checked once at the border and trusted from then on.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Why a text cannot be taken; reads after the name of a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Nothing there where something is needed.
    #[error("must not be empty")]
    Empty,
    /// More characters than the limit.
    #[error("must be at most {limit} characters; this one has {length}")]
    TooLong {
        /// The most characters allowed.
        limit: usize,
        /// How many there were.
        length: usize,
    },
    /// More octets than the limit.
    #[error("must be at most {limit} octets of UTF-8; this one has {length}")]
    TooManyOctets {
        /// The most octets allowed.
        limit: usize,
        /// How many there were.
        length: usize,
    },
    /// A control character, a bidirectional or a zero-width one.
    #[error("must not contain control, bidirectional or zero-width characters; found U+{:04X} at character {}", *found as u32, at + 1)]
    Control {
        /// The character.
        found: char,
        /// Its place, counted in characters from 0.
        at: usize,
    },
    /// Not of the allowed characters.
    #[error("must be 1 to {limit} characters of {allowed}")]
    Pattern {
        /// The allowed characters, in words.
        allowed: &'static str,
        /// The most characters allowed.
        limit: usize,
    },
}

/// Whether a character could hide or reorder text: controls, bidirectional marks, and those that are drawn as nothing
/// (Unicode's default-ignorable ones but for the variation selectors, which real names need).
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{00AD}'
                | '\u{034F}'
                | '\u{061C}'
                | '\u{115F}'..='\u{1160}'
                | '\u{17B4}'..='\u{17B5}'
                | '\u{180E}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{3164}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{1BCA0}'..='\u{1BCA3}'
                | '\u{1D173}'..='\u{1D17A}'
                | '\u{E0000}'..='\u{E00FF}'
        )
}

/// A text as it compares without regard to case. Case mappings between a letter of ASCII and another one are not applied, so
/// that the Kelvin sign and the dotted capital I are no spellings of `k` and `i`.
pub fn folded(text: &str) -> String {
    let fold = |character: char| {
        let is_other = !character.is_ascii() && character.to_lowercase().any(|lower| lower.is_ascii());
        let lower = (!is_other).then(|| character.to_lowercase());
        lower.into_iter().flatten().chain(is_other.then_some(character))
    };
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.chars().flat_map(fold).collect() }
}

/// The text as it can be repeated in a message: as it was given, but for hidden characters, which are written out.
pub fn repeated(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut repeated, character| {
        if is_hidden(character) {
            repeated.extend(character.escape_unicode());
        } else {
            repeated.push(character);
        }
        repeated
    })
}

/// A first and a last name together; nothing, where both are empty.
pub fn full_name(first: &PersonName, last: &PersonName) -> Option<String> {
    let names = [first.as_str(), last.as_str()].into_iter().filter(|name| !name.is_empty());
    let names: Vec<_> = names.collect();
    (!names.is_empty()).then(|| names.join(" "))
}

fn visible(text: &str, limit: usize) -> Result<(), TextFault> {
    let length = text.chars().count();
    if length > limit {
        return Err(TextFault::TooLong { limit, length });
    }
    match text.chars().enumerate().find(|(_, character)| is_hidden(*character)) {
        Some((at, found)) => Err(TextFault::Control { found, at }),
        None => Ok(()),
    }
}

fn named(text: &str, limit: usize) -> Result<(), TextFault> {
    if text.trim().is_empty() {
        return Err(TextFault::Empty);
    }
    visible(text, limit)
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($text:ty: $check:expr);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name($text);

        impl $name {
            /// Checks the text; the fault reads after the field's name.
            pub fn parse(text: &str) -> Result<Self, TextFault> {
                let check: fn(&str) -> Result<(), TextFault> = $check;
                check(text)?;
                Ok(Self(text.into()))
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

texts! {
    /// A first or last name: at most 256 visible characters, possibly none.
    PersonName(Box<str>: |text| visible(text, 256));
    /// What teammates are mentioned by: `[a-z0-9_]{1,64}`. A record and the index share one text.
    Username(Arc<str>: |text| pattern(text, 64, "a to z, 0 to 9 and _", |c| matches!(c, 'a'..='z' | '0'..='9' | '_')));
    /// The id that an identity provider has for a person or a group: 1 to 512 visible characters.
    ExternalId(Arc<str>: |text| named(text, 512));
    /// What a person signs in by: 1 to 256 visible characters.
    UserName(Box<str>: |text| named(text, 256));
    /// A team's name: 1 to 256 visible characters.
    TeamName(Box<str>: |text| named(text, 256));
    /// A company's name: 1 to 256 visible characters.
    CompanyName(Box<str>: |text| named(text, 256));
    /// A company's short name in URLs and commands: `[a-z0-9-]{1,63}`, not starting or ending with `-`.
    Slug(Box<str>: slug);
    /// A custom field's name: 1 to 128 visible characters.
    FieldName(Box<str>: |text| named(text, 128));
    /// A value of a custom field of type `string`: at most 4,096 visible characters.
    FieldText(Box<str>: |text| visible(text, 4096));
    /// One of the values of a custom field of type `enum`: 1 to 256 visible characters.
    Choice(Box<str>: |text| named(text, 256));
    /// What an operator wrote about a token: at most 256 visible characters.
    Note(Box<str>: |text| visible(text, 256));
    /// An inbox's or a channel's name: 1 to 256 visible characters.
    InboxName(Box<str>: |text| named(text, 256));
    /// Who a message is from or to, such as an address or a number: 1 to 256 visible characters.
    Handle(Box<str>: |text| named(text, 256));
    /// What a conversation is about: at most 1,000 visible characters.
    Subject(Box<str>: |text| visible(text, 1000));
    /// What tells that messages of a channel belong together: 1 to 512 visible characters.
    ThreadRef(Arc<str>: |text| named(text, 512));
    /// The text of a message: 1 to 65,536 octets.
    MessageText(Box<str>: message);
    /// SSO metadata as the identity provider gave it: 1 to 262,144 bytes.
    SsoMetadata(Box<str>: metadata);
}

fn pattern(
    text: &str,
    limit: usize,
    allowed: &'static str,
    matches: fn(char) -> bool,
) -> Result<(), TextFault> {
    if text.is_empty() || text.len() > limit || !text.chars().all(matches) {
        return Err(TextFault::Pattern { allowed, limit });
    }
    Ok(())
}

fn slug(text: &str) -> Result<(), TextFault> {
    const ALLOWED: &str = "a to z, 0 to 9 and - (not at either end)";
    if text.starts_with('-') || text.ends_with('-') {
        return Err(TextFault::Pattern { allowed: ALLOWED, limit: 63 });
    }
    pattern(text, 63, ALLOWED, |c| matches!(c, 'a'..='z' | '0'..='9' | '-'))
}

fn message(text: &str) -> Result<(), TextFault> {
    const LIMIT: usize = 64 * 1024;
    if text.trim().is_empty() {
        return Err(TextFault::Empty);
    }
    if text.len() > LIMIT {
        return Err(TextFault::TooManyOctets { limit: LIMIT, length: text.len() });
    }
    Ok(())
}

fn metadata(text: &str) -> Result<(), TextFault> {
    const LIMIT: usize = 256 * 1024;
    if text.trim().is_empty() {
        return Err(TextFault::Empty);
    }
    if text.len() > LIMIT {
        return Err(TextFault::TooLong { limit: LIMIT, length: text.len() });
    }
    Ok(())
}

impl Slug {
    /// A slug made from a company's name: its letters and digits in lower case, everything else as single hyphens.
    pub fn from_name(name: &CompanyName) -> Self {
        let mut slug = String::new();
        for character in name.as_str().chars() {
            if slug.len() >= 48 {
                break;
            }
            if character.is_ascii_alphanumeric() {
                slug.push(character.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let slug = slug.trim_end_matches('-');
        Self(if slug.is_empty() { "company".into() } else { slug.into() })
    }

    /// This slug with a number behind it, for when it is taken.
    pub fn numbered(&self, number: u64) -> Self {
        Self(format!("{}-{number}", self.0).into())
    }
}

impl Username {
    /// A username made from the part of an address before the `@`.
    pub fn from_local_part(local: &str) -> Self {
        let text: String = local
            .chars()
            .take(48)
            .map(|character| match character.to_ascii_lowercase() {
                kept @ ('a'..='z' | '0'..='9') => kept,
                _ => '_',
            })
            .collect();
        let text = text.trim_matches('_');
        Self(if text.is_empty() { "teammate".into() } else { text.into() })
    }

    /// This username with a number behind it, for when it is taken.
    pub fn numbered(&self, number: u64) -> Self {
        Self(format!("{}{number}", self.0).into())
    }

    /// The stand-in for a username whose personal data was erased: of a form that none can be given.
    pub(crate) fn erased(subject: impl fmt::Display) -> Self {
        Self(format!("(erased {subject})").into())
    }
}

impl TeamName {
    /// The form in which names of teams are compared: without regard to case.
    pub fn folded(&self) -> Box<str> {
        folded(&self.0).into()
    }
}

impl Note {
    /// No note.
    pub fn empty() -> Self {
        Self("".into())
    }
}

impl Subject {
    /// No subject.
    pub fn empty() -> Self {
        Self("".into())
    }
}

impl Handle {
    /// The stand-in for a handle whose personal data was erased.
    pub(crate) fn erased() -> Self {
        Self("(erased)".into())
    }
}

impl PersonName {
    /// The empty name, which stands for "not given".
    pub fn empty() -> Self {
        Self("".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_hide_or_reorder_text_are_refused() {
        for bad in [
            "a\u{202E}b",
            "a\0",
            "tab\t",
            "zero\u{200B}",
            "\u{FEFF}bom",
            "del\u{7f}",
            "tag\u{E0041}",
            "\u{3164}",
        ] {
            assert!(PersonName::parse(bad).is_err(), "{bad:?}");
        }
        for good in ["", "Łukasz", "O'Brien", "山田", "=1+1", "<script>", "Анна", "𝔘nicode"] {
            assert!(PersonName::parse(good).is_ok(), "{good:?}");
        }
        assert!(PersonName::parse(&"é".repeat(256)).is_ok());
        assert!(PersonName::parse(&"e".repeat(257)).is_err());
    }

    #[test]
    fn a_slug_comes_from_the_name() {
        let of = |name: &str| Slug::from_name(&CompanyName::parse(name).unwrap()).to_string();
        assert_eq!(of("Dunder Mifflin, Inc."), "dunder-mifflin-inc");
        assert_eq!(of("株式会社"), "company");
    }

    #[test]
    fn a_username_comes_from_the_address() {
        assert_eq!(Username::from_local_part("Ana.Lopez+x").as_str(), "ana_lopez_x");
        assert_eq!(Username::from_local_part("ü").as_str(), "teammate");
    }
}
