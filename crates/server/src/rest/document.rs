//! What every operation of the OpenAPI document has in common, said once: the headers of all answers, and the errors that
//! the shell gives whatever the operation is.

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{Schema, SchemaType};
use utoipa::openapi::{Content, Header, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Type};

/// Headers of every answer: name, type, meaning.
const HEADERS: [(&str, Type, &str); 4] = [
    ("X-RateLimit-Limit", Type::Integer, "Requests that the token may make in a minute"),
    ("X-RateLimit-Remaining", Type::Integer, "Requests that are left in this minute"),
    ("X-RateLimit-Reset", Type::Integer, "When the minute ends, in epoch seconds"),
    ("X-Request-Id", Type::String, "The request's id: the caller's, where it is sane"),
];

/// Errors of every operation that needs a token.
const OF_ALL: [(&str, &str); 10] = [
    ("400", "Something about the request cannot be understood"),
    ("401", "No valid token"),
    ("403", "The token does not carry the right"),
    ("404", "There is nothing at this place, or was not at that time"),
    ("408", "The request took too long"),
    ("414", "The URL is too long"),
    ("429", "The token has used up its minute; `Retry-After` tells how long to wait"),
    ("431", "The head is too large"),
    ("500", "A fault of the server"),
    ("503", "Not now; `Retry-After` tells how long to wait"),
];

/// Errors of every write besides.
const OF_WRITES: [(&str, &str); 5] = [
    ("409", "Something else is in the way, or the same request is still running"),
    ("412", "It was changed since (`If-Match`)"),
    ("413", "The body is too large"),
    ("415", "The body is not JSON"),
    ("507", "Nothing was stored; the disk may be full"),
];

/// Bodies in which what may be left out may not be `null`.
const BODIES: [&str; 13] = [
    "NewTeammate",
    "TeammateChanges",
    "NewInbox",
    "NewChannel",
    "IncomingMessage",
    "Sender",
    "IncomingMetadata",
    "NewReplyMessage",
    "ReplyOptions",
    "ConversationChanges",
    "NewWebhook",
    "WebhookChanges",
    "Since",
];
/// Fields of bodies in which `null` has a meaning.
const NULLABLE: [&str; 2] = ["assignee_id", "channel_id"];

/// Completes all operations of a document.
pub(super) fn complete(document: &mut OpenApi) {
    forbid_null_in_bodies(document);
    for item in document.paths.paths.values_mut() {
        let PathItem { get, post, put, patch, delete, .. } = item;
        for operation in get.iter_mut() {
            complete_operation(operation, &[]);
        }
        for operation in post.iter_mut().chain(put).chain(patch).chain(delete) {
            complete_operation(operation, &OF_WRITES);
        }
    }
}

/// What is optional may be left out; only answers have `null`. Our types say both in one word, so it is taken apart here.
fn forbid_null_in_bodies(document: &mut OpenApi) {
    let schemas = document.components.iter_mut().flat_map(|components| components.schemas.iter_mut());
    for (_, schema) in schemas.filter(|(name, _)| BODIES.contains(&name.as_str())) {
        if let RefOr::T(Schema::Object(body)) = schema {
            let fields = body.properties.iter_mut().filter(|(name, _)| !NULLABLE.contains(&name.as_str()));
            fields.for_each(|(_, field)| forbid_null(field));
        }
    }
}

fn forbid_null(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => without_null(&mut object.schema_type),
        RefOr::T(Schema::Array(array)) => without_null(&mut array.schema_type),
        RefOr::T(Schema::OneOf(one_of)) => {
            one_of.items.retain(|item| !is_null(item));
            if let [only] = one_of.items.as_slice() {
                *schema = only.clone();
            }
        }
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}

fn without_null(kind: &mut SchemaType) {
    if let SchemaType::Array(types) = kind {
        types.retain(|kind| *kind != Type::Null);
        if let [only] = types.as_slice() {
            *kind = only.clone().into();
        }
    }
}

fn complete_operation(operation: &mut Operation, more: &[(&str, &str)]) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            parameter.schema.iter_mut().for_each(forbid_null);
        }
    }
    let responses = &mut operation.responses.responses;
    if operation.security.is_some() {
        for (status, meaning) in OF_ALL.iter().chain(more) {
            responses.entry((*status).to_owned()).or_insert_with(|| error(meaning).into());
        }
    }
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response {
            add_headers(status, response);
        }
    }
}

fn error(meaning: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("ErrorBody")));
    ResponseBuilder::new().description(meaning).content("application/json", content).build()
}

fn header(kind: &Type, meaning: &str) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(kind.clone()).build());
    header.description = Some(meaning.to_owned());
    header
}

fn add_headers(status: &str, response: &mut Response) {
    let mut add = |name: &str, kind: &Type, meaning: &str| {
        response.headers.entry(name.to_owned()).or_insert_with(|| RefOr::T(header(kind, meaning)));
    };
    for (name, kind, meaning) in &HEADERS {
        add(name, kind, meaning);
    }
    match status {
        "201" => {
            add("Location", &Type::String, "The URL of what was made");
            add("ETag", &Type::String, "The tag of this revision");
        }
        "401" => add("WWW-Authenticate", &Type::String, "What is needed"),
        "429" | "503" => add("Retry-After", &Type::Integer, "How many seconds to wait"),
        _ => {}
    }
}
