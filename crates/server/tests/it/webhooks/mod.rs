//! Webhooks over real sockets, as receivers see them.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

mod deliveries;
mod egress;
mod formats;
mod manage;
mod validation;

use serde_json::{Value, json};
use tenure_testkit::{Receiver, TestCompany, TestServer, eventually};

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
        let look = async || {
            let newest = self.deliveries(webhook).await.into_iter().next();
            newest.filter(|found| found["status"] == status)
        };
        eventually(&format!("the newest delivery to be {status}"), look).await
    }
}
