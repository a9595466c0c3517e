//! A teammate that is created: what is kept, what is made up, and how it is answered.

use serde_json::json;
use tenure_testkit::TestServer;

/// The fields of a teammate as the published example has them, those inside `_links` included.
const PUBLISHED_ORDER: [&str; 16] = [
    "_links",
    "self",
    "related",
    "inboxes",
    "conversations",
    "id",
    "email",
    "username",
    "first_name",
    "last_name",
    "license_type",
    "is_admin",
    "is_available",
    "is_blocked",
    "type",
    "custom_fields",
];

#[tokio::test]
async fn a_created_teammate_is_answered_whole() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let body = json!({ "email": "Ana.Lopez@Example.com", "first_name": "Ana" });
    let created = company.post("/teammates", body).await;
    insta::assert_snapshot!(created, @r#"
    201
    content-type: application/json
    etag: "3"
    location: http://tenure.test/teammates/tea_1

    {
      "_links": {
        "related": {
          "conversations": "http://tenure.test/teammates/tea_1/conversations",
          "inboxes": "http://tenure.test/teammates/tea_1/inboxes"
        },
        "self": "http://tenure.test/teammates/tea_1"
      },
      "custom_fields": {},
      "email": "Ana.Lopez@Example.com",
      "first_name": "Ana",
      "id": "tea_1",
      "is_admin": false,
      "is_available": true,
      "is_blocked": false,
      "last_name": "",
      "license_type": "full",
      "type": "user",
      "username": "ana_lopez"
    }
    "#);
}

#[tokio::test]
async fn a_created_teammate_is_there_at_once() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let created = company.post("/teammates", json!({ "email": "ana@x.example" })).await.expect(201);
    let shown = company.get("/teammates/tea_1").await.expect(200);
    assert_eq!((shown.text(), shown.header("etag")), (created.text(), created.header("etag")));
}

#[tokio::test]
async fn what_is_given_on_create_is_kept() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.custom_field(&server, "City", "string", &[]).await;
    let given = json!({
        "email": "Ana@X.example", "username": "anita", "first_name": "Ana", "last_name": "López",
        "is_admin": true, "is_available": false, "custom_fields": { "City": "Lyon" },
    });
    let created = company.post("/teammates", given.clone()).await.expect(201).json();
    for (field, value) in given.as_object().unwrap() {
        assert_eq!(&created[field], value, "{field}");
    }
}

#[tokio::test]
async fn fields_come_in_the_published_order() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let text = company.post("/teammates", json!({ "email": "ana@x.example" })).await.expect(201).text();
    let place =
        |field: &str| text.find(&format!("\"{field}\":")).unwrap_or_else(|| panic!("no {field}: {text}"));
    let places: Vec<_> = PUBLISHED_ORDER.into_iter().map(place).collect();
    assert!(places.is_sorted(), "{text}");
}
