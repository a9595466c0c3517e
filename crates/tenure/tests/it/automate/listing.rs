//! `tenure list`.

use crate::automate::{Stage, picture};
use serde_json::json;

#[test]
fn teammates_teams_and_members_are_listed() {
    let stage = Stage::set();
    insta::assert_snapshot!(picture(&stage.run(&["list", "teammates"])), @"
    exit: 0
    --- stdout
    ID     EMAIL             FIRST NAME  LAST NAME  USERNAME  IS ADMIN  IS BLOCKED
    tea_1  ada@acme.example  Ada                    ada       true      false
    tea_2  ben@acme.example  Ben                    ben       false     false
    tea_3  cyd@acme.example  Cyd                    cyd       false     false

    --- stderr
    ");
    insta::assert_snapshot!(picture(&stage.run(&["list", "teams"])), @"
    exit: 0
    --- stdout
    ID     NAME     MEMBERS
    tim_1  Support  1
    tim_2  Sales    0

    --- stderr
    ");
    insta::assert_snapshot!(picture(&stage.run(&["list", "members", "support"])), @"
    exit: 0
    --- stdout
    ID     EMAIL             FIRST NAME  LAST NAME  USERNAME  IS ADMIN  IS BLOCKED
    tea_2  ben@acme.example  Ben                    ben       false     false

    --- stderr
    ");
}

#[test]
fn teammates_are_chosen_by_condition() {
    let stage = Stage::set();
    let emails = |args: &[&str]| -> Vec<String> {
        let all = stage.json(&[&["list", "teammates"], args].concat());
        all.as_array().unwrap().iter().map(|mate| mate["email"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(emails(&["--where", "is_admin=true"]), ["ada@acme.example"]);
    assert_eq!(
        emails(&["--where", "first_name!=Ada and email~acme"]),
        ["ben@acme.example", "cyd@acme.example"]
    );
    assert_eq!(emails(&["--team", "Support"]), ["ben@acme.example"]);
    assert_eq!(emails(&["--blocked"]), [""; 0]);
    let told = stage.expect(64, &["list", "teammates", "--where", "frist_name=Ada"]);
    assert!(told.stderr.contains("did you mean `first_name`?"), "{told}");
    stage.expect(64, &["list", "teammates", "--where", "ada"]);
    let told = stage.expect(1, &["list", "members", "Suport"]);
    assert!(told.stderr.contains("did you mean `Support`?"), "{told}");
}

#[test]
fn what_spreadsheets_would_run_is_guarded_in_csv_and_terminals_are_left_alone() {
    let stage = Stage::set();
    let api = stage.api();
    crate::automate::block_on(async {
        let body = Some(json!({ "first_name": "=HYPERLINK(1)" }));
        api.try_send(reqwest::Method::PATCH, "/teammates/tea_2", body).await.unwrap().expect(204);
    });
    let csv = stage.expect(0, &["list", "teammates", "--format", "csv"]);
    assert!(csv.stdout.starts_with("id,email,") && csv.stdout.contains(",'=HYPERLINK(1),"), "{csv}");
}
