//! "Operations", filters, and rows 22 to 26 of "Behaviours". What a filter means is tested in the crate `scim`; here it is
//! whether the right people come out, by an index or without one.

use crate::scim::{ENTERPRISE, Scim, encoded, group, ids, scim_type, user, with};
use serde_json::json;

struct People {
    scim: Scim,
    ann: String,
    bo: String,
    support: String,
}

async fn people() -> People {
    let scim = Scim::start().await;
    let ann = with(
        user("Ann@x.example"),
        json!({
            "externalId": "00u1", "displayName": "Ann Lee", "title": "Barista", "name": {"familyName": "Lee", "givenName": "Ann"},
            "emails": [{"value": "Ann@x.example", "type": "work", "primary": true}, {"value": "shared@x.example", "type": "other"}],
            ENTERPRISE: {"employeeNumber": "7"},
        }),
    );
    let bo = with(
        user("bo"),
        json!({"externalId": "00u2", "active": false, "emails": [{"value": "bo@x.example", "type": "home"}, {"value": "shared@x.example", "type": "work"}]}),
    );
    let (ann, bo) = (scim.created("/Users", ann).await, scim.created("/Users", bo).await);
    let support = scim.created("/Groups", with(group("Support", &[&ann]), json!({"externalId": "g1"}))).await;
    scim.group("Sales", &[&ann, &bo]).await;
    People { scim, ann, bo, support }
}

async fn found(people: &People, filter: &str) -> Vec<String> {
    ids(&people.scim.filter("/Users", filter).await.expect(200))
}

#[tokio::test]
async fn user_name_eq_in_any_case() {
    let people = people().await;
    for filter in [
        "userName eq \"ann@x.example\"",
        "username EQ \"ANN@X.EXAMPLE\"",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"ann@x.example\"",
    ] {
        assert_eq!(found(&people, filter).await, std::slice::from_ref(&people.ann), "{filter}");
    }
    assert_eq!(found(&people, "userName eq \"BO\"").await, std::slice::from_ref(&people.bo));
    assert!(found(&people, "userName eq \"bo@x.example\"").await.is_empty());
    assert!(found(&people, "userName eq \"nobody\"").await.is_empty());
}

#[tokio::test]
async fn external_id_eq_where_case_counts() {
    let people = people().await;
    assert_eq!(found(&people, "externalId eq \"00u1\"").await, std::slice::from_ref(&people.ann));
    assert!(found(&people, "externalId eq \"00U1\"").await.is_empty());
}

#[tokio::test]
async fn emails_value_eq_finds_every_address_of_everybody() {
    let people = people().await;
    assert_eq!(found(&people, "emails.value eq \"ANN@x.example\"").await, std::slice::from_ref(&people.ann));
    assert_eq!(found(&people, "emails eq \"bo@x.example\"").await, std::slice::from_ref(&people.bo));
    assert_eq!(
        found(&people, "emails.value eq \"shared@x.example\"").await,
        [people.ann.clone(), people.bo.clone()]
    );
}

#[tokio::test]
async fn emails_of_a_type_eq() {
    let people = people().await;
    let of = |kind: &str| format!("emails[type eq \"{kind}\"].value eq \"shared@x.example\"");
    assert_eq!(found(&people, &of("work")).await, std::slice::from_ref(&people.bo));
    assert_eq!(found(&people, &of("other")).await, std::slice::from_ref(&people.ann));
    assert!(found(&people, &of("home")).await.is_empty());
}

#[tokio::test]
async fn id_eq() {
    let people = people().await;
    assert_eq!(found(&people, &format!("id eq \"{}\"", people.bo)).await, std::slice::from_ref(&people.bo));
    assert!(found(&people, "id eq \"tea_zz\"").await.is_empty());
}

#[tokio::test]
async fn display_name_eq_of_users_and_of_groups() {
    let people = people().await;
    assert_eq!(found(&people, "displayName eq \"ann lee\"").await, std::slice::from_ref(&people.ann));
    let groups = people.scim.filter("/Groups", "displayName eq \"SUPPORT\"").await.expect(200);
    assert_eq!(ids(&groups), std::slice::from_ref(&people.support));
}

