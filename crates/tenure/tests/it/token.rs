//! `tenure token`.

use crate::process::{Demo, Tenure, keys, token_in};
use serde_json::{Value, json};

/// Wishes that cannot be, and what the message must tell.
const BAD_WISHES: [(&[&str], &str); 11] = [
    (&["--kind", "admin"], "must be one of: company, teammate, scim"),
    (&["--kind", "teammate"], "is needed for a token of kind teammate"),
    (&["--kind", "teammate", "--teammate", "tea_9"], "Unknown teammate ID tea_9"),
    (&["--teammate", "tea_1"], "is only for tokens of kind teammate"),
    (&["--scope", "teammates:delete"], "unknown scope `teammates:delete`"),
    (&["--scope", ""], "unknown scope"),
    (&["--rate-limit", "0"], "from 1 to 1000000, or `unlimited`"),
    (&["--rate-limit", "fast"], "from 1 to 1000000, or `unlimited`"),
    (&["--expires-in", "90"], "such as 90d"),
    (&["--expires-in", "0d"], "such as 90d"),
    (&["--note", "a\u{202e}b"], "must not contain control"),
];

fn create(tenure: &Tenure, args: &[&str]) -> Value {
    tenure.json(&[&["token", "create"][..], args].concat())
}

fn with_sso() -> Tenure {
    let tenure = Tenure::with_company();
    tenure.write("idp.xml", "<EntityDescriptor/>");
    tenure.ok(&["sso", "set", "--metadata", "idp.xml"]);
    tenure
}

