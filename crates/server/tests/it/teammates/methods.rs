//! `HEAD` and `OPTIONS`, which every path of a company has.

use reqwest::Method;
use tenure_testkit::TestServer;

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    company.team(&server, "Support").await;
    for path in [
        "/teammates",
        "/teammates/tea_1",
        "/teammates/tea_1/inboxes",
        "/teammates/custom_fields",
        "/teams",
        "/teams/tim_1",
        "/teams/tim_1/teammates",
        "/inboxes",
        "/inboxes/inb_1",
        "/channels",
        "/conversations",
        "/events",
        "/teammates/tea_1/history",
        "/me",
        "/teammates/tea_2",
    ] {
        let (get, head) = (company.get(path).await, company.send(company.request(Method::HEAD, path)).await);
        assert_eq!((head.status, head.text().as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "content-length", "etag"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn options_tells_the_methods() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for (path, expected) in [
        ("/teammates", "GET HEAD OPTIONS POST"),
        ("/teammates/tea_1", "DELETE GET HEAD OPTIONS PATCH"),
        ("/teammates/custom_fields", "GET HEAD OPTIONS"),
        ("/teammates/tea_1/inboxes", "GET HEAD OPTIONS"),
        ("/teammates/tea_1/conversations", "GET HEAD OPTIONS"),
        ("/teams", "GET HEAD OPTIONS"),
        ("/teams/tim_1", "GET HEAD OPTIONS"),
        ("/teams/tim_1/teammates", "DELETE GET HEAD OPTIONS POST"),
        ("/inboxes", "GET HEAD OPTIONS POST"),
        ("/inboxes/inb_1", "GET HEAD OPTIONS"),
        ("/inboxes/inb_1/channels", "GET HEAD OPTIONS POST"),
        ("/channels", "GET HEAD OPTIONS"),
        ("/channels/cha_1", "GET HEAD OPTIONS"),
        ("/channels/cha_1/incoming_messages", "OPTIONS POST"),
        ("/conversations", "GET HEAD OPTIONS"),
        ("/conversations/cnv_1", "GET HEAD OPTIONS PATCH"),
        ("/conversations/cnv_1/assignee", "OPTIONS PUT"),
        ("/conversations/cnv_1/messages", "GET HEAD OPTIONS POST"),
        ("/conversations/cnv_1/events", "GET HEAD OPTIONS"),
        ("/messages/msg_1", "GET HEAD OPTIONS"),
        ("/events", "GET HEAD OPTIONS"),
        ("/events/evt_1", "GET HEAD OPTIONS"),
        ("/teammates/tea_1/history", "GET HEAD OPTIONS"),
        ("/me", "GET HEAD OPTIONS"),
    ] {
        let reply = company.send(company.request(Method::OPTIONS, path)).await.expect(204);
        let mut methods: Vec<_> = reply.header("allow").unwrap().split(',').map(str::trim).collect();
        methods.sort_unstable();
        assert_eq!(methods.join(" "), expected, "{path}");
    }
}
