//! "Operations", discovery, and rows 38 and 39 of "Behaviours".

use crate::scim::{BASE, ENTERPRISE, FIELDS, GROUP, Scim, TEAMMATE, USER, scim_type};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn the_service_provider_config_says_what_is_supported() {
    let scim = Scim::start().await;
    let config = scim.get("/ServiceProviderConfig").await.expect(200).json();
    for capability in ["patch", "bulk", "filter", "sort", "etag"] {
        assert_eq!(config[capability]["supported"], json!(true), "{capability}");
    }
    assert_eq!(config["changePassword"]["supported"], json!(false));
    assert_eq!(
        (&config["bulk"]["maxOperations"], &config["bulk"]["maxPayloadSize"]),
        (&json!(1000), &json!(1_048_576))
    );
    assert_eq!(config["filter"]["maxResults"], json!(200));
    assert_eq!(config["authenticationSchemes"][0]["type"], json!("oauthbearertoken"));
    let pagination = json!({"cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": 100, "maxPageSize": 200, "cursorTimeout": 3600});
    assert_eq!(config["pagination"], pagination);
}

#[tokio::test]
async fn the_resource_types_are_users_and_groups_with_their_extensions() {
    let scim = Scim::start().await;
    scim.rest.custom_field(&scim.server, "City", "string", &[]).await;
    let list = scim.get("/ResourceTypes").await.expect(200).json();
    assert_eq!(list["totalResults"], json!(2));
    let user = scim.get("/ResourceTypes/User").await.expect(200).json();
    assert_eq!((&user["endpoint"], &user["schema"]), (&json!("/Users"), &json!(USER)));
    let extensions: Vec<_> = user["schemaExtensions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|extension| extension["schema"].clone())
        .collect();
    assert_eq!(extensions, [json!(ENTERPRISE), json!(TEAMMATE), json!(FIELDS)]);
    assert_eq!(scim.get("/ResourceTypes/group").await.expect(200).json()["endpoint"], json!("/Groups"));
    scim.get("/ResourceTypes/Robot").await.expect(404);
}

#[tokio::test]
async fn the_schemas_are_listed_and_each_by_its_urn_in_any_case() {
    let scim = Scim::start().await;
    let list = scim.get("/Schemas").await.expect(200).json();
    let urns: Vec<_> =
        list["Resources"].as_array().unwrap().iter().map(|schema| schema["id"].clone()).collect();
    assert_eq!(urns, [json!(USER), json!(ENTERPRISE), json!(TEAMMATE), json!(GROUP)]);
    for urn in [USER, GROUP, ENTERPRISE, TEAMMATE] {
        let schema = scim.get(&format!("/Schemas/{}", urn.to_uppercase())).await.expect(200).json();
        assert_eq!(
            (&schema["id"], &schema["meta"]["location"]),
            (&json!(urn), &json!(format!("{BASE}/Schemas/{urn}")))
        );
    }
    scim.get("/Schemas/urn:nope").await.expect(404);
}

#[tokio::test]
async fn custom_fields_are_a_schema_of_their_own() {
    let scim = Scim::start().await;
    let shift = scim.rest.custom_field(&scim.server, "Shift", "enum", &["Day", "Night"]).await;
    let level = scim.rest.custom_field(&scim.server, "Level", "number", &[]).await;
    let schema = scim.get(&format!("/Schemas/{FIELDS}")).await.expect(200).json();
    let attributes = schema["attributes"].as_array().unwrap();
    assert_eq!((&attributes[0]["name"], &attributes[0]["description"]), (&json!(shift), &json!("Shift")));
    assert_eq!(
        (&attributes[0]["type"], &attributes[0]["canonicalValues"]),
        (&json!("string"), &json!(["Day", "Night"]))
    );
    assert_eq!((&attributes[1]["name"], &attributes[1]["type"]), (&json!(level), &json!("decimal")));
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[tokio::test]
async fn discovery_has_no_nulls_and_no_password() {
    let scim = Scim::start().await;
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"] {
        let shown = scim.get(path).await.expect(200);
        assert!(!has_null(&shown.json()) && !shown.text().contains("\"password\""), "{path}");
    }
}

#[tokio::test]
async fn a_filter_on_discovery_is_403() {
    let scim = Scim::start().await;
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"] {
        assert_eq!(scim_type(&scim.filter(path, "id pr").await.expect(403)), "");
    }
}

#[tokio::test]
async fn other_methods_on_discovery_are_405_with_allow() {
    let scim = Scim::start().await;
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", "/Schemas/x"]
    {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let refused = scim.send(scim.request(method, path)).await.expect(405);
            assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS"));
            scim_type(&refused);
        }
    }
}

#[tokio::test]
async fn discovery_needs_a_token() {
    let scim = Scim::start().await;
    let url = format!("http://{}/scim/v2/Schemas", scim.server.address());
    scim.send(scim.server.http().get(url)).await.expect(401);
}

#[tokio::test]
async fn the_schema_of_users() {
    let scim = Scim::start().await;
    insta::assert_json_snapshot!(scim.get(&format!("/Schemas/{USER}")).await.json());
}

#[tokio::test]
async fn the_schema_of_groups() {
    let scim = Scim::start().await;
    insta::assert_json_snapshot!(scim.get(&format!("/Schemas/{GROUP}")).await.json());
}
