//! For machines and people around the server: health, metrics, the document and the page that shows it.

use reqwest::Method;
use serde_json::Value;
use tenure_testkit::{Reply, TestCompany, TestServer};

/// A request without any token.
async fn open(server: &TestServer, company: &TestCompany, path: &str) -> Reply {
    company.send(server.http().get(format!("http://{}{path}", server.address()))).await
}

#[tokio::test]
async fn healthz_says_that_the_process_lives() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    insta::assert_snapshot!(open(&server, &company, "/healthz").await, @"
    200
    content-type: text/plain; charset=utf-8

    ok
    ");
}

#[tokio::test]
async fn readyz_says_that_the_journal_answers() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    insta::assert_snapshot!(open(&server, &company, "/readyz").await, @"
    200
    content-type: text/plain; charset=utf-8

    ready
    ");
}

#[tokio::test]
async fn metrics_are_in_the_prometheus_text_format() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let metrics = open(&server, &company, "/metrics").await.expect(200);
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
}

const OPEN: [&str; 6] = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/docs/"];

#[tokio::test]
async fn none_needs_a_token_and_none_minds_a_bad_one() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for path in OPEN {
        assert_eq!(open(&server, &company, path).await.status, 200, "{path}");
        assert_eq!(company.with_token("nonsense").get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn none_tells_anything_about_a_company() {
    let server = TestServer::start().await;
    let company = server.company("Vandelay Industries").await;
    company.teammate("art.vandelay@x.example").await;
    for path in OPEN {
        let text = company.get(path).await.expect(200).text();
        for told in ["andelay", "cmp_1", "x.example", company.token.as_str()] {
            assert!(!text.contains(told), "{path} tells {told}");
        }
    }
}

#[tokio::test]
async fn they_are_read_and_nothing_else() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for path in OPEN {
        let reply = company.send(company.request(Method::POST, path)).await;
        assert_eq!((reply.status, reply.code().as_str()), (405, "request.method_not_allowed"), "{path}");
        assert!(reply.header("allow").unwrap().contains("GET"), "{path}");
    }
}

/// Every route that the contract names and that there is so far.
const ROUTES: [(&str, &[&str]); 40] = [
    ("/me", &["get"]),
    ("/teammates", &["get", "post"]),
    ("/teammates/custom_fields", &["get"]),
    ("/teammates/{teammate_id}", &["delete", "get", "patch"]),
    ("/teammates/{teammate_id}/inboxes", &["get"]),
    ("/teammates/{teammate_id}/conversations", &["get"]),
    ("/teammates/{teammate_id}/invitation", &["get"]),
    ("/teammates/{teammate_id}/invitation/resend", &["post"]),
    ("/teams", &["get"]),
    ("/teams/{team_id}", &["get"]),
    ("/teams/{team_id}/teammates", &["delete", "get", "post"]),
    ("/invitations/{secret}", &["get", "post"]),
    ("/healthz", &["get"]),
    ("/readyz", &["get"]),
    ("/metrics", &["get"]),
    ("/channels", &["get"]),
    ("/channels/{channel_id}", &["get"]),
    ("/channels/{channel_id}/incoming_messages", &["post"]),
    ("/conversations", &["get"]),
    ("/conversations/{conversation_id}", &["get", "patch"]),
    ("/conversations/{conversation_id}/assignee", &["put"]),
    ("/conversations/{conversation_id}/events", &["get"]),
    ("/conversations/{conversation_id}/messages", &["get", "post"]),
    ("/events", &["get"]),
    ("/events/{event_id}", &["get"]),
    ("/inboxes", &["get", "post"]),
    ("/inboxes/{inbox_id}", &["get"]),
    ("/inboxes/{inbox_id}/channels", &["get", "post"]),
    ("/messages/{message_id}", &["get"]),
    ("/teammates/{teammate_id}/history", &["get"]),
    ("/webhooks", &["get", "post"]),
    ("/webhooks/{webhook_id}", &["delete", "get", "patch"]),
    ("/webhooks/{webhook_id}/deliveries", &["get"]),
    ("/webhooks/{webhook_id}/deliveries/{delivery_id}", &["get"]),
    ("/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", &["post"]),
    ("/webhooks/{webhook_id}/ping", &["post"]),
    ("/webhooks/{webhook_id}/recover", &["post"]),
    ("/webhooks/{webhook_id}/replay-missing", &["post"]),
    ("/webhooks/{webhook_id}/rotate_secret", &["post"]),
    ("/webhooks/{webhook_id}/validate", &["post"]),
];

async fn document(server: &TestServer, company: &TestCompany) -> Value {
    open(server, company, "/openapi.json").await.expect(200).json()
}

#[tokio::test]
async fn the_document_is_openapi_3_1() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let document = document(&server, &company).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
}

