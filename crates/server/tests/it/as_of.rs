//! `as_of`: reading the state as it was.

use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tenure_server::operator::CompanyRequest;
use tenure_testkit::{Reply, TestCompany, TestServer};

/// Where the clock of every test begins, in epoch seconds.
const START: i64 = 1_767_225_600;

/// The moment a number of minutes after the start, in epoch seconds.
fn minute(minutes: i64) -> String {
    (START + minutes * 60).to_string()
}

fn pass_an_hour(server: &TestServer) {
    server.clock().advance(Duration::from_hours(1));
}

/// A company with a past.
///
/// - at the start: the team Support, and Ana
/// - after 1 hour: Ana is renamed to Anna, with another address
/// - after 2 hours: Bo, the team Sales and the custom field Level are there; Anna is in Support
/// - after 3 hours: Anna is blocked, Bo is in Support, Sales is gone
/// - now: after 4 hours
async fn with_a_past(server: &TestServer) -> TestCompany {
    let company = server.company("Acme").await;
    let support = company.team(server, "Support").await;
    let ana = json!({ "email": "ana@x.example", "first_name": "Ana" });
    company.post("/teammates", ana).await.expect(201);
    pass_an_hour(server);
    let renamed = json!({ "email": "anna@x.example", "first_name": "Anna" });
    company.patch("/teammates/tea_1", renamed).await.expect(204);
    pass_an_hour(server);
    company.teammate("bo@x.example").await;
    let sales = company.team(server, "Sales").await;
    company.custom_field(server, "Level", "number", &[]).await;
    company.join(&support, &["tea_1"]).await;
    pass_an_hour(server);
    company.delete("/teammates/tea_1").await.expect(204);
    company.join(&support, &["tea_2"]).await;
    company.operate(server, CompanyRequest::DeleteTeam { team: sales }).await;
    pass_an_hour(server);
    company
}

async fn at(company: &TestCompany, path: &str, moment: &str) -> Reply {
    company.get(&format!("{path}?as_of={moment}")).await
}

#[tokio::test]
async fn a_moment_is_written_in_iso_8601_or_in_epoch_seconds() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    for (moment, name) in [
        ("1767227400", "Ana"),
        ("1767227400.5", "Ana"),
        ("1767227400.125", "Ana"),
        ("2026-01-01T00:30:00Z", "Ana"),
        ("2026-01-01T00:30:00.500Z", "Ana"),
        ("2026-01-01T01:30:00%2B01:00", "Ana"),
        // In a query a + is a space, and many clients forget it.
        ("2026-01-01T01:30:00+01:00", "Ana"),
        ("2025-12-31T19:30:00-05:00", "Ana"),
        ("1767231000", "Anna"),
        ("2026-01-01T01:30:00Z", "Anna"),
        ("2026-01-01T02:30:00%2B01:00", "Anna"),
        ("2025-12-31T20:30:00-05:00", "Anna"),
    ] {
        let reply = at(&company, "/teammates/tea_1", moment).await.expect(200);
        assert_eq!(reply.json()["first_name"], name, "{moment}");
    }
}

#[tokio::test]
async fn a_change_is_seen_from_its_very_moment_on() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    for (moment, name) in
        [("1767229199.999", "Ana"), ("1767229200", "Anna"), ("2026-01-01T01:00:00.000Z", "Anna")]
    {
        let reply = at(&company, "/teammates/tea_1", moment).await.expect(200);
        assert_eq!(reply.json()["first_name"], name, "{moment}");
    }
}

#[tokio::test]
async fn a_teammate_of_the_past_is_shown_whole() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    let reply = at(&company, "/teammates/tea_1", &minute(30)).await;
    insta::assert_snapshot!(reply, @r#"
    200
    content-type: application/json
    etag: "4"

    {
      "_links": {
        "related": {
          "conversations": "http://tenure.test/teammates/tea_1/conversations",
          "inboxes": "http://tenure.test/teammates/tea_1/inboxes"
        },
        "self": "http://tenure.test/teammates/tea_1"
      },
      "custom_fields": {},
      "email": "ana@x.example",
      "first_name": "Ana",
      "id": "tea_1",
      "is_admin": false,
      "is_available": true,
      "is_blocked": false,
      "last_name": "",
      "license_type": "full",
      "type": "user",
      "username": "ana"
    }
    "#);
}

#[tokio::test]
async fn before_it_was_blocked_a_teammate_was_not() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    let reply = at(&company, "/teammates/tea_1", &minute(150)).await;
    assert_eq!(reply.json()["is_blocked"], false);
    assert_eq!(company.get("/teammates/tea_1").await.json()["is_blocked"], true);
}

