//! "Resources", User: what of it is what of a teammate.

use crate::scim::{BASE, ENTERPRISE, FIELDS, GROUP, Scim, TEAMMATE, USER, ids, scim_type, user, with};
use serde_json::{Value, json};

fn ann() -> Value {
    with(
        user("ann@x.example"),
        json!({
            "externalId": "00u1",
            "name": {"givenName": "Ann", "familyName": "Lee"},
            "displayName": "Ann L.",
            "emails": [{"primary": true, "value": "ann@x.example", "type": "work"}],
            "active": true,
        }),
    )
}

#[tokio::test]
async fn post_is_201_with_location_etag_and_the_whole_resource() {
    let scim = Scim::start().await;
    let created = scim.post("/Users", ann()).await.expect(201);
    let body = created.json();
    let location = format!("{BASE}/Users/{}", body["id"].as_str().unwrap());
    assert_eq!(created.header("location"), Some(location.as_str()));
    assert_eq!(body["meta"]["location"], json!(location));
    assert_eq!(created.header("etag"), body["meta"]["version"].as_str());
    assert!(created.header("etag").unwrap().starts_with("W/\""));
    for (name, value) in ann().as_object().unwrap() {
        if name != "schemas" && name != "name" {
            assert_eq!(body[name], *value, "{name}");
        }
    }
    assert_eq!(body["schemas"], json!([USER]));
    assert_eq!(body["meta"]["resourceType"], json!("User"));
    assert_eq!(scim.get(&format!("/Users/{}", body["id"].as_str().unwrap())).await.json(), body);
}

