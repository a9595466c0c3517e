//! Our answers, held to the product's own OpenAPI document, on every path that both have. The document is reference data
//! and not part of this repository.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use tenure_testkit::{Document, TestCompany, TestServer};

/// Runs it against the document in a file.
pub(crate) fn run(file: &Path) -> Result<String, String> {
    let text = std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let document: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(check(&Document::new(document)))
}

/// What of the document no answer of ours can be: the end of the place, a part of the fault, and why. The list only shrinks.
const EXCEPTIONS: [(&str, &str, &str); 5] = [
    ("/assignee", "null is not of type", "`nullable` stands beside a `$ref`, where it has no meaning"),
    (
        "/target/data",
        "oneOf",
        "an inbox has no field that it must have, so that every teammate is an inbox too, and not one thing alone",
    ),
    ("/source/data", "oneOf", "there is nothing for a token"),
    ("/target/_meta/type", "\"conversation\" is not one of", "there is nothing for a conversation"),
    ("/type", "\"conversation.created\" is not one of", "there is no word for it"),
];

/// Which exception a fault is, if it is one.
fn exception(fault: &str) -> Option<usize> {
    let (place, fault) = fault.split_once(": ")?;
    EXCEPTIONS.iter().position(|(end, part, _)| place.ends_with(end) && fault.contains(part))
}

