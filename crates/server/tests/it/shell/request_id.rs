//! The id that every request has: the caller's where it is sane, else one that is made.

use reqwest::Method;
use tenure_testkit::TestServer;

#[tokio::test]
async fn the_callers_request_id_is_kept_where_it_is_sane() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let longest = "i".repeat(128);
    for id in [
        "1",
        "8e03978e-40d5-43dd-bc93-6894a57f9324",
        "Root=1-67891233-abcdef",
        "a_b.c:d/e+f=",
        longest.as_str(),
    ] {
        for path in ["/me", "/healthz", "/nothing"] {
            let request = company.request(Method::GET, path).header("X-Request-Id", id);
            assert_eq!(company.send(request).await.header("x-request-id"), Some(id), "{path}");
        }
    }
}

#[tokio::test]
async fn an_insane_request_id_is_replaced() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let too_long = "i".repeat(129);
    for id in ["", "a b", "a\tb", "\"a\"", "a;b", "<a>", "a\\nb", "\u{e9}", "{\"a\":1}", too_long.as_str()] {
        let request = company.request(Method::GET, "/healthz").header("X-Request-Id", id.as_bytes());
        let reply = company.send(request).await;
        let made = reply.header("x-request-id").unwrap_or_default();
        assert!(!made.is_empty() && made != id, "{id:?}: {made}");
    }
}

#[tokio::test]
async fn every_request_without_an_id_gets_one_of_its_own() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let mut ids = Vec::new();
    for path in ["/me", "/me", "/healthz", "/nothing", "/teammates/tea_1"] {
        ids.push(company.get(path).await.header("x-request-id").unwrap().to_owned());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}
