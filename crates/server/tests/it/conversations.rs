//! `/conversations` and `/teammates/{id}/conversations`: who deals with what, and what becomes of a blocked teammate's.

use crate::conditional::etag;
use crate::events::{names, told};
use crate::inboxes::{channel, public_inbox};
use crate::lists::pages;
use crate::messages::receive;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tenure_testkit::{TestCompany, TestServer};

const PATH: &str = "/conversations/cnv_1";

/// A company with the admin `tea_1`, with `tea_2`, `tea_3`, and the channel `cha_1` of the inbox `inb_1`. No invitation is
/// sent: its event would move the versions that tags and ids are made of.
pub(crate) async fn with_a_channel(server: &TestServer) -> TestCompany {
    let company = server.company("Acme").await;
    company.set(server, "invitations=hold").await;
    company.admin("ana@x.example").await;
    for name in ["bo", "cy"] {
        company.teammate(&format!("{name}@x.example")).await;
    }
    let orders = public_inbox(&company, "Orders").await;
    channel(&company, &orders).await;
    company
}

/// The same, with this many conversations, each of one message.
async fn with_conversations(server: &TestServer, count: usize) -> TestCompany {
    let company = with_a_channel(server).await;
    for number in 1..=count {
        receive(&company, &format!("c{number}@shop.example")).await;
    }
    company
}

/// Assigns a conversation.
pub(crate) async fn assign(company: &TestCompany, conversation: &str, teammate: &str) {
    let path = format!("/conversations/{conversation}/assignee");
    company.put(&path, json!({ "assignee_id": teammate })).await.expect(204);
}

async fn move_to(company: &TestCompany, conversation: &str, status: &str) {
    company.patch(&format!("/conversations/{conversation}"), json!({ "status": status })).await.expect(204);
}

/// Archives a conversation.
pub(crate) async fn archive(company: &TestCompany, conversation: &str) {
    move_to(company, conversation, "archived").await;
}

fn state_of(conversation: &Value) -> (String, Option<String>) {
    let assignee = conversation["assignee"]["id"].as_str().map(str::to_owned);
    (conversation["status"].as_str().unwrap_or_default().to_owned(), assignee)
}

/// The status of a conversation, and to whom it is assigned.
pub(crate) async fn state(company: &TestCompany, conversation: &str) -> (String, Option<String>) {
    state_of(&company.get(&format!("/conversations/{conversation}")).await.expect(200).json())
}

#[track_caller]
fn assert_state(found: &(String, Option<String>), status: &str, assignee: Option<&str>) {
    assert_eq!((found.0.as_str(), found.1.as_deref()), (status, assignee));
}

#[tokio::test]
async fn a_conversation_is_shown_whole() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let sender = json!({ "handle": "dee@shop.example", "name": "Dee" });
    let body = json!({ "sender": sender, "subject": "Order 7", "body": "Where is it?" });
    company.post("/channels/cha_1/incoming_messages", body).await.expect(202);
    insta::assert_snapshot!(company.get(PATH).await, @r#"
    200
    content-type: application/json
    etag: "10"

    {
      "_links": {
        "related": {
          "events": "http://tenure.test/conversations/cnv_1/events",
          "last_message": "http://tenure.test/messages/msg_1",
          "messages": "http://tenure.test/conversations/cnv_1/messages"
        },
        "self": "http://tenure.test/conversations/cnv_1"
      },
      "assignee": null,
      "created_at": 1767225600,
      "custom_fields": {},
      "id": "cnv_1",
      "is_private": false,
      "links": [],
      "metadata": {},
      "recipient": {
        "_links": {
          "related": {
            "contact": null
          }
        },
        "handle": "dee@shop.example",
        "name": "Dee",
        "role": "from"
      },
      "scheduled_reminders": [],
      "status": "unassigned",
      "subject": "Order 7",
      "tags": [],
      "ticket_ids": [],
      "type": "conversation",
      "updated_at": 1767225600,
      "waiting_since": 1767225600
    }
    "#);
}

