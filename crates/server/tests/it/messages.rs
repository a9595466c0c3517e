//! `/channels/{id}/incoming_messages`, `/conversations/{id}/messages` and `/messages/{id}`: what comes in, and replies.

use crate::conditional::etag;
use crate::conversations::{archive, assign, state, with_a_channel};
use crate::inboxes::channel;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tenure_testkit::{Reply, TestCompany, TestServer};

const INCOMING: &str = "/channels/cha_1/incoming_messages";
const MESSAGES: &str = "/conversations/cnv_1/messages";

/// The most octets that a message's text may have.
const LIMIT: usize = 64 * 1024;

/// A message comes in over the channel `cha_1`; its id.
pub(crate) async fn receive(company: &TestCompany, handle: &str) -> String {
    let body = json!({ "sender": { "handle": handle }, "body": "Where is it?" });
    taken_in(&company.post(INCOMING, body).await.expect(202))
}

/// A message comes in that says to which others it belongs.
async fn receive_about(company: &TestCompany, handle: &str, thread_ref: &str) {
    let metadata = json!({ "thread_ref": thread_ref });
    let body = json!({ "sender": { "handle": handle }, "body": "Where is it?", "metadata": metadata });
    company.post(INCOMING, body).await.expect(202);
}

/// The id of a message that was taken in.
fn taken_in(accepted: &Reply) -> String {
    accepted.json()["message_uid"].as_str().expect("a message has an id from the start").to_owned()
}

/// A reply in the conversation `cnv_1`, after which it stays as it is.
async fn reply(company: &TestCompany, text: &str) -> String {
    let body = json!({ "body": text, "options": { "archive": false } });
    taken_in(&company.post(MESSAGES, body).await.expect(202))
}

/// The ids of a conversation's messages.
async fn messages(company: &TestCompany, conversation: &str) -> Vec<String> {
    company.get(&format!("/conversations/{conversation}/messages")).await.expect(200).ids()
}

async fn conversations(company: &TestCompany) -> Vec<String> {
    company.get("/conversations").await.expect(200).ids()
}

/// Since when the conversation `cnv_1` waits.
async fn waiting_since(company: &TestCompany) -> Option<Value> {
    company.get("/conversations/cnv_1").await.expect(200).json().get("waiting_since").cloned()
}

#[tokio::test]
async fn a_message_that_comes_in_is_accepted_and_has_an_id_from_the_start() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let body = json!({ "sender": { "handle": "dee@shop.example" }, "body": "Where is it?" });
    insta::assert_snapshot!(company.post(INCOMING, body).await, @r#"
    202
    content-type: application/json

    {
      "message_uid": "msg_1",
      "status": "accepted"
    }
    "#);
    company.get("/messages/msg_1").await.expect(200);
}

#[tokio::test]
async fn a_message_is_shown_whole() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let sender = json!({ "handle": "dee@shop.example", "name": "Dee" });
    let body = json!({ "sender": sender, "subject": "Order 7", "body": "Where\n  is it?" });
    company.post(INCOMING, body).await.expect(202);
    let expected = json!({
        "_links": {
            "self": "http://tenure.test/messages/msg_1",
            "related": { "conversation": "http://tenure.test/conversations/cnv_1" },
        },
        "id": "msg_1",
        "message_uid": "msg_1",
        "type": "custom",
        "is_inbound": true,
        "created_at": 1_767_225_600,
        "subject": "Order 7",
        "blurb": "Where is it?",
        "recipients": [{
            "_links": { "related": { "contact": null } },
            "name": "Dee",
            "handle": "dee@shop.example",
            "role": "from",
        }],
        "body": "Where\n  is it?",
        "text": "Where\n  is it?",
        "attachments": [],
        "metadata": {},
    });
    assert_eq!(company.get("/messages/msg_1").await.expect(200).json(), expected);
}

#[tokio::test]
async fn the_first_message_of_somebody_makes_a_conversation() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    receive(&company, "dee@shop.example").await;
    receive(&company, "eve@shop.example").await;
    assert_eq!(conversations(&company).await, ["cnv_2", "cnv_1"]);
    let recipient = company.get("/conversations/cnv_2").await.json()["recipient"].clone();
    assert_eq!((&recipient["handle"], &recipient["name"]), (&json!("eve@shop.example"), &Value::Null));
}

