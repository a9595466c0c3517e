//! "Operations", projection, and rows 10 and 11 of "Behaviours".

use crate::scim::{ENTERPRISE, Scim, TEAMMATE, USER, encoded, group, ids, patch, scim_type, user, with};
use serde_json::{Value, json};

async fn ann() -> (Scim, String) {
    let scim = Scim::start().await;
    let sent = with(
        user("ann@x.example"),
        json!({"name": {"givenName": "Ann", "familyName": "Lee"}, "title": "Barista", ENTERPRISE: {"department": "Ops"}}),
    );
    let id = scim.created("/Users", sent).await;
    (scim, id)
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn attributes_give_these_and_what_is_always_there() {
    let (scim, id) = ann().await;
    for (attributes, expected) in [
        ("userName", vec!["id", "schemas", "userName"]),
        ("USERNAME", vec!["id", "schemas", "userName"]),
        ("name.givenName", vec!["id", "name", "schemas"]),
        ("title,userName", vec!["id", "schemas", "title", "userName"]),
        ("urn:ietf:params:scim:schemas:core:2.0:User:title", vec!["id", "schemas", "title"]),
        (ENTERPRISE, vec!["id", "schemas", ENTERPRISE]),
        ("shoeSize", vec!["id", "schemas"]),
    ] {
        let shown = scim.get(&format!("/Users/{id}?attributes={attributes}")).await.expect(200).json();
        assert_eq!(keys(&shown), expected, "{attributes}");
    }
}

#[tokio::test]
async fn excluded_attributes_take_these_away_but_never_the_id() {
    let (scim, id) = ann().await;
    let shown = scim
        .get(&format!("/Users/{id}?excludedAttributes=title,id,name.givenName,{ENTERPRISE}"))
        .await
        .expect(200)
        .json();
    assert_eq!((&shown["id"], shown.get("title"), shown.get(ENTERPRISE)), (&json!(id), None, None));
    assert_eq!(keys(&shown["name"]), ["familyName", "formatted"]);
    assert_eq!(shown["schemas"], json!([USER]));
}

#[tokio::test]
async fn both_at_once_are_refused() {
    let (scim, id) = ann().await;
    let query = "attributes=title&excludedAttributes=name";
    assert_eq!(scim_type(&scim.get(&format!("/Users/{id}?{query}")).await.expect(400)), "invalidValue");
    assert_eq!(scim_type(&scim.get(&format!("/Users?{query}")).await.expect(400)), "invalidValue");
}

#[tokio::test]
async fn what_is_shown_on_request_is_shown_on_request() {
    let (scim, id) = ann().await;
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json().get(TEAMMATE), None);
    let shown = scim.get(&format!("/Users/{id}?attributes={TEAMMATE}:username")).await.expect(200).json();
    assert_eq!(shown[TEAMMATE], json!({"username": "ann"}));
    assert_eq!(shown["schemas"], json!([USER, TEAMMATE]));
}

#[tokio::test]
async fn lists_and_searches_are_projected_too() {
    let (scim, id) = ann().await;
    let list = scim.get("/Users?attributes=userName").await.expect(200).json();
    assert_eq!(list["Resources"], json!([{"id": id, "schemas": [USER], "userName": "ann@x.example"}]));
    let search =
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "attributes": ["title"]});
    let list = scim.post("/Users/.search", search).await.expect(200).json();
    assert_eq!(list["Resources"], json!([{"id": id, "schemas": [USER], "title": "Barista"}]));
}

#[tokio::test]
async fn answers_to_writes_are_projected_too() {
    let (scim, id) = ann().await;
    let created = scim.post("/Users?attributes=userName", user("bo@x.example")).await.expect(201).json();
    assert_eq!(keys(&created), ["id", "schemas", "userName"]);
    let replaced =
        scim.put(&format!("/Users/{id}?excludedAttributes=meta"), user("ann@x.example")).await.expect(200);
    assert_eq!(replaced.json().get("meta"), None);
    assert!(replaced.header("etag").is_some() && replaced.header("location").is_some());
    let change = json!([{"op": "replace", "path": "title", "value": "Lead"}]);
    let patched = scim.patch(&format!("/Users/{id}?attributes=title"), change).await.expect(200).json();
    assert_eq!(patched, json!({"id": id, "schemas": [USER], "title": "Lead"}));
}

#[tokio::test]
async fn a_projection_that_cannot_be_stops_the_write() {
    let (scim, id) = ann().await;
    let query = "attributes=title&excludedAttributes=name";
    scim.post(&format!("/Users?{query}"), user("bo@x.example")).await.expect(400);
    scim.put(&format!("/Users/{id}?{query}"), user("other@x.example")).await.expect(400);
    let team = scim.group("Support", &[]).await;
    let rename = patch(json!([{"op": "replace", "path": "displayName", "value": "Care"}]));
    scim.put(&format!("/Groups/{team}?{query}"), group("Care", &[])).await.expect(400);
    scim.send(scim.request(reqwest::Method::PATCH, &format!("/Groups/{team}?{query}")).json(&rename))
        .await
        .expect(400);
    assert_eq!(ids(&scim.filter("/Users", "userName eq \"ann@x.example\"").await), [id]);
    assert_eq!(scim.get(&format!("/Groups/{team}")).await.json()["displayName"], json!("Support"));
}

#[tokio::test]
async fn excluding_members_leaves_them_out_and_keeps_the_version() {
    let (scim, id) = ann().await;
    let team = scim.group("Support", &[&id]).await;
    let whole = scim.get(&format!("/Groups/{team}")).await;
    let without = scim.get(&format!("/Groups/{team}?excludedAttributes=members")).await.expect(200);
    assert_eq!((without.json().get("members"), without.header("etag")), (None, whole.header("etag")));
    let list = scim
        .get("/Groups?excludedAttributes=members&filter=displayName%20eq%20%22support%22")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (list["Resources"][0]["id"].clone(), list["Resources"][0].get("members")),
        (json!(team), None)
    );
}

#[tokio::test]
async fn a_filter_behind_a_name_means_the_attribute() {
    let (scim, id) = ann().await;
    let attributes = encoded("emails[type eq \"work\"],title");
    let shown = scim.get(&format!("/Users/{id}?attributes={attributes}")).await;
    assert_eq!(keys(&shown.expect(200).json()), ["emails", "id", "schemas", "title"]);
}