#[tokio::test]
async fn its_assignee_is_shown_whole_too() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    assign(&company, "cnv_1", "tea_2").await;
    let shown = company.get(PATH).await.json();
    assert_eq!(shown["assignee"], company.get("/teammates/tea_2").await.json());
}

#[tokio::test]
async fn conversations_are_listed_the_newest_first() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 3).await;
    receive(&company, "c1@shop.example").await;
    let list = company.get("/conversations").await.expect(200);
    assert_eq!(list.ids(), ["cnv_3", "cnv_2", "cnv_1"]);
    assert_eq!(list.json()["_results"][2], company.get(PATH).await.json());
    assert_eq!(list.json()["_links"]["self"], "http://tenure.test/conversations");
}

#[tokio::test]
async fn a_list_holds_those_of_the_statuses_that_are_asked_for() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 4).await;
    assign(&company, "cnv_2", "tea_2").await;
    assign(&company, "cnv_3", "tea_2").await;
    archive(&company, "cnv_3").await;
    archive(&company, "cnv_4").await;
    let expected: [(&str, &[&str]); 8] = [
        ("", &["cnv_4", "cnv_3", "cnv_2", "cnv_1"]),
        ("q[statuses][]=unassigned", &["cnv_1"]),
        ("q[statuses][]=assigned", &["cnv_2"]),
        ("q[statuses][]=archived", &["cnv_4", "cnv_3"]),
        ("q[statuses][]=open", &["cnv_2", "cnv_1"]),
        ("q[statuses][]=trashed", &[]),
        ("q[statuses][]=assigned&q[statuses][]=archived", &["cnv_4", "cnv_3", "cnv_2"]),
        ("q%5Bstatuses%5D%5B%5D=unassigned&q[statuses][]=trashed", &["cnv_1"]),
    ];
    for (query, ids) in expected {
        assert_eq!(company.get(&format!("/conversations?{query}")).await.ids(), ids, "{query}");
    }
    let of_bo: [(&str, &[&str]); 4] = [
        ("", &["cnv_3", "cnv_2"]),
        ("q[statuses][]=open", &["cnv_2"]),
        ("q[statuses][]=archived", &["cnv_3"]),
        ("q[statuses][]=unassigned", &[]),
    ];
    for (query, ids) in of_bo {
        let list = company.get(&format!("/teammates/tea_2/conversations?{query}")).await;
        assert_eq!(list.ids(), ids, "{query}");
    }
}

#[tokio::test]
async fn a_status_that_is_none_is_refused() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    for list in ["/conversations", "/teammates/tea_2/conversations"] {
        for status in ["snoozed", "", "Open", "open,archived"] {
            let refused = company.get(&format!("{list}?q[statuses][]={status}")).await.expect(400);
            let fault = "q[statuses][] must be one of: assigned, unassigned, archived, open, trashed";
            assert_eq!(refused.code(), "request.bad_query", "{list} {status}");
            assert_eq!(refused.details(), json!([fault]), "{list} {status}");
        }
    }
}

#[tokio::test]
async fn a_page_has_50_conversations_unless_asked_otherwise() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 51).await;
    let sizes: Vec<_> = pages(&company, "/conversations").await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [50, 1]);
}

#[tokio::test]
async fn pages_show_each_once_while_others_write() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 5).await;
    let first = company.get("/conversations?limit=2").await.expect(200);
    receive(&company, "new@shop.example").await;
    receive(&company, "c5@shop.example").await;
    archive(&company, "cnv_3").await;
    let second = company.get(&first.next().unwrap()).await.expect(200);
    assign(&company, "cnv_1", "tea_2").await;
    receive(&company, "c2@shop.example").await;
    let third = company.get(&second.next().unwrap()).await.expect(200);
    assert_eq!(
        [first.ids(), second.ids(), third.ids()].concat(),
        ["cnv_5", "cnv_4", "cnv_3", "cnv_2", "cnv_1"]
    );
    assert_eq!(third.next(), None);
}

