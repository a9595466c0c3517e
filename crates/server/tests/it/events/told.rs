//! How an event is told: in whose words, about what as it was then, by whom, and what changed.

use super::*;

#[tokio::test]
async fn one_change_of_three_things_is_one_event() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    let change = json!({ "first_name": "Bo", "is_admin": true, "is_available": false });
    company.patch("/teammates/tea_2", change).await.expect(204);
    let event = only(&company, "teammate.updated").await;
    assert_eq!(
        event["changes"],
        json!({
            "first_name": { "from": "", "to": "Bo" },
            "is_admin": { "from": false, "to": true },
            "is_available": { "from": true, "to": false },
        })
    );
}

#[tokio::test]
async fn a_change_is_told_in_the_words_of_the_api() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    company.custom_field(&server, "City", "string", &[]).await;
    company.patch("/teammates/tea_2", json!({ "custom_fields": { "City": "Lyon" } })).await.expect(204);
    let change =
        json!({ "email": "bob@x.example", "username": "bob", "last_name": "B", "custom_fields": {} });
    company.patch("/teammates/tea_2", change).await.expect(204);
    let told = told(&company, "q[types][]=teammate.updated").await;
    assert_eq!(
        told[0]["changes"],
        json!({
            "email": { "from": "bo@x.example", "to": "bob@x.example" },
            "username": { "from": "bo", "to": "bob" },
            "last_name": { "from": "", "to": "B" },
            "custom_fields": { "from": { "City": "Lyon" }, "to": {} },
        })
    );
    assert_eq!(told[1]["changes"], json!({ "custom_fields": { "from": {}, "to": { "City": "Lyon" } } }));
}

#[tokio::test]
async fn what_changes_nothing_is_no_event() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    company.patch("/teammates/tea_2", json!({})).await.expect(204);
    company.patch("/teammates/tea_2", json!({ "is_admin": false, "username": "bo" })).await.expect(204);
    company.delete("/teammates/tea_2").await.expect(204);
    company.delete("/teammates/tea_2").await.expect(204);
    company.patch("/teammates/tea_2", json!({ "is_blocked": true })).await.expect(204);
    let told = told(&company, "").await;
    assert_eq!(names(&told)[..2], ["teammate.deleted", "teammate.created"]);
}

#[tokio::test]
async fn blocking_a_teammate_is_told_as_its_deletion() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    company.delete("/teammates/tea_2").await.expect(204);
    company.patch("/teammates/tea_3", json!({ "is_blocked": true })).await.expect(204);
    let told = told(&company, "").await;
    assert_eq!(names(&told)[..3], ["teammate.deleted", "teammate.deleted", "teammate.created"]);
    assert_eq!(targets(&told)[..2], ["tea_3", "tea_2"]);
    assert_eq!(told[0]["target"]["data"]["is_blocked"], true);
}

#[tokio::test]
async fn bringing_a_teammate_back_is_told_as_a_change_of_is_blocked() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    company.set(&server, "reactivation=api").await;
    company.delete("/teammates/tea_2").await.expect(204);
    company.patch("/teammates/tea_2", json!({ "is_blocked": false })).await.expect(204);
    let event = only(&company, "teammate.updated").await;
    assert_eq!(event["changes"], json!({ "is_blocked": { "from": true, "to": false } }));
    assert_eq!(event["target"]["data"]["is_blocked"], false);
}

#[tokio::test]
async fn bringing_a_teammate_back_with_other_changes_is_one_event() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    company.set(&server, "reactivation=api").await;
    company.delete("/teammates/tea_2").await.expect(204);
    let change = json!({ "is_blocked": false, "first_name": "Bo", "is_admin": true });
    company.patch("/teammates/tea_2", change).await.expect(204);
    let event = only(&company, "teammate.updated").await;
    assert_eq!(
        event["changes"],
        json!({
            "first_name": { "from": "", "to": "Bo" },
            "is_admin": { "from": false, "to": true },
            "is_blocked": { "from": true, "to": false },
        })
    );
    assert_eq!(names(&told(&company, "").await)[0], "teammate.updated");
}

