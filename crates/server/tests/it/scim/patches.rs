//! "Operations", PATCH, and rows 12 to 21 of "Behaviours". What clients send in their own ways is in `okta` and `entra`.

use crate::scim::{ENTERPRISE, Scim, TEAMMATE, group, scim_type, user, with};
use serde_json::{Value, json};

async fn patched(operations: Value) -> Value {
    let scim = Scim::start().await;
    let sent = with(
        user("ann@x.example"),
        json!({
            "title": "Barista", "name": {"givenName": "Ann", "familyName": "Lee"},
            "emails": [{"value": "ann@x.example", "type": "work", "primary": true}, {"value": "a@home.example", "type": "home"}],
            ENTERPRISE: {"department": "Ops", "costCenter": "c"},
        }),
    );
    let id = scim.created("/Users", sent).await;
    let shown = scim.patch(&format!("/Users/{id}"), operations).await.expect(200);
    let body = shown.json();
    assert_eq!(shown.header("etag"), body["meta"]["version"].as_str());
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json(), body);
    body
}

async fn refused(operations: Value, status: u16, kind: &str) {
    let scim = Scim::start().await;
    let id = scim.created("/Users", with(user("ann@x.example"), json!({"title": "Barista"}))).await;
    let before = scim.get(&format!("/Users/{id}")).await;
    let refused = scim.patch(&format!("/Users/{id}"), operations.clone()).await.expect(status);
    assert_eq!(scim_type(&refused), kind, "{operations}");
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json(), before.json(), "{operations}");
}

#[tokio::test]
async fn add_replace_and_remove_in_any_letter_case() {
    for op in ["add", "Add", "ADD", "replace", "Replace"] {
        assert_eq!(
            patched(json!([{"op": op, "path": "title", "value": "Lead"}])).await["title"],
            json!("Lead")
        );
    }
    for op in ["remove", "Remove"] {
        assert_eq!(patched(json!([{"op": op, "path": "title"}])).await.get("title"), None);
    }
}

#[tokio::test]
async fn without_a_path_the_value_is_merged() {
    let shown =
        patched(json!([{"op": "replace", "value": {"title": "Lead", "name": {"givenName": "Anna"}}}])).await;
    assert_eq!(shown["title"], json!("Lead"));
    assert_eq!(shown["name"], json!({"givenName": "Anna", "familyName": "Lee", "formatted": "Anna Lee"}));
}

#[tokio::test]
async fn dotted_and_urn_keys_in_a_value_are_paths() {
    let department = format!("{ENTERPRISE}:department");
    let shown =
        patched(json!([{"op": "replace", "value": {"name.givenName": "Bo", department: "Bar"}}])).await;
    assert_eq!(
        (&shown["name"]["givenName"], &shown[ENTERPRISE]["department"]),
        (&json!("Bo"), &json!("Bar"))
    );
    assert_eq!(shown[ENTERPRISE]["costCenter"], json!("c"));
}

#[tokio::test]
async fn a_sub_attribute_is_a_path() {
    assert_eq!(
        patched(json!([{"op": "add", "path": "name.familyName", "value": "Ek"}])).await["name"]["familyName"],
        json!("Ek")
    );
}

