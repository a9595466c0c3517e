//! Messages: coming in over a channel, and replies. Their texts are read from the journal.

use crate::http::body::read_json;
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::rest::access::{Authorized, ConversationsRead, ConversationsWrite, PathId};
use crate::rest::app::App;
use crate::rest::conversations::{RecipientRepresentation, represent_recipient};
use crate::rest::error::{ErrorBody, RestError};
use crate::rest::form::Form;
use crate::rest::keyed::{Reply, fingerprint_of, post};
use crate::rest::list::{DEFAULT_LIMIT, List, PageRequest, Query};
use crate::rest::me::{EpochSeconds, epoch_seconds};
use crate::rest::teammates::{TeammateRepresentation, represent as represent_teammate};
use crate::rest::view::{ok, tagged_by_content};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use tenure_directory::conversation::{
    Correspondent, Letter, MessageReceived, MessageSent, Progress, ReceiveMessage, SendMessage,
};
use tenure_directory::teammate::TeammateRef;
use tenure_directory::text::{Handle, MessageText, PersonName, Subject, ThreadRef};
use tenure_directory::{
    Command, Company, ConversationId, Event, MessageId, Recorded, Refusal, TeammateId, Version,
};
use tenure_engine::{After, Order};
use utoipa::ToSchema;

/// How many characters of a message its blurb shows.
const BLURB: usize = 120;

/// A message.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageRepresentation<'a> {
    #[serde(rename = "_links")]
    links: MessageLinks,
    /// Its id.
    id: String,
    /// The same: an id that is known before the message is there.
    message_uid: String,
    /// Always `custom`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Whether it came in.
    is_inbound: bool,
    /// When it came or was sent, in epoch seconds.
    created_at: EpochSeconds,
    /// What it is about.
    subject: &'a str,
    /// The beginning of the text.
    blurb: String,
    /// Who wrote it, where that is a teammate.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<TeammateRepresentation<'a>>,
    /// Who outside the company wrote it, or whom it is for.
    recipients: Vec<RecipientRepresentation<'a>>,
    /// The text, as it was given.
    body: &'a str,
    /// The text.
    text: &'a str,
    /// None so far.
    #[schema(value_type = Vec<Object>)]
    attachments: [(); 0],
    /// None so far.
    #[schema(value_type = Object)]
    metadata: serde_json::Map<String, serde_json::Value>,
}

/// The links of a message.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageLinks {
    /// Its URL.
    #[serde(rename = "self")]
    own: String,
    related: MessageRelated,
}

/// What a message belongs to.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageRelated {
    /// Its conversation.
    conversation: String,
}

/// What a message's event says of it.
struct Told<'a> {
    message: MessageId,
    conversation: ConversationId,
    is_inbound: bool,
    author: Option<TeammateId>,
    letter: Option<&'a Letter>,
}

fn told(event: &Event) -> Option<Told<'_>> {
    match event {
        Event::MessageReceived(MessageReceived { message, conversation, letter }) => Some(Told {
            message: *message,
            conversation: *conversation,
            is_inbound: true,
            author: None,
            letter: letter.as_ref(),
        }),
        Event::MessageSent(MessageSent { message, conversation, author, letter }) => Some(Told {
            message: *message,
            conversation: *conversation,
            is_inbound: false,
            author: *author,
            letter: letter.as_ref(),
        }),
        _ => None,
    }
}

/// The message of an event; none, where it is about no message.
pub(crate) fn represent<'a>(
    base: &str,
    company: &'a Company,
    recorded: &'a Recorded,
) -> Option<MessageRepresentation<'a>> {
    let Told { message, conversation, is_inbound, author, letter } = told(&recorded.event)?;
    let (subject, text) = letter.map_or(("", ""), |letter| (letter.subject.as_str(), letter.body.as_str()));
    let role = if is_inbound { "from" } else { "to" };
    let author = author.and_then(|id| company.teammates.get(&id));
    Some(MessageRepresentation {
        links: MessageLinks {
            own: format!("{base}/messages/{message}"),
            related: MessageRelated { conversation: format!("{base}/conversations/{conversation}") },
        },
        id: message.to_string(),
        message_uid: message.to_string(),
        kind: "custom",
        is_inbound,
        created_at: epoch_seconds(recorded.time),
        subject,
        blurb: text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(BLURB).collect(),
        author: author.map(|author| represent_teammate(base, company, author)),
        recipients: letter
            .map(|letter| represent_recipient(&letter.correspondent, role))
            .into_iter()
            .collect(),
        body: text,
        text,
        attachments: [],
        metadata: serde_json::Map::new(),
    })
}

