//! `/me`: whose token this is.

use crate::rest::access::AnyCaller;
use crate::rest::app::App;
use crate::rest::error::{ErrorBody, RestError};
use crate::rest::list::SelfLink;
use crate::rest::view::tagged_by_content;
use axum::extract::State;
use axum::response::Response;
use hyper::header::HeaderMap;
use serde::Serialize;
use tenure_directory::custom_field::number_as_json;
use tenure_directory::token::TokenKind;
use utoipa::ToSchema;

/// The company and the token.
#[derive(Serialize, ToSchema)]
pub(crate) struct Identity<'a> {
    #[serde(rename = "_links")]
    links: SelfLink,
    /// The company's id.
    id: String,
    /// The company's name.
    name: &'a str,
    token: TokenDetails,
}

/// The token that was used.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenDetails {
    /// Its id.
    id: String,
    /// `company` or `teammate`.
    kind: &'static str,
    /// What it may do.
    scopes: Vec<&'static str>,
    /// The teammate that it acts as.
    #[serde(skip_serializing_if = "Option::is_none")]
    teammate_id: Option<String>,
    /// When it stops working, in epoch seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<EpochSeconds>,
    /// Requests a minute; `null` where there is no limit.
    rate_limit: Option<u32>,
}

/// Epoch seconds with milliseconds; whole ones without a point, as the languages print them that check signatures over
/// what they parsed.
#[derive(Serialize, ToSchema)]
#[schema(value_type = f64)]
pub(crate) struct EpochSeconds(serde_json::Number);

/// A moment in epoch seconds.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch stay far below the exact range")]
pub(crate) fn epoch_seconds(time: tenure_directory::Timestamp) -> EpochSeconds {
    EpochSeconds(number_as_json(time.as_ms() as f64 / 1000.0))
}

/// Show the company and the token
#[utoipa::path(get, path = "/me", tag = "Token", operation_id = "show_me", security(("bearer" = [])),
    responses((status = 200, body = Identity), (status = 304), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    AnyCaller(caller): AnyCaller,
    headers: HeaderMap,
) -> Result<Response, RestError> {
    let (company, token) = (&caller.company, &caller.token);
    let rate_limit = match company.rate_limit_of(token) {
        tenure_directory::token::RateLimit::PerMinute(limit) => Some(limit.get()),
        tenure_directory::token::RateLimit::Unlimited => None,
    };
    let teammate_id = match token.kind {
        TokenKind::Teammate(teammate) => Some(teammate.to_string()),
        TokenKind::Company | TokenKind::Scim => None,
    };
    let identity = Identity {
        links: SelfLink { own: format!("{}/me", app.public_url) },
        id: company.id.to_string(),
        name: company.name.as_str(),
        token: TokenDetails {
            id: token.id.to_string(),
            kind: token.kind.name(),
            scopes: token.scopes.iter().map(tenure_directory::Scope::name).collect(),
            teammate_id,
            expires_at: token.expires_at.map(epoch_seconds),
            rate_limit,
        },
    };
    Ok(tagged_by_content(&headers, identity))
}
