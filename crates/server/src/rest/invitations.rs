//! `/invitations/{secret}`: the page behind an invitation's link. Looking changes nothing; its button accepts. And a
//! teammate's invitation, for those who manage teammates.

use crate::http::body::read_optional_json;
use crate::http::json::Json;
use crate::http::problem::{Problem, of_write_error};
use crate::rest::access::{Authorized, PathId, TeammatesRead, TeammatesWrite, Traced};
use crate::rest::app::App;
use crate::rest::error::{ErrorBody, RestError, of_refusal};
use crate::rest::form::Form;
use crate::rest::keyed::{Reply, fingerprint_of, post};
use crate::rest::list::{Query, SelfLink};
use crate::rest::me::{EpochSeconds, epoch_seconds};
use crate::rest::teammates::find;
use crate::rest::view::tagged_by_content;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, REFERRER_POLICY};
use serde::Serialize;
use std::sync::Arc;
use tenure_delivery::escape_html;
use tenure_directory::invitation::{AcceptInvitation, Invitation, RequestInvitation};
use tenure_directory::secret::{SecretKind, SecretText};
use tenure_directory::teammate::TeammateRef;
use tenure_directory::{Actor, Command, Company, Refusal, TeammateId};
use tenure_engine::{ReadError, WriteError};
use utoipa::ToSchema;

/// How far an invitation has come.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationRepresentation {
    #[serde(rename = "_links")]
    links: SelfLink,
    /// `pending`, `accepted`, `expired`, `held`, or `none`.
    status: &'static str,
    /// When the link stops working, in epoch seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<EpochSeconds>,
}

