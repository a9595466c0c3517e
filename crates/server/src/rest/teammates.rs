//! `/teammates`: listing, creating, changing, blocking.

use crate::http::body::read_json;
use crate::http::conditional::{EntityTag, precondition};
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::rest::access::{Authorized, AuthorizedFor, TeammatesRead, TeammatesWrite};
use crate::rest::app::App;
use crate::rest::error::{ErrorBody, RestError};
use crate::rest::form::Form;
use crate::rest::keyed::{Reply, fingerprint_of, post};
use crate::rest::list::{DEFAULT_LIMIT, List, PageRequest, Query};
use crate::rest::teammate_json;
use crate::rest::view::{json, tagged};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;
use tenure_directory::custom_field::FieldValues;
use tenure_directory::email::EmailAddress;
use tenure_directory::invitation::InvitationWish;
use tenure_directory::teammate::{
    Availability, BlockTeammate, CreateTeammate, Role, Standing, Teammate, TeammateRef, UpdateTeammate,
};
use tenure_directory::text::{PersonName, Username};
use tenure_directory::{Command, Company, Event, Refusal, TeammateId};
use tenure_engine::After;
use utoipa::ToSchema;

const LICENSE_TYPE: &str = "full";
const TYPE: &str = "user";

/// A teammate, with its fields in the published order.
#[derive(Serialize, ToSchema)]
pub(crate) struct TeammateRepresentation<'a> {
    #[serde(rename = "_links")]
    links: TeammateLinks,
    /// Its id.
    id: String,
    /// The address, spelt as given.
    email: &'a str,
    /// What it is mentioned by.
    username: &'a str,
    /// First name.
    first_name: &'a str,
    /// Last name.
    last_name: &'a str,
    /// Always `full`.
    license_type: &'static str,
    /// Whether it administers the company.
    is_admin: bool,
    /// Whether it is there for work.
    is_available: bool,
    /// Whether it is deactivated.
    is_blocked: bool,
    /// Always `user`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Values of custom fields by name.
    #[schema(value_type = Object)]
    custom_fields: CustomFieldValues<'a>,
}

/// The links of a teammate.
#[derive(Serialize, ToSchema)]
pub(crate) struct TeammateLinks {
    /// Its URL.
    #[serde(rename = "self")]
    own: String,
    related: RelatedLinks,
}

/// Where a teammate's things are.
#[derive(Serialize, ToSchema)]
pub(crate) struct RelatedLinks {
    /// The inboxes that it has access to.
    inboxes: String,
    /// The conversations assigned to it.
    conversations: String,
}

/// The values of custom fields by name.
pub(crate) struct CustomFieldValues<'a> {
    pub(crate) company: &'a Company,
    pub(crate) values: &'a FieldValues,
}

impl Serialize for CustomFieldValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in self.values.iter() {
            let Some(field) = self.company.fields.get(field) else { continue };
            map.serialize_entry(field.name.as_str(), &value.to_json())?;
        }
        map.end()
    }
}

/// A teammate as REST shows it.
pub(crate) fn represent<'a>(
    base: &str,
    company: &'a Company,
    teammate: &'a Teammate,
) -> TeammateRepresentation<'a> {
    let Teammate {
        id,
        email,
        username,
        first_name,
        last_name,
        role,
        availability,
        standing,
        custom_fields,
        invitation: _,
        presence: _,
        relations: _,
        created_at: _,
        revision: _,
        updated_at: _,
    } = teammate;
    TeammateRepresentation {
        links: links(base, *id),
        id: id.to_string(),
        email: email.as_str(),
        username: username.as_str(),
        first_name: first_name.as_str(),
        last_name: last_name.as_str(),
        license_type: LICENSE_TYPE,
        is_admin: *role == Role::Admin,
        is_available: *availability == Availability::Available,
        is_blocked: *standing == Standing::Blocked,
        kind: TYPE,
        custom_fields: CustomFieldValues { company, values: custom_fields },
    }
}

fn links(base: &str, id: TeammateId) -> TeammateLinks {
    let own = format!("{base}/teammates/{id}");
    let related =
        RelatedLinks { inboxes: format!("{own}/inboxes"), conversations: format!("{own}/conversations") };
    TeammateLinks { own, related }
}

