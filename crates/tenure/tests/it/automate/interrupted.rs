//! `kill -9` of an apply against a server that misbehaves, and `runs resume`: in the end all is as it should be, with no
//! second invitation and no second deactivation. `cargo xtask faults automation` does it hundreds of times.

use crate::automate::{Stage, picture};
use std::collections::BTreeMap;
use std::time::Duration;

const ROUNDS: u64 = 6;
/// How often an apply is killed in each, and how long it lives at most.
const KILLS: usize = 12;
const LIFE_MS: u64 = 900;

const PEOPLE: &str = "email,first_name,teams,status\n\
    ada@acme.example,Ada,Sales,active\nben@acme.example,Benno,Sales,active\ncyd@acme.example,,,departed\n\
    n1@acme.example,Nia,Support,active\nn2@acme.example,Noa,Support;Sales,active\nn3@acme.example,Nils,Sales,active\n";

/// A server that loses and delays a good part of its answers.
fn orders(seed: u64) -> String {
    format!(
        "seed = {seed}\nunknown-fields = true\nclock-ahead-seconds = -7200\n\
         [[fault]]\nwhat = \"lose-answer\"\nshare = 0.15\nmethods = [\"POST\", \"PATCH\", \"DELETE\", \"PUT\"]\n\
         [[fault]]\nwhat = \"reset\"\nshare = 0.05\n\
         [[fault]]\nwhat = \"fail\"\nstatus = 502\nshare = 0.05\n\
         [[fault]]\nwhat = \"too-many-silent\"\nshare = 0.02\n\
         [[fault]]\nwhat = \"delay\"\nms = 20\nshare = 0.1\n"
    )
}

/// Kills applies for a while, then lets them be until one comes to its end; the server misbehaves all the time.
fn apply_through(stage: &Stage, seed: u64) {
    let mut random = numbers(seed);
    for round in 0..60 {
        let is_begun = stage.json(&["runs", "list"]).as_array().is_some_and(|runs| !runs.is_empty());
        let args: &[&str] =
            if is_begun { &["runs", "resume", "--yes"] } else { &["apply", "plan.json", "--yes"] };
        let process = stage.tenure.start(&mut stage.command(args));
        let ended = if round < KILLS {
            std::thread::sleep(Duration::from_millis(random() % LIFE_MS));
            process.kill_and_wait()
        } else {
            process.wait()
        };
        if ended.code == 0 {
            return;
        }
    }
    panic!("it did not end");
}

/// Numbers that a seed decides.
fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

#[test]
fn an_apply_that_is_killed_anywhere_is_resumed_to_the_same_end() {
    for seed in 0..ROUNDS {
        let stage = Stage::set();
        stage.tenure.write("tenure.toml", "[guards]\nsource_min_rows = 0\n");
        stage.tenure.write("people.csv", PEOPLE);
        stage.expect(0, &["plan", "-f", "people.csv", "--out", "plan.json"]);
        let Stage { tenure, server, token } = stage;
        let address = server.address().to_owned();
        server.terminate();
        tenure.write("faults.toml", &format!("record = \"record.jsonl\"\n{}", orders(seed)));
        let server = tenure.serve_with(
            tenure
                .command(&["serve", "--listen", &address, "--faults", "faults.toml"])
                .args::<[&str; 0], _>([]),
        );
        let stage = Stage { tenure, server, token };
        apply_through(&stage, seed);
        // The truth, from the journal itself.
        let export = stage.tenure.json(&["company", "export"]);
        let mates = export["teammates"].as_array().unwrap();
        let by_email: BTreeMap<_, _> =
            mates.iter().map(|mate| (mate["email"].as_str().unwrap(), mate)).collect();
        assert_eq!(by_email.len(), 6, "seed {seed}");
        assert_eq!(by_email["ben@acme.example"]["first_name"], "Benno", "seed {seed}");
        assert_eq!(by_email["cyd@acme.example"]["is_blocked"], true, "seed {seed}");
        assert_eq!(
            stage.events("was created").iter().filter(|line| line.contains("teammate")).count(),
            6,
            "seed {seed}"
        );
        assert_eq!(stage.events("was blocked").len(), 1, "seed {seed}");
    }
}

#[test]
fn an_apply_that_was_cut_off_is_told_and_not_overtaken_silently() {
    let stage = Stage::misbehaving(
        "[[fault]]\nwhat = \"slow-answer\"\nms = 20000\nmethods = [\"PATCH\"]\ntimes = 1\n",
    );
    stage.tenure.write("people.csv", "email,first_name\nben@acme.example,Benno\n");
    stage.expect(0, &["plan", "-f", "people.csv", "--out", "plan.json"]);
    let process = stage.tenure.start(&mut stage.command(&["apply", "plan.json", "--yes"]));
    crate::process::eventually(|| (!stage.writes().is_empty() || has_intent(&stage)).then_some(()));
    // While it runs, another is refused.
    let told = stage.expect(3, &["apply", "plan.json", "--yes"]);
    assert!(told.stderr.contains("another apply runs at this target"), "{told}");
    process.kill_and_wait();
    let told = stage.expect(3, &["apply", "plan.json", "--yes"]);
    assert!(told.stderr.contains("was cut off") && told.stderr.contains("tenure runs resume"), "{told}");
    let resumed = stage.expect(0, &["runs", "resume", "--yes"]);
    assert!(resumed.stdout.contains("1 verified"), "{resumed}");
    let told = stage.expect(0, &["runs", "resume", "--yes"]);
    assert!(told.stderr.contains("no run was cut off"), "{told}");
    let shown = stage.expect(0, &["runs", "list"]);
    assert!(picture(&shown).contains("finished"), "{shown}");
}

fn has_intent(stage: &Stage) -> bool {
    let Ok(runs) = std::fs::read_dir(stage.tenure.path(".local/state/tenure/runs")) else { return false };
    runs.filter_map(Result::ok).any(|run| {
        std::fs::read_to_string(run.path().join("ledger.jsonl")).is_ok_and(|text| text.contains("\"intent\""))
    })
}

#[test]
fn what_is_stale_is_reported_and_the_rest_is_done() {
    let stage = Stage::set();
    stage.tenure.write("people.csv", "email,first_name\nben@acme.example,Benno\ncyd@acme.example,Cy\n");
    stage.expect(0, &["plan", "-f", "people.csv", "--out", "plan.json"]);
    let api = stage.api();
    crate::automate::block_on(async {
        let body = Some(serde_json::json!({ "first_name": "Ignaz" }));
        api.try_send(reqwest::Method::PATCH, "/teammates/tea_2", body).await.unwrap().expect(204);
    });
    insta::assert_snapshot!(picture(&stage.run(&["apply", "plan.json", "--yes"])), @r#"
    exit: 4
    --- stdout
    stale     1 update ben@acme.example  it was changed since: first_name is "Ignaz"
    verified  2 update cyd@acme.example
    1 stale, 1 verified  (run [RUN])

    --- stderr
    error: some actions were not verified: tenure runs show [RUN]
    mend the cause, and plan again: what is done is not done twice
    "#);
}
