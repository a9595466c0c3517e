//! The rules of the directory, through its public interface.

mod commands;
mod golden;
mod laws;
mod samples;
