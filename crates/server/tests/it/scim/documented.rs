//! The `documented` profile: the documented service's limits.

use crate::scim::{Scim, scim_type, user, with};
use serde_json::json;

async fn documented() -> Scim {
    let scim = Scim::start().await;
    scim.rest.set(&scim.server, "scim.profile=documented").await;
    scim
}

#[tokio::test]
async fn users_are_created_read_and_deleted() {
    let scim = documented().await;
    let id = scim.created("/Users", with(user("ann@x.example"), json!({"title": "Barista"}))).await;
    assert_eq!(scim.get(&format!("/Users/{id}")).await.expect(200).json()["title"], json!("Barista"));
    assert_eq!(scim.filter("/Users", "userName eq \"ann@x.example\"").await.json()["totalResults"], json!(1));
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    scim.get(&format!("/Users/{id}")).await.expect(404);
}

#[tokio::test]
async fn a_patch_of_active_to_false_blocks_and_to_true_does_nothing() {
    let scim = documented().await;
    let id = scim.user("ann@x.example").await;
    for (operations, active) in [
        (json!([{"op": "replace", "value": {"active": false}}]), false),
        (json!([{"op": "replace", "path": "active", "value": true}]), false),
    ] {
        let shown = scim.patch(&format!("/Users/{id}"), operations).await.expect(200).json();
        assert_eq!(shown["active"], json!(active));
    }
    assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["is_blocked"], json!(true));
}

#[tokio::test]
async fn other_changes_answer_200_and_do_not_propagate() {
    let scim = documented().await;
    let id = scim.created("/Users", with(user("ann@x.example"), json!({"title": "Barista"}))).await;
    let before = scim.get(&format!("/Users/{id}")).await.json();
    let patched = scim
        .patch(&format!("/Users/{id}"), json!([{"op": "replace", "path": "title", "value": "Lead"}]))
        .await;
    assert_eq!(patched.expect(200).json(), before);
    let put =
        scim.put(&format!("/Users/{id}"), with(user("other@x.example"), json!({"active": false}))).await;
    assert_eq!(put.expect(200).json(), before);
}

#[tokio::test]
async fn groups_bulk_and_the_root_search_are_501() {
    let scim = documented().await;
    for path in ["/Groups", "/Groups/tim_1"] {
        assert_eq!(scim_type(&scim.get(path).await.expect(501)), "");
    }
    scim.post("/Bulk", json!({})).await.expect(501);
    scim.post("/.search", json!({})).await.expect(501);
}

#[tokio::test]
async fn discovery_says_so() {
    let scim = documented().await;
    let config = scim.get("/ServiceProviderConfig").await.expect(200).json();
    assert_eq!((&config["patch"]["supported"], &config["bulk"]["supported"]), (&json!(false), &json!(false)));
    assert_eq!(scim.get("/ResourceTypes").await.json()["totalResults"], json!(1));
}
