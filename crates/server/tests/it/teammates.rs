//! `/teammates`.

use serde_json::json;
use tenure_testkit::TestServer;

#[tokio::test]
async fn a_created_teammate_is_answered_whole() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let created = company.post("/teammates", json!({ "email": "Ana.Lopez@Example.com", "first_name": "Ana" })).await;
    insta::assert_snapshot!(created);
}
