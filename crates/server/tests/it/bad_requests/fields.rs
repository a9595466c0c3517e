//! Fields of a body that are wrong as such: of another type, unknown, there twice, missing or read-only.

use super::fixture::Fixture;
use super::rows::{Row, ask};
use super::{INVALID, MEMBER_WRITES, NOT_JSON, TEAMMATE_WRITES};
use serde_json::json;

#[tokio::test]
async fn every_invalid_field_is_told_at_once() {
    let fixture = Fixture::new().await;
    let body = json!({
        "email": "x", "username": "X", "first_name": 1, "last_name": "a\u{202e}", "is_admin": "yes", "is_blocked": true,
        "id": "tea_9", "is_blcoked": true, "custom_fields": { "level": "5", "colour": 1 },
    });
    let told = fixture.acme.post("/teammates", body).await.expect(400).json()["_error"]["details"].clone();
    let told: Vec<String> = serde_json::from_value(told).unwrap();
    let mut fields: Vec<_> = told.iter().filter_map(|detail| detail.split(' ').next()).collect();
    fields.sort_unstable();
    let wanted = [
        "custom_fields.colour",
        "custom_fields.level",
        "email",
        "first_name",
        "id",
        "is_admin",
        "is_blcoked",
        "is_blocked",
        "last_name",
        "username",
    ];
    assert_eq!(fields, wanted);
}

pub(super) fn wrong_types() -> Vec<Row> {
    const NO_TEXTS: [(&str, &str); 5] =
        [("null", "null"), ("7", "a number"), ("true", "a boolean"), ("[]", "an array"), ("{}", "an object")];
    const NO_FLAGS: [(&str, &str); 5] = [
        ("null", "null"),
        ("1", "a number"),
        ("\"true\"", "a string"),
        ("[]", "an array"),
        ("{}", "an object"),
    ];
    const NO_OBJECTS: [(&str, &str); 5] = [
        ("null", "null"),
        ("1", "a number"),
        ("\"x\"", "a string"),
        ("true", "a boolean"),
        ("[]", "an array"),
    ];
    let texts =
        ["email", "username", "first_name", "last_name"].map(|field| (field, "must be a string", NO_TEXTS));
    let flags =
        ["is_admin", "is_available", "is_blocked"].map(|field| (field, "must be true or false", NO_FLAGS));
    let objects = [("custom_fields", "must be an object", NO_OBJECTS)];
    let mut rows = Vec::new();
    for (field, rule, values) in texts.into_iter().chain(flags).chain(objects) {
        for (value, kind) in values {
            for (method, path) in TEAMMATE_WRITES {
                let part = match (method, field) {
                    ("POST", "is_blocked") => "is_blocked is read-only on create".to_owned(),
                    _ => format!("{field} {rule}, not {kind}"),
                };
                let body = format!("{{\"{field}\":{value}}}");
                rows.push(ask(method, path).json(body).gets(400, INVALID, part));
            }
        }
    }
    rows
}

pub(super) fn unknown_fields() -> Vec<Row> {
    let mut rows = Vec::new();
    for field in
        "is_blcoked|Email|e-mail|emails|email |teams|signature|__proto__|is_blocked\u{200b}|".split('|')
    {
        let body = json!({ "email": "new@acme.example", field: true }).to_string();
        let part = format!("{} is not a field of", field.escape_debug());
        for (method, path) in TEAMMATE_WRITES {
            rows.push(ask(method, path).json(body.as_str()).gets(400, INVALID, part.as_str()));
        }
    }
    for field in ["teammates", "teammateIds", "ids", ""] {
        let body = json!({ "teammate_ids": ["tea_1"], field: ["tea_2"] }).to_string();
        for (method, path) in MEMBER_WRITES {
            let part = format!("{field} is not a field of this request; the fields are: teammate_ids");
            rows.push(ask(method, path).json(body.as_str()).gets(400, INVALID, part));
        }
    }
    rows
}

pub(super) fn duplicate_keys() -> Vec<Row> {
    const TEAMMATE: [&str; 4] = [
        r#"{"email":"a@acme.example","email":"b@acme.example"}"#,
        r#"{"is_admin":false,"is_admin":true}"#,
        r#"{"first_name":"A","first\u005fname":"B"}"#,
        r#"{"custom_fields":{"level":1,"level":2}}"#,
    ];
    const MEMBERS: [&str; 2] = [
        r#"{"teammate_ids":["tea_1"],"teammate_ids":["tea_2"]}"#,
        r#"{"teammate_ids":["tea_1"],"x":{"y":1,"y":1}}"#,
    ];
    let teammate = TEAMMATE_WRITES.into_iter().flat_map(|write| TEAMMATE.map(|body| (write, body)));
    let members = MEMBER_WRITES.into_iter().flat_map(|write| MEMBERS.map(|body| (write, body)));
    let asks = teammate.chain(members).map(|((method, path), body)| ask(method, path).json(body));
    asks.map(|ask| ask.gets(400, NOT_JSON, "is there twice")).collect()
}

pub(super) fn missing_and_read_only_fields() -> Vec<Row> {
    const CREATE: [(&str, &str); 9] = [
        ("{}", "email is required"),
        (r#"{"first_name":"Ana"}"#, "email is required"),
        (r#"{"Email":"new@acme.example"}"#, "email is required"),
        (r#"{"email":"new@acme.example","is_blocked":true}"#, "is_blocked is read-only on create"),
        (r#"{"email":"new@acme.example","is_blocked":false}"#, "is_blocked is read-only on create"),
        (r#"{"email":"new@acme.example","id":"tea_9"}"#, "id is system-generated"),
        (r#"{"email":"new@acme.example","type":"user"}"#, "type is system-generated"),
        (r#"{"email":"new@acme.example","license_type":"full"}"#, "license_type is system-generated"),
        (r#"{"email":"new@acme.example","_links":{}}"#, "_links is system-generated"),
    ];
    const UPDATE: [(&str, &str); 9] = [
        (r#"{"id":"tea_1"}"#, "id is system-generated"),
        (r#"{"id":"TEA_2"}"#, "id is system-generated"),
        (r#"{"id":null}"#, "id is system-generated"),
        (r#"{"type":"visitor"}"#, "type is system-generated"),
        (r#"{"license_type":"lite"}"#, "license_type is system-generated"),
        (r#"{"_links":{}}"#, "_links is system-generated"),
        (r#"{"_links":null}"#, "_links is system-generated"),
        (r#"{"_links":{"self":"http://evil.example/teammates/tea_2"}}"#, "_links is system-generated"),
        (r#"{"first_name":"B","id":"tea_1"}"#, "id is system-generated"),
    ];
    let create = CREATE.map(|(body, part)| ask("POST", "/teammates").json(body).gets(400, INVALID, part));
    let update =
        UPDATE.map(|(body, part)| ask("PATCH", "/teammates/tea_2").json(body).gets(400, INVALID, part));
    create.into_iter().chain(update).collect()
}
