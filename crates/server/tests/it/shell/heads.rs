//! Heads that are malformed, have not exactly one host, or are too large.

use super::{exchange, impatient, last, not_refused, statuses};
use tenure_testkit::TestServer;

const BAD_HEADS: [(&str, &str); 30] = [
    ("space before the colon", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A : 1\r\n\r\n"),
    ("folded line", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: 1\r\n 2\r\n\r\n"),
    ("folded with a tab", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: 1\r\n\t2\r\n\r\n"),
    ("space before the first header", "GET /healthz HTTP/1.1\r\n Host: t\r\n\r\n"),
    ("NUL in a value", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: a\0b\r\n\r\n"),
    ("NUL in a name", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-\0A: 1\r\n\r\n"),
    ("control in a value", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: a\x07b\r\n\r\n"),
    ("DEL in a value", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: a\x7fb\r\n\r\n"),
    ("bare CR in a value", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: a\rb\r\n\r\n"),
    ("bare CR as line end", "GET /healthz HTTP/1.1\rHost: t\r\r"),
    ("bare LF as line end", "GET /healthz HTTP/1.1\nHost: t\n\n"),
    ("bare LF after a header", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: 1\nX-B: 2\r\n\r\n"),
    ("bare LF as end of the head", "GET /healthz HTTP/1.1\r\nHost: t\r\n\n"),
    ("no colon", "GET /healthz HTTP/1.1\r\nHost: t\r\nnonsense\r\n\r\n"),
    ("no name", "GET /healthz HTTP/1.1\r\nHost: t\r\n: 1\r\n\r\n"),
    ("name with a quote", "GET /healthz HTTP/1.1\r\nHost: t\r\n\"X\": 1\r\n\r\n"),
    ("name beyond ASCII", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-\u{e9}: 1\r\n\r\n"),
    ("control in the target", "GET /health\x01z HTTP/1.1\r\nHost: t\r\n\r\n"),
    ("space in the target", "GET /health z HTTP/1.1\r\nHost: t\r\n\r\n"),
    ("two spaces", "GET  /healthz HTTP/1.1\r\nHost: t\r\n\r\n"),
    ("tabs for spaces", "GET\t/healthz\tHTTP/1.1\r\nHost: t\r\n\r\n"),
    ("space before the method", " GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"),
    ("method that is no token", "GE(T /healthz HTTP/1.1\r\nHost: t\r\n\r\n"),
    ("no version", "GET /healthz\r\nHost: t\r\n\r\n"),
    ("another version", "GET /healthz HTTP/1.2\r\nHost: t\r\n\r\n"),
    ("version 2", "GET /healthz HTTP/2.0\r\nHost: t\r\n\r\n"),
    ("version in lower case", "GET /healthz http/1.1\r\nHost: t\r\n\r\n"),
    ("something behind the version", "GET /healthz HTTP/1.1 x\r\nHost: t\r\n\r\n"),
    ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\x7c\x03\x03"),
];

#[tokio::test]
async fn a_malformed_head_is_refused_and_ends_the_connection() {
    let server = TestServer::with_limits(impatient()).await;
    let shapes = BAD_HEADS.map(|(name, head)| (name, head.to_owned()));
    assert_eq!(not_refused(&server, shapes).await, [""; 0]);
}

#[tokio::test]
async fn a_refused_head_is_answered_as_other_requests_are() {
    let server = TestServer::start().await;
    let too_many_lines = last("GET", "/healthz", &"X-A: 1\r\n".repeat(99));
    for (bytes, code) in [("GET\r\n\r\n", "malformed"), (too_many_lines.as_str(), "head_too_large")] {
        let said = exchange(&server, bytes).await;
        assert!(said.contains(&format!("\"code\":\"request.{code}\"")), "{said}");
        for header in ["x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
            assert!(said.to_lowercase().contains(&format!("\r\n{header}: ")), "{said}");
        }
    }
}

#[tokio::test]
async fn a_request_without_exactly_one_host_is_refused() {
    let server = TestServer::with_limits(impatient()).await;
    let shapes = [
        ("none", "GET /healthz HTTP/1.1\r\n\r\n".to_owned()),
        ("two", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned()),
        ("with a space", "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n".to_owned()),
    ];
    assert_eq!(not_refused(&server, shapes).await, [""; 0]);
}

#[tokio::test]
async fn a_head_of_32_kib_is_the_most() {
    let server = TestServer::start().await;
    let line = format!("X-A: {}\r\n", "a".repeat(1016));
    let fits = last("GET", "/healthz", &line.repeat(31));
    assert_eq!(statuses(&exchange(&server, &fits).await), [200]);
    let too_large = last("GET", "/healthz", &line.repeat(33));
    let said = exchange(&server, &too_large).await;
    assert!(matches!(statuses(&said).as_slice(), [] | [400 | 431]), "{said}");
}

#[tokio::test]
async fn a_head_of_100_lines_is_the_most() {
    let server = TestServer::start().await;
    // `last` has two lines of its own.
    let fits = last("GET", "/healthz", &"X-A: 1\r\n".repeat(98));
    assert_eq!(statuses(&exchange(&server, &fits).await), [200]);
    let too_many = last("GET", "/healthz", &"X-A: 1\r\n".repeat(99));
    let said = exchange(&server, &too_many).await;
    assert!(matches!(statuses(&said).as_slice(), [] | [400 | 431]), "{said}");
}
