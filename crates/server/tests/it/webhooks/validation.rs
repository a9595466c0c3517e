//! That an endpoint shows that it is one.

use super::Site;
use serde_json::json;
use tenure_testkit::{Answering, Receiver, eventually};

#[tokio::test]
async fn the_challenge_is_as_published_and_signed() {
    let (site, receiver) = (Site::new().await, Receiver::start().await);
    site.at(&receiver).await;
    let all = receiver.all();
    assert_eq!(all.len(), 1);
    let expected = json!({ "type": "sync", "authorization": { "id": site.company.id.to_string() } });
    assert_eq!(all[0].json(), expected);
    for header in ["x-front-challenge", "x-front-signature", "x-front-request-timestamp", "webhook-signature"]
    {
        assert!(!all[0].header(header).is_empty(), "{header}");
    }
}

#[tokio::test]
async fn an_endpoint_that_gives_nothing_back_is_kept_told_so_and_sent_events_all_the_same() {
    let site = Site::new().await;
    let receiver = Receiver::answering(Answering::Saying(200, "ok".to_owned())).await;
    let created = site.webhook(json!({ "url": receiver.url() })).await;
    assert_eq!(created["validation"]["status"], "failed");
    assert_eq!(created["validation"]["message"], "it answered 200 without the challenge");
    site.company.teammate("ana@acme.example").await;
    receiver.wait_for(1).await;
}

#[tokio::test]
async fn an_endpoint_that_must_be_validated_is_sent_nothing_before() {
    let site = Site::new().await;
    let receiver = Receiver::answering(Answering::With(404)).await;
    let wish = json!({ "url": receiver.url(), "require_validation": true });
    assert_eq!(site.webhook(wish).await["validation"]["status"], "failed");
    site.company.teammate("ana@acme.example").await;
    receiver.answer(Answering::With(200));
    site.company.post("/webhooks/whk_1/validate", json!({})).await.expect(202);
    let validated = async || (site.shown("whk_1").await["validation"]["status"] == "validated").then_some(());
    eventually("the endpoint to be validated", validated).await;
    let bo = site.company.teammate("bo@acme.example").await;
    let came = receiver.wait_for(1).await;
    assert_eq!(came[0].json()["target"]["data"]["id"], bo);
}

#[tokio::test]
async fn a_new_url_is_asked_again() {
    let (site, first, second) = (Site::new().await, Receiver::start().await, Receiver::start().await);
    let webhook = site.at(&first).await;
    let path = format!("/webhooks/{webhook}");
    site.company.patch(&path, json!({ "url": second.url() })).await.expect(204);
    let first_asked = eventually("what comes first", async || second.all().into_iter().next()).await;
    assert!(first_asked.is_challenge());
    site.company.teammate("ana@acme.example").await;
    second.wait_for(1).await;
    assert!(first.received().is_empty());
}