pub(super) fn find<'a>(company: &'a Company, teammate: &TeammateRef) -> Result<&'a Arc<Teammate>, Refusal> {
    company
        .find_teammate(teammate)
        .ok_or_else(|| Refusal::UnknownTeammates { given: vec![teammate.given().into()] })
}

/// List teammates
///
/// All teammates of the company, blocked ones included, in order of their ids.
#[utoipa::path(get, path = "/teammates", tag = "Teammates", operation_id = "list_teammates", security(("bearer" = [])),
    params(("limit" = Option<u8>, Query, description = "1 to 100; 50, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = List<TeammateRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<TeammatesRead>,
    query: Query,
) -> Result<Response, RestError> {
    let page =
        PageRequest::read(&app, caller.company.id, "/teammates".to_owned(), &query, Some(DEFAULT_LIMIT))?;
    let company = app.view(&caller, &query).await?;
    let teammates = company.teammates.range(TeammateId::new(page.after + 1)..);
    let teammates = teammates.map(|(id, teammate)| (id.number(), teammate));
    Ok(json(StatusCode::OK, page.page_of_teammates(&app, &company, teammates)))
}

/// Show a teammate
#[utoipa::path(get, path = "/teammates/{teammate_id}", tag = "Teammates", operation_id = "show_teammate", security(("bearer" = [])),
    params(("teammate_id" = String, Path, description = "`tea_…` or `alt:email:ADDRESS`"), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = TeammateRepresentation), (status = 304), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    AuthorizedFor { caller, teammate, .. }: AuthorizedFor<TeammatesRead>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, RestError> {
    let company = app.view(&caller, &query).await?;
    let teammate = find(&company, &teammate)?;
    Ok(tagged(&headers, teammate.revision, teammate_json::bytes_of(&app.public_url, &company, teammate)))
}

/// What `POST /teammates` takes.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body in the OpenAPI document; the body is read by `create_command`"
)]
pub(super) struct NewTeammate {
    email: String,
    /// What it is mentioned by; made from the address when absent.
    #[schema(pattern = "^[a-z0-9_]{1,64}$")]
    username: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    is_admin: Option<bool>,
    is_available: Option<bool>,
    custom_fields: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Create a teammate
///
/// The record exists at once; an invitation is always sent.
#[utoipa::path(post, path = "/teammates", tag = "Teammates", operation_id = "create_teammate", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body within 24 hours give the same answer")),
    request_body = NewTeammate,
    responses((status = 201, body = TeammateRepresentation), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 422, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn create(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<TeammatesWrite>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RestError> {
    let body = read_json(&headers, body, &app.limits).await?;
    let keyed = fingerprint_of(&headers, "/teammates", &body)?;
    let command = create_command(body, &caller.company)?;
    let base = Arc::clone(&app.public_url);
    post(&app, &caller, keyed, Command::CreateTeammate(command), move |answered| created(&base, answered))
        .await
}

pub(crate) fn create_command(body: Json, company: &Company) -> Result<CreateTeammate, Problem> {
    let mut form = Form::of(body, "a new teammate")?;
    form.require("email");
    let email = form.text("email", EmailAddress::parse);
    let username = form.text("username", Username::parse);
    let first_name = form.text("first_name", PersonName::parse);
    let last_name = form.text("last_name", PersonName::parse);
    let role = form.flag("is_admin", Role::Admin, Role::Regular);
    let availability = form.flag("is_available", Availability::Available, Availability::Away);
    let custom_fields = form.values("custom_fields").unwrap_or_default();
    form.refuse("is_blocked", "is read-only on create; block the teammate afterwards");
    for field in ["id", "type", "license_type", "_links"] {
        form.refuse(field, "is system-generated; leave it out");
    }
    form.finish(|| company.check_custom_fields(&custom_fields))?;
    Ok(CreateTeammate {
        email: email.expect("a missing or bad address is a fault, which ended the form"),
        username,
        first_name: first_name.unwrap_or_else(PersonName::empty),
        last_name: last_name.unwrap_or_else(PersonName::empty),
        role: role.unwrap_or(Role::Regular),
        availability: availability.unwrap_or(Availability::Available),
        custom_fields,
        invitation: InvitationWish::Send,
    })
}

fn created(base: &str, after: &After<'_>) -> Reply {
    let company = after.company;
    let id = after.events.iter().find_map(|event| match event {
        Event::TeammateCreated(event) => Some(event.teammate),
        _ => None,
    });
    let teammate =
        id.and_then(|id| company.teammates.get(&id)).expect("a create that succeeds makes a teammate");
    let body = teammate_json::bytes_of(base, company, teammate);
    Reply {
        status: StatusCode::CREATED.as_u16(),
        location: Some(format!("{base}/teammates/{}", teammate.id)),
        etag: EntityTag::of_revision(teammate.revision).header().to_str().ok().map(str::to_owned),
        body: String::from_utf8(body).expect("JSON is UTF-8"),
    }
}

/// What `PATCH /teammates/{teammate_id}` takes; everything is optional.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body in the OpenAPI document; the body is read by `update_command`"
)]
pub(super) struct TeammateChanges {
    /// Only as it is, like the other system-generated fields, so that a record read can be sent back.
    id: Option<String>,
    /// Only as it is.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Only as it is.
    license_type: Option<String>,
    /// Only as they are.
    #[serde(rename = "_links")]
    links: Option<serde_json::Map<String, serde_json::Value>>,
    email: Option<String>,
    #[schema(pattern = "^[a-z0-9_]{1,64}$")]
    username: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    is_admin: Option<bool>,
    is_available: Option<bool>,
    is_blocked: Option<bool>,
    custom_fields: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Change a teammate
///
/// Only what is sent changes. `custom_fields` replaces the whole map.
#[utoipa::path(patch, path = "/teammates/{teammate_id}", tag = "Teammates", operation_id = "update_teammate", security(("bearer" = [])),
    params(("teammate_id" = String, Path, description = "`tea_…` or `alt:email:ADDRESS`"), ("If-Match" = Option<String>, Header)),
    request_body = TeammateChanges,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 412, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn update(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<TeammatesWrite>,
    teammate: crate::rest::access::PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, RestError> {
    let teammate = TeammateRef::parse(&teammate.0);
    let precondition = precondition(&headers)?;
    let body = read_json(&headers, body, &app.limits).await?;
    // The body may have taken long to arrive, and who the path names may have changed meanwhile.
    let company = app.engine.loaded(caller.company.id).unwrap_or(Arc::clone(&caller.company));
    let known = find(&company, &teammate)?;
    let mut command = update_command(body, &app.public_url, &company, known)?;
    command.teammate = teammate;
    command.precondition = precondition;
    app.engine.tell(caller.company.id, Command::UpdateTeammate(command), caller.rest_actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn update_command(
    body: Json,
    base: &str,
    company: &Company,
    teammate: &Teammate,
) -> Result<UpdateTeammate, Problem> {
    let mut form = Form::of(body, "a teammate")?;
    let mut command = UpdateTeammate::of(teammate.id.into());
    command.email = form.text("email", EmailAddress::parse);
    command.username = form.text("username", Username::parse);
    command.first_name = form.text("first_name", PersonName::parse);
    command.last_name = form.text("last_name", PersonName::parse);
    command.role = form.flag("is_admin", Role::Admin, Role::Regular);
    command.availability = form.flag("is_available", Availability::Available, Availability::Away);
    command.standing = form.flag("is_blocked", Standing::Blocked, Standing::Active);
    command.custom_fields = form.values("custom_fields");
    form.unchanged("id", &teammate.id.to_string().into());
    form.unchanged("type", &TYPE.into());
    form.unchanged("license_type", &LICENSE_TYPE.into());
    let links = serde_json::to_value(links(base, teammate.id)).expect("links have a JSON form");
    form.unchanged("_links", &links);
    form.finish(|| company.check_custom_fields(command.custom_fields.as_deref().unwrap_or_default()))?;
    Ok(command)
}

/// Block a teammate
///
/// Deactivates it. The history is kept; over REST this is never undone. Repeating it is a success.
#[utoipa::path(delete, path = "/teammates/{teammate_id}", tag = "Teammates", operation_id = "block_teammate", security(("bearer" = [])),
    params(("teammate_id" = String, Path, description = "`tea_…` or `alt:email:ADDRESS`"), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 412, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn block(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<TeammatesWrite>,
    teammate: crate::rest::access::PathId,
    headers: HeaderMap,
) -> Result<StatusCode, RestError> {
    let precondition = precondition(&headers)?;
    let command = BlockTeammate { teammate: TeammateRef::parse(&teammate.0), precondition };
    app.engine.tell(caller.company.id, Command::BlockTeammate(command), caller.rest_actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
