//! Conditions on versions: `ETag`, `If-None-Match`, `If-Match`.

use reqwest::Method;
use serde_json::{Value, json};
use tenure_server::operator::CompanyRequest;
use tenure_testkit::{Reply, TestCompany, TestServer};

/// A tag that nothing ever has.
const STALE: &str = "\"0\"";

/// A company with Ana and Bo, and with Ana in the team Support.
async fn acme(server: &TestServer) -> TestCompany {
    let company = server.company("Acme").await;
    let ana = company.teammate("ana@x.example").await;
    company.teammate("bo@x.example").await;
    let support = company.team(server, "Support").await;
    company.join(&support, &[&ana]).await;
    company
}

/// The tag of a single resource.
pub(crate) async fn etag(company: &TestCompany, path: &str) -> String {
    let reply = company.get(path).await.expect(200);
    reply.header("etag").expect("a single resource has a tag").to_owned()
}

async fn get_unless(company: &TestCompany, path: &str, tags: &str) -> Reply {
    company.send(company.request(Method::GET, path).header("If-None-Match", tags)).await
}

/// A write under the condition `If-Match`.
async fn write_if(company: &TestCompany, tags: &str, method: Method, path: &str, body: &Value) -> Reply {
    company.send(company.request(method, path).header("If-Match", tags).json(body)).await
}

async fn rename_if(company: &TestCompany, tags: &str) -> Reply {
    write_if(company, tags, Method::PATCH, "/teammates/tea_1", &json!({ "first_name": "Anna" })).await
}

#[tokio::test]
async fn a_teammate_and_a_team_carry_a_strong_tag() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    for path in ["/teammates/tea_1", "/teams/tim_1"] {
        let tag = etag(&company, path).await;
        assert!(tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'), "{path}: {tag}");
    }
}

#[tokio::test]
async fn a_new_teammate_is_answered_with_the_tag_that_its_record_has() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let created = company.post("/teammates", json!({ "email": "ana@x.example" })).await.expect(201);
    assert_eq!(created.header("etag"), Some(etag(&company, "/teammates/tea_1").await.as_str()));
}

#[tokio::test]
async fn what_the_caller_has_already_is_not_sent_again() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    for path in ["/teammates/tea_1", "/teams/tim_1"] {
        let tag = etag(&company, path).await;
        let reply = get_unless(&company, path, &tag).await.expect(304);
        assert!(reply.body.is_empty(), "{path}");
        assert_eq!(reply.header("etag"), Some(tag.as_str()), "{path}");
    }
}

#[tokio::test]
async fn if_none_match_takes_what_the_rfc_writes() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    for path in ["/teammates/tea_1", "/teams/tim_1"] {
        let tag = etag(&company, path).await;
        for (tags, status) in [
            (tag.clone(), 304),
            (format!("W/{tag}"), 304),
            (format!("\"other\", {tag}"), 304),
            (format!("{tag} , W/\"other\""), 304),
            ("*".to_owned(), 304),
            ("\"other\"".to_owned(), 200),
            (format!("W/{STALE}, \"other\""), 200),
            (tag.trim_matches('"').to_owned(), 200),
        ] {
            assert_eq!(get_unless(&company, path, &tags).await.status, status, "{path} {tags}");
        }
    }
}

#[tokio::test]
async fn after_a_change_the_old_tag_gets_the_new_state() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    let tag = etag(&company, "/teammates/tea_1").await;
    company.patch("/teammates/tea_1", json!({ "first_name": "Anna" })).await.expect(204);
    let reply = get_unless(&company, "/teammates/tea_1", &tag).await.expect(200);
    assert_eq!(reply.json()["first_name"], "Anna");
}

#[tokio::test]
async fn a_write_on_what_the_caller_saw_passes() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    let tag = etag(&company, "/teammates/tea_1").await;
    rename_if(&company, &tag).await.expect(204);
}

#[tokio::test]
async fn a_write_on_something_older_is_refused_and_nothing_is_changed() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    let tag = etag(&company, "/teammates/tea_1").await;
    company.patch("/teammates/tea_1", json!({ "first_name": "Ann" })).await.expect(204);
    insta::assert_snapshot!(rename_if(&company, &tag).await, @r#"
    412
    content-type: application/json

    {
      "_error": {
        "code": "request.changed_since",
        "message": "it was changed since you read it; read it again and repeat with the new ETag",
        "status": 412,
        "title": "Precondition failed"
      }
    }
    "#);
    assert_eq!(company.get("/teammates/tea_1").await.json()["first_name"], "Ann");
}

