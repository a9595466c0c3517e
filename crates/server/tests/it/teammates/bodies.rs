//! Bodies that are refused whole: every fault told at once, fields that the server makes, and what is no object.

use super::details;
use reqwest::Method;
use serde_json::json;
use tenure_testkit::{Reply, TestCompany, TestServer};

/// Sends a body as it is written.
async fn send_raw(company: &TestCompany, method: Method, path: &str, body: &'static str) -> Reply {
    let request = company.request(method, path).header("content-type", "application/json");
    company.send(request.body(body)).await
}

#[tokio::test]
async fn every_invalid_field_of_a_new_teammate_is_reported_at_once() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.custom_field(&server, "City", "string", &[]).await;
    company.custom_field(&server, "Age", "number", &[]).await;
    let body = json!({
        "id": "tea_9", "email": "nobody", "username": "Not OK", "first_name": 7, "is_admin": "yes",
        "is_blocked": false, "is_blcoked": true, "custom_fields": { "Ctiy": "Lyon", "Age": "old" },
    });
    let refused = company.post("/teammates", body).await;
    insta::assert_snapshot!(refused, @r#"
    400
    content-type: application/json

    {
      "_error": {
        "code": "request.invalid",
        "details": [
          "email must be an e-mail address with exactly one @, such as ana@example.com",
          "username must be 1 to 64 characters of a to z, 0 to 9 and _",
          "first_name must be a string, not a number",
          "is_admin must be true or false, not a string",
          "is_blocked is read-only on create; block the teammate afterwards",
          "id is system-generated; leave it out",
          "is_blcoked is not a field of a new teammate; the fields are: email, username, first_name, last_name, is_admin, is_available, custom_fields",
          "custom_fields.Age must be of type number, not a string",
          "custom_fields.Ctiy is not configured; the custom fields are: City, Age"
        ],
        "message": "Body did not satisfy requirements: email must be an e-mail address with exactly one @, such as ana@example.com, username must be 1 to 64 characters of a to z, 0 to 9 and _, first_name must be a string, not a number, is_admin must be true or false, not a string, is_blocked is read-only on create; block the teammate afterwards, id is system-generated; leave it out, is_blcoked is not a field of a new teammate; the fields are: email, username, first_name, last_name, is_admin, is_available, custom_fields, custom_fields.Age must be of type number, not a string, custom_fields.Ctiy is not configured; the custom fields are: City, Age",
        "status": 400,
        "title": "Bad request"
      }
    }
    "#);
}

#[tokio::test]
async fn every_invalid_field_of_a_change_is_reported_at_once() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("ana@x.example").await;
    let body = json!({
        "id": "tea_9", "email": "nobody", "username": "", "last_name": null, "is_available": 1,
        "is_blcoked": true, "custom_fields": { "City": "Lyon" },
    });
    let refused = company.patch(&format!("/teammates/{id}"), body).await;
    insta::assert_snapshot!(refused, @r#"
    400
    content-type: application/json

    {
      "_error": {
        "code": "request.invalid",
        "details": [
          "email must be an e-mail address with exactly one @, such as ana@example.com",
          "username must be 1 to 64 characters of a to z, 0 to 9 and _",
          "last_name must be a string, not null",
          "is_available must be true or false, not a number",
          "id is system-generated and cannot be changed; leave it out or send it as it is",
          "is_blcoked is not a field of a teammate; the fields are: email, username, first_name, last_name, is_admin, is_available, is_blocked, custom_fields, id, type, license_type, _links",
          "custom_fields.City is not configured; this company has no custom fields"
        ],
        "message": "Body did not satisfy requirements: email must be an e-mail address with exactly one @, such as ana@example.com, username must be 1 to 64 characters of a to z, 0 to 9 and _, last_name must be a string, not null, is_available must be true or false, not a number, id is system-generated and cannot be changed; leave it out or send it as it is, is_blcoked is not a field of a teammate; the fields are: email, username, first_name, last_name, is_admin, is_available, is_blocked, custom_fields, id, type, license_type, _links, custom_fields.City is not configured; this company has no custom fields",
        "status": 400,
        "title": "Bad request"
      }
    }
    "#);
}

#[tokio::test]
async fn what_the_server_makes_is_refused_on_create() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for (name, value, reason) in [
        ("id", json!("tea_1"), "system-generated"),
        ("type", json!("user"), "system-generated"),
        ("license_type", json!("full"), "system-generated"),
        ("_links", json!({}), "system-generated"),
        ("is_blocked", json!(true), "read-only on create"),
        ("is_blocked", json!(false), "read-only on create"),
    ] {
        let refused =
            company.post("/teammates", json!({ "email": "ana@x.example", name: value })).await.expect(400);
        assert!(details(&refused)[0].contains(reason), "{name}: {refused}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_one_object_is_refused() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    for body in [
        "",
        "null",
        "[]",
        "\"ana@x.example\"",
        "{\"email\":\"bob@x.example\"",
        "{\"email\":\"bob@x.example\",\"email\":\"bob@x.example\"}",
        "{\"email\":\"bob@x.example\"} {}",
    ] {
        for (method, path) in [(Method::POST, "/teammates"), (Method::PATCH, "/teammates/tea_1")] {
            let refused = send_raw(&company, method, path, body).await.expect(400);
            assert!(refused.message().starts_with("Body did not satisfy requirements"), "{body}: {refused}");
        }
    }
}

#[tokio::test]
async fn what_the_server_makes_cannot_be_changed() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    for (name, value) in [
        ("id", json!("tea_2")),
        ("type", json!("visitor")),
        ("license_type", json!("guest")),
        ("_links", json!({})),
        ("_links", json!({ "self": "http://tenure.test/teammates/tea_1" })),
    ] {
        let refused = company.patch(&path, json!({ name: value })).await.expect(400);
        assert!(details(&refused)[0].contains("system-generated"), "{name}: {refused}");
    }
}
