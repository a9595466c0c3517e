//! Paths at which there is nothing, and methods that a path does not take.

use super::rows::{Row, ask};

pub(super) fn unknown_paths() -> Vec<Row> {
    const PATHS: &str = "/ /teammate /Teammates /TEAMS //teammates /v1/teammates /api/teammates /teammates.json \
        /teammates%20 /teammates%2Ftea_1 /teammates/tea_1/nothing /teammates/tea_1/inboxes/inb_1 \
        /teammates/tea_1/invitation/cancel /teams/tim_1/members /teams/tim_1/teammates/tea_1 /me/token /nothing?limit=0 \
        /%00 /%E2%80%AE /teammates//tea_1";
    const SLASHED: &str = "/teammates/ /teammates/tea_1/ /teammates/custom_fields/ /teammates/tea_1/inboxes/ /teams/ \
        /teams/tim_1/ /teams/tim_1/teammates/ /me/";
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
    let asked: [(&str, &[&str], &[&'static str]); 17] = [
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
