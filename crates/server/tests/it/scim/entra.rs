//! What Entra ID sends (`contract/scim-clients.md`, sections 3 and 5.2): each quirk by its name. After each, REST shows the
//! same truth.

use crate::scim::{ENTERPRISE, FIELDS, GROUP, Scim, TEAMMATE, USER, ids, scim_type, with};
use serde_json::{Value, json};

/// As Entra ID creates people.
fn entra_user() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE], "externalId": "b7c1", "userName": "bo@x.example", "active": true,
        "emails": [{"primary": true, "type": "work", "value": "bo@x.example"}], "meta": {"resourceType": "User"},
        "name": {"formatted": "Bo Ek", "familyName": "Ek", "givenName": "Bo"}, "roles": [],
    })
}

/// A user after operations, over both faces.
async fn after(operations: Value) -> (Value, Value) {
    let scim = Scim::start().await;
    let id = scim.created("/Users", entra_user()).await;
    let patched = scim.patch(&format!("/Users/{id}"), operations.clone()).await;
    assert_eq!(patched.status, 200, "{operations}: {patched}");
    let shown = scim.get(&format!("/Users/{id}")).await.json();
    assert_eq!(patched.json(), shown);
    (shown, scim.rest.get(&format!("/teammates/{id}")).await.json())
}

#[tokio::test]
async fn test_connection_with_a_random_name() {
    let scim = Scim::start().await;
    for (path, filter) in
        [("/Users", "userName eq \"5b0e6c3a-4c2f-4b0e-9b0a-1\""), ("/Groups", "displayName eq \"5b0e6c3a\"")]
    {
        assert_eq!(scim.filter(path, filter).await.expect(200).json()["totalResults"], json!(0));
    }
}

#[tokio::test]
async fn create_is_read_back() {
    let scim = Scim::start().await;
    let created = scim.post("/Users", entra_user()).await.expect(201).json();
    for name in ["externalId", "userName", "active", "emails", "name"] {
        assert_eq!(created[name], entra_user()[name], "{name}");
    }
    assert_eq!(created.get("roles"), None);
}

#[tokio::test]
async fn matching_finds_inactive_people_too() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", with(entra_user(), json!({"active": false}))).await;
    for filter in [
        "userName eq \"BO@x.example\"",
        "externalId eq \"b7c1\"",
        "emails[type eq \"work\"].value eq \"bo@x.example\"",
    ] {
        let found = scim.filter("/Users", filter).await.expect(200);
        assert_eq!(ids(&found), std::slice::from_ref(&id), "{filter}");
        assert_eq!(found.json()["Resources"][0]["active"], json!(false));
    }
}

#[tokio::test]
async fn capitals_in_op() {
    let (shown, rest) = after(json!([{"op": "Replace", "path": "name.givenName", "value": "Bob"}])).await;
    assert_eq!((&shown["name"]["givenName"], &rest["first_name"]), (&json!("Bob"), &json!("Bob")));
}

#[tokio::test]
async fn boolean_as_string() {
    for (text, active) in [("False", false), ("false", false), ("True", true)] {
        let (shown, rest) = after(json!([{"op": "Replace", "path": "active", "value": text}])).await;
        assert_eq!((&shown["active"], &rest["is_blocked"]), (&json!(active), &json!(!active)));
    }
}

#[tokio::test]
async fn a_string_that_is_no_boolean_is_refused() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", entra_user()).await;
    let refused = scim
        .patch(&format!("/Users/{id}"), json!([{"op": "Replace", "path": "active", "value": "no"}]))
        .await;
    assert_eq!(scim_type(&refused.expect(400)), "invalidValue");
}

#[tokio::test]
async fn value_path_on_what_is_there() {
    let (shown, rest) =
        after(json!([{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "n@x.example"}]))
            .await;
    assert_eq!(shown["emails"], json!([{"primary": true, "type": "work", "value": "n@x.example"}]));
    assert_eq!(rest["email"], json!("bo@x.example"));
}

#[tokio::test]
async fn value_path_on_a_new_entry() {
    for op in ["Add", "Replace"] {
        let (shown, _) =
            after(json!([{"op": op, "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+4512"}]))
                .await;
        assert_eq!(shown["phoneNumbers"], json!([{"type": "mobile", "value": "+4512"}]));
    }
}