#[tokio::test]
async fn pages_of_some_go_on_where_the_last_one_has_left_the_list() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 5).await;
    let first = company.get("/conversations?limit=2&q[statuses][]=open").await.expect(200);
    archive(&company, "cnv_4").await;
    archive(&company, "cnv_2").await;
    let second = company.get(&first.next().unwrap()).await.expect(200);
    assert_eq!([first.ids(), second.ids()], [["cnv_5", "cnv_4"], ["cnv_3", "cnv_1"]]);
    assert_eq!(second.next(), None);
}

#[tokio::test]
async fn a_page_token_goes_with_its_statuses() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 3).await;
    for number in 1..=3 {
        assign(&company, &format!("cnv_{number}"), "tea_2").await;
    }
    for list in ["/conversations", "/teammates/tea_2/conversations"] {
        let first = company.get(&format!("{list}?limit=1&q[statuses][]=open")).await.expect(200);
        let next = first.next().unwrap();
        let (bare, statuses) = next
            .split_once('&')
            .and_then(|(limit, rest)| {
                let (token, statuses) = rest.split_once('&')?;
                Some((format!("{limit}&{token}"), statuses))
            })
            .unwrap();
        assert_eq!(statuses, "q%5Bstatuses%5D%5B%5D=open", "{list}");
        for query in ["", "&q[statuses][]=archived", "&q[statuses][]=open&q[statuses][]=assigned"] {
            let refused = company.get(&format!("{bare}{query}")).await.expect(400);
            assert!(refused.message().contains("page_token"), "{list} {query}: {refused}");
        }
        assert_eq!(company.get(&next).await.ids(), ["cnv_2"], "{list}");
    }
}

#[tokio::test]
async fn a_conversation_is_assigned_by_id_or_alias() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    let path = format!("{PATH}/assignee");
    company.put(&path, json!({ "assignee_id": "tea_2" })).await.expect(204);
    assert_state(&state(&company, "cnv_1").await, "assigned", Some("tea_2"));
    let assigned = company.put(&path, json!({ "assignee_id": "alt:email:CY@x.example" })).await.expect(204);
    assert_eq!((assigned.text().as_str(), assigned.header("content-type")), ("", None));
    assert_state(&state(&company, "cnv_1").await, "assigned", Some("tea_3"));
    company.patch(PATH, json!({ "assignee_id": "alt:email:bo@x.example" })).await.expect(204);
    assert_state(&state(&company, "cnv_1").await, "assigned", Some("tea_2"));
}

#[tokio::test]
async fn null_unassigns() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    let path = format!("{PATH}/assignee");
    for (method, path) in [(Method::PUT, path.as_str()), (Method::PATCH, PATH)] {
        assign(&company, "cnv_1", "tea_2").await;
        let unassign = || company.request(method.clone(), path).json(&json!({ "assignee_id": null }));
        company.send(unassign()).await.expect(204);
        assert_state(&state(&company, "cnv_1").await, "unassigned", None);
        let before = etag(&company, PATH).await;
        company.send(unassign()).await.expect(204);
        assert_eq!(etag(&company, PATH).await, before, "{method}");
    }
}

#[tokio::test]
async fn what_is_so_already_is_no_change() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    assign(&company, "cnv_1", "tea_2").await;
    archive(&company, "cnv_1").await;
    let before = etag(&company, PATH).await;
    for body in [json!({}), json!({ "status": "archived" }), json!({ "assignee_id": "tea_2" })] {
        company.patch(PATH, body.clone()).await.expect(204);
        assert_eq!(etag(&company, PATH).await, before, "{body}");
    }
}

