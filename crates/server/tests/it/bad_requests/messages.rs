//! Messages that are not taken in, and replies that are not sent.

use super::INVALID;
use super::rows::{Row, ask};
use serde_json::json;

pub(super) fn bad_messages() -> Vec<Row> {
    let sender = json!({ "handle": "dee" });
    let long = json!({ "sender": sender, "body": "x".repeat(64 * 1024 + 1) }).to_string();
    let long_subject = json!({ "sender": sender, "body": "x", "subject": "x".repeat(1001) }).to_string();
    let long_handle = json!({ "sender": { "handle": "x".repeat(257) }, "body": "x" }).to_string();
    let faults = [
        ("{}", "sender is required"),
        ("{}", "body is required"),
        (r#"{"body":"x"}"#, "sender is required"),
        (r#"{"sender":{"handle":"dee"}}"#, "body is required"),
        (r#"{"sender":null,"body":"x"}"#, "sender must be an object, not null"),
        (r#"{"sender":"dee","body":"x"}"#, "sender must be an object, not a string"),
        (r#"{"sender":{},"body":"x"}"#, "sender.handle is required"),
        (r#"{"sender":{"handle":""},"body":"x"}"#, "sender.handle must not be empty"),
        (r#"{"sender":{"handle":null},"body":"x"}"#, "sender.handle must be a string, not null"),
        (r#"{"sender":{"handle":"d","name":1},"body":"x"}"#, "sender.name must be a string, not a number"),
        (
            r#"{"sender":{"handle":"d","email":"x"},"body":"x"}"#,
            "sender.email is not a field of a sender; the fields are: handle, name",
        ),
        (r#"{"sender":{"handle":"d"},"body":""}"#, "body must not be empty"),
        (r#"{"sender":{"handle":"d"},"body":" \n "}"#, "body must not be empty"),
        (r#"{"sender":{"handle":"d"},"body":{}}"#, "body must be a string, not an object"),
        (r#"{"sender":{"handle":"d"},"body":"x","subject":null}"#, "subject must be a string, not null"),
        (r#"{"sender":{"handle":"d"},"body":"x","metadata":[]}"#, "metadata must be an object, not an array"),
        (
            r#"{"sender":{"handle":"d"},"body":"x","metadata":{"thread_ref":7}}"#,
            "metadata.thread_ref must be a string, not a number",
        ),
        (
            r#"{"sender":{"handle":"d"},"body":"x","metadata":{"ref":"y"}}"#,
            "metadata.ref is not a field of metadata; the fields are: thread_ref",
        ),
        (
            r#"{"sender":{"handle":"d"},"body":"x","attachments":[]}"#,
            "attachments is not supported; leave it out",
        ),
        (
            r#"{"sender":{"handle":"d"},"body":"x","text":"x"}"#,
            "text is not a field of a message; the fields are: sender, subject, body, metadata",
        ),
        (long.as_str(), "body must be at most 65536 octets of UTF-8; this one has 65537"),
        (long_subject.as_str(), "subject must be at most 1000 characters; this one has 1001"),
        (long_handle.as_str(), "sender.handle must be at most 256 characters; this one has 257"),
    ];
    let asked = |body: &str| ask("POST", "/channels/cha_1/incoming_messages").json(body);
    faults.map(|(body, part)| asked(body).gets(400, INVALID, part)).into()
}

pub(super) fn bad_replies() -> Vec<Row> {
    let long = json!({ "body": "x".repeat(64 * 1024 + 1) }).to_string();
    let faults = [
        ("{}", "body is required"),
        (r#"{"body":null}"#, "body must be a string, not null"),
        (r#"{"body":""}"#, "body must not be empty"),
        (long.as_str(), "body must be at most 65536 octets of UTF-8; this one has 65537"),
        (r#"{"body":"x","author_id":null}"#, "author_id must be a string, not null"),
        (r#"{"body":"x","author_id":1}"#, "author_id must be a string, not a number"),
        (r#"{"body":"x","subject":[]}"#, "subject must be a string, not an array"),
        (r#"{"body":"x","options":true}"#, "options must be an object, not a boolean"),
        (r#"{"body":"x","options":{"archive":1}}"#, "options.archive must be true or false, not a number"),
        (
            r#"{"body":"x","options":{"archived":true}}"#,
            "options.archived is not a field of options; the fields are: archive",
        ),
        (r#"{"body":"x","attachments":["x"]}"#, "attachments is not supported; leave it out"),
        (
            r#"{"body":"x","author":"tea_2"}"#,
            "author is not a field of a reply; the fields are: body, author_id, subject, options",
        ),
    ];
    let authors = [
        ("tea_3", "message.author_blocked", "author_id names a blocked teammate: tea_3"),
        ("tea_zz", "message.author_unknown", "author_id names no teammate: tea_zz"),
        ("ada@acme.example", "message.author_unknown", "author_id names no teammate: ada@acme.example"),
    ];
    let asked = |body: &str| ask("POST", "/conversations/cnv_1/messages").json(body);
    let authors = authors.map(|(author, code, part)| {
        asked(&format!("{{\"body\":\"x\",\"author_id\":\"{author}\"}}")).gets(400, code, part)
    });
    faults.map(|(body, part)| asked(body).gets(400, INVALID, part)).into_iter().chain(authors).collect()
}
