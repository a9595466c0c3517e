//! `/teams`, `/teams/{id}` and `/teams/{id}/teammates`: teams, and who is in them.

use reqwest::Method;
use serde_json::{Value, json};
use tenure_server::operator::CompanyRequest;
use tenure_testkit::{TestCompany, TestServer};

/// The ids of a team's members.
async fn members(company: &TestCompany, team: &str) -> Vec<String> {
    company.get(&format!("/teams/{team}/teammates")).await.expect(200).ids()
}

/// The `ETag` of a team.
async fn etag(company: &TestCompany, team: &str) -> String {
    let reply = company.get(&format!("/teams/{team}")).await.expect(200);
    reply.header("etag").expect("a single resource has an ETag").to_owned()
}

#[tokio::test]
async fn teams_are_listed_in_order_of_their_ids() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.team(&server, "Support").await;
    let private = CompanyRequest::CreateTeam { name: "Board".to_owned(), is_private: true };
    company.operate(&server, private).await;
    let listed = company.get("/teams").await;
    insta::assert_snapshot!(listed, @r#"
    200
    content-type: application/json

    {
      "_links": {
        "self": "http://tenure.test/teams"
      },
      "_pagination": {
        "next": null
      },
      "_results": [
        {
          "_links": {
            "self": "http://tenure.test/teams/tim_1"
          },
          "id": "tim_1",
          "is_private": false,
          "name": "Support"
        },
        {
          "_links": {
            "self": "http://tenure.test/teams/tim_2"
          },
          "id": "tim_2",
          "is_private": true,
          "name": "Board"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_team_is_shown_with_its_inboxes_and_members() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    // An invitation that is sent is an event too, and would move the versions that the tags are made of.
    company.set(&server, "invitations=hold").await;
    let team = company.team(&server, "Support").await;
    let (ana, bob) = (company.teammate("ana@x.example").await, company.teammate("bob@x.example").await);
    company.join(&team, &[&bob, &ana]).await;
    let shown = company.get(&format!("/teams/{team}")).await;
    insta::assert_snapshot!(shown, @r#"
    200
    content-type: application/json
    etag: "7"

    {
      "_links": {
        "self": "http://tenure.test/teams/tim_1"
      },
      "id": "tim_1",
      "inboxes": [],
      "is_private": false,
      "members": [
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
          "first_name": "",
          "id": "tea_1",
          "is_admin": false,
          "is_available": true,
          "is_blocked": false,
          "last_name": "",
          "license_type": "full",
          "type": "user",
          "username": "ana"
        },
        {
          "_links": {
            "related": {
              "conversations": "http://tenure.test/teammates/tea_2/conversations",
              "inboxes": "http://tenure.test/teammates/tea_2/inboxes"
            },
            "self": "http://tenure.test/teammates/tea_2"
          },
          "custom_fields": {},
          "email": "bob@x.example",
          "first_name": "",
          "id": "tea_2",
          "is_admin": false,
          "is_available": true,
          "is_blocked": false,
          "last_name": "",
          "license_type": "full",
          "type": "user",
          "username": "bob"
        }
      ],
      "name": "Support"
    }
    "#);
}

#[tokio::test]
async fn an_empty_team_has_no_members() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let team = company.team(&server, "Support").await;
    let shown = company.get(&format!("/teams/{team}")).await.expect(200).json();
    assert_eq!((&shown["inboxes"], &shown["members"]), (&json!([]), &json!([])));
    assert!(members(&company, &team).await.is_empty());
}

#[tokio::test]
async fn an_unknown_team_is_not_found() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let refused = company.get("/teams/tim_zz").await;
    insta::assert_snapshot!(refused, @r#"
    404
    content-type: application/json

    {
      "_error": {
        "code": "team.unknown",
        "message": "Unknown team ID tim_zz",
        "status": 404,
        "title": "Not found"
      }
    }
    "#);
}

#[tokio::test]
async fn what_is_no_team_is_not_found_by_any_method() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.team(&server, "Support").await;
    let body = json!({ "teammate_ids": [company.teammate("ana@x.example").await] });
    for given in ["tim_2", "tim_01", "TIM_1", "tea_1", "1", "Support"] {
        let (team, list) = (format!("/teams/{given}"), format!("/teams/{given}/teammates"));
        let reads = [company.get(&team).await, company.get(&list).await];
        let writes =
            [company.post(&list, body.clone()).await, company.delete_with(&list, body.clone()).await];
        for refused in reads.into_iter().chain(writes) {
            assert_eq!(refused.status, 404, "{given}: {refused}");
            assert_eq!(refused.message(), format!("Unknown team ID {given}"));
        }
    }
}

#[tokio::test]
async fn a_team_of_another_company_is_as_one_that_does_not_exist() {
    let server = TestServer::start().await;
    let (acme, other) = (server.company("Acme").await, server.company("Other").await);
    let foreign = other.team(&server, "Support").await;
    let of_foreign = acme.get(&format!("/teams/{foreign}")).await.expect(404);
    let of_none = acme.get("/teams/tim_zz").await.expect(404);
    assert_eq!(of_foreign.text(), of_none.text().replace("tim_zz", &foreign));
}

#[tokio::test]
async fn members_come_in_pages_in_order_of_their_ids() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let team = company.team(&server, "Support").await;
    let mut ids = vec![];
    for number in 0..5 {
        ids.push(company.teammate(&format!("t{number}@x.example")).await);
    }
    company.join(&team, &[&ids[4], &ids[0], &ids[2], &ids[1]]).await;
    let first = company.get(&format!("/teams/{team}/teammates?limit=3")).await.expect(200);
    let second = company.get(&first.next().unwrap()).await.expect(200);
    assert_eq!(first.ids(), [ids[0].as_str(), &ids[1], &ids[2]]);
    assert_eq!((second.ids(), second.next()), (vec![ids[4].clone()], None));
}

