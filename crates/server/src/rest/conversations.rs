//! `/conversations`: who deals with what, and moving it on.

use crate::http::body::read_json;
use crate::http::conditional::precondition;
use crate::http::problem::Problem;
use crate::rest::access::{Authorized, AuthorizedFor, ConversationsRead, ConversationsWrite, PathId};
use crate::rest::app::App;
use crate::rest::error::{ErrorBody, RestError};
use crate::rest::form::Form;
use crate::rest::list::{DEFAULT_LIMIT, List, PageRequest, Query, bad_query};
use crate::rest::me::{EpochSeconds, epoch_seconds};
use crate::rest::teammates::{
    TeammateRepresentation, find as find_teammate, represent as represent_teammate,
};
use crate::rest::view::{ok, tagged, to_json};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use tenure_directory::conversation::{Conversation, Correspondent, Progress, UpdateConversation};
use tenure_directory::teammate::TeammateRef;
use tenure_directory::text::PersonName;
use tenure_directory::{Command, Company, ConversationId};
use utoipa::ToSchema;

/// A conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConversationRepresentation<'a> {
    #[serde(rename = "_links")]
    links: ConversationLinks,
    /// Its id.
    id: String,
    /// Always `conversation`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What it is about.
    subject: &'a str,
    /// `unassigned`, `assigned` or `archived`.
    status: &'static str,
    /// None: there are no tickets.
    ticket_ids: [String; 0],
    /// Who deals with it.
    #[schema(required)]
    assignee: Option<TeammateRepresentation<'a>>,
    recipient: RecipientRepresentation<'a>,
    /// None so far.
    #[schema(value_type = Vec<Object>)]
    tags: [(); 0],
    /// None so far.
    #[serde(rename = "links")]
    #[schema(value_type = Vec<Object>)]
    linked: [(); 0],
    /// None so far.
    #[schema(value_type = Object)]
    custom_fields: serde_json::Map<String, serde_json::Value>,
    /// When it was created, in epoch seconds.
    created_at: EpochSeconds,
    /// When it last changed, in epoch seconds.
    updated_at: EpochSeconds,
    /// When the oldest message came that nobody replied to, in epoch seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_since: Option<EpochSeconds>,
    /// Whether it is one person's; never.
    is_private: bool,
    /// None so far.
    #[schema(value_type = Vec<Object>)]
    scheduled_reminders: [(); 0],
    /// None so far.
    #[schema(value_type = Object)]
    metadata: serde_json::Map<String, serde_json::Value>,
}

/// The links of a conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConversationLinks {
    /// Its URL.
    #[serde(rename = "self")]
    own: String,
    related: ConversationRelated,
}

/// Where a conversation's things are.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConversationRelated {
    /// What happened in it.
    events: String,
    /// Its messages.
    messages: String,
    /// Its latest message.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message: Option<String>,
}

/// Somebody outside the company.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecipientRepresentation<'a> {
    #[serde(rename = "_links")]
    links: RecipientLinks,
    /// The person's name.
    #[schema(required)]
    name: Option<&'a str>,
    /// The address, number or name that messages are from.
    handle: &'a str,
    /// `from` or `to`.
    role: &'static str,
}

/// The links of somebody outside the company.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecipientLinks {
    related: RecipientRelated,
}

/// What belongs to somebody outside the company.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecipientRelated {
    /// None: there are no contacts.
    #[schema(required)]
    contact: Option<String>,
}

pub(crate) fn represent_recipient<'a>(
    of: &'a Correspondent,
    role: &'static str,
) -> RecipientRepresentation<'a> {
    let Correspondent { handle, name } = of;
    RecipientRepresentation {
        links: RecipientLinks { related: RecipientRelated { contact: None } },
        name: name.as_ref().map(PersonName::as_str),
        handle: handle.as_str(),
        role,
    }
}