#[tokio::test]
async fn a_teammate_is_found_by_the_address_that_it_had_then() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    let (old, new) = ("/teammates/alt:email:ana@x.example", "/teammates/alt:email:anna@x.example");
    assert_eq!(at(&company, old, &minute(30)).await.status, 200);
    assert_eq!(at(&company, new, &minute(30)).await.status, 404);
    assert_eq!(at(&company, old, &minute(90)).await.status, 404);
    assert_eq!(at(&company, new, &minute(90)).await.status, 200);
}

#[tokio::test]
async fn lists_hold_what_there_was_then() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    let expected: [(&str, i64, &[&str]); 11] = [
        ("/teammates", 90, &["tea_1"]),
        ("/teammates", 150, &["tea_1", "tea_2"]),
        ("/teams", 90, &["tim_1"]),
        ("/teams", 150, &["tim_1", "tim_2"]),
        ("/teams", 210, &["tim_1"]),
        ("/teams/tim_1/teammates", 90, &[]),
        ("/teams/tim_1/teammates", 150, &["tea_1"]),
        ("/teams/tim_1/teammates", 210, &["tea_1", "tea_2"]),
        ("/teams/tim_2/teammates", 150, &[]),
        ("/teammates/custom_fields", 90, &[]),
        ("/teammates/custom_fields", 150, &["fld_1"]),
    ];
    for (path, minutes, ids) in expected {
        assert_eq!(at(&company, path, &minute(minutes)).await.ids(), ids, "{path} after {minutes} minutes");
    }
}

#[tokio::test]
async fn a_team_is_shown_with_its_members_as_they_were() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    let team = at(&company, "/teams/tim_1", &minute(150)).await.json();
    let members = team["members"].as_array().unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(members[0]["first_name"], "Anna");
    assert_eq!(members[0]["is_blocked"], false);
}

#[tokio::test]
async fn a_team_that_is_gone_is_still_there_in_the_past() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    company.get("/teams/tim_2").await.expect(404);
    let team = at(&company, "/teams/tim_2", &minute(150)).await.expect(200);
    assert_eq!(team.json()["name"], "Sales");
}

#[tokio::test]
async fn what_was_not_there_yet_is_unknown() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    for path in ["/teammates/tea_2", "/teams/tim_2", "/teams/tim_2/teammates"] {
        assert_eq!(at(&company, path, &minute(90)).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn nothing_is_told_about_a_teammate_who_was_not_there_yet() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    for path in ["/teammates/tea_2/inboxes", "/teammates/tea_2/conversations", "/teammates/tea_2/invitation"]
    {
        assert_eq!(at(&company, path, &minute(90)).await.status, 404, "{path}");
    }
}

/// Every read about teammates and teams, and those beside that look back.
const READS: [&str; 16] = [
    "/teammates",
    "/teammates/tea_1",
    "/teammates/custom_fields",
    "/teammates/tea_1/inboxes",
    "/teammates/tea_1/conversations",
    "/teammates/tea_1/invitation",
    "/teams",
    "/teams/tim_1",
    "/teams/tim_1/teammates",
    "/inboxes",
    "/inboxes/inb_1",
    "/inboxes/inb_1/channels",
    "/channels",
    "/channels/cha_1",
    "/conversations",
    "/conversations/cnv_1",
];

#[tokio::test]
async fn before_the_company_there_is_nothing() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    for path in READS {
        for moment in ["0", "1767225599.999", "1970-01-01T00:00:00Z", "2025-12-31T23:59:59.999Z"] {
            assert_eq!(at(&company, path, moment).await.status, 404, "{path} at {moment}");
        }
    }
    insta::assert_snapshot!(at(&company, "/teammates", "0").await, @r#"
    404
    content-type: application/json

    {
      "_error": {
        "code": "request.before_the_company",
        "message": "at that time this company did not exist yet; ask for a later time",
        "status": 404,
        "title": "Not found"
      }
    }
    "#);
}

#[tokio::test]
async fn the_future_is_now() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    for path in ["/teammates", "/teammates/tea_1", "/teams", "/teams/tim_1", "/teams/tim_1/teammates"] {
        let now = company.get(path).await.expect(200);
        for moment in [minute(240), minute(1_000_000), "9000-01-01T00:00:00Z".to_owned()] {
            assert_eq!(at(&company, path, &moment).await.text(), now.text(), "{path} at {moment}");
        }
    }
}

