//! The client's address behind proxies, by whom strangers are counted: a proxy's word counts where it is listed.

use reqwest::Method;
use tenure_server::http::Limits;
use tenure_testkit::{Reply, TestServer};

async fn start(trusted: &'static str) -> TestServer {
    TestServer::with_options(move |options| {
        options.trusted_proxies =
            trusted.split_whitespace().map(|net| net.parse().expect("a network")).collect();
        options.limits = Limits { strangers_per_minute: 1, ..Limits::default() };
    })
    .await
}

/// A request of a stranger, as a proxy on this machine passes it on.
async fn ask(server: &TestServer, forwarded: &str) -> Reply {
    let company = server.company("Acme").await.with_token("nonsense");
    company.send(company.request(Method::GET, "/me").header("X-Forwarded-For", forwarded)).await
}

#[tokio::test]
async fn without_a_listed_proxy_nobodys_word_counts() {
    let server = start("").await;
    ask(&server, "198.51.100.1").await.expect(401);
    ask(&server, "198.51.100.2").await.expect(429);
}

#[tokio::test]
async fn a_listed_proxy_tells_clients_apart() {
    let server = start("127.0.0.0/8").await;
    ask(&server, "198.51.100.1").await.expect(401);
    ask(&server, "198.51.100.2").await.expect(401);
    ask(&server, "198.51.100.1:4711").await.expect(429);
}

#[tokio::test]
async fn what_a_client_writes_before_the_proxy_does_not_count() {
    let server = start("127.0.0.0/8 10.0.0.0/8").await;
    ask(&server, "203.0.113.1, 198.51.100.1, 10.0.0.1").await.expect(401);
    ask(&server, "203.0.113.2, 198.51.100.1, 10.0.0.2").await.expect(429);
}

#[tokio::test]
async fn a_hop_that_cannot_be_read_ends_the_trust() {
    let server = start("127.0.0.0/8").await;
    ask(&server, "198.51.100.1, unknown").await.expect(401);
    ask(&server, "198.51.100.2, unknown").await.expect(429);
}
