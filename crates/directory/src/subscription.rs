//! What a webhook endpoint wants: which events, told how.

use crate::word::Word;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::str::FromStr;

/// What receivers expect of a body and its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// The event as in `GET /events`, in our words.
    #[default]
    Event,
    /// As the product's application webhooks.
    FrontApplication,
    /// As the product's rule webhooks.
    FrontRule,
}

/// A text that is no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of: event, front-application, front-rule")]
pub struct NotAFormat;

impl Format {
    /// The format's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Event => "event",
            Format::FrontApplication => "front-application",
            Format::FrontRule => "front-rule",
        }
    }
}

impl FromStr for Format {
    type Err = NotAFormat;

    fn from_str(text: &str) -> Result<Self, NotAFormat> {
        let all = [Format::Event, Format::FrontApplication, Format::FrontRule];
        all.into_iter().find(|format| format.name() == text).ok_or(NotAFormat)
    }
}

/// Which events an endpoint wants: `*`, `teammate.*`, or one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// All.
    All,
    /// All about one kind of thing.
    Noun(&'static str),
    /// These.
    Word(Word),
}

/// A text that matches no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be `*`, such as `teammate.*`, or one of: {}", Word::ALL.iter().map(|word| word.name()).collect::<Vec<_>>().join(", "))]
pub struct NotAPattern;

impl Pattern {
    /// Whether the pattern matches a word.
    pub fn matches(self, word: Word) -> bool {
        match self {
            Pattern::All => true,
            Pattern::Noun(noun) => word.noun() == noun,
            Pattern::Word(wanted) => wanted == word,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::All => f.write_str("*"),
            Pattern::Noun(noun) => write!(f, "{noun}.*"),
            Pattern::Word(word) => word.fmt(f),
        }
    }
}

impl FromStr for Pattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        if text == "*" {
            return Ok(Pattern::All);
        }
        if let Some(noun) = text.strip_suffix(".*") {
            let known = Word::ALL.iter().map(|word| word.noun()).find(|known| *known == noun);
            return known.map(Pattern::Noun).ok_or(NotAPattern);
        }
        text.parse().map(Pattern::Word).map_err(|_| NotAPattern)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