#[tokio::test]
async fn only_what_is_sent_changes() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    assign(&company, "cnv_1", "tea_2").await;
    archive(&company, "cnv_1").await;
    assert_state(&state(&company, "cnv_1").await, "archived", Some("tea_2"));
    company.patch(PATH, json!({ "assignee_id": "tea_3" })).await.expect(204);
    assert_state(&state(&company, "cnv_1").await, "archived", Some("tea_3"));
    move_to(&company, "cnv_1", "open").await;
    assert_state(&state(&company, "cnv_1").await, "assigned", Some("tea_3"));
    company.patch(PATH, json!({ "assignee_id": null, "status": "archived" })).await.expect(204);
    assert_state(&state(&company, "cnv_1").await, "archived", None);
    company.patch(PATH, json!({ "assignee_id": "tea_1", "status": "open" })).await.expect(204);
    assert_state(&state(&company, "cnv_1").await, "assigned", Some("tea_1"));
}

#[tokio::test]
async fn a_change_takes_no_field_that_it_has_not() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    let before = company.get(PATH).await.text();
    for (body, fault) in [
        (json!({ "assignee_id": 2 }), "assignee_id must be a string, not a number"),
        (json!({ "status": null }), "status must be a string, not null"),
        (json!({ "status": "Archived" }), "status must be `archived` or `open`"),
        (
            json!({ "status": "deleted" }),
            "status must be `archived` or `open`; conversations are not deleted here",
        ),
        (json!({ "inbox_id": "inb_1" }), "inbox_id cannot be changed here; leave it out"),
        (json!({ "tag_ids": [] }), "tag_ids cannot be changed here; leave it out"),
        (
            json!({ "assignee": "tea_2", "status": "archived" }),
            "assignee is not a field of a conversation; the fields are: assignee_id, status",
        ),
    ] {
        let refused = company.patch(PATH, body).await.expect(400);
        assert_eq!(refused.details(), json!([fault]), "{refused}");
    }
    assert_eq!(company.get(PATH).await.text(), before);
}

#[tokio::test]
async fn an_assignment_names_somebody_or_nobody() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    for (body, fault) in [
        (json!({}), "assignee_id is required"),
        (json!({ "assignee_id": 2 }), "assignee_id must be a string, not a number"),
        (
            json!({ "assignee_id": "tea_2", "status": "open" }),
            "status is not a field of an assignment; the fields are: assignee_id",
        ),
    ] {
        let refused = company.put(&format!("{PATH}/assignee"), body).await.expect(400);
        assert_eq!(refused.details(), json!([fault]), "{refused}");
    }
    assert_state(&state(&company, "cnv_1").await, "unassigned", None);
}

#[tokio::test]
async fn a_conversation_that_there_is_not_is_not_found() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    for given in ["cnv_2", "cnv_01", "CNV_1", "msg_1", "1"] {
        let path = format!("/conversations/{given}");
        for refused in [
            company.get(&path).await,
            company.patch(&path, json!({ "status": "archived" })).await,
            company.put(&format!("{path}/assignee"), json!({ "assignee_id": "tea_2" })).await,
        ] {
            assert_eq!((refused.status, refused.code().as_str()), (404, "conversation.unknown"), "{given}");
            assert_eq!(refused.message(), format!("Unknown conversation ID {given}"));
        }
    }
}

#[tokio::test]
async fn whoever_is_blocked_is_not_assigned_anything() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    assign(&company, "cnv_1", "tea_2").await;
    company.delete("/teammates/tea_3").await.expect(204);
    let before = company.get(PATH).await.text();
    let body = json!({ "assignee_id": "tea_3", "status": "archived" });
    for refused in [
        company.patch(PATH, body).await,
        company.put(&format!("{PATH}/assignee"), json!({ "assignee_id": "alt:email:cy@x.example" })).await,
    ] {
        assert_eq!((refused.status, refused.code().as_str()), (400, "conversation.assignee_blocked"));
        let message = "Body did not satisfy requirements: assignee_id names a blocked teammate: tea_3";
        assert!(refused.message().starts_with(message), "{refused}");
    }
    assert_eq!(company.get(PATH).await.text(), before);
}

