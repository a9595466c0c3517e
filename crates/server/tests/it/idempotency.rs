//! `Idempotency-Key` on POST: done once, and the same answer for every repeat.

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use std::time::Duration;
use tenure_testkit::{Reply, TestCompany, TestServer};

const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";
const ANA: &str = r#"{"email":"ana@x.example","first_name":"Ana"}"#;
const BO: &str = r#"{"email":"bo@x.example"}"#;

/// Creates a teammate under a key, with the body spelt as it is given.
async fn create(company: &TestCompany, key: &str, body: &str) -> Reply {
    company.send(keyed(company, "/teammates", key).body(body.to_owned())).await
}

fn keyed(company: &TestCompany, path: &str, key: &str) -> RequestBuilder {
    let request = company.request(Method::POST, path);
    request.header("Idempotency-Key", key).header("Content-Type", "application/json")
}

fn is_replayed(reply: &Reply) -> bool {
    reply.header("idempotent-replayed") == Some("true")
}

#[tokio::test]
async fn the_same_key_and_body_get_the_same_answer() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let first = create(&company, KEY, ANA).await.expect(201);
    let again = create(&company, KEY, ANA).await.expect(201);
    assert_eq!(again.text(), first.text());
    for header in ["location", "etag", "content-type"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
}

#[tokio::test]
async fn only_a_repeat_is_marked() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    assert!(!is_replayed(&create(&company, KEY, ANA).await));
    assert!(is_replayed(&create(&company, KEY, ANA).await));
    assert!(is_replayed(&create(&company, KEY, ANA).await));
}

#[tokio::test]
async fn the_same_key_and_body_make_one_teammate() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    create(&company, KEY, ANA).await.expect(201);
    create(&company, KEY, ANA).await.expect(201);
    assert_eq!(company.get("/teammates").await.ids(), ["tea_1"]);
}

#[tokio::test]
async fn a_repeat_is_answered_as_it_was_then_whatever_has_changed() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let first = create(&company, KEY, ANA).await.expect(201);
    company.patch("/teammates/tea_1", json!({ "first_name": "Anna" })).await.expect(204);
    company.delete("/teammates/tea_1").await.expect(204);
    assert_eq!(create(&company, KEY, ANA).await.text(), first.text());
}

#[tokio::test]
async fn a_body_spelt_otherwise_is_the_same_body() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    create(&company, KEY, ANA).await.expect(201);
    for same in [
        " {\n  \"email\" : \"ana@x.example\",\r\n\t\"first_name\": \"Ana\"\n}\n",
        r#"{"first_name":"Ana","email":"ana@x.example"}"#,
        r#"{"email":"ana\u0040x.example","first_name":"\u0041na"}"#,
        r#"{"em\u0061il":"ana@x.example","first_name":"Ana"}"#,
    ] {
        let reply = create(&company, KEY, same).await;
        assert!(reply.status == 201 && is_replayed(&reply), "{same}: {reply}");
    }
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    create(&company, KEY, ANA).await.expect(201);
    insta::assert_snapshot!(create(&company, KEY, BO).await, @r#"
    422
    content-type: application/json

    {
      "_error": {
        "code": "request.key_reused",
        "message": "this Idempotency-Key was used for another request within 24 hours; use a new key for a new request",
        "status": 422,
        "title": "Unprocessable entity"
      }
    }
    "#);
    assert_eq!(company.get("/teammates").await.ids(), ["tea_1"]);
}

#[tokio::test]
async fn what_differs_in_a_small_thing_is_another_body() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    create(&company, KEY, ANA).await.expect(201);
    for other in [
        r#"{"email":"ana@x.example"}"#,
        r#"{"email":"Ana@x.example","first_name":"Ana"}"#,
        r#"{"email":"ana@x.example","first_name":"Ana "}"#,
        r#"{"email":"ana@x.example","first_name":"Ana","is_admin":false}"#,
    ] {
        assert_eq!(create(&company, KEY, other).await.status, 422, "{other}");
    }
}

#[tokio::test]
async fn the_same_key_and_body_for_another_path_are_refused() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let ana = company.teammate("ana@x.example").await;
    let (support, sales) = (company.team(&server, "Support").await, company.team(&server, "Sales").await);
    let body = json!({ "teammate_ids": [ana] });
    let add = async |team: &str| {
        company.send(keyed(&company, &format!("/teams/{team}/teammates"), KEY).json(&body)).await
    };
    add(&support).await.expect(204);
    add(&sales).await.expect(422);
}

#[tokio::test]
async fn quoted_and_bare_are_one_key() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    create(&company, KEY, ANA).await.expect(201);
    assert!(is_replayed(&create(&company, &format!("\"{KEY}\""), ANA).await));
}

#[tokio::test]
async fn keys_differ_by_case() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    create(&company, "key", ANA).await.expect(201);
    create(&company, "KEY", BO).await.expect(201);
}

