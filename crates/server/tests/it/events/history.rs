//! The history of one teammate, and of one conversation.

use super::*;

#[tokio::test]
async fn the_history_of_a_teammate_is_told_the_oldest_first() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    let history = company.get("/teammates/tea_2/history").await.expect(200);
    assert_eq!(
        names(&events_of(&history)),
        [
            "teammate.created",
            "invitation.accepted",
            "conversation.assigned",
            "message.sent",
            "conversation.unassigned",
            "teammate.updated",
            "team.teammates_added",
            "team.teammates_removed",
            "teammate.deleted",
        ]
    );
    assert_eq!(history.json()["_links"]["self"], "http://tenure.test/teammates/tea_2/history");
    let by_alias = company.get("/teammates/alt:email:BO@x.example/history").await.expect(200);
    assert_eq!(by_alias.json(), history.json());
    for event in events_of(&history) {
        let path = format!("/events/{}", event["id"].as_str().unwrap());
        assert_eq!(company.get(&path).await.json(), event);
    }
}

#[tokio::test]
async fn a_history_comes_in_pages_while_it_goes_on() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    let whole = all(&company, "/teammates/tea_2/history").await;
    let first = company.get("/teammates/tea_2/history?limit=4").await.expect(200);
    company.patch("/teammates/tea_2", json!({ "last_name": "B" })).await.expect(204);
    let mut paged = events_of(&first);
    paged.extend(all(&company, &first.next().unwrap()).await);
    assert_eq!(paged[..whole.len()], whole);
    assert_eq!(names(&paged[whole.len()..]), ["teammate.updated"]);
}

#[tokio::test]
async fn pages_of_a_history_pass_over_what_is_not_told() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    for name in ["B", "Bo"] {
        for _ in 0..7 {
            let resend = company.request(Method::POST, "/teammates/tea_2/invitation/resend");
            company.send(resend).await.expect(204);
        }
        company.patch("/teammates/tea_2", json!({ "first_name": name })).await.expect(204);
    }
    let told = all(&company, "/teammates/tea_2/history?limit=1").await;
    assert_eq!(names(&told), ["teammate.created", "teammate.updated", "teammate.updated"]);
}

#[tokio::test]
async fn a_history_has_50_events_a_page_unless_asked_otherwise() {
    let server = TestServer::start().await;
    let company = with_a_channel(&server).await;
    for number in 0..50 {
        company.patch("/teammates/tea_2", json!({ "first_name": format!("Bo {number}") })).await.expect(204);
    }
    let first = company.get("/teammates/tea_2/history").await.expect(200);
    let second = company.get(&first.next().unwrap()).await.expect(200);
    assert_eq!((first.ids().len(), second.ids().len(), second.next()), (50, 1, None));
}

#[tokio::test]
async fn a_page_of_one_history_leads_to_no_other() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    let next = company.get("/teammates/tea_2/history?limit=1").await.expect(200).next().unwrap();
    company.get(&next).await.expect(200);
    for other in ["/teammates/tea_1/history", "/conversations/cnv_1/events", "/events"] {
        company.get(&next.replace("/teammates/tea_2/history", other)).await.expect(400);
    }
}

#[tokio::test]
async fn nobody_has_the_history_of_nobody() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    for given in ["tea_9", "TEA_2", "bo", "alt:email:nobody@x.example"] {
        let refused = company.get(&format!("/teammates/{given}/history")).await.expect(404);
        assert_eq!(refused.message(), format!("Unknown teammate ID {given}"));
    }
}

#[tokio::test]
async fn the_events_of_a_conversation_are_told_the_newest_first() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    receive(&company, "eve@shop.example").await;
    let list = company.get("/conversations/cnv_1/events").await.expect(200);
    assert_eq!(
        names(&events_of(&list)),
        [
            "conversation.unassigned",
            "conversation.reopened",
            "conversation.archived",
            "message.sent",
            "conversation.assigned",
            "message.received",
            "conversation.created",
        ]
    );
    assert_eq!(list.json()["_links"]["self"], "http://tenure.test/conversations/cnv_1/events");
    assert_eq!(all(&company, "/conversations/cnv_1/events?limit=2").await, events_of(&list));
    let refused = company.get("/conversations/cnv_9/events").await.expect(404);
    assert_eq!(refused.message(), "Unknown conversation ID cnv_9");
}

#[tokio::test]
async fn pages_of_a_conversations_events_tell_each_once_while_it_goes_on() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    let before = all(&company, "/conversations/cnv_1/events").await;
    let first = company.get("/conversations/cnv_1/events?limit=3").await.expect(200);
    assign(&company, "cnv_1", "tea_1").await;
    archive(&company, "cnv_1").await;
    let mut paged = events_of(&first);
    paged.extend(all(&company, &first.next().unwrap()).await);
    assert_eq!(paged, before);
}

#[tokio::test]
async fn events_are_told_the_same_after_a_restart() {
    let server = TestServer::start().await;
    let company = eventful(&server).await;
    let before = told(&company, "").await;
    let server = server.restart().await;
    let list = server.http().get(format!("http://{}/events?limit=100", server.address()));
    let list = company.send(list.bearer_auth(&company.token)).await.expect(200);
    assert_eq!(events_of(&list), before);
}