#[tokio::test]
async fn primary_as_string() {
    let (shown, _) =
        after(json!([{"op": "Add", "path": "emails[type eq \"work\"].primary", "value": "True"}])).await;
    assert_eq!(shown["emails"][0]["primary"], json!(true));
    let (shown, rest) =
        after(json!([{"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "admin"}])).await;
    assert_eq!(
        (&shown["roles"], &rest["is_admin"]),
        (&json!([{"primary": true, "value": "admin"}]), &json!(true))
    );
}

#[tokio::test]
async fn array_for_a_single_value() {
    let (shown, _) =
        after(json!([{"op": "Replace", "path": "displayName", "value": [{"$ref": null, "value": "Bo"}]}]))
            .await;
    assert_eq!(shown["displayName"], json!("Bo"));
}

#[tokio::test]
async fn many_attributes_in_one_value_with_the_flag() {
    let number = format!("{ENTERPRISE}:employeeNumber");
    let (shown, rest) = after(
        json!([{"op": "replace", "value": {"displayName": "B", "name.givenName": "Bob", number: "7"}}]),
    )
    .await;
    assert_eq!((&shown["displayName"], &shown[ENTERPRISE]["employeeNumber"]), (&json!("B"), &json!("7")));
    assert_eq!(rest["first_name"], json!("Bob"));
}

#[tokio::test]
async fn extension_path() {
    let (shown, _) =
        after(json!([{"op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Ops"}])).await;
    assert_eq!(shown[ENTERPRISE], json!({"department": "Ops"}));
    assert!(shown["schemas"].as_array().unwrap().contains(&json!(ENTERPRISE)));
}

#[tokio::test]
async fn manager_in_every_form() {
    let path = format!("{ENTERPRISE}:manager");
    for (target, value) in [
        (path.clone(), json!("u9")),
        (path.clone(), json!({"value": "u9"})),
        (format!("{path}.value"), json!("u9")),
    ] {
        for op in ["Add", "Replace"] {
            let (shown, _) = after(json!([{"op": op, "path": target, "value": value}])).await;
            assert_eq!(shown[ENTERPRISE]["manager"], json!({"value": "u9"}), "{op} {target} {value}");
        }
    }
}

#[tokio::test]
async fn manager_removed_in_every_form() {
    let path = format!("{ENTERPRISE}:manager");
    for removal in [
        json!({"op": "Remove", "path": path}),
        json!({"op": "Remove", "path": path, "value": "u9"}),
        json!({"op": "Replace", "path": path, "value": ""}),
        json!({"op": "Replace", "path": path, "value": {"value": ""}}),
        json!({"op": "Replace", "path": path, "value": null}),
    ] {
        let (shown, _) = after(json!([{"op": "Add", "path": path, "value": "u9"}, removal])).await;
        assert_eq!(shown.get(ENTERPRISE), None, "{removal}");
    }
}

#[tokio::test]
async fn clearing_by_an_empty_text_by_null_and_by_remove() {
    for clear in [
        json!({"op": "Replace", "path": "title", "value": ""}),
        json!({"op": "Replace", "path": "title", "value": null}),
        json!({"op": "Remove", "path": "title"}),
        json!({"op": "Remove", "path": "title", "value": "anything"}),
        json!({"op": "Replace", "value": {"title": ""}}),
    ] {
        let (shown, _) = after(json!([{"op": "Add", "path": "title", "value": "Lead"}, clear])).await;
        assert_eq!(shown.get("title"), None, "{clear}");
    }
}

#[tokio::test]
async fn clearing_a_custom_field_and_a_name() {
    let scim = Scim::start().await;
    let city = scim.rest.custom_field(&scim.server, "City", "string", &[]).await;
    let id = scim.created("/Users", with(entra_user(), json!({FIELDS: {city.clone(): "Oslo"}}))).await;
    let clear = json!([{"op": "Replace", "path": format!("{FIELDS}:{city}"), "value": ""}, {"op": "Replace", "path": "name.familyName", "value": ""}]);
    let shown = scim.patch(&format!("/Users/{id}"), clear).await.expect(200).json();
    assert_eq!((shown.get(FIELDS), shown["name"].get("familyName")), (None, None));
    let rest = scim.rest.get(&format!("/teammates/{id}")).await.json();
    assert_eq!((&rest["custom_fields"], &rest["last_name"]), (&json!({}), &json!("")));
}

#[tokio::test]
async fn attributes_unknown_to_us_are_ignored() {
    let (shown, _) = after(json!([
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:CustomExtension:2.0:User:tag", "value": "x"},
        {"op": "Add", "path": "favouriteColour", "value": "red"},
        {"op": "Replace", "path": "displayName", "value": "Bo"},
    ]))
    .await;
    assert_eq!(shown["displayName"], json!("Bo"));
}

#[tokio::test]
async fn the_whole_name_is_patched_and_comes_back() {
    let (shown, _) = after(json!([{"op": "Replace", "path": "name.formatted", "value": "Bo E. Ek"}])).await;
    assert_eq!(shown["name"]["formatted"], json!("Bo E. Ek"));
}

#[tokio::test]
async fn user_name_is_changed_and_the_address_with_it() {
    let (shown, rest) = after(json!([{"op": "Replace", "path": "userName", "value": "bob@x.example"}])).await;
    assert_eq!((&shown["userName"], &rest["email"]), (&json!("bob@x.example"), &json!("bob@x.example")));
}

#[tokio::test]
async fn disable_then_delete() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", entra_user()).await;
    scim.patch(&format!("/Users/{id}"), json!([{"op": "Replace", "path": "active", "value": "False"}]))
        .await
        .expect(200);
    assert_eq!(scim.get(&format!("/Users/{id}")).await.expect(200).json()["active"], json!(false));
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    scim.delete(&format!("/Users/{id}")).await.expect(404);
}

#[tokio::test]
async fn restore_after_unassigning() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", entra_user()).await;
    scim.patch(&format!("/Users/{id}"), json!([{"op": "Replace", "path": "active", "value": "False"}]))
        .await
        .expect(200);
    let found = ids(&scim.filter("/Users", "externalId eq \"b7c1\"").await);
    scim.patch(
        &format!("/Users/{}", found[0]),
        json!([{"op": "Replace", "path": "active", "value": "True"}]),
    )
    .await
    .expect(200);
    assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["is_blocked"], json!(false));
}

#[tokio::test]
async fn create_group_with_an_unknown_schema() {
    let scim = Scim::start().await;
    let sent = json!({
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "g1", "displayName": "Sales", "meta": {"resourceType": "Group"},
    });
    let created = scim.post("/Groups", sent).await.expect(201).json();
    assert_eq!((&created["externalId"], &created["schemas"]), (&json!("g1"), &json!([GROUP])));
}

#[tokio::test]
async fn a_null_reference_of_a_member_is_absent() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let id = scim.group("Sales", &[]).await;
    let add = json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": ann}]}]);
    scim.patch(&format!("/Groups/{id}"), add).await.expect(200);
    assert_eq!(scim.rest.get(&format!("/teams/{id}")).await.json()["members"][0]["id"], json!(ann));
}

