//! Web pages of other origins: let in only where the operator says so.

use reqwest::Method;
use tenure_testkit::{Reply, TestCompany, TestServer};

const APP: &str = "https://app.example.com";

async fn start() -> TestServer {
    TestServer::with_options(|options| options.cors_origins = vec![APP.to_owned()]).await
}

/// What a browser asks before it lets a page write.
async fn preflight(company: &TestCompany, origin: &str) -> Reply {
    let request = company.with_token("").request(Method::OPTIONS, "/teammates").header("Origin", origin);
    company.send(request.header("Access-Control-Request-Method", "POST")).await
}

#[tokio::test]
async fn no_origin_is_let_in_unless_it_is_configured() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let request = company.request(Method::GET, "/me").header("Origin", APP);
    assert_eq!(company.send(request).await.expect(200).header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_configured_origin_may_ask_beforehand_without_a_token() {
    let server = start().await;
    let company = server.company("Acme").await;
    let reply = preflight(&company, APP).await.expect(200);
    assert_eq!(reply.header("access-control-allow-origin"), Some(APP));
    assert!(
        reply.header("access-control-allow-headers").unwrap_or_default().contains("authorization"),
        "{reply}"
    );
    assert_eq!(preflight(&company, "https://evil.example").await.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_page_of_a_configured_origin_can_read_every_answer_refusals_too() {
    let server = start().await;
    let company = server.company("Acme").await;
    for (method, path, token, status) in [
        (Method::GET, "/teammates", company.token.as_str(), 200),
        (Method::GET, "/teammates", "nonsense", 401),
        (Method::PUT, "/teammates", company.token.as_str(), 405),
        (Method::GET, "/nothing", company.token.as_str(), 404),
    ] {
        let request = company.with_token(token).request(method, path).header("Origin", APP);
        let reply = company.send(request).await.expect(status);
        assert_eq!(reply.header("access-control-allow-origin"), Some(APP), "{path} {status}");
        assert!(reply.number("x-ratelimit-limit") > 0, "{path} {status}");
    }
}

#[tokio::test]
async fn plain_options_tell_the_methods_all_the_same() {
    let server = start().await;
    let company = server.company("Acme").await;
    let reply = company.send(company.request(Method::OPTIONS, "/me").header("Origin", APP)).await.expect(204);
    assert_eq!(reply.header("allow"), Some("GET, HEAD, OPTIONS"));
}
