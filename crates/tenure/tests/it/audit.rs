//! `tenure audit`.

use crate::process::{Demo, Tenure, keys};
use serde_json::{Value, json};

fn with_history() -> Tenure {
    let tenure = Tenure::with_company();
    tenure.ok(&["team", "create", "Support"]);
    tenure.ok(&["token", "create"]);
    tenure.ok(&["company", "set", "rate-limit=60"]);
    tenure
}

fn of<'a>(entries: &'a Value, field: &str) -> Vec<&'a Value> {
    entries.as_array().unwrap().iter().map(|entry| &entry[field]).collect()
}

#[test]
fn audit_says_who_did_what_and_when() {
    insta::assert_snapshot!(with_history().run(&["audit", "--company", "acme"]), @"
    exit: 0
    --- stdout
    [TIME]       1  operator          company `Acme` was created
    [TIME]       2  operator          team tim_1 `Support` was created
    [TIME]       3  operator          company token tok_1 (…[LAST4]) was created
    [TIME]       4  operator          the setting rate-limit was set to 60

    --- stderr
    ");
}

#[test]
fn audit_as_json_prints_one_array_of_objects() {
    let audit = with_history().json(&["audit"]);
    let expected = json!(["company.created", "team.created", "token.created", "company.setting_changed"]);
    assert_eq!(json!(of(&audit, "event")), expected);
    for entry in audit.as_array().unwrap() {
        assert_eq!(keys(entry), ["actor", "data", "event", "sentence", "time", "version"]);
    }
}

#[test]
fn audit_holds_no_digest_of_a_secret() {
    let audit = with_history().json(&["audit"]);
    assert!(!audit.to_string().contains("digest"), "{audit}");
}

#[test]
fn since_leaves_out_what_was_before() {
    let tenure = with_history();
    let all = tenure.json(&["audit"]);
    let since = all[2]["time"].as_str().unwrap();
    let later = tenure.json(&["audit", "--since", since]);
    let expected = all.as_array().unwrap().iter().filter(|entry| entry["time"].as_str().unwrap() >= since);
    assert_eq!(later, expected.cloned().collect::<Value>());
}

#[test]
fn since_in_the_future_is_an_empty_array() {
    assert_eq!(with_history().json(&["audit", "--since", "2100-01-01T00:00:00Z"]), json!([]));
}

#[test]
fn a_time_that_is_none_is_refused_with_an_example() {
    insta::assert_snapshot!(with_history().run(&["audit", "--since", "yesterday"]), @"
    exit: 64
    --- stdout

    --- stderr
    error: since must be a time in ISO 8601 with a zone, such as [TIME], or in epoch seconds
    ");
}

#[test]
fn a_teammates_audit_holds_what_is_about_it_alone() {
    let tenure = Demo::start().stop();
    insta::assert_snapshot!(tenure.run(&["audit", "--teammate", "tea_d"]), @"
    exit: 0
    --- stdout
    [TIME]      24  operator          teammate tea_d was created
    [TIME]      37  operator          tea_2, tea_9, tea_a, tea_b, tea_c, tea_d, tea_e, tea_n joined team tim_2
    [TIME]      41  operator          teammate tea_d was blocked

    --- stderr
    ");
}

#[test]
fn the_audit_of_an_unknown_teammate_is_refused() {
    let output = Tenure::with_company().run(&["audit", "--teammate", "tea_1"]);
    assert!(output.code == 1 && output.stderr.contains("Unknown teammate ID tea_1"), "{output}");
}

#[test]
fn follow_goes_on_as_things_happen_with_a_line_of_json_each() {
    let tenure = Tenure::with_company();
    let _server = tenure.serve(&[]);
    let mut follower = tenure.start(&mut tenure.command(&["audit", "--follow", "--output", "json"]));
    let lines = |count: usize| {
        move |stdout: &str, _: &str| (stdout.lines().count() == count).then(|| stdout.to_owned())
    };
    follower.until(lines(1));
    tenure.ok(&["team", "create", "Support"]);
    let printed = follower.until(lines(2));
    let entries: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events = json!([entries[0]["event"], entries[1]["event"]]);
    assert_eq!(events, json!(["company.created", "team.created"]));
}