#[tokio::test]
async fn a_target_is_as_it_was_right_after_the_event() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    for (first_name, email) in [("Bo", "bo@x.example"), ("Bob", "bob@x.example"), ("Robert", "rob@x.example")]
    {
        let change = json!({ "first_name": first_name, "email": email });
        company.patch("/teammates/tea_2", change).await.expect(204);
    }
    company.delete("/teammates/tea_2").await.expect(204);
    let told = all(&company, "/teammates/tea_2/history").await;
    let seen: Vec<_> = told
        .iter()
        .map(|event| &event["target"]["data"])
        .map(|target| {
            (target["first_name"].as_str(), target["email"].as_str(), target["is_blocked"].as_bool())
        })
        .collect();
    assert_eq!(
        seen,
        [
            (Some(""), Some("bo@x.example"), Some(false)),
            (Some("Bo"), Some("bo@x.example"), Some(false)),
            (Some("Bob"), Some("bob@x.example"), Some(false)),
            (Some("Robert"), Some("rob@x.example"), Some(false)),
            (Some("Robert"), Some("rob@x.example"), Some(true)),
        ]
    );
}

#[tokio::test]
async fn a_target_has_the_custom_fields_that_there_were() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    company.custom_field(&server, "City", "string", &[]).await;
    company.patch("/teammates/tea_2", json!({ "custom_fields": { "City": "Lyon" } })).await.expect(204);
    company.operate(&server, CompanyRequest::DeleteCustomField { field: "City".to_owned() }).await;
    let event = only(&company, "teammate.updated").await;
    assert_eq!(event["target"]["data"]["custom_fields"], json!({ "City": "Lyon" }));
    assert_eq!(event["changes"], json!({ "custom_fields": { "from": {}, "to": { "City": "Lyon" } } }));
}

#[tokio::test]
async fn a_team_is_told_as_it_was_and_one_that_is_gone_as_it_was_last() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    for (word, name) in [
        ("team.created", "Support"),
        ("team.teammates_added", "Support"),
        ("team.teammates_removed", "Support"),
        ("team.updated", "Help"),
        ("team.deleted", "Help"),
    ] {
        let target = only(&company, word).await["target"]["data"].clone();
        assert_eq!((&target["id"], &target["name"]), (&json!("tim_1"), &json!(name)), "{word}");
    }
    let renamed = only(&company, "team.updated").await;
    assert_eq!(renamed["changes"], json!({ "name": { "from": "Support", "to": "Help" } }));
}

#[tokio::test]
async fn who_joined_and_who_left_is_told() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    for (word, teammates) in
        [("team.teammates_added", json!(["tea_1", "tea_2"])), ("team.teammates_removed", json!(["tea_2"]))]
    {
        assert_eq!(only(&company, word).await["teammate_ids"], teammates);
    }
}

#[tokio::test]
async fn a_conversation_is_told_as_it_was() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    for (word, status, assignee) in [
        ("conversation.created", "unassigned", None),
        ("message.received", "unassigned", None),
        ("conversation.assigned", "assigned", Some("tea_2")),
        ("message.sent", "assigned", Some("tea_2")),
        ("conversation.archived", "archived", Some("tea_2")),
        ("conversation.reopened", "assigned", Some("tea_2")),
        ("conversation.unassigned", "unassigned", None),
    ] {
        let event = only(&company, word).await;
        let found = (&event["conversation"]["status"], &event["conversation"]["assignee"]["id"]);
        assert_eq!(found, (&json!(status), &json!(assignee)), "{word}");
        // Its name came later, and the block later still.
        let shown = &event["conversation"]["assignee"];
        if assignee.is_some() {
            assert_eq!((&shown["first_name"], &shown["is_blocked"]), (&json!(""), &json!(false)), "{word}");
        }
    }
}

#[tokio::test]
async fn whom_a_conversation_is_assigned_to_and_taken_from_is_the_target() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    receive(&company, "dee@shop.example").await;
    for teammate in ["tea_2", "tea_3"] {
        assign(&company, "cnv_1", teammate).await;
    }
    company.patch("/conversations/cnv_1", json!({ "assignee_id": null })).await.expect(204);
    let told = told(&company, "q[types][]=assign&q[types][]=unassign").await;
    assert_eq!(targets(&told), ["tea_3", "tea_3", "tea_2"]);
    let changes: Vec<_> = told.iter().map(|event| &event["changes"]["assignee_id"]).collect();
    assert_eq!(
        changes,
        [
            &json!({ "from": "tea_3", "to": null }),
            &json!({ "from": "tea_2", "to": "tea_3" }),
            &json!({ "from": null, "to": "tea_2" }),
        ]
    );
}

