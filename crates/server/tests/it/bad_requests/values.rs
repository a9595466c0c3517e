//! Values that a teammate cannot have: as its address, its names and in its custom fields.

use super::rows::{Row, ask};
use super::{INVALID, TEAMMATE_WRITES};
use serde_json::json;

/// The same rule on creating and on changing.
fn on_both_writes(field: &str, value: &str, part: &str) -> [Row; 2] {
    TEAMMATE_WRITES.map(|(method, path)| {
        let mut body = json!({ "email": "new@acme.example" });
        body[field] = value.into();
        ask(method, path).json(body.to_string()).gets(400, INVALID, part)
    })
}

/// Characters that are not seen, or that reorder what is.
const HIDDEN: &str = "\t\n\r\u{1b}\u{7f}\u{85}\u{ad}\u{34f}\u{61c}\u{180e}\u{200b}\u{200d}\u{200f}\u{2028}\u{202a}\
    \u{202e}\u{2060}\u{2066}\u{2069}\u{3164}\u{feff}\u{fffb}\u{e0041}";

pub(super) fn bad_emails() -> Vec<Row> {
    const WORDS: &str = "a @ @@ a@ @c.example a@c a@localhost tea_1 a@@c.example a@c@d.example a@c.example,b@d.example \
        \"a@b\"@c.example \"a\"@c.example a\"b@c.example a@[127.0.0.1] a@[IPv6:::1] a@127.0.0.1 a@2130706433 a@c.123 \
        a@-c.example a@c-.example a@c..example a@.c.example a@c.example. a@. a..b@c.example .a@c.example a.@c.example \
        .@c.example <a@c.example> mailto:a@c.example alt:email:ada@acme.example a,b@c.example a;b@c.example a:b@c.example \
        a(b)@c.example a[b]@c.example a\\b@c.example a@c_d.example a@c/d.example a@c.example:25 a@c.example?subject=x \
        a@c.example#x a@c%2e.example a@c!.example a@xn--a.example a\u{ff20}c.example a@\u{3002}example \
        tea_1@erased.invalid";
    const SPACED: [&str; 9] = [
        "",
        "a b@c.example",
        "a@c .example",
        " a@c.example",
        "a@c.example ",
        "\"a b\"@c.example",
        "Ana <ana@c.example>",
        "a\u{a0}b@c.example",
        "a\u{3000}b@c.example",
    ];
    let too_long = [
        format!("{}@c.example", "a".repeat(65)),
        format!("{}@c.example", "\u{e9}".repeat(33)),
        format!("a@{}.example", "c".repeat(64)),
        format!("a@{}example", "c.".repeat(130)),
    ];
    let hidden =
        HIDDEN.chars().flat_map(|hidden| [format!("a{hidden}b@c.example"), format!("a@c{hidden}.example")]);
    let seen = WORDS.split(' ').chain(SPACED).map(str::to_owned);
    let emails = seen.chain(too_long).chain(hidden);
    emails.flat_map(|email| on_both_writes("email", &email, "email must be")).collect()
}

pub(super) fn bad_usernames() -> Vec<Row> {
    let odd = "|Ana|ANA|a-b|a.b|a b| ana|ana |ana\n|@ana|ana@c.example|a/b|ana!|\u{e9}|\u{ff41}na|\u{430}na|a\u{200b}";
    let too_long = "a".repeat(65);
    let part = "username must be 1 to 64 characters of a to z, 0 to 9 and _";
    let usernames = odd.split('|').chain([too_long.as_str()]);
    usernames.flat_map(|username| on_both_writes("username", username, part)).collect()
}

pub(super) fn bad_names() -> Vec<Row> {
    let mut rows = Vec::new();
    for field in ["first_name", "last_name"] {
        for hidden in HIDDEN.chars() {
            let part =
                format!("{field} must not contain control, bidirectional or zero-width characters; found U+");
            rows.extend(on_both_writes(field, &format!("a{hidden}b"), &part));
        }
        for long in ["a".repeat(257), "\u{e9}".repeat(257)] {
            let part = format!("{field} must be at most 256 characters; this one has 257");
            rows.extend(on_both_writes(field, &long, &part));
        }
    }
    rows
}

