//! "Resources", Group: what of it is what of a team.

use crate::scim::{BASE, GROUP, Scim, group, ids, scim_type, with};
use serde_json::{Value, json};
use tenure_testkit::TestServer;

#[tokio::test]
async fn post_is_201_with_location_etag_and_the_whole_resource() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let created =
        scim.post("/Groups", with(group("Support", &[&ann]), json!({"externalId": "g1"}))).await.expect(201);
    let body = created.json();
    let location = format!("{BASE}/Groups/{}", body["id"].as_str().unwrap());
    assert_eq!(created.header("location"), Some(location.as_str()));
    assert_eq!(created.header("etag"), body["meta"]["version"].as_str());
    assert_eq!(body["schemas"], json!([GROUP]));
    assert_eq!((&body["displayName"], &body["externalId"]), (&json!("Support"), &json!("g1")));
    assert_eq!(
        body["members"],
        json!([{"value": ann, "$ref": format!("{BASE}/Users/{ann}"), "type": "User"}])
    );
    assert_eq!(body["meta"]["resourceType"], json!("Group"));
}

#[tokio::test]
async fn a_group_is_a_team_over_rest() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let id = scim.group("Support", &[&ann]).await;
    let team = scim.rest.get(&format!("/teams/{id}")).await.expect(200).json();
    assert_eq!((&team["name"], &team["members"][0]["id"]), (&json!("Support"), &json!(ann)));
}

#[tokio::test]
async fn display_names_are_unique_whatever_their_case() {
    let scim = Scim::start().await;
    scim.group("Support", &[]).await;
    let id = scim.group("Sales", &[]).await;
    assert_eq!(scim_type(&scim.post("/Groups", group("SUPPORT", &[])).await.expect(409)), "uniqueness");
    let rename = json!([{"op": "replace", "path": "displayName", "value": "support"}]);
    assert_eq!(scim_type(&scim.patch(&format!("/Groups/{id}"), rename).await.expect(409)), "uniqueness");
}

#[tokio::test]
async fn a_group_of_an_external_id_is_unique_too() {
    let scim = Scim::start().await;
    scim.created("/Groups", with(group("Support", &[]), json!({"externalId": "g1"}))).await;
    let same = with(group("Sales", &[]), json!({"externalId": "g1"}));
    assert_eq!(scim_type(&scim.post("/Groups", same).await.expect(409)), "uniqueness");
}

#[tokio::test]
async fn members_are_shown_by_the_persons_name() {
    let scim = Scim::start().await;
    let ann = scim.rest.teammate("ann@x.example").await;
    scim.rest
        .patch(&format!("/teammates/{ann}"), json!({"first_name": "Ann", "last_name": "Lee"}))
        .await
        .expect(204);
    let id = scim.group("Support", &[&ann]).await;
    assert_eq!(scim.get(&format!("/Groups/{id}")).await.json()["members"][0]["display"], json!("Ann Lee"));
}

#[tokio::test]
async fn an_unknown_member_is_refused_and_nothing_is_made() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    for unknown in ["tea_zz", "nobody", "ann@x.example", "alt:email:ann@x.example"] {
        let refused = scim.post("/Groups", group("Support", &[&ann, unknown])).await.expect(400);
        assert_eq!(scim_type(&refused), "invalidValue");
        assert!(refused.json()["detail"].as_str().unwrap().contains(unknown), "{refused}");
    }
    assert_eq!(scim.get("/Groups").await.json()["totalResults"], json!(0));
}

#[tokio::test]
async fn a_member_of_another_company_is_unknown() {
    let server = TestServer::start().await;
    let other = server.company("Other").await;
    let others: Vec<_> = [other.teammate("a@o.example").await, other.teammate("b@o.example").await].into();
    let scim = Scim::on(server).await;
    let id = scim.group("Support", &[]).await;
    let add = json!([{"op": "add", "path": "members", "value": [{"value": others[1]}]}]);
    assert_eq!(scim_type(&scim.patch(&format!("/Groups/{id}"), add).await.expect(400)), "invalidValue");
    assert!(scim.members(&id).await.is_empty());
}

#[tokio::test]
async fn a_group_cannot_be_a_member() {
    let scim = Scim::start().await;
    let inner = scim.group("Inner", &[]).await;
    let as_group = with(group("Outer", &[]), json!({"members": [{"value": inner, "type": "Group"}]}));
    let refused = scim.post("/Groups", as_group).await.expect(400);
    assert_eq!(scim_type(&refused), "invalidValue");
    scim.post("/Groups", group("Outer", &[&inner])).await.expect(400);
}

#[tokio::test]
async fn a_blocked_person_can_be_a_member_as_the_identity_provider_says() {
    let scim = Scim::start().await;
    let ann = scim.created("/Users", with(super::user("ann@x.example"), json!({"active": false}))).await;
    let id = scim.group("Support", &[&ann]).await;
    assert_eq!(scim.members(&id).await, [ann]);
}

