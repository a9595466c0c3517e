//! Webhooks over real sockets, as receivers see them.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

mod deliveries;
mod egress;
mod formats;
mod manage;
mod validation;

use serde_json::{Value, json};
use std::time::Duration;
use tenure_testkit::{Receiver, TestCompany, TestServer};
use tokio::time::Instant;

/// How long is waited for what must become so.
const PATIENCE: Duration = Duration::from_secs(20);

struct Site {
    server: TestServer,
    company: TestCompany,
}

impl Site {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let company = server.company("Acme").await;
        company.admin("ada@acme.example").await;
        Self { server, company }
    }

    /// Creates a webhook, and gives back what the answer says.
    async fn webhook(&self, wish: Value) -> Value {
        self.company.post("/webhooks", wish).await.expect(201).json()
    }

    /// Creates a webhook at a receiver; its id.
    async fn at(&self, receiver: &Receiver) -> String {
        self.webhook(json!({ "url": receiver.url() })).await["id"].as_str().unwrap().to_owned()
    }

    async fn shown(&self, webhook: &str) -> Value {
        self.company.get(&format!("/webhooks/{webhook}")).await.expect(200).json()
    }

    async fn deliveries(&self, webhook: &str) -> Vec<Value> {
        let listed = self.company.get(&format!("/webhooks/{webhook}/deliveries")).await.expect(200).json();
        listed["_results"].as_array().unwrap().clone()
    }

    /// Waits until the newest delivery of a webhook has a status.
    async fn wait_for_status(&self, webhook: &str, status: &str) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let deliveries = self.deliveries(webhook).await;
            if let Some(found) = deliveries.first().filter(|found| found["status"] == status) {
                return found.clone();
            }
            assert!(Instant::now() < until, "no delivery is {status}: {deliveries:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