#[tokio::test]
async fn a_value_filter_picks_values() {
    let shown = patched(json!([{"op": "replace", "path": "emails[type eq \"home\"]", "value": {"value": "b@home.example", "type": "home"}}])).await;
    assert_eq!(shown["emails"][1]["value"], json!("b@home.example"));
    let shown = patched(
        json!([{"op": "replace", "path": "emails[type eq \"home\"].value", "value": "c@home.example"}]),
    )
    .await;
    assert_eq!(shown["emails"][1], json!({"value": "c@home.example", "type": "home"}));
    let shown = patched(json!([{"op": "remove", "path": "emails[type eq \"home\"]"}])).await;
    assert_eq!(shown["emails"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_filter_that_leaves_nothing_leaves_the_attribute_unassigned() {
    let shown = patched(json!([{"op": "add", "path": "phoneNumbers", "value": [{"value": "1", "type": "work"}]}, {"op": "remove", "path": "phoneNumbers[type eq \"work\"]"}])).await;
    assert_eq!(shown.get("phoneNumbers"), None);
}

#[tokio::test]
async fn urn_paths_reach_core_and_extensions() {
    let core = "urn:ietf:params:scim:schemas:core:2.0:User:title";
    assert_eq!(
        patched(json!([{"op": "replace", "path": core, "value": "Lead"}])).await["title"],
        json!("Lead")
    );
    let shown = patched(json!([{"op": "remove", "path": ENTERPRISE}])).await;
    assert_eq!(shown.get(ENTERPRISE), None);
    let shown =
        patched(json!([{"op": "add", "path": format!("{TEAMMATE}:is_available"), "value": true}])).await;
    assert_eq!(shown[TEAMMATE], json!({"is_available": true}));
}

#[tokio::test]
async fn adding_a_value_twice_is_once() {
    let home = json!({"value": "a@home.example", "type": "home"});
    let shown = patched(json!([{"op": "add", "path": "emails", "value": [home, home]}])).await;
    assert_eq!(shown["emails"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_new_primary_value_makes_the_others_not_primary() {
    let shown =
        patched(json!([{"op": "add", "path": "emails", "value": {"value": "c@x.example", "primary": true}}]))
            .await;
    let primary: Vec<_> =
        shown["emails"].as_array().unwrap().iter().map(|email| email["primary"] == json!(true)).collect();
    assert_eq!(primary, [false, false, true]);
}

#[tokio::test]
async fn replacing_what_is_absent_adds_it() {
    assert_eq!(
        patched(json!([{"op": "replace", "path": "nickName", "value": "Annie"}])).await["nickName"],
        json!("Annie")
    );
}

#[tokio::test]
async fn all_happens_or_nothing() {
    for (bad, kind) in [
        (json!({"op": "replace", "path": "id", "value": "x"}), "mutability"),
        (json!({"op": "replace", "path": "active", "value": "no"}), "invalidValue"),
        (json!({"op": "remove"}), "noTarget"),
    ] {
        refused(json!([{"op": "replace", "path": "title", "value": "Lead"}, bad]), 400, kind).await;
    }
}

#[tokio::test]
async fn what_is_read_only_is_refused_by_path_and_ignored_in_a_value() {
    for path in ["id", "meta.version", "groups", "schemas"] {
        refused(json!([{"op": "replace", "path": path, "value": "x"}]), 400, "mutability").await;
    }
    refused(
        json!([{"op": "replace", "path": format!("{TEAMMATE}:username"), "value": "x"}]),
        400,
        "mutability",
    )
    .await;
    let shown =
        patched(json!([{"op": "replace", "value": {"id": "x", "groups": [], "meta": {}, "title": "Lead"}}]))
            .await;
    assert_eq!(shown["title"], json!("Lead"));
}

#[tokio::test]
async fn removing_what_is_required_is_refused() {
    refused(json!([{"op": "remove", "path": "userName"}]), 400, "mutability").await;
    refused(json!([{"op": "replace", "path": "userName", "value": ""}]), 400, "mutability").await;
}

#[tokio::test]
async fn a_remove_without_a_path_has_no_target() {
    refused(json!([{"op": "remove", "value": {"title": "x"}}]), 400, "noTarget").await;
}

#[tokio::test]
async fn a_filter_that_matches_nothing_and_says_nothing_has_no_target() {
    refused(
        json!([{"op": "replace", "path": "emails[value co \"zzz\"].display", "value": "x"}]),
        400,
        "noTarget",
    )
    .await;
}

#[tokio::test]
async fn bad_paths_filters_and_operations_are_told_apart() {
    refused(json!([{"op": "add", "path": "na me", "value": "x"}]), 400, "invalidPath").await;
    refused(json!([{"op": "add", "path": "emails[type eq]", "value": "x"}]), 400, "invalidFilter").await;
    refused(json!([{"op": "move", "path": "title", "value": "x"}]), 400, "invalidSyntax").await;
    refused(json!([{"op": "add", "path": "title", "value": 5}]), 400, "invalidValue").await;
    refused(json!([]), 400, "invalidSyntax").await;
}

#[tokio::test]
async fn what_no_schema_has_is_ignored() {
    let shown = patched(json!([{"op": "add", "path": "shoeSize", "value": 42}, {"op": "add", "value": {"urn:x:y:z": 1, "title": "Lead"}}])).await;
    assert_eq!((&shown["title"], shown.get("shoeSize")), (&json!("Lead"), None));
}

#[tokio::test]
async fn a_change_that_changes_nothing_makes_no_new_version() {
    let scim = Scim::start().await;
    let id = scim
        .created("/Users", with(user("ann@x.example"), json!({"title": "Barista", "active": true})))
        .await;
    let path = format!("/Users/{id}");
    let before = scim.get(&path).await;
    for operations in [
        json!([{"op": "replace", "path": "title", "value": "Barista"}]),
        json!([{"op": "replace", "value": {"active": true, "userName": "ann@x.example"}}]),
        json!([{"op": "remove", "path": "nickName"}]),
        json!([{"op": "add", "path": "emails", "value": [{"value": "ann@x.example", "type": "work"}]}]),
    ] {
        let after = scim.patch(&path, operations.clone()).await.expect(200);
        assert_eq!(
            (after.json(), after.header("etag")),
            (before.json(), before.header("etag")),
            "{operations}"
        );
    }
}

#[tokio::test]
async fn a_patch_of_a_group_answers_without_members_unless_they_are_asked_for() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let id = scim.group("Support", &[&ann]).await;
    let rename = |name: &str| json!([{"op": "replace", "path": "displayName", "value": name}]);
    let shown = scim.patch(&format!("/Groups/{id}"), rename("Care")).await.expect(200).json();
    assert_eq!((&shown["displayName"], shown.get("members")), (&json!("Care"), None));
    let shown =
        scim.patch(&format!("/Groups/{id}?attributes=members"), rename("Desk")).await.expect(200).json();
    assert_eq!(shown["members"][0]["value"], json!(ann));
}

/// Clients compare what they sent with what comes back; thousands are not sent each time.
#[tokio::test]
async fn a_patch_of_members_answers_with_them_while_they_are_few() {
    let scim = Scim::start().await;
    let users: Vec<_> = (0..101).map(|number| user(&format!("p{number}@x.example"))).collect();
    let mut members = Vec::new();
    for user in users {
        members.push(json!({"value": scim.created("/Users", user).await}));
    }
    let id = scim.group("Support", &[]).await;
    let path = format!("/Groups/{id}");
    let few = json!([{"op": "add", "path": "members", "value": &members[..100]}]);
    assert_eq!(scim.patch(&path, few).await.expect(200).json()["members"].as_array().unwrap().len(), 100);
    let one_more = json!([{"op": "add", "path": "members", "value": &members[100..]}]);
    assert_eq!(scim.patch(&path, one_more).await.expect(200).json().get("members"), None);
    assert_eq!(scim.members(&id).await.len(), 101);
}

#[tokio::test]
async fn members_are_added_removed_and_replaced() {
    let scim = Scim::start().await;
    let (ann, bo) = (scim.user("ann@x.example").await, scim.user("bo@x.example").await);
    let id = scim.group("Support", &[&ann]).await;
    let path = format!("/Groups/{id}");
    for (operations, expected) in [
        (json!([{"op": "add", "path": "members", "value": [{"value": bo}]}]), vec![&ann, &bo]),
        (json!([{"op": "add", "path": "members", "value": {"value": bo}}]), vec![&ann, &bo]),
        (json!([{"op": "remove", "path": format!("members[value eq \"{ann}\"]")}]), vec![&bo]),
        (json!([{"op": "remove", "path": "members[value eq \"tea_zz\"]"}]), vec![&bo]),
        (json!([{"op": "replace", "path": "members", "value": [{"value": ann}]}]), vec![&ann]),
        (
            json!([{"op": "remove", "path": format!("members[value eq \"{ann}\" or value eq \"{bo}\"]")}]),
            vec![],
        ),
        (json!([{"op": "replace", "value": {"members": [{"value": ann}, {"value": bo}]}}]), vec![&ann, &bo]),
        (json!([{"op": "remove", "path": "members[$ref co \"/Users/\" and type eq \"User\"]"}]), vec![]),
        (json!([{"op": "add", "path": "members.value", "value": bo}]), vec![&bo]),
        (json!([{"op": "remove", "path": "members"}]), vec![]),
    ] {
        scim.patch(&path, operations.clone()).await.expect(200);
        assert_eq!(scim.members(&id).await.iter().collect::<Vec<_>>(), expected, "{operations}");
    }
}

#[tokio::test]
async fn a_remove_of_members_with_a_value_list_removes_those_only() {
    let scim = Scim::start().await;
    let (ann, bo) = (scim.user("ann@x.example").await, scim.user("bo@x.example").await);
    let id = scim.group("Support", &[&ann, &bo]).await;
    let path = format!("/Groups/{id}");
    scim.patch(&path, json!([{"op": "Remove", "path": "members", "value": [{"value": ann}]}]))
        .await
        .expect(200);
    assert_eq!(scim.members(&id).await, std::slice::from_ref(&bo));
    scim.patch(&path, json!([{"op": "Remove", "path": "members", "value": []}])).await.expect(200);
    assert_eq!(scim.members(&id).await, [bo]);
}

#[tokio::test]
async fn an_unknown_member_in_a_patch_is_refused_and_a_foreign_name_is_left_out() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let id = scim.group("Support", &[]).await;
    let add =
        |who: &str| json!([{"op": "add", "path": "members", "value": [{"value": ann}, {"value": who}]}]);
    let refused = scim.patch(&format!("/Groups/{id}"), add("tea_zz")).await.expect(400);
    assert_eq!(scim_type(&refused), "invalidValue");
    assert!(scim.members(&id).await.is_empty());
    scim.patch(&format!("/Groups/{id}"), add("fake-member-id")).await.expect(200);
    assert_eq!(scim.members(&id).await, [ann]);
}

#[tokio::test]
async fn replacing_members_by_foreign_names_is_refused_and_clears_nobody() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let id = scim.group("Support", &[&ann]).await;
    let replace = json!([{"op": "replace", "path": "members", "value": [{"value": "ann@x.example"}]}]);
    let refused = scim.patch(&format!("/Groups/{id}"), replace).await.expect(400);
    assert_eq!(scim_type(&refused), "invalidValue");
    assert_eq!(scim.members(&id).await, [ann]);
}

#[tokio::test]
async fn operations_on_members_apply_in_order_filters_too() {
    let scim = Scim::start().await;
    let eve =
        scim.created("/Users", with(user("eve@x.example"), json!({"name": {"givenName": "Eve"}}))).await;
    let id = scim.group("Support", &[]).await;
    let operations = json!([
        {"op": "add", "path": "members", "value": [{"value": eve}]},
        {"op": "remove", "path": "members[display eq \"Eve\"]"},
    ]);
    scim.patch(&format!("/Groups/{id}"), operations).await.expect(200);
    assert!(scim.members(&id).await.is_empty());
}

#[tokio::test]
async fn an_empty_text_clears_whatever_it_is_put_to() {
    for path in ["name", "addresses", "emails", ENTERPRISE, "title"] {
        let shown = patched(json!([{"op": "replace", "path": path, "value": ""}])).await;
        assert!(path == "emails" || shown.get(path).is_none(), "{path}: {shown}");
    }
}

#[tokio::test]
async fn a_patch_has_a_size() {
    let many = |count: usize| -> Value {
        (0..count).map(|number| json!({"value": format!("a{number}@x.example")})).collect()
    };
    refused(json!([{"op": "add", "path": "emails", "value": many(201)}]), 400, "invalidValue").await;
    refused(json!([{"op": "add", "path": "emails", "value": many(150)}, {"op": "add", "path": "ims", "value": many(150)}, {"op": "add", "path": "emails", "value": many(201)}]), 400, "invalidValue").await;
    let operations: Value =
        (0..1001).map(|_| json!({"op": "replace", "path": "title", "value": "x"})).collect();
    refused(operations, 400, "invalidValue").await;
    let long = "x".repeat(40_000);
    refused(
        json!([{"op": "add", "path": "emails", "value": [{"value": long}, {"display": long}]}]),
        400,
        "invalidValue",
    )
    .await;
}

#[tokio::test]
async fn a_rename_and_members_in_one_patch_happen_together_or_not_at_all() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    scim.group("Sales", &[]).await;
    let id = scim.group("Support", &[]).await;
    let operations = json!([
        {"op": "add", "path": "members", "value": [{"value": ann}]},
        {"op": "replace", "path": "displayName", "value": "Sales"},
    ]);
    scim.patch(&format!("/Groups/{id}"), operations).await.expect(409);
    assert!(scim.members(&id).await.is_empty());
}

#[tokio::test]
async fn a_membership_that_is_there_already_makes_no_new_version() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let id = scim.created("/Groups", with(group("Support", &[&ann]), json!({"externalId": "g"}))).await;
    let path = format!("/Groups/{id}");
    let before = scim.get(&path).await.header("etag").map(str::to_owned);
    for operations in [
        json!([{"op": "add", "path": "members", "value": [{"value": ann}]}]),
        json!([{"op": "replace", "value": {"id": id, "displayName": "Support", "externalId": "g"}}]),
        json!([{"op": "remove", "path": "members[value eq \"tea_zz\"]"}]),
    ] {
        let after = scim.patch(&path, operations.clone()).await.expect(200);
        assert_eq!(after.header("etag").map(str::to_owned), before, "{operations}");
    }
}

#[tokio::test]
async fn a_member_cannot_be_changed_in_place() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let id = scim.group("Support", &[&ann]).await;
    let change =
        json!([{"op": "replace", "path": format!("members[value eq \"{ann}\"].value"), "value": "x"}]);
    assert_eq!(scim_type(&scim.patch(&format!("/Groups/{id}"), change).await.expect(400)), "mutability");
}

#[tokio::test]
async fn a_custom_field_is_patched_by_id() {
    let scim = Scim::start().await;
    let city = scim.rest.custom_field(&scim.server, "City", "string", &[]).await;
    let id = scim.user("ann@x.example").await;
    let set = json!([{"op": "add", "path": format!("{}:{city}", super::FIELDS), "value": "Oslo"}]);
    let shown = scim.patch(&format!("/Users/{id}"), set).await.expect(200).json();
    assert_eq!(shown[super::FIELDS], json!({city: "Oslo"}));
}
