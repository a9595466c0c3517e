//! The rate limit: its windows, its headers on every answer, and what happens beyond it.

use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tenure_server::http::Limits;
use tenure_server::operator::TokenWish;
use tenure_testkit::{Reply, TestCompany, TestServer};

/// Where the clock of every test begins, in epoch seconds: on a full minute.
const START: i64 = 1_767_225_600;

const JSON: (&str, &str) = ("Content-Type", "application/json");
/// What needs no token and is not counted.
const OPEN: [&str; 6] = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/docs/index.css"];

/// The company with a token that has this limit; with none, the company's counts.
async fn limited(server: &TestServer, company: &TestCompany, limit: Option<&str>) -> TestCompany {
    let rate_limit = limit.map(str::to_owned);
    let token = company.new_token(server, TokenWish { rate_limit, ..TestCompany::wish("company") }).await;
    company.with_token(token.token)
}

/// Limit, remaining and reset, as an answer tells them.
fn standing(reply: &Reply) -> (i64, i64, i64) {
    let [limit, remaining, reset] =
        ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map(|name| reply.number(name));
    (limit, remaining, reset)
}

async fn without_token(company: &TestCompany, server: &TestServer, path: &str) -> Reply {
    company.send(server.http().get(format!("http://{}{path}", server.address()))).await
}

#[tokio::test]
async fn a_token_has_120_requests_a_minute() {
    let server = TestServer::start().await;
    let company = limited(&server, &server.company("Acme").await, None).await;
    for left in (0..120).rev() {
        let reply = company.get("/me").await.expect(200);
        assert_eq!(standing(&reply), (120, left, START + 60));
    }
    company.get("/me").await.expect(429);
}

#[tokio::test]
async fn a_request_beyond_the_limit_is_told_when_to_come_back() {
    let server = TestServer::start().await;
    let company = limited(&server, &server.company("Acme").await, Some("1")).await;
    company.get("/me").await.expect(200);
    let refused = company.get("/me").await;
    insta::assert_snapshot!(refused, @r#"
    429
    content-type: application/json
    retry-after: 60

    {
      "_error": {
        "code": "request.too_many",
        "message": "1 request is allowed a minute and this was one more; nothing was done, wait 60 s",
        "status": 429,
        "title": "Too many requests"
      }
    }
    "#);
    assert_eq!(standing(&refused), (1, 0, START + 60));
}

#[tokio::test]
async fn the_wait_is_at_least_a_second() {
    let server = TestServer::start().await;
    let company = limited(&server, &server.company("Acme").await, Some("1")).await;
    server.clock().advance(Duration::from_millis(59_999));
    company.get("/me").await.expect(200);
    let refused = company.get("/me").await.expect(429);
    assert_eq!(refused.number("retry-after"), 1);
}

#[tokio::test]
async fn beyond_the_limit_nothing_is_done() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let one = limited(&server, &company, Some("1")).await;
    one.get("/me").await.expect(200);
    one.post("/teammates", json!({ "email": "ana@x.example" })).await.expect(429);
    assert!(company.get("/teammates").await.ids().is_empty());
}

#[tokio::test]
async fn requests_that_fail_count_too() {
    let server = TestServer::start().await;
    let company = limited(&server, &server.company("Acme").await, Some("2")).await;
    company.get("/teammates/tea_1").await.expect(404);
    company.post("/teammates", json!({})).await.expect(400);
    company.get("/me").await.expect(429);
}

#[tokio::test]
async fn a_new_window_gives_a_new_budget() {
    let server = TestServer::start().await;
    let company = limited(&server, &server.company("Acme").await, Some("1")).await;
    company.get("/me").await.expect(200);
    server.clock().advance(Duration::from_millis(59_999));
    company.get("/me").await.expect(429);
    server.clock().advance(Duration::from_millis(1));
    let reply = company.get("/me").await.expect(200);
    assert_eq!(standing(&reply), (1, 0, START + 120));
}

#[tokio::test]
async fn windows_are_the_clocks_minutes_and_do_not_start_with_the_first_request() {
    let server = TestServer::start().await;
    let company = limited(&server, &server.company("Acme").await, Some("1")).await;
    server.clock().advance(Duration::from_secs(50));
    company.get("/me").await.expect(200);
    server.clock().advance(Duration::from_secs(10));
    company.get("/me").await.expect(200);
}

