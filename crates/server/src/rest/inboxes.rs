//! `/inboxes` and `/channels`: where conversations come in, and who has access.

use crate::http::body::read_json;
use crate::rest::access::{Authorized, AuthorizedFor, InboxesRead, InboxesWrite, PathId};
use crate::rest::app::App;
use crate::rest::error::{ErrorBody, RestError};
use crate::rest::form::Form;
use crate::rest::keyed::{Reply, fingerprint_of, post};
use crate::rest::list::{List, PageRequest, Query};
use crate::rest::teammates::find as find_teammate;
use crate::rest::view::{ok, tagged, to_json};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tenure_directory::inbox::{Access, Channel, CreateChannel, CreateInbox, Inbox};
use tenure_directory::teammate::TeammateRef;
use tenure_directory::text::InboxName;
use tenure_directory::{ChannelId, Command, Event, InboxId};
use tenure_engine::After;
use utoipa::ToSchema;

/// An inbox.
#[derive(Serialize, ToSchema)]
pub(crate) struct InboxRepresentation<'a> {
    #[serde(rename = "_links")]
    links: InboxLinks,
    /// Its id.
    id: String,
    /// Its name.
    name: &'a str,
    /// Whether it is one person's; never.
    is_private: bool,
    /// Whether everybody in the company has access.
    is_public: bool,
    /// Custom fields of the inbox; none so far.
    #[schema(value_type = Object)]
    custom_fields: serde_json::Map<String, serde_json::Value>,
}

/// The links of an inbox.
#[derive(Serialize, ToSchema)]
pub(crate) struct InboxLinks {
    /// Its URL.
    #[serde(rename = "self")]
    own: String,
    related: InboxRelated,
}

/// Where an inbox's things are.
#[derive(Serialize, ToSchema)]
pub(crate) struct InboxRelated {
    /// Its channels.
    channels: String,
}

pub(crate) fn represent<'a>(base: &str, inbox: &'a Inbox) -> InboxRepresentation<'a> {
    let Inbox { id, name, access, teammates: _, created_at: _, revision: _ } = inbox;
    let own = format!("{base}/inboxes/{id}");
    let related = InboxRelated { channels: format!("{own}/channels") };
    InboxRepresentation {
        links: InboxLinks { own, related },
        id: id.to_string(),
        name: name.as_str(),
        is_private: false,
        is_public: *access == Access::Everybody,
        custom_fields: serde_json::Map::new(),
    }
}

/// A channel.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelRepresentation<'a> {
    #[serde(rename = "_links")]
    links: ChannelLinks,
    /// Its id.
    id: String,
    /// Its name.
    name: &'a str,
    /// What messages are sent to.
    address: String,
    /// Always `custom`.
    #[serde(rename = "type")]
    kind: &'static str,
    settings: ChannelSettings,
    /// Whether it is one person's; never.
    is_private: bool,
    /// Whether it works; always.
    is_valid: bool,
}

/// The links of a channel.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelLinks {
    /// Its URL.
    #[serde(rename = "self")]
    own: String,
    related: ChannelRelated,
}

/// What a channel belongs to.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelRelated {
    /// The inbox that its conversations are in.
    inbox: String,
}

/// How a channel behaves.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelSettings {
    /// Whether everybody may reply; always.
    all_teammates_can_reply: bool,
}

fn represent_channel<'a>(base: &str, channel: &'a Channel) -> ChannelRepresentation<'a> {
    let Channel { id, inbox, name, created_at: _, revision: _ } = channel;
    ChannelRepresentation {
        links: ChannelLinks {
            own: format!("{base}/channels/{id}"),
            related: ChannelRelated { inbox: format!("{base}/inboxes/{inbox}") },
        },
        id: id.to_string(),
        name: name.as_str(),
        address: id.to_string(),
        kind: "custom",
        settings: ChannelSettings { all_teammates_can_reply: true },
        is_private: false,
        is_valid: true,
    }
}

