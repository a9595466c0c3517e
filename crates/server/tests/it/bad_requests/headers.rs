//! Headers that are refused: `If-Match` and `Idempotency-Key`.

use super::rows::{Row, add_to_support, ask, keyed};

pub(super) fn bad_if_match() -> Vec<Row> {
    const MALFORMED: [&str; 10] =
        ["", "12", "\"12", "12\"", "'12'", "\"1\" \"2\"", "W/12", "w/\"12\"", "*, \"1\"", "\"1\"; \"2\""];
    const STALE: [&str; 5] = ["\"999999\"", "\"0\"", "W/\"1\"", "\"x\"", "\"999998\", \"999999\""];
    let writes = || {
        [
            ask("PATCH", "/teammates/tea_2").json(r#"{"first_name":"X"}"#),
            ask("DELETE", "/teammates/tea_2"),
            add_to_support("tea_4"),
            ask("DELETE", "/teams/tim_1/teammates").json(r#"{"teammate_ids":["tea_1"]}"#),
        ]
    };
    let malformed = MALFORMED.into_iter().flat_map(|tag| {
        let part = "If-Match must be * or a list of ETags";
        writes().map(|ask| ask.header("if-match", tag).gets(400, "request.bad_etag", part))
    });
    let stale = STALE.into_iter().flat_map(|tag| {
        let part = "it was changed since you read it";
        writes().map(|ask| ask.header("if-match", tag).gets(412, "request.changed_since", part))
    });
    malformed.chain(stale).collect()
}

pub(super) fn bad_idempotency_keys() -> Vec<Row> {
    let too_long = "k".repeat(256);
    let keys = ["", "\"\"", "\"", "\"open", "a b", "a\tb", "a\"b", "a\\b", "cl\u{e9}", too_long.as_str()];
    let posts = || {
        [
            ask("POST", "/teammates").json(r#"{"email":"new@acme.example"}"#),
            add_to_support("tea_4"),
            ask("POST", "/teammates/tea_2/invitation/resend"),
            ask("POST", "/inboxes").json(r#"{"name":"New"}"#),
            ask("POST", "/inboxes/inb_1/channels").json(r#"{"type":"custom"}"#),
            ask("POST", "/channels/cha_1/incoming_messages")
                .json(r#"{"sender":{"handle":"dee"},"body":"Hello?"}"#),
            ask("POST", "/conversations/cnv_1/messages").json(r#"{"body":"Hello!"}"#),
        ]
    };
    let (code, part) =
        ("request.bad_idempotency_key", "Idempotency-Key must be there once, with 1 to 255 visible");
    let malformed = keys.into_iter().flat_map(|key| posts().map(|ask| keyed(ask, key).gets(400, code, part)));
    let twice = posts().map(|ask| keyed(keyed(ask, "one"), "two").gets(400, code, part));
    // The fixture used this key for another request.
    let part = "this Idempotency-Key was used for another request";
    let reused = posts().map(|ask| keyed(ask, "used").gets(422, "request.key_reused", part));
    let quoted = posts().map(|ask| keyed(ask, "\"used\"").gets(422, "request.key_reused", part));
    malformed.chain(twice).chain(reused).chain(quoted).collect()
}
