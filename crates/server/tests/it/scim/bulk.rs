//! "Operations", Bulk, and rows 35 to 37 of "Behaviours".

use crate::scim::{BASE, ENTERPRISE, GROUP, Scim, USER, group, patch, scim_type, user, with};
use serde_json::{Value, json};

fn bulk(operations: Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations})
}

fn post(path: &str, bulk_id: &str, data: Value) -> Value {
    json!({"method": "POST", "path": path, "bulkId": bulk_id, "data": data})
}

async fn results(scim: &Scim, request: Value) -> Vec<Value> {
    let answer = scim.post("/Bulk", request).await.expect(200).json();
    assert_eq!(answer["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]));
    answer["Operations"].as_array().expect("a bulk answers with operations").clone()
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["status"].as_str().expect("a result has a status")).collect()
}

#[tokio::test]
async fn every_operation_has_its_result_in_order() {
    let scim = Scim::start().await;
    let id = scim.user("old@x.example").await;
    let done = results(&scim, bulk(json!([
        post("/Users", "a", user("ann@x.example")),
        {"method": "put", "path": format!("/Users/{id}"), "data": with(user("old@x.example"), json!({"title": "x"}))},
        {"method": "PATCH", "path": format!("/Users/{id}"), "data": patch(json!([{"op": "add", "path": "title", "value": "y"}]))},
        {"method": "DELETE", "path": format!("/Users/{id}")},
    ])))
    .await;
    assert_eq!(statuses(&done), ["201", "200", "200", "204"]);
    assert_eq!((&done[0]["method"], &done[0]["bulkId"]), (&json!("POST"), &json!("a")));
    let location = done[0]["location"].as_str().unwrap();
    assert!(location.starts_with(&format!("{BASE}/Users/")), "{location}");
    let created = scim.get(location.strip_prefix(BASE).unwrap()).await.expect(200);
    assert_eq!(created.header("etag"), done[0]["version"].as_str());
    assert_eq!(done[0].get("response"), None);
}

#[tokio::test]
async fn one_failure_leaves_the_others() {
    let scim = Scim::start().await;
    let done = results(
        &scim,
        bulk(json!([
            post("/Users", "a", user("ann@x.example")),
            post("/Users", "b", user("ANN@x.example")),
            post("/Users", "c", user("cy@x.example")),
        ])),
    )
    .await;
    assert_eq!(statuses(&done), ["201", "409", "201"]);
    assert_eq!(done[1]["response"]["scimType"], json!("uniqueness"));
    assert_eq!(scim.get("/Users").await.json()["totalResults"], json!(2));
}

#[tokio::test]
async fn fail_on_errors_stops_after_so_many() {
    let scim = Scim::start().await;
    let bad = |name: &str| post("/Users", name, user("no address"));
    let request = with(
        bulk(json!([
            bad("a"),
            post("/Users", "b", user("b@x.example")),
            bad("c"),
            post("/Users", "d", user("d@x.example"))
        ])),
        json!({"failOnErrors": 2}),
    );
    let done = results(&scim, request).await;
    assert_eq!(statuses(&done), ["400", "201", "400"]);
    assert_eq!(scim.get("/Users").await.json()["totalResults"], json!(1));
}

#[tokio::test]
async fn references_are_resolved_in_data_and_in_paths_also_forward() {
    let scim = Scim::start().await;
    let done = results(&scim, bulk(json!([
        post("/Groups", "g", json!({"schemas": [GROUP], "displayName": "Support", "members": [{"value": "bulkId:u"}]})),
        {"method": "PATCH", "path": "/Users/bulkId:u", "data": patch(json!([{"op": "add", "path": "title", "value": "x"}]))},
        post("/Users", "u", user("ann@x.example")),
    ])))
    .await;
    assert_eq!(statuses(&done), ["201", "200", "201"]);
    let group = done[0]["location"].as_str().unwrap().rsplit('/').next().unwrap();
    let user = done[2]["location"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(scim.members(group).await, [user]);
    assert_eq!(scim.get(&format!("/Users/{user}")).await.json()["title"], json!("x"));
}

#[tokio::test]
async fn users_who_manage_each_other_are_resolved() {
    let scim = Scim::start().await;
    let managed = |name: &str, by: &str| json!({"schemas": [USER, ENTERPRISE], "userName": name, ENTERPRISE: {"manager": {"value": format!("bulkId:{by}")}}});
    let done = results(
        &scim,
        bulk(json!([
            post("/Users", "a", managed("a@x.example", "b")),
            post("/Users", "b", managed("b@x.example", "c")),
            post("/Users", "c", managed("c@x.example", "a")),
        ])),
    )
    .await;
    assert_eq!(statuses(&done), ["201", "201", "201"]);
    let id = |at: usize| done[at]["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    for (of, manager) in [(0, 1), (1, 2), (2, 0)] {
        let shown = scim.get(&format!("/Users/{}", id(of))).await;
        assert_eq!(shown.json()[ENTERPRISE]["manager"]["value"], json!(id(manager)));
        assert_eq!(shown.header("etag"), done[of]["version"].as_str());
    }
}

#[tokio::test]
async fn who_was_made_in_a_circle_stays_made_when_the_manager_could_not_be() {
    let scim = Scim::start().await;
    let managed = |name: &str, by: &str| json!({"schemas": [USER], "userName": name, ENTERPRISE: {"manager": {"value": format!("bulkId:{by}")}}});
    let request = bulk(json!([
        post("/Users", "a", managed("a@x.example", "b")),
        post("/Users", "b", managed("no address", "a"))
    ]));
    let done = results(&scim, request).await;
    assert_eq!(statuses(&done), ["201", "400"]);
    let path = done[0]["location"].as_str().unwrap().strip_prefix(BASE).unwrap();
    let shown = scim.get(path).await.expect(200);
    assert_eq!((shown.json().get(ENTERPRISE), shown.header("etag")), (None, done[0]["version"].as_str()));
}

#[tokio::test]
async fn a_long_chain_in_the_wrong_order_is_made() {
    let scim = Scim::start().await;
    let managed = |number: usize| {
        let user = user(&format!("p{number}@x.example"));
        let by = json!({ENTERPRISE: {"manager": {"value": format!("bulkId:u{}", number + 1)}}});
        post("/Users", &format!("u{number}"), if number < 400 { with(user, by) } else { user })
    };
    let done = results(&scim, bulk((0..=400).map(managed).collect())).await;
    assert!(statuses(&done).iter().all(|status| *status == "201"));
}

#[tokio::test]
async fn a_bulk_id_names_one_resource() {
    let scim = Scim::start().await;
    let request = bulk(json!([
        post("/Users", "u", user("a@x.example")),
        post("/Users", "u", user("b@x.example")),
        post("/Groups", "g", group("Support", &["bulkId:u"])),
    ]));
    let done = results(&scim, request).await;
    assert_eq!(statuses(&done), ["201", "400", "201"]);
    let group = done[2]["location"].as_str().unwrap().rsplit('/').next().unwrap();
    let first = done[0]["location"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(scim.members(group).await, [first]);
}

#[tokio::test]
async fn a_failure_tells_what_it_was_about() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let done = results(
        &scim,
        bulk(json!([{"method": "PUT", "path": format!("/Users/{id}"), "data": user("no address")}])),
    )
    .await;
    assert_eq!(done[0]["location"], json!(format!("{BASE}/Users/{id}")));
}

#[tokio::test]
async fn a_circle_that_cannot_be_resolved_is_409_and_leaves_the_rest() {
    let scim = Scim::start().await;
    let member_of = |name: &str, other: &str| json!({"schemas": [GROUP], "displayName": name, "members": [{"value": format!("bulkId:{other}")}]});
    let done = results(
        &scim,
        bulk(json!([
            post("/Groups", "a", member_of("A", "b")),
            post("/Groups", "b", member_of("B", "a")),
            post("/Users", "u", user("ann@x.example")),
        ])),
    )
    .await;
    assert_eq!(statuses(&done), ["409", "409", "201"]);
    assert_eq!(scim.get("/Groups").await.json()["totalResults"], json!(0));
}

#[tokio::test]
async fn an_unknown_reference_fails_its_operation_only() {
    let scim = Scim::start().await;
    let done = results(
        &scim,
        bulk(json!([
            post("/Groups", "g", group("Support", &["bulkId:nobody"])),
            post("/Users", "u", user("ann@x.example")),
        ])),
    )
    .await;
    assert_eq!(statuses(&done), ["400", "201"]);
    assert_eq!(done[0]["response"]["scimType"], json!("invalidValue"));
}

#[tokio::test]
async fn what_refers_to_a_failure_fails_with_it() {
    let scim = Scim::start().await;
    let done = results(
        &scim,
        bulk(json!([
            post("/Users", "u", user("no address")),
            post("/Groups", "g", group("Support", &["bulkId:u"])),
        ])),
    )
    .await;
    assert_eq!(statuses(&done), ["400", "409"]);
}

#[tokio::test]
async fn operations_that_cannot_be_read_fail_one_by_one() {
    let scim = Scim::start().await;
    let done = results(
        &scim,
        bulk(json!([
            {"method": "POST", "path": "/Users", "data": user("a@x.example")},
            {"method": "GET", "path": "/Users/tea_1"},
            {"method": "POST", "path": "/Nope", "bulkId": "n", "data": {}},
            {"method": "DELETE", "path": "/Users"},
            {"method": "PUT", "path": "/Users/tea_9", "data": user("b@x.example")},
            5,
            post("/Users", "u", user("ann@x.example")),
        ])),
    )
    .await;
    assert_eq!(statuses(&done), ["400", "400", "400", "405", "404", "400", "201"]);
    assert_eq!(done[0]["response"]["scimType"], json!("invalidSyntax"));
}

#[tokio::test]
async fn a_version_is_a_condition() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let tag = scim.get(&format!("/Users/{id}")).await.header("etag").unwrap().to_owned();
    let change = |version: &str, title: &str| json!({"method": "PATCH", "path": format!("/Users/{id}"), "version": version, "data": patch(json!([{"op": "add", "path": "title", "value": title}]))});
    let done =
        results(&scim, bulk(json!([change("W/\"999\"", "a"), change(&tag, "b"), change(&tag, "c")]))).await;
    assert_eq!(statuses(&done), ["412", "200", "412"]);
    assert_eq!(scim.get(&format!("/Users/{id}")).await.json()["title"], json!("b"));
}

#[tokio::test]
async fn a_bulk_of_a_thousand_is_taken_and_one_more_is_413() {
    let scim = Scim::start().await;
    let many = |count: usize| {
        bulk(
            (0..count)
                .map(|number| post("/Users", &format!("u{number}"), user(&format!("p{number}@x.example"))))
                .collect(),
        )
    };
    let refused = scim.post("/Bulk", many(1001)).await.expect(413);
    assert_eq!(scim_type(&refused), "");
    assert!(refused.json()["detail"].as_str().unwrap().contains("1000"));
    assert_eq!(scim.get("/Users").await.json()["totalResults"], json!(0));
    assert_eq!(results(&scim, many(1000)).await.len(), 1000);
    assert_eq!(scim.get("/Users").await.json()["totalResults"], json!(1000));
}

#[tokio::test]
async fn a_bulk_larger_than_the_limit_is_413_with_the_limit() {
    let scim = Scim::start().await;
    let large = bulk(json!([post(
        "/Users",
        "u",
        with(user("a@x.example"), json!({"title": "x".repeat(1024 * 1024)}))
    )]));
    let refused = scim.post("/Bulk", large).await.expect(413);
    scim_type(&refused);
    assert!(refused.json()["detail"].as_str().unwrap().contains("1048576"));
}

#[tokio::test]
async fn a_bulk_is_one_commit() {
    let scim = Scim::start().await;
    let done = bulk(
        (0..50)
            .map(|number| post("/Users", &format!("u{number}"), user(&format!("p{number}@x.example"))))
            .collect(),
    );
    results(&scim, done).await;
    let times: std::collections::BTreeSet<String> = scim.get("/Users").await.json()["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["meta"]["created"].to_string())
        .collect();
    assert_eq!(times.len(), 1);
}

#[tokio::test]
async fn a_broken_bulk_is_a_syntax_error() {
    let scim = Scim::start().await;
    for bad in
        [json!({}), json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]}), json!([])]
    {
        assert_eq!(scim_type(&scim.post("/Bulk", bad).await.expect(400)), "invalidSyntax");
    }
}
