//! Tokens: kinds, scopes, limits, and the rule that says whether a presented secret is one.

use crate::company::Company;
use crate::event::Event;
use crate::id::{TeammateId, TokenId};
use crate::occasion::{Occasion, Stamp, Timestamp};
use crate::refusal::{Fault, Refusal};
use crate::scope::Scopes;
use crate::secret::{SecretDigest, SecretKind};
use crate::teammate::{Standing, TeammateRef};
use crate::text::Note;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// The longest time for which a token may work: ten years, in milliseconds.
pub const MAX_EXPIRES_IN_MS: i64 = 10 * 366 * 24 * 60 * 60 * 1000;

/// Requests a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// At most so many in each minute.
    PerMinute(NonZeroU32),
    /// No limit.
    Unlimited,
}

impl Default for RateLimit {
    fn default() -> Self {
        RateLimit::PerMinute(NonZeroU32::new(120).expect("120 is not zero"))
    }
}

/// A text that is no rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number of requests a minute from 1 to 1000000, or `unlimited`")]
pub struct NotARateLimit;

impl FromStr for RateLimit {
    type Err = NotARateLimit;

    fn from_str(text: &str) -> Result<Self, NotARateLimit> {
        if text == "unlimited" {
            return Ok(RateLimit::Unlimited);
        }
        let number: NonZeroU32 = text.parse().map_err(|_| NotARateLimit)?;
        if number.get() > 1_000_000 || !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(NotARateLimit);
        }
        Ok(RateLimit::PerMinute(number))
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RateLimit::PerMinute(number) => write!(f, "{number}"),
            RateLimit::Unlimited => f.write_str("unlimited"),
        }
    }
}

impl Serialize for RateLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            RateLimit::PerMinute(number) => serializer.serialize_u32(number.get()),
            RateLimit::Unlimited => serializer.serialize_str("unlimited"),
        }
    }
}

impl<'de> Deserialize<'de> for RateLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(NonZeroU32),
            Word(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(RateLimit::PerMinute(number)),
            Written::Word(word) if word == "unlimited" => Ok(RateLimit::Unlimited),
            Written::Word(_) => Err(D::Error::custom(NotARateLimit)),
        }
    }
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// All user management of the company.
    Company,
    /// Acts as this teammate.
    Teammate(TeammateId),
    /// SCIM only.
    Scim,
}

impl TokenKind {
    /// The kind's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            TokenKind::Company => "company",
            TokenKind::Teammate(_) => "teammate",
            TokenKind::Scim => "scim",
        }
    }

    /// The kind of text that such a token has.
    pub const fn secret_kind(self) -> SecretKind {
        match self {
            TokenKind::Company => SecretKind::Company,
            TokenKind::Teammate(_) => SecretKind::Teammate,
            TokenKind::Scim => SecretKind::Scim,
        }
    }
}

/// A token as it is kept: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub kind: TokenKind,
    /// The digest of its secret.
    pub digest: SecretDigest,
    /// The last four characters of its secret.
    pub last_four: Box<str>,
    /// What it may do.
    pub scopes: Scopes,
    /// Its own limit; the company's where there is none.
    pub rate_limit: Option<RateLimit>,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// What an operator wrote about it.
    pub note: Option<Note>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// What a new token is asked to be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedKind {
    /// All user management of the company.
    Company,
    /// Acts as this teammate.
    Teammate(TeammateRef),
    /// SCIM only.
    Scim,
}

impl WantedKind {
    /// The kind of text that such a token has; known before the command is decided, since the text is made first.
    pub const fn secret_kind(&self) -> SecretKind {
        match self {
            WantedKind::Company => SecretKind::Company,
            WantedKind::Teammate(_) => SecretKind::Teammate,
            WantedKind::Scim => SecretKind::Scim,
        }
    }
}

/// Makes a token. The secret is made outside; only its digest comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateToken {
    /// What it is for.
    pub kind: WantedKind,
    /// The digest of its secret.
    pub digest: SecretDigest,
    /// The last four characters of its secret.
    pub last_four: Box<str>,
    /// What it may do; all, when none is named.
    pub scopes: Scopes,
    /// Its own limit.
    pub rate_limit: Option<RateLimit>,
    /// For how long it works, in milliseconds.
    pub expires_in_ms: Option<i64>,
    /// A note for people.
    pub note: Option<Note>,
}

/// Ends a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokeToken {
    /// Its id.
    pub token: TokenId,
}

/// A token was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenCreated {
    /// Its id.
    pub token: TokenId,
    /// What it is for.
    pub kind: TokenKind,
    /// The digest of its secret.
    pub digest: SecretDigest,
    /// The last four characters of its secret.
    pub last_four: Box<str>,
    /// What it may do.
    pub scopes: Scopes,
    /// Its own limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// When it stops working.
    #[serde(rename = "expires_at_ms", default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// A note for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

