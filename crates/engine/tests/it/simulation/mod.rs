//! A node in a simulated world: one seed decides what is asked, which appends fail and how, when the process dies, and
//! how the clock steps. After every step, checkers compare the node with a plain model and with the disk.
//!
//! `cargo xtask simulate 0..100000` runs other seeds. A failure names its seed; one that was found and mended is kept in
//! [`FOUND`].

mod act;
mod checkers;
mod disk;
mod model;
mod world;

use disk::Bug;
use std::collections::BTreeMap;
use std::panic::catch_unwind;
use world::World;

/// Seeds that once failed.
const FOUND: &[u64] = &[];

/// How many steps a schedule has.
const STEPS: usize = 40;

fn seeds() -> Vec<u64> {
    let given = std::env::var("SIMULATION_SEEDS").unwrap_or_else(|_| "0..2000".to_owned());
    let (from, to) = given.split_once("..").expect("SIMULATION_SEEDS is FROM..TO");
    let number = |text: &str| text.parse::<u64>().expect("SIMULATION_SEEDS is FROM..TO");
    FOUND.iter().copied().chain(number(from)..number(to)).collect()
}

fn run(seed: u64) -> World {
    run_on(seed, None)
}

fn run_on(seed: u64, bug: Option<Bug>) -> World {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(seed, bug).await;
        for _ in 0..STEPS {
            world.step().await;
        }
        world.end().await;
        world
    })
}

type Seen = BTreeMap<&'static str, u64>;

fn run_all(seeds: &[u64]) -> Seen {
    seeds.iter().flat_map(|seed| run(*seed).seen).fold(Seen::new(), |mut seen, (what, count)| {
        *seen.entry(what).or_default() += count;
        seen
    })
}

#[test]
fn no_schedule_breaks_an_invariant_and_every_fault_is_seen() {
    let seeds = seeds();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let shares = seeds.chunks(seeds.len().div_ceil(cores));
    let parts: Vec<Seen> = std::thread::scope(|scope| {
        let running: Vec<_> = shares.map(|share| scope.spawn(|| run_all(share))).collect();
        running.into_iter().map(|part| part.join().expect("the seed is named above")).collect()
    });
    let seen = parts.into_iter().flatten().fold(Seen::new(), |mut seen, (what, count)| {
        *seen.entry(what).or_default() += count;
        seen
    });
    println!("simulation: {} schedules of {STEPS} steps", seeds.len());
    for (what, count) in &seen {
        println!("simulation: {count:>12}  {what}");
    }
    for point in world::SOMETIMES {
        assert!(seen.contains_key(point), "the simulation never reached: {point}");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [1, 77, 4242] {
        assert_eq!(run(seed).trace, run(seed).trace, "seed {seed}");
    }
}

/// Whether a panic is that of a checker, which names the seed, and not one of the simulation itself.
fn is_of_a_checker(panic: Box<dyn std::any::Any + Send>) -> bool {
    panic.downcast_ref::<String>().is_some_and(|message| message.contains("seed "))
}

/// The negative control: a disk with a bug is noticed within a few schedules.
#[test]
fn the_checkers_see_each_bug_of_the_disk() {
    for bug in Bug::ALL {
        let is_seen =
            (0..100).any(|seed| catch_unwind(|| run_on(seed, Some(bug))).is_err_and(is_of_a_checker));
        assert!(is_seen, "no checker sees that the disk {bug:?}");
    }
}