#[tokio::test]
async fn rest_shows_the_same_person() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", ann()).await;
    let teammate = scim.rest.get(&format!("/teammates/{id}")).await.expect(200).json();
    assert_eq!(teammate["email"], json!("ann@x.example"));
    assert_eq!((&teammate["first_name"], &teammate["last_name"]), (&json!("Ann"), &json!("Lee")));
    assert_eq!((&teammate["is_admin"], &teammate["is_blocked"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn a_create_sends_no_invitation() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", ann()).await;
    let shown = scim.get(&format!("/Users/{id}?attributes={TEAMMATE}")).await.expect(200).json();
    assert_eq!(shown[TEAMMATE]["invitation"], json!("none"));
    assert_eq!(shown[TEAMMATE]["username"], json!("ann"));
}

#[tokio::test]
async fn what_the_client_may_not_set_is_ignored() {
    let scim = Scim::start().await;
    let sent = with(
        ann(),
        json!({"id": "mine", "meta": {"version": "1"}, "groups": [{"value": "tim_9"}], "password": "x9"}),
    );
    let body = scim.post("/Users", sent).await.expect(201).json();
    assert!(body["id"].as_str().unwrap().starts_with("tea_"));
    assert_eq!((&body["groups"], &body["password"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn external_ids_are_unique_and_their_case_counts() {
    let scim = Scim::start().await;
    scim.created("/Users", ann()).await;
    let same = with(user("bo@x.example"), json!({"externalId": "00u1"}));
    assert_eq!(scim_type(&scim.post("/Users", same).await.expect(409)), "uniqueness");
    let other_case = with(user("bo@x.example"), json!({"externalId": "00U1"}));
    scim.post("/Users", other_case).await.expect(201);
}

#[tokio::test]
async fn user_names_are_unique_whatever_their_case_and_kept_as_given() {
    let scim = Scim::start().await;
    let id = scim.user("Ann@X.example").await;
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json()["userName"], json!("Ann@X.example"));
    assert_eq!(scim_type(&scim.post("/Users", user("ann@x.EXAMPLE")).await.expect(409)), "uniqueness");
}

#[tokio::test]
async fn user_names_beyond_ascii_are_unique_whatever_their_case() {
    let scim = Scim::start().await;
    let named = |name: &str, email: &str| with(user(name), json!({"emails": [{"value": email}]}));
    scim.created("/Users", named("Müller山K", "a@x.example")).await;
    let same = scim.post("/Users", named("mÜLLER山k", "b@x.example")).await.expect(409);
    assert_eq!(scim_type(&same), "uniqueness");
    assert_eq!(scim.filter("/Users", "userName eq \"MÜLLER山k\"").await.json()["totalResults"], json!(1));
}

#[tokio::test]
async fn an_address_that_everybody_shares_is_found_and_costs_little() {
    let scim = Scim::start().await;
    let mut all = Vec::new();
    for number in 0..30 {
        let emails = json!([{"value": format!("p{number}@x.example")}, {"value": "HelpDesk@x.example", "type": "other"}]);
        all.push(
            scim.created("/Users", with(user(&format!("p{number}@x.example")), json!({"emails": emails})))
                .await,
        );
    }
    assert_eq!(ids(&scim.filter("/Users", "emails.value eq \"helpdesk@x.example\"").await), all);
    scim.delete(&format!("/Users/{}", all[7])).await.expect(204);
    all.remove(7);
    assert_eq!(ids(&scim.filter("/Users", "emails.value eq \"helpdesk@x.example\"").await), all);
}

#[tokio::test]
async fn a_deleted_ones_name_is_told_to_be_a_deleted_ones() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", ann()).await;
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    let bo = scim.user("bo@x.example").await;
    let rename = json!([{"op": "replace", "path": "userName", "value": "ann@x.example"}]);
    let refused = scim.patch(&format!("/Users/{bo}"), rename).await.expect(409);
    assert!(refused.json()["detail"].as_str().unwrap().contains("deleted"), "{refused}");
}

#[tokio::test]
async fn a_user_name_that_is_no_address_takes_the_primary_of_emails() {
    let scim = Scim::start().await;
    let emails = json!([{"value": "first@x.example"}, {"value": "main@x.example", "primary": true}]);
    let id = scim.created("/Users", with(user("ann.lee"), json!({"emails": emails}))).await;
    let shown = scim.get(&format!("/Users/{id}")).await.json();
    assert_eq!((&shown["userName"], &shown["emails"]), (&json!("ann.lee"), &emails));
    assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["email"], json!("main@x.example"));
    let same = with(user("ANN.LEE"), json!({"emails": [{"value": "z@x.example"}]}));
    assert_eq!(scim_type(&scim.post("/Users", same).await.expect(409)), "uniqueness");
}

#[tokio::test]
async fn a_user_name_that_is_no_address_takes_the_first_of_emails_else() {
    let scim = Scim::start().await;
    let emails = json!([{"value": "first@x.example"}, {"value": "second@x.example"}]);
    let id = scim.created("/Users", with(user("ann.lee"), json!({"emails": emails}))).await;
    assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["email"], json!("first@x.example"));
}

#[tokio::test]
async fn a_user_name_that_is_no_address_without_emails_is_refused_and_told_why() {
    let scim = Scim::start().await;
    let refused = scim.post("/Users", user("ann.lee")).await.expect(400);
    assert_eq!(scim_type(&refused), "invalidValue");
    assert!(refused.json()["detail"].as_str().unwrap().contains("emails"));
}

#[tokio::test]
async fn names_are_the_teammates_and_formatted_is_both() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", ann()).await;
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json()["name"]["formatted"], json!("Ann Lee"));
    scim.rest.patch(&format!("/teammates/{id}"), json!({"last_name": "Ek"})).await.expect(204);
    let name = scim.get(&format!("/Users/{id}")).await.json()["name"].clone();
    assert_eq!(name, json!({"givenName": "Ann", "familyName": "Ek", "formatted": "Ann Ek"}));
}

/// Entra ID maps it by default and compares it; it goes when the names change without it.
#[tokio::test]
async fn a_whole_name_that_is_given_is_kept_until_the_names_change() {
    let scim = Scim::start().await;
    let given =
        with(ann(), json!({"name": {"givenName": "Ann", "familyName": "Lee", "formatted": "Dr. Ann Lee"}}));
    let id = scim.created("/Users", given).await;
    let formatted = async || scim.get(&format!("/Users/{id}")).await.json()["name"]["formatted"].clone();
    assert_eq!(formatted().await, json!("Dr. Ann Lee"));
    scim.patch(&format!("/Users/{id}"), json!([{"op": "replace", "path": "name.familyName", "value": "Ek"}]))
        .await
        .expect(200);
    assert_eq!(formatted().await, json!("Ann Ek"));
}

