//! Approvals: only of this plan, only by who may, only in time, and never by the planner.

use crate::automate::{Stage, picture};
use crate::process::Output;

/// Keys made by `ssh-keygen -t ed25519`, for tests alone: of an approver, and of a stranger.
const KEYS: [(&str, &str); 2] =
    [("boss", include_str!("keys/boss")), ("stranger", include_str!("keys/stranger"))];
const BOSS: &str = include_str!("keys/boss.pub");

const APPLY: &[&str] = &["apply", "plan.json", "--yes"];

fn with_plan(approve: &str) -> Stage {
    let stage = Stage::set();
    stage.tenure.write("tenure.toml", &format!("[approve]\nrequire = [\"deactivate\"]\n{approve}"));
    stage.tenure.write("approvers", &format!("boss@acme.example {BOSS}"));
    for (name, key) in KEYS {
        stage.tenure.write(name, key);
    }
    plan(&stage, "cyd");
    stage
}

fn plan(stage: &Stage, who: &str) {
    stage.tenure.write("people.csv", &format!("email,status\n{who}@acme.example,departed\n"));
    stage.expect(0, &["plan", "-f", "people.csv", "--out", "plan.json"]);
}

#[track_caller]
fn assert_refused(stage: &Stage, why: &str) -> Output {
    let told = stage.expect(3, APPLY);
    assert!(told.stderr.contains(why), "{told}");
    assert_eq!(stage.writes(), [""; 0]);
    told
}

#[test]
fn a_plan_that_needs_approval_waits_for_it() {
    let stage = with_plan("");
    insta::assert_snapshot!(picture(&assert_refused(&stage, "0 of 1 have approved")), @"
    exit: 3
    --- stdout

    --- stderr
    error: this plan needs approval, for deactivate: 0 of 1 have approved; nothing was sent
    hint: write the plan with `tenure plan --out plan.json`, and let somebody run `tenure approve plan.json --key FILE`
    ");
    stage.expect(0, &["approve", "plan.json", "--key", "boss"]);
    let told = stage.expect(0, APPLY);
    assert!(told.stdout.contains("approved by boss@acme.example"), "{told}");
}

#[test]
fn what_needs_no_approval_goes_without() {
    let stage = with_plan("");
    stage.tenure.write("people.csv", "email,first_name\nben@acme.example,Benno\n");
    stage.expect(0, &["plan", "-f", "people.csv", "--out", "plan.json"]);
    stage.expect(0, APPLY);
}

#[test]
fn a_plan_that_is_made_and_done_at_once_cannot_be_approved() {
    let stage = with_plan("");
    stage.expect(3, &["offboard", "cyd@acme.example", "--yes"]);
    assert_eq!(stage.writes(), [""; 0]);
}

#[test]
fn a_stranger_cannot_approve() {
    let stage = with_plan("");
    stage.expect(0, &["approve", "plan.json", "--key", "stranger"]);
    assert_refused(&stage, "is of nobody who may approve");
}

#[test]
fn the_planner_cannot_approve() {
    let stage = with_plan("");
    stage.tenure.write("approvers", &format!("Planner@acme.example {BOSS}"));
    stage.expect(0, &["approve", "plan.json", "--key", "boss"]);
    assert_refused(&stage, "made this plan and cannot approve it");
    // Where that is allowed, it is.
    stage.tenure.write("tenure.toml", "[approve]\nrequire = [\"deactivate\"]\nself = true\n");
    plan(&stage, "cyd");
    stage.expect(0, &["approve", "plan.json", "--key", "boss"]);
    stage.expect(0, APPLY);
}

#[test]
fn an_approval_expires() {
    let stage = with_plan("expires = \"0s\"\n");
    stage.expect(0, &["approve", "plan.json", "--key", "boss"]);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_refused(&stage, "has expired");
}

#[test]
fn an_approval_of_another_plan_does_not_count() {
    let stage = with_plan("");
    stage.expect(0, &["approve", "plan.json", "--key", "boss"]);
    plan(&stage, "ben");
    assert_refused(&stage, "an approval is of another plan");
}

#[test]
fn a_changed_plan_or_statement_is_refused() {
    let stage = with_plan("");
    stage.expect(0, &["approve", "plan.json", "--key", "boss"]);
    let read = |name: &str| std::fs::read_to_string(stage.tenure.path(name)).unwrap();
    let text = read("plan.json");
    stage.tenure.write("plan.json", &text.replace("tea_3", "tea_2"));
    assert_refused(&stage, "was changed after it was made");
    stage.tenure.write("plan.json", &text);
    let entries = std::fs::read_dir(stage.tenure.path("")).unwrap();
    let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let statement = names.iter().find(|name| name.ends_with(".approval")).unwrap();
    // A later time, so that it would expire later.
    let changed = read(statement).replace("approved-at 20", "approved-at 19");
    stage.tenure.write(statement, &changed);
    assert_refused(&stage, "does not fit what was signed");
}

#[test]
fn two_must_agree_where_two_are_needed() {
    let stage = with_plan("threshold = 2\n");
    stage.expect(0, &["approve", "plan.json", "--key", "boss"]);
    stage.expect(0, &["approve", "plan.json", "--key", "boss"]);
    assert_refused(&stage, "1 of 2 have approved");
    let stranger = include_str!("keys/stranger.pub");
    stage.tenure.write("approvers", &format!("boss@acme.example {BOSS}deputy@acme.example {stranger}"));
    stage.expect(0, &["approve", "plan.json", "--key", "stranger"]);
    let told = stage.expect(0, APPLY);
    assert!(told.stdout.contains("approved by boss@acme.example, deputy@acme.example"), "{told}");
}

#[test]
fn a_key_that_cannot_be_read_is_told() {
    let stage = with_plan("");
    stage.tenure.write("garbage", "no key");
    let told = stage.expect(1, &["approve", "plan.json", "--key", "garbage"]);
    assert!(told.stderr.contains("no private key that can be read"), "{told}");
    stage.expect(1, &["approve", "plan.json", "--key", "absent"]);
}
