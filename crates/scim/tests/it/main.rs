//! The protocol as it is used: each module holds one part of it.

mod filters;
mod fixtures;
mod patches;
mod projections;
mod reading;
mod sorting;