#[tokio::test]
async fn display_and_nick_names_are_absent_until_given_and_no_source_of_names() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let shown = scim.get(&format!("/Users/{id}")).await.json();
    assert_eq!(
        (&shown["displayName"], &shown["nickName"], &shown["name"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let set = json!([{"op": "add", "value": {"displayName": "Ann Lee", "nickName": "Annie"}}]);
    let shown = scim.patch(&format!("/Users/{id}"), set).await.expect(200).json();
    assert_eq!((&shown["displayName"], &shown["nickName"]), (&json!("Ann Lee"), &json!("Annie")));
    assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["first_name"], json!(""));
}

#[tokio::test]
async fn emails_are_shown_as_one_primary_value_when_never_given() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let emails = json!([{"value": "ann@x.example", "type": "work", "primary": true}]);
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json()["emails"], emails);
}

#[tokio::test]
async fn emails_are_kept_as_given() {
    let scim = Scim::start().await;
    let emails = json!([{"value": "Ann@Home.example", "type": "home", "display": "At home"}, {"value": "not an address"}]);
    let id = scim.created("/Users", with(user("ann@x.example"), json!({"emails": emails}))).await;
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json()["emails"], emails);
}

#[tokio::test]
async fn an_address_changed_over_rest_follows_into_emails() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", ann()).await;
    scim.rest.patch(&format!("/teammates/{id}"), json!({"email": "ann.lee@x.example"})).await.expect(204);
    let shown = scim.get(&format!("/Users/{id}")).await.json();
    assert_eq!(
        (&shown["userName"], &shown["emails"][0]["value"]),
        (&json!("ann.lee@x.example"), &json!("ann.lee@x.example"))
    );
}

#[tokio::test]
async fn active_false_blocks_and_hides_nobody() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", with(ann(), json!({"active": false}))).await;
    assert_eq!(scim.get(&format!("/Users/{id}")).await.expect(200).json()["active"], json!(false));
    assert_eq!(ids(&scim.filter("/Users", "active eq false").await), std::slice::from_ref(&id));
    assert_eq!(ids(&scim.get("/Users").await), std::slice::from_ref(&id));
    assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["is_blocked"], json!(true));
}

#[tokio::test]
async fn active_true_reactivates_although_rest_may_not() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", with(ann(), json!({"active": false}))).await;
    scim.rest.patch(&format!("/teammates/{id}"), json!({"is_blocked": false})).await.expect(403);
    let shown = scim
        .patch(&format!("/Users/{id}"), json!([{"op": "replace", "path": "active", "value": true}]))
        .await;
    assert_eq!(shown.expect(200).json()["active"], json!(true));
    assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["is_blocked"], json!(false));
}

#[tokio::test]
async fn everything_else_of_a_user_is_kept() {
    let scim = Scim::start().await;
    let more = json!({
        "title": "Barista", "userType": "Employee", "preferredLanguage": "nb", "locale": "nb-NO", "timezone": "Europe/Oslo",
        "nickName": "Annie", "profileUrl": "https://x.example/ann",
        "phoneNumbers": [{"value": "55555555555", "type": "work"}], "ims": [{"value": "ann", "type": "xmpp"}],
        "photos": [{"value": "https://x.example/ann.png", "type": "photo"}],
        "addresses": [{"locality": "Oslo", "type": "work", "primary": true}],
        "entitlements": [{"value": "coffee"}], "x509Certificates": [{"value": "MIIB"}],
        "roles": [{"value": "agent", "type": "template"}],
    });
    let names = json!({"name": {"givenName": "Ann", "middleName": "M", "honorificPrefix": "Dr.", "honorificSuffix": "II"}});
    let sent = with(with(user("ann@x.example"), more.clone()), names);
    let id = scim.created("/Users", sent.clone()).await;
    let shown = scim.get(&format!("/Users/{id}")).await.json();
    for (name, value) in more.as_object().unwrap() {
        assert_eq!(shown[name], *value, "{name}");
    }
    for name in ["middleName", "honorificPrefix", "honorificSuffix"] {
        assert_eq!(shown["name"][name], sent["name"][name], "{name}");
    }
}