#[tokio::test]
async fn the_same_sender_goes_on_with_the_same_conversation() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    for handle in ["dee@shop.example", "eve@shop.example", "dee@shop.example"] {
        receive(&company, handle).await;
    }
    assert_eq!(conversations(&company).await, ["cnv_2", "cnv_1"]);
    assert_eq!(messages(&company, "cnv_1").await, ["msg_3", "msg_1"]);
}

#[tokio::test]
async fn the_same_thread_is_the_same_conversation_whoever_writes() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    receive_about(&company, "dee@shop.example", "order-7").await;
    receive_about(&company, "eve@shop.example", "order-7").await;
    receive_about(&company, "dee@shop.example", "order-8").await;
    receive(&company, "dee@shop.example").await;
    assert_eq!(messages(&company, "cnv_1").await, ["msg_2", "msg_1"]);
    assert_eq!(messages(&company, "cnv_2").await, ["msg_3"]);
    assert_eq!(messages(&company, "cnv_3").await, ["msg_4"]);
}

#[tokio::test]
async fn over_another_channel_it_is_another_conversation() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let other = channel(&company, "inb_1").await;
    receive(&company, "dee@shop.example").await;
    let body = json!({ "sender": { "handle": "dee@shop.example" }, "body": "Where is it?" });
    company.post(&format!("/channels/{other}/incoming_messages"), body).await.expect(202);
    assert_eq!(conversations(&company).await, ["cnv_2", "cnv_1"]);
}

#[tokio::test]
async fn a_conversation_keeps_the_subject_of_its_first_message() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    for subject in ["Order 7", "Still order 7"] {
        let body =
            json!({ "sender": { "handle": "dee@shop.example" }, "subject": subject, "body": "Hello?" });
        company.post(INCOMING, body).await.expect(202);
    }
    assert_eq!(company.get("/conversations/cnv_1").await.json()["subject"], "Order 7");
    assert_eq!(company.get("/messages/msg_2").await.json()["subject"], "Still order 7");
}

#[tokio::test]
async fn a_message_reopens_an_archived_conversation() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    receive(&company, "dee@shop.example").await;
    assign(&company, "cnv_1", "tea_2").await;
    archive(&company, "cnv_1").await;
    receive(&company, "dee@shop.example").await;
    assert_eq!(state(&company, "cnv_1").await, ("assigned".to_owned(), Some("tea_2".to_owned())));
}

#[tokio::test]
async fn a_text_has_64_kib_at_most() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let incoming = |text: String| json!({ "sender": { "handle": "dee@shop.example" }, "body": text });
    // Octets count, not characters.
    for text in ["x".repeat(LIMIT), "\u{e9}".repeat(LIMIT / 2)] {
        let accepted = company.post(INCOMING, incoming(text.clone())).await.expect(202);
        let shown = company.get(&format!("/messages/{}", taken_in(&accepted))).await.expect(200).json();
        assert!(shown["body"] == text.as_str(), "the text came back otherwise");
    }
    for text in ["x".repeat(LIMIT + 1), "\u{e9}".repeat(LIMIT / 2) + "x"] {
        let fault = "body must be at most 65536 octets of UTF-8; this one has 65537";
        for refused in [
            company.post(INCOMING, incoming(text.clone())).await,
            company.post(MESSAGES, json!({ "body": text })).await,
        ] {
            assert_eq!((refused.status, refused.details()), (400, json!([fault])));
        }
    }
    company.post(MESSAGES, json!({ "body": "x".repeat(LIMIT) })).await.expect(202);
    assert_eq!(messages(&company, "cnv_1").await, ["msg_3", "msg_2", "msg_1"]);
}

#[tokio::test]
async fn the_beginning_of_a_long_text_is_its_blurb() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let text = format!("  Hello,\r\n\r\nwhere\tis it? {}", "\u{e9}".repeat(200));
    let body = json!({ "sender": { "handle": "dee@shop.example" }, "body": text });
    company.post(INCOMING, body).await.expect(202);
    let shown = company.get("/messages/msg_1").await.expect(200).json();
    let start = "Hello, where is it? ";
    assert_eq!(shown["blurb"], format!("{start}{}", "\u{e9}".repeat(120 - start.len())));
    assert_eq!(shown["body"], text);
}