#[tokio::test]
async fn the_document_names_every_route() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let document = document(&server, &company).await;
    for (path, methods) in ROUTES {
        for method in methods {
            assert!(document["paths"][path][method].is_object(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_document_names_no_other_route() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let document = document(&server, &company).await;
    for (path, item) in document["paths"].as_object().unwrap() {
        let known = ROUTES.iter().find(|(known, _)| known == path).map_or(&[][..], |(_, methods)| *methods);
        let named: Vec<_> = item.as_object().unwrap().keys().collect();
        assert_eq!(named, known, "{path}");
    }
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own_and_says_what_it_does() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let document = document(&server, &company).await;
    let mut names = Vec::new();
    for (path, methods) in ROUTES {
        for method in methods {
            let operation = &document["paths"][path][method];
            assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{method} {path}");
            names.push(operation["operationId"].as_str().unwrap_or_default().to_owned());
        }
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() == all && !names[0].is_empty(), "{names:?}");
}

/// What the attributes `src` and `href` of a page refer to.
fn references(html: &str) -> Vec<&str> {
    let after = ["src=\"", "href=\""].into_iter().flat_map(|attribute| html.split(attribute).skip(1));
    after.filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn the_reference_is_a_page() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let page = open(&server, &company, "/docs").await.expect(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(!references(&page.text()).is_empty());
}

#[tokio::test]
async fn the_reference_refers_to_nothing_elsewhere() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let page = open(&server, &company, "/docs/").await.expect(200).text();
    for reference in references(&page) {
        let is_elsewhere = reference.contains("://") || reference.starts_with("//");
        assert!(!is_elsewhere, "{reference}");
    }
    assert!(!page.contains("http://") && !page.contains("https://"), "{page}");
}

#[tokio::test]
async fn what_the_reference_refers_to_is_served() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let page = open(&server, &company, "/docs/").await.expect(200).text();
    for reference in references(&page) {
        let path = format!("/docs/{}", reference.trim_start_matches("./"));
        let asset = open(&server, &company, &path).await;
        assert!(asset.status == 200 && !asset.body.is_empty(), "{path}: {}", asset.status);
    }
}

#[tokio::test]
async fn the_reference_shows_our_document() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let script = open(&server, &company, "/docs/swagger-initializer.js").await.expect(200).text();
    assert!(script.contains("\"/openapi.json\""), "{script}");
    assert!(!script.contains("://"), "{script}");
}

#[tokio::test]
async fn the_reference_asks_no_validator_elsewhere() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let script = open(&server, &company, "/docs/swagger-initializer.js").await.expect(200).text();
    // Unless it is told not to, the page loads a picture of validator.swagger.io on any host but localhost.
    assert!(script.contains("\"validatorUrl\": \"none\""), "{script}");
}

#[tokio::test]
async fn what_there_is_not_is_an_error_like_any_other() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for path in ["/", "/nothing", "/teammates/tea_1/nothing", "/v1/teammates", "/healthz/", "/docs/nothing"] {
        for reply in [open(&server, &company, path).await, company.get(path).await] {
            assert_eq!(reply.status, 404, "{path}");
            assert!(!reply.body.is_empty(), "{path}");
            assert_eq!(reply.json()["_error"]["title"], "Not found", "{path}");
        }
    }
}

#[tokio::test]
async fn an_unknown_path_is_told_so() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    insta::assert_snapshot!(company.get("/teammates/").await, @r#"
    404
    content-type: application/json

    {
      "_error": {
        "code": "request.unknown_path",
        "message": "there is nothing at /teammates/; paths have no slash at their end; /docs lists what there is",
        "status": 404,
        "title": "Not found"
      }
    }
    "#);
}
