//! Who asks: from the `Authorization` header to a company and a token.

use crate::http::problem::Problem;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use std::sync::Arc;
use tenure_directory::secret::{SecretFault, SecretText};
use tenure_directory::token::{Token, TokenFault};
use tenure_directory::{Actor, Company};
use tenure_engine::Engine;

/// A caller with a valid token. The only way from a request to a company.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) company: Arc<Company>,
    pub(crate) token: Arc<Token>,
}

impl Caller {
    /// The caller as the actor of a REST request.
    pub(crate) fn rest_actor(&self) -> Actor {
        Actor::Api(self.token.id)
    }
}

/// Why a request has no caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stranger {
    NoHeader,
    OtherScheme,
    Malformed,
    Checksum,
    NotThere(TokenFault),
    Unreadable,
}

impl From<SecretFault> for Stranger {
    fn from(fault: SecretFault) -> Self {
        match fault {
            SecretFault::Form => Stranger::Malformed,
            SecretFault::Checksum => Stranger::Checksum,
        }
    }
}

impl Stranger {
    pub(crate) fn problem(self) -> Problem {
        let (code, message) = match self {
            Stranger::NoHeader => {
                ("token.missing", "send a token in the header `Authorization: Bearer <token>`".to_owned())
            }
            Stranger::OtherScheme => (
                "token.missing",
                "only the scheme Bearer is understood: `Authorization: Bearer <token>`".to_owned(),
            ),
            Stranger::Malformed => ("token.malformed", format!("the token {}", SecretFault::Form)),
            Stranger::Checksum => ("token.mistyped", format!("the token {}", SecretFault::Checksum)),
            Stranger::NotThere(fault) => (
                match fault {
                    TokenFault::UnknownOrRevoked => "token.unknown",
                    TokenFault::Expired => "token.expired",
                    TokenFault::TeammateBlocked => "token.teammate_blocked",
                },
                fault.to_string(),
            ),
            Stranger::Unreadable => {
                return Problem::unavailable(
                    "server.unreadable",
                    "the data cannot be read at the moment; try again later",
                );
            }
        };
        let challenge = match self {
            Stranger::NoHeader | Stranger::OtherScheme => "Bearer realm=\"tenure\"",
            _ => "Bearer realm=\"tenure\", error=\"invalid_token\"",
        };
        Problem::new(StatusCode::UNAUTHORIZED, code, message)
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }
}

fn presented(headers: &HeaderMap) -> Result<SecretText, Stranger> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Stranger::NoHeader)?;
    if values.next().is_some() {
        return Err(Stranger::Malformed);
    }
    let value = value.to_str().map_err(|_| Stranger::Malformed)?;
    let (scheme, token) = value.split_once(' ').ok_or(Stranger::OtherScheme)?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Stranger::OtherScheme);
    }
    Ok(SecretText::parse(token.trim())?)
}

/// Finds the caller of a request. Form and checksum are looked at first; only then is a company read, and only for those
/// who `may_load`: a checksum can be made by anybody, and what is read stays in memory.
pub(crate) async fn authenticate(
    engine: &Engine,
    headers: &HeaderMap,
    may_load: impl FnOnce() -> bool,
) -> Result<Caller, Stranger> {
    let secret = presented(headers)?;
    let company = match engine.loaded(secret.company()) {
        Some(company) => company,
        None if !may_load() => return Err(Stranger::NotThere(TokenFault::UnknownOrRevoked)),
        None => engine
            .company(secret.company())
            .await
            .map_err(|error| {
                tracing::error!(%error, "a company cannot be read");
                Stranger::Unreadable
            })?
            .ok_or(Stranger::NotThere(TokenFault::UnknownOrRevoked))?,
    };
    let found = company.authenticate(&secret.digest(), engine.now()).map_err(Stranger::NotThere)?;
    if found.kind.secret_kind() != secret.kind() {
        return Err(Stranger::NotThere(TokenFault::UnknownOrRevoked));
    }
    let token = Arc::clone(found);
    Ok(Caller { company, token })
}