/// A token was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRevoked {
    /// Its id.
    pub token: TokenId,
}

pub(crate) fn create(
    company: &Company,
    command: &CreateToken,
    occasion: &Occasion,
) -> Result<Vec<Event>, Refusal> {
    let (kind, default_scopes) = match &command.kind {
        WantedKind::Company => (TokenKind::Company, Scopes::all()),
        WantedKind::Teammate(teammate) => {
            let teammate = company.require_teammate(teammate)?;
            if teammate.standing == Standing::Blocked {
                return Err(Refusal::TeammateIsBlocked { teammate: teammate.id });
            }
            (TokenKind::Teammate(teammate.id), Scopes::all())
        }
        WantedKind::Scim if company.sso.is_none() => return Err(Refusal::SsoNotSet),
        WantedKind::Scim if !command.scopes.is_empty() => {
            return Err(Fault::new(
                "scope",
                "cannot be given: a SCIM token takes no scopes, it may do all of SCIM",
            )
            .into());
        }
        WantedKind::Scim => (TokenKind::Scim, Scopes::NONE),
    };
    if command.expires_in_ms.is_some_and(|ms| !(1..=MAX_EXPIRES_IN_MS).contains(&ms)) {
        return Err(Fault::new("expires-in", "must be more than nothing, and at most ten years").into());
    }
    let scopes = if command.scopes.is_empty() { default_scopes } else { command.scopes };
    Ok(vec![Event::TokenCreated(TokenCreated {
        token: TokenId::new(company.counters.token + 1),
        kind,
        digest: command.digest,
        last_four: command.last_four.clone(),
        scopes,
        rate_limit: command.rate_limit,
        expires_at: command.expires_in_ms.map(|ms| occasion.now.plus_ms(ms)),
        note: command.note.clone(),
    })])
}

pub(crate) fn revoke(company: &Company, command: &RevokeToken) -> Result<Vec<Event>, Refusal> {
    let token = company.tokens.get(&command.token).ok_or(Refusal::UnknownToken { token: command.token })?;
    Ok(match token.revoked_at {
        Some(_) => vec![],
        None => vec![Event::TokenRevoked(TokenRevoked { token: token.id })],
    })
}

pub(crate) fn created(company: &mut Company, event: &TokenCreated, stamp: &Stamp) {
    let TokenCreated { token, kind, digest, last_four, scopes, rate_limit, expires_at, note } = event.clone();
    company.counters.token = company.counters.token.max(token.number());
    company.token_by_digest.insert(digest, token);
    let token = Token {
        id: token,
        kind,
        digest,
        last_four,
        scopes,
        rate_limit,
        expires_at,
        note,
        created_at: stamp.time,
        revoked_at: None,
    };
    company.tokens.insert(token.id, std::sync::Arc::new(token));
}

pub(crate) fn revoked(company: &mut Company, event: &TokenRevoked, stamp: &Stamp) {
    if let Some(token) = company.tokens.get_mut(&event.token) {
        std::sync::Arc::make_mut(token).revoked_at = Some(stamp.time);
    }
}

/// Why a presented secret opens nothing. Unknown and revoked are the same, so that nobody learns what once was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// No such token, or one that was revoked.
    #[error("this token is unknown or was revoked; ask an operator for a new one (tenure token create)")]
    UnknownOrRevoked,
    /// It had an end, and that has passed.
    #[error("this token has expired; ask an operator for a new one (tenure token create)")]
    Expired,
    /// The teammate that it acts as is blocked.
    #[error("the teammate that this token acts as is blocked")]
    TeammateBlocked,
}

impl Company {
    /// The token whose secret has this digest, if it works at `now`.
    pub fn authenticate(
        &self,
        digest: &SecretDigest,
        now: Timestamp,
    ) -> Result<&std::sync::Arc<Token>, TokenFault> {
        let token = self
            .token_by_digest
            .get(digest)
            .and_then(|id| self.tokens.get(id))
            .filter(|token| token.digest == *digest && token.revoked_at.is_none())
            .ok_or(TokenFault::UnknownOrRevoked)?;
        if token.expires_at.is_some_and(|end| end <= now) {
            return Err(TokenFault::Expired);
        }
        if let TokenKind::Teammate(teammate) = token.kind {
            let active = self.teammates.get(&teammate).is_some_and(|t| t.standing == Standing::Active);
            if !active {
                return Err(TokenFault::TeammateBlocked);
            }
        }
        Ok(token)
    }

    /// The limit that counts for a token: its own, else the company's.
    pub fn rate_limit_of(&self, token: &Token) -> RateLimit {
        token.rate_limit.unwrap_or(self.settings.rate_limit)
    }
}
