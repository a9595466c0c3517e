//! Requests that are well formed and conflict with what is.

use super::TEAMMATE_WRITES;
use super::rows::{Row, ask};
use serde_json::json;

pub(super) fn conflicts() -> Vec<Row> {
    const LAST_ADMIN: &str = "teammate tea_1 is the last unblocked administrator";
    const BLOCKED: &str =
        "teammate tea_3 is blocked and this company does not allow reactivation over the API";
    let taken = [
        (json!({ "email": "ada@acme.example" }), "teammate.email_taken", "teammate tea_1 has this address"),
        (json!({ "email": "ADA@Acme.EXAMPLE" }), "teammate.email_taken", "teammate tea_1 has this address"),
        (json!({ "email": "cleo@acme.example" }), "teammate.email_taken", "teammate tea_3 has this address"),
        (json!({ "email": "CLEO@ACME.EXAMPLE" }), "teammate.email_taken", "teammate tea_3 has this address"),
        (
            json!({ "email": "jose\u{301}@XN--BCHER-KVA.example" }),
            "teammate.email_taken",
            "teammate tea_4 has this address",
        ),
        (
            json!({ "email": "new@acme.example", "username": "ada" }),
            "teammate.username_taken",
            "teammate tea_1 has this username",
        ),
        (
            json!({ "email": "new@acme.example", "username": "cleo" }),
            "teammate.username_taken",
            "teammate tea_3 has this username",
        ),
        (
            json!({ "email": "ada@acme.example", "username": "cleo" }),
            "teammate.email_taken",
            "teammate tea_3 has this username",
        ),
    ];
    let mut rows = Vec::new();
    for (body, code, part) in taken {
        let on_both = TEAMMATE_WRITES.map(|(method, path)| ask(method, path).json(body.to_string()));
        rows.extend(on_both.map(|ask| ask.gets(409, code, part)));
    }
    for path in ["/teammates/tea_1", "/teammates/alt:email:Ada@acme.example"] {
        let asks = [
            ask("PATCH", path).json(r#"{"is_admin":false}"#),
            ask("PATCH", path).json(r#"{"is_blocked":true}"#),
            ask("PATCH", path).json(r#"{"is_blocked":true,"is_admin":false,"first_name":"X"}"#),
            ask("DELETE", path),
            ask("DELETE", path).header("if-match", "*"),
        ];
        rows.extend(asks.map(|ask| ask.gets(409, "teammate.last_admin", LAST_ADMIN)));
    }
    for path in ["/teammates/tea_3", "/teammates/alt:email:cleo@acme.example"] {
        for body in [r#"{"is_blocked":false}"#, r#"{"is_blocked":false,"first_name":"X","is_admin":true}"#] {
            let code = "teammate.reactivation_needs_a_person";
            rows.push(ask("PATCH", path).json(body).gets(403, code, BLOCKED));
        }
        let resend = ask("POST", format!("{path}/invitation/resend"));
        rows.push(resend.gets(409, "teammate.blocked", "teammate tea_3 is blocked"));
    }
    rows
}
