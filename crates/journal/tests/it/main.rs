//! The journal, through its public interface: one suite that every engine is held to, and what SQLite alone promises.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

mod conformance;
mod events;
mod sqlite;
