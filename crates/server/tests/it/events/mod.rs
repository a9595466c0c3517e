//! `/events`, `/teammates/{id}/history` and `/conversations/{id}/events`: what happened, as others are told.

mod history;
mod told;

use crate::conditional::etag;
use crate::conversations::{archive, assign, with_a_channel};
use crate::inboxes::{channel, inbox};
use crate::invitations::mail_to;
use crate::messages::receive;
use crate::scim::{Scim, user};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tenure_directory::{EventId, Word};
use tenure_server::operator::{CompanyRequest, TokenWish};
use tenure_testkit::{Reply, TestCompany, TestServer};

/// The latest events that a query chooses, the newest first.
pub(crate) async fn told(company: &TestCompany, query: &str) -> Vec<Value> {
    events_of(&company.get(&format!("/events?limit=100&{query}")).await.expect(200))
}

fn events_of(list: &Reply) -> Vec<Value> {
    list.json()["_results"].as_array().expect("a list has results").clone()
}

/// What happened, by its names.
pub(crate) fn names(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["name"].as_str()).collect()
}

/// The ids of what the events were done to.
fn targets(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["target"]["data"]["id"].as_str()).collect()
}

/// The one event of a type.
async fn only(company: &TestCompany, word: &str) -> Value {
    let mut told = told(company, &format!("q[types][]={word}")).await;
    assert_eq!(told.len(), 1, "{word}: {told:?}");
    told.remove(0)
}

/// The items of a list, page by page, to its end.
async fn all(company: &TestCompany, first: &str) -> Vec<Value> {
    let mut items = vec![];
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let page = company.get(&path).await.expect(200);
        items.extend(events_of(&page));
        next = page.next();
    }
    items
}

/// A company in which everything has happened that others are told of. The conversation `cnv_1` and the team `tim_1` are about
/// the teammate `tea_2`, who is blocked at the end; the team is gone.
async fn eventful(server: &TestServer) -> TestCompany {
    let company = server.company("Acme").await;
    company.admin("ana@x.example").await;
    company.teammate("bo@x.example").await;
    let link = mail_to(server, &company, "tea_2").await.link();
    company.send(company.request(Method::POST, &link)).await.expect(200);
    inbox(&company, "Orders", &[]).await;
    channel(&company, "inb_1").await;
    receive(&company, "dee@shop.example").await;
    assign(&company, "cnv_1", "tea_2").await;
    let reply = json!({ "body": "On its way.", "author_id": "tea_2" });
    company.post("/conversations/cnv_1/messages", reply).await.expect(202);
    let reopen = json!({ "status": "open", "assignee_id": null });
    company.patch("/conversations/cnv_1", reopen).await.expect(204);
    company.patch("/teammates/tea_2", json!({ "first_name": "Bo" })).await.expect(204);
    let team = company.team(server, "Support").await;
    company.join(&team, &["tea_1", "tea_2"]).await;
    let leaving = json!({ "teammate_ids": ["tea_2"] });
    company.delete_with(&format!("/teams/{team}/teammates"), leaving).await.expect(204);
    let rename = CompanyRequest::RenameTeam { team: team.clone(), name: "Help".to_owned() };
    company.operate(server, rename).await;
    company.operate(server, CompanyRequest::DeleteTeam { team }).await;
    company.delete("/teammates/tea_2").await.expect(204);
    company
}

/// Every public word: its name, its type, of what kind the target is, and over which face it comes in [`eventful`].
const WORDS: [(&str, &str, &str, &str); 16] = [
    ("teammate.created", "teammate.created", "teammate", "api"),
    ("teammate.updated", "teammate.updated", "teammate", "api"),
    ("teammate.deleted", "teammate.deleted", "teammate", "api"),
    ("conversation.created", "conversation.created", "conversation", "api"),
    ("conversation.assigned", "assign", "teammate", "api"),
    ("conversation.unassigned", "unassign", "teammate", "api"),
    ("conversation.archived", "archive", "conversation", "api"),
    ("conversation.reopened", "reopen", "conversation", "api"),
    ("message.received", "inbound", "message", "api"),
    ("message.sent", "outbound", "message", "api"),
    ("team.created", "team.created", "team", "operator"),
    ("team.updated", "team.updated", "team", "operator"),
    ("team.deleted", "team.deleted", "team", "operator"),
    ("team.teammates_added", "team.teammates_added", "team", "api"),
    ("team.teammates_removed", "team.teammates_removed", "team", "api"),
    ("invitation.accepted", "invitation.accepted", "teammate", "mail"),
];