/// Method, path in the document, path asked, body, status.
type Asked = (&'static str, &'static str, &'static str, Value, u16);

/// What stands in a path for the latest event of [`PUBLISHED_WORDS`].
const LATEST_EVENT: &str = "LATEST";
/// The types of events that the document has; of the others it knows nothing.
const PUBLISHED_WORDS: &str = "/events?q[types][]=assign&q[types][]=unassign&q[types][]=archive&q[types][]=reopen&q[types][]=inbound&q[types][]=outbound";

fn asked() -> Vec<Asked> {
    let mut asked = about_people();
    asked.extend(about_conversations());
    asked
}

fn about_people() -> Vec<Asked> {
    let values = json!({ "Text": "x", "Number": 1.5, "Flag": true, "When": 1_700_000_000, "Plan": "a", "Boss": "tea_1" });
    let members = json!({ "teammate_ids": ["tea_1", "tea_2"] });
    let teammate = "/teammates/{teammate_id}";
    vec![
        ("PATCH", teammate, "/teammates/tea_1", json!({ "first_name": "Ana", "custom_fields": values }), 204),
        ("POST", "/teams/{team_id}/teammates", "/teams/tim_1/teammates", members.clone(), 204),
        ("GET", "/me", "/me", Value::Null, 200),
        ("GET", "/teammates", "/teammates", Value::Null, 200),
        ("GET", teammate, "/teammates/tea_1", Value::Null, 200),
        ("GET", teammate, "/teammates/alt:email:bo@x.example", Value::Null, 200),
        ("GET", "/teammates/custom_fields", "/teammates/custom_fields", Value::Null, 200),
        ("GET", "/teammates/{teammate_id}/inboxes", "/teammates/tea_1/inboxes", Value::Null, 200),
        ("GET", "/teammates/{teammate_id}/conversations", "/teammates/tea_1/conversations", Value::Null, 200),
        ("GET", "/teams", "/teams", Value::Null, 200),
        ("GET", "/teams/{team_id}", "/teams/tim_1", Value::Null, 200),
        ("DELETE", "/teams/{team_id}/teammates", "/teams/tim_1/teammates", members, 204),
        ("GET", "/teams/{team_id}", "/teams/tim_1", Value::Null, 200),
    ]
}

fn about_conversations() -> Vec<Asked> {
    let inbox = json!({ "name": "Returns", "teammate_ids": ["tea_1"], "is_public": false });
    let channel = json!({ "type": "custom", "name": "Web form", "settings": {} });
    let sender = json!({ "handle": "eve@shop.example", "name": "Eve" });
    let message =
        json!({ "sender": sender, "subject": "Order 8", "body": "Where is it?", "body_format": "html" });
    let reply = json!({ "body": "On its way.", "author_id": "tea_1", "options": { "archive": true } });
    let reopen = json!({ "status": "open", "assignee_id": "tea_1" });
    let (channels, incoming) = ("/inboxes/{inbox_id}/channels", "/channels/{channel_id}/incoming_messages");
    let (conversation, messages) =
        ("/conversations/{conversation_id}", "/conversations/{conversation_id}/messages");
    let assignee = "/conversations/{conversation_id}/assignee";
    let (message_of, event_of) = ("/messages/{message_id}", "/events/{event_id}");
    vec![
        ("POST", "/inboxes", "/inboxes", inbox, 201),
        ("GET", "/inboxes", "/inboxes", Value::Null, 200),
        ("GET", "/inboxes/{inbox_id}", "/inboxes/inb_1", Value::Null, 200),
        ("POST", channels, "/inboxes/inb_2/channels", channel, 204),
        ("GET", channels, "/inboxes/inb_2/channels", Value::Null, 200),
        ("GET", "/channels", "/channels", Value::Null, 200),
        ("GET", "/channels/{channel_id}", "/channels/cha_1", Value::Null, 200),
        ("GET", "/teammates/{teammate_id}/inboxes", "/teammates/tea_1/inboxes", Value::Null, 200),
        ("POST", incoming, "/channels/cha_1/incoming_messages", message, 202),
        ("PUT", assignee, "/conversations/cnv_1/assignee", json!({ "assignee_id": "tea_1" }), 204),
        ("POST", messages, "/conversations/cnv_1/messages", reply, 202),
        ("GET", "/conversations", "/conversations?q[statuses][]=archived", Value::Null, 200),
        ("PATCH", conversation, "/conversations/cnv_1", reopen, 204),
        ("GET", "/conversations", "/conversations", Value::Null, 200),
        ("GET", conversation, "/conversations/cnv_1", Value::Null, 200),
        ("GET", conversation, "/conversations/cnv_2", Value::Null, 200),
        ("GET", "/teammates/{teammate_id}/conversations", "/teammates/tea_1/conversations", Value::Null, 200),
        ("PUT", assignee, "/conversations/cnv_1/assignee", json!({ "assignee_id": null }), 204),
        ("GET", messages, "/conversations/cnv_1/messages", Value::Null, 200),
        ("GET", message_of, "/messages/msg_1", Value::Null, 200),
        ("GET", message_of, "/messages/alt:uid:msg_3", Value::Null, 200),
        ("GET", "/conversations/{conversation_id}/events", "/conversations/cnv_1/events", Value::Null, 200),
        ("GET", "/events", PUBLISHED_WORDS, Value::Null, 200),
        ("GET", event_of, "/events/LATEST", Value::Null, 200),
    ]
}

async fn check(document: &Document) -> Result<String, String> {
    let server = TestServer::start().await;
    let company = furnished(&server).await;
    let mut faults = Vec::new();
    let mut excepted = BTreeSet::new();
    let asked = asked();
    for (method, template, path, body, status) in &asked {
        if !document.has(method, template) {
            faults.push(format!("{method} {template} is not in the document"));
            continue;
        }
        let path = if path.ends_with(LATEST_EVENT) {
            let latest = company.get(&format!("{PUBLISHED_WORDS}&limit=1")).await.ids();
            path.replace(LATEST_EVENT, latest.first().map_or("none", String::as_str))
        } else {
            (*path).to_owned()
        };
        let request = company.request(method.parse().expect("the method is written right above"), &path);
        let request = if body.is_null() { request } else { request.json(body) };
        let reply = company.send(request).await;
        if reply.status != *status || !document.statuses(method, template).contains(status) {
            faults.push(format!("{method} {path}: {} instead of {status}", reply.status));
        }
        for fault in document.faults(method, template, reply.status, &reply.body) {
            match exception(&fault) {
                Some(known) => {
                    excepted.insert(known);
                }
                None => faults.push(format!("{method} {path}: {fault}")),
            }
        }
    }
    server.stop().await;
    let unneeded = EXCEPTIONS.iter().enumerate().filter(|(index, _)| !excepted.contains(index));
    faults
        .extend(unneeded.map(|(_, (place, _, _))| format!("the exception for {place} is no longer needed")));
    if faults.is_empty() {
        let told = format!("published: {} answers are as the product's own document says", asked.len());
        let but = EXCEPTIONS.map(|(place, _, why)| format!("\n  but for …{place}: {why}"));
        return Ok(told + &but.concat());
    }
    Err(faults.join("\n"))
}

/// A company with one of everything.
async fn furnished(server: &TestServer) -> TestCompany {
    let company = server.company("Acme").await;
    for (name, kind) in [
        ("Text", "string"),
        ("Number", "number"),
        ("Flag", "boolean"),
        ("When", "datetime"),
        ("Boss", "teammate"),
    ] {
        company.custom_field(server, name, kind, &[]).await;
    }
    company.custom_field(server, "Plan", "enum", &["a", "b"]).await;
    company.admin("ana@x.example").await;
    let bo = company.teammate("bo@x.example").await;
    company.team(server, "Support").await;
    company.delete(&format!("/teammates/{bo}")).await.expect(204);
    company.set(server, "reactivation=api").await;
    company.patch(&format!("/teammates/{bo}"), json!({ "is_blocked": false })).await.expect(204);
    company.post("/inboxes", json!({ "name": "Orders", "is_public": true })).await.expect(201);
    company.post("/inboxes/inb_1/channels", json!({ "type": "custom" })).await.expect(204);
    let message = json!({ "sender": { "handle": "dee@shop.example" }, "body": "Where is it?" });
    company.post("/channels/cha_1/incoming_messages", message).await.expect(202);
    company
}
