//! The engine, through its public interface.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

mod births;
mod followers;
mod node;
mod simulation;
mod snapshots;
mod verifying;
