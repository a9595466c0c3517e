//! What is sent: each format's body, and signatures that the public library and the product's published recipe take.

use super::Site;
use crate::conversations::assign;
use crate::inboxes::{channel, inbox};
use crate::messages::receive;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use std::time::Duration;
use tenure_testkit::{Received, Receiver};

/// The public library signs as one of the signatures says. (It takes no signature of the past, which a server in a test's
/// time makes.)
fn verify_standard(secret: &str, received: &Received) -> Result<(), String> {
    let webhook = standardwebhooks::Webhook::new(secret).map_err(|error| error.to_string())?;
    let timestamp = received.header("webhook-timestamp").parse().unwrap();
    let signed = webhook.sign(received.header("webhook-id"), timestamp, received.body.as_bytes());
    let signed = signed.map_err(|error| error.to_string())?;
    let given = received.header("webhook-signature");
    if given.split(' ').any(|one| one == signed) {
        Ok(())
    } else {
        Err(format!("{signed} is not in {given}"))
    }
}

/// The product's recipe for applications: HMAC-SHA256 over the timestamp, a colon and the raw body.
fn verify_application(secret: &str, received: &Received) -> bool {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{}:", received.header("x-front-request-timestamp")).as_bytes());
    mac.update(received.body.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes()) == received.header("x-front-signature")
}

/// The product's recipe for rules: HMAC-SHA1 over the compact JSON.
fn verify_rule(secret: &str, received: &Received) -> bool {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(received.body.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes()) == received.header("x-front-signature")
}

async fn told(site: &Site, format: &str) -> (String, Received) {
    let receiver = Receiver::start().await;
    let created = site.webhook(json!({ "url": receiver.url(), "format": format })).await;
    let secret = created["secret"].as_str().unwrap().to_owned();
    for challenge in receiver.all() {
        verify_standard(&secret, &challenge).unwrap();
    }
    let orders = inbox(&site.company, "Orders", &[]).await;
    channel(&site.company, &orders).await;
    receive(&site.company, "dee@shop.example").await;
    assign(&site.company, "cnv_1", "tea_1").await;
    let came = receiver.wait_for(3).await;
    let assigned = came.into_iter().find(|one| one.body.contains("conversation.assigned")).unwrap();
    (secret, assigned)
}

#[tokio::test]
async fn an_event_is_told_in_our_words_with_both_signatures() {
    let site = Site::new().await;
    let (secret, received) = told(&site, "event").await;
    verify_standard(&secret, &received).unwrap();
    assert!(verify_application(&secret, &received));
    assert!(verify_standard("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", &received).is_err());
    let body = received.json();
    assert_eq!(
        (&body["type"], &body["name"]),
        (&json!("conversation.assigned"), &json!("conversation.assigned"))
    );
    assert_eq!((&body["company"], &body["sequence"]), (&json!(site.company.id.to_string()), &json!(3)));
    let id = body["id"].as_str().unwrap();
    assert_eq!(received.header("webhook-id"), format!("{}-whk_1-{id}", site.company.id));
    let mut listed = site.company.get(&format!("/events/{id}")).await.expect(200).json();
    listed["type"] = json!("conversation.assigned");
    let mut told = body.clone();
    for member in ["company", "sequence"] {
        told.as_object_mut().unwrap().remove(member);
    }
    assert_eq!(told, listed);
    assert_eq!(received.header("content-type"), "application/json");
}

#[tokio::test]
async fn an_application_is_told_as_the_products_are() {
    let site = Site::new().await;
    let (secret, received) = told(&site, "front-application").await;
    verify_standard(&secret, &received).unwrap();
    assert!(verify_application(&secret, &received));
    let body = received.json();
    assert_eq!(body["type"], "assignee_changed");
    assert_eq!(body["authorization"], json!({ "id": site.company.id.to_string() }));
    assert_eq!((&body["payload"]["type"], &body["payload"]["sequence"]), (&json!("assign"), &json!(3)));
    assert_eq!(body["payload"]["conversation"]["assignee"]["id"], "tea_1");
}

#[tokio::test]
async fn a_rule_is_told_the_event_alone() {
    let site = Site::new().await;
    let (secret, received) = told(&site, "front-rule").await;
    verify_standard(&secret, &received).unwrap();
    assert!(verify_rule(&secret, &received));
    let body = received.json();
    assert_eq!(body["type"], "assign");
    assert_eq!(received.header("x-front-request-timestamp"), "");
    // What receivers of the product check is the JSON that they print again.
    let printed = serde_json::to_string(&sorted_as_sent(&received.body)).unwrap();
    assert_eq!(printed, received.body);
}

/// The body, parsed and kept in its order.
fn sorted_as_sent(body: &str) -> Box<serde_json::value::RawValue> {
    let _: Value = serde_json::from_str(body).unwrap();
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn after_a_rotation_both_secrets_sign_for_a_day() {
    let (site, receiver) = (Site::new().await, Receiver::start().await);
    let created = site.webhook(json!({ "url": receiver.url() })).await;
    let old = created["secret"].as_str().unwrap().to_owned();
    let rotated = site.company.post("/webhooks/whk_1/rotate_secret", json!({})).await.expect(200).json();
    let new = rotated["secret"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    site.company.teammate("ana@acme.example").await;
    let came = receiver.wait_for(1).await;
    assert_eq!(came[0].header("webhook-signature").split(' ').count(), 2);
    verify_standard(&old, &came[0]).unwrap();
    verify_standard(&new, &came[0]).unwrap();
    site.server.clock().advance(Duration::from_hours(24));
    site.company.teammate("bo@acme.example").await;
    let came = receiver.wait_for(2).await;
    assert!(verify_standard(&old, &came[1]).is_err());
    verify_standard(&new, &came[1]).unwrap();
}