#[tokio::test]
async fn the_role_admin_makes_an_administrator_and_others_are_kept() {
    let scim = Scim::start().await;
    let roles = json!([{"value": "agent", "type": "template"}, {"value": "Admin", "type": "x"}]);
    let id = scim.created("/Users", with(user("ann@x.example"), json!({"roles": roles}))).await;
    scim.rest.admin("other@x.example").await;
    assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["is_admin"], json!(true));
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json()["roles"], roles);
    scim.rest.patch(&format!("/teammates/{id}"), json!({"is_admin": false})).await.expect(204);
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json()["roles"], json!([roles[0]]));
}

#[tokio::test]
async fn an_administrator_made_over_rest_has_the_role() {
    let scim = Scim::start().await;
    let id = scim.rest.admin("ann@x.example").await;
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json()["roles"], json!([{"value": "admin"}]));
    assert_eq!(ids(&scim.filter("/Users", "roles eq \"admin\"").await), [id]);
}

#[tokio::test]
async fn groups_are_the_teams() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let team = scim.rest.team(&scim.server, "Support").await;
    scim.rest.join(&team, &[&id]).await;
    let expected = json!([{"value": team, "$ref": format!("{BASE}/Groups/{team}"), "display": "Support", "type": "direct"}]);
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json()["groups"], expected);
}

#[tokio::test]
async fn the_enterprise_extension_is_kept_and_named_in_schemas() {
    let scim = Scim::start().await;
    let extension = json!({"employeeNumber": "7", "costCenter": "c", "organization": "o", "division": "d", "department": "Ops"});
    let sent = json!({"schemas": [USER, ENTERPRISE], "userName": "ann@x.example", ENTERPRISE: extension});
    let shown = scim.post("/Users", sent).await.expect(201).json();
    assert_eq!(shown[ENTERPRISE], extension);
    assert_eq!(shown["schemas"], json!([USER, ENTERPRISE]));
}

#[tokio::test]
async fn a_manager_is_checked_when_it_looks_like_one_of_ours_and_kept_else() {
    let scim = Scim::start().await;
    let boss = scim.created("/Users", ann()).await;
    let managed =
        |name: &str, manager: &str| with(user(name), json!({ENTERPRISE: {"manager": {"value": manager}}}));
    let shown = scim.post("/Users", managed("bo@x.example", &boss)).await.expect(201).json();
    let expected = json!({"value": boss, "$ref": format!("{BASE}/Users/{boss}"), "displayName": "Ann Lee"});
    assert_eq!(shown[ENTERPRISE]["manager"], expected);
    let refused = scim.post("/Users", managed("cy@x.example", "tea_zz")).await.expect(400);
    assert_eq!(scim_type(&refused), "invalidValue");
    let shown = scim.post("/Users", managed("cy@x.example", "hr-7")).await.expect(201).json();
    assert_eq!(shown[ENTERPRISE]["manager"], json!({"value": "hr-7"}));
}

#[tokio::test]
async fn custom_fields_are_keyed_by_id_and_taken_by_name_too() {
    let scim = Scim::start().await;
    let city = scim.rest.custom_field(&scim.server, "City", "string", &[]).await;
    let level = scim.rest.custom_field(&scim.server, "Level", "number", &[]).await;
    let sent = with(user("ann@x.example"), json!({FIELDS: {"city": "Oslo", level.clone(): 2.5}}));
    let shown = scim.post("/Users", sent).await.expect(201).json();
    assert_eq!(shown[FIELDS], json!({city: "Oslo", level: 2.5}));
    let id = shown["id"].as_str().unwrap();
    let fields = scim.rest.get(&format!("/teammates/{id}")).await.json()["custom_fields"].clone();
    assert_eq!(fields, json!({"City": "Oslo", "Level": 2.5}));
}

#[tokio::test]
async fn custom_fields_are_typed_as_configured() {
    let scim = Scim::start().await;
    let level = scim.rest.custom_field(&scim.server, "Level", "number", &[]).await;
    let shift = scim.rest.custom_field(&scim.server, "Shift", "enum", &["Day", "Night"]).await;
    for bad in [json!({level: "high"}), json!({shift: "Noon"})] {
        let refused =
            scim.post("/Users", with(user("ann@x.example"), json!({FIELDS: bad}))).await.expect(400);
        assert_eq!(scim_type(&refused), "invalidValue");
    }
}