#[tokio::test]
async fn whoever_is_unknown_is_not_assigned_anything() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    let before = company.get(PATH).await.text();
    for given in ["tea_9", "TEA_2", "bo@x.example", "alt:email:nobody@x.example", "bo", ""] {
        let body = json!({ "assignee_id": given, "status": "archived" });
        let refused = company.patch(PATH, body).await.expect(400);
        assert_eq!(refused.code(), "conversation.assignee_unknown", "{given}");
        let message = format!("Body did not satisfy requirements: assignee_id names no teammate: {given}");
        assert_eq!(refused.message(), message);
    }
    assert_eq!(company.get(PATH).await.text(), before);
}

#[tokio::test]
async fn a_refused_assignee_or_author_is_told_in_the_details_too() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    company.delete("/teammates/tea_3").await.expect(204);
    for given in ["tea_3", "tea_9"] {
        let assigned = company.patch(PATH, json!({ "assignee_id": given })).await.expect(400);
        let reply = json!({ "body": "x", "author_id": given });
        let replied = company.post(&format!("{PATH}/messages"), reply).await.expect(400);
        for (field, refused) in [("assignee_id", assigned), ("author_id", replied)] {
            let details = refused.details();
            let is_told = details[0].as_str().is_some_and(|detail| detail.starts_with(field));
            assert!(is_told, "{given}: {refused}");
        }
    }
}

#[tokio::test]
async fn whoever_is_away_is_assigned_none_the_less() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    company.patch("/teammates/tea_2", json!({ "is_available": false })).await.expect(204);
    assign(&company, "cnv_1", "tea_2").await;
    assert_state(&state(&company, "cnv_1").await, "assigned", Some("tea_2"));
}

/// Three conversations of `tea_2`'s, of which `cnv_2` is archived.
async fn with_three_of_bos(server: &TestServer) -> TestCompany {
    let company = with_conversations(server, 3).await;
    for number in 1..=3 {
        assign(&company, &format!("cnv_{number}"), "tea_2").await;
    }
    archive(&company, "cnv_2").await;
    company
}

/// The open ones are nobody's any more, which is told of each, after the block; the archived one is as it was.
async fn assert_handed_back(company: &TestCompany) {
    assert_state(&state(company, "cnv_1").await, "unassigned", None);
    assert_state(&state(company, "cnv_2").await, "archived", Some("tea_2"));
    assert_state(&state(company, "cnv_3").await, "unassigned", None);
    assert_eq!(company.get("/teammates/tea_2/conversations").await.ids(), ["cnv_2"]);
    let told = told(company, "").await;
    let (unassigned, before) = told.split_at(2);
    for (event, conversation) in unassigned.iter().zip(["cnv_3", "cnv_1"]) {
        assert_eq!(event["name"], "conversation.unassigned");
        assert_eq!(event["conversation"]["id"], conversation);
        assert_eq!(event["changes"], json!({ "assignee_id": { "from": "tea_2", "to": null } }));
    }
    assert_eq!(before[0]["name"], "teammate.deleted");
}

#[tokio::test]
async fn blocking_a_teammate_unassigns_what_is_open() {
    let server = TestServer::start().await;
    let company = with_three_of_bos(&server).await;
    company.delete("/teammates/tea_2").await.expect(204);
    assert_handed_back(&company).await;
}

#[tokio::test]
async fn blocking_by_a_change_unassigns_what_is_open() {
    let server = TestServer::start().await;
    let company = with_three_of_bos(&server).await;
    company.patch("/teammates/tea_2", json!({ "is_blocked": true })).await.expect(204);
    assert_handed_back(&company).await;
}

#[tokio::test]
async fn deleting_over_scim_unassigns_what_is_open() {
    let server = TestServer::start().await;
    let company = with_three_of_bos(&server).await;
    let idp = company.with_token(company.scim_token(&server).await);
    idp.delete("/scim/v2/Users/tea_2").await.expect(204);
    assert_handed_back(&company).await;
    let told = told(&company, "q[types][]=unassign").await;
    assert_eq!(told[0]["source"]["_meta"]["type"], "scim");
}

