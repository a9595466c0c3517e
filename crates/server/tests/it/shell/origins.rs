//! Whose origin counts: links follow the public URL alone, and pages of other origins get no leave.

use super::large;
use reqwest::Method;
use serde_json::json;
use tenure_testkit::{PUBLIC_URL, TestServer};

#[tokio::test]
async fn links_follow_the_public_url_alone() {
    let server = TestServer::start().await;
    let company = large(&server).await;
    for (header, value) in [
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "evil"),
        ("X-Forwarded-Port", "666"),
        ("X-Forwarded-Prefix", "/evil"),
        ("Forwarded", "host=evil.example;proto=evil"),
        ("X-Original-URL", "/evil"),
    ] {
        let request = company.request(Method::GET, "/teammates?limit=1").header(header, value);
        let list = company.send(request).await.expect(200);
        let body = list.json();
        assert_eq!(body["_links"]["self"], format!("{PUBLIC_URL}/teammates"), "{header}");
        assert_eq!(
            body["_results"][0]["_links"]["self"],
            format!("{PUBLIC_URL}/teammates/tea_1"),
            "{header}"
        );
        assert!(list.next().is_some_and(|next| next.starts_with("/teammates?")), "{header}: {list}");
    }
}

#[tokio::test]
async fn the_location_of_something_new_follows_the_public_url_alone() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let request = company.request(Method::POST, "/teammates").header("Host", "evil.example");
    let request = request.header("X-Forwarded-Host", "evil.example");
    let created = company.send(request.json(&json!({ "email": "ana@x.example" }))).await.expect(201);
    assert_eq!(created.header("location"), Some(format!("{PUBLIC_URL}/teammates/tea_1").as_str()));
}

#[tokio::test]
async fn pages_of_other_origins_get_no_leave() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for method in [Method::GET, Method::OPTIONS] {
        let request = company.request(method.clone(), "/teammates").header("Origin", "https://evil.example");
        let reply = company.send(request.header("Access-Control-Request-Method", "GET")).await;
        let leave: Vec<_> =
            reply.headers.keys().filter(|name| name.as_str().starts_with("access-control")).collect();
        assert!(leave.is_empty(), "{method}: {leave:?}");
    }
}
