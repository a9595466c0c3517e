//! `/inboxes`, `/channels` and `/teammates/{id}/inboxes`: where conversations come in, and who has access.

use crate::conditional::etag;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tenure_testkit::{TestCompany, TestServer};

/// Makes an inbox that these teammates have access to; its id.
pub(crate) async fn inbox(company: &TestCompany, name: &str, teammates: &[&str]) -> String {
    let body = json!({ "name": name, "teammate_ids": teammates });
    let created = company.post("/inboxes", body).await.expect(201).json();
    created["id"].as_str().expect("an inbox has an id").to_owned()
}

/// Makes an inbox that everybody has access to; its id.
pub(crate) async fn public_inbox(company: &TestCompany, name: &str) -> String {
    let created =
        company.post("/inboxes", json!({ "name": name, "is_public": true })).await.expect(201).json();
    created["id"].as_str().expect("an inbox has an id").to_owned()
}

/// Makes a channel of an inbox; its id.
pub(crate) async fn channel(company: &TestCompany, inbox: &str) -> String {
    let body = json!({ "type": "custom" });
    let created = company.post(&format!("/inboxes/{inbox}/channels"), body).await.expect(204);
    let location = created.header("location").expect("it is told where the channel is");
    location.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The ids of a list.
async fn listed(company: &TestCompany, path: &str) -> Vec<String> {
    company.get(path).await.expect(200).ids()
}

#[tokio::test]
async fn a_new_inbox_is_answered_whole_and_with_where_it_is() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let created = company.post("/inboxes", json!({ "name": "Orders" })).await;
    insta::assert_snapshot!(created, @r#"
    201
    content-type: application/json
    etag: "3"
    location: http://tenure.test/inboxes/inb_1

    {
      "_links": {
        "related": {
          "channels": "http://tenure.test/inboxes/inb_1/channels"
        },
        "self": "http://tenure.test/inboxes/inb_1"
      },
      "custom_fields": {},
      "id": "inb_1",
      "is_private": false,
      "is_public": false,
      "name": "Orders"
    }
    "#);
}

#[tokio::test]
async fn an_inbox_is_shown_as_it_was_answered() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let created = company.post("/inboxes", json!({ "name": "Orders", "is_public": true })).await.expect(201);
    let shown = company.get("/inboxes/inb_1").await.expect(200);
    assert_eq!((shown.text(), shown.header("etag")), (created.text(), created.header("etag")));
    assert_eq!(shown.json()["is_public"], true);
}

#[tokio::test]
async fn a_new_channel_is_answered_with_where_it_is_alone() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let orders = inbox(&company, "Orders", &[]).await;
    let body = json!({ "type": "custom", "name": "Web form" });
    let created = company.post(&format!("/inboxes/{orders}/channels"), body).await.expect(204);
    assert_eq!(created.header("location"), Some("http://tenure.test/channels/cha_1"));
    assert_eq!((created.text().as_str(), created.header("content-type")), ("", None));
}

#[tokio::test]
async fn a_channel_is_shown_with_the_inbox_that_it_leads_to() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    inbox(&company, "Orders", &[]).await;
    let body = json!({ "type": "custom", "name": "Web form" });
    company.post("/inboxes/inb_1/channels", body).await.expect(204);
    let shown = company.get("/channels/cha_1").await;
    insta::assert_snapshot!(shown, @r#"
    200
    content-type: application/json
    etag: "4"

    {
      "_links": {
        "related": {
          "inbox": "http://tenure.test/inboxes/inb_1"
        },
        "self": "http://tenure.test/channels/cha_1"
      },
      "address": "cha_1",
      "id": "cha_1",
      "is_private": false,
      "is_valid": true,
      "name": "Web form",
      "settings": {
        "all_teammates_can_reply": true
      },
      "type": "custom"
    }
    "#);
}

