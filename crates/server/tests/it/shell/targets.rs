//! The target of a request: its forms, its length, and what is escaped in it.

use super::{exchange, last, statuses};
use tenure_testkit::TestServer;

#[tokio::test]
async fn a_url_of_8_kib_is_the_longest() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for path in ["/me?", "/healthz?"] {
        let fits = format!("{path}{}", "a".repeat(8192 - path.len()));
        assert_eq!(company.get(&fits).await.status, 200, "{path}");
        assert_eq!(company.get(&format!("{fits}a")).await.status, 414, "{path}");
    }
    insta::assert_snapshot!(company.get(&format!("/me?{}", "a".repeat(8192))).await, @r#"
    414
    content-type: application/json

    {
      "_error": {
        "code": "request.url_too_long",
        "message": "the URL is longer than 8192 bytes",
        "status": 414,
        "title": "URI too long"
      }
    }
    "#);
}

#[tokio::test]
async fn the_absolute_form_of_a_target_is_its_path() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let authorization = format!("Authorization: Bearer {}\r\n", company.token);
    let said = exchange(&server, &last("GET", "http://evil.example/teammates/tea_1", &authorization)).await;
    assert_eq!(statuses(&said), [200]);
    assert!(said.contains("\"http://tenure.test/teammates/tea_1\"") && !said.contains("evil"), "{said}");
}

/// Targets that are not the path of anything, however they could be read.
const STRANGE_TARGETS: [(&str, &str); 17] = [
    ("GET", "//teammates"),
    ("GET", "/teammates/"),
    ("GET", "/teammates//"),
    ("GET", "/teammates//tea_1"),
    ("GET", "/teammates/tea_1/"),
    ("GET", "/./teammates"),
    ("GET", "/teammates/../me"),
    ("GET", "/healthz/../me"),
    ("GET", "/docs/../me"),
    ("GET", "/docs/..%2Fme"),
    ("GET", "/TEAMMATES"),
    ("GET", "/teammates;x=1"),
    ("GET", "/teammates%3Flimit=1"),
    ("GET", "/teammates%00"),
    ("GET", "//"),
    ("GET", "me"),
    ("CONNECT", "tenure.test:80"),
];

#[tokio::test]
async fn a_target_is_taken_as_it_is_written() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let authorization = format!("Authorization: Bearer {}\r\n", company.token);
    for (method, target) in STRANGE_TARGETS {
        let said = exchange(&server, &last(method, target, &authorization)).await;
        assert!(matches!(statuses(&said).as_slice(), [400 | 404]), "{method} {target}: {said}");
    }
}

#[tokio::test]
async fn what_is_escaped_in_a_path_is_decoded_once() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let authorization = format!("Authorization: Bearer {}\r\n", company.token);
    for (id, status) in [
        ("tea_1", 200),
        ("tea%5F1", 200),
        ("tea%5f1", 200),
        ("%74%65%61_1", 200),
        ("alt:email:ana@x.example", 200),
        ("alt%3Aemail%3Aana%40x.example", 200),
        ("tea%255F1", 404),
        ("alt:email:ana%2540x.example", 404),
        ("tea_1%2Finboxes", 404),
        ("tea_1%00", 404),
        ("tea_1%0D%0AX-A:%201", 404),
        ("%FF", 404),
        ("%", 404),
        ("tea_1%2", 404),
        ("%u0074ea_1", 404),
        ("tea+1", 404),
    ] {
        let said = exchange(&server, &last("GET", &format!("/teammates/{id}"), &authorization)).await;
        assert_eq!(statuses(&said), [status], "{id}: {said}");
    }
}
