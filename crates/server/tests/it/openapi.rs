//! Our own document, held against the answers: each status is declared there, and each body is as it says.

use crate::conversations::assign;
use crate::inboxes::{channel, public_inbox};
use crate::invitations::mail_to;
use crate::messages::receive;
use serde_json::{Value, json};
use tenure_server::http::Limits;
use tenure_server::operator::TokenWish;
use tenure_testkit::{Document, Reply, TestCompany, TestServer};

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// The document, and what of the answers so far is not as it says.
struct Held {
    document: Document,
    faults: Vec<String>,
}

impl Held {
    async fn by(company: &TestCompany) -> Self {
        let document = company.get("/openapi.json").await.expect(200).json();
        Self { document: Document::new(document), faults: Vec::new() }
    }

    fn hold(&mut self, method: &str, template: &str, reply: &Reply) {
        let operation = format!("{method} {template} {}", reply.status);
        assert!(self.document.has(method, template), "{operation}");
        if !self.document.statuses(method, template).contains(&reply.status) {
            self.faults.push(format!("{operation}: the status is not declared"));
        }
        let faults = self.document.faults(method, template, reply.status, &reply.body);
        self.faults.extend(faults.into_iter().map(|fault| format!("{operation}: {fault}")));
    }

    #[track_caller]
    fn assert_no_faults(mut self) {
        self.faults.sort_unstable();
        self.faults.dedup();
        assert_eq!(self.faults, [""; 0]);
    }
}

/// A server that takes small bodies, so that a large one need not be large.
async fn start() -> TestServer {
    TestServer::with_limits(Limits { body_bytes: 128, ..Limits::default() }).await
}

/// A company with one of everything: Ana is the only administrator and in the team, and the conversation is hers; Cy is
/// blocked.
async fn acme(server: &TestServer) -> TestCompany {
    let company = server.company("Acme").await;
    company.custom_field(server, "Level", "enum", &["1", "2"]).await;
    let ana = json!({ "email": "ana@x.example", "is_admin": true, "custom_fields": { "Level": "1" } });
    company.post("/teammates", ana).await.expect(201);
    company.teammate("bo@x.example").await;
    company.teammate("cy@x.example").await;
    company.delete("/teammates/tea_3").await.expect(204);
    let team = company.team(server, "Support").await;
    company.join(&team, &["tea_1"]).await;
    let orders = public_inbox(&company, "Orders").await;
    channel(&company, &orders).await;
    receive(&company, "dee@shop.example").await;
    assign(&company, "cnv_1", "tea_1").await;
    company
}