#[tokio::test]
async fn a_token_can_have_a_limit_of_its_own() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let own = limited(&server, &company, Some("7")).await;
    company.set(&server, "rate-limit=5").await;
    assert_eq!(standing(&own.get("/me").await), (7, 6, START + 60));
}

#[tokio::test]
async fn the_companys_setting_counts_at_once_for_tokens_without_a_limit_of_their_own() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let common = limited(&server, &company, None).await;
    assert_eq!(standing(&common.get("/me").await), (120, 119, START + 60));
    company.set(&server, "rate-limit=5").await;
    assert_eq!(standing(&common.get("/me").await), (5, 3, START + 60));
}

#[tokio::test]
async fn unlimited_is_never_refused_and_has_the_headers_all_the_same() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let by_token = limited(&server, &company, Some("unlimited")).await;
    let by_company = limited(&server, &company, None).await;
    company.set(&server, "rate-limit=unlimited").await;
    for _ in 0..130 {
        for company in [&by_token, &by_company] {
            let (limit, remaining, reset) = standing(&company.get("/me").await.expect(200));
            assert!(limit > 1_000_000 && remaining > 1_000_000);
            assert_eq!(reset, START + 60);
        }
    }
}

#[tokio::test]
async fn two_tokens_do_not_share_a_budget() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let one = limited(&server, &company, Some("1")).await;
    let other = limited(&server, &company, Some("1")).await;
    one.get("/me").await.expect(200);
    one.get("/me").await.expect(429);
    other.get("/me").await.expect(200);
}

#[tokio::test]
async fn two_companies_do_not_share_a_budget() {
    let server = TestServer::start().await;
    // Both tokens are the second of their company, so their ids are the same.
    let acme = limited(&server, &server.company("Acme").await, Some("1")).await;
    let globex = limited(&server, &server.company("Globex").await, Some("1")).await;
    acme.get("/me").await.expect(200);
    acme.get("/me").await.expect(429);
    globex.get("/me").await.expect(200);
}