#[tokio::test]
async fn members_value_eq() {
    let people = people().await;
    let of = async |filter: String| ids(&people.scim.filter("/Groups", &filter).await.expect(200)).len();
    assert_eq!(of(format!("members.value eq \"{}\"", people.ann)).await, 2);
    assert_eq!(of(format!("members eq \"{}\"", people.bo)).await, 1);
    assert_eq!(of(format!("members[value eq \"{}\"]", people.bo)).await, 1);
    assert_eq!(of(format!("id eq \"{}\" and members eq \"{}\"", people.support, people.ann)).await, 1);
    assert_eq!(of(format!("id eq \"{}\" and members eq \"{}\"", people.support, people.bo)).await, 0);
    assert_eq!(of("members eq \"nobody\"".to_owned()).await, 0);
}

#[tokio::test]
async fn hot_filters_joined_by_and() {
    let people = people().await;
    assert_eq!(
        found(&people, "userName eq \"ann@x.example\" and externalId eq \"00u1\"").await,
        std::slice::from_ref(&people.ann)
    );
    assert!(found(&people, "userName eq \"ann@x.example\" and externalId eq \"00u2\"").await.is_empty());
    assert_eq!(
        found(&people, "active eq false and userName eq \"bo\"").await,
        std::slice::from_ref(&people.bo)
    );
}

