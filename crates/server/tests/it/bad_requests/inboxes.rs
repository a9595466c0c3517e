//! Inboxes and channels that cannot be made.

use super::rows::{Row, ask};
use super::{INVALID, UNKNOWN_TEAMMATE};
use serde_json::json;

pub(super) fn bad_inboxes() -> Vec<Row> {
    let long = json!({ "name": "x".repeat(257) }).to_string();
    let faults = [
        ("{}", "name is required"),
        (r#"{"name":""}"#, "name must not be empty"),
        (r#"{"name":" "}"#, "name must not be empty"),
        (r#"{"name":null}"#, "name must be a string, not null"),
        (r#"{"name":["x"]}"#, "name must be a string, not an array"),
        (long.as_str(), "name must be at most 256 characters; this one has 257"),
        (r#"{"name":"a\u202eb"}"#, "name must not contain control, bidirectional or zero-width characters"),
        (r#"{"name":"x","is_public":"true"}"#, "is_public must be true or false, not a string"),
        (r#"{"name":"x","is_public":null}"#, "is_public must be true or false, not null"),
        (r#"{"name":"x","teammate_ids":"tea_1"}"#, "teammate_ids must be an array of strings, not a string"),
        (r#"{"name":"x","teammate_ids":[1]}"#, "teammate_ids[0] must be a string, not a number"),
        (
            r#"{"name":"x","is_private":true}"#,
            "is_private is not a field of a new inbox; the fields are: name, teammate_ids, is_public",
        ),
    ];
    let unknown = [
        (r#"["tea_zz"]"#, "Unknown teammate ID tea_zz"),
        (r#"["tea_1","tea_zz","tea_7"]"#, "Unknown teammate IDs tea_zz, tea_7"),
        (r#"["ada@acme.example"]"#, "use the teammate's id (tea_…), or the alias"),
    ];
    let faults = faults.map(|(body, part)| ask("POST", "/inboxes").json(body).gets(400, INVALID, part));
    let unknown = unknown.map(|(ids, part)| {
        let body = format!("{{\"name\":\"x\",\"teammate_ids\":{ids}}}");
        ask("POST", "/inboxes").json(body).gets(404, UNKNOWN_TEAMMATE, part)
    });
    faults.into_iter().chain(unknown).collect()
}

pub(super) fn bad_channels() -> Vec<Row> {
    let faults = [
        ("{}", "type is required"),
        (r#"{"name":"Form"}"#, "type is required"),
        (r#"{"type":null}"#, "type must be a string, not null"),
        (r#"{"type":"smtp"}"#, "type must be `custom`"),
        (r#"{"type":"CUSTOM"}"#, "type must be `custom`"),
        (r#"{"type":""}"#, "type must be `custom`"),
        (r#"{"type":"custom","name":""}"#, "name must not be empty"),
        (r#"{"type":"custom","name":7}"#, "name must be a string, not a number"),
        (
            r#"{"type":"custom","address":"x"}"#,
            "address is not a field of a new channel; the fields are: type, name",
        ),
    ];
    let asked = |body: &str| ask("POST", "/inboxes/inb_1/channels").json(body);
    faults.map(|(body, part)| asked(body).gets(400, INVALID, part)).into()
}