#[tokio::test]
async fn a_message_needs_a_sender_and_a_text() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let sender = json!({ "handle": "dee@shop.example" });
    for (body, faults) in [
        (json!({}), json!(["sender is required", "body is required"])),
        (json!({ "sender": sender }), json!(["body is required"])),
        (json!({ "sender": sender, "body": "" }), json!(["body must not be empty"])),
        (json!({ "sender": sender, "body": " \n" }), json!(["body must not be empty"])),
        (json!({ "sender": sender, "body": null }), json!(["body must be a string, not null"])),
        (json!({ "body": "Hello?" }), json!(["sender is required"])),
        (json!({ "sender": null, "body": "Hello?" }), json!(["sender must be an object, not null"])),
        (json!({ "sender": "dee", "body": "Hello?" }), json!(["sender must be an object, not a string"])),
        (json!({ "sender": {}, "body": "Hello?" }), json!(["sender.handle is required"])),
        (json!({ "sender": { "handle": "" }, "body": "Hello?" }), json!(["sender.handle must not be empty"])),
        (
            json!({ "sender": { "handle": 1, "name": 2 }, "subject": 3, "body": 4, "metadata": 5 }),
            json!([
                "sender.handle must be a string, not a number",
                "sender.name must be a string, not a number",
                "subject must be a string, not a number",
                "body must be a string, not a number",
                "metadata must be an object, not a number",
            ]),
        ),
    ] {
        let refused = company.post(INCOMING, body).await.expect(400);
        assert_eq!(refused.details(), faults, "{refused}");
    }
    company.send(company.request(Method::POST, INCOMING)).await.expect(400);
    assert!(conversations(&company).await.is_empty());
}

#[tokio::test]
async fn a_message_takes_no_field_that_it_has_not_and_no_attachment() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "sender": { "handle": "dee@shop.example" }, "body": "Hello?" });
        body[field] = value;
        body
    };
    for (body, fault) in [
        (
            with("text", json!("x")),
            "text is not a field of a message; the fields are: sender, subject, body, metadata",
        ),
        (
            with("sender", json!({ "handle": "dee", "email": "dee@shop.example" })),
            "sender.email is not a field of a sender; the fields are: handle, name",
        ),
        (
            with("metadata", json!({ "thread": "order-7" })),
            "metadata.thread is not a field of metadata; the fields are: thread_ref",
        ),
        (with("metadata", json!({ "thread_ref": "" })), "metadata.thread_ref must not be empty"),
        (with("attachments", json!([])), "attachments is not supported; leave it out"),
    ] {
        let refused = company.post(INCOMING, body).await.expect(400);
        assert_eq!(refused.details(), json!([fault]), "{refused}");
    }
}

#[tokio::test]
async fn what_the_product_lets_a_message_carry_besides_has_no_effect() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let incoming = json!({
        "sender": { "handle": "dee@shop.example", "contact_id": "crd_1" },
        "body": "Hello?",
        "body_format": "html",
        "metadata": { "headers": { "x": 1 } },
    });
    company.post(INCOMING, incoming).await.expect(202);
    let reply = json!({
        "body": "Hello!",
        "to": ["eve@shop.example"],
        "cc": [],
        "bcc": [],
        "sender_name": "Acme",
        "channel_id": "cha_1",
        "text": "Hello!",
        "quote_body": "Hello?",
        "signature_id": "sig_1",
        "should_add_default_signature": false,
        "options": { "tag_ids": [] },
    });
    company.post(MESSAGES, reply).await.expect(202);
    let recipients = company.get("/messages/msg_2").await.json()["recipients"].clone();
    assert_eq!(recipients.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&recipients[0]["handle"], &recipients[0]["role"]),
        (&json!("dee@shop.example"), &json!("to"))
    );
}

#[tokio::test]
async fn a_message_over_a_channel_that_there_is_not_is_not_found() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let body = json!({ "sender": { "handle": "dee@shop.example" }, "body": "Hello?" });
    for given in ["cha_2", "CHA_1", "inb_1"] {
        let path = format!("/channels/{given}/incoming_messages");
        let refused = company.post(&path, body.clone()).await.expect(404);
        assert_eq!(refused.message(), format!("Unknown channel ID {given}"));
    }
}

#[tokio::test]
async fn the_same_key_takes_one_message_in_and_sends_one_reply() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    for (path, body) in [
        (INCOMING, json!({ "sender": { "handle": "dee@shop.example" }, "body": "Hello?" })),
        (MESSAGES, json!({ "body": "Hello!" })),
    ] {
        let request = || company.request(Method::POST, path).header("Idempotency-Key", path).json(&body);
        let first = company.send(request()).await.expect(202);
        let again = company.send(request()).await.expect(202);
        assert_eq!(again.text(), first.text(), "{path}");
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{path}");
    }
    assert_eq!(messages(&company, "cnv_1").await, ["msg_2", "msg_1"]);
}

