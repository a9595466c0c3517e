//! "Operations", `ETag`, and row 32 of "Behaviours".

use crate::scim::{Scim, group, patch, scim_type, user};
use reqwest::Method;
use serde_json::json;
use tenure_testkit::Reply;

async fn conditional(
    scim: &Scim,
    method: Method,
    path: &str,
    header: (&str, &str),
    body: Option<serde_json::Value>,
) -> Reply {
    let mut request = scim.request(method, path).header(header.0, header.1);
    if let Some(body) = body {
        request = request.json(&body);
    }
    scim.send(request).await
}

fn title(title: &str) -> serde_json::Value {
    patch(json!([{"op": "replace", "path": "title", "value": title}]))
}

#[tokio::test]
async fn if_none_match_is_304_while_nothing_changes() {
    let scim = Scim::start().await;
    let (user, group) = (scim.user("ann@x.example").await, scim.group("Support", &[]).await);
    for path in [format!("/Users/{user}"), format!("/Groups/{group}")] {
        let tag = scim.get(&path).await.header("etag").unwrap().to_owned();
        let known = conditional(&scim, Method::GET, &path, ("if-none-match", &tag), None).await.expect(304);
        assert_eq!((known.header("etag"), known.body.len()), (Some(tag.as_str()), 0));
        conditional(&scim, Method::GET, &path, ("if-none-match", "*"), None).await.expect(304);
        conditional(&scim, Method::GET, &path, ("if-none-match", "W/\"999\""), None).await.expect(200);
        let several = format!("\"x\", {tag}");
        conditional(&scim, Method::GET, &path, ("if-none-match", &several), None).await.expect(304);
    }
}

#[tokio::test]
async fn a_stale_if_match_is_412_and_nothing_changes() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let path = format!("/Users/{id}");
    let stale = scim.get(&path).await.header("etag").unwrap().to_owned();
    scim.patch(&path, json!([{"op": "replace", "path": "title", "value": "A"}])).await.expect(200);
    for (method, body) in
        [(Method::PUT, Some(user("b@x.example"))), (Method::PATCH, Some(title("B"))), (Method::DELETE, None)]
    {
        let refused = conditional(&scim, method, &path, ("if-match", &stale), body).await.expect(412);
        assert_eq!(scim_type(&refused), "");
    }
    assert_eq!(scim.get(&path).await.json()["title"], json!("A"));
}

#[tokio::test]
async fn a_fresh_if_match_is_met_weak_or_among_several_or_by_a_star() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let path = format!("/Users/{id}");
    for (number, form) in ["{}", "\"x\", {}", "*"].iter().enumerate() {
        let tag = scim.get(&path).await.header("etag").unwrap().to_owned();
        let condition = form.replace("{}", &tag);
        conditional(&scim, Method::PATCH, &path, ("if-match", &condition), Some(title(&number.to_string())))
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn groups_have_conditions_too() {
    let scim = Scim::start().await;
    let id = scim.group("Support", &[]).await;
    let path = format!("/Groups/{id}");
    let tag = scim.get(&path).await.header("etag").unwrap().to_owned();
    conditional(&scim, Method::PUT, &path, ("if-match", &tag), Some(group("Care", &[]))).await.expect(200);
    conditional(&scim, Method::PUT, &path, ("if-match", &tag), Some(group("Desk", &[]))).await.expect(412);
    conditional(&scim, Method::DELETE, &path, ("if-match", &tag), None).await.expect(412);
    conditional(&scim, Method::DELETE, &path, ("if-match", "*"), None).await.expect(204);
}

#[tokio::test]
async fn a_condition_that_cannot_be_read_is_400() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let path = format!("/Users/{id}");
    conditional(&scim, Method::PATCH, &path, ("if-match", "12"), Some(title("B"))).await.expect(400);
}

#[tokio::test]
async fn a_tag_changes_with_each_change_of_what_is_shown() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let path = format!("/Users/{id}");
    let mut before = scim.get(&path).await.header("etag").unwrap().to_owned();
    for operations in [
        json!([{"op": "add", "path": "title", "value": "A"}]),
        json!([{"op": "add", "path": "externalId", "value": "e"}]),
        json!([{"op": "replace", "path": "active", "value": false}]),
        json!([{"op": "replace", "path": "active", "value": true}]),
    ] {
        let after =
            scim.patch(&path, operations.clone()).await.expect(200).header("etag").unwrap().to_owned();
        assert_ne!(after, before, "{operations}");
        before = after;
    }
}

#[tokio::test]
async fn a_compressed_answer_keeps_its_weak_tag() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let path = format!("/Users/{id}");
    let long = "x".repeat(4000);
    scim.patch(&path, json!([{"op": "add", "path": "title", "value": long}])).await.expect(200);
    let plain = scim.get(&path).await;
    let compressed =
        conditional(&scim, Method::GET, &path, ("accept-encoding", "gzip"), None).await.expect(200);
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    assert_eq!(compressed.header("etag"), plain.header("etag"));
}

/// Two clients who read the same version: one of them is told.
#[tokio::test]
async fn of_two_writers_with_the_same_version_one_wins() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let path = format!("/Users/{id}");
    let tag = scim.get(&path).await.header("etag").unwrap().to_owned();
    let write =
        |name: &'static str| conditional(&scim, Method::PATCH, &path, ("if-match", &tag), Some(title(name)));
    let (one, other) = tokio::join!(write("one"), write("other"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

/// Without a condition nobody's change is lost: each is made from what the one before left.
#[tokio::test]
async fn writers_of_different_attributes_at_once_lose_nothing() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let path = format!("/Users/{id}");
    let names = ["title", "userType", "locale", "timezone", "nickName", "displayName", "preferredLanguage"];
    let writes = names.map(|name| scim.patch(&path, json!([{"op": "add", "path": name, "value": name}])));
    for written in futures_util::future::join_all(writes).await {
        written.expect(200);
    }
    let shown = scim.get(&path).await.json();
    for name in names {
        assert_eq!(shown[name], json!(name));
    }
}