#[tokio::test]
async fn the_conversations_of_others_stay_theirs() {
    let server = TestServer::start().await;
    let company = with_three_of_bos(&server).await;
    assign(&company, "cnv_3", "tea_3").await;
    company.delete("/teammates/tea_2").await.expect(204);
    assert_state(&state(&company, "cnv_1").await, "unassigned", None);
    assert_state(&state(&company, "cnv_3").await, "assigned", Some("tea_3"));
}

#[tokio::test]
async fn whoever_comes_back_gets_nothing_back() {
    let server = TestServer::start().await;
    let company = with_three_of_bos(&server).await;
    company.set(&server, "reactivation=api").await;
    company.delete("/teammates/tea_2").await.expect(204);
    company.patch("/teammates/tea_2", json!({ "is_blocked": false })).await.expect(204);
    assert_state(&state(&company, "cnv_1").await, "unassigned", None);
    assert_state(&state(&company, "cnv_2").await, "archived", Some("tea_2"));
}

/// An archived conversation of a blocked teammate's.
async fn with_one_of_a_blocked_one(server: &TestServer) -> TestCompany {
    let company = with_conversations(server, 1).await;
    assign(&company, "cnv_1", "tea_2").await;
    archive(&company, "cnv_1").await;
    company.delete("/teammates/tea_2").await.expect(204);
    assert_state(&state(&company, "cnv_1").await, "archived", Some("tea_2"));
    company
}

#[tokio::test]
async fn what_is_reopened_is_taken_from_whoever_is_blocked() {
    let server = TestServer::start().await;
    let company = with_one_of_a_blocked_one(&server).await;
    move_to(&company, "cnv_1", "open").await;
    assert_state(&state(&company, "cnv_1").await, "unassigned", None);
    let told = told(&company, "").await;
    assert_eq!(names(&told[..2]), ["conversation.unassigned", "conversation.reopened"]);
}

#[tokio::test]
async fn what_a_message_reopens_is_taken_from_whoever_is_blocked() {
    let server = TestServer::start().await;
    let company = with_one_of_a_blocked_one(&server).await;
    receive(&company, "c1@shop.example").await;
    assert_state(&state(&company, "cnv_1").await, "unassigned", None);
    let told = told(&company, "").await;
    assert_eq!(names(&told[..3]), ["message.received", "conversation.unassigned", "conversation.reopened"]);
}

#[tokio::test]
async fn what_is_reopened_for_somebody_else_is_taken_from_nobody_first() {
    let server = TestServer::start().await;
    let company = with_one_of_a_blocked_one(&server).await;
    company.patch(PATH, json!({ "status": "open", "assignee_id": "tea_3" })).await.expect(204);
    assert_state(&state(&company, "cnv_1").await, "assigned", Some("tea_3"));
    let told = told(&company, "").await;
    assert_eq!(names(&told[..2]), ["conversation.assigned", "conversation.reopened"]);
    assert_eq!(told[0]["changes"], json!({ "assignee_id": { "from": "tea_2", "to": "tea_3" } }));
}

#[tokio::test]
async fn the_conversations_of_a_teammate_are_those_assigned_to_it_the_newest_first() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 4).await;
    for (conversation, teammate) in
        [("cnv_3", "tea_2"), ("cnv_1", "tea_2"), ("cnv_2", "tea_3"), ("cnv_4", "tea_2")]
    {
        assign(&company, conversation, teammate).await;
    }
    archive(&company, "cnv_3").await;
    for teammate in ["tea_2", "alt:email:bo@x.example"] {
        let list = company.get(&format!("/teammates/{teammate}/conversations")).await.expect(200);
        assert_eq!(list.ids(), ["cnv_4", "cnv_3", "cnv_1"], "{teammate}");
        assert_eq!(list.json()["_links"]["self"], "http://tenure.test/teammates/tea_2/conversations");
    }
    let paged = pages(&company, "/teammates/tea_2/conversations?limit=2").await;
    assert_eq!(paged, [vec!["cnv_4", "cnv_3"], vec!["cnv_1"]]);
    company.get("/teammates/tea_9/conversations").await.expect(404);
}

