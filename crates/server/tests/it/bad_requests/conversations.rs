//! Changes of a conversation that cannot be made, and teammates that cannot deal with one.

use super::INVALID;
use super::rows::{Row, ask};

/// Teammates that a conversation cannot be assigned to: as JSON, with the code and a part of the message.
const NOBODY: [(&str, &str, &str); 6] = [
    (r#""tea_3""#, "conversation.assignee_blocked", "assignee_id names a blocked teammate: tea_3"),
    (
        r#""alt:email:CLEO@acme.example""#,
        "conversation.assignee_blocked",
        "assignee_id names a blocked teammate: tea_3",
    ),
    (r#""tea_zz""#, "conversation.assignee_unknown", "assignee_id names no teammate: tea_zz"),
    (r#""tea_7""#, "conversation.assignee_unknown", "assignee_id names no teammate: tea_7"),
    (r#""ada@acme.example""#, "conversation.assignee_unknown", "assignee_id names no teammate: ada@"),
    (r#""""#, "conversation.assignee_unknown", "assignee_id names no teammate"),
];

pub(super) fn bad_changes() -> Vec<Row> {
    let faults = [
        (r#"{"assignee_id":1}"#, "assignee_id must be a string, not a number"),
        (r#"{"assignee_id":["tea_2"]}"#, "assignee_id must be a string, not an array"),
        (r#"{"status":null}"#, "status must be a string, not null"),
        (r#"{"status":true}"#, "status must be a string, not a boolean"),
        (r#"{"status":"Archived"}"#, "status must be `archived` or `open`"),
        (r#"{"status":"assigned"}"#, "status must be `archived` or `open`"),
        (r#"{"status":""}"#, "status must be `archived` or `open`"),
        (r#"{"status":"deleted"}"#, "conversations are not deleted here"),
        (r#"{"status":"spam"}"#, "conversations are not deleted here"),
        (r#"{"inbox_id":"inb_2"}"#, "inbox_id cannot be changed here; leave it out"),
        (r#"{"tag_ids":[]}"#, "tag_ids cannot be changed here; leave it out"),
        (r#"{"custom_fields":{}}"#, "custom_fields cannot be changed here; leave it out"),
        (
            r#"{"assignee":"tea_2"}"#,
            "assignee is not a field of a conversation; the fields are: assignee_id, status",
        ),
    ];
    let asked = |body: &str| ask("PATCH", "/conversations/cnv_1").json(body);
    let nobody = NOBODY.map(|(id, code, part)| {
        asked(&format!("{{\"status\":\"archived\",\"assignee_id\":{id}}}")).gets(400, code, part)
    });
    faults.map(|(body, part)| asked(body).gets(400, INVALID, part)).into_iter().chain(nobody).collect()
}

pub(super) fn bad_assignments() -> Vec<Row> {
    let faults = [
        ("{}", "assignee_id is required"),
        (r#"{"assignee_id":false}"#, "assignee_id must be a string, not a boolean"),
        (
            r#"{"assignee_id":"tea_2","status":"open"}"#,
            "status is not a field of an assignment; the fields are: assignee_id",
        ),
    ];
    let asked = |body: &str| ask("PUT", "/conversations/cnv_1/assignee").json(body);
    let nobody =
        NOBODY.map(|(id, code, part)| asked(&format!("{{\"assignee_id\":{id}}}")).gets(400, code, part));
    faults.map(|(body, part)| asked(body).gets(400, INVALID, part)).into_iter().chain(nobody).collect()
}
