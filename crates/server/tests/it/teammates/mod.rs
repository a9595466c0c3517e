//! `/teammates` and `/teammates/{id}`: creating, showing, changing and blocking.

mod addresses;
mod block;
mod bodies;
mod create;
mod custom_fields;
mod lists_of_one;
mod methods;
mod names;
mod show;
mod update;

use serde_json::{Value, json};
use tenure_testkit::{Reply, TestCompany, TestServer};

/// The `ETag` of what is at a path.
async fn etag(company: &TestCompany, path: &str) -> String {
    let reply = company.get(path).await.expect(200);
    reply.header("etag").expect("a single resource has an ETag").to_owned()
}

/// One field of what is at a path.
async fn field(company: &TestCompany, path: &str, field: &str) -> Value {
    company.get(path).await.expect(200).json()[field].clone()
}

/// What a refusal says was wrong, one by one.
fn details(reply: &Reply) -> Vec<String> {
    let body = reply.json();
    let details = body["_error"]["details"].as_array().into_iter().flatten();
    details.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Configures the fields `City` and `Plan` and makes a teammate with both; its path.
async fn teammate_with_two_values(server: &TestServer, company: &TestCompany) -> String {
    company.custom_field(server, "City", "string", &[]).await;
    company.custom_field(server, "Plan", "enum", &["free", "paid"]).await;
    let values = json!({ "City": "Lyon", "Plan": "free" });
    company
        .post("/teammates", json!({ "email": "ana@x.example", "custom_fields": values }))
        .await
        .expect(201);
    "/teammates/tea_1".to_owned()
}