#[tokio::test]
async fn the_whole_grammar() {
    let people = people().await;
    let (ann, bo) = (vec![people.ann.clone()], vec![people.bo.clone()]);
    let both = [ann.clone(), bo.clone()].concat();
    for (filter, expected) in [
        ("title eq \"barista\"", &ann),
        ("title ne \"barista\"", &bo),
        ("userName co \"NN@\"", &ann),
        ("userName sw \"b\"", &bo),
        ("userName ew \".example\"", &ann),
        ("title pr", &ann),
        ("not (title pr)", &bo),
        ("active eq true", &ann),
        ("active eq \"False\"", &bo),
        ("title pr or active eq false", &both),
        ("title pr and active eq false or userName eq \"bo\"", &bo),
        ("(title pr or userName eq \"bo\") and active eq false", &bo),
        ("name.familyName eq \"lee\"", &ann),
        ("emails[type eq \"work\" and value co \"@x\"]", &both),
        ("groups.display eq \"support\"", &ann),
        ("meta.resourceType eq \"User\"", &both),
        ("meta.created ge \"2000-01-01T00:00:00.1234567+01:00\"", &both),
        ("meta.lastModified lt \"2000-01-01T00:00:00Z\"", &vec![]),
        ("title eq null", &bo),
        ("title eq \"bar\\u0069sta\"", &ann),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq \"7\"", &ann),
        ("userName gt \"b\"", &bo),
    ] {
        assert_eq!(&found(&people, filter).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn no_match_is_200_with_an_empty_list() {
    let people = people().await;
    let list = people.scim.filter("/Users", "userName eq \"invalid\"").await.expect(200).json();
    assert_eq!(
        (&list["totalResults"], &list["itemsPerPage"], &list["Resources"]),
        (&json!(0), &json!(0), &json!([]))
    );
    assert_eq!(list["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
}

#[tokio::test]
async fn a_bad_filter_is_refused_and_told_where() {
    let people = people().await;
    for (filter, part) in [
        ("userName eq \"x", "character"),
        ("userName eq x", "character"),
        ("userName zz \"x\"", "character"),
        ("userName eq \"x\" more", "character"),
        ("(userName pr", "character"),
        ("", "empty"),
        ("shoeSize eq 4", "shoeSize"),
        ("active gt true", "active"),
        ("userName eq 5", "userName"),
        ("meta.created eq \"soon\"", "meta.created"),
    ] {
        let refused = people.scim.filter("/Users", filter).await.expect(400);
        assert_eq!(scim_type(&refused), "invalidFilter", "{filter}");
        assert!(refused.json()["detail"].as_str().unwrap().contains(part), "{filter}: {refused}");
    }
}

#[tokio::test]
async fn depth_and_length_are_bounded() {
    let people = people().await;
    let search = |filter: String| json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": filter});
    for filter in [
        format!("{}userName pr{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("{}userName pr{}", "not (".repeat(60), ")".repeat(60)),
        format!("userName eq \"{}\"", "x".repeat(9000)),
        "userName pr and ".repeat(700),
    ] {
        let refused = people.scim.post("/Users/.search", search(filter)).await.expect(400);
        assert_eq!(scim_type(&refused), "invalidFilter");
    }
}

#[tokio::test]
async fn a_password_cannot_be_asked_for() {
    let people = people().await;
    assert_eq!(
        scim_type(&people.scim.filter("/Users", "password eq \"x\"").await.expect(400)),
        "invalidFilter"
    );
}

#[tokio::test]
async fn letters_beyond_ascii_are_found_whatever_their_case() {
    let people = people().await;
    let elodie = people.scim.user("élodie@x.example").await;
    for filter in [
        "userName eq \"élodie@x.example\"",
        "userName eq \"ÉLODIE@x.example\"",
        "emails.value eq \"Élodie@X.example\"",
    ] {
        assert_eq!(found(&people, filter).await, std::slice::from_ref(&elodie), "{filter}");
    }
}

#[tokio::test]
async fn a_custom_field_can_be_asked_for() {
    let people = people().await;
    let city = people.scim.rest.custom_field(&people.scim.server, "City", "string", &[]).await;
    people
        .scim
        .rest
        .patch(&format!("/teammates/{}", people.bo), json!({"custom_fields": {"City": "Oslo"}}))
        .await
        .expect(204);
    assert_eq!(
        found(&people, &format!("{}:{city} eq \"Oslo\"", super::FIELDS)).await,
        std::slice::from_ref(&people.bo)
    );
}

#[tokio::test]
async fn look_ups_follow_a_change_over_either_face() {
    let people = people().await;
    people
        .scim
        .rest
        .patch(&format!("/teammates/{}", people.ann), json!({"email": "anna@x.example"}))
        .await
        .expect(204);
    assert!(found(&people, "userName eq \"ann@x.example\"").await.is_empty());
    assert_eq!(found(&people, "userName eq \"anna@x.example\"").await, std::slice::from_ref(&people.ann));
    let change = json!([{"op": "replace", "value": {"externalId": "00u7", "userName": "annie@x.example"}}]);
    people.scim.patch(&format!("/Users/{}", people.ann), change).await.expect(200);
    assert_eq!(found(&people, "externalId eq \"00u7\"").await, std::slice::from_ref(&people.ann));
    assert!(found(&people, "externalId eq \"00u1\"").await.is_empty());
    assert_eq!(found(&people, "userName eq \"annie@x.example\"").await, std::slice::from_ref(&people.ann));
}

#[tokio::test]
async fn look_ups_survive_a_restart() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", with(user("bo"), json!({"externalId": "00u2", "emails": [{"value": "bo@x.example"}, {"value": "b2@x.example"}]}))).await;
    scim.group("Support", &[&id]).await;
    let token = scim.rest.scim_token(&scim.server).await;
    let slug = scim.rest.slug.clone();
    assert_eq!(slug, "acme");
    let server = scim.server.restart().await;
    for filter in ["userName eq \"bo\"", "externalId eq \"00u2\"", "emails.value eq \"b2@x.example\""] {
        let url = format!("http://{}/scim/v2/Users?filter={}", server.address(), encoded(filter));
        let list = server.http().get(url).bearer_auth(&token).send().await.unwrap();
        let list: serde_json::Value = serde_json::from_slice(&list.bytes().await.unwrap()).unwrap();
        assert_eq!(list["Resources"][0]["id"], json!(id), "{filter}");
    }
}

/// Denied twice a filter means the same and is answered by looking at everybody.
#[tokio::test]
async fn an_index_finds_what_looking_at_everybody_finds() {
    let people = people().await;
    people.scim.user("élodie@x.example").await;
    people.scim.user("kelvin\u{212a}@x.example").await;
    let values = [
        "Ann@x.example",
        "ann@X.EXAMPLE",
        "bo",
        "BO",
        "bo@x.example",
        "shared@x.example",
        "ÉLODIE@x.example",
        "kelvink@x.example",
        "kelvin\u{212a}@x.example",
        "00u1",
        "00U1",
        "Support",
        "sUpport",
        &people.ann,
        &people.bo,
        &people.support,
        "nobody",
        "",
    ];
    for value in values {
        for (path, attributes) in [
            ("/Users", ["userName", "externalId", "id", "emails", "emails.value", "displayName"]),
            ("/Groups", ["displayName", "externalId", "id", "members", "members.value", "members.display"]),
        ] {
            for attribute in attributes {
                let filter = format!("{attribute} eq \"{value}\"");
                let indexed = ids(&people.scim.filter(path, &filter).await.expect(200));
                let scanned =
                    ids(&people.scim.filter(path, &format!("not (not ({filter}))")).await.expect(200));
                assert_eq!(indexed, scanned, "{path} {filter}");
            }
        }
        let within = format!("emails[type eq \"work\" and value eq \"{value}\"]");
        let indexed = ids(&people.scim.filter("/Users", &within).await.expect(200));
        let scanned = ids(&people.scim.filter("/Users", &format!("not (not ({within}))")).await.expect(200));
        assert_eq!(indexed, scanned, "{within}");
    }
}
