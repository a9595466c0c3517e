//! The engine's simulation (`crates/engine/tests/it/simulation`), optimised, over many seeds.

use super::{Setting, Verdict};
use crate::build::cargo;
use std::process::Stdio;

/// How many seeds are run at a time, so that a long run tells how far it is.
const STRIDE: u64 = 100_000;

pub(super) fn run(setting: &Setting<'_>) -> Result<Verdict, String> {
    let count = setting.extent.rounds(2_000, 1_000_000);
    let (from, to) = (setting.seed * 10_000_000, setting.seed * 10_000_000 + count);
    let seen = schedules(from, to)?;
    let faults: Vec<_> = seen.iter().map(|(what, count)| format!("{count} × {what}")).collect();
    Ok(Verdict::Survived {
        injected: format!("{count} schedules of 40 steps, seeds {from}..{to}: {}", faults.join(", ")),
        control: "five bugs of the simulated disk, each seen within 100 schedules".to_owned(),
    })
}

type Seen = std::collections::BTreeMap<String, u64>;

/// Runs the schedules of these seeds, and the control; what was seen, and how often.
pub(super) fn schedules(from: u64, to: u64) -> Result<Seen, String> {
    let mut seen = Seen::new();
    let mut at = from;
    while at < to {
        let next = to.min(at + STRIDE);
        for (what, count) in some(at, next)? {
            *seen.entry(what).or_default() += count;
        }
        at = next;
        eprintln!("simulation: up to seed {at} of {to}");
    }
    Ok(seen)
}

fn some(from: u64, to: u64) -> Result<Seen, String> {
    let output = cargo()
        .args(["test", "--release", "--locked", "--package", "tenure-engine", "--test", "it", "simulation"])
        .args(["--", "--nocapture"])
        .env("SIMULATION_SEEDS", format!("{from}..{to}"))
        .env("RUST_BACKTRACE", "0")
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let fault = said.lines().find(|line| line.starts_with("seed ")).unwrap_or("look at its output");
        return Err(format!("seeds {from}..{to}: {fault}\n{printed}"));
    }
    let counted = printed.lines().filter_map(|line| {
        let (count, what) = line.split_once("simulation:")?.1.trim().split_once("  ")?;
        Some((what.to_owned(), count.parse().ok()?))
    });
    let seen: Seen = counted.collect();
    if seen.is_empty() { Err("the simulation printed no counts".to_owned()) } else { Ok(seen) }
}