#[tokio::test]
async fn if_match_takes_what_the_rfc_writes() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    let tag = etag(&company, "/teammates/tea_1").await;
    // Refusals first: the first that passes changes the tag.
    for (tags, status) in [
        (STALE.to_owned(), 412),
        (format!("W/{tag}"), 412),
        (format!("{STALE}, \"other\""), 412),
        (tag.trim_matches('"').to_owned(), 400),
        (format!("{tag} {STALE}"), 400),
        (tag.trim_end_matches('"').to_owned(), 400),
        (format!("{STALE} , {tag},\"other\""), 204),
        ("*".to_owned(), 204),
    ] {
        assert_eq!(rename_if(&company, &tags).await.status, status, "{tags}");
    }
}

#[tokio::test]
async fn of_two_writes_on_the_same_state_one_passes() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    let tag = etag(&company, "/teammates/tea_1").await;
    let write = async |name: &str| {
        write_if(&company, &tag, Method::PATCH, "/teammates/tea_1", &json!({ "last_name": name }))
            .await
            .status
    };
    let (one, other) = tokio::join!(write("Lopez"), write("Lopes"));
    assert_eq!([one.min(other), one.max(other)], [204, 412]);
}

#[tokio::test]
async fn blocking_takes_a_condition() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    let block = async |tags: &str| {
        let request = company.request(Method::DELETE, "/teammates/tea_1").header("If-Match", tags);
        company.send(request).await
    };
    block(STALE).await.expect(412);
    assert_eq!(company.get("/teammates/tea_1").await.json()["is_blocked"], false);
    let tag = etag(&company, "/teammates/tea_1").await;
    block(&tag).await.expect(204);
    assert_eq!(company.get("/teammates/tea_1").await.json()["is_blocked"], true);
}

#[tokio::test]
async fn adding_to_a_team_takes_a_condition() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    let (path, body) = ("/teams/tim_1/teammates", json!({ "teammate_ids": ["tea_2"] }));
    write_if(&company, STALE, Method::POST, path, &body).await.expect(412);
    assert_eq!(company.get(path).await.ids(), ["tea_1"]);
    let tag = etag(&company, "/teams/tim_1").await;
    write_if(&company, &tag, Method::POST, path, &body).await.expect(204);
    assert_eq!(company.get(path).await.ids(), ["tea_1", "tea_2"]);
}

#[tokio::test]
async fn removing_from_a_team_takes_a_condition() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    let (path, body) = ("/teams/tim_1/teammates", json!({ "teammate_ids": ["tea_1"] }));
    write_if(&company, STALE, Method::DELETE, path, &body).await.expect(412);
    assert_eq!(company.get(path).await.ids(), ["tea_1"]);
    let tag = etag(&company, "/teams/tim_1").await;
    write_if(&company, &tag, Method::DELETE, path, &body).await.expect(204);
    assert!(company.get(path).await.ids().is_empty());
}

#[tokio::test]
async fn any_state_passes_a_star() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    let members = json!({ "teammate_ids": ["tea_2"] });
    write_if(&company, "*", Method::POST, "/teams/tim_1/teammates", &members).await.expect(204);
    write_if(&company, "*", Method::DELETE, "/teams/tim_1/teammates", &members).await.expect(204);
    write_if(&company, "*", Method::DELETE, "/teammates/tea_1", &json!({})).await.expect(204);
}

/// Single resources with all that they show, and their tags.
async fn shown(company: &TestCompany) -> Vec<(&'static str, String, String)> {
    let mut shown = Vec::new();
    for path in ["/teammates/tea_1", "/teammates/tea_2", "/teams/tim_1", "/teams/tim_2"] {
        let reply = company.get(path).await.expect(200);
        let tag = reply.header("etag").expect("a single resource has a tag").to_owned();
        shown.push((path, tag, reply.text()));
    }
    shown
}