#[tokio::test]
async fn an_event_is_told_whole() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.set(&server, "invitations=hold").await;
    company.teammate("ana@x.example").await;
    insta::assert_snapshot!(company.get("/events").await, @r#"
    200
    content-type: application/json

    {
      "_links": {
        "self": "http://tenure.test/events"
      },
      "_pagination": {
        "next": null
      },
      "_results": [
        {
          "_links": {
            "self": "http://tenure.test/events/evt_4"
          },
          "emitted_at": 1767225600,
          "id": "evt_4",
          "name": "teammate.created",
          "source": {
            "_meta": {
              "type": "api"
            },
            "data": {
              "id": "tok_1",
              "name": ""
            }
          },
          "target": {
            "_meta": {
              "type": "teammate"
            },
            "data": {
              "_links": {
                "related": {
                  "conversations": "http://tenure.test/teammates/tea_1/conversations",
                  "inboxes": "http://tenure.test/teammates/tea_1/inboxes"
                },
                "self": "http://tenure.test/teammates/tea_1"
              },
              "custom_fields": {},
              "email": "ana@x.example",
              "first_name": "",
              "id": "tea_1",
              "is_admin": false,
              "is_available": true,
              "is_blocked": false,
              "last_name": "",
              "license_type": "full",
              "type": "user",
              "username": "ana"
            }
          },
          "type": "teammate.created"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn every_public_word_is_told_with_its_type_its_target_and_its_source() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    let told = told(&company, "").await;
    let known: BTreeSet<_> = WORDS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(known, Word::ALL.iter().map(|word| word.name()).collect::<BTreeSet<_>>());
    assert_eq!(known, names(&told).into_iter().collect::<BTreeSet<_>>());
    for event in &told {
        let (name, kind, target, source) =
            WORDS.iter().find(|(name, ..)| event["name"] == *name).expect("the names are the words");
        let found = (&event["type"], &event["target"]["_meta"]["type"], &event["source"]["_meta"]["type"]);
        assert_eq!(found, (&json!(kind), &json!(target), &json!(source)), "{name}");
        assert!(event["target"]["data"]["id"].is_string(), "{event}");
        let is_in_one = name.starts_with("conversation.") || name.starts_with("message.");
        assert_eq!(event["conversation"]["id"], json!(is_in_one.then_some("cnv_1")), "{name}");
        assert_eq!(event["emitted_at"], json!(1_767_225_600), "{name}");
    }
}

#[tokio::test]
async fn events_are_told_the_newest_first_and_their_ids_rise() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    let told = told(&company, "").await;
    let ids = told.iter().map(|event| event["id"].as_str().and_then(|id| id.parse::<EventId>().ok()));
    let numbers: Vec<_> = ids.map(|id| id.expect("an event has an id of its form").number()).collect();
    assert!(numbers.is_sorted_by(|later, earlier| later > earlier), "{numbers:?}");
    assert_eq!((names(&told)[0], names(&told)[told.len() - 1]), ("teammate.deleted", "teammate.created"));
}

#[tokio::test]
async fn an_event_is_shown_as_it_is_listed() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    for event in told(&company, "").await {
        let path = format!("/events/{}", event["id"].as_str().unwrap());
        assert_eq!(event["_links"]["self"], format!("http://tenure.test{path}"));
        assert_eq!(company.get(&path).await.expect(200).json(), event);
    }
}

#[tokio::test]
async fn an_event_that_the_caller_has_is_not_sent_again() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    let path = format!("/events/{}", only(&company, "assign").await["id"].as_str().unwrap());
    let tag = etag(&company, &path).await;
    let again = company.send(company.request(Method::GET, &path).header("If-None-Match", &tag)).await;
    assert_eq!((again.status, again.header("etag")), (304, Some(tag.as_str())));
}

#[tokio::test]
async fn what_is_no_event_that_is_told_is_not_found() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.set(&server, "invitations=hold").await;
    company.teammate("ana@x.example").await;
    company.get("/events/evt_4").await.expect(200);
    // The first three are of the company, its token and its setting.
    for given in
        ["evt_1", "evt_2", "evt_3", "evt_5", "evt_zz", "evt_0", "evt_", "evt_04", "EVT_4", "4", "tea_1"]
    {
        let refused = company.get(&format!("/events/{given}")).await.expect(404);
        assert_eq!(refused.code(), "event.unknown", "{given}");
        assert_eq!(refused.message(), format!("Unknown event ID {given}"));
    }
}

#[tokio::test]
async fn a_page_has_15_events_unless_asked_otherwise() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for number in 0..16 {
        company.teammate(&format!("t{number}@x.example")).await;
    }
    let first = company.get("/events").await.expect(200);
    let second = company.get(&first.next().unwrap()).await.expect(200);
    assert_eq!((first.ids().len(), second.ids().len(), second.next()), (15, 1, None));
    assert_eq!(company.get("/events?limit=100").await.expect(200).ids().len(), 16);
}

#[tokio::test]
async fn a_page_has_at_most_100_events() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    for list in ["/events", "/teammates/tea_2/history", "/conversations/cnv_1/events"] {
        for limit in ["101", "0", "-1", "x", ""] {
            let refused = company.get(&format!("{list}?limit={limit}")).await.expect(400);
            assert_eq!(refused.message(), "Bad query: limit must be a whole number from 1 to 100");
        }
    }
}