#[tokio::test]
async fn a_refusal_is_replayed_even_when_it_would_succeed_by_now() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let holder = company.teammate("ana@x.example").await;
    let first = create(&company, KEY, ANA).await.expect(409);
    company.patch(&format!("/teammates/{holder}"), json!({ "email": "anna@x.example" })).await.expect(204);
    let again = create(&company, KEY, ANA).await.expect(409);
    assert!(is_replayed(&again) && !is_replayed(&first));
    assert_eq!(again.text(), first.text());
}

#[tokio::test]
async fn another_tokens_same_key_is_another_key() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let other = company.with_token(company.scoped(&server, &["teammates:write"]).await);
    create(&company, KEY, ANA).await.expect(201);
    let reply = create(&other, KEY, BO).await.expect(201);
    assert!(!is_replayed(&reply));
}

#[tokio::test]
async fn another_companys_same_key_is_another_key() {
    let server = TestServer::start().await;
    let (acme, globex) = (server.company("Acme").await, server.company("Globex").await);
    create(&acme, KEY, ANA).await.expect(201);
    let reply = create(&globex, KEY, ANA).await.expect(201);
    assert!(!is_replayed(&reply));
}

#[tokio::test]
async fn a_key_is_remembered_for_24_hours() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    create(&company, KEY, ANA).await.expect(201);
    server.clock().advance(Duration::from_secs(24 * 60 * 60 - 1));
    assert!(is_replayed(&create(&company, KEY, ANA).await));
}

#[tokio::test]
async fn after_24_hours_a_key_is_new() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    create(&company, KEY, ANA).await.expect(201);
    server.clock().advance(Duration::from_hours(24));
    let reply = create(&company, KEY, BO).await.expect(201);
    assert!(!is_replayed(&reply));
    assert!(is_replayed(&create(&company, KEY, BO).await));
}

#[tokio::test]
async fn a_key_survives_a_restart() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let first = create(&company, KEY, ANA).await.expect(201);
    let server = server.restart().await;
    let again = server.http().post(format!("http://{}/teammates", server.address()));
    let again = again.bearer_auth(&company.token).header("Idempotency-Key", KEY);
    let again = company.send(again.header("Content-Type", "application/json").body(ANA)).await;
    assert!(is_replayed(&again), "{again}");
    assert_eq!(again.text(), first.text());
}

#[tokio::test]
async fn many_at_once_make_one() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let (one, two, three) =
        tokio::join!(create(&company, KEY, ANA), create(&company, KEY, ANA), create(&company, KEY, ANA));
    for reply in [&one, &two, &three] {
        let is_still_running = reply.status == 409
            && reply.code() == "request.still_running"
            && reply.number("retry-after") >= 1;
        assert!(reply.status == 201 || is_still_running, "{reply}");
    }
    assert_eq!(company.get("/teammates").await.ids(), ["tea_1"]);
}

#[tokio::test]
async fn members_are_added_once() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let (ana, team) = (company.teammate("ana@x.example").await, company.team(&server, "Support").await);
    let path = format!("/teams/{team}/teammates");
    let body = json!({ "teammate_ids": [ana] });
    company.send(keyed(&company, &path, KEY).json(&body)).await.expect(204);
    company.delete_with(&path, body.clone()).await.expect(204);
    let again = company.send(keyed(&company, &path, KEY).json(&body)).await.expect(204);
    assert!(is_replayed(&again));
    assert!(company.get(&path).await.ids().is_empty());
}

#[tokio::test]
async fn an_invitation_is_sent_again_once() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}/invitation/resend", company.teammate("ana@x.example").await);
    let first = company.send(keyed(&company, &path, KEY)).await.expect(204);
    let again = company.send(keyed(&company, &path, KEY)).await.expect(204);
    assert!(is_replayed(&again) && !is_replayed(&first));
}

#[tokio::test]
async fn without_a_key_nothing_is_replayed() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.post("/teammates", json!({ "email": "ana@x.example" })).await.expect(201);
    let again = company.post("/teammates", json!({ "email": "ana@x.example" })).await.expect(409);
    assert!(!is_replayed(&again));
}

#[tokio::test]
async fn a_key_of_255_characters_is_taken() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    create(&company, &"k".repeat(255), ANA).await.expect(201);
    assert!(is_replayed(&create(&company, &"k".repeat(255), ANA).await));
}

#[tokio::test]
async fn a_malformed_key_is_refused_and_nothing_is_done() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let too_long = "k".repeat(256);
    let malformed =
        ["", " ", "\"\"", "a b", "\"a", "a\"", "a\"b", "a\\b", "a\tb", "schl\u{fc}ssel", too_long.as_str()];
    for key in malformed {
        let request = company.request(Method::POST, "/teammates").header("Idempotency-Key", key.as_bytes());
        let reply = company.send(request.json(&json!({ "email": "ana@x.example" }))).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "request.bad_idempotency_key"), "{key:?}");
    }
    assert!(company.get("/teammates").await.ids().is_empty());
}

#[tokio::test]
async fn two_keys_are_refused() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let request = keyed(&company, "/teammates", "one").header("Idempotency-Key", "two").body(ANA);
    company.send(request).await.expect(400);
}