#[tokio::test]
async fn a_malformed_moment_is_refused() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    for moment in [
        "",
        "now",
        "yesterday",
        "-1",
        "1e9",
        "0x10",
        "1767227400.1234",
        "1767227400.",
        ".5",
        "99999999999999999999",
        "2026-01-01",
        "2026-01-01T00:30:00",
        "00:30:00Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:30:00Zx",
        "2026-01-01T00%3A30%3A00Z%00",
    ] {
        let reply = at(&company, "/teammates/tea_1", moment).await;
        assert_eq!(reply.status, 400, "{moment}: {reply}");
    }
    insta::assert_snapshot!(at(&company, "/teammates/tea_1", "yesterday").await, @r#"
    400
    content-type: application/json

    {
      "_error": {
        "code": "request.bad_query",
        "details": [
          "as_of must be a time in ISO 8601 with a zone, such as 2026-01-31T09:00:00Z, or in epoch seconds"
        ],
        "message": "Bad query: as_of must be a time in ISO 8601 with a zone, such as 2026-01-31T09:00:00Z, or in epoch seconds",
        "status": 400,
        "title": "Bad request"
      }
    }
    "#);
}

#[tokio::test]
async fn every_read_refuses_a_malformed_moment() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    for path in READS {
        assert_eq!(at(&company, path, "yesterday").await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn two_moments_are_refused() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    company.get("/teammates?as_of=1767227400&as_of=1767227400").await.expect(400);
}

#[tokio::test]
async fn a_list_of_the_past_pages_through_one_state_while_things_change() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for name in ["ana", "bo", "cy", "dee", "eve"] {
        company.teammate(&format!("{name}@x.example")).await;
    }
    pass_an_hour(&server);
    let first = company.get(&format!("/teammates?limit=2&as_of={}", minute(30))).await.expect(200);
    company.teammate("fay@x.example").await;
    company.patch("/teammates/tea_3", json!({ "email": "cyn@x.example" })).await.expect(204);
    company.delete("/teammates/tea_5").await.expect(204);
    let second = company.get(&first.next().unwrap()).await.expect(200);
    let third = company.get(&second.next().unwrap()).await.expect(200);
    assert_eq!(
        [first.ids(), second.ids(), third.ids()].concat(),
        ["tea_1", "tea_2", "tea_3", "tea_4", "tea_5"]
    );
    assert_eq!(second.json()["_results"][0]["email"], "cy@x.example");
    assert_eq!(third.json()["_results"][0]["is_blocked"], false);
    assert_eq!(third.next(), None);
}

#[tokio::test]
async fn a_page_of_one_moment_leads_to_no_other_moment() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    let page = company.get(&format!("/teammates?limit=1&as_of={}", minute(150))).await.expect(200);
    let next = page.next().unwrap();
    let (path, _) = next.split_once("&as_of=").unwrap();
    company.get(path).await.expect(400);
    company.get(&format!("{path}&as_of={}", minute(151))).await.expect(400);
    company.get(&next).await.expect(200);
}

#[tokio::test]
async fn the_past_has_the_tags_that_it_had() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let then = company.get("/teammates/tea_1").await.expect(200);
    pass_an_hour(&server);
    company.patch("/teammates/tea_1", json!({ "first_name": "Anna" })).await.expect(204);
    let past = at(&company, "/teammates/tea_1", &minute(30)).await.expect(200);
    assert_eq!(past.header("etag"), then.header("etag"));
    assert_ne!(past.header("etag"), company.get("/teammates/tea_1").await.header("etag"));
}

#[tokio::test]
async fn the_past_that_the_caller_has_already_is_not_sent_again() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    for path in ["/teammates/tea_1", "/teams/tim_1"] {
        let path = format!("{path}?as_of={}", minute(150));
        let tag = company.get(&path).await.header("etag").unwrap().to_owned();
        let again = company.request(Method::GET, &path).header("If-None-Match", tag);
        assert_eq!(company.send(again).await.status, 304, "{path}");
    }
}

#[tokio::test]
async fn the_past_is_the_same_with_a_snapshot_of_later() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    let path = format!("/teams/tim_1?as_of={}", minute(150));
    let before = company.get(&path).await.expect(200);
    server.node().engine.snapshot_all().await.unwrap();
    assert_eq!(company.get(&path).await.text(), before.text());
}

#[tokio::test]
async fn the_past_is_the_same_after_a_restart() {
    let server = TestServer::start().await;
    let company = with_a_past(&server).await;
    let path = format!("/teams/tim_1?as_of={}", minute(150));
    let before = company.get(&path).await.expect(200);
    let server = server.restart().await;
    let again = server.http().get(format!("http://{}{path}", server.address())).bearer_auth(&company.token);
    assert_eq!(company.send(again).await.text(), before.text());
}