#[test]
fn create_shows_the_text_once() {
    insta::assert_snapshot!(Tenure::with_company().run(&["token", "create", "--scope", "teammates:read"]), @"
    exit: 0
    --- stdout
    company token tok_1 was created. This is its text; it is never shown again:

      [TOKEN]

    scopes: teammates:read

    --- stderr
    ");
}

#[test]
fn create_as_plain_prints_the_text_and_a_newline_alone() {
    let output = Tenure::with_company().ok(&["token", "create", "--output", "plain"]);
    let token = output.stdout.strip_suffix('\n').unwrap();
    let is_alone = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    assert!(token.starts_with("tnr_co_1_") && is_alone && output.stderr.is_empty(), "{output}");
}

#[test]
fn create_as_json_prints_the_object() {
    let created = create(&Tenure::with_company(), &["--scope", "teams:read"]);
    assert_eq!(keys(&created), ["created_at", "id", "kind", "last_four", "scopes", "token"]);
    let token = created["token"].as_str().unwrap();
    let told = json!([created["id"], created["kind"], created["scopes"], created["last_four"]]);
    assert_eq!(told, json!(["tok_1", "company", ["teams:read"], &token[token.len() - 4..]]));
}

#[test]
fn create_keeps_what_was_wished() {
    let created = create(
        &Tenure::with_company(),
        &[
            "--scope",
            "teams:write",
            "--scope",
            "events:*:read,teams:read",
            "--rate-limit",
            "7",
            "--note",
            "CI",
        ],
    );
    let told = json!([created["scopes"], created["rate_limit"], created["note"]]);
    assert_eq!(told, json!([["teams:read", "teams:write", "events:read"], "7", "CI"]));
}

#[test]
fn a_token_may_have_an_end() {
    let created = create(&Tenure::with_company(), &["--expires-in", "90d"]);
    let (start, end) = (created["created_at"].as_str().unwrap(), created["expires_at"].as_str().unwrap());
    assert!(start < end, "{start} {end}");
}

#[test]
fn a_wish_that_cannot_be_is_refused_and_makes_no_token() {
    let tenure = Tenure::with_company();
    for (args, told) in BAD_WISHES {
        let output = tenure.run(&[&["token", "create"][..], args].concat());
        // A teammate that is not there is no mistake in the command line.
        let code = if told.contains("tea_9") { 1 } else { 64 };
        assert_eq!((output.code, output.stdout.as_str()), (code, ""), "{args:?}\n{output}");
        assert!(output.stderr.contains(told), "{args:?}\n{output}");
    }
    assert_eq!(tenure.json(&["token", "list"]), json!([]));
}

#[test]
fn a_scim_token_is_refused_until_single_sign_on_is_set() {
    insta::assert_snapshot!(Tenure::with_company().run(&["token", "create", "--kind", "scim"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: a SCIM token needs single sign-on to be set first: `tenure sso set --company C --metadata FILE`
    ");
}

#[test]
fn a_scim_token_is_made_once_single_sign_on_is_set() {
    let created = create(&with_sso(), &["--kind", "scim"]);
    assert_eq!(json!([created["kind"], created["scopes"]]), json!(["scim", []]));
    assert!(created["token"].as_str().unwrap().starts_with("tnr_scim_1_"), "{created}");
}

#[test]
fn a_scim_token_takes_no_scopes() {
    let output = with_sso().run(&["token", "create", "--kind", "scim", "--scope", "teammates:read"]);
    assert!(output.code == 64 && output.stderr.contains("takes no scopes"), "{output}");
}

#[tokio::test]
async fn a_teammate_token_acts_as_its_teammate() {
    let demo = Demo::start();
    let created = create(&demo.tenure, &["--kind", "teammate", "--teammate", "tea_5"]);
    let me = demo.server.api(created["token"].as_str().unwrap()).get("/me").await.expect(200).json();
    assert_eq!(json!([me["token"]["kind"], me["token"]["teammate_id"]]), json!(["teammate", "tea_5"]));
}

#[test]
fn a_blocked_teammate_gets_no_token() {
    let tenure = Demo::start().stop();
    insta::assert_snapshot!(tenure.run(&["token", "create", "--kind", "teammate", "--teammate", "tea_d"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: teammate tea_d is blocked; reactivate it first (tenure teammate reactivate)
    ");
}

#[test]
fn list_shows_tokens_without_their_texts() {
    let tenure = Tenure::with_company();
    tenure.ok(&["token", "create", "--note", "nightly import", "--rate-limit", "600"]);
    tenure.ok(&["token", "create"]);
    tenure.ok(&["token", "revoke", "tok_2"]);
    insta::assert_snapshot!(tenure.run(&["token", "list"]), @"
    exit: 0
    --- stdout
    ID     KIND     ENDS IN  TEAMMATE  STATE                             LAST USED  RATE LIMIT  NOTE
    tok_1  company  …[LAST4]              works                             never      600         nightly import
    tok_2  company  …[LAST4]              revoked [TIME]  never

    --- stderr
    ");
}

#[test]
fn revoke_prints_what_was_revoked() {
    let tenure = Tenure::with_company();
    tenure.token();
    insta::assert_snapshot!(tenure.run(&["token", "revoke", "--company", "acme", "tok_1"]), @"
    exit: 0
    --- stdout
    company token tok_1 (…[LAST4]) was revoked

    --- stderr
    ");
}

#[tokio::test]
async fn a_revoked_token_is_dead_with_the_next_request() {
    let tenure = Tenure::with_company();
    let server = tenure.serve(&[]);
    let api = server.api(&tenure.token());
    api.get("/me").await.expect(200);
    tenure.ok(&["token", "revoke", "tok_1"]);
    api.get("/me").await.expect(401);
}

#[test]
fn revoking_twice_is_revoking_once() {
    let tenure = Tenure::with_company();
    tenure.token();
    let first = tenure.json(&["token", "revoke", "tok_1"]);
    assert_eq!(tenure.json(&["token", "revoke", "tok_1"]), first);
}

#[test]
fn an_unknown_token_cannot_be_revoked() {
    let tenure = Tenure::with_company();
    insta::assert_snapshot!(tenure.run(&["token", "revoke", "tok_7"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: there is no token tok_7; see `tenure token list`
    ");
    let no_id = tenure.run(&["token", "revoke", "nightly"]);
    assert!(no_id.code == 64 && no_id.stderr.contains("such as tok_1"), "{no_id}");
}

#[test]
fn only_a_new_token_can_be_printed_plain() {
    let tenure = Tenure::with_company();
    let commands: [&[&str]; 4] = [&["token", "list"], &["company", "show"], &["audit"], &["verify"]];
    for args in commands {
        let output = tenure.run(&[args, &["--output", "plain"][..]].concat());
        assert_eq!((output.code, output.stdout.as_str()), (64, ""), "{args:?}\n{output}");
    }
}

#[tokio::test]
async fn the_text_of_a_token_is_in_no_file_no_log_and_no_later_output() {
    let tenure = Tenure::with_company();
    let mut serve = tenure.command(&["serve", "--listen", "127.0.0.1:0", "--log", "json"]);
    let server = tenure.serve_with(serve.env("TENURE_LOG", "trace"));
    let token = tenure.token();
    server.api(&token).get("/me").await.expect(200);
    let later: [&[&str]; 6] = [
        &["token", "list", "--output", "json"],
        &["company", "show", "--output", "json"],
        &["company", "export"],
        &["audit"],
        &["audit", "--output", "json"],
        &["token", "revoke", "tok_1", "--output", "json"],
    ];
    for args in later {
        assert!(!tenure.ok(args).stdout.contains(&token), "{args:?}");
    }
    // Killed, so that the journal's log is still there to be looked through.
    let log = server.kill_9();
    assert!(log.stderr.contains("/me") && !log.stderr.contains(&token), "the log holds the token");
    assert!(!tenure.files_with("token.created").is_empty());
    let found = tenure.files_with(&token);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_tokens_of_the_demo_are_in_no_file() {
    let demo = Demo::start();
    let printed = demo.server.printed();
    let tenure = demo.stop();
    for prefix in ["tnr_co_", "tnr_tm_", "tnr_scim_"] {
        let found = tenure.files_with(&token_in(&printed, prefix));
        assert!(found.is_empty(), "{prefix} {found:?}");
    }
}
