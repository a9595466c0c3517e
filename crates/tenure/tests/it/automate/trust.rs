//! Where a token goes is said by a person: by options, the environment or a profile; never by a file that others may have made.

use crate::automate::Stage;
use crate::process::Output;
use std::process::Stdio;

/// A command that knows nothing but what its profile says.
fn bare(stage: &Stage, args: &[&str], vars: &[(&str, &str)]) -> Output {
    let mut command = stage.tenure.bare(args);
    for (name, value) in vars {
        command.env(name, value);
    }
    stage.tenure.start(&mut command).wait()
}

fn with_profile(stage: &Stage) {
    stage.tenure.write("token.txt", &stage.token);
    let add = ["profile", "add", "acme", "--url", stage.server.url(), "--token-file", "token.txt"];
    assert_eq!(bare(stage, &add, &[]).code, 0);
}

fn plan(stage: &Stage) {
    stage.tenure.write("people.csv", "email,first_name\nben@acme.example,Benno\n");
    stage.expect(0, &["plan", "-f", "people.csv", "--out", "plan.json"]);
}

#[test]
fn a_plan_is_applied_with_the_profile_of_its_server() {
    let stage = Stage::set();
    plan(&stage);
    let told = bare(&stage, &["apply", "plan.json", "--yes"], &[("TENURE_TOKEN", &stage.token)]);
    assert!(told.code == 64 && told.stderr.contains("give --url or a profile"), "{told}");
    assert_eq!(stage.writes(), [""; 0]);
    with_profile(&stage);
    let told = bare(&stage, &["apply", "plan.json", "--yes"], &[]);
    assert_eq!(told.code, 0, "{told}");
}

#[test]
fn a_plan_for_another_server_gets_no_token() {
    let (stage, other) = (Stage::set(), Stage::set());
    with_profile(&stage);
    plan(&other);
    let foreign = std::fs::read_to_string(other.tenure.path("plan.json")).unwrap();
    stage.tenure.write("plan.json", &foreign);
    let told = bare(&stage, &["apply", "plan.json", "--yes"], &[]);
    assert_eq!(told.code, 64, "{told}");
    let record = std::fs::read_to_string(other.tenure.path("record.jsonl")).unwrap();
    let status = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["status"].clone();
    let statuses: Vec<_> = record.lines().map(status).collect();
    assert!(!statuses.is_empty() && !statuses.contains(&401.into()), "only its own plan was made there");
}

#[test]
fn a_profile_and_another_url_are_refused() {
    let stage = Stage::set();
    with_profile(&stage);
    let told = bare(&stage, &["list", "teams", "--profile", "acme"], &[("TENURE_URL", "http://127.0.0.1:1")]);
    assert!(told.code == 64 && told.stderr.contains("give one of them"), "{told}");
}

#[test]
fn a_profile_that_is_added_anew_forgets_its_scim_token() {
    let stage = Stage::set();
    stage.tenure.write("scim.txt", "tnr-scim-secret");
    stage.tenure.write("token.txt", &stage.token);
    let url = stage.server.url();
    let add = ["profile", "add", "acme", "--url", url, "--token-file", "token.txt"];
    let scim = ["--scim-url", "http://127.0.0.1:1/scim/v2", "--scim-token-file", "scim.txt"];
    assert_eq!(bare(&stage, &[&add[..], &scim].concat(), &[]).code, 0);
    let kept = stage.tenure.path(".config/tenure/tokens/acme.scim-token");
    assert!(kept.exists());
    // To another service than the profile's own it does not go either.
    let told = bare(&stage, &["doctor", "--scim-url", "http://127.0.0.1:2/scim/v2"], &[]);
    assert!(told.code == 64 && told.stderr.contains("no SCIM token"), "{told}");
    assert_eq!(bare(&stage, &add, &[]).code, 0);
    assert!(!kept.exists());
}

#[test]
fn variables_that_are_set_and_empty_count_as_not_set() {
    let stage = Stage::set();
    with_profile(&stage);
    let names = [
        "TENURE_URL",
        "TENURE_TOKEN",
        "TENURE_PROFILE",
        "TENURE_SCIM_URL",
        "TENURE_SCIM_TOKEN",
        "TENURE_CA_CERT",
        "TENURE_STATE",
        "TENURE_CONFIG",
        "TENURE_PLANNER",
        "TENURE_DATA",
    ];
    let empty: Vec<_> = names.iter().map(|name| (*name, "")).collect();
    stage.tenure.write("people.csv", "email\nben@acme.example\n");
    let told = bare(&stage, &["drift", "-f", "people.csv"], &empty);
    assert_eq!(told.code, 0, "{told}");
}

#[test]
fn who_stops_reading_changes_nothing_that_is_done() {
    let stage = Stage::set();
    stage.tenure.write("people.csv", "email,first_name\nben@acme.example,Benno\n");
    let unread = |args: &[&str]| {
        let mut child = stage.command(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        drop(child.stdout.take());
        child.wait().unwrap().code().unwrap()
    };
    assert_eq!(unread(&["plan", "-f", "people.csv", "--out", "plan.json", "--detailed-exitcode"]), 2);
    assert!(stage.tenure.path("plan.json").exists());
    assert_eq!(unread(&["apply", "plan.json", "--yes"]), 0);
    assert_eq!(stage.teammate("ben@acme.example")["first_name"], "Benno");
    assert_eq!(unread(&["apply", "plan.json", "--yes"]), 1, "it is stale now");
}

#[test]
fn every_command_prints_one_value_with_output_json() {
    let stage = Stage::set();
    plan(&stage);
    stage.tenure.write("token.txt", &stage.token);
    let commands: [&[&str]; 12] = [
        &["plan", "-f", "people.csv"],
        &["drift", "-f", "people.csv"],
        &["apply", "plan.json", "--yes"],
        &["provision", "nia@acme.example", "--yes"],
        &["offboard", "nia@acme.example", "--yes"],
        &["offboard", "cyd@acme.example", "--dry-run"],
        &["list", "teams"],
        &["graph", "-f", "people.csv", "--format", "html", "--out", "graph.html"],
        &["runs", "list"],
        &["runs", "resume"],
        &["doctor"],
        &["profile", "add", "acme", "--token-file", "token.txt"],
    ];
    for args in commands {
        stage.json(args);
    }
    let page = std::fs::read_to_string(stage.tenure.path("graph.html")).unwrap();
    assert!(page.starts_with("<!doctype html>"), "--format says what is in the file");
    stage.json(&["profile", "list"]);
    stage.json(&["profile", "remove", "acme"]);
}

#[test]
fn names_from_a_server_do_nothing_to_a_terminal() {
    let stage = Stage::set();
    stage.tenure.write("people.csv", "email,first_name\nben@acme.example,Benno\n");
    let told = stage.run(&["plan", "-f", "no\u{1b}[31msuch.csv"]);
    assert!(told.code == 1 && !told.stderr.contains('\u{1b}'), "{told}");
}