#[tokio::test]
async fn a_channel_without_a_name_is_called_a_custom_channel() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let orders = inbox(&company, "Orders", &[]).await;
    let form = channel(&company, &orders).await;
    assert_eq!(company.get(&format!("/channels/{form}")).await.json()["name"], "Custom channel");
}

#[tokio::test]
async fn channels_are_of_type_custom_alone() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/inboxes/{}/channels", inbox(&company, "Orders", &[]).await);
    for (body, fault) in [
        (json!({}), "type is required"),
        (json!({ "name": "Web form" }), "type is required"),
        (json!({ "type": "smtp" }), "type must be `custom`"),
        (json!({ "type": "twilio" }), "type must be `custom`"),
        (json!({ "type": "Custom" }), "type must be `custom`"),
        (json!({ "type": null }), "type must be a string, not null"),
    ] {
        let refused = company.post(&path, body).await.expect(400);
        assert_eq!(refused.details(), json!([fault]), "{refused}");
    }
    assert!(listed(&company, &path).await.is_empty());
}

#[tokio::test]
async fn what_the_product_lets_a_channel_be_set_to_has_no_effect() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let orders = inbox(&company, "Orders", &[]).await;
    let settings = json!({ "all_teammates_can_reply": false });
    let body = json!({ "type": "custom", "settings": settings, "send_as": "orders@acme.example" });
    company.post(&format!("/inboxes/{orders}/channels"), body).await.expect(204);
    let shown = company.get("/channels/cha_1").await.expect(200).json();
    assert_eq!(shown["settings"], json!({ "all_teammates_can_reply": true }));
}

#[tokio::test]
async fn inboxes_are_listed_in_order_of_their_ids() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let ids = [inbox(&company, "Returns", &[]).await, public_inbox(&company, "Orders").await];
    assert_eq!(listed(&company, "/inboxes").await, ids);
    let list = company.get("/inboxes").await.json();
    assert_eq!(list["_results"][1], company.get("/inboxes/inb_2").await.json());
    assert_eq!(list["_links"]["self"], "http://tenure.test/inboxes");
}

#[tokio::test]
async fn channels_are_listed_all_together_and_those_of_an_inbox() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let (orders, returns) = (inbox(&company, "Orders", &[]).await, inbox(&company, "Returns", &[]).await);
    for of in [&orders, &returns, &orders] {
        channel(&company, of).await;
    }
    assert_eq!(listed(&company, "/channels").await, ["cha_1", "cha_2", "cha_3"]);
    assert_eq!(listed(&company, &format!("/inboxes/{orders}/channels")).await, ["cha_1", "cha_3"]);
    assert_eq!(listed(&company, &format!("/inboxes/{returns}/channels")).await, ["cha_2"]);
}

#[tokio::test]
async fn they_come_whole_and_in_pages_where_a_limit_is_given() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for number in 1..=51 {
        public_inbox(&company, &format!("Inbox {number}")).await;
    }
    for _ in 0..3 {
        channel(&company, "inb_1").await;
    }
    assert_eq!(listed(&company, "/inboxes").await.len(), 51);
    for list in ["/channels", "/inboxes/inb_1/channels"] {
        let first = company.get(&format!("{list}?limit=2")).await.expect(200);
        let second = company.get(&first.next().unwrap()).await.expect(200);
        assert_eq!([first.ids(), second.ids()].concat(), ["cha_1", "cha_2", "cha_3"], "{list}");
        assert_eq!(second.next(), None, "{list}");
    }
}

#[tokio::test]
async fn what_is_no_inbox_or_channel_is_not_found() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    inbox(&company, "Orders", &[]).await;
    channel(&company, "inb_1").await;
    for given in ["inb_2", "inb_01", "INB_1", "cha_1", "1", "Orders", "inb_"] {
        let (path, of_it) = (format!("/inboxes/{given}"), format!("/inboxes/{given}/channels"));
        let made = company.post(&of_it, json!({ "type": "custom" })).await;
        for refused in [company.get(&path).await, company.get(&of_it).await, made] {
            assert_eq!((refused.status, refused.code().as_str()), (404, "inbox.unknown"), "{given}");
            assert_eq!(refused.message(), format!("Unknown inbox ID {given}"));
        }
    }
    for given in ["cha_2", "cha_01", "CHA_1", "inb_1", "1", "Custom channel"] {
        let refused = company.get(&format!("/channels/{given}")).await.expect(404);
        assert_eq!(refused.message(), format!("Unknown channel ID {given}"));
    }
}

