//! The project's tasks. `cargo xtask` lists them.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task talks to whoever started it")]

mod build;
mod conformance;
mod faults;
mod published;
mod server;
mod smoke;

use std::process::ExitCode;

const TASKS: &str = "\
cargo xtask smoke            build the binary, and do with it what the README's quick start does
cargo xtask conformance      put two SCIM conformance checkers to the binary; installs them from PyPI
cargo xtask published FILE   hold our answers to the product's published OpenAPI document
cargo xtask faults [--short] [--seed N] [NAME]...
                             inject faults into the real binary, and print the table of those survived
cargo xtask simulate FROM..TO
                             run the simulation's schedules of these seeds, optimised";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["smoke"] => smoke::run(),
        ["faults", args @ ..] => faults::run(args),
        ["simulate", seeds] => faults::simulate(seeds),
        ["conformance"] => conformance::run(),
        ["published", file] => published::run(file.as_ref()),
        _ => {
            eprintln!("{TASKS}");
            return ExitCode::from(64);
        }
    };
    match done {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::FAILURE
        }
    }
}