#[tokio::test]
async fn a_password_is_accepted_and_dropped() {
    let scim = Scim::start().await;
    let secret = "correct horse battery staple";
    let created = scim.post("/Users", with(ann(), json!({"password": secret}))).await.expect(201);
    assert!(!created.text().contains(secret));
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let patched =
        scim.patch(&format!("/Users/{id}"), json!([{"op": "replace", "value": {"password": secret}}])).await;
    assert!(!patched.expect(200).text().contains(secret));
    let folder = scim.server.stop().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn availability_is_the_teammates() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let away = json!([{"op": "replace", "path": format!("{TEAMMATE}:is_available"), "value": false}]);
    let shown = scim.patch(&format!("/Users/{id}"), away).await.expect(200).json();
    assert_eq!(shown[TEAMMATE], json!({"is_available": false}));
    assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["is_available"], json!(false));
}

#[tokio::test]
async fn delete_blocks_and_is_gone_from_scim_and_kept_over_rest() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", ann()).await;
    let group = scim.group("Support", &[&id]).await;
    let deleted = scim.delete(&format!("/Users/{id}")).await.expect(204);
    assert!(deleted.body.is_empty());
    let path = format!("/Users/{id}");
    scim.get(&path).await.expect(404);
    scim.put(&path, ann()).await.expect(404);
    scim.patch(&path, json!([{"op": "replace", "path": "title", "value": "x"}])).await.expect(404);
    scim.delete(&path).await.expect(404);
    assert_eq!(scim.get("/Users").await.json()["totalResults"], json!(0));
    assert_eq!(scim.filter("/Users", "userName eq \"ann@x.example\"").await.json()["totalResults"], json!(0));
    assert!(scim.members(&group).await.is_empty());
    assert_eq!(
        scim.rest.get(&format!("/teammates/{id}")).await.expect(200).json()["is_blocked"],
        json!(true)
    );
}

#[tokio::test]
async fn a_rehire_is_the_same_record_updated() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", ann()).await;
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    let back = with(
        ann(),
        json!({"userName": "ANN@x.example", "name": {"givenName": "Anna"}, "externalId": "00u9", "title": "Lead"}),
    );
    let again = scim.post("/Users", back).await.expect(201).json();
    assert_eq!((&again["id"], &again["active"]), (&json!(id), &json!(true)));
    assert_eq!((&again["name"]["givenName"], &again["name"]["familyName"]), (&json!("Anna"), &Value::Null));
    assert_eq!((&again["externalId"], &again["title"]), (&json!("00u9"), &json!("Lead")));
    assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["is_blocked"], json!(false));
}

#[tokio::test]
async fn a_present_one_is_no_rehire() {
    let scim = Scim::start().await;
    scim.created("/Users", with(ann(), json!({"active": false}))).await;
    let refused = scim.post("/Users", ann()).await.expect(409);
    assert_eq!(scim_type(&refused), "uniqueness");
    assert!(refused.json()["detail"].as_str().unwrap().contains("userName"));
}

#[tokio::test]
async fn a_deleted_ones_external_id_is_free() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", ann()).await;
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    scim.post("/Users", with(user("bo@x.example"), json!({"externalId": "00u1"}))).await.expect(201);
}

#[tokio::test]
async fn the_last_administrator_cannot_be_deleted_or_blocked() {
    let scim = Scim::start().await;
    let id = scim.rest.admin("ann@x.example").await;
    assert_eq!(scim_type(&scim.delete(&format!("/Users/{id}")).await.expect(409)), "");
    let block = json!([{"op": "replace", "path": "active", "value": false}]);
    scim.patch(&format!("/Users/{id}"), block).await.expect(409);
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json()["active"], json!(true));
}

#[tokio::test]
async fn put_replaces_and_what_is_absent_is_cleared() {
    let scim = Scim::start().await;
    let id = scim
        .created("/Users", with(ann(), json!({"title": "Barista", ENTERPRISE: {"department": "Ops"}})))
        .await;
    let sent = with(user("ann@x.example"), json!({"name": {"givenName": "Ann"}}));
    let shown = scim.put(&format!("/Users/{id}"), sent).await.expect(200).json();
    for gone in ["title", "displayName", "externalId", ENTERPRISE] {
        assert_eq!(shown[gone], Value::Null, "{gone}");
    }
    assert_eq!(shown["name"], json!({"givenName": "Ann", "formatted": "Ann"}));
    assert_eq!(shown["emails"], json!([{"value": "ann@x.example", "type": "work", "primary": true}]));
}

