//! "Operations", `.search`, and row 30 of "Behaviours".

use crate::scim::{Scim, ids, scim_type};
use serde_json::{Value, json};

fn search(more: Value) -> Value {
    super::with(json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}), more)
}

async fn populated() -> (Scim, String, String) {
    let scim = Scim::start().await;
    let user = scim.user("ann@x.example").await;
    scim.user("bo@x.example").await;
    let group = scim.group("Support", &[&user]).await;
    (scim, user, group)
}

#[tokio::test]
async fn a_search_is_a_get_with_its_parameters_in_the_body() {
    let (scim, user, _) = populated().await;
    let asked =
        search(json!({"filter": "userName sw \"ann\"", "startIndex": 1, "count": 10, "sortBy": "userName"}));
    let list = scim.post("/Users/.search", asked).await.expect(200);
    assert_eq!(ids(&list), [user]);
    assert_eq!(list.json()["startIndex"], json!(1));
}

#[tokio::test]
async fn a_search_of_groups() {
    let (scim, user, group) = populated().await;
    let asked =
        search(json!({"filter": format!("members eq \"{user}\""), "excludedAttributes": ["members"]}));
    let list = scim.post("/Groups/.search", asked).await.expect(200);
    assert_eq!(ids(&list), [group]);
    assert_eq!(list.json()["Resources"][0].get("members"), None);
}

#[tokio::test]
async fn the_search_at_the_root_spans_both_types() {
    let (scim, user, group) = populated().await;
    let of =
        async |filter: &str| ids(&scim.post("/.search", search(json!({"filter": filter}))).await.expect(200));
    assert_eq!(ids(&scim.post("/.search", search(json!({}))).await.expect(200)).len(), 3);
    assert_eq!(of("meta.resourceType eq \"Group\"").await, std::slice::from_ref(&group));
    assert_eq!(of("meta.resourceType eq \"User\"").await.len(), 2);
    assert_eq!(of(&format!("id eq \"{group}\"")).await, std::slice::from_ref(&group));
    assert_eq!(of("userName eq \"ann@x.example\"").await, [user]);
    assert_eq!(of("displayName eq \"support\"").await, [group]);
}

#[tokio::test]
async fn the_search_at_the_root_is_paged_by_both_ways() {
    let (scim, _, group) = populated().await;
    let page = scim.post("/.search", search(json!({"startIndex": 3, "count": 2}))).await.expect(200);
    assert_eq!(ids(&page), std::slice::from_ref(&group));
    assert_eq!(page.json()["totalResults"], json!(3));
    let first = scim.post("/.search", search(json!({"count": 2, "cursor": ""}))).await.expect(200).json();
    let next = search(json!({"count": 2, "cursor": first["nextCursor"]}));
    let second = scim.post("/.search", next).await.expect(200);
    assert_eq!((ids(&second), second.json().get("nextCursor")), (vec![group], None));
}

#[tokio::test]
async fn an_order_that_one_type_does_not_know_puts_it_last() {
    let (scim, _, group) = populated().await;
    let list = scim
        .post("/.search", search(json!({"sortBy": "userName", "sortOrder": "ascending"})))
        .await
        .expect(200);
    assert_eq!((ids(&list).len(), ids(&list).last()), (3, Some(&group)));
    scim.post("/.search", search(json!({"sortBy": "shoeSize"}))).await.expect(400);
}

#[tokio::test]
async fn what_neither_type_has_is_refused() {
    let (scim, ..) = populated().await;
    let refused = scim.post("/.search", search(json!({"filter": "shoeSize eq 4"}))).await.expect(400);
    assert_eq!(scim_type(&refused), "invalidFilter");
}

#[tokio::test]
async fn the_message_needs_its_schema() {
    let (scim, ..) = populated().await;
    for bad in [json!({"filter": "userName pr"}), json!({"schemas": ["urn:x"]}), json!([])] {
        assert_eq!(scim_type(&scim.post("/Users/.search", bad).await.expect(400)), "invalidSyntax");
    }
}

#[tokio::test]
async fn a_search_by_get_is_405() {
    let (scim, ..) = populated().await;
    let refused = scim.get("/Users/.search").await.expect(405);
    assert_eq!(refused.header("allow"), Some("POST, OPTIONS"));
}
