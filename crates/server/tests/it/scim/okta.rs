//! What Okta sends (`contract/scim-clients.md`, sections 1 and 5.1): its own test, and the moments of its life. After each,
//! REST shows the same truth.

use crate::scim::{GROUP, Scim, USER, ids, patch, with};
use reqwest::Method;
use serde_json::{Value, json};
use tenure_testkit::Reply;

/// As Okta creates people.
fn okta_user(name: &str) -> Value {
    json!({
        "schemas": [USER], "userName": name, "name": {"givenName": "Ann", "familyName": "Lee"},
        "emails": [{"primary": true, "value": name, "type": "work"}], "displayName": "Ann Lee", "locale": "en-US",
        "externalId": "00u1", "groups": [], "password": "x9", "active": true,
    })
}

/// As Okta asks: with its `Accept`, and JSON in bodies.
async fn okta(scim: &Scim, method: Method, path: &str, body: Option<Value>) -> Reply {
    let mut request = scim.request(method, path).header("accept", "application/scim+json");
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    scim.send(request.header("user-agent", "OKTA SCIM Integration")).await
}

#[tokio::test]
async fn the_spec_test() {
    let scim = Scim::start().await;
    scim.created("/Users", okta_user("first@x.example")).await;
    let list = okta(&scim, Method::GET, "/Users?count=1&startIndex=1", None).await.expect(200).json();
    let first = &list["Resources"][0];
    for number in ["itemsPerPage", "startIndex", "totalResults"] {
        assert!(list[number].is_u64(), "{number}");
    }
    for path in ["/id", "/name/familyName", "/name/givenName", "/userName", "/active", "/emails/0/value"] {
        assert!(first.pointer(path).is_some(), "{path}");
    }
    let one = okta(&scim, Method::GET, &format!("/Users/{}", first["id"].as_str().unwrap()), None)
        .await
        .expect(200);
    assert_eq!(one.json()["id"], first["id"]);
    let none =
        okta(&scim, Method::GET, "/Users?filter=userName%20eq%20%22invalid%22", None).await.expect(200);
    assert_eq!(none.json()["totalResults"], json!(0));
    assert!(
        !okta(&scim, Method::GET, "/Users/unknown", None).await.expect(404).json()["detail"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    let mut random = okta_user("random@x.example");
    random["externalId"] = json!("00u2");
    let created = okta(&scim, Method::POST, "/Users", Some(random.clone())).await.expect(201).json();
    assert_eq!((&created["active"], &created["userName"]), (&json!(true), &json!("random@x.example")));
    okta(&scim, Method::GET, &format!("/Users/{}", created["id"].as_str().unwrap()), None).await.expect(200);
    okta(&scim, Method::POST, "/Users", Some(random)).await.expect(409);
    let upper = okta(&scim, Method::GET, "/Users?filter=userName%20eq%20%22RANDOM@X.EXAMPLE%22", None)
        .await
        .expect(200);
    assert_eq!(upper.json()["totalResults"], json!(1));
    okta(&scim, Method::GET, "/Groups", None).await.expect(200);
    assert_eq!(
        okta(&scim, Method::GET, "/Users/00919288221112222", None).await.expect(404).json()["status"],
        json!("404")
    );
}

#[tokio::test]
async fn a_test_of_the_connection_on_an_empty_directory() {
    let scim = Scim::start().await;
    for path in ["/Users?startIndex=1&count=2", "/Groups?startIndex=1&count=100"] {
        let list = okta(&scim, Method::GET, path, None).await.expect(200).json();
        assert_eq!((&list["totalResults"], &list["itemsPerPage"]), (&json!(0), &json!(0)));
    }
}

#[tokio::test]
async fn assigning_a_person_who_is_there_links_them() {
    let scim = Scim::start().await;
    let id = scim.rest.teammate("ann@x.example").await;
    let found = okta(
        &scim,
        Method::GET,
        "/Users?filter=userName%20eq%20%22ann%40x.example%22&startIndex=1&count=100",
        None,
    )
    .await;
    assert_eq!(ids(&found), std::slice::from_ref(&id));
    let merged = with(
        found.json()["Resources"][0].clone(),
        json!({"externalId": "00u1", "name": {"givenName": "Ann", "familyName": "Lee"}}),
    );
    okta(&scim, Method::PUT, &format!("/Users/{id}"), Some(merged)).await.expect(200);
    let teammate = scim.rest.get(&format!("/teammates/{id}")).await.json();
    assert_eq!((&teammate["first_name"], &teammate["last_name"]), (&json!("Ann"), &json!("Lee")));
}

#[tokio::test]
async fn a_changed_profile_is_put_with_everything_that_was_read() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", okta_user("ann@x.example")).await;
    scim.group("Support", &[&id]).await;
    let read = okta(&scim, Method::GET, &format!("/Users/{id}"), None).await.json();
    let merged =
        with(read, json!({"name": {"givenName": "Anna", "familyName": "Lee"}, "displayName": "Anna Lee"}));
    let shown = okta(&scim, Method::PUT, &format!("/Users/{id}"), Some(merged)).await.expect(200).json();
    assert_eq!(
        (&shown["name"]["givenName"], &shown["externalId"], &shown["locale"]),
        (&json!("Anna"), &json!("00u1"), &json!("en-US"))
    );
    assert_eq!(shown["groups"].as_array().unwrap().len(), 1);
    assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["first_name"], json!("Anna"));
}

