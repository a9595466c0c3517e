//! `kill -9` of the real binary under writers, again and again on the same folder: nothing acknowledged is lost, nothing
//! is half done. `KILL_SEED` repeats the choices of a run; `cargo xtask faults kill` does it a thousand times, also at
//! named points.

use crate::process::Tenure;
use serde_json::Value;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;
use tenure_testkit::workload::{Random, Workload};

const ROUNDS: u64 = 20;
const WRITERS: u64 = 64;

/// The export, once what was on its way to be mailed has come to rest.
fn export_at_rest(tenure: &Tenure) -> Value {
    let mut before = Value::Null;
    loop {
        let now = tenure.json(&["company", "export"]);
        if now == before {
            return now;
        }
        before = now;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_half_done_when_the_server_is_killed() {
    let given = std::env::var("KILL_SEED").ok().map(|text| text.parse().unwrap());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
    eprintln!("KILL_SEED={seed}");
    let tenure = Tenure::with_company();
    let token = tenure.token();
    tenure.ok(&["team", "create", "Support"]);
    let mut random = Random::new(seed);
    let mut workload = Workload::new(random.draw(), WRITERS);
    let mut server = tenure.serve(&[]);
    for _ in 0..ROUNDS {
        let writing = workload.start(&server.api(&token));
        tokio::time::sleep(Duration::from_millis(100 + random.below(200))).await;
        server.kill_9();
        workload = writing.join().await.unwrap();
        server = tenure.serve(&[]);
        workload = workload.read_back(&server.api(&token)).await.unwrap();
    }
    workload.check_everything(&server.api(&token)).await.unwrap();

    // A run in which no write was cut off or no pair joined would show nothing.
    let counts = workload.counts();
    eprintln!("{counts:?}");
    assert!(counts.acknowledged > ROUNDS && counts.cut_off > 0 && counts.pairs > 0);

    tenure.ok(&["company", "set", "invitations=hold"]);
    let live = export_at_rest(&tenure);
    tenure.ok(&["verify"]);
    server.terminate();
    tenure.ok(&["verify"]);
    std::fs::remove_dir_all(tenure.path("data/snapshots")).unwrap();
    let _replayed = tenure.serve(&[]);
    assert!(tenure.json(&["company", "export"]) == live, "the events alone give another state");
}
