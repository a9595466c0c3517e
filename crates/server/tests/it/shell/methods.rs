//! `HEAD` and `OPTIONS` on every kind of path.

use super::{exchange, last};
use reqwest::Method;
use std::collections::BTreeSet;
use tenure_testkit::TestServer;

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let authorization = format!("Authorization: Bearer {}\r\n", company.token);
    for target in ["/healthz", "/me", "/teammates", "/teammates/tea_1", "/teammates/tea_2", "/nothing"] {
        let get = exchange(&server, &last("GET", target, &authorization)).await;
        let head = exchange(&server, &last("HEAD", target, &authorization)).await;
        let (head_of_get, _) = get.split_once("\r\n\r\n").unwrap();
        // The date and the request's own id and place in the window differ.
        let lasting = |head: &str| {
            let differs = ["date: ", "x-request-id: ", "x-ratelimit-remaining: "];
            let lines = head.lines().filter(|line| !differs.iter().any(|name| line.starts_with(name)));
            lines.map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let head = head.strip_suffix("\r\n\r\n").unwrap_or_else(|| panic!("{target} has a body: {head}"));
        assert_eq!(lasting(head), lasting(head_of_get), "{target}");
    }
}

#[tokio::test]
async fn options_tells_what_a_path_takes() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let expected: [(&str, &[&str]); 5] = [
        ("/me", &["GET", "HEAD"]),
        ("/teammates", &["GET", "HEAD", "POST"]),
        ("/teammates/tea_1", &["DELETE", "GET", "HEAD", "PATCH"]),
        ("/teams/tim_1/teammates", &["DELETE", "GET", "HEAD", "POST"]),
        ("/teammates/tea_1/invitation/resend", &["POST"]),
    ];
    for (path, methods) in expected {
        let reply = company.send(company.request(Method::OPTIONS, path)).await.expect(204);
        let mut allowed: Vec<_> = reply.header("allow").unwrap().split(',').map(str::trim).collect();
        allowed.retain(|method| *method != "OPTIONS");
        allowed.sort_unstable();
        assert_eq!(allowed, methods, "{path}");
    }
}
