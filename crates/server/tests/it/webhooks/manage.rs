//! Managing webhooks over the API.

use super::Site;
use crate::secrets::{files, holding};
use serde_json::json;
use std::path::Path;
use tenure_testkit::Receiver;

#[tokio::test]
async fn creating_shows_the_secret_once_and_everything_else_ever_after() {
    let (site, receiver) = (Site::new().await, Receiver::start().await);
    let wish = json!({
        "url": receiver.url(), "events": ["team.*", "teammate.updated"], "description": "for the HR sync",
    });
    let reply = site.company.post("/webhooks", wish).await.expect(201);
    assert_eq!(reply.header("location"), Some("http://tenure.test/webhooks/whk_1"));
    let created = reply.json();
    let secret = created["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let mut expected = created.clone();
    expected.as_object_mut().unwrap().remove("secret");
    let mut shown = site.shown("whk_1").await;
    assert_eq!(shown["health"]["pending"], 0);
    shown.as_object_mut().unwrap().remove("health");
    for value in [&mut shown, &mut expected] {
        value["updated_at"] = json!(null);
    }
    assert_eq!(shown, expected);
    assert_eq!(shown["events"], json!(["team.*", "teammate.updated"]));
    assert_eq!(shown["validation"]["status"], "validated");
    let listed = site.company.get("/webhooks").await.expect(200);
    assert_eq!(listed.json()["_results"][0]["id"], "whk_1");
    assert!(!listed.text().contains("whsec_"));
}

#[tokio::test]
async fn the_same_key_gives_the_same_webhook_and_the_same_secret_and_stores_none() {
    let (site, receiver) = (Site::new().await, Receiver::start().await);
    let ask = || {
        let request = site.company.request(reqwest::Method::POST, "/webhooks");
        request.header("idempotency-key", "k1").json(&json!({ "url": receiver.url() }))
    };
    let first = site.company.send(ask()).await.expect(201);
    let again = site.company.send(ask()).await.expect(201);
    assert_eq!(first.json()["secret"], again.json()["secret"]);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let folder = site.server.stop().await;
    let secret = first.json()["secret"].as_str().unwrap().trim_start_matches("whsec_").to_owned();
    let files = files(folder.path());
    assert_eq!(holding(&files, &[secret]), Vec::<&Path>::new());
}

#[tokio::test]
async fn changing_disabling_and_deleting() {
    let (site, receiver) = (Site::new().await, Receiver::start().await);
    let webhook = site.at(&receiver).await;
    let path = format!("/webhooks/{webhook}");
    site.company.patch(&path, json!({ "is_enabled": false, "description": "off" })).await.expect(204);
    let shown = site.shown(&webhook).await;
    assert_eq!((&shown["is_enabled"], &shown["disabled"]["reason"]), (&json!(false), &json!("asked")));
    site.company.teammate("ana@acme.example").await;
    site.company.patch(&path, json!({ "is_enabled": true })).await.expect(204);
    assert!(site.shown(&webhook).await.get("disabled").is_none());
    let bo = site.company.teammate("bo@acme.example").await;
    let came = receiver.wait_for(1).await;
    assert_eq!(came[0].json()["target"]["data"]["id"], bo, "what came while it was off is not sent");
    site.company.delete(&path).await.expect(204);
    site.company.get(&path).await.expect(404);
    site.company.delete(&path).await.expect(404);
    site.company.teammate("chi@acme.example").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn a_bad_wish_is_told_field_by_field_and_creates_nothing() {
    let site = Site::new().await;
    let wish = json!({
        "url": "https://user:pass@example.com", "events": ["teammate.*", "teammates.exploded", 7], "format": "xml",
        "secret": "mine", "colour": "red",
    });
    let reply = site.company.post("/webhooks", wish).await.expect(400);
    for field in [
        "url must not contain a user name",
        "events[1] must be",
        "events[2] must be a string",
        "format must be one of",
        "secret is system-generated",
        "colour is not a field",
    ] {
        assert!(reply.text().contains(field), "{field}: {reply}");
    }
    assert!(!reply.text().contains("pass@"));
    site.company.post("/webhooks", json!({})).await.expect(400);
    let for_nothing = json!({ "url": "https://example.com/", "events": [] });
    let reply = site.company.post("/webhooks", for_nothing).await.expect(400);
    assert!(reply.text().contains("events must name at least one type of event"), "{reply}");
    let unknown = json!({ "url": "https://example.com/", "channel_id": "cha_9" });
    site.company.post("/webhooks", unknown).await.expect(404);
    assert_eq!(site.company.get("/webhooks").await.expect(200).json()["_results"], json!([]));
}

#[tokio::test]
async fn the_scopes_are_asked_for() {
    let site = Site::new().await;
    let reader = site.company.scoped(&site.server, &["webhooks:read"]).await;
    let company = site.company.with_token(reader);
    company.get("/webhooks").await.expect(200);
    company.post("/webhooks", json!({ "url": "https://example.com/" })).await.expect(403);
}

#[tokio::test]
async fn a_ping_tells_what_came_of_it() {
    let (site, receiver) = (Site::new().await, Receiver::start().await);
    let webhook = site.at(&receiver).await;
    let pinged = site.company.post(&format!("/webhooks/{webhook}/ping"), json!({})).await.expect(200).json();
    assert_eq!((&pinged["delivered"], &pinged["status"]), (&json!(true), &json!(200)));
    let came = receiver.wait_for(1).await;
    assert_eq!(came[0].json()["type"], "ping");
    assert!(came[0].header("webhook-signature").starts_with("v1,"));
    receiver.answer(tenure_testkit::Answering::With(500));
    let pinged = site.company.post(&format!("/webhooks/{webhook}/ping"), json!({})).await.expect(200).json();
    assert_eq!((&pinged["delivered"], &pinged["status"]), (&json!(false), &json!(500)));
}
