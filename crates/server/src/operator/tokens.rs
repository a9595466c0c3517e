//! What operators do to a company's tokens.

use super::reply::{NewToken, OperatorError, OperatorReply, TokenDetails};
use super::request::TokenWish;
use super::{Operator, fault, field};
use tenure_directory::secret::SecretText;
use tenure_directory::teammate::TeammateRef;
use tenure_directory::text::Note;
use tenure_directory::token::{CreateToken, MAX_EXPIRES_IN_MS, RateLimit, RevokeToken, WantedKind};
use tenure_directory::{Command, Company, Event, Refusal, Scope, Scopes, TokenId};

/// Reads a time span such as `90d`, in milliseconds.
fn span_ms(text: &str) -> Result<i64, OperatorError> {
    let wrong = || {
        fault("expires-in", "must be a number with a unit of s, m, h, d or w, such as 90d; at most ten years")
    };
    let unit_ms = match text.chars().last() {
        Some('s') => 1000,
        Some('m') => 60_000,
        Some('h') => 3_600_000,
        Some('d') => 86_400_000,
        Some('w') => 604_800_000,
        _ => return Err(wrong()),
    };
    let number = &text[..text.len() - 1];
    let number: i64 =
        if number.bytes().all(|byte| byte.is_ascii_digit()) { number.parse() } else { "".parse() }
            .map_err(|_| wrong())?;
    number.checked_mul(unit_ms).filter(|ms| (1..=MAX_EXPIRES_IN_MS).contains(ms)).ok_or_else(wrong)
}

fn wanted_kind(wish: &TokenWish) -> Result<WantedKind, OperatorError> {
    match (wish.kind.as_str(), wish.teammate.as_deref()) {
        ("company", None) => Ok(WantedKind::Company),
        ("scim", None) => Ok(WantedKind::Scim),
        ("teammate", Some(teammate)) => Ok(WantedKind::Teammate(TeammateRef::parse(teammate))),
        ("teammate", None) => {
            Err(fault("teammate", "is needed for a token of kind teammate (--teammate tea_…)"))
        }
        ("company" | "scim", Some(_)) => Err(fault("teammate", "is only for tokens of kind teammate")),
        _ => Err(fault("kind", "must be one of: company, teammate, scim")),
    }
}

impl Operator {
    pub(super) fn tokens(&self, company: &Company) -> Vec<TokenDetails> {
        company.tokens.values().map(|token| TokenDetails::of(company, token, &self.last_used)).collect()
    }

    fn token(&self, company: &Company, id: TokenId) -> Result<TokenDetails, Refusal> {
        let token = company.tokens.get(&id).ok_or(Refusal::UnknownToken { token: id })?;
        Ok(TokenDetails::of(company, token, &self.last_used))
    }

    pub(super) async fn create_token(
        &self,
        company: &Company,
        wish: TokenWish,
    ) -> Result<OperatorReply, OperatorError> {
        let kind = wanted_kind(&wish)?;
        let scopes = wish.scopes.iter().map(|scope| scope.parse::<Scope>());
        let scopes: Scopes = scopes.collect::<Result<_, _>>().map_err(|error| fault("scope", error))?;
        let rate_limit = wish.rate_limit.as_deref().map(str::parse::<RateLimit>).transpose();
        let rate_limit = rate_limit.map_err(|error| fault("rate-limit", error))?;
        let expires_in_ms = wish.expires_in.as_deref().map(span_ms).transpose()?;
        let note = wish.note.as_deref().map(|note| field("note", Note::parse(note))).transpose()?;
        let secret = SecretText::mint(kind.secret_kind(), company.id, self.engine.random());
        let (digest, last_four) = (secret.digest(), secret.last_four());
        let command = CreateToken { kind, digest, last_four, scopes, rate_limit, expires_in_ms, note };
        let answered = self.ask(company, Command::CreateToken(command)).await?;
        let id = answered.events.iter().find_map(|event| match event {
            Event::TokenCreated(event) => Some(event.token),
            _ => None,
        });
        let id = id.expect("a create that succeeds makes a token");
        let details = self.token(&answered.company, id)?;
        Ok(OperatorReply::NewToken(NewToken { token: secret.reveal().to_owned(), details }))
    }

    pub(super) async fn revoke_token(
        &self,
        company: &Company,
        given: &str,
    ) -> Result<OperatorReply, OperatorError> {
        let token: TokenId = given.parse().map_err(|_| {
            fault("token", "must be the id of a token, such as tok_1 (see `tenure token list`)")
        })?;
        let answered = self.ask(company, Command::RevokeToken(RevokeToken { token })).await?;
        Ok(OperatorReply::Token(self.token(&answered.company, token)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_needs_a_number_and_a_unit() {
        assert_eq!(span_ms("90d"), Ok(90 * 86_400_000));
        assert_eq!(span_ms("1s"), Ok(1000));
        for bad in ["", "d", "90", "-1d", "+1d", "1.5d", "0d", "1y", "99999999999999999d", "é", "4000d"] {
            assert!(span_ms(bad).is_err(), "{bad}");
        }
    }
}