/// Show a teammate's invitation
#[utoipa::path(get, path = "/teammates/{teammate_id}/invitation", tag = "Invitations", operation_id = "show_teammate_invitation", security(("bearer" = [])),
    params(("teammate_id" = String, Path, description = "`tea_…` or `alt:email:ADDRESS`"), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = InvitationRepresentation), (status = 304), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn stage(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<TeammatesRead>,
    teammate: PathId,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, RestError> {
    let company = app.view(&caller, &query).await?;
    let now = query.as_of()?.map_or_else(|| app.engine.now(), |moment| moment.time);
    let teammate = find(&company, &TeammateRef::parse(&teammate.0))?;
    let stage = company.invitation_stage(teammate, now);
    let expires_at = match teammate.invitation {
        Invitation::Sent { expires_at, .. } => Some(epoch_seconds(expires_at)),
        Invitation::None | Invitation::Requested | Invitation::Released | Invitation::Accepted { .. } => None,
    };
    let own = format!("{}/teammates/{}/invitation", app.public_url, teammate.id);
    let links = SelfLink { own };
    Ok(tagged_by_content(&headers, InvitationRepresentation { links, status: stage.name(), expires_at }))
}

/// Send a teammate's invitation again
///
/// Makes a new link; the one before stops working at once.
#[utoipa::path(post, path = "/teammates/{teammate_id}/invitation/resend", tag = "Invitations", operation_id = "resend_teammate_invitation", security(("bearer" = [])),
    params(("teammate_id" = String, Path, description = "`tea_…` or `alt:email:ADDRESS`"), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn resend(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<TeammatesWrite>,
    teammate: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RestError> {
    let body = read_optional_json(&headers, body, &app.limits).await?.unwrap_or(Json::Object(vec![]));
    let path = format!("/teammates/{}/invitation/resend", teammate.0);
    let keyed = fingerprint_of(&headers, &path, &body)?;
    Form::of(body, "this request")?.finish(Vec::new)?;
    let command = RequestInvitation { teammate: TeammateRef::parse(&teammate.0) };
    post(&app, &caller, keyed, Command::RequestInvitation(command), |_| Reply::no_content()).await
}

/// Show an invitation
#[utoipa::path(get, path = "/invitations/{secret}", tag = "Invitations", operation_id = "show_invitation",
    params(("secret" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"), (status = 404, body = String, content_type = "text/html"), (status = 410, body = String, content_type = "text/html"), (status = 429)))]
pub(super) async fn show(_: Traced, State(app): State<App>, PathId(secret): PathId) -> Response {
    match open(&app, &secret).await {
        Ok(invited) => {
            let company = escape_html(invited.company.name.as_str());
            let body = format!(
                "<h1>Join {company}</h1><p>You are invited as {}.</p>\
                 <form method=\"post\"><button type=\"submit\">Accept the invitation</button></form>",
                escape_html(&invited.address())
            );
            page(StatusCode::OK, "Invitation", &body)
        }
        Err(closed) => closed.page(),
    }
}

/// Accept an invitation
#[utoipa::path(post, path = "/invitations/{secret}", tag = "Invitations", operation_id = "accept_invitation",
    params(("secret" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"), (status = 404, body = String, content_type = "text/html"), (status = 410, body = String, content_type = "text/html"), (status = 429), (status = 503, body = String, content_type = "text/html")))]
pub(super) async fn accept(_: Traced, State(app): State<App>, PathId(secret): PathId) -> Response {
    let invited = match open(&app, &secret).await {
        Ok(invited) => invited,
        Err(closed) => return closed.page(),
    };
    let command = Command::AcceptInvitation(AcceptInvitation { digest: invited.secret.digest() });
    let actor = Actor::Invitation(invited.teammate);
    match app.engine.tell(invited.company.id, command, actor).await {
        Ok(()) => {
            let company = escape_html(invited.company.name.as_str());
            page(
                StatusCode::OK,
                "Welcome",
                &format!("<h1>Welcome to {company}</h1><p>The invitation is accepted.</p>"),
            )
        }
        Err(WriteError::Refused(refusal)) => refused(&refusal),
        Err(error) => not_now(&of_write_error(&error)),
    }
}

fn not_now(problem: &Problem) -> Response {
    page(problem.status, "Not now", &format!("<h1>Not now</h1><p>{}</p>", escape_html(&problem.message)))
}

/// Why a link opens nothing.
enum Closed {
    Refused(Refusal),
    Unreadable(ReadError),
}

impl From<Refusal> for Closed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Closed {
    fn page(self) -> Response {
        match self {
            Closed::Refused(refusal) => refused(&refusal),
            Closed::Unreadable(error) => not_now(&error.into()),
        }
    }
}

struct Invited {
    company: Arc<Company>,
    teammate: TeammateId,
    secret: SecretText,
}

impl Invited {
    fn address(&self) -> String {
        self.company
            .teammates
            .get(&self.teammate)
            .map(|teammate| teammate.email.to_string())
            .unwrap_or_default()
    }
}

async fn open(app: &App, secret: &str) -> Result<Invited, Closed> {
    let secret = SecretText::parse(secret).map_err(|_| Refusal::UnknownInvitation)?;
    if secret.kind() != SecretKind::Invitation {
        return Err(Refusal::UnknownInvitation.into());
    }
    let company = app.engine.company(secret.company()).await.map_err(Closed::Unreadable)?;
    let company = company.ok_or(Refusal::UnknownInvitation)?;
    let teammate = company.open_invitation(&secret.digest(), app.engine.now())?;
    Ok(Invited { company, teammate, secret })
}

fn refused(refusal: &Refusal) -> Response {
    let body = format!("<h1>This link does not work</h1><p>{}</p>", escape_html(&refusal.to_string()));
    page(of_refusal(refusal).status, "Invitation", &body)
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>body{{font:1.1rem/1.5 system-ui,sans-serif;\
         max-width:32rem;margin:4rem auto;padding:0 1rem}}button{{font:inherit;padding:.5rem 1.5rem}}</style></head>\
         <body>{body}</body></html>"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ),
    ];
    (status, headers, html).into_response()
}
