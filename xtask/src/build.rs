//! Building the binary, and finding where it is.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Cargo, as it was called itself, without what it told this task about itself: some crates are built anew when that is
/// other than it was.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    for (name, _) in std::env::vars_os() {
        let is_about_us = name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if is_about_us {
            command.env_remove(name);
        }
    }
    command
}

/// The binary as it is tested.
pub(crate) fn debug() -> Result<PathBuf, String> {
    build(&[])
}

/// The binary as people get it.
pub(crate) fn release() -> Result<PathBuf, String> {
    build(&["--release"])
}

fn build(profile: &[&str]) -> Result<PathBuf, String> {
    built_by(cargo().args(["build", "--locked"]).args(profile))
}

/// Lets a build of Cargo build the binary, and finds where it is.
pub(crate) fn built_by(command: &mut Command) -> Result<PathBuf, String> {
    let command = command.args(["--package", "tenure", "--message-format", "json-render-diagnostics"]);
    let built = command.stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    if !built.status.success() {
        return Err("the binary does not build".to_owned());
    }
    let messages = String::from_utf8_lossy(&built.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let binary = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back();
    binary.ok_or_else(|| "cargo did not say where the binary is".to_owned())
}
