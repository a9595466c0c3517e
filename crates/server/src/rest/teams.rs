//! `/teams`: listing teams, and who is in them.

use crate::http::body::read_json;
use crate::http::conditional::precondition;
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::rest::access::{Authorized, PathId, TeamsRead, TeamsWrite};
use crate::rest::app::App;
use crate::rest::error::{ErrorBody, RestError};
use crate::rest::form::Form;
use crate::rest::keyed::{Reply, fingerprint_of, post};
use crate::rest::list::{DEFAULT_LIMIT, List, PageRequest, Query, SelfLink};
use crate::rest::teammates::{TeammateRepresentation, represent as represent_teammate};
use crate::rest::view::{json, ok, tagged, to_json};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde::Serialize;
use std::sync::Arc;
use tenure_directory::team::{AddToTeam, Privacy, RemoveFromTeam, Team, TeamRef};
use tenure_directory::teammate::TeammateRef;
use tenure_directory::{Command, Company, Refusal, TeamId, TeammateId};
use utoipa::ToSchema;

/// A team with more members than this is shown where making its answer holds up nobody else.
const MANY_MEMBERS: usize = 1000;

/// A team in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct TeamRepresentation<'a> {
    #[serde(rename = "_links")]
    links: SelfLink,
    /// Its id.
    id: String,
    /// Its name.
    name: &'a str,
    /// Whether only its members see it.
    is_private: bool,
}

/// A team with what belongs to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct WholeTeam<'a> {
    #[serde(flatten)]
    team: TeamRepresentation<'a>,
    /// The team's inboxes.
    inboxes: Vec<serde_json::Value>,
    /// Who is in the team, blocked members included until they are removed.
    members: Vec<TeammateRepresentation<'a>>,
}

pub(crate) fn represent<'a>(base: &str, team: &'a Team) -> TeamRepresentation<'a> {
    let Team {
        id,
        name,
        privacy,
        external_id: _,
        members: _,
        created_at: _,
        revision: _,
        updated_at: _,
        named: _,
        member_named: _,
    } = team;
    TeamRepresentation {
        links: SelfLink { own: format!("{base}/teams/{id}") },
        id: id.to_string(),
        name: name.as_str(),
        is_private: *privacy == Privacy::Private,
    }
}

fn find<'a>(company: &'a Company, team: &TeamRef) -> Result<&'a Arc<Team>, Refusal> {
    company.find_team(team).ok_or_else(|| Refusal::UnknownTeam { given: team.given().into() })
}