#[tokio::test]
async fn a_message_is_told_with_its_text_and_its_author() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    let (received, sent) = (only(&company, "inbound").await, only(&company, "outbound").await);
    assert_eq!(received["target"]["data"], company.get("/messages/msg_1").await.json());
    let target = &sent["target"]["data"];
    assert_eq!((&target["id"], &target["text"]), (&json!("msg_2"), &json!("On its way.")));
    // As it was then: neither named nor blocked.
    assert_eq!(
        (&target["author"]["first_name"], &target["author"]["is_blocked"]),
        (&json!(""), &json!(false))
    );
}

#[tokio::test]
async fn the_source_is_the_token_with_what_was_noted_about_it() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let wish = TokenWish { note: Some("HR sync".to_owned()), ..TestCompany::wish("company") };
    let token = company.new_token(&server, wish).await;
    company.with_token(token.token).teammate("ana@x.example").await;
    let event = only(&company, "teammate.created").await;
    let data = json!({ "id": token.details.id, "name": "HR sync" });
    assert_eq!(event["source"], json!({ "_meta": { "type": "api" }, "data": data }));
}

#[tokio::test]
async fn an_operator_is_a_source_without_a_name() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.team(&server, "Support").await;
    let ana = company.teammate("ana@x.example").await;
    company.delete(&format!("/teammates/{ana}")).await.expect(204);
    company.operate(&server, CompanyRequest::ReactivateTeammate { teammate: ana }).await;
    for word in ["team.created", "teammate.updated"] {
        let event = only(&company, word).await;
        assert_eq!(event["source"], json!({ "_meta": { "type": "operator" }, "data": null }), "{word}");
    }
}

#[tokio::test]
async fn whoever_accepts_an_invitation_is_the_source_of_that() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    let event = only(&company, "invitation.accepted").await;
    assert_eq!(event["source"]["_meta"]["type"], "mail");
    assert_eq!(
        (&event["source"]["data"]["id"], targets(std::slice::from_ref(&event))),
        (&json!("tea_2"), vec!["tea_2"])
    );
}

#[tokio::test]
async fn what_comes_over_scim_has_that_source() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let title = json!([{ "op": "replace", "value": { "title": "Lead" } }]);
    scim.patch(&format!("/Users/{id}"), title).await.expect(200);
    scim.group("Support", &[&id]).await;
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    let told = told(&scim.rest, "").await;
    assert_eq!(
        names(&told),
        [
            "teammate.deleted",
            "team.teammates_removed",
            "team.teammates_added",
            "team.created",
            "teammate.updated",
            "teammate.created",
        ]
    );
    for event in &told {
        let data = json!({ "id": "tok_2", "name": "" });
        assert_eq!(event["source"], json!({ "_meta": { "type": "scim" }, "data": data }));
    }
    assert_eq!(told[4]["changes"]["scim"]["to"]["attributes"], json!({ "title": "Lead" }));
}

#[tokio::test]
async fn whom_an_identity_provider_takes_up_again_is_told_as_brought_back() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    scim.delete(&format!("/Users/{id}")).await.expect(204);
    scim.post("/Users", user("ann@x.example")).await.expect(201);
    let event = only(&scim.rest, "teammate.updated").await;
    assert_eq!(event["changes"]["is_blocked"], json!({ "from": true, "to": false }));
    assert_eq!(targets(&[event]), [id]);
}

#[tokio::test]
async fn what_is_set_up_is_no_event() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.scoped(&server, &["teammates:read"]).await;
    company.operate(&server, CompanyRequest::RevokeToken { token: "tok_2".to_owned() }).await;
    company.set(&server, "reactivation=api").await;
    company.scim_token(&server).await;
    company.custom_field(&server, "City", "string", &[]).await;
    company.operate(&server, CompanyRequest::Rename { name: "Acme Corp".to_owned() }).await;
    inbox(&company, "Orders", &[]).await;
    channel(&company, "inb_1").await;
    assert!(told(&company, "").await.is_empty());
}

#[tokio::test]
async fn what_becomes_of_an_invitation_before_it_is_accepted_is_no_event() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let ana = company.teammate("ana@x.example").await;
    mail_to(&server, &company, &ana).await;
    let resend = format!("/teammates/{ana}/invitation/resend");
    company.send(company.request(Method::POST, &resend)).await.expect(204);
    assert_eq!(names(&told(&company, "").await), ["teammate.created"]);
}
