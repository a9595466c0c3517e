//! Our answers, held to the product's own OpenAPI document, on every path that both have. The document is reference data
//! and not part of this repository.

use serde_json::{Value, json};
use std::path::Path;
use tenure_testkit::{Document, TestCompany, TestServer};

/// Runs it against the document in a file.
pub(crate) fn run(file: &Path) -> Result<String, String> {
    let text = std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let document: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(check(&Document::new(document)))
}

/// Method, path in the document, path asked, body, status.
type Asked = (&'static str, &'static str, &'static str, Value, u16);

fn asked() -> Vec<Asked> {
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

async fn check(document: &Document) -> Result<String, String> {
    let server = TestServer::start().await;
    let company = furnished(&server).await;
    let mut faults = Vec::new();
    let asked = asked();
    for (method, template, path, body, status) in &asked {
        if !document.has(method, template) {
            faults.push(format!("{method} {template} is not in the document"));
            continue;
        }
        let request = company.request(method.parse().expect("the method is written right above"), path);
        let request = if body.is_null() { request } else { request.json(body) };
        let reply = company.send(request).await;
        if reply.status != *status || !document.statuses(method, template).contains(status) {
            faults.push(format!("{method} {path}: {} instead of {status}", reply.status));
        }
        let found = document.faults(method, template, reply.status, &reply.body);
        faults.extend(found.into_iter().map(|fault| format!("{method} {path}: {fault}")));
    }
    server.stop().await;
    if faults.is_empty() {
        return Ok(format!("published: {} answers are as the product's own document says", asked.len()));
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
    company
}