/// List inboxes
#[utoipa::path(get, path = "/inboxes", tag = "Inboxes", operation_id = "list_inboxes", security(("bearer" = [])),
    params(("limit" = Option<u8>, Query, description = "1 to 100; all, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = List<InboxRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<InboxesRead>,
    query: Query,
) -> Result<Response, RestError> {
    let page = PageRequest::read(&app, caller.company.id, "/inboxes".to_owned(), &query, None)?;
    let company = app.view(&caller, &query).await?;
    let inboxes =
        company.inboxes.range(InboxId::new(page.after + 1)..).map(|(id, inbox)| (id.number(), inbox));
    Ok(ok(&page.page(&app, inboxes, |inbox| represent(&app.public_url, inbox))))
}

/// Show an inbox
#[utoipa::path(get, path = "/inboxes/{inbox_id}", tag = "Inboxes", operation_id = "show_inbox", security(("bearer" = [])),
    params(("inbox_id" = String, Path, description = "`inb_…`"), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = InboxRepresentation), (status = 304), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<InboxesRead>,
    inbox: PathId,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, RestError> {
    let company = app.view(&caller, &query).await?;
    let inbox = company.find_inbox(&inbox.0)?;
    Ok(tagged(&headers, inbox.revision, to_json(&represent(&app.public_url, inbox))))
}

/// What `POST /inboxes` takes.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document; the body is read by `create`")]
pub(super) struct NewInbox {
    name: String,
    /// Who has access: ids, or `alt:email:ADDRESS`.
    teammate_ids: Option<Vec<String>>,
    /// Whether everybody has access.
    is_public: Option<bool>,
}

/// Create an inbox
#[utoipa::path(post, path = "/inboxes", tag = "Inboxes", operation_id = "create_inbox", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body within 24 hours give the same answer")),
    request_body = NewInbox,
    responses((status = 201, body = InboxRepresentation), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 422, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn create(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<InboxesWrite>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RestError> {
    let body = read_json(&headers, body, &app.limits).await?;
    let keyed = fingerprint_of(&headers, "/inboxes", &body)?;
    let mut form = Form::of(body, "a new inbox")?;
    form.require("name");
    let name = form.text("name", InboxName::parse);
    let teammates = form.texts("teammate_ids", TeammateRef::parse).unwrap_or_default();
    let access = form.flag("is_public", Access::Everybody, Access::Named).unwrap_or(Access::Named);
    form.finish(Vec::new)?;
    let name = name.expect("a missing or bad name is a fault, which ended the form");
    let command = Command::CreateInbox(CreateInbox { name, access, teammates });
    let base = Arc::clone(&app.public_url);
    post(&app, &caller, keyed, command, move |after| created(&base, after)).await
}

fn created(base: &str, after: &After<'_>) -> Reply {
    let id = after.events.iter().find_map(|event| match event {
        Event::InboxCreated(event) => Some(event.inbox),
        _ => None,
    });
    let inbox =
        id.and_then(|id| after.company.inboxes.get(&id)).expect("a create that succeeds makes an inbox");
    Reply::created(format!("{base}/inboxes/{}", inbox.id), inbox.revision, &represent(base, inbox))
}

/// List channels
#[utoipa::path(get, path = "/channels", tag = "Inboxes", operation_id = "list_channels", security(("bearer" = [])),
    params(("limit" = Option<u8>, Query, description = "1 to 100; all, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = List<ChannelRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list_channels(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<InboxesRead>,
    query: Query,
) -> Result<Response, RestError> {
    let page = PageRequest::read(&app, caller.company.id, "/channels".to_owned(), &query, None)?;
    let company = app.view(&caller, &query).await?;
    let channels =
        company.channels.range(ChannelId::new(page.after + 1)..).map(|(id, found)| (id.number(), found));
    Ok(ok(&page.page(&app, channels, |channel| represent_channel(&app.public_url, channel))))
}

/// Show a channel
#[utoipa::path(get, path = "/channels/{channel_id}", tag = "Inboxes", operation_id = "show_channel", security(("bearer" = [])),
    params(("channel_id" = String, Path, description = "`cha_…`"), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = ChannelRepresentation), (status = 304), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn show_channel(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<InboxesRead>,
    channel: PathId,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, RestError> {
    let company = app.view(&caller, &query).await?;
    let channel = company.find_channel(&channel.0)?;
    Ok(tagged(&headers, channel.revision, to_json(&represent_channel(&app.public_url, channel))))
}

/// List an inbox's channels
#[utoipa::path(get, path = "/inboxes/{inbox_id}/channels", tag = "Inboxes", operation_id = "list_inbox_channels", security(("bearer" = [])),
    params(("inbox_id" = String, Path, description = "`inb_…`"), ("limit" = Option<u8>, Query, description = "1 to 100; all, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = List<ChannelRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list_inbox_channels(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<InboxesRead>,
    inbox: PathId,
    query: Query,
) -> Result<Response, RestError> {
    let company = app.view(&caller, &query).await?;
    let inbox = company.find_inbox(&inbox.0)?.id;
    let page = PageRequest::read(&app, company.id, format!("/inboxes/{inbox}/channels"), &query, None)?;
    let channels = company.channels.range(ChannelId::new(page.after + 1)..);
    let channels = channels.filter(|(_, found)| found.inbox == inbox).map(|(id, found)| (id.number(), found));
    Ok(ok(&page.page(&app, channels, |channel| represent_channel(&app.public_url, channel))))
}

/// What `POST /inboxes/{inbox_id}/channels` takes.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body in the OpenAPI document; the body is read by `create_channel`"
)]
pub(super) struct NewChannel {
    /// Always `custom`.
    #[serde(rename = "type")]
    kind: String,
    /// For people; `Custom channel`, when absent.
    name: Option<String>,
}

/// Create a channel of an inbox
#[utoipa::path(post, path = "/inboxes/{inbox_id}/channels", tag = "Inboxes", operation_id = "create_channel", security(("bearer" = [])),
    params(("inbox_id" = String, Path, description = "`inb_…`"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body within 24 hours give the same answer")),
    request_body = NewChannel,
    responses((status = 204, description = "It is there; `Location` tells where"), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 422, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn create_channel(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<InboxesWrite>,
    inbox: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RestError> {
    let body = read_json(&headers, body, &app.limits).await?;
    let keyed = fingerprint_of(&headers, &format!("/inboxes/{}/channels", inbox.0), &body)?;
    let mut form = Form::of(body, "a new channel")?;
    form.require("type");
    form.text("type", |kind| if kind == "custom" { Ok(()) } else { Err("must be `custom`") });
    let name = form.text("name", InboxName::parse);
    form.ignore(&["settings", "send_as"]);
    form.finish(Vec::new)?;
    let name = name.unwrap_or_else(|| InboxName::parse("Custom channel").expect("the text is a valid name"));
    let command = Command::CreateChannel(CreateChannel { inbox: inbox.0.into(), name });
    let base = Arc::clone(&app.public_url);
    post(&app, &caller, keyed, command, move |after| channel_created(&base, after)).await
}

fn channel_created(base: &str, after: &After<'_>) -> Reply {
    let id = after.events.iter().find_map(|event| match event {
        Event::ChannelCreated(event) => Some(event.channel),
        _ => None,
    });
    let location = id.map(|id| format!("{base}/channels/{id}"));
    Reply { location, status: StatusCode::NO_CONTENT.as_u16(), ..Reply::no_content() }
}

/// List a teammate's inboxes
///
/// Those that it has access to.
#[utoipa::path(get, path = "/teammates/{teammate_id}/inboxes", tag = "Teammates", operation_id = "list_teammate_inboxes", security(("bearer" = [])),
    params(("teammate_id" = String, Path, description = "`tea_…` or `alt:email:ADDRESS`"), ("limit" = Option<u8>, Query, description = "1 to 100; all, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = List<InboxRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list_of_teammate(
    State(app): State<App>,
    AuthorizedFor { caller, teammate, .. }: AuthorizedFor<InboxesRead>,
    query: Query,
) -> Result<Response, RestError> {
    let company = app.view(&caller, &query).await?;
    let teammate = find_teammate(&company, &teammate)?.id;
    let page = PageRequest::read(&app, company.id, format!("/teammates/{teammate}/inboxes"), &query, None)?;
    let inboxes = company.inboxes.range(InboxId::new(page.after + 1)..);
    let inboxes =
        inboxes.filter(|(_, inbox)| inbox.is_open_to(teammate)).map(|(id, inbox)| (id.number(), inbox));
    Ok(ok(&page.page(&app, inboxes, |inbox| represent(&app.public_url, inbox))))
}