#[tokio::test]
async fn pages_tell_each_event_once_while_others_write() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    let before = told(&company, "").await;
    let first = company.get("/events?limit=4").await.expect(200);
    company.patch("/teammates/tea_1", json!({ "first_name": "Ana" })).await.expect(204);
    receive(&company, "dee@shop.example").await;
    let mut paged = events_of(&first);
    paged.extend(all(&company, &first.next().unwrap()).await);
    let ids = |events: &[Value]| events.iter().map(|event| event["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&paged), ids(&before));
}

#[tokio::test]
async fn events_are_chosen_by_their_types_in_either_vocabulary() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    for (name, published, ..) in WORDS {
        let by_name = told(&company, &format!("q[types][]={name}")).await;
        assert!(!by_name.is_empty() && names(&by_name).iter().all(|told| *told == name), "{name}");
        assert_eq!(told(&company, &format!("q[types][]={published}")).await, by_name, "{name}");
    }
    let both = told(&company, "q[types][]=inbound&q%5Btypes%5D%5B%5D=team.deleted&q[types][]=inbound").await;
    assert_eq!(names(&both), ["team.deleted", "message.received"]);
}

#[tokio::test]
async fn a_type_that_is_none_is_refused() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    let known: Vec<_> = WORDS.iter().map(|(name, ..)| *name).collect();
    for word in ["teammate.exploded", "assignee_changed", "teammate.*", "teammate.blocked", "Assign", ""] {
        let refused = company.get(&format!("/events?q[types][]=assign&q[types][]={word}")).await.expect(400);
        assert_eq!(refused.code(), "request.bad_query", "{word}");
        for name in &known {
            assert!(refused.message().contains(name), "{word}: {name} is not told in {refused}");
        }
    }
}

/// The events by which three teammates came, one a millisecond; the first at 1767225600.
async fn one_a_millisecond(server: &TestServer) -> TestCompany {
    let company = server.company("Acme").await;
    for name in ["ana", "bo", "cy"] {
        company.teammate(&format!("{name}@x.example")).await;
        server.clock().advance(Duration::from_millis(1));
    }
    company
}

#[tokio::test]
async fn events_are_chosen_by_their_time_to_the_millisecond() {
    let server = TestServer::start().await;
    let company = one_a_millisecond(&server).await;
    let expected: [(&str, &[&str]); 12] = [
        ("q[before]=1767225600.001", &["tea_1"]),
        ("q[before]=1767225600.002", &["tea_2", "tea_1"]),
        ("q[before]=1767225600", &[]),
        ("q[before]=1767225600.5", &["tea_3", "tea_2", "tea_1"]),
        ("q[before]=0", &[]),
        ("q[after]=1767225600.001", &["tea_3"]),
        ("q[after]=1767225600.0", &["tea_3", "tea_2"]),
        ("q[after]=1767225600.01", &[]),
        ("q[after]=0", &["tea_3", "tea_2", "tea_1"]),
        ("q[after]=1767225600&q[before]=1767225600.002", &["tea_2"]),
        ("q[after]=1767225600.002&q[before]=1767225600.001", &[]),
        ("q%5Bafter%5D=1767225600&q[before]=1767225600.5&limit=1", &["tea_3"]),
    ];
    for (query, teammates) in expected {
        let chosen = events_of(&company.get(&format!("/events?{query}")).await.expect(200));
        assert_eq!(targets(&chosen), teammates, "{query}");
    }
    let told = told(&company, "q[before]=1767225600.002").await;
    assert_eq!(told[0]["emitted_at"], json!(1_767_225_600.001));
}

#[tokio::test]
async fn a_time_that_is_none_is_refused() {
    let server = TestServer::start().await;
    let company = one_a_millisecond(&server).await;
    for name in ["q[before]", "q[after]"] {
        for time in ["", "now", "-1", "1767225600.0001", "1e9", "0x10", "1767225600&NAME=1767225600"] {
            let query = format!("{name}={}", time.replace("NAME", name));
            let refused = company.get(&format!("/events?{query}")).await.expect(400);
            assert_eq!(refused.code(), "request.bad_query", "{query}");
            assert!(refused.message().starts_with(&format!("Bad query: {name} must be ")), "{refused}");
        }
    }
}

#[tokio::test]
async fn a_page_token_goes_with_what_its_events_were_chosen_by() {
    let server = TestServer::start().await;
    let company = one_a_millisecond(&server).await;
    let choices = ["q[types][]=teammate.created", "q[before]=1767225600.5", "q[after]=0"];
    for choice in choices {
        let first = company.get(&format!("/events?limit=1&{choice}")).await.expect(200);
        let next = first.next().unwrap();
        let bare = next.split('&').take(2).collect::<Vec<_>>().join("&");
        for other in choices.into_iter().filter(|other| *other != choice).chain([""]) {
            let refused = company.get(&format!("{bare}&{other}")).await.expect(400);
            assert!(refused.message().contains("page_token"), "{choice} {other}: {refused}");
        }
        assert_eq!(targets(&all(&company, &next).await), ["tea_2", "tea_1"], "{choice}");
    }
}
