//! Paths at which there is nothing, and methods that a path does not take.

use super::rows::{Row, ask};

pub(super) fn unknown_paths() -> Vec<Row> {
    const PATHS: &str = "/ /teammate /Teammates /TEAMS //teammates /v1/teammates /api/teammates /teammates.json \
        /teammates%20 /teammates%2Ftea_1 /teammates/tea_1/nothing /teammates/tea_1/inboxes/inb_1 \
        /teammates/tea_1/invitation/cancel /teams/tim_1/members /teams/tim_1/teammates/tea_1 /me/token /nothing?limit=0 \
        /%00 /%E2%80%AE /teammates//tea_1 /inbox /inboxes/inb_1/teammates /inboxes/inb_1/channels/cha_1 /conversation \
        /conversations/cnv_1/message /conversations/cnv_1/messages/msg_1 /conversations/cnv_1/comments /messages \
        /messages/msg_1/seen /event /events/evt_9/target";
    const SLASHED: &str = "/teammates/ /teammates/tea_1/ /teammates/custom_fields/ /teammates/tea_1/inboxes/ /teams/ \
        /teams/tim_1/ /teams/tim_1/teammates/ /me/ /inboxes/ /channels/cha_1/incoming_messages/ /conversations/cnv_1/ \
        /conversations/cnv_1/messages/ /messages/msg_1/ /events/";
    let code = "request.unknown_path";
    let unknown = PATHS.split(' ').map(|path| ask("GET", path).gets(404, code, "there is nothing at /"));
    let slashed = SLASHED.split(' ').flat_map(|path| {
        ["GET", "POST", "PATCH", "DELETE"]
            .map(|method| ask(method, path).gets(404, code, "paths have no slash at their end"))
    });
    let long = ask("GET", format!("/teammates?limit=1&x={}", "a".repeat(8 * 1024)));
    let too_long = long.gets(414, "request.url_too_long", "the URL is longer than 8192 bytes");
    unknown.chain(slashed).chain([too_long]).collect()
}

pub(super) fn wrong_methods() -> Vec<Row> {
    const READ: &[&str] = &["GET", "HEAD", "OPTIONS"];
    const LIST: &[&str] = &["GET", "HEAD", "OPTIONS", "POST"];
    const ONE: &[&str] = &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH"];
    const MEMBERS: &[&str] = &["DELETE", "GET", "HEAD", "OPTIONS", "POST"];
    let asked: [(&str, &[&str], &[&'static str]); 32] = [
        ("/me", READ, &["POST", "PUT", "PATCH", "DELETE"]),
        ("/teammates", LIST, &["PUT", "PATCH", "DELETE", "TRACE", "BREW"]),
        ("/teammates/custom_fields", READ, &["POST", "PUT", "PATCH", "DELETE"]),
        ("/teammates/tea_2", ONE, &["POST", "PUT", "TRACE", "BREW"]),
        ("/teammates/tea_zz", ONE, &["POST", "PUT"]),
        ("/teammates/tea_2/inboxes", READ, &["POST", "DELETE"]),
        ("/teammates/tea_2/conversations", READ, &["POST", "DELETE"]),
        ("/teammates/tea_2/invitation", READ, &["POST", "PUT", "DELETE"]),
        ("/teammates/tea_2/invitation/resend", &["OPTIONS", "POST"], &["GET", "PUT", "DELETE"]),
        ("/teams", READ, &["POST", "PUT", "PATCH", "DELETE"]),
        ("/teams/tim_1", READ, &["POST", "PUT", "PATCH", "DELETE"]),
        ("/teams/tim_1/teammates", MEMBERS, &["PUT", "PATCH"]),
        ("/teammates/tea_2/history", READ, &["POST", "DELETE"]),
        ("/inboxes", LIST, &["PUT", "PATCH", "DELETE"]),
        ("/inboxes/inb_1", READ, &["POST", "PUT", "PATCH", "DELETE"]),
        ("/inboxes/inb_1/channels", LIST, &["PUT", "PATCH", "DELETE"]),
        ("/channels", READ, &["POST", "PUT"]),
        ("/channels/cha_1", READ, &["POST", "PATCH", "DELETE"]),
        ("/channels/cha_1/incoming_messages", &["OPTIONS", "POST"], &["GET", "PUT", "DELETE"]),
        ("/conversations", READ, &["POST", "PATCH", "DELETE"]),
        ("/conversations/cnv_1", &["GET", "HEAD", "OPTIONS", "PATCH"], &["POST", "PUT", "DELETE"]),
        ("/conversations/cnv_1/assignee", &["OPTIONS", "PUT"], &["GET", "POST", "PATCH", "DELETE"]),
        ("/conversations/cnv_1/messages", LIST, &["PUT", "PATCH", "DELETE"]),
        ("/conversations/cnv_1/events", READ, &["POST", "DELETE"]),
        ("/messages/msg_1", READ, &["POST", "PATCH", "DELETE"]),
        ("/events", READ, &["POST", "DELETE"]),
        ("/events/evt_9", READ, &["POST", "PATCH", "DELETE"]),
        ("/invitations/x", LIST, &["PUT", "DELETE"]),
        ("/healthz", READ, &["POST"]),
        ("/readyz", READ, &["POST"]),
        ("/metrics", READ, &["POST"]),
        ("/openapi.json", READ, &["POST"]),
    ];
    let mut rows = Vec::new();
    for (path, allow, methods) in asked {
        for &method in methods {
            let part = format!("this path does not take {method}; it takes ");
            let row = ask(method, path).gets(405, "request.method_not_allowed", part);
            rows.push(Row { allow, ..row });
        }
    }
    rows
}
