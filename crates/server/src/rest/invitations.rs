//! `/invitations/{secret}`: the page behind an invitation's link. Looking changes nothing; its button accepts.

use crate::http::problem::of_write_error;
use crate::rest::access::Traced;
use crate::rest::app::App;
use crate::rest::error::of_refusal;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use std::fmt::Write as _;
use std::sync::Arc;
use tenure_directory::invitation::AcceptInvitation;
use tenure_directory::secret::{SecretKind, SecretText};
use tenure_directory::{Actor, Command, Company, Refusal, TeammateId};
use tenure_engine::WriteError;

/// Show an invitation
#[utoipa::path(get, path = "/invitations/{secret}", tag = "Invitations", operation_id = "show_invitation",
    params(("secret" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"), (status = 404, body = String, content_type = "text/html"), (status = 410, body = String, content_type = "text/html"), (status = 429)))]
pub(super) async fn show(_: Traced, State(app): State<App>, Path(secret): Path<String>) -> Response {
    match open(&app, &secret).await {
        Ok(invited) => {
            let company = escape(invited.company.name.as_str());
            let body = format!(
                "<h1>Join {company}</h1><p>You are invited as {}.</p>\
                 <form method=\"post\"><button type=\"submit\">Accept the invitation</button></form>",
                escape(&invited.address())
            );
            page(StatusCode::OK, "Invitation", &body)
        }
        Err(refusal) => refused(&refusal),
    }
}

/// Accept an invitation
#[utoipa::path(post, path = "/invitations/{secret}", tag = "Invitations", operation_id = "accept_invitation",
    params(("secret" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"), (status = 404, body = String, content_type = "text/html"), (status = 410, body = String, content_type = "text/html"), (status = 429), (status = 503, body = String, content_type = "text/html")))]
pub(super) async fn accept(_: Traced, State(app): State<App>, Path(secret): Path<String>) -> Response {
    let invited = match open(&app, &secret).await {
        Ok(invited) => invited,
        Err(refusal) => return refused(&refusal),
    };
    let command = Command::AcceptInvitation(AcceptInvitation { digest: invited.secret.digest() });
    let actor = Actor::Invitation(invited.teammate);
    match app.engine.ask(invited.company.id, command, actor).await {
        Ok(_) => {
            let company = escape(invited.company.name.as_str());
            page(StatusCode::OK, "Welcome", &format!("<h1>Welcome to {company}</h1><p>The invitation is accepted.</p>"))
        }
        Err(WriteError::Refused(refusal)) => refused(&refusal),
        Err(error) => {
            let problem = of_write_error(&error);
            page(problem.status, "Not now", &format!("<h1>Not now</h1><p>{}</p>", escape(&problem.message)))
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
        self.company.teammates.get(&self.teammate).map(|teammate| teammate.email.to_string()).unwrap_or_default()
    }
}

async fn open(app: &App, secret: &str) -> Result<Invited, Refusal> {
    let secret = SecretText::parse(secret).map_err(|_| Refusal::UnknownInvitation)?;
    if secret.kind() != SecretKind::Invitation {
        return Err(Refusal::UnknownInvitation);
    }
    let company = app.engine.company(secret.company()).await.ok().flatten().ok_or(Refusal::UnknownInvitation)?;
    let teammate = company.open_invitation(&secret.digest(), app.engine.now())?;
    Ok(Invited { company, teammate, secret })
}

fn refused(refusal: &Refusal) -> Response {
    let body = format!("<h1>This link does not work</h1><p>{}</p>", escape(&refusal.to_string()));
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
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"),
    ];
    (status, headers, html).into_response()
}

fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        match character {
            '&' | '<' | '>' | '"' | '\'' => {
                write!(escaped, "&#{};", u32::from(character)).expect("writing to a String cannot fail");
            }
            other => escaped.push(other),
        }
        escaped
    })
}
