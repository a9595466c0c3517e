//! The log of deliveries, and sending once more.

use super::Site;
use serde_json::json;
use std::time::Duration;
use tenure_testkit::{Answering, Receiver, eventually};

#[tokio::test]
async fn every_attempt_is_told_with_the_beginning_of_its_answer() {
    let site = Site::new().await;
    let receiver = Receiver::start().await;
    let webhook = site.at(&receiver).await;
    receiver.answer(Answering::Saying(500, "x".repeat(5000)));
    site.company.teammate("ana@acme.example").await;
    receiver.wait_for(1).await;
    let path = format!("/webhooks/{webhook}/deliveries/dlv_1");
    let shown = eventually("the attempt", async || {
        let shown = site.company.get(&path).await.expect(200).json();
        (shown["attempts"].as_array().unwrap().len() == 1).then_some(shown)
    })
    .await;
    let attempt = &shown["attempts"][0];
    assert_eq!((&shown["status"], &attempt["status"]), (&json!("pending"), &json!(500)));
    assert_eq!(attempt["response"].as_str().unwrap().len(), 1024);
    assert!(attempt["latency_ms"].is_u64() && shown["next_attempt_at"].is_number());
    let health = &site.shown(&webhook).await["health"];
    assert_eq!((&health["pending"], &health["last_success_at"]), (&json!(1), &json!(null)));
    let event = site.company.get("/events?limit=1").await.expect(200).json();
    assert_eq!(shown["event_id"], event["_results"][0]["id"]);
}

#[tokio::test]
async fn deliveries_are_listed_by_status_in_pages() {
    let (site, receiver) = (Site::new().await, Receiver::start().await);
    let webhook = site.at(&receiver).await;
    for number in 0..5 {
        site.company.teammate(&format!("p{number}@acme.example")).await;
    }
    receiver.wait_for(5).await;
    site.wait_for_status(&webhook, "delivered").await;
    let path = format!("/webhooks/{webhook}/deliveries");
    let first = site.company.get(&format!("{path}?limit=2")).await.expect(200);
    assert_eq!(first.json()["_results"][0]["sequence"], 5);
    let second = site.company.get(&first.next().unwrap()).await.expect(200).json();
    assert_eq!(
        (&second["_results"][0]["sequence"], &second["_results"][1]["sequence"]),
        (&json!(3), &json!(2))
    );
    let failed = site.company.get(&format!("{path}?status=failed")).await.expect(200).json();
    assert_eq!(failed["_results"], json!([]));
    site.company.get(&format!("{path}?status=lost")).await.expect(400);
    site.company.get(&format!("{path}/dlv_99")).await.expect(404);
    site.company.get(&format!("{path}/tea_1")).await.expect(404);
}

#[tokio::test]
async fn a_replay_is_the_same_message_at_another_time() {
    let (site, receiver) = (Site::new().await, Receiver::start().await);
    let webhook = site.at(&receiver).await;
    site.company.teammate("ana@acme.example").await;
    site.wait_for_status(&webhook, "delivered").await;
    site.server.clock().advance(Duration::from_secs(90));
    let path = format!("/webhooks/{webhook}/deliveries/dlv_1/replay");
    assert_eq!(site.company.post(&path, json!({})).await.expect(202).json(), json!({ "deliveries": 1 }));
    let came = receiver.wait_for(2).await;
    assert_eq!(came[0].body, came[1].body);
    assert_eq!(came[0].header("webhook-id"), came[1].header("webhook-id"));
    assert_ne!(came[0].header("webhook-timestamp"), came[1].header("webhook-timestamp"));
}

#[tokio::test]
async fn what_failed_is_recovered_after_the_endpoint_is_enabled_again() {
    let site = Site::new().await;
    let receiver = Receiver::start().await;
    let webhook = site.at(&receiver).await;
    receiver.answer(Answering::With(410));
    site.company.teammate("ana@acme.example").await;
    site.wait_for_status(&webhook, "failed").await;
    let shown = eventually("the webhook to be disabled", async || {
        Some(site.shown(&webhook).await).filter(|shown| shown["is_enabled"] == false)
    })
    .await;
    assert_eq!(shown["disabled"]["reason"], "gone");
    assert_eq!(shown["disabled"]["last_answers"], json!(["status 410"]));
    let (path, since) = (format!("/webhooks/{webhook}"), json!({ "since": "2025-12-01T00:00:00Z" }));
    site.company.post(&format!("{path}/recover"), since.clone()).await.expect(409);
    receiver.answer(Answering::With(200));
    site.company.patch(&path, json!({ "is_enabled": true })).await.expect(204);
    let recovered = site.company.post(&format!("{path}/recover"), since.clone()).await.expect(202).json();
    assert_eq!(recovered, json!({ "deliveries": 1 }));
    receiver.wait_for(2).await;
    let missing = site.company.post(&format!("{path}/replay-missing"), since).await.expect(202).json();
    assert_eq!(missing, json!({ "deliveries": 1 }), "that ada was created before there was a webhook");
    let came = receiver.wait_for(3).await;
    assert_eq!(came[2].json()["target"]["data"]["id"], "tea_1");
    for bad in [json!({}), json!({ "since": "yesterday" }), json!({ "since": null })] {
        site.company.post(&format!("{path}/recover"), bad).await.expect(400);
    }
}

#[tokio::test]
async fn administrators_get_mail_when_an_endpoint_is_disabled() {
    let site = Site::new().await;
    let receiver = Receiver::start().await;
    site.at(&receiver).await;
    receiver.answer(Answering::Saying(410, "bye\r\nBcc: all@example.com".to_owned()));
    site.company.teammate("ana@acme.example").await;
    let outbox = site.server.folder().join("outbox");
    let mail = eventually("a mail", async || {
        let mut paths = std::fs::read_dir(&outbox).unwrap().map(|entry| entry.unwrap().path());
        let found = paths.find(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.contains("disabled") && name.ends_with(".eml")
        });
        found.map(|path| std::fs::read_to_string(path).unwrap())
    })
    .await;
    assert!(mail.contains("ada@acme.example") && mail.contains("whk_1") && mail.contains("410"), "{mail}");
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    assert!(!head.contains("Bcc"), "{head}");
}

#[tokio::test]
async fn bad_endpoints_do_not_delay_a_healthy_one() {
    let site = Site::new().await;
    let mut bad = Vec::new();
    for answering in [Answering::With(500), Answering::With(200), Answering::With(200)] {
        let receiver = Receiver::answering(answering).await;
        site.at(&receiver).await;
        bad.push(receiver);
    }
    bad[1].answer(Answering::Never);
    bad[2].answer(Answering::WithoutEnd);
    // Nobody listens there: the port was free a moment ago.
    let gone = { Receiver::start().await.url() };
    site.webhook(json!({ "url": gone })).await;
    let healthy = Receiver::start().await;
    site.at(&healthy).await;
    for number in 0..50 {
        site.company.teammate(&format!("p{number}@acme.example")).await;
    }
    let came = healthy.wait_for(50).await;
    assert_eq!(came.len(), 50);
}
