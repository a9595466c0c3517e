//! E-mail addresses: what is one, and that each has one holder.

use super::details;
use serde_json::json;
use tenure_testkit::TestServer;

#[tokio::test]
async fn internationalised_addresses_are_kept_as_given() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for email in ["用户@例子.广告", "Dörte@Sörensen.example", "ana@xn--bcher-kva.example", "josé+1@x.example"]
    {
        let created = company.post("/teammates", json!({ "email": email })).await.expect(201);
        assert_eq!(created.json()["email"], email);
    }
}

#[tokio::test]
async fn an_address_has_at_most_254_octets() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for (last_label, status) in [(61, 201), (62, 400)] {
        let domain = format!("{}.{}.{}", "b".repeat(63), "c".repeat(63), "d".repeat(last_label));
        let email = format!("{}@{domain}", "a".repeat(64));
        let answered = company.post("/teammates", json!({ "email": email })).await;
        assert_eq!(answered.status, status, "{} octets: {answered}", email.len());
    }
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for email in ["", "ana", "ana@", "@x.example", "ana@@x.example", "a na@x.example", "Ana <ana@x.example>"]
    {
        let refused = company.post("/teammates", json!({ "email": email })).await.expect(400);
        assert!(details(&refused)[0].starts_with("email "), "{email}: {refused}");
    }
}

#[tokio::test]
async fn an_address_is_required() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let refused = company.post("/teammates", json!({ "first_name": "Ana" })).await.expect(400);
    assert_eq!(details(&refused), ["email is required"]);
}

#[tokio::test]
async fn a_taken_address_is_refused_naming_its_holder() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let refused = company.post("/teammates", json!({ "email": "ana@x.example" })).await;
    insta::assert_snapshot!(refused, @r#"
    409
    content-type: application/json

    {
      "_error": {
        "code": "teammate.email_taken",
        "details": [
          "email is taken: teammate tea_1 has this address; use another, or change tea_1"
        ],
        "message": "email is taken: teammate tea_1 has this address; use another, or change tea_1",
        "status": 409,
        "title": "Conflict"
      }
    }
    "#);
}

#[tokio::test]
async fn an_address_is_taken_in_every_spelling_of_it() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("josé@bücher.example").await;
    for email in ["JOSé@Bücher.Example", "josé@XN--BCHER-KVA.example", "jose\u{301}@bücher.example"] {
        let refused = company.post("/teammates", json!({ "email": email })).await.expect(409);
        assert_eq!(refused.code(), "teammate.email_taken", "{email}");
        assert!(refused.message().contains(&id), "{email}: {refused}");
    }
}

#[tokio::test]
async fn a_blocked_teammate_keeps_its_address() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("ana@x.example").await;
    company.delete(&format!("/teammates/{id}")).await.expect(204);
    let refused = company.post("/teammates", json!({ "email": "Ana@x.example" })).await.expect(409);
    assert!(refused.message().contains(&id), "{refused}");
}

#[tokio::test]
async fn a_taken_address_and_username_are_reported_together() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    company.teammate("bob@x.example").await;
    let refused = company.post("/teammates", json!({ "email": "ana@x.example", "username": "bob" })).await;
    insta::assert_snapshot!(refused, @r#"
    409
    content-type: application/json

    {
      "_error": {
        "code": "teammate.email_taken",
        "details": [
          "email is taken: teammate tea_1 has this address; use another, or change tea_1",
          "username is taken: teammate tea_2 has this username; use another, or change tea_2"
        ],
        "message": "email is taken: teammate tea_1 has this address; use another, or change tea_1, username is taken: teammate tea_2 has this username; use another, or change tea_2",
        "status": 409,
        "title": "Conflict"
      }
    }
    "#);
}

#[tokio::test]
async fn another_company_may_have_the_same_address() {
    let server = TestServer::start().await;
    let (acme, other) = (server.company("Acme").await, server.company("Other").await);
    acme.teammate("ana@x.example").await;
    assert_eq!(other.teammate("ana@x.example").await, "tea_1");
}

#[tokio::test]
async fn a_new_address_frees_the_old_one() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    company.patch(&path, json!({ "email": "anita@x.example" })).await.expect(204);
    company.get("/teammates/alt:email:ana@x.example").await.expect(404);
    assert_eq!(company.teammate("ana@x.example").await, "tea_2");
}