pub(crate) fn represent<'a>(
    base: &str,
    company: &'a Company,
    conversation: &'a Conversation,
) -> ConversationRepresentation<'a> {
    let Conversation {
        id,
        inbox: _,
        channel: _,
        subject,
        recipient,
        thread: _,
        progress: _,
        assignee,
        last_message,
        waiting_since,
        created_at,
        revision: _,
        updated_at,
    } = conversation;
    let own = format!("{base}/conversations/{id}");
    let related = ConversationRelated {
        events: format!("{own}/events"),
        messages: format!("{own}/messages"),
        last_message: last_message.map(|message| format!("{base}/messages/{message}")),
    };
    let assignee = assignee.and_then(|id| company.teammates.get(&id));
    ConversationRepresentation {
        links: ConversationLinks { own, related },
        id: id.to_string(),
        kind: "conversation",
        subject: subject.as_str(),
        status: Status::of(conversation).name(),
        ticket_ids: [],
        assignee: assignee.map(|assignee| represent_teammate(base, company, assignee)),
        recipient: represent_recipient(recipient, "from"),
        tags: [],
        linked: [],
        custom_fields: serde_json::Map::new(),
        created_at: epoch_seconds(*created_at),
        updated_at: epoch_seconds(*updated_at),
        waiting_since: waiting_since.map(epoch_seconds),
        is_private: false,
        scheduled_reminders: [],
        metadata: serde_json::Map::new(),
    }
}

/// The status of a conversation as the product tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Unassigned,
    Assigned,
    Archived,
}

impl Status {
    fn of(conversation: &Conversation) -> Self {
        match (conversation.progress, conversation.assignee) {
            (Progress::Archived, _) => Status::Archived,
            (Progress::Open, Some(_)) => Status::Assigned,
            (Progress::Open, None) => Status::Unassigned,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Status::Unassigned => "unassigned",
            Status::Assigned => "assigned",
            Status::Archived => "archived",
        }
    }
}

const STATUSES: &str = "q[statuses][]";

/// Which conversations a query wants; all, where it names no status.
fn wanted(query: &Query) -> Result<impl Fn(&Conversation) -> bool, Problem> {
    let named = query.all(STATUSES);
    let mut statuses = Vec::new();
    for name in &named {
        match *name {
            "unassigned" => statuses.push(Status::Unassigned),
            "assigned" => statuses.push(Status::Assigned),
            "archived" => statuses.push(Status::Archived),
            "open" => statuses.extend([Status::Unassigned, Status::Assigned]),
            // There are none of these here.
            "trashed" | "deleted" | "spam" => {}
            _ => {
                let known = "must be one of: assigned, unassigned, archived, open, trashed";
                return Err(bad_query(STATUSES, known));
            }
        }
    }
    let is_all = named.is_empty();
    Ok(move |conversation: &Conversation| is_all || statuses.contains(&Status::of(conversation)))
}

