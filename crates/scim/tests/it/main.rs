//! The protocol as it is used: each module holds one part of it.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

mod filters;
mod fixtures;
mod patches;
mod projections;
mod reading;
mod sorting;