/// That a message was taken in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// Always `accepted`.
    status: &'static str,
    /// The message's id.
    message_uid: String,
}

fn accepted(after: &After<'_>) -> Reply {
    let message =
        after.events.iter().find_map(told).expect("a message that is taken in has an event").message;
    let body = Accepted { status: "accepted", message_uid: message.to_string() };
    Reply::with_body(StatusCode::ACCEPTED, &body)
}

/// What `POST /channels/{channel_id}/incoming_messages` takes.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body in the OpenAPI document; the body is read by `read_incoming`"
)]
pub(super) struct IncomingMessage {
    sender: Sender,
    subject: Option<String>,
    /// At most 64 KiB.
    body: String,
    metadata: Option<IncomingMetadata>,
}

/// Who sends a message.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body in the OpenAPI document; the body is read by `read_incoming`"
)]
pub(super) struct Sender {
    handle: String,
    name: Option<String>,
}

/// What comes along with a message.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "describes the body in the OpenAPI document; the body is read by `read_incoming`"
)]
pub(super) struct IncomingMetadata {
    /// What tells the conversation; the sender's handle, when absent.
    thread_ref: Option<String>,
}

/// Receive a message
///
/// Into the conversation of its thread, which reopens if it is archived, or into a new one.
#[utoipa::path(post, path = "/channels/{channel_id}/incoming_messages", tag = "Messages", operation_id = "receive_message", security(("bearer" = [])),
    params(("channel_id" = String, Path, description = "`cha_…`"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body within 24 hours give the same answer")),
    request_body = IncomingMessage,
    responses((status = 202, body = Accepted), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 422, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn receive(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<ConversationsWrite>,
    channel: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RestError> {
    let body = read_json(&headers, body, &app.limits).await?;
    let keyed = fingerprint_of(&headers, &format!("/channels/{}/incoming_messages", channel.0), &body)?;
    let command = Command::ReceiveMessage(read_incoming(body, channel.0.into())?);
    post(&app, &caller, keyed, command, accepted).await
}

fn read_incoming(body: Json, channel: Box<str>) -> Result<ReceiveMessage, Problem> {
    let mut form = Form::of(body, "a message")?;
    form.require("sender");
    form.require("body");
    let sender = form.object("sender", "a sender", |sender| {
        sender.require("handle");
        let handle = sender.text("handle", Handle::parse);
        let name = sender.text("name", PersonName::parse);
        sender.ignore(&["contact_id"]);
        handle.map(|handle| Correspondent { handle, name })
    });
    let subject = form.text("subject", Subject::parse);
    let text = form.text("body", MessageText::parse);
    let thread_ref = form.object("metadata", "metadata", |metadata| {
        metadata.ignore(&["headers"]);
        metadata.text("thread_ref", ThreadRef::parse)
    });
    form.ignore(&["body_format"]);
    form.refuse("attachments", "is not supported; leave it out");
    form.finish(Vec::new)?;
    Ok(ReceiveMessage {
        channel,
        sender: sender.flatten().expect("a missing or bad sender is a fault, which ended the form"),
        subject,
        body: text.expect("a missing or bad text is a fault, which ended the form"),
        thread_ref: thread_ref.flatten(),
    })
}

/// What `POST /conversations/{conversation_id}/messages` takes.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document; the body is read by `read_reply`")]
pub(super) struct NewReplyMessage {
    /// At most 64 KiB.
    body: String,
    /// Who writes it: a teammate's id or `alt:email:ADDRESS`.
    author_id: Option<String>,
    subject: Option<String>,
    options: Option<ReplyOptions>,
}

/// What happens with a reply.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document; the body is read by `read_reply`")]
pub(super) struct ReplyOptions {
    /// Whether the conversation is archived with it; it is, when absent.
    archive: Option<bool>,
}

/// Reply in a conversation
///
/// As in the product, the conversation is archived with it unless `options.archive` is `false`.
#[utoipa::path(post, path = "/conversations/{conversation_id}/messages", tag = "Messages", operation_id = "send_reply", security(("bearer" = [])),
    params(("conversation_id" = String, Path, description = "`cnv_…`"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body within 24 hours give the same answer")),
    request_body = NewReplyMessage,
    responses((status = 202, body = Accepted), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 422, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn send(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<ConversationsWrite>,
    conversation: PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, RestError> {
    let body = read_json(&headers, body, &app.limits).await?;
    let keyed = fingerprint_of(&headers, &format!("/conversations/{}/messages", conversation.0), &body)?;
    let command = Command::SendMessage(read_reply(body, conversation.0.into())?);
    post(&app, &caller, keyed, command, accepted).await
}

fn read_reply(body: Json, conversation: Box<str>) -> Result<SendMessage, Problem> {
    let mut form = Form::of(body, "a reply")?;
    form.require("body");
    let text = form.text("body", MessageText::parse);
    let author = form.text("author_id", |given| Ok::<_, Infallible>(TeammateRef::parse(given)));
    let subject = form.text("subject", Subject::parse);
    let archive = form.object("options", "options", |options| {
        options.ignore(&["tag_ids"]);
        options.flag("archive", Some(Progress::Archived), None)
    });
    form.ignore(&[
        "to",
        "cc",
        "bcc",
        "sender_name",
        "channel_id",
        "text",
        "quote_body",
        "signature_id",
        "should_add_default_signature",
    ]);
    form.refuse("attachments", "is not supported; leave it out");
    form.finish(Vec::new)?;
    Ok(SendMessage {
        conversation,
        author,
        subject,
        body: text.expect("a missing or bad text is a fault, which ended the form"),
        progress: archive.flatten().unwrap_or(Some(Progress::Archived)),
    })
}

/// List a conversation's messages
///
/// The newest first.
#[utoipa::path(get, path = "/conversations/{conversation_id}/messages", tag = "Messages", operation_id = "list_conversation_messages", security(("bearer" = [])),
    params(("conversation_id" = String, Path, description = "`cnv_…`"), ("limit" = Option<u8>, Query, description = "1 to 100; 50, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query)),
    responses((status = 200, body = List<MessageRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<ConversationsRead>,
    conversation: PathId,
    query: Query,
) -> Result<Response, RestError> {
    let company = &caller.company;
    let id = company.find_conversation(&conversation.0)?.id;
    let path = format!("/conversations/{id}/messages");
    let page = PageRequest::read(&app, company.id, path, &query, Some(DEFAULT_LIMIT))?;
    let wanted = page.length().saturating_add(1);
    // No further than the state that they are shown with.
    let mut before = Version::new(page.before().min(company.version.number() + 1));
    let mut messages = Vec::new();
    loop {
        // Up to and with the version before it.
        let range = (Version::ZERO, Version::new(before.number() - 1));
        let stride = wanted * 2;
        let events =
            app.engine.history_of(company.id, &id.to_string(), range, Order::NewestFirst, stride).await?;
        let is_all = events.len() < stride;
        before = events.last().map_or(before, |last| last.version);
        messages.extend(events.into_iter().filter(|recorded| told(&recorded.event).is_some()));
        if is_all || messages.len() >= wanted {
            break;
        }
    }
    let numbered = messages.iter().map(|recorded| (recorded.version.number(), recorded));
    Ok(ok(&page.page(&app, numbered, |recorded| represent(&app.public_url, company, recorded))))
}

/// Show a message
#[utoipa::path(get, path = "/messages/{message_id}", tag = "Messages", operation_id = "show_message", security(("bearer" = [])),
    params(("message_id" = String, Path, description = "`msg_…` or `alt:uid:` with the `message_uid`")),
    responses((status = 200, body = MessageRepresentation), (status = 304), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<ConversationsRead>,
    message: PathId,
    headers: HeaderMap,
) -> Result<Response, RestError> {
    let unknown = || Refusal::UnknownMessage { given: message.0.as_str().into() };
    let id = message.0.strip_prefix("alt:uid:").unwrap_or(&message.0);
    let id: MessageId = id.parse().map_err(|_| unknown())?;
    let range = (Version::ZERO, caller.company.version);
    let events =
        app.engine.history_of(caller.company.id, &id.to_string(), range, Order::OldestFirst, 1).await?;
    let recorded = events.first().ok_or_else(unknown)?;
    let shown = represent(&app.public_url, &caller.company, recorded).ok_or_else(unknown)?;
    Ok(tagged_by_content(&headers, shown))
}
