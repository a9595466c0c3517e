//! `tenure token`.

use crate::cli::{Global, Token};
use crate::failure::Failure;
use crate::operate::ask_company;
use crate::print;
use tenure_server::operator::{CompanyRequest, TokenWish};

pub(crate) fn run(global: &Global, command: Token) -> Result<(), Failure> {
    let (reply, done) = match command {
        Token::Create { which, kind, teammate, scope, rate_limit, expires_in, note } => {
            let wish = TokenWish { kind, teammate, scopes: scope, rate_limit, expires_in, note };
            (ask_company(global, which, CompanyRequest::CreateToken(wish))?, Some("created"))
        }
        Token::List { which } => (ask_company(global, which, CompanyRequest::ListTokens)?, None),
        Token::Revoke { which, id } => {
            (ask_company(global, which, CompanyRequest::RevokeToken { token: id })?, Some("revoked"))
        }
    };
    print::reply(global.output, &reply, done)
}