#[tokio::test]
async fn a_reply_archives_its_conversation_unless_told_otherwise() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    for (options, status) in [
        (None, "archived"),
        (Some(json!({})), "archived"),
        (Some(json!({ "archive": true })), "archived"),
        (Some(json!({ "archive": false })), "unassigned"),
    ] {
        receive(&company, "dee@shop.example").await;
        assert_eq!(state(&company, "cnv_1").await.0, "unassigned");
        let mut body = json!({ "body": "On its way." });
        if let Some(options) = &options {
            body["options"] = options.clone();
        }
        let accepted = company.post(MESSAGES, body).await.expect(202).json();
        assert_eq!(accepted["status"], "accepted");
        assert_eq!(state(&company, "cnv_1").await.0, status, "{options:?}");
    }
}

#[tokio::test]
async fn a_reply_goes_to_whoever_wrote_and_has_the_subject_of_the_conversation() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let sender = json!({ "handle": "dee@shop.example", "name": "Dee" });
    let body = json!({ "sender": sender, "subject": "Order 7", "body": "Where is it?" });
    company.post(INCOMING, body).await.expect(202);
    reply(&company, "On its way.").await;
    company.post(MESSAGES, json!({ "body": "It is there.", "subject": "Done" })).await.expect(202);
    let sent = company.get("/messages/msg_2").await.expect(200).json();
    let recipient = json!({
        "_links": { "related": { "contact": null } },
        "name": "Dee",
        "handle": "dee@shop.example",
        "role": "to",
    });
    assert_eq!(
        (&sent["is_inbound"], &sent["subject"], &sent["recipients"], sent.get("author")),
        (&json!(false), &json!("Order 7"), &json!([recipient]), None)
    );
    assert_eq!(company.get("/messages/msg_3").await.json()["subject"], "Done");
}

#[tokio::test]
async fn the_author_of_a_reply_is_given_by_id_or_alias() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    receive(&company, "dee@shop.example").await;
    for author in ["tea_2", "alt:email:BO@x.example"] {
        let accepted =
            company.post(MESSAGES, json!({ "body": "Hello!", "author_id": author })).await.expect(202);
        let sent = company.get(&format!("/messages/{}", taken_in(&accepted))).await.expect(200).json();
        assert_eq!(sent["author"], company.get("/teammates/tea_2").await.json(), "{author}");
    }
}

#[tokio::test]
async fn nobody_writes_who_is_blocked_or_unknown() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    receive(&company, "dee@shop.example").await;
    company.delete("/teammates/tea_3").await.expect(204);
    for (author, code, message) in [
        ("tea_3", "message.author_blocked", "author_id names a blocked teammate: tea_3"),
        ("alt:email:cy@x.example", "message.author_blocked", "author_id names a blocked teammate: tea_3"),
        ("tea_9", "message.author_unknown", "author_id names no teammate: tea_9"),
        ("bo@x.example", "message.author_unknown", "author_id names no teammate: bo@x.example"),
    ] {
        let refused =
            company.post(MESSAGES, json!({ "body": "Hello!", "author_id": author })).await.expect(400);
        assert_eq!(refused.code(), code, "{author}");
        assert_eq!(refused.message(), format!("Body did not satisfy requirements: {message}"));
    }
    assert_eq!(messages(&company, "cnv_1").await, ["msg_1"]);
    assert_eq!(state(&company, "cnv_1").await.0, "unassigned");
}

#[tokio::test]
async fn a_reply_needs_a_text_and_takes_no_field_that_it_has_not() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    receive(&company, "dee@shop.example").await;
    for (body, fault) in [
        (json!({}), "body is required"),
        (json!({ "body": "" }), "body must not be empty"),
        (json!({ "body": "x", "author_id": null }), "author_id must be a string, not null"),
        (json!({ "body": "x", "options": true }), "options must be an object, not a boolean"),
        (
            json!({ "body": "x", "options": { "archive": "no" } }),
            "options.archive must be true or false, not a string",
        ),
        (
            json!({ "body": "x", "options": { "archived": true } }),
            "options.archived is not a field of options; the fields are: archive",
        ),
        (
            json!({ "body": "x", "author": "tea_2" }),
            "author is not a field of a reply; the fields are: body, author_id, subject, options",
        ),
        (json!({ "body": "x", "attachments": [] }), "attachments is not supported; leave it out"),
    ] {
        let refused = company.post(MESSAGES, body).await.expect(400);
        assert_eq!(refused.details(), json!([fault]), "{refused}");
    }
    assert_eq!(messages(&company, "cnv_1").await, ["msg_1"]);
}

