//! A change over SCIM and one over REST to the same record are one history.

use crate::scim::{Scim, user, with};
use serde_json::json;
use tenure_server::operator::{CompanyRequest, OperatorReply};

#[tokio::test]
async fn the_audit_shows_both_faces_with_their_tokens() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", with(user("ann@x.example"), json!({"title": "Barista"}))).await;
    scim.rest.patch(&format!("/teammates/{id}"), json!({"first_name": "Ann"})).await.expect(204);
    scim.patch(
        &format!("/Users/{id}"),
        json!([{"op": "replace", "value": {"title": "Lead", "externalId": "00u1"}}]),
    )
    .await
    .expect(200);
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    let mut told = Vec::new();
    let company = scim.server.node().engine.registry().find("acme").unwrap().id;
    let history =
        scim.server.node().engine.history(company, tenure_directory::Version::ZERO, 100).await.unwrap();
    for recorded in history
        .iter()
        .filter(|recorded| recorded.event.teammates().iter().any(|teammate| teammate.to_string() == id))
    {
        let actor = recorded.actor.to_string();
        told.push(format!("{}: {}", actor.split(':').next().unwrap(), recorded.event.sentence()));
    }
    assert_eq!(
        told,
        [
            format!("scim: teammate {id} was created"),
            format!("api: teammate {id} was changed: first_name"),
            format!("scim: teammate {id} was changed: externalId, kept attributes"),
            format!("scim: teammate {id} was blocked"),
            format!("scim: teammate {id} was deleted by an identity provider"),
        ]
    );
}

#[tokio::test]
async fn the_past_is_read_over_rest_whichever_face_changed_it() {
    let scim = Scim::start().await;
    let id = scim.created("/Users", with(user("ann@x.example"), json!({"name": {"givenName": "Ann"}}))).await;
    let before = tenure_engine::Clock::now(scim.server.clock());
    scim.server.clock().advance(std::time::Duration::from_mins(1));
    scim.patch(
        &format!("/Users/{id}"),
        json!([{"op": "replace", "path": "name.givenName", "value": "Anna"}]),
    )
    .await
    .expect(200);
    let path = format!("/teammates/{id}?as_of={}", before.as_ms() / 1000 + 1);
    assert_eq!(scim.rest.get(&path).await.expect(200).json()["first_name"], json!("Ann"));
    assert_eq!(scim.rest.get(&format!("/teammates/{id}")).await.json()["first_name"], json!("Anna"));
}

#[tokio::test]
async fn an_export_has_what_is_kept() {
    let scim = Scim::start().await;
    scim.created("/Users", with(user("ann@x.example"), json!({"externalId": "00u1", "title": "Barista"})))
        .await;
    let OperatorReply::Export(export) = scim.rest.operate(&scim.server, CompanyRequest::Export).await else {
        unreachable!()
    };
    let export = serde_json::to_value(export).unwrap();
    let kept = &export["teammates"][0]["kept"];
    assert_eq!((&kept["external_id"], &kept["attributes"]["title"]), (&json!("00u1"), &json!("Barista")));
}

#[tokio::test]
async fn whoever_is_reactivated_over_rest_is_back_in_scim() {
    let scim = Scim::start().await;
    scim.rest.set(&scim.server, "reactivation=api").await;
    let id = scim.user("ann@x.example").await;
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    scim.rest.patch(&format!("/teammates/{id}"), json!({"is_blocked": false})).await.expect(204);
    assert_eq!(scim.get(&format!("/Users/{id}")).await.expect(200).json()["active"], json!(true));
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_over_a_restart() {
    let scim = Scim::start().await;
    let id = scim
        .created("/Users", with(user("ann@x.example"), json!({"externalId": "00u1", "title": "Barista"})))
        .await;
    let group = scim.group("Support", &[&id]).await;
    let paths = [format!("/Users/{id}"), format!("/Groups/{group}")];
    let mut before = Vec::new();
    for path in &paths {
        before.push(scim.get(path).await.json());
    }
    let token = scim.rest.scim_token(&scim.server).await;
    let server = scim.server.restart().await;
    for (path, before) in paths.iter().zip(before) {
        let url = format!("http://{}/scim/v2{path}", server.address());
        let after = server.http().get(url).bearer_auth(&token).send().await.unwrap().bytes().await.unwrap();
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&after).unwrap(), before);
    }
}
