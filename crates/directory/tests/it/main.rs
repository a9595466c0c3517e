//! The rules of the directory, through its public interface.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

mod commands;
mod golden;
mod laws;
mod rules;
mod samples;