/// Asserts that each tag changed if, and only if, what is shown did.
async fn assert_tags_tell(
    company: &TestCompany,
    what: &str,
    before: &mut Vec<(&'static str, String, String)>,
) {
    let after = shown(company).await;
    for ((path, old_tag, old), (_, new_tag, new)) in before.iter().zip(&after) {
        assert_eq!(old_tag != new_tag, old != new, "{path} after {what}: {old_tag} {new_tag}");
    }
    *before = after;
}

const CHANGES: [(&str, &str, &str); 18] = [
    ("PATCH", "/teammates/tea_1", r#"{"email":"anna@x.example"}"#),
    ("PATCH", "/teammates/tea_1", r#"{"username":"anna"}"#),
    ("PATCH", "/teammates/tea_1", r#"{"first_name":"Anna"}"#),
    ("PATCH", "/teammates/tea_1", r#"{"last_name":"Lopez"}"#),
    ("PATCH", "/teammates/tea_1", r#"{"is_admin":true}"#),
    ("PATCH", "/teammates/tea_1", r#"{"is_available":false}"#),
    ("PATCH", "/teammates/tea_1", r#"{"custom_fields":{"Level":3}}"#),
    ("PATCH", "/teammates/tea_1", r#"{"custom_fields":{"Level":3}}"#),
    ("PATCH", "/teammates/tea_1", r#"{"first_name":"Anna","is_admin":true}"#),
    ("PATCH", "/teammates/tea_1", "{}"),
    ("PATCH", "/teammates/tea_1", r#"{"first_name":"Ana"}"#),
    ("POST", "/teammates", r#"{"email":"cy@x.example"}"#),
    ("POST", "/teams/tim_1/teammates", r#"{"teammate_ids":["tea_2"]}"#),
    ("POST", "/teams/tim_1/teammates", r#"{"teammate_ids":["tea_2"]}"#),
    ("PATCH", "/teammates/tea_2", r#"{"is_blocked":true}"#),
    ("DELETE", "/teammates/tea_2", ""),
    ("DELETE", "/teams/tim_1/teammates", r#"{"teammate_ids":["tea_2"]}"#),
    ("DELETE", "/teams/tim_1/teammates", r#"{"teammate_ids":["tea_2"]}"#),
];

#[tokio::test]
async fn a_tag_changes_exactly_when_a_request_changes_what_is_shown() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    company.team(&server, "Sales").await;
    company.custom_field(&server, "Level", "number", &[]).await;
    let mut before = shown(&company).await;
    for (method, path, body) in CHANGES {
        let request =
            company.request(method.parse().unwrap(), path).header("Content-Type", "application/json");
        let reply = company.send(request.body(body)).await;
        assert!(reply.status < 300, "{method} {path} {body}: {reply}");
        assert_tags_tell(&company, &format!("{method} {path} {body}"), &mut before).await;
    }
}

#[tokio::test]
async fn a_tag_changes_exactly_when_an_operator_changes_what_is_shown() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    company.team(&server, "Sales").await;
    company.custom_field(&server, "Level", "number", &[]).await;
    company.patch("/teammates/tea_1", json!({ "custom_fields": { "Level": 3 } })).await.expect(204);
    company.delete("/teammates/tea_2").await.expect(204);
    let mut before = shown(&company).await;
    let (team, teammate) = ("tim_2".to_owned(), "tea_2".to_owned());
    for ask in [
        CompanyRequest::Rename { name: "Acme Corp".to_owned() },
        CompanyRequest::Set { settings: vec!["reactivation=api".to_owned()] },
        CompanyRequest::CreateToken(TestCompany::wish("company")),
        CompanyRequest::RenameTeam { team, name: "Selling".to_owned() },
        CompanyRequest::ReactivateTeammate { teammate },
        CompanyRequest::DeleteCustomField { field: "Level".to_owned() },
    ] {
        let what = format!("{ask:?}");
        company.operate(&server, ask).await;
        assert_tags_tell(&company, &what, &mut before).await;
    }
}

#[tokio::test]
async fn a_removed_custom_field_changes_the_tags_of_those_who_had_a_value() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    company.team(&server, "Sales").await;
    company.custom_field(&server, "Level", "number", &[]).await;
    company.patch("/teammates/tea_1", json!({ "custom_fields": { "Level": 3 } })).await.expect(204);
    let before = shown(&company).await;
    company.operate(&server, CompanyRequest::DeleteCustomField { field: "Level".to_owned() }).await;
    let after = shown(&company).await;
    let changed: Vec<_> =
        before.iter().zip(&after).filter(|(old, new)| old.1 != new.1).map(|(old, _)| old.0).collect();
    assert_eq!(changed, ["/teammates/tea_1", "/teams/tim_1"]);
}

#[tokio::test]
async fn a_tag_survives_a_restart() {
    let server = TestServer::start().await;
    let company = acme(&server).await;
    let tag = etag(&company, "/teams/tim_1").await;
    let server = server.restart().await;
    let request = server.http().get(format!("http://{}/teams/tim_1", server.address()));
    let reply = company.send(request.bearer_auth(&company.token).header("If-None-Match", &tag)).await;
    assert_eq!(reply.status, 304);
}
