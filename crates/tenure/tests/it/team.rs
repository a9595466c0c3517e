//! `tenure team`.

use crate::process::Tenure;
use serde_json::json;

fn with_team() -> Tenure {
    let tenure = Tenure::with_company();
    tenure.ok(&["team", "create", "Support"]);
    tenure
}

#[test]
fn create_prints_what_was_created() {
    insta::assert_snapshot!(Tenure::with_company().run(&["team", "create", "--company", "acme", "Support"]), @"
    exit: 0
    --- stdout
    team tim_1 `Support` was created

    --- stderr
    ");
}

#[test]
fn create_as_json_prints_the_object() {
    let created = Tenure::with_company().json(&["team", "create", "Night shift", "--private"]);
    let expected = json!({ "id": "tim_1", "name": "Night shift", "is_private": true, "teammate_ids": [] });
    assert_eq!(created, expected);
}

#[test]
fn a_name_that_differs_in_case_alone_is_taken() {
    insta::assert_snapshot!(with_team().run(&["team", "create", "SUPPORT"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: team tim_1 has this name; use another
    ");
}

#[test]
fn a_name_that_cannot_be_is_refused() {
    let tenure = with_team();
    let commands: [&[&str]; 3] =
        [&["team", "create", " "], &["team", "create", "a\u{200b}b"], &["team", "rename", "tim_1", ""]];
    for args in commands {
        let output = tenure.run(args);
        assert_eq!((output.code, output.stdout.as_str()), (64, ""), "{args:?}\n{output}");
        assert!(output.stderr.contains("name must not"), "{args:?}\n{output}");
    }
}

#[test]
fn list_shows_who_sees_a_team() {
    let tenure = with_team();
    tenure.ok(&["team", "create", "Night shift", "--private"]);
    insta::assert_snapshot!(tenure.run(&["team", "list"]), @"
    exit: 0
    --- stdout
    ID     NAME         SEEN BY      MEMBERS
    tim_1  Support      everybody    0
    tim_2  Night shift  its members  0

    --- stderr
    ");
}

#[test]
fn rename_prints_what_was_renamed() {
    insta::assert_snapshot!(with_team().run(&["team", "rename", "--company", "acme", "tim_1", "First line"]), @"
    exit: 0
    --- stdout
    team tim_1 `First line` was renamed

    --- stderr
    ");
}

#[test]
fn a_renamed_team_frees_its_name() {
    let tenure = with_team();
    tenure.ok(&["team", "rename", "tim_1", "First line"]);
    assert_eq!(tenure.json(&["team", "create", "Support"])["id"], "tim_2");
}

#[test]
fn delete_prints_what_was_deleted() {
    let tenure = with_team();
    insta::assert_snapshot!(tenure.run(&["team", "delete", "tim_1"]), @"
    exit: 0
    --- stdout
    team tim_1 `Support` was deleted

    --- stderr
    ");
    assert_eq!(tenure.json(&["team", "list"]), json!([]));
}

#[test]
fn an_unknown_team_is_refused_with_its_id() {
    let tenure = with_team();
    let commands: [&[&str]; 3] =
        [&["team", "delete", "tim_9"], &["team", "rename", "tim_9", "X"], &["team", "delete", "Support"]];
    for args in commands {
        let output = tenure.run(args);
        let told = format!("Unknown team ID {}", args[2]);
        assert!(output.code == 1 && output.stderr.contains(&told), "{args:?}\n{output}");
    }
}