#[tokio::test]
async fn a_teammate_has_the_inboxes_that_it_was_named_for_and_the_public_ones() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for name in ["ana", "bo", "cy"] {
        company.teammate(&format!("{name}@x.example")).await;
    }
    inbox(&company, "Orders", &["tea_1", "alt:email:BO@x.example"]).await;
    public_inbox(&company, "Everybody").await;
    inbox(&company, "Returns", &["tea_1", "tea_1"]).await;
    inbox(&company, "Nobody", &[]).await;
    let expected: [(&str, &[&str]); 4] = [
        ("tea_1", &["inb_1", "inb_2", "inb_3"]),
        ("tea_2", &["inb_1", "inb_2"]),
        ("alt:email:bo@x.example", &["inb_1", "inb_2"]),
        ("tea_3", &["inb_2"]),
    ];
    for (teammate, inboxes) in expected {
        assert_eq!(listed(&company, &format!("/teammates/{teammate}/inboxes")).await, inboxes, "{teammate}");
    }
    let list = company.get("/teammates/tea_3/inboxes").await.json();
    assert_eq!(list["_results"], json!([company.get("/inboxes/inb_2").await.json()]));
    let refused = company.get("/teammates/tea_9/inboxes").await.expect(404);
    assert_eq!(refused.message(), "Unknown teammate ID tea_9");
}

#[tokio::test]
async fn the_inboxes_of_a_teammate_come_in_pages_where_a_limit_is_given() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    for names in [&["tea_1"][..], &[], &["tea_1"], &["tea_1"]] {
        inbox(&company, "Orders", names).await;
    }
    let first = company.get("/teammates/tea_1/inboxes?limit=2").await.expect(200);
    let second = company.get(&first.next().unwrap()).await.expect(200);
    assert_eq!([first.ids(), second.ids()], [vec!["inb_1", "inb_3"], vec!["inb_4"]]);
}

#[tokio::test]
async fn a_teammate_lists_its_own_inboxes_with_its_own_token() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let (ana, bo) = (company.teammate("ana@x.example").await, company.teammate("bo@x.example").await);
    let orders = inbox(&company, "Orders", &[&ana]).await;
    let theirs = company.with_token(company.token_of(&server, &ana).await);
    assert_eq!(listed(&theirs, &format!("/teammates/{ana}/inboxes")).await, [orders]);
    theirs.get(&format!("/teammates/{bo}/inboxes")).await.expect(403);
}

#[tokio::test]
async fn an_inbox_for_somebody_unknown_is_not_made() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let ana = company.teammate("ana@x.example").await;
    let body = json!({ "name": "Orders", "teammate_ids": ["tea_zz", ana, "alt:email:bo@x.example"] });
    let refused = company.post("/inboxes", body).await;
    insta::assert_snapshot!(refused, @r#"
    404
    content-type: application/json

    {
      "_error": {
        "code": "teammate.unknown",
        "details": [
          "Unknown teammate ID tea_zz",
          "Unknown teammate ID alt:email:bo@x.example"
        ],
        "message": "Unknown teammate IDs tea_zz, alt:email:bo@x.example",
        "status": 404,
        "title": "Not found"
      }
    }
    "#);
    assert!(listed(&company, "/inboxes").await.is_empty());
}

