//! The faults of `contract/reliability.md`, "Durability" and "HTTP", the crashes of `contract/events.md`, "Webhooks", and
//! those of `contract/lifecycle.md`: each is injected into the real binary, or into the journal's own files, as often as asked,
//! and beside each stands a control that shows that the harness sees. One command prints the whole table.

mod automation;
mod disk;
mod kill;
mod latency;
mod limit;
mod load;
mod power;
mod rot;
mod seeded;
mod simulation;
mod slow;
mod webhooks;

use std::path::Path;
use std::time::Instant;

/// How much is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// A few rounds of each, for `.ci/run`. Times are told and not judged: a shared machine has bad minutes.
    Short,
    /// The figures of `docs/reliability.md`.
    Long,
}

impl Extent {
    fn judges_times(self) -> bool {
        self == Extent::Long
    }

    fn rounds(self, short: u64, long: u64) -> u64 {
        match self {
            Extent::Short => short,
            Extent::Long => long,
        }
    }
}

/// What a fault needs.
pub(crate) struct Setting<'a> {
    pub(crate) binary: &'a Path,
    pub(crate) extent: Extent,
    pub(crate) seed: u64,
}

/// What became of a fault.
pub(crate) enum Verdict {
    /// It was injected and survived: how often, what was counted, what the control showed.
    Survived { injected: String, control: String },
    /// It cannot be injected on this machine.
    NotHere(String),
}

type Fault = fn(&Setting<'_>) -> Result<Verdict, String>;

/// Every line of the table, by the name that it is asked for by.
const FAULTS: [(&str, &str, Fault); 13] = [
    ("kill", "kill -9 under 64 writers, at random and at named points", kill::run),
    ("webhooks", "kill -9 between the steps of a webhook's way", webhooks::run),
    (
        "automation",
        "kill -9 of an apply against a server that loses, delays and refuses answers",
        automation::run,
    ),
    ("limit", "a limit of 120 a minute, alone and with a second client, the clock an hour off", limit::run),
    ("power", "power cut on a file system of its own", power::run),
    ("sync", "a sync that fails, and a write that finds no room", disk::syncs),
    ("full", "a disk that is full for a while", disk::full),
    ("rot", "flipped bytes, cut files, an old copy put back", rot::run),
    ("simulation", "simulated schedules with faults of every kind", simulation::run),
    ("seeded", "bugs put into the code", seeded::run),
    ("slow", "2,000 slow heads, bodies, readers and half-open connections at once", slow::run),
    ("overload", "more writes than can be done, and somebody to block", load::overload),
    ("noisy", "one company at its limits beside another", load::noisy),
];

/// Runs the faults that are named, or all.
pub(crate) fn run(args: &[&str]) -> Result<String, String> {
    let mut extent = Extent::Long;
    let mut seed = 1;
    let mut named: Vec<&str> = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--short" => extent = Extent::Short,
            "--seed" => {
                let given = args.next().and_then(|seed| seed.parse().ok());
                seed = given.ok_or("--seed wants a number")?;
            }
            name if FAULTS.iter().any(|(known, ..)| *known == name) => named.push(name),
            other => {
                let known: Vec<_> = FAULTS.iter().map(|(name, ..)| *name).collect();
                return Err(format!("`{other}` is no fault; there are {}", known.join(", ")));
            }
        }
    }
    // A copy, so that a build meanwhile does not change what is tested.
    let kept = folder()?;
    let binary = kept.path().join("tenure");
    std::fs::copy(crate::build::release()?, &binary).map_err(|error| error.to_string())?;
    let setting = Setting { binary: &binary, extent, seed };
    println!("seed {seed}");
    println!("| fault | injected, and survived | the control |\n|---|---|---|");
    let (mut faults, mut not_here) = (Vec::new(), Vec::new());
    for (name, what, fault) in FAULTS.iter().filter(|(name, ..)| named.is_empty() || named.contains(name)) {
        let begun = Instant::now();
        // A loss can be such that the harness itself stumbles over it; the others are still run.
        let judged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fault(&setting)));
        match judged.unwrap_or_else(|_| Err("the harness panicked; its message is above".to_owned())) {
            Ok(Verdict::Survived { injected, control }) => println!("| {what} | {injected} | {control} |"),
            Ok(Verdict::NotHere(reason)) => {
                println!("| {what} | **not injected here**: {} | |", reason.replace('\n', " "));
                not_here.push(*name);
            }
            Err(error) => {
                println!("| {what} | **failed**: {} | |", error.replace('\n', " "));
                faults.push(format!("{name}: {error}"));
            }
        }
        eprintln!("{name}: {} s", begun.elapsed().as_secs());
    }
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    if not_here.is_empty() {
        return Ok("faults: all of them survived".to_owned());
    }
    Ok(format!("faults: all survived but those that cannot be injected here: {}", not_here.join(", ")))
}

/// Runs the simulation's schedules of the seeds `FROM..TO`.
pub(crate) fn simulate(seeds: &str) -> Result<String, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{seeds}` is not FROM..TO"));
    let (from, to) = seeds.split_once("..").ok_or_else(|| format!("`{seeds}` is not FROM..TO"))?;
    let (from, to) = (number(from)?, number(to)?);
    if from >= to {
        return Err(format!("`{seeds}` names no seed"));
    }
    for (what, count) in simulation::schedules(from, to)? {
        println!("{count:>12}  {what}");
    }
    Ok(format!("simulate: {} schedules, none broke an invariant", to.saturating_sub(from)))
}

/// A runtime for the clients of a fault.
fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Runtime::new().map_err(|error| error.to_string())
}

/// A folder that goes with the value.
fn folder() -> Result<tempfile::TempDir, String> {
    tempfile::tempdir().map_err(|error| error.to_string())
}

/// Whether `strace` is there and may trace; in a container it may not.
fn can_trace() -> bool {
    let tried = std::process::Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).status();
    tried.is_ok_and(|status| status.success())
}

/// Whether a program can be started.
fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/sbin".into(), "/usr/sbin".into()]);
    folders.map(|folder| folder.join(program)).any(|file| file.is_file())
}

/// Runs a program of the system that must succeed.
fn system(program: &str, args: &[&std::ffi::OsStr]) -> Result<(), String> {
    let output = std::process::Command::new(program).args(args).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
