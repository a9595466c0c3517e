//! Tenure: a server for a company's teammates and teams, and the tools around it. One binary.

mod automate;
mod bench;
mod cli;
mod commands;
mod config;
mod failure;
mod operate;
mod print;

use clap::FromArgMatches as _;
use cli::{Cli, Command, Output};
use failure::Failure;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit code of a command line that makes no sense.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let args = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned());
    if let Err(failure) = automate::connection::refuse_tokens(args) {
        print::failure(&failure);
        return failure.exit_code();
    }
    let cli = match cli::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // If the message cannot be printed, there is nobody to read it.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print::failure(&failure);
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let Cli { global, command } = cli;
    let is_new_token = matches!(&command, Command::Token { command: cli::Token::Create { .. } });
    if global.output == Output::Plain && !is_new_token {
        let failure = Failure::usage("--output plain is only for `tenure token create`");
        return Err(failure.with_hint("use --output human or --output json"));
    }
    match command {
        Command::Serve(serve) => commands::serve::run(&global, *serve),
        Command::Company { command } => commands::company::run(&global, command),
        Command::Token { command } => commands::token::run(&global, command),
        Command::CustomField { command } => commands::custom_field::run(&global, command),
        Command::Team { command } => commands::team::run(&global, command),
        Command::Sso { command } => commands::sso::run(&global, command),
        Command::Teammate { command } => commands::teammate::run(&global, command),
        Command::Webhook { command } => commands::webhook::run(&global, command),
        Command::Outbox { command } => commands::outbox::run(&global, command),
        Command::Audit(audit) => commands::audit::run(&global, audit),
        Command::Bench { quick } => commands::bench::run(&global, quick),
        Command::Backup { file } => commands::backup::run(&global, &file),
        Command::Verify { file } => commands::verify::run(&global, file.as_deref()),
        Command::Restore { file } => commands::restore::run(&global, &file),
        Command::Plan(args) => commands::plan::run(&global, *args),
        Command::Apply(args) => commands::apply::run(&global, *args),
        Command::Approve(args) => commands::approve::run(&global, &args),
        Command::Drift(args) => commands::plan::drift(&global, *args),
        Command::Provision(args) => commands::provision::provision(&global, *args),
        Command::Offboard(args) => commands::provision::offboard(&global, *args),
        Command::List { command } => commands::list::run(&global, command),
        Command::Graph(args) => commands::graph::run(&global, *args),
        Command::Watch(args) => commands::watch::run(&global, &args),
        Command::Runs { command } => commands::runs::run(&global, command),
        Command::Doctor(args) => commands::doctor::run(&global, &args),
        Command::Profile { command } => commands::profile::run(&global, command),
        Command::Completions { shell } => commands::completions::run(shell),
        Command::Man { folder } => commands::man::run(&global, &folder),
    }
}
