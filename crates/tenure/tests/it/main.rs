//! The binary as a process: of each command the exit code, stdout and stderr. Files are named as the commands.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

mod audit;
mod automate;
mod company;
mod custom_field;
mod durability;
mod help;
mod kill;
mod metrics;
mod outbox;
mod outlets;
mod process;
mod quick_start;
mod serve;
mod sso;
mod team;
mod teammate;
mod token;
mod webhook;
mod webhook_crash;