#[tokio::test]
async fn teammates_are_added_by_id_and_by_alias() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let team = company.team(&server, "Support").await;
    let (ana, bob) = (company.teammate("ana@x.example").await, company.teammate("bob@x.example").await);
    let body = json!({ "teammate_ids": [bob, "alt:email:ANA@x.example"] });
    let added = company.post(&format!("/teams/{team}/teammates"), body).await.expect(204);
    assert_eq!((added.text().as_str(), added.header("content-type")), ("", None));
    assert_eq!(members(&company, &team).await, [ana, bob]);
}

#[tokio::test]
async fn adding_only_those_who_are_in_it_makes_no_new_etag() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let team = company.team(&server, "Support").await;
    let ana = company.teammate("ana@x.example").await;
    company.join(&team, &[&ana]).await;
    let before = etag(&company, &team).await;
    company.join(&team, &[&ana]).await;
    assert_eq!(etag(&company, &team).await, before);
}

#[tokio::test]
async fn a_teammate_named_twice_is_added_once() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let team = company.team(&server, "Support").await;
    let ana = company.teammate("ana@x.example").await;
    company.join(&team, &[&ana, &ana, "alt:email:ana@x.example"]).await;
    assert_eq!(members(&company, &team).await, [ana]);
}

#[tokio::test]
async fn all_unknown_teammates_are_named_and_nobody_is_added() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let team = company.team(&server, "Support").await;
    let ana = company.teammate("ana@x.example").await;
    let body = json!({ "teammate_ids": ["tea_zz", ana, "alt:email:bob@x.example", "ana@x.example"] });
    let refused = company.post(&format!("/teams/{team}/teammates"), body).await;
    insta::assert_snapshot!(refused, @r#"
    404
    content-type: application/json

    {
      "_error": {
        "code": "teammate.unknown",
        "details": [
          "Unknown teammate ID tea_zz",
          "Unknown teammate ID alt:email:bob@x.example",
          "Unknown teammate ID ana@x.example"
        ],
        "message": "Unknown teammate IDs tea_zz, alt:email:bob@x.example, ana@x.example; use the teammate's id (tea_…), or the alias alt:email:ADDRESS",
        "status": 404,
        "title": "Not found"
      }
    }
    "#);
    assert!(members(&company, &team).await.is_empty());
}

#[tokio::test]
async fn however_many_are_unknown_all_are_named() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teams/{}/teammates", company.team(&server, "Support").await);
    let unknown: Vec<_> = (1..=1000).map(|number| format!("alt:email:t{number}@x.example")).collect();
    let refused = company.post(&path, json!({ "teammate_ids": unknown })).await.expect(404);
    let text = refused.text();
    let unnamed: Vec<_> = unknown.iter().filter(|given| !text.contains(given.as_str())).collect();
    assert!(unnamed.is_empty(), "{} are not named, such as {:?}", unnamed.len(), unnamed[0]);
}

#[tokio::test]
async fn a_teammate_of_another_company_is_unknown_to_a_team() {
    let server = TestServer::start().await;
    let (acme, other) = (server.company("Acme").await, server.company("Other").await);
    let team = acme.team(&server, "Support").await;
    let foreign = other.teammate("ana@x.example").await;
    let body = json!({ "teammate_ids": [foreign] });
    let refused = acme.post(&format!("/teams/{team}/teammates"), body).await.expect(404);
    assert_eq!(refused.message(), format!("Unknown teammate ID {foreign}"));
}

#[tokio::test]
async fn a_blocked_teammate_is_refused_and_nobody_is_added() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let team = company.team(&server, "Support").await;
    let (ana, bob) = (company.teammate("ana@x.example").await, company.teammate("bob@x.example").await);
    company.delete(&format!("/teammates/{bob}")).await.expect(204);
    let body = json!({ "teammate_ids": [ana, bob] });
    let refused = company.post(&format!("/teams/{team}/teammates"), body).await;
    insta::assert_snapshot!(refused, @r#"
    400
    content-type: application/json

    {
      "_error": {
        "code": "team.teammate_blocked",
        "details": [
          "teammate_ids names blocked teammates: tea_2"
        ],
        "message": "Body did not satisfy requirements: blocked teammates cannot be added to a team: tea_2; leave them out or reactivate them",
        "status": 400,
        "title": "Bad request"
      }
    }
    "#);
    assert!(members(&company, &team).await.is_empty());
}

