//! The values that a teammate has of the custom fields: their types, and how the map of them changes.

use super::{details, field, teammate_with_two_values};
use serde_json::json;
use tenure_testkit::TestServer;

#[tokio::test]
async fn a_custom_field_of_each_type_takes_its_values() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let owner = company.teammate("owner@x.example").await;
    for kind in ["string", "number", "boolean", "datetime", "teammate"] {
        company.custom_field(&server, kind, kind, &[]).await;
    }
    company.custom_field(&server, "enum", "enum", &["free", "paid"]).await;
    for (index, (kind, given, kept)) in [
        ("string", json!("Lyon"), json!("Lyon")),
        ("string", json!(""), json!("")),
        ("number", json!(90), json!(90)),
        ("number", json!(-0.5), json!(-0.5)),
        ("number", json!(9_007_199_254_740_991_i64), json!(9_007_199_254_740_991_i64)),
        ("boolean", json!(true), json!(true)),
        ("boolean", json!(false), json!(false)),
        ("datetime", json!(1_525_417_200), json!(1_525_417_200)),
        ("enum", json!("paid"), json!("paid")),
        ("teammate", json!(owner), json!(owner)),
        ("teammate", json!("alt:email:OWNER@x.example"), json!(owner)),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({ "email": format!("t{index}@x.example"), "custom_fields": { kind: given } });
        let created = company.post("/teammates", body).await.expect(201).json();
        assert_eq!(created["custom_fields"], json!({ kind: kept }), "{kind} {given}");
    }
}

#[tokio::test]
async fn a_custom_field_refuses_values_of_another_type() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for kind in ["string", "number", "boolean", "datetime", "teammate", "inbox"] {
        company.custom_field(&server, kind, kind, &[]).await;
    }
    company.custom_field(&server, "enum", "enum", &["free", "paid"]).await;
    for (kind, value) in [
        ("string", json!(1)),
        ("string", json!(["Lyon"])),
        ("string", json!({})),
        ("number", json!("90")),
        ("boolean", json!("true")),
        ("boolean", json!(1)),
        ("datetime", json!("2026-01-01T00:00:00Z")),
        ("enum", json!("gold")),
        ("enum", json!(true)),
        ("teammate", json!("tea_zz")),
        ("teammate", json!(1)),
        ("inbox", json!("inb_1")),
        ("inbox", json!(false)),
    ] {
        let body = json!({ "email": "ana@x.example", "custom_fields": { kind: value } });
        let refused = company.post("/teammates", body).await.expect(400);
        let details = details(&refused);
        let named = details.len() == 1 && details[0].starts_with(&format!("custom_fields.{kind} "));
        assert!(named, "{kind} {value}: {refused}");
    }
}

#[tokio::test]
async fn an_unknown_custom_field_is_refused_with_those_there_are() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.custom_field(&server, "City", "string", &[]).await;
    company.custom_field(&server, "Job Title", "string", &[]).await;
    let body = json!({ "email": "ana@x.example", "custom_fields": { "Ctiy": "Lyon" } });
    let refused = company.post("/teammates", body).await;
    insta::assert_snapshot!(refused, @r#"
    400
    content-type: application/json

    {
      "_error": {
        "code": "request.invalid",
        "details": [
          "custom_fields.Ctiy is not configured; the custom fields are: City, Job Title"
        ],
        "message": "Body did not satisfy requirements: custom_fields.Ctiy is not configured; the custom fields are: City, Job Title",
        "status": 400,
        "title": "Bad request"
      }
    }
    "#);
}

#[tokio::test]
async fn custom_fields_replaces_the_whole_map() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = teammate_with_two_values(&server, &company).await;
    for values in [json!({ "Plan": "paid" }), json!({ "City": "Paris" }), json!({})] {
        company.patch(&path, json!({ "custom_fields": values })).await.expect(204);
        assert_eq!(field(&company, &path, "custom_fields").await, values);
    }
}

#[tokio::test]
async fn leaving_custom_fields_out_keeps_all() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = teammate_with_two_values(&server, &company).await;
    company.patch(&path, json!({ "first_name": "Ana" })).await.expect(204);
    assert_eq!(field(&company, &path, "custom_fields").await, json!({ "City": "Lyon", "Plan": "free" }));
}

#[tokio::test]
async fn null_removes_the_value_of_a_custom_field() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = teammate_with_two_values(&server, &company).await;
    company.patch(&path, json!({ "custom_fields": { "City": null, "Plan": "free" } })).await.expect(204);
    assert_eq!(field(&company, &path, "custom_fields").await, json!({ "Plan": "free" }));
}