/// List teams
#[utoipa::path(get, path = "/teams", tag = "Teams", operation_id = "list_teams", security(("bearer" = [])),
    params(("limit" = Option<u8>, Query, description = "1 to 100; all, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = List<TeamRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<TeamsRead>,
    query: Query,
) -> Result<Response, RestError> {
    let page = PageRequest::read(&app, caller.company.id, "/teams".to_owned(), &query, None)?;
    let company = app.view(&caller, &query).await?;
    let teams = company.teams.range(TeamId::new(page.after + 1)..).map(|(id, team)| (id.number(), team));
    Ok(ok(&page.page(&app, teams, |team| represent(&app.public_url, team))))
}

/// Show a team with its members
#[utoipa::path(get, path = "/teams/{team_id}", tag = "Teams", operation_id = "show_team", security(("bearer" = [])),
    params(("team_id" = String, Path, description = "`tim_…`"), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = WholeTeam), (status = 304), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<TeamsRead>,
    team: PathId,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, RestError> {
    let company = app.view(&caller, &query).await?;
    let team = Arc::clone(find(&company, &TeamRef::parse(&team.0))?);
    if team.members.len() <= MANY_MEMBERS {
        return Ok(show_whole(&app, &company, &team, &headers));
    }
    let shown = tokio::task::spawn_blocking(move || show_whole(&app, &company, &team, &headers)).await;
    shown.map_err(|error| Problem::internal(&error).into())
}

fn show_whole(app: &App, company: &Company, team: &Team, headers: &HeaderMap) -> Response {
    let members = team.members.iter().filter_map(|id| company.teammates.get(id));
    let members = members.map(|teammate| represent_teammate(&app.public_url, company, teammate)).collect();
    let whole = WholeTeam { team: represent(&app.public_url, team), inboxes: vec![], members };
    tagged(headers, company.shown_revision_of_team(team), to_json(&whole))
}

/// List a team's members
///
/// In order of their ids, blocked members included until they are removed.
#[utoipa::path(get, path = "/teams/{team_id}/teammates", tag = "Teams", operation_id = "list_team_members", security(("bearer" = [])),
    params(("team_id" = String, Path, description = "`tim_…`"), ("limit" = Option<u8>, Query, description = "1 to 100; 50, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = List<TeammateRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list_members(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<TeamsRead>,
    team: PathId,
    query: Query,
) -> Result<Response, RestError> {
    let company = app.view(&caller, &query).await?;
    let team = find(&company, &TeamRef::parse(&team.0))?;
    let path = format!("/teams/{}/teammates", team.id);
    let page = PageRequest::read(&app, company.id, path, &query, Some(DEFAULT_LIMIT))?;
    let members = team.members.range(TeammateId::new(page.after + 1)..);
    let members = members.filter_map(|id| Some((id.number(), company.teammates.get(id)?)));
    Ok(json(StatusCode::OK, page.page_of_teammates(&app, &company, members)))
}

/// Which teammates a request is about.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body in the OpenAPI document; the body is read by `teammates_of`"
)]
pub(super) struct TeammateIds {
    /// 1 to 1,000 ids, or aliases `alt:email:ADDRESS`.
    #[schema(min_items = 1, max_items = 1000)]
    teammate_ids: Vec<String>,
}

fn teammates_of(body: Json) -> Result<Vec<TeammateRef>, Problem> {
    let mut form = Form::of(body, "this request")?;
    form.require("teammate_ids");
    let teammates = form.texts("teammate_ids", TeammateRef::parse);
    form.finish(Vec::new)?;
    Ok(teammates.unwrap_or_default())
}

/// Add teammates to a team
///
/// All or none. Those already in it stay as they are.
#[utoipa::path(post, path = "/teams/{team_id}/teammates", tag = "Teams", operation_id = "add_team_members", security(("bearer" = [])),
    params(("team_id" = String, Path, description = "`tim_…`"), ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    request_body = TeammateIds,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 412, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 422, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn add_members(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<TeamsWrite>,
    team: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RestError> {
    let precondition = precondition(&headers)?;
    let body = read_json(&headers, body, &app.limits).await?;
    let keyed = fingerprint_of(&headers, &format!("/teams/{}/teammates", team.0), &body)?;
    let command = AddToTeam { team: TeamRef::parse(&team.0), teammates: teammates_of(body)?, precondition };
    post(&app, &caller, keyed, Command::AddToTeam(command), |_| Reply::no_content()).await
}

/// Remove teammates from a team
///
/// The body is required. Those who are not in it stay as they are.
#[utoipa::path(delete, path = "/teams/{team_id}/teammates", tag = "Teams", operation_id = "remove_team_members", security(("bearer" = [])),
    params(("team_id" = String, Path, description = "`tim_…`"), ("If-Match" = Option<String>, Header)),
    request_body = TeammateIds,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 412, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn remove_members(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<TeamsWrite>,
    team: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, RestError> {
    let precondition = precondition(&headers)?;
    let body = read_json(&headers, body, &app.limits).await?;
    let command =
        RemoveFromTeam { team: TeamRef::parse(&team.0), teammates: teammates_of(body)?, precondition };
    app.engine.tell(caller.company.id, Command::RemoveFromTeam(command), caller.rest_actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
