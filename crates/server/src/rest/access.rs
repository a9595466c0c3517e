//! Authority as a type: a handler takes the right it needs, and has no other way to a company.

use crate::http::authentication::{Caller, Stranger};
use crate::http::problem::Problem;
use crate::http::shell::{Asking, Trace};
use crate::rest::app::App;
use crate::rest::error::RestError;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, MatchedPath, Path};
use hyper::http::request::Parts;
use std::convert::Infallible;
use std::marker::PhantomData;
use tenure_directory::Scope;
use tenure_directory::teammate::TeammateRef;
use tenure_directory::token::TokenKind;

/// Something that a token may have the right to.
pub(crate) trait Right: Send + Sync + 'static {
    const SCOPE: Scope;
}

macro_rules! rights {
    ($($name:ident)*) => {$(
        pub(crate) struct $name;

        impl Right for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )*};
}

rights! {
    TeammatesRead TeammatesWrite TeamsRead TeamsWrite CustomFieldsRead InboxesRead InboxesWrite ConversationsRead
    ConversationsWrite EventsRead WebhooksRead WebhooksWrite
}

/// A caller whose company-level token carries the right.
pub(crate) struct Authorized<R> {
    pub(crate) caller: Caller,
    right: PhantomData<R>,
}

/// A caller who may do this to the teammate in the path: with a company-level token to anybody, with a teammate's to
/// itself.
pub(crate) struct AuthorizedFor<R> {
    pub(crate) caller: Caller,
    pub(crate) teammate: TeammateRef,
    right: PhantomData<R>,
}

/// A caller with any REST token.
pub(crate) struct AnyCaller(pub(crate) Caller);

fn trace(parts: &Parts) {
    if let (Some(trace), Some(path)) =
        (parts.extensions.get::<Trace>(), parts.extensions.get::<MatchedPath>())
    {
        // A request is routed once; a second note would say the same.
        let _ = trace.0.set(path.as_str().into());
    }
}

fn caller(parts: &mut Parts) -> Result<Caller, Problem> {
    trace(parts);
    let asking = parts.extensions.remove::<Asking>().expect("the shell puts it into every request");
    let caller = asking.map_err(Stranger::problem)?;
    match caller.token.kind {
        TokenKind::Company | TokenKind::Teammate(_) => Ok(caller),
        TokenKind::Scim => {
            let message = "this is a SCIM token, which is for SCIM only; use a company-level token here";
            Err(Problem::forbidden("token.wrong_kind", message))
        }
    }
}

fn check_scope(caller: &Caller, scope: Scope) -> Result<(), Problem> {
    if caller.token.scopes.contains(scope) {
        return Ok(());
    }
    let scopes = caller.token.scopes;
    Err(Problem::forbidden(
        "token.scope_missing",
        format!("the scope {scope} is missing; this token has: {scopes}"),
    ))
}

fn company_level_needed() -> Problem {
    let message = "this is a teammate-level token; user management needs a company-level token";
    Problem::forbidden("token.company_level_needed", message)
}

impl<R: Right> FromRequestParts<App> for Authorized<R> {
    type Rejection = RestError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, RestError> {
        let caller = caller(parts)?;
        if let TokenKind::Teammate(_) = caller.token.kind {
            return Err(company_level_needed().into());
        }
        check_scope(&caller, R::SCOPE)?;
        Ok(Self { caller, right: PhantomData })
    }
}

impl<R: Right> FromRequestParts<App> for AuthorizedFor<R> {
    type Rejection = RestError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, RestError> {
        let caller = caller(parts)?;
        let Ok(PathId(teammate)) = PathId::from_request_parts(parts, app).await;
        let mut teammate = TeammateRef::parse(&teammate);
        if let TokenKind::Teammate(own) = caller.token.kind {
            let named = caller.company.find_teammate(&teammate).map(|teammate| teammate.id);
            if named != Some(own) {
                return Err(company_level_needed().into());
            }
            // An address may have been another's in the past that is asked for; the id never was.
            teammate = own.into();
        }
        check_scope(&caller, R::SCOPE)?;
        Ok(Self { caller, teammate, right: PhantomData })
    }
}

impl FromRequestParts<App> for AnyCaller {
    type Rejection = RestError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, RestError> {
        Ok(Self(caller(parts)?))
    }
}

/// The id in a path, decoded once. One that is not UTF-8 is the id of nothing.
pub(crate) struct PathId(pub(crate) String);

impl FromRequestParts<App> for PathId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let path: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, app).await;
        Ok(Self(path.map_or_else(|_| "(not UTF-8)".to_owned(), |Path(id)| id)))
    }
}

/// Notes the route of a request that needs no token.
pub(crate) struct Traced;

impl FromRequestParts<App> for Traced {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        trace(parts);
        Ok(Self)
    }
}