#[tokio::test]
async fn an_inbox_needs_a_name_and_takes_no_field_that_it_has_not() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let (long, longest) = ("x".repeat(257), "x".repeat(256));
    for (body, fault) in [
        (json!({}), "name is required"),
        (json!({ "name": "" }), "name must not be empty"),
        (json!({ "name": "  " }), "name must not be empty"),
        (json!({ "name": null }), "name must be a string, not null"),
        (json!({ "name": long }), "name must be at most 256 characters; this one has 257"),
        (json!({ "name": "x", "is_public": "yes" }), "is_public must be true or false, not a string"),
        (json!({ "name": "x", "teammate_ids": [1] }), "teammate_ids[0] must be a string, not a number"),
        (
            json!({ "name": "x", "teammates": ["tea_1"] }),
            "teammates is not a field of a new inbox; the fields are: name, teammate_ids, is_public",
        ),
    ] {
        let refused = company.post("/inboxes", body).await.expect(400);
        assert_eq!(refused.details(), json!([fault]), "{refused}");
    }
    assert!(listed(&company, "/inboxes").await.is_empty());
    inbox(&company, &longest, &[]).await;
}

#[tokio::test]
async fn the_same_key_makes_one_inbox_and_one_channel() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for (path, body) in [
        ("/inboxes", json!({ "name": "Orders" })),
        ("/inboxes/inb_1/channels", json!({ "type": "custom", "name": "Web form" })),
    ] {
        let request = || company.request(Method::POST, path).header("Idempotency-Key", path);
        let first = company.send(request().json(&body)).await;
        let again = company.send(request().json(&body)).await;
        assert_eq!((again.status, again.text()), (first.status, first.text()), "{path}");
        assert_eq!(again.header("location"), first.header("location"), "{path}");
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{path}");
        assert_eq!(listed(&company, path).await.len(), 1, "{path}");
    }
}

#[tokio::test]
async fn an_inbox_and_a_channel_that_the_caller_has_are_not_sent_again() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    inbox(&company, "Orders", &[]).await;
    channel(&company, "inb_1").await;
    for path in ["/inboxes/inb_1", "/channels/cha_1"] {
        let tag = etag(&company, path).await;
        let again = company.send(company.request(Method::GET, path).header("If-None-Match", &tag)).await;
        assert_eq!((again.status, again.header("etag")), (304, Some(tag.as_str())), "{path}");
    }
}

#[tokio::test]
async fn inboxes_and_channels_of_the_past_are_those_of_then() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    server.clock().advance(Duration::from_hours(1));
    public_inbox(&company, "Orders").await;
    channel(&company, "inb_1").await;
    for list in ["/inboxes", "/channels", "/teammates/tea_1/inboxes"] {
        assert!(listed(&company, &format!("{list}?as_of=1767227400")).await.is_empty(), "{list}");
        assert_eq!(listed(&company, &format!("{list}?as_of=1767229200")).await.len(), 1, "{list}");
    }
    for path in ["/inboxes/inb_1", "/channels/cha_1", "/inboxes/inb_1/channels"] {
        company.get(&format!("{path}?as_of=1767227400")).await.expect(404);
    }
}

#[tokio::test]
async fn a_custom_field_of_type_inbox_takes_an_inbox_of_the_company() {
    let server = TestServer::start().await;
    let (company, other) = (server.company("Acme").await, server.company("Other").await);
    company.custom_field(&server, "Desk", "inbox", &[]).await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    inbox(&company, "Orders", &[]).await;
    for name in ["Orders", "Returns"] {
        inbox(&other, name, &[]).await;
    }
    company.patch(&path, json!({ "custom_fields": { "Desk": "inb_1" } })).await.expect(204);
    for given in ["inb_2", "INB_1", "Orders", ""] {
        let refused = company.patch(&path, json!({ "custom_fields": { "Desk": given } })).await.expect(400);
        let fault = "custom_fields.Desk must be the id of an inbox of this company";
        assert_eq!(refused.details(), json!([fault]), "{given}");
    }
    assert_eq!(company.get(&path).await.json()["custom_fields"], json!({ "Desk": "inb_1" }));
}
