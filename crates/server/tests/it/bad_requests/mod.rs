//! Every kind of bad request: told why in the one form that errors have, and without any effect.

mod bodies;
mod conflicts;
mod conversations;
mod fields;
mod fixture;
mod headers;
mod ids;
mod inboxes;
mod members;
mod messages;
mod queries;
mod routes;
mod rows;
mod values;

use fixture::{Fixture, PageTokens};
use rows::Row;

const INVALID: &str = "request.invalid";
const NOT_JSON: &str = "request.not_json";
const UNKNOWN_TEAMMATE: &str = "teammate.unknown";

/// The operations that write one teammate.
const TEAMMATE_WRITES: [(&str, &str); 2] = [("POST", "/teammates"), ("PATCH", "/teammates/tea_2")];
/// The operations that write a team's members.
const MEMBER_WRITES: [(&str, &str); 2] =
    [("POST", "/teams/tim_1/teammates"), ("DELETE", "/teams/tim_1/teammates")];
/// The operations that write inboxes and conversations.
const CONVERSATION_WRITES: [(&str, &str); 6] = [
    ("POST", "/inboxes"),
    ("POST", "/inboxes/inb_1/channels"),
    ("POST", "/channels/cha_1/incoming_messages"),
    ("PATCH", "/conversations/cnv_1"),
    ("PUT", "/conversations/cnv_1/assignee"),
    ("POST", "/conversations/cnv_1/messages"),
];

#[tokio::test]
async fn every_bad_request_is_told_why_in_the_one_form() {
    let fixture = Fixture::new().await;
    let mut faults = Vec::new();
    for row in table(&fixture.pages) {
        faults.extend(row.fault(&row.ask.send(&fixture.acme).await));
    }
    assert!(faults.is_empty(), "{} rows are answered wrongly:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn hundreds_of_bad_requests_change_nothing() {
    let fixture = Fixture::new().await;
    let rows = table(&fixture.pages);
    assert!(rows.len() >= 200, "{} rows", rows.len());
    let before = fixture.everything().await;
    for row in rows {
        row.ask.send(&fixture.acme).await;
    }
    assert_eq!(fixture.everything().await, before);
}

fn table(pages: &PageTokens) -> Vec<Row> {
    let topics = [
        fields::wrong_types(),
        fields::unknown_fields(),
        fields::duplicate_keys(),
        fields::missing_and_read_only_fields(),
        values::bad_emails(),
        values::bad_usernames(),
        values::bad_names(),
        values::bad_custom_fields(),
        queries::bad_limits(),
        queries::offset_pagination(),
        queries::bad_page_tokens(pages),
        queries::bad_moments(),
        queries::bad_choices(),
        ids::unknown_teammates(),
        ids::unknown_teams(),
        ids::unknown_inboxes(),
        ids::unknown_conversations(),
        ids::unknown_messages_and_events(),
        bodies::bodies_that_are_no_json(),
        bodies::bodies_that_are_no_object(),
        bodies::other_types_of_content(),
        members::bad_members(),
        inboxes::bad_inboxes(),
        inboxes::bad_channels(),
        conversations::bad_changes(),
        conversations::bad_assignments(),
        messages::bad_messages(),
        messages::bad_replies(),
        headers::bad_if_match(),
        headers::bad_idempotency_keys(),
        routes::unknown_paths(),
        routes::wrong_methods(),
        conflicts::conflicts(),
    ];
    topics.into_iter().flatten().collect()
}