#[tokio::test]
async fn a_blocked_member_can_be_named_again() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let team = company.team(&server, "Support").await;
    let (ana, bob) = (company.teammate("ana@x.example").await, company.teammate("bob@x.example").await);
    company.join(&team, &[&ana]).await;
    company.delete(&format!("/teammates/{ana}")).await.expect(204);
    company.join(&team, &[&ana, &bob]).await;
    assert_eq!(members(&company, &team).await, [ana, bob]);
}

#[tokio::test]
async fn a_request_names_at_most_a_thousand_teammates() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teams/{}/teammates", company.team(&server, "Support").await);
    let ana = company.teammate("ana@x.example").await;
    for (count, status) in [(1000, 204), (1001, 400)] {
        let body = json!({ "teammate_ids": vec![&ana; count] });
        let (added, removed) =
            (company.post(&path, body.clone()).await, company.delete_with(&path, body).await);
        assert_eq!((added.status, removed.status), (status, status), "{count}: {added} {removed}");
    }
}

#[tokio::test]
async fn a_body_without_teammates_is_refused() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teams/{}/teammates", company.team(&server, "Support").await);
    let ana = company.teammate("ana@x.example").await;
    for body in [
        json!({}),
        json!([]),
        json!([ana]),
        json!({ "teammate_ids": null }),
        json!({ "teammate_ids": [] }),
        json!({ "teammate_ids": ana }),
        json!({ "teammate_ids": [1] }),
        json!({ "teammate_ids": [ana, null] }),
        json!({ "teammate_ids": [[ana]] }),
        json!({ "teammates": [ana] }),
        json!({ "teammate_ids": [ana], "team": "tim_1" }),
    ] {
        for method in [Method::POST, Method::DELETE] {
            let refused = company.send(company.request(method.clone(), &path).json(&body)).await;
            assert_eq!(refused.status, 400, "{method} {body}: {refused}");
            assert_ne!(refused.json()["_error"]["details"], Value::Null, "{method} {body}: {refused}");
        }
    }
}

#[tokio::test]
async fn a_body_is_needed() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teams/{}/teammates", company.team(&server, "Support").await);
    for method in [Method::POST, Method::DELETE] {
        let refused = company.send(company.request(method.clone(), &path)).await.expect(400);
        assert!(refused.message().starts_with("Body did not satisfy requirements"), "{method}: {refused}");
    }
}

#[tokio::test]
async fn members_are_removed_by_id_and_by_alias() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let team = company.team(&server, "Support").await;
    let mut ids = vec![];
    for email in ["ana@x.example", "bob@x.example", "cyd@x.example"] {
        ids.push(company.teammate(email).await);
    }
    company.join(&team, &[&ids[0], &ids[1], &ids[2]]).await;
    let body = json!({ "teammate_ids": [ids[1], ids[1], "alt:email:Ana@x.example"] });
    let removed = company.delete_with(&format!("/teams/{team}/teammates"), body).await.expect(204);
    assert_eq!((removed.text().as_str(), removed.header("content-type")), ("", None));
    assert_eq!(members(&company, &team).await, [ids[2].as_str()]);
}

#[tokio::test]
async fn removing_who_is_not_in_it_changes_nothing() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let team = company.team(&server, "Support").await;
    let (ana, bob) = (company.teammate("ana@x.example").await, company.teammate("bob@x.example").await);
    company.join(&team, &[&ana]).await;
    let before = etag(&company, &team).await;
    let body = json!({ "teammate_ids": [bob] });
    company.delete_with(&format!("/teams/{team}/teammates"), body).await.expect(204);
    assert_eq!(etag(&company, &team).await, before);
}

#[tokio::test]
async fn one_unknown_teammate_and_nobody_is_removed() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let team = company.team(&server, "Support").await;
    let ana = company.teammate("ana@x.example").await;
    company.join(&team, &[&ana]).await;
    let body = json!({ "teammate_ids": [ana, "tea_zz"] });
    let refused = company.delete_with(&format!("/teams/{team}/teammates"), body).await.expect(404);
    assert_eq!(refused.message(), "Unknown teammate ID tea_zz");
    assert_eq!(members(&company, &team).await, [ana]);
}

#[tokio::test]
async fn blocked_members_are_shown_until_they_are_removed() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let team = company.team(&server, "Support").await;
    let ana = company.teammate("ana@x.example").await;
    company.join(&team, &[&ana]).await;
    company.delete(&format!("/teammates/{ana}")).await.expect(204);
    let blocked = company.get(&format!("/teammates/{ana}")).await.json();
    assert_eq!(company.get(&format!("/teams/{team}")).await.json()["members"], json!([blocked]));
    let body = json!({ "teammate_ids": [ana] });
    company.delete_with(&format!("/teams/{team}/teammates"), body).await.expect(204);
    assert_eq!(company.get(&format!("/teams/{team}")).await.json()["members"], json!([]));
}