#[tokio::test]
async fn a_resource_that_was_read_can_be_sent_back_and_changes_nothing() {
    let scim = Scim::start().await;
    let boss = scim.rest.admin("boss@x.example").await;
    let sent = with(
        ann(),
        json!({"title": "x", "roles": [{"value": "admin"}], ENTERPRISE: {"manager": {"value": boss}}, "emails": []}),
    );
    let id = scim.created("/Users", sent).await;
    scim.group("Support", &[&id]).await;
    scim.rest.patch(&format!("/teammates/{id}"), json!({"is_available": false})).await.expect(204);
    for id in [&id, &boss] {
        let path = format!("/Users/{id}");
        let before = scim.get(&path).await;
        let after = scim.put(&path, before.json()).await.expect(200);
        assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));
    }
}

#[tokio::test]
async fn put_ignores_what_is_read_only_or_unknown() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", ann()).await;
    let sent = with(
        ann(),
        json!({"id": "tea_9", "groups": [], "meta": {"created": "x"}, "shoeSize": 42, "emails": [{"value": "ann@x.example", "shoe": 1}]}),
    );
    let shown = scim.put(&format!("/Users/{id}"), sent).await.expect(200).json();
    assert_eq!((&shown["id"], &shown["shoeSize"]), (&json!(id), &Value::Null));
}

#[tokio::test]
async fn put_without_active_is_active() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", with(ann(), json!({"active": false}))).await;
    assert_eq!(
        scim.put(&format!("/Users/{id}"), user("ann@x.example")).await.expect(200).json()["active"],
        json!(true)
    );
}

#[tokio::test]
async fn put_never_creates() {
    let scim = Scim::start().await;
    scim.put("/Users/tea_99", ann()).await.expect(404);
    assert_eq!(scim.get("/Users").await.json()["totalResults"], json!(0));
}

#[tokio::test]
async fn put_and_patch_of_anothers_user_name_are_409() {
    let scim = Scim::start().await;
    scim.created("/Users", ann()).await;
    let id = scim.user("bo@x.example").await;
    let refused = scim.put(&format!("/Users/{id}"), user("ANN@x.example")).await.expect(409);
    assert_eq!(scim_type(&refused), "uniqueness");
    let rename = json!([{"op": "replace", "path": "userName", "value": "ann@x.example"}]);
    assert_eq!(scim_type(&scim.patch(&format!("/Users/{id}"), rename).await.expect(409)), "uniqueness");
}

#[tokio::test]
async fn unassigned_is_null_is_empty_and_never_rendered() {
    let scim = Scim::start().await;
    let sent = with(
        user("ann@x.example"),
        json!({"title": null, "nickName": "", "phoneNumbers": [], "roles": [], "name": {}, ENTERPRISE: {}}),
    );
    let shown = scim.post("/Users", sent).await.expect(201).json();
    for absent in ["title", "nickName", "phoneNumbers", "roles", "name", ENTERPRISE] {
        assert_eq!(shown.get(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn attribute_names_and_urns_are_read_in_any_case_and_answered_in_the_schemas() {
    let scim = Scim::start().await;
    let sent = json!({"SCHEMAS": [USER.to_uppercase()], "USERNAME": "ann@x.example", "Name": {"GIVENNAME": "Ann"}, "Active": "True", ENTERPRISE.to_uppercase(): {"Department": "Ops"}});
    let shown = scim.post("/Users", sent).await.expect(201).json();
    assert_eq!(
        (&shown["userName"], &shown["name"]["givenName"], &shown["active"]),
        (&json!("ann@x.example"), &json!("Ann"), &json!(true))
    );
    assert_eq!(shown[ENTERPRISE], json!({"department": "Ops"}));
}

#[tokio::test]
async fn an_unknown_schema_without_data_is_ignored() {
    let scim = Scim::start().await;
    let sent = json!({"schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"], "displayName": "Sales"});
    scim.post("/Groups", sent).await.expect(201);
}