/// Status, method, path in the document, path asked, headers, body; carried out in this order.
type Step =
    (u16, &'static str, &'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

async fn walk(company: &TestCompany, steps: &[Step]) -> Held {
    let mut held = Held::by(company).await;
    for (status, method, template, path, headers, body) in steps {
        let request = company.request(method.parse().expect("a method"), path).body(*body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        held.hold(method, template, &company.send(request).await.expect(*status));
    }
    held
}

const TEAMMATE: &str = "/teammates/{teammate_id}";
const RESEND: &str = "/teammates/{teammate_id}/invitation/resend";
const TEAM: &str = "/teams/{team_id}";
const MEMBERS: &str = "/teams/{team_id}/teammates";
const INBOX: &str = "/inboxes/{inbox_id}";
const INBOX_CHANNELS: &str = "/inboxes/{inbox_id}/channels";
const CHANNEL: &str = "/channels/{channel_id}";
const INCOMING: &str = "/channels/{channel_id}/incoming_messages";
const CONVERSATION: &str = "/conversations/{conversation_id}";
const ASSIGNEE: &str = "/conversations/{conversation_id}/assignee";
const MESSAGES: &str = "/conversations/{conversation_id}/messages";
const CONVERSATION_EVENTS: &str = "/conversations/{conversation_id}/events";
const MESSAGE: &str = "/messages/{message_id}";
const EVENT: &str = "/events/{event_id}";
const HISTORY: &str = "/teammates/{teammate_id}/history";
const OF_TEAMMATE: &str = "/teammates/{teammate_id}/conversations";

const SUCCESSES: [Step; 54] = [
    (200, "GET", "/me", "/me", &[], ""),
    (200, "GET", "/teammates", "/teammates", &[], ""),
    (200, "GET", "/teammates", "/teammates?limit=1", &[], ""),
    (201, "POST", "/teammates", "/teammates", &[JSON], r#"{"email":"dee@x.example"}"#),
    (200, "GET", "/teammates/custom_fields", "/teammates/custom_fields", &[], ""),
    (200, "GET", TEAMMATE, "/teammates/tea_1", &[], ""),
    (200, "GET", TEAMMATE, "/teammates/tea_1?as_of=2026-01-01T00:00:00Z", &[], ""),
    (304, "GET", TEAMMATE, "/teammates/tea_1", &[("If-None-Match", "*")], ""),
    (204, "PATCH", TEAMMATE, "/teammates/tea_1", &[JSON], r#"{"first_name":"Ana"}"#),
    (204, "DELETE", TEAMMATE, "/teammates/tea_3", &[], ""),
    (200, "GET", "/teammates/{teammate_id}/inboxes", "/teammates/tea_1/inboxes", &[], ""),
    (200, "GET", "/teammates/{teammate_id}/conversations", "/teammates/tea_1/conversations", &[], ""),
    (200, "GET", "/teammates/{teammate_id}/invitation", "/teammates/tea_1/invitation", &[], ""),
    (204, "POST", RESEND, "/teammates/tea_2/invitation/resend", &[], ""),
    (200, "GET", "/teams", "/teams", &[], ""),
    (200, "GET", TEAM, "/teams/tim_1", &[], ""),
    (304, "GET", TEAM, "/teams/tim_1", &[("If-None-Match", "*")], ""),
    (200, "GET", MEMBERS, "/teams/tim_1/teammates", &[], ""),
    (200, "GET", MEMBERS, "/teams/tim_1/teammates?limit=1", &[], ""),
    (204, "POST", MEMBERS, "/teams/tim_1/teammates", &[JSON], r#"{"teammate_ids":["tea_2"]}"#),
    (204, "DELETE", MEMBERS, "/teams/tim_1/teammates", &[JSON], r#"{"teammate_ids":["tea_2"]}"#),
    (200, "GET", "/inboxes", "/inboxes", &[], ""),
    (201, "POST", "/inboxes", "/inboxes", &[JSON], r#"{"name":"Returns","teammate_ids":["tea_1"]}"#),
    (200, "GET", INBOX, "/inboxes/inb_1", &[], ""),
    (304, "GET", INBOX, "/inboxes/inb_1", &[("If-None-Match", "*")], ""),
    (204, "POST", INBOX_CHANNELS, "/inboxes/inb_1/channels", &[JSON], r#"{"type":"custom"}"#),
    (200, "GET", INBOX_CHANNELS, "/inboxes/inb_1/channels?limit=1", &[], ""),
    (200, "GET", "/channels", "/channels", &[], ""),
    (200, "GET", CHANNEL, "/channels/cha_1", &[], ""),
    (304, "GET", CHANNEL, "/channels/cha_1", &[("If-None-Match", "*")], ""),
    (
        202,
        "POST",
        INCOMING,
        "/channels/cha_1/incoming_messages",
        &[JSON],
        r#"{"sender":{"handle":"d"},"body":"x"}"#,
    ),
    (200, "GET", "/conversations", "/conversations?limit=1", &[], ""),
    (200, "GET", "/conversations", "/conversations?q[statuses][]=open&q[statuses][]=archived", &[], ""),
    (200, "GET", OF_TEAMMATE, "/teammates/tea_1/conversations?q[statuses][]=open", &[], ""),
    (200, "GET", CONVERSATION, "/conversations/cnv_1", &[], ""),
    (200, "GET", CONVERSATION, "/conversations/cnv_2", &[], ""),
    (304, "GET", CONVERSATION, "/conversations/cnv_1", &[("If-None-Match", "*")], ""),
    (
        204,
        "PATCH",
        CONVERSATION,
        "/conversations/cnv_1",
        &[JSON],
        r#"{"assignee_id":null,"status":"archived"}"#,
    ),
    (204, "PUT", ASSIGNEE, "/conversations/cnv_1/assignee", &[JSON], r#"{"assignee_id":"tea_1"}"#),
    (202, "POST", MESSAGES, "/conversations/cnv_1/messages", &[JSON], r#"{"body":"x","author_id":"tea_1"}"#),
    (200, "GET", MESSAGES, "/conversations/cnv_1/messages", &[], ""),
    (200, "GET", MESSAGES, "/conversations/cnv_1/messages?limit=1", &[], ""),
    (200, "GET", MESSAGE, "/messages/msg_1", &[], ""),
    (304, "GET", MESSAGE, "/messages/alt:uid:msg_1", &[("If-None-Match", "*")], ""),
    (200, "GET", CONVERSATION_EVENTS, "/conversations/cnv_1/events", &[], ""),
    (200, "GET", "/events", "/events?limit=100", &[], ""),
    (200, "GET", "/events", "/events?q[types][]=assign&q[after]=0&q[before]=9999999999.5", &[], ""),
    (200, "GET", EVENT, "/events/evt_4", &[], ""),
    (304, "GET", EVENT, "/events/evt_4", &[("If-None-Match", "*")], ""),
    (200, "GET", HISTORY, "/teammates/tea_1/history", &[], ""),
    (200, "GET", HISTORY, "/teammates/tea_1/history?limit=1", &[], ""),
    (200, "GET", "/healthz", "/healthz", &[], ""),
    (200, "GET", "/readyz", "/readyz", &[], ""),
    (200, "GET", "/metrics", "/metrics", &[], ""),
];

#[tokio::test]
async fn every_success_is_as_the_document_says() {
    let server = start().await;
    let company = acme(&server).await;
    walk(&company, &SUCCESSES).await.assert_no_faults();
}

const BAD_QUERIES: [Step; 36] = [
    (400, "GET", "/teammates", "/teammates?limit=0", &[], ""),
    (400, "GET", "/teammates", "/teammates?offset=1", &[], ""),
    (400, "GET", "/teammates", "/teammates?page_token=x", &[], ""),
    (400, "GET", "/teammates", "/teammates?as_of=never", &[], ""),
    (404, "GET", "/teammates", "/teammates?as_of=0", &[], ""),
    (400, "GET", "/teammates/custom_fields", "/teammates/custom_fields?limit=0", &[], ""),
    (404, "GET", "/teammates/custom_fields", "/teammates/custom_fields?as_of=0", &[], ""),
    (400, "GET", TEAMMATE, "/teammates/tea_1?as_of=never", &[], ""),
    (404, "GET", TEAMMATE, "/teammates/tea_1?as_of=0", &[], ""),
    (400, "GET", "/teammates/{teammate_id}/inboxes", "/teammates/tea_1/inboxes?limit=0", &[], ""),
    (400, "GET", "/teammates/{teammate_id}/conversations", "/teammates/tea_1/conversations?limit=0", &[], ""),
    (400, "GET", "/teams", "/teams?limit=0", &[], ""),
    (400, "GET", "/teams", "/teams?as_of=never", &[], ""),
    (404, "GET", "/teams", "/teams?as_of=0", &[], ""),
    (400, "GET", TEAM, "/teams/tim_1?as_of=never", &[], ""),
    (404, "GET", TEAM, "/teams/tim_1?as_of=0", &[], ""),
    (400, "GET", MEMBERS, "/teams/tim_1/teammates?limit=0", &[], ""),
    (400, "GET", MEMBERS, "/teams/tim_1/teammates?as_of=never", &[], ""),
    (404, "GET", MEMBERS, "/teams/tim_1/teammates?as_of=0", &[], ""),
    (400, "GET", "/inboxes", "/inboxes?limit=0", &[], ""),
    (404, "GET", "/inboxes", "/inboxes?as_of=0", &[], ""),
    (400, "GET", INBOX, "/inboxes/inb_1?as_of=never", &[], ""),
    (400, "GET", INBOX_CHANNELS, "/inboxes/inb_1/channels?limit=0", &[], ""),
    (400, "GET", "/channels", "/channels?limit=0", &[], ""),
    (400, "GET", CHANNEL, "/channels/cha_1?as_of=never", &[], ""),
    (400, "GET", "/conversations", "/conversations?q[statuses][]=x", &[], ""),
    (404, "GET", "/conversations", "/conversations?as_of=0", &[], ""),
    (400, "GET", OF_TEAMMATE, "/teammates/tea_1/conversations?q[statuses][]=x", &[], ""),
    (400, "GET", CONVERSATION, "/conversations/cnv_1?as_of=never", &[], ""),
    (404, "GET", CONVERSATION, "/conversations/cnv_1?as_of=0", &[], ""),
    (400, "GET", MESSAGES, "/conversations/cnv_1/messages?limit=0", &[], ""),
    (400, "GET", CONVERSATION_EVENTS, "/conversations/cnv_1/events?limit=0", &[], ""),
    (400, "GET", "/events", "/events?limit=101", &[], ""),
    (400, "GET", "/events", "/events?q[types][]=x", &[], ""),
    (400, "GET", "/events", "/events?q[before]=x", &[], ""),
    (400, "GET", HISTORY, "/teammates/tea_1/history?limit=0", &[], ""),
];

#[tokio::test]
async fn every_answer_to_a_bad_query_is_as_the_document_says() {
    let server = start().await;
    let company = acme(&server).await;
    walk(&company, &BAD_QUERIES).await.assert_no_faults();
}

const REFUSALS: [Step; 32] = [
    (400, "POST", "/teammates", "/teammates", &[JSON], r#"{"email":1,"is_admni":true}"#),
    (400, "POST", "/teammates", "/teammates", &[JSON, ("Idempotency-Key", "")], r#"{"email":"e@x.example"}"#),
    (409, "POST", "/teammates", "/teammates", &[JSON], r#"{"email":"bo@x.example"}"#),
    (
        201,
        "POST",
        "/teammates",
        "/teammates",
        &[JSON, ("Idempotency-Key", "1")],
        r#"{"email":"e@x.example"}"#,
    ),
    (
        422,
        "POST",
        "/teammates",
        "/teammates",
        &[JSON, ("Idempotency-Key", "1")],
        r#"{"email":"f@x.example"}"#,
    ),
    (400, "PATCH", TEAMMATE, "/teammates/tea_1", &[JSON], r#"{"custom_fields":{"Level":"3"}}"#),
    (400, "PATCH", TEAMMATE, "/teammates/tea_1", &[JSON, ("If-Match", "x")], "{}"),
    (403, "PATCH", TEAMMATE, "/teammates/tea_3", &[JSON], r#"{"is_blocked":false}"#),
    (409, "PATCH", TEAMMATE, "/teammates/tea_1", &[JSON], r#"{"is_admin":false}"#),
    (412, "PATCH", TEAMMATE, "/teammates/tea_1", &[JSON, ("If-Match", "\"0\"")], "{}"),
    (400, "DELETE", TEAMMATE, "/teammates/tea_2", &[("If-Match", "x")], ""),
    (409, "DELETE", TEAMMATE, "/teammates/tea_1", &[], ""),
    (412, "DELETE", TEAMMATE, "/teammates/tea_2", &[("If-Match", "\"0\"")], ""),
    (409, "POST", RESEND, "/teammates/tea_3/invitation/resend", &[], ""),
    (400, "POST", RESEND, "/teammates/tea_2/invitation/resend", &[JSON], r#"{"to":"all"}"#),
    (204, "POST", RESEND, "/teammates/tea_1/invitation/resend", &[("Idempotency-Key", "2")], ""),
    (422, "POST", RESEND, "/teammates/tea_2/invitation/resend", &[("Idempotency-Key", "2")], ""),
    (400, "POST", MEMBERS, "/teams/tim_1/teammates", &[JSON], r#"{"teammate_ids":["tea_3"]}"#),
    (404, "POST", MEMBERS, "/teams/tim_1/teammates", &[JSON], r#"{"teammate_ids":["tea_9"]}"#),
    (
        412,
        "POST",
        MEMBERS,
        "/teams/tim_1/teammates",
        &[JSON, ("If-Match", "\"0\"")],
        r#"{"teammate_ids":["tea_2"]}"#,
    ),
    (
        422,
        "POST",
        MEMBERS,
        "/teams/tim_1/teammates",
        &[JSON, ("Idempotency-Key", "1")],
        r#"{"teammate_ids":["tea_2"]}"#,
    ),
    (400, "DELETE", MEMBERS, "/teams/tim_1/teammates", &[JSON], r#"{"teammate_ids":[]}"#),
    (404, "DELETE", MEMBERS, "/teams/tim_1/teammates", &[JSON], r#"{"teammate_ids":["tea_9"]}"#),
    (
        412,
        "DELETE",
        MEMBERS,
        "/teams/tim_1/teammates",
        &[JSON, ("If-Match", "\"0\"")],
        r#"{"teammate_ids":["tea_2"]}"#,
    ),
    (400, "POST", "/inboxes", "/inboxes", &[JSON], "{}"),
    (404, "POST", "/inboxes", "/inboxes", &[JSON], r#"{"name":"x","teammate_ids":["tea_9"]}"#),
    (422, "POST", "/inboxes", "/inboxes", &[JSON, ("Idempotency-Key", "1")], r#"{"name":"x"}"#),
    (400, "POST", INBOX_CHANNELS, "/inboxes/inb_1/channels", &[JSON], r#"{"type":"smtp"}"#),
    (400, "POST", INCOMING, "/channels/cha_1/incoming_messages", &[JSON], r#"{"body":""}"#),
    (400, "PATCH", CONVERSATION, "/conversations/cnv_1", &[JSON], r#"{"assignee_id":"tea_3"}"#),
    (400, "PUT", ASSIGNEE, "/conversations/cnv_1/assignee", &[JSON], r#"{"assignee_id":"tea_9"}"#),
    (400, "POST", MESSAGES, "/conversations/cnv_1/messages", &[JSON], r#"{"body":"x","author_id":"tea_3"}"#),
];

#[tokio::test]
async fn every_refusal_is_as_the_document_says() {
    let server = start().await;
    let company = acme(&server).await;
    walk(&company, &REFUSALS).await.assert_no_faults();
}

#[tokio::test]
async fn every_answer_to_a_bad_body_is_as_the_document_says() {
    let server = start().await;
    let company = acme(&server).await;
    let mut held = Held::by(&company).await;
    let too_large = " ".repeat(129);
    for (method, template) in [
        ("POST", "/teammates"),
        ("PATCH", TEAMMATE),
        ("POST", MEMBERS),
        ("DELETE", MEMBERS),
        ("POST", "/inboxes"),
        ("POST", INBOX_CHANNELS),
        ("POST", INCOMING),
        ("PATCH", CONVERSATION),
        ("PUT", ASSIGNEE),
        ("POST", MESSAGES),
    ] {
        for (status, kind, body) in [
            (400, "application/json", ""),
            (400, "application/json", "{"),
            (400, "application/json", "[]"),
            (413, "application/json", too_large.as_str()),
            (415, "text/plain", "{}"),
        ] {
            let path = path_of(template, "1");
            let request = company.request(method.parse().unwrap(), &path).header("Content-Type", kind);
            let reply = company.send(request.body(body.to_owned())).await.expect(status);
            held.hold(method, template, &reply);
        }
    }
    held.assert_no_faults();
}

/// The parameters of paths, and what the ids start with that stand for them.
const PARAMETERS: [(&str, &str); 9] = [
    ("{teammate_id}", "tea_"),
    ("{team_id}", "tim_"),
    ("{inbox_id}", "inb_"),
    ("{channel_id}", "cha_"),
    ("{conversation_id}", "cnv_"),
    ("{message_id}", "msg_"),
    ("{event_id}", "evt_"),
    ("{webhook_id}", "whk_"),
    ("{delivery_id}", "dlv_"),
];

/// A path of the document about what has this number.
pub(crate) fn path_of(template: &str, number: &str) -> String {
    let path = PARAMETERS.iter().fold(template.to_owned(), |path, (parameter, prefix)| {
        path.replace(parameter, &format!("{prefix}{number}"))
    });
    assert!(!path.contains('{'), "{path} has a parameter that this test does not know");
    path
}

/// A body that is right, so that only what the path names can be wrong.
fn right_body(template: &str) -> &'static str {
    match template {
        MEMBERS => r#"{"teammate_ids":["tea_1"]}"#,
        INBOX_CHANNELS => r#"{"type":"custom"}"#,
        INCOMING => r#"{"sender":{"handle":"d"},"body":"x"}"#,
        ASSIGNEE => r#"{"assignee_id":null}"#,
        MESSAGES => r#"{"body":"x"}"#,
        _ => "{}",
    }
}

/// Asks for everything that needs a token, about what has this number.
async fn ask_for_everything(company: &TestCompany, number: &str, status: u16) -> Held {
    let mut held = Held::by(company).await;
    for operation in held.document.operations() {
        if !operation.needs_token {
            continue;
        }
        let path = path_of(&operation.path, number);
        let request = company.request(operation.method.parse().expect("a method"), &path);
        let body = right_body(&operation.path);
        let reply = company.send(request.header(JSON.0, JSON.1).body(body)).await;
        if reply.status == status {
            held.hold(&operation.method, &operation.path, &reply);
        } else if path != operation.path || status != 404 {
            // What is about nothing that has an id is there, whatever the number.
            held.faults.push(format!("{} {path}: {} instead of {status}", operation.method, reply.status));
        }
    }
    held
}

#[tokio::test]
async fn every_answer_without_a_valid_token_is_as_the_document_says() {
    let server = start().await;
    let company = acme(&server).await.with_token("nonsense");
    ask_for_everything(&company, "1", 401).await.assert_no_faults();
}

#[tokio::test]
async fn every_answer_to_a_token_of_the_wrong_kind_is_as_the_document_says() {
    let server = start().await;
    let company = acme(&server).await;
    let scim = company.with_token(company.scim_token(&server).await);
    ask_for_everything(&scim, "1", 403).await.assert_no_faults();
}

#[tokio::test]
async fn every_answer_about_something_unknown_is_as_the_document_says() {
    let server = start().await;
    let company = acme(&server).await;
    ask_for_everything(&company, "zz", 404).await.assert_no_faults();
}

#[tokio::test]
async fn every_answer_beyond_the_rate_limit_is_as_the_document_says() {
    let server = start().await;
    let company = acme(&server).await;
    let rate_limit = Some("1".to_owned());
    let token = company.new_token(&server, TokenWish { rate_limit, ..TestCompany::wish("company") }).await;
    let company = company.with_token(token.token);
    company.get("/me").await.expect(200);
    ask_for_everything(&company, "1", 429).await.assert_no_faults();
}

#[tokio::test]
async fn every_answer_about_an_invitation_is_as_the_document_says() {
    const LINK: &str = "/invitations/{secret}";
    let server = start().await;
    let company = acme(&server).await;
    let link = mail_to(&server, &company, "tea_1").await.link();
    let mut held = Held::by(&company).await;
    for (status, method, template, path) in [
        (404, "GET", LINK, "/invitations/x"),
        (404, "POST", LINK, "/invitations/x"),
        (200, "GET", LINK, link.as_str()),
        (200, "POST", LINK, link.as_str()),
        (410, "GET", LINK, link.as_str()),
        (410, "POST", LINK, link.as_str()),
        (200, "GET", "/teammates/{teammate_id}/invitation", "/teammates/tea_1/invitation"),
        (409, "POST", RESEND, "/teammates/tea_1/invitation/resend"),
    ] {
        let request = company.request(method.parse().unwrap(), path);
        held.hold(method, template, &company.send(request).await.expect(status));
    }
    held.assert_no_faults();
}

fn has_null(schema: &Value) -> bool {
    let is_null = |kind: &Value| kind == "null" || kind["type"] == "null";
    let alternatives = [&schema["type"], &schema["oneOf"], &schema["anyOf"]];
    alternatives.iter().filter_map(|found| found.as_array()).flatten().any(is_null)
}

#[tokio::test]
async fn what_may_be_left_out_of_a_request_is_not_said_to_take_null() {
    let server = start().await;
    let company = acme(&server).await;
    let document = company.get("/openapi.json").await.json();
    for (body, field) in [
        ("NewTeammate", ""),
        ("TeammateChanges", ""),
        ("NewInbox", ""),
        ("NewChannel", ""),
        ("IncomingMessage", ""),
        ("Sender", ""),
        ("IncomingMetadata", ""),
        ("NewReplyMessage", ""),
        ("ReplyOptions", ""),
        // Of these, one field takes `null`.
        ("ConversationChanges", "assignee_id"),
        ("Assignment", "assignee_id"),
    ] {
        let fields = &document["components"]["schemas"][body]["properties"];
        for (name, schema) in fields.as_object().unwrap_or_else(|| panic!("{body} is no object")) {
            assert_eq!(has_null(schema), name == field, "{body}.{name}: {schema}");
        }
    }
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(!has_null(&parameter["schema"]), "{method} {path}: {}", parameter["name"]);
            }
        }
    }
}

#[tokio::test]
async fn every_operation_says_what_any_request_can_be_answered_with() {
    let server = start().await;
    let company = acme(&server).await;
    let document = company.get("/openapi.json").await.json();
    let headers = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id"];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            for (status, response) in responses {
                for header in headers {
                    assert!(response["headers"][header].is_object(), "{method} {path} {status} {header}");
                }
            }
            if operation["security"].is_null() {
                continue;
            }
            for status in ["400", "401", "403", "404", "408", "414", "429", "431", "500", "503"] {
                assert!(responses.contains_key(status), "{method} {path} {status}");
            }
        }
    }
}
