//! Blocking and reactivating a teammate, and the last administrator that must stay.

use super::{etag, field};
use serde_json::{Value, json};
use tenure_testkit::{Reply, TestCompany, TestServer};

/// The ways in which a company could lose an administrator: the bodies of a PATCH, and the DELETE.
fn ways_to_lose_an_admin() -> [Option<Value>; 3] {
    [Some(json!({ "is_blocked": true })), Some(json!({ "is_admin": false })), None]
}

async fn patch_or_delete(company: &TestCompany, path: &str, change: Option<&Value>) -> Reply {
    match change {
        Some(change) => company.patch(path, change.clone()).await,
        None => company.delete(path).await,
    }
}

#[tokio::test]
async fn is_blocked_equal_to_what_it_is_changes_nothing() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    company.patch(&path, json!({ "is_blocked": true })).await.expect(204);
    let before = etag(&company, &path).await;
    company.patch(&path, json!({ "is_blocked": true })).await.expect(204);
    assert_eq!(etag(&company, &path).await, before);
}

#[tokio::test]
async fn reactivation_is_refused_by_default_and_nothing_else_changes() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    company.delete(&path).await.expect(204);
    let refused = company.patch(&path, json!({ "is_blocked": false, "first_name": "Ana" })).await;
    insta::assert_snapshot!(refused, @r#"
    403
    content-type: application/json

    {
      "_error": {
        "code": "teammate.reactivation_needs_a_person",
        "message": "teammate tea_1 is blocked and this company does not allow reactivation over the API; an operator can run `tenure teammate reactivate`, or set reactivation=api",
        "status": 403,
        "title": "Forbidden"
      }
    }
    "#);
    assert_eq!(field(&company, &path, "first_name").await, "");
}

#[tokio::test]
async fn reactivation_works_where_the_company_allows_it() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.set(&server, "reactivation=api").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    let before = company.get(&path).await.text();
    company.delete(&path).await.expect(204);
    company.patch(&path, json!({ "is_blocked": false })).await.expect(204);
    assert_eq!(company.get(&path).await.text(), before);
}

#[tokio::test]
async fn the_last_admin_can_be_neither_blocked_nor_demoted() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.admin("root@x.example").await);
    let before = company.get(&path).await.text();
    for change in ways_to_lose_an_admin() {
        let refused = patch_or_delete(&company, &path, change.as_ref()).await.expect(409);
        assert_eq!(refused.code(), "teammate.last_admin", "{change:?}");
        assert_eq!(company.get(&path).await.text(), before, "{change:?}");
    }
}

#[tokio::test]
async fn a_blocked_admin_does_not_stand_in_for_the_last_one() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let blocked = company.admin("ana@x.example").await;
    let path = format!("/teammates/{}", company.admin("root@x.example").await);
    company.delete(&format!("/teammates/{blocked}")).await.expect(204);
    for change in ways_to_lose_an_admin() {
        let refused = patch_or_delete(&company, &path, change.as_ref()).await;
        assert_eq!(refused.status, 409, "{change:?}: {refused}");
    }
}

#[tokio::test]
async fn an_admin_can_go_when_there_is_another() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.admin("root@x.example").await;
    for (index, change) in ways_to_lose_an_admin().into_iter().enumerate() {
        let path = format!("/teammates/{}", company.admin(&format!("t{index}@x.example")).await);
        let done = patch_or_delete(&company, &path, change.as_ref()).await;
        assert_eq!(done.status, 204, "{change:?}: {done}");
    }
}

#[tokio::test]
async fn deleting_blocks_and_is_answered_with_nothing() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    let mut expected = company.get(&path).await.json();
    expected["is_blocked"] = json!(true);
    let deleted = company.delete(&path).await.expect(204);
    assert_eq!((deleted.text().as_str(), deleted.header("content-type")), ("", None));
    assert_eq!(company.get(&path).await.json(), expected);
}

#[tokio::test]
async fn deleting_again_changes_nothing() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    company.delete(&path).await.expect(204);
    let before = etag(&company, &path).await;
    company.delete(&path).await.expect(204);
    assert_eq!(etag(&company, &path).await, before);
}

#[tokio::test]
async fn a_blocked_teammate_stays_in_the_lists_and_in_its_teams() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let (team, id) = (company.team(&server, "Support").await, company.teammate("ana@x.example").await);
    company.join(&team, &[&id]).await;
    company.delete(&format!("/teammates/{id}")).await.expect(204);
    assert_eq!(company.get("/teammates").await.ids(), [id.as_str()]);
    assert_eq!(company.get(&format!("/teams/{team}/teammates")).await.ids(), [id.as_str()]);
}