/// The best-known damage: a library that clears the group here.
#[tokio::test]
async fn members_remove_without_the_flag_removes_one() {
    let scim = Scim::start().await;
    let (ann, bo) = (scim.user("ann@x.example").await, scim.user("bo@x.example").await);
    let id = scim.group("Sales", &[&ann, &bo]).await;
    let remove = json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": ann}]}]);
    scim.patch(&format!("/Groups/{id}"), remove).await.expect(200);
    assert_eq!(scim.members(&id).await, [bo]);
}

#[tokio::test]
async fn members_remove_with_the_flag_is_idempotent() {
    let scim = Scim::start().await;
    let (ann, bo) = (scim.user("ann@x.example").await, scim.user("bo@x.example").await);
    let id = scim.group("Sales", &[&ann, &bo]).await;
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{ann}\"]")}]);
    for _ in 0..2 {
        scim.patch(&format!("/Groups/{id}"), remove.clone()).await.expect(200);
        assert_eq!(scim.members(&id).await, std::slice::from_ref(&bo));
    }
}

#[tokio::test]
async fn membership_tests() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let id = scim.group("Sales", &[&ann]).await;
    for (filter, expected) in [
        (format!("id eq \"{id}\" and members eq \"{ann}\""), 1),
        (format!("id eq \"{id}\" and members[value eq \"{ann}\"]"), 1),
        (format!("id eq \"{id}\" and members eq \"tea_zz\""), 0),
    ] {
        assert_eq!(
            scim.filter("/Groups", &filter).await.expect(200).json()["totalResults"],
            json!(expected),
            "{filter}"
        );
    }
}

#[tokio::test]
async fn nothing_is_normalised() {
    let (shown, _) = after(json!([{"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": " 55555555555 "}, {"op": "Add", "path": "title", "value": "  LEAD barista"}])).await;
    assert_eq!(
        (&shown["phoneNumbers"][0]["value"], &shown["title"]),
        (&json!(" 55555555555 "), &json!("  LEAD barista"))
    );
}

#[tokio::test]
async fn the_teammates_own_extension_is_shown_when_it_says_something() {
    let (shown, rest) =
        after(json!([{"op": "Add", "path": format!("{TEAMMATE}:is_available"), "value": "False"}])).await;
    assert_eq!((&shown[TEAMMATE], &rest["is_available"]), (&json!({"is_available": false}), &json!(false)));
}
