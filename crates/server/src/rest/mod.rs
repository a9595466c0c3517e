//! The REST face: every route on one page.

mod access;
mod app;
mod conversations;
mod custom_fields;
mod deliveries;
mod document;
pub(crate) mod error;
pub(crate) mod event_json;
mod events;
mod form;
mod inboxes;
mod invitations;
mod keyed;
mod list;
mod me;
mod messages;
mod operations;
pub(crate) mod page_token;
mod teammate_json;
pub(crate) mod teammates;
mod teams;
mod view;
mod webhooks;

pub(crate) use app::App;
pub(crate) use event_json::EventJson;

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
        .routes(routes!(inboxes::list_of_teammate))
        .routes(routes!(conversations::list_of_teammate))
        .routes(routes!(invitations::stage))
        .routes(routes!(invitations::resend))
        .routes(routes!(teams::list))
        .routes(routes!(teams::show))
        .routes(routes!(teams::list_members, teams::add_members, teams::remove_members))
        .routes(routes!(inboxes::list, inboxes::create))
        .routes(routes!(inboxes::show))
        .routes(routes!(inboxes::list_inbox_channels, inboxes::create_channel))
        .routes(routes!(inboxes::list_channels))
        .routes(routes!(inboxes::show_channel))
        .routes(routes!(messages::receive))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::show, conversations::update))
        .routes(routes!(conversations::assign))
        .routes(routes!(messages::list, messages::send))
        .routes(routes!(messages::show))
        .routes(routes!(events::list))
        .routes(routes!(events::show))
        .routes(routes!(events::of_teammate))
        .routes(routes!(events::of_conversation))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::update, webhooks::delete))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhooks::validate))
        .routes(routes!(webhooks::ping))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::show))
        .routes(routes!(deliveries::replay))
        .routes(routes!(deliveries::recover))
        .routes(routes!(deliveries::replay_missing))
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
            "The user-management API: teammates, teams, custom fields; conversations as far as the lifecycle of people needs \
             them; events, and webhooks that tell of them. Send `Authorization: Bearer <token>`.\n\n\
             Every answer carries `X-RateLimit-Limit`, `X-RateLimit-Remaining`, `X-RateLimit-Reset` and `X-Request-Id`. \
             Single resources carry an `ETag`; writes take `If-Match`; POST takes `Idempotency-Key`; most reads take \
             `as_of`.",
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