/// List conversations
///
/// The newest first.
#[utoipa::path(get, path = "/conversations", tag = "Conversations", operation_id = "list_conversations", security(("bearer" = [])),
    params(("q[statuses][]" = Option<Vec<String>>, Query, description = "`assigned`, `unassigned`, `archived`, `open`, `trashed`; repeatable"), ("limit" = Option<u8>, Query, description = "1 to 100; 50, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = List<ConversationRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<ConversationsRead>,
    query: Query,
) -> Result<Response, RestError> {
    let (id, path) = (caller.company.id, "/conversations".to_owned());
    let page = PageRequest::read_chosen(&app, id, path, &query, Some(DEFAULT_LIMIT), &[STATUSES])?;
    let wanted = wanted(&query)?;
    let company = app.view(&caller, &query).await?;
    let found = company.conversations.range(..ConversationId::new(page.before())).rev();
    let found = found.filter(|(_, found)| wanted(found)).map(|(id, found)| (id.number(), found));
    Ok(ok(&page.page(&app, found, |found| represent(&app.public_url, &company, found))))
}

/// List a teammate's conversations
///
/// Those assigned to it, the newest first.
#[utoipa::path(get, path = "/teammates/{teammate_id}/conversations", tag = "Teammates", operation_id = "list_teammate_conversations", security(("bearer" = [])),
    params(("teammate_id" = String, Path, description = "`tea_…` or `alt:email:ADDRESS`"), ("q[statuses][]" = Option<Vec<String>>, Query, description = "`assigned`, `archived`, `open`, `trashed`; repeatable"), ("limit" = Option<u8>, Query, description = "1 to 100; 50, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = List<ConversationRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list_of_teammate(
    State(app): State<App>,
    AuthorizedFor { caller, teammate, .. }: AuthorizedFor<ConversationsRead>,
    query: Query,
) -> Result<Response, RestError> {
    let company = app.view(&caller, &query).await?;
    let teammate = find_teammate(&company, &teammate)?.id;
    let path = format!("/teammates/{teammate}/conversations");
    let page = PageRequest::read_chosen(&app, company.id, path, &query, Some(DEFAULT_LIMIT), &[STATUSES])?;
    let wanted = wanted(&query)?;
    let found = company.conversations_of(teammate, page.before()).filter(|found| wanted(found));
    let found = found.map(|found| (found.id.number(), found));
    Ok(ok(&page.page(&app, found, |found| represent(&app.public_url, &company, found))))
}

/// Show a conversation
#[utoipa::path(get, path = "/conversations/{conversation_id}", tag = "Conversations", operation_id = "show_conversation", security(("bearer" = [])),
    params(("conversation_id" = String, Path, description = "`cnv_…`"), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = ConversationRepresentation), (status = 304), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<ConversationsRead>,
    conversation: PathId,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, RestError> {
    let company = app.view(&caller, &query).await?;
    let conversation = company.find_conversation(&conversation.0)?;
    let revision = company.shown_revision_of_conversation(conversation);
    Ok(tagged(&headers, revision, to_json(&represent(&app.public_url, &company, conversation))))
}

/// What `PATCH /conversations/{conversation_id}` takes; everything is optional.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document; the body is read by `update`")]
pub(super) struct ConversationChanges {
    /// A teammate's id or `alt:email:ADDRESS`; `null` takes it from whoever deals with it.
    #[schema(nullable)]
    assignee_id: Option<String>,
    /// `archived` or `open`.
    status: Option<String>,
}

fn parse_progress(status: &str) -> Result<Progress, &'static str> {
    match status {
        "archived" => Ok(Progress::Archived),
        "open" => Ok(Progress::Open),
        "deleted" | "spam" => Err("must be `archived` or `open`; conversations are not deleted here"),
        _ => Err("must be `archived` or `open`"),
    }
}

/// Change a conversation
///
/// Only what is sent changes.
#[utoipa::path(patch, path = "/conversations/{conversation_id}", tag = "Conversations", operation_id = "update_conversation", security(("bearer" = [])),
    params(("conversation_id" = String, Path, description = "`cnv_…`"), ("If-Match" = Option<String>, Header)),
    request_body = ConversationChanges,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn update(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<ConversationsWrite>,
    conversation: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, RestError> {
    let precondition = precondition(&headers)?;
    let mut form = Form::of(read_json(&headers, body, &app.limits).await?, "a conversation")?;
    let assignee = form.text_or_null("assignee_id", |given| Ok::<_, Infallible>(TeammateRef::parse(given)));
    let progress = form.text("status", parse_progress);
    for field in ["inbox_id", "tag_ids", "status_id", "custom_fields", "description", "due_at"] {
        form.refuse(field, "cannot be changed here; leave it out");
    }
    form.finish(Vec::new)?;
    let command =
        UpdateConversation { conversation: conversation.0.into(), assignee, progress, precondition };
    app.engine.tell(caller.company.id, Command::UpdateConversation(command), caller.rest_actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What `PUT /conversations/{conversation_id}/assignee` takes.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document; the body is read by `assign`")]
pub(super) struct Assignment {
    /// A teammate's id or `alt:email:ADDRESS`; `null` takes it from whoever deals with it.
    #[schema(required)]
    assignee_id: Option<String>,
}

/// Assign a conversation
#[utoipa::path(put, path = "/conversations/{conversation_id}/assignee", tag = "Conversations", operation_id = "assign_conversation", security(("bearer" = [])),
    params(("conversation_id" = String, Path, description = "`cnv_…`"), ("If-Match" = Option<String>, Header)),
    request_body = Assignment,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn assign(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<ConversationsWrite>,
    conversation: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, RestError> {
    let precondition = precondition(&headers)?;
    let mut form = Form::of(read_json(&headers, body, &app.limits).await?, "an assignment")?;
    form.require("assignee_id");
    let assignee = form.text_or_null("assignee_id", |given| Ok::<_, Infallible>(TeammateRef::parse(given)));
    form.finish(Vec::new)?;
    let (conversation, progress) = (conversation.0.into(), None);
    let command = UpdateConversation { conversation, assignee, progress, precondition };
    app.engine.tell(caller.company.id, Command::UpdateConversation(command), caller.rest_actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