#[tokio::test]
async fn a_teammate_lists_its_own_conversations_with_its_own_token() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 2).await;
    assign(&company, "cnv_2", "tea_2").await;
    let theirs = company.with_token(company.token_of(&server, "tea_2").await);
    assert_eq!(theirs.get("/teammates/tea_2/conversations").await.expect(200).ids(), ["cnv_2"]);
    theirs.get("/teammates/tea_3/conversations").await.expect(403);
    theirs.get("/conversations").await.expect(403);
}

#[tokio::test]
async fn a_conversation_of_the_past_is_as_it_was() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    server.clock().advance(Duration::from_hours(1));
    assign(&company, "cnv_1", "tea_2").await;
    receive(&company, "c2@shop.example").await;
    server.clock().advance(Duration::from_hours(1));
    archive(&company, "cnv_1").await;
    company.patch("/teammates/tea_2", json!({ "first_name": "Bob" })).await.expect(204);
    // 30, 90 and 150 minutes after the start.
    let moments = ["1767227400", "2026-01-01T01:30:00Z", "1767234600"];
    let expected: [(&str, Option<&str>, &[&str]); 3] = [
        ("unassigned", None, &["cnv_1"]),
        ("assigned", Some("tea_2"), &["cnv_2", "cnv_1"]),
        ("archived", Some("tea_2"), &["cnv_2"]),
    ];
    for (moment, (status, assignee, open)) in moments.into_iter().zip(expected) {
        let then = company.get(&format!("{PATH}?as_of={moment}")).await.expect(200).json();
        assert_state(&state_of(&then), status, assignee);
        let list = company.get(&format!("/conversations?q[statuses][]=open&as_of={moment}")).await;
        assert_eq!(list.ids(), open, "{moment}");
        let of_bo = company.get(&format!("/teammates/tea_2/conversations?as_of={moment}")).await.ids();
        assert_eq!(of_bo.len(), usize::from(assignee.is_some()), "{moment}");
    }
    let then = company.get(&format!("{PATH}?as_of={}", moments[1])).await.json();
    assert_eq!(then["assignee"]["first_name"], "");
    company.get(&format!("/conversations/cnv_2?as_of={}", moments[0])).await.expect(404);
}

#[tokio::test]
async fn pages_of_the_past_keep_their_moment_and_their_statuses() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 3).await;
    server.clock().advance(Duration::from_hours(1));
    archive(&company, "cnv_2").await;
    let first = company.get("/conversations?limit=2&q[statuses][]=open&as_of=1767227400").await.expect(200);
    let second = company.get(&first.next().unwrap()).await.expect(200);
    assert_eq!([first.ids(), second.ids()], [vec!["cnv_3", "cnv_2"], vec!["cnv_1"]]);
}

#[tokio::test]
async fn the_tag_of_a_conversation_changes_with_it_and_with_its_assignee() {
    let server = TestServer::start().await;
    let company = with_conversations(&server, 1).await;
    let mut tags = vec![etag(&company, PATH).await];
    assign(&company, "cnv_1", "tea_2").await;
    tags.push(etag(&company, PATH).await);
    company.patch("/teammates/tea_2", json!({ "first_name": "Bob" })).await.expect(204);
    tags.push(etag(&company, PATH).await);
    receive(&company, "c1@shop.example").await;
    tags.push(etag(&company, PATH).await);
    let again = |tag: &str| company.request(Method::GET, PATH).header("If-None-Match", tag);
    for tag in &tags[..3] {
        company.send(again(tag)).await.expect(200);
    }
    assert_eq!(company.send(again(&tags[3])).await.status, 304);
}
