//! A bearer token, which nothing prints.

use reqwest::header::HeaderValue;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A bearer token. Its `Debug` shows nothing of it, and it has no `Display`.
#[derive(Clone)]
pub struct Token(String);

/// A text that cannot be a token. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAToken {
    /// Nothing but white space.
    #[error("the token is empty")]
    Empty,
    /// Something that a header cannot carry.
    #[error(
        "the token has characters that no token has, such as a space or a line break in the middle; copy it again"
    )]
    Characters,
}

impl Token {
    /// A token from its text. White space around it, as files and copies bring it, is taken off.
    pub fn parse(text: &str) -> Result<Self, NotAToken> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NotAToken::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NotAToken::Characters);
        }
        Ok(Self(text.to_owned()))
    }

    /// The value of `Authorization`, marked so that no log shows it.
    pub(crate) fn header(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0));
        if let Ok(value) = &mut value {
            value.set_sensitive(true);
        }
        value.expect("a token has visible ASCII characters alone")
    }

    /// A name for the token from which it cannot be found: the start of its SHA-256, in hexadecimal.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        let start = digest.iter().take(8).fold(0_u64, |start, byte| (start << 8) | u64::from(*byte));
        format!("{start:016x}")
    }

    /// The text, to be stored where it is safe.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_printed_nowhere() {
        let token = Token::parse(" secret-text\n").unwrap();
        assert_eq!(format!("{token:?} {:?}", token.header()), "Token(…) Sensitive");
        assert_eq!(token.reveal(), "secret-text");
    }

    #[test]
    fn what_no_header_carries_is_no_token() {
        assert_eq!(Token::parse(" \n").unwrap_err(), NotAToken::Empty);
        assert_eq!(Token::parse("two words").unwrap_err(), NotAToken::Characters);
        assert_eq!(Token::parse("tøken").unwrap_err(), NotAToken::Characters);
    }
}