#[tokio::test]
async fn a_reply_in_a_conversation_that_there_is_not_is_not_found() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    receive(&company, "dee@shop.example").await;
    for given in ["cnv_2", "CNV_1", "msg_1"] {
        let path = format!("/conversations/{given}/messages");
        for refused in [company.post(&path, json!({ "body": "Hello!" })).await, company.get(&path).await] {
            assert_eq!((refused.status, refused.code().as_str()), (404, "conversation.unknown"), "{given}");
        }
    }
}

#[tokio::test]
async fn a_conversation_waits_since_the_oldest_message_that_nobody_replied_to() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    receive(&company, "dee@shop.example").await;
    server.clock().advance(Duration::from_mins(1));
    receive(&company, "dee@shop.example").await;
    assert_eq!(waiting_since(&company).await, Some(json!(1_767_225_600)));
    reply(&company, "On its way.").await;
    assert_eq!(waiting_since(&company).await, None);
    receive(&company, "dee@shop.example").await;
    assert_eq!(waiting_since(&company).await, Some(json!(1_767_225_660)));
}

#[tokio::test]
async fn messages_are_listed_the_newest_first() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    receive(&company, "dee@shop.example").await;
    receive(&company, "eve@shop.example").await;
    reply(&company, "On its way.").await;
    receive(&company, "dee@shop.example").await;
    let list = company.get(MESSAGES).await.expect(200);
    assert_eq!(list.ids(), ["msg_4", "msg_3", "msg_1"]);
    let list = list.json();
    assert_eq!(list["_links"]["self"], "http://tenure.test/conversations/cnv_1/messages");
    assert_eq!(list["_results"][1], company.get("/messages/msg_3").await.json());
}

#[tokio::test]
async fn messages_come_in_pages_however_much_happened_between_them() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    for _ in 0..3 {
        receive(&company, "dee@shop.example").await;
        for teammate in ["tea_1", "tea_2", "tea_3", "tea_1", "tea_2"] {
            assign(&company, "cnv_1", teammate).await;
        }
    }
    let first = company.get(&format!("{MESSAGES}?limit=1")).await.expect(200);
    let later = receive(&company, "dee@shop.example").await;
    let second = company.get(&first.next().unwrap()).await.expect(200);
    let third = company.get(&second.next().unwrap()).await.expect(200);
    assert_eq!([first.ids(), second.ids(), third.ids()].concat(), ["msg_3", "msg_2", "msg_1"]);
    assert_eq!(third.next(), None);
    assert_eq!(company.get(&format!("{MESSAGES}?limit=1")).await.ids(), [later]);
}

#[tokio::test]
async fn a_page_of_messages_has_50_unless_asked_otherwise() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    for _ in 0..51 {
        receive(&company, "dee@shop.example").await;
    }
    let first = company.get(MESSAGES).await.expect(200);
    let second = company.get(&first.next().unwrap()).await.expect(200);
    assert_eq!((first.ids().len(), second.ids(), second.next()), (50, vec!["msg_1".to_owned()], None));
}

#[tokio::test]
async fn a_message_is_found_by_its_uid_too() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let uid = receive(&company, "dee@shop.example").await;
    let by_uid = company.get(&format!("/messages/alt:uid:{uid}")).await.expect(200);
    assert_eq!(by_uid.json(), company.get("/messages/msg_1").await.json());
}

#[tokio::test]
async fn what_is_no_message_is_not_found() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    receive(&company, "dee@shop.example").await;
    for given in ["msg_2", "msg_0", "msg_01", "MSG_1", "msg_", "1", "cnv_1", "alt:uid:", "alt:uid:msg_2"] {
        let refused = company.get(&format!("/messages/{given}")).await.expect(404);
        assert_eq!(refused.code(), "message.unknown", "{given}");
        assert_eq!(refused.message(), format!("Unknown message ID {given}"));
    }
}

#[tokio::test]
async fn a_message_that_the_caller_has_is_not_sent_again() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    receive(&company, "dee@shop.example").await;
    let tag = etag(&company, "/messages/msg_1").await;
    let again = company.request(Method::GET, "/messages/msg_1").header("If-None-Match", tag);
    assert_eq!(company.send(again).await.status, 304);
}
