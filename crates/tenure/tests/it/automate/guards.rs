//! Each guard refuses with exit 3, at plan time and after the world changed, and nothing was sent: the server's own record
//! is the proof.

use crate::automate::{Stage, block_on};
use serde_json::json;

const LENIENT: &str = "[guards]\nmax_deactivations = 9\n";

/// A plan that is refused: exit 3, the guard named, nothing written and nothing sent.
#[track_caller]
fn assert_refused(stage: &Stage, guard: &str, args: &[&str]) {
    let before = stage.writes();
    let told = stage.expect(3, args);
    assert!(told.stderr.contains(&format!("  {guard}: ")), "{args:?}\n{told}");
    assert!(told.stderr.contains("nothing was sent"), "{args:?}\n{told}");
    assert_eq!(stage.writes(), before, "{args:?}");
}

fn plan(stage: &Stage, settings: &str, people: &str) {
    stage.tenure.write("tenure.toml", settings);
    stage.tenure.write("people.csv", people);
    let _ = std::fs::remove_file(stage.tenure.path("plan.json"));
}

const PLAN: &[&str] = &["plan", "-f", "people.csv", "--out", "plan.json"];
const APPLY: &[&str] = &["apply", "plan.json", "--yes"];

#[test]
fn too_many_deactivations() {
    let stage = Stage::set();
    let leaving = "email,status\nben@acme.example,departed\ncyd@acme.example,departed\n";
    plan(&stage, "", leaving);
    assert_refused(&stage, "max_deactivations", PLAN);
    assert!(!stage.tenure.path("plan.json").exists(), "a refused plan is not written");
    // At apply time: the same plan where less is allowed.
    plan(&stage, LENIENT, leaving);
    stage.expect(0, PLAN);
    stage.tenure.write("tenure.toml", "[guards]\nmax_deactivations = 1\n");
    assert_refused(&stage, "max_deactivations", APPLY);
    // Overridden by name, which the report tells.
    plan(&stage, "", leaving);
    stage.expect(0, &[PLAN, &["--override", "max_deactivations"][..]].concat());
    let told = stage.expect(0, APPLY);
    assert!(told.stdout.contains("overridden guards: max_deactivations"), "{told}");
}

#[test]
fn too_few_administrators() {
    let stage = Stage::set();
    plan(&stage, LENIENT, "email,is_admin\nada@acme.example,false\n");
    assert_refused(&stage, "min_admins", PLAN);
    // Ben is one too when it is planned, and no longer when it is applied.
    let api = stage.api();
    let ben = |is_admin: bool| {
        block_on(async {
            let body = Some(json!({ "is_admin": is_admin }));
            api.try_send(reqwest::Method::PATCH, "/teammates/tea_2", body).await.unwrap().expect(204);
        });
    };
    ben(true);
    stage.expect(0, PLAN);
    ben(false);
    assert_refused(&stage, "min_admins", APPLY);
}

#[test]
fn a_protected_account() {
    let stage = Stage::set();
    plan(&stage, "[guards]\nprotect = [\"ben@*\"]\n", "email,first_name\nben@acme.example,Benno\n");
    assert_refused(&stage, "protect", PLAN);
    assert_refused(&stage, "protect", &["offboard", "ben@acme.example", "--yes"]);
    stage.tenure.write("tenure.toml", "");
    stage.expect(0, PLAN);
    stage.tenure.write("tenure.toml", "[guards]\nprotect = [\"tea_2\"]\n");
    assert_refused(&stage, "protect", APPLY);
}

#[test]
fn an_empty_or_shrunken_source() {
    let stage = Stage::set();
    plan(&stage, "", "email,first_name\n");
    assert_refused(&stage, "source_min_rows", PLAN);
    plan(&stage, "", "email,first_name\nben@acme.example,Benno\nada@acme.example,Ada\n");
    stage.expect(0, PLAN);
    stage.expect(0, APPLY);
    stage.tenure.write("people.csv", "email,first_name\nben@acme.example,Ben\n");
    assert_refused(&stage, "source_min_rows", PLAN);
}

#[test]
fn a_stale_source() {
    let stage = Stage::set();
    plan(&stage, "[guards]\nsource_max_age = \"24h\"\n", "email,first_name\nben@acme.example,Benno\n");
    let age = |hours: u64| {
        let file = std::fs::File::options().write(true).open(stage.tenure.path("people.csv")).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(hours * 3600))
            .unwrap();
    };
    age(25);
    assert_refused(&stage, "source_max_age", PLAN);
    age(1);
    stage.expect(0, PLAN);
    age(30);
    assert_refused(&stage, "source_max_age", APPLY);
}

#[test]
fn two_rows_for_one_person() {
    let stage = Stage::set();
    plan(&stage, "", "email,first_name\nben@acme.example,Benno\nBen@Acme.example,Ben\n");
    assert_refused(&stage, "duplicate_rows", PLAN);
    stage.expect(64, &[PLAN, &["--override", "duplicate_rows"][..]].concat());
}

#[test]
fn a_user_name_that_is_taken() {
    let stage = Stage::set();
    plan(&stage, "", "email,username\nnew@acme.example,ada\n");
    assert_refused(&stage, "taken", PLAN);
}

#[test]
fn a_plan_for_another_company() {
    let (stage, other) = (Stage::set(), Stage::set());
    plan(&stage, "", "email,first_name\nben@acme.example,Benno\n");
    stage.expect(0, PLAN);
    let mut command = stage.command(APPLY);
    command.env("TENURE_URL", other.server.url()).env("TENURE_TOKEN", &other.token);
    let told = stage.tenure.start(&mut command).wait();
    assert!(told.code == 3 && told.stderr.contains("  target: "), "{told}");
    assert_eq!((stage.writes().len(), other.writes().len()), (0, 0));
}

#[test]
fn every_reason_is_listed() {
    let stage = Stage::set();
    let people =
        "email,status\nada@acme.example,departed\nben@acme.example,departed\nBEN@acme.example,departed\n";
    plan(&stage, "[guards]\nprotect = [\"ada@*\"]\n", people);
    let told = stage.expect(3, PLAN);
    for guard in ["max_deactivations", "min_admins", "protect", "duplicate_rows"] {
        assert!(told.stderr.contains(&format!("  {guard}: ")), "{guard}\n{told}");
    }
}
