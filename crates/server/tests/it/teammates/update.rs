//! Changing a teammate: what changes, what stays as it is, and when nothing does.

use super::{etag, teammate_with_two_values};
use serde_json::json;
use tenure_testkit::TestServer;

#[tokio::test]
async fn a_change_is_answered_with_nothing() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("ana@x.example").await;
    let changed =
        company.patch(&format!("/teammates/{id}"), json!({ "first_name": "Ana" })).await.expect(204);
    assert_eq!((changed.text().as_str(), changed.header("content-type")), ("", None));
}

#[tokio::test]
async fn each_field_changes_alone() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.custom_field(&server, "City", "string", &[]).await;
    company.admin("root@x.example").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    for (name, value) in [
        ("email", json!("Ana@X.example")),
        ("email", json!("ana.lopez@x.example")),
        ("username", json!("anita")),
        ("first_name", json!("Ana")),
        ("last_name", json!("López")),
        ("is_admin", json!(true)),
        ("is_admin", json!(false)),
        ("is_available", json!(false)),
        ("custom_fields", json!({ "City": "Lyon" })),
        ("is_blocked", json!(true)),
    ] {
        let mut expected = company.get(&path).await.json();
        expected[name] = value.clone();
        company.patch(&path, json!({ name: value })).await.expect(204);
        assert_eq!(company.get(&path).await.json(), expected, "{name}");
    }
}

#[tokio::test]
async fn a_change_of_nothing_makes_no_new_etag() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = teammate_with_two_values(&server, &company).await;
    let before = etag(&company, &path).await;
    for same in [
        json!({}),
        json!({ "email": "ana@x.example" }),
        json!({ "username": "ana", "first_name": "", "last_name": "" }),
        json!({ "is_admin": false, "is_available": true, "is_blocked": false }),
        json!({ "custom_fields": { "City": "Lyon", "Plan": "free" } }),
    ] {
        company.patch(&path, same.clone()).await.expect(204);
        assert_eq!(etag(&company, &path).await, before, "{same}");
    }
}

#[tokio::test]
async fn a_record_read_can_be_sent_back_whole() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let owner = company.admin("owner@x.example").await;
    for kind in ["string", "number", "boolean", "datetime", "teammate"] {
        company.custom_field(&server, kind, kind, &[]).await;
    }
    let values = json!({
        "string": "Lyon", "number": 0.1, "boolean": true, "datetime": 1_525_417_200, "teammate": owner,
    });
    let ana = json!({ "email": "ana@x.example", "is_admin": true, "custom_fields": values });
    company.post("/teammates", ana).await.expect(201);
    company.delete("/teammates/tea_2").await.expect(204);
    for path in ["/teammates/tea_1", "/teammates/tea_2"] {
        let before = company.get(path).await.expect(200);
        company.patch(path, before.json()).await.expect(204);
        let after = company.get(path).await;
        assert_eq!((after.text(), after.header("etag")), (before.text(), before.header("etag")), "{path}");
    }
}

#[tokio::test]
async fn a_change_to_what_another_holds_is_refused_and_nothing_changes() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let holder = company.teammate("ana@x.example").await;
    let path = format!("/teammates/{}", company.teammate("bob@x.example").await);
    let before = company.get(&path).await.text();
    for (name, value) in [("email", "ANA@x.example"), ("username", "ana")] {
        let refused = company.patch(&path, json!({ "first_name": "Bob", name: value })).await.expect(409);
        assert!(refused.message().contains(&holder), "{name}: {refused}");
        assert_eq!(company.get(&path).await.text(), before, "{name}");
    }
}