#[tokio::test]
async fn put_replaces_name_external_id_and_members() {
    let scim = Scim::start().await;
    let (ann, bo) = (scim.user("ann@x.example").await, scim.user("bo@x.example").await);
    let id = scim.created("/Groups", with(group("Support", &[&ann]), json!({"externalId": "g1"}))).await;
    let shown = scim.put(&format!("/Groups/{id}"), group("Care", &[&bo])).await.expect(200).json();
    assert_eq!((&shown["displayName"], shown.get("externalId")), (&json!("Care"), None));
    assert_eq!(scim.members(&id).await, [bo]);
    scim.put(&format!("/Groups/{id}"), json!({"schemas": [GROUP], "displayName": "Care"})).await.expect(200);
    assert!(scim.members(&id).await.is_empty());
}

#[tokio::test]
async fn put_of_what_was_read_changes_nothing() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let id = scim.created("/Groups", with(group("Support", &[&ann]), json!({"externalId": "g1"}))).await;
    let path = format!("/Groups/{id}");
    let before = scim.get(&path).await;
    let after = scim.put(&path, before.json()).await.expect(200);
    assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));
}

#[tokio::test]
async fn delete_is_204_and_then_404_and_members_lose_it() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let id = scim.group("Support", &[&ann]).await;
    scim.delete(&format!("/Groups/{id}")).await.expect(204);
    scim.get(&format!("/Groups/{id}")).await.expect(404);
    scim.delete(&format!("/Groups/{id}")).await.expect(404);
    assert_eq!(scim.get(&format!("/Users/{ann}")).await.json().get("groups"), None);
    scim.group("Support", &[]).await;
}

#[tokio::test]
async fn a_change_of_membership_changes_both_views_and_both_versions() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let id = scim.group("Support", &[]).await;
    let (user_path, group_path) = (format!("/Users/{ann}"), format!("/Groups/{id}"));
    let tags = async || {
        let user = scim.get(&user_path).await.header("etag").unwrap().to_owned();
        (user, scim.get(&group_path).await.header("etag").unwrap().to_owned())
    };
    let before = tags().await;
    scim.rest.join(&id, &[&ann]).await;
    let after = tags().await;
    assert!(before.0 != after.0 && before.1 != after.1);
    assert_eq!(scim.get(&user_path).await.json()["groups"][0]["value"], json!(id));
    assert_eq!(scim.members(&id).await, [ann]);
}

#[tokio::test]
async fn a_members_new_name_and_the_groups_change_what_the_other_shows() {
    let scim = Scim::start().await;
    let ann = scim.user("ann@x.example").await;
    let id = scim.group("Support", &[&ann]).await;
    let (user_path, group_path) = (format!("/Users/{ann}"), format!("/Groups/{id}"));
    let group_tag = scim.get(&group_path).await.header("etag").map(str::to_owned);
    scim.rest.patch(&format!("/teammates/{ann}"), json!({"first_name": "Ann"})).await.expect(204);
    let shown = scim.get(&group_path).await;
    assert_eq!(shown.json()["members"][0]["display"], json!("Ann"));
    assert_ne!(shown.header("etag").map(str::to_owned), group_tag);
    let user_tag = scim.get(&user_path).await.header("etag").map(str::to_owned);
    scim.patch(&group_path, json!([{"op": "replace", "path": "displayName", "value": "Care"}]))
        .await
        .expect(200);
    let shown = scim.get(&user_path).await;
    assert_eq!(shown.json()["groups"][0]["display"], json!("Care"));
    assert_ne!(shown.header("etag").map(str::to_owned), user_tag);
}

#[tokio::test]
async fn a_page_of_groups_too_large_to_show_is_refused_and_told_how_to_ask() {
    let scim = Scim::start().await;
    let members = serde_json::json!(
        (1..=600)
            .map(|number| json!({"value": format!("tea_{}", tenure_directory::base36::encode(number))}))
            .collect::<Vec<_>>()
    );
    for number in 0..600 {
        scim.rest.teammate(&format!("p{number}@x.example")).await;
    }
    for number in 0..170 {
        let sent = with(group(&format!("G{number}"), &[]), json!({"members": members}));
        scim.post("/Groups?excludedAttributes=members", sent).await.expect(201);
    }
    assert_eq!(scim_type(&scim.get("/Groups?count=200").await.expect(400)), "tooMany");
    scim.get("/Groups?count=200&excludedAttributes=members").await.expect(200);
    scim.get("/Groups?count=100").await.expect(200);
}

#[tokio::test]
async fn a_private_team_stays_private() {
    let scim = Scim::start().await;
    let ask =
        tenure_server::operator::CompanyRequest::CreateTeam { name: "Board".to_owned(), is_private: true };
    scim.rest.operate(&scim.server, ask).await;
    let id = ids(&scim.get("/Groups").await).remove(0);
    scim.put(&format!("/Groups/{id}"), group("The board", &[])).await.expect(200);
    let teams = scim.rest.get("/teams").await.json();
    assert_eq!(teams["_results"][0]["is_private"], Value::Bool(true));
}
