//! The journal, through its public interface: one suite that every engine is held to, and what SQLite alone promises.

mod conformance;
mod events;
mod sqlite;