pub(super) fn bad_custom_fields() -> Vec<Row> {
    const NO_MENTOR: &str = "custom_fields.mentor must be the id of a teammate of this company";
    const NO_DESK: &str = "custom_fields.desk must be the id of an inbox of this company";
    let long = "x".repeat(4097);
    let fields = [
        (json!({ "nickname": 1 }), "custom_fields.nickname must be of type string, not a number"),
        (json!({ "nickname": true }), "custom_fields.nickname must be of type string, not a boolean"),
        (json!({ "nickname": [] }), "custom_fields.nickname must be of type string, not an array"),
        (json!({ "nickname": {} }), "custom_fields.nickname must be of type string, not an object"),
        (json!({ "nickname": "a\u{202e}" }), "custom_fields.nickname must not contain control"),
        (json!({ "nickname": long }), "custom_fields.nickname must be at most 4096 characters"),
        (json!({ "level": "5" }), "custom_fields.level must be of type number, not a string"),
        (json!({ "level": true }), "custom_fields.level must be of type number, not a boolean"),
        (json!({ "level": [5] }), "custom_fields.level must be of type number, not an array"),
        (json!({ "is_remote": 1 }), "custom_fields.is_remote must be of type boolean, not a number"),
        (json!({ "is_remote": "true" }), "custom_fields.is_remote must be of type boolean, not a string"),
        (
            json!({ "joined": "2026-01-01" }),
            "custom_fields.joined must be a number (epoch seconds), not a string",
        ),
        (json!({ "joined": false }), "custom_fields.joined must be a number (epoch seconds), not a boolean"),
        (json!({ "grade": "C" }), "custom_fields.grade must be one of: A, B"),
        (json!({ "grade": "a" }), "custom_fields.grade must be one of: A, B"),
        (json!({ "grade": "" }), "custom_fields.grade must be one of: A, B"),
        (json!({ "grade": 1 }), "custom_fields.grade must be of type enum, not a number"),
        (json!({ "mentor": "tea_zz" }), NO_MENTOR),
        (json!({ "mentor": "tea_7" }), NO_MENTOR),
        (json!({ "mentor": "TEA_1" }), NO_MENTOR),
        (json!({ "mentor": "tim_1" }), NO_MENTOR),
        (json!({ "mentor": "" }), NO_MENTOR),
        (json!({ "mentor": "ada@acme.example" }), NO_MENTOR),
        (json!({ "mentor": "alt:email:gina@globex.example" }), NO_MENTOR),
        (json!({ "mentor": 1 }), "custom_fields.mentor must be of type teammate, not a number"),
        (json!({ "desk": "inb_zz" }), NO_DESK),
        (json!({ "desk": "inb_3" }), NO_DESK),
        (json!({ "desk": "INB_1" }), NO_DESK),
        (json!({ "desk": "" }), NO_DESK),
        (json!({ "desk": 1 }), "custom_fields.desk must be of type inbox, not a number"),
        (
            json!({ "colour": "red" }),
            "custom_fields.colour is not configured; the custom fields are: nickname, level, is_remote, joined, grade, \
             mentor, desk",
        ),
        (json!({ "colour": null }), "custom_fields.colour is not configured"),
        (json!({ "Level": 1 }), "custom_fields.Level is not configured"),
        (json!({ "level ": 1 }), "custom_fields.level  is not configured"),
        (json!({ "fld_1": "x" }), "custom_fields.fld_1 is not configured"),
        (json!({ "": 1 }), "custom_fields. is not configured"),
        (json!({ "nickname": "x", "level": "5" }), "custom_fields.level must be of type number"),
    ];
    let rows = fields.into_iter().flat_map(|(values, part)| {
        TEAMMATE_WRITES.map(|(method, path)| {
            let body = json!({ "email": "new@acme.example", "custom_fields": values });
            ask(method, path).json(body.to_string()).gets(400, INVALID, part)
        })
    });
    rows.collect()
}
