//! The REST face: every route on one page.

mod access;
mod app;
mod custom_fields;
mod document;
pub(crate) mod error;
mod form;
mod invitations;
mod keyed;
mod list;
mod me;
mod operations;
pub(crate) mod page_token;
mod teammate_json;
pub(crate) mod teammates;
mod teams;
mod view;

pub(crate) use app::App;

use axum::Router;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, License, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// All routes and the document that describes them, made from the same definitions.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(described())
        .routes(routes!(me::show))
        .routes(routes!(teammates::list, teammates::create))
        .routes(routes!(custom_fields::list))
        .routes(routes!(teammates::show, teammates::update, teammates::block))
        .routes(routes!(teammates::list_inboxes))
        .routes(routes!(teammates::list_conversations))
        .routes(routes!(invitations::stage))
        .routes(routes!(invitations::resend))
        .routes(routes!(teams::list))
        .routes(routes!(teams::show))
        .routes(routes!(teams::list_members, teams::add_members, teams::remove_members))
        .routes(routes!(invitations::show, invitations::accept))
        .routes(routes!(operations::health))
        .routes(routes!(operations::ready))
        .routes(routes!(operations::metrics))
}

fn described() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Tenure")
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(License::new("Apache-2.0")))
        .description(Some(
            "The user-management API: teammates, teams, custom fields. Send `Authorization: Bearer <token>`.\n\n\
             Every answer carries `X-RateLimit-Limit`, `X-RateLimit-Remaining`, `X-RateLimit-Reset` and `X-Request-Id`. \
             Single resources carry an `ETag`; writes take `If-Match`; POST takes `Idempotency-Key`; reads of teammates \
             and teams take `as_of`.",
        ))
        .build();
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    OpenApiBuilder::new()
        .info(info)
        .components(Some(ComponentsBuilder::new().security_scheme("bearer", bearer).build()))
        .build()
}

/// The OpenAPI document of the REST face.
pub fn openapi() -> OpenApi {
    parts().1
}

fn parts() -> (Router<App>, OpenApi) {
    let (router, mut document) = api().split_for_parts();
    document::complete(&mut document);
    (router, document)
}

/// The reference page asks nothing of anybody else, not even for a verdict on the document.
fn reference() -> Config<'static> {
    Config::new(["/openapi.json"]).validator_url("none")
}

/// The router of the REST face, with its document and the page that shows it.
pub(crate) fn router(app: App) -> Router {
    let (router, document) = parts();
    router.with_state(app).merge(SwaggerUi::new("/docs").config(reference()).url("/openapi.json", document))
}