/// Status, method, path, headers, body; carried out in this order.
type Asked = (u16, &'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

const ANSWERS: [Asked; 18] = [
    (200, "GET", "/me", &[], ""),
    (200, "HEAD", "/me", &[], ""),
    (204, "OPTIONS", "/me", &[], ""),
    (201, "POST", "/teammates", &[JSON], r#"{"email":"ana@x.example"}"#),
    (204, "PATCH", "/teammates/tea_1", &[JSON], r#"{"first_name":"Ana"}"#),
    (304, "GET", "/teammates/tea_1", &[("If-None-Match", "*")], ""),
    (400, "POST", "/teammates", &[JSON], "{"),
    (404, "GET", "/teammates/tea_zz", &[], ""),
    (404, "GET", "/nothing", &[], ""),
    (404, "GET", "/invitations/nothing", &[], ""),
    (405, "PUT", "/teammates", &[JSON], "{}"),
    (409, "POST", "/teammates", &[JSON], r#"{"email":"ana@x.example"}"#),
    (412, "PATCH", "/teammates/tea_1", &[JSON, ("If-Match", "\"0\"")], r#"{"first_name":"Bo"}"#),
    (
        413,
        "POST",
        "/teammates",
        &[JSON],
        r#"{"email":"bo@x.example","first_name":"more than sixty-four bytes"}"#,
    ),
    (415, "POST", "/teammates", &[("Content-Type", "text/plain")], r#"{"email":"bo@x.example"}"#),
    (201, "POST", "/teammates", &[JSON, ("Idempotency-Key", "k")], r#"{"email":"bo@x.example"}"#),
    (422, "POST", "/teammates", &[JSON, ("Idempotency-Key", "k")], r#"{"email":"cy@x.example"}"#),
    (204, "DELETE", "/teammates/tea_1", &[], ""),
];

#[tokio::test]
async fn every_kind_of_answer_has_the_three_headers() {
    let server = TestServer::with_limits(Limits { body_bytes: 64, ..Limits::default() }).await;
    let company = limited(&server, &server.company("Acme").await, None).await;
    for (status, method, path, headers, body) in ANSWERS {
        let request = company.request(method.parse().unwrap(), path).body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let reply = company.send(request).await.expect(status);
        assert_eq!(standing(&reply).2, START + 60, "{method} {path}: {reply}");
    }
}

#[tokio::test]
async fn answers_about_the_token_have_the_three_headers() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let narrow = company.with_token(company.scoped(&server, &["events:read"]).await);
    let scim = company.with_token(company.scim_token(&server).await);
    let used_up = limited(&server, &company, Some("1")).await;
    used_up.get("/me").await.expect(200);
    for (status, company) in
        [(401, &company.with_token("nonsense")), (403, &narrow), (403, &scim), (429, &used_up)]
    {
        let reply = company.get("/teammates").await.expect(status);
        assert_eq!(standing(&reply).2, START + 60, "{reply}");
    }
}

#[tokio::test]
async fn answers_that_need_no_token_have_the_three_headers() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for path in OPEN {
        let reply = without_token(&company, &server, path).await.expect(200);
        assert_eq!(standing(&reply).2, START + 60, "{path}: {reply}");
    }
}

#[tokio::test]
async fn the_answer_to_a_url_that_is_too_long_has_the_three_headers() {
    let server = TestServer::start().await;
    let company = limited(&server, &server.company("Acme").await, None).await;
    let reply = company.get(&format!("/teammates?page_token={}", "a".repeat(8192))).await.expect(414);
    assert_eq!(standing(&reply), (120, 119, START + 60));
}

#[tokio::test]
async fn strangers_are_limited_by_their_address() {
    let server = TestServer::with_limits(Limits { strangers_per_minute: 3, ..Limits::default() }).await;
    let company = server.company("Acme").await;
    let mistyped = company.with_token(format!("{}x", company.token));
    without_token(&company, &server, "/me").await.expect(401);
    mistyped.get("/me").await.expect(401);
    company.with_token("nonsense").get("/nothing").await.expect(404);
    let refused = mistyped.get("/me").await.expect(429);
    assert_eq!(standing(&refused), (3, 0, START + 60));
    assert_eq!(refused.number("retry-after"), 60);
}

#[tokio::test]
async fn strangers_take_nothing_from_those_with_a_token() {
    let server = TestServer::with_limits(Limits { strangers_per_minute: 1, ..Limits::default() }).await;
    let company = server.company("Acme").await;
    without_token(&company, &server, "/me").await.expect(401);
    without_token(&company, &server, "/me").await.expect(429);
    company.get("/me").await.expect(200);
}

#[tokio::test]
async fn a_stranger_does_not_choose_the_address_it_is_counted_by() {
    let server = TestServer::with_limits(Limits { strangers_per_minute: 1, ..Limits::default() }).await;
    let stranger = server.company("Acme").await.with_token("nonsense");
    stranger.get("/me").await.expect(401);
    for header in ["X-Forwarded-For", "Forwarded", "X-Real-IP"] {
        let request = stranger.request(Method::GET, "/me").header(header, "203.0.113.9");
        let reply = stranger.send(request).await;
        assert_eq!(reply.status, 429, "{header}");
    }
}

#[tokio::test]
async fn following_links_of_invitations_counts_as_a_strangers_request() {
    let server = TestServer::with_limits(Limits { strangers_per_minute: 2, ..Limits::default() }).await;
    let company = server.company("Acme").await;
    without_token(&company, &server, "/invitations/one").await.expect(404);
    without_token(&company, &server, "/invitations/two").await.expect(404);
    without_token(&company, &server, "/invitations/three").await.expect(429);
}

#[tokio::test]
async fn health_and_the_reference_are_not_counted() {
    let server = TestServer::with_limits(Limits { strangers_per_minute: 1, ..Limits::default() }).await;
    let company = server.company("Acme").await;
    without_token(&company, &server, "/me").await.expect(401);
    for path in OPEN {
        for _ in 0..3 {
            assert_eq!(without_token(&company, &server, path).await.status, 200, "{path}");
        }
    }
}
