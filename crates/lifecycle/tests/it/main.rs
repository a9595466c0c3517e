//! Planning and applying, held to `contract/lifecycle.md`.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

mod graph;
mod guards;
mod hostile;
mod model;
mod people_files;
mod plans;
mod reference;
mod scene;
mod simulation;
mod staleness;
