//! That a webhook reaches nothing inside. What is inside in every spelling is in the table of `tenure-delivery`; here is
//! that the API refuses it, and that an attempt does.

use super::Site;
use serde_json::json;
use tenure_server::WebhookOptions;
use tenure_testkit::{Api, Receiver, TestServer, eventually};

const INSIDE: [&str; 12] = [
    "http://10.0.0.1/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[fd00:ec2::254]/",
    "https://2886729729/",
    "https://0xac.0x10.0/",
    "https://localhost./",
    "https://metadata.google.internal/",
    "https://example.com:22/",
    "ftp://example.com/",
];

#[tokio::test]
async fn a_url_that_leads_inside_is_refused_on_create_and_on_patch_in_the_same_words() {
    let server = TestServer::with_options(|options| options.webhooks = WebhookOptions::default()).await;
    let company = server.company("Acme").await;
    company
        .post("/webhooks", json!({ "url": "https://hooks.example.com/", "is_enabled": false }))
        .await
        .expect(201);
    let mut messages = std::collections::BTreeSet::new();
    for url in INSIDE.iter().filter(|url| !url.starts_with("ftp")) {
        let reply = company.post("/webhooks", json!({ "url": url })).await.expect(400);
        messages.insert(reply.message());
        let reply = company.patch("/webhooks/whk_1", json!({ "url": url })).await.expect(400);
        messages.insert(reply.message());
    }
    assert_eq!(messages.len(), 1, "{messages:?}");
    company.post("/webhooks", json!({ "url": INSIDE[11] })).await.expect(400);
}

#[tokio::test]
async fn an_attempt_that_would_lead_inside_is_refused_and_recorded_as_such() {
    let site = Site::new().await;
    let receiver = Receiver::start().await;
    let webhook = site.at(&receiver).await;
    // The operator closes the network again.
    let Site { server, company } = site;
    let folder = server.stop().await;
    let data = tenure_server::DataFolder::open(folder.path()).unwrap();
    let node = tenure_server::Node::open(data, tenure_server::NodeOptions::default()).await.unwrap();
    let options = tenure_server::ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        ..tenure_server::ServerOptions::default()
    };
    let server = tenure_server::Server::open(node, options).await.unwrap();
    let url = server.bound_url();
    let serving = server.accept();
    let api = Api::new(&url, &company.token);
    api.post("/teammates", json!({ "email": "x@acme.example" })).await.expect(201);
    let path = format!("/webhooks/{webhook}/deliveries/dlv_1");
    let error = eventually("the attempt", async || {
        let reply = api.get(&path).await;
        let shown = (reply.status == 200).then(|| reply.json())?;
        Some(shown["attempts"][0]["error"].clone()).filter(|error| !error.is_null())
    })
    .await;
    assert_eq!(error, "the URL may not be reached from here: it must be https to a public host");
    assert!(receiver.received().is_empty());
    serving.stop().await;
}