#[tokio::test]
async fn deactivation_and_reactivation_by_a_patch_without_a_path() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", okta_user("ann@x.example")).await;
    for active in [false, true, false] {
        let body = patch(json!([{"op": "replace", "value": {"active": active}}]));
        let shown = okta(&scim, Method::PATCH, &format!("/Users/{id}"), Some(body)).await.expect(200).json();
        assert_eq!(shown["active"], json!(active));
        assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["is_blocked"], json!(!active));
    }
}

#[tokio::test]
async fn deactivation_and_reactivation_by_put_of_a_wizard_app() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", okta_user("ann@x.example")).await;
    for active in [false, true] {
        let body = with(okta_user("ann@x.example"), json!({"active": active, "id": id}));
        okta(&scim, Method::PUT, &format!("/Users/{id}"), Some(body)).await.expect(200);
        assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["is_blocked"], json!(!active));
    }
}

#[tokio::test]
async fn password_sync_is_accepted_and_discarded() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", okta_user("ann@x.example")).await;
    let before = scim.get(&format!("/Users/{id}")).await;
    let body = patch(json!([{"op": "replace", "value": {"password": "hunter2"}}]));
    let after = okta(&scim, Method::PATCH, &format!("/Users/{id}"), Some(body)).await.expect(200);
    assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));
}

#[tokio::test]
async fn group_push_rename_members_and_unlink() {
    let scim = Scim::start().await;
    let (ann, bo) = (scim.user("ann@x.example").await, scim.user("bo@x.example").await);
    let pushed = json!({"schemas": [GROUP], "displayName": "Support", "members": []});
    let id = okta(&scim, Method::POST, "/Groups", Some(pushed)).await.expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/Groups/{id}");
    let rename = patch(json!([{"op": "replace", "value": {"id": id, "displayName": "Care"}}]));
    okta(&scim, Method::PATCH, &path, Some(rename)).await.expect(200);
    let full = patch(
        json!([{"op": "replace", "path": "members", "value": [{"value": ann, "display": "ann@x.example"}]}]),
    );
    okta(&scim, Method::PATCH, &path, Some(full)).await.expect(200);
    let change = patch(json!([
        {"op": "remove", "path": format!("members[value eq \"{ann}\"]")},
        {"op": "add", "path": "members", "value": [{"value": bo, "display": "bo@x.example"}]},
        {"op": "replace", "value": {"id": id, "displayName": "Care"}},
    ]));
    okta(&scim, Method::PATCH, &path, Some(change)).await.expect(200);
    let team = scim.rest.get(&format!("/teams/{id}")).await.expect(200).json();
    assert_eq!((&team["name"], &team["members"][0]["id"]), (&json!("Care"), &json!(bo)));
    assert_eq!(team["members"].as_array().unwrap().len(), 1);
    okta(&scim, Method::DELETE, &path, None).await.expect(204);
    scim.rest.get(&format!("/teams/{id}")).await.expect(404);
}

#[tokio::test]
async fn an_import_reads_pages_of_a_hundred_to_the_end_and_past_it() {
    let scim = Scim::start().await;
    for number in 0..205 {
        scim.rest.teammate(&format!("p{number}@x.example")).await;
    }
    let mut seen = Vec::new();
    for (start, expected) in [(1, 100), (101, 100), (201, 5), (301, 0)] {
        let page =
            okta(&scim, Method::GET, &format!("/Users?startIndex={start}&count=100"), None).await.expect(200);
        let list = page.json();
        assert_eq!((&list["totalResults"], &list["itemsPerPage"]), (&json!(205), &json!(expected)));
        seen.extend(ids(&page));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 205);
}
