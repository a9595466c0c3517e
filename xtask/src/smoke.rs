//! The main job, once, with the real binary: the README's quick start, then an orderly end and a verified journal.

use crate::server::Site;
use std::path::Path;
use std::process::Command;

/// Runs it. The error says which step failed.
pub(crate) fn run() -> Result<String, String> {
    let binary = crate::build::debug()?;
    let data = tempfile::tempdir().map_err(|error| error.to_string())?;
    let site = Site { binary, data: data.path().to_owned(), token: String::new() };
    let server = site.serve(&["--demo"])?;
    quick_start(&site, server.url()?)?;
    automation(&site, server.url()?)?;
    let ended = server.terminate()?;
    if !ended.status.success() {
        return Err(format!("the server ended with {}: {}", ended.status, ended.said));
    }
    site.run(&["verify"])?;
    Ok("smoke: the quick start and the automation work, the server ends in good order, and its journal verifies".to_owned())
}

/// The shell blocks under a heading of the README, up to the next heading of the same kind.
fn blocks_under(heading: &str) -> Result<Vec<String>, String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(readme).map_err(|error| error.to_string())?;
    let section = readme.split("\n## ").find(|section| section.starts_with(heading));
    let section = section.ok_or_else(|| format!("README.md has no section `{heading}`"))?;
    let blocks = section.split("```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    Ok(blocks.map(str::to_owned).collect())
}

/// Runs what the README automates, as it stands there: each command must succeed, and the last must find nothing left to do.
fn automation(site: &Site, url: &str) -> Result<(), String> {
    let script = blocks_under("Automate it")?.join("\n");
    let folder = site.binary.parent().ok_or("the binary is in no folder")?;
    let script = script.replace("http://127.0.0.1:8400", url);
    let script = script.replace("$PWD/target/release", &folder.display().to_string());
    let script = script.replace("./demo", &site.data.display().to_string());
    // People files and plans go beside the journal, which goes with the test.
    let mut command = Command::new("bash");
    command.args(["-euc", &script]).current_dir(&site.data).env("HOME", &site.data);
    let output = command.output().map_err(|error| format!("the automation needs bash: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let expected =
        ["nia@example.com  is_blocked=true", "4 verified", "1 invitation was sent", "Nothing to do"];
    let missing: Vec<_> = expected.into_iter().filter(|expected| !printed.contains(expected)).collect();
    if output.status.success() && missing.is_empty() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "the README's automation ended with {}; missing: {missing:?}\n{printed}\n{told}",
        output.status
    ))
}

/// Runs the quick start as it stands in the README, in one shell, against the running server. Only the address, the data
/// folder and the place of the binary are others.
fn quick_start(site: &Site, url: &str) -> Result<(), String> {
    let blocks = blocks_under("Quick start")?;
    // The last one starts a server of its own.
    let own_company = blocks.len().checked_sub(1).ok_or("the quick start has no shell block")?;
    let script = blocks[..own_company].join("\n");
    let script = script.replace("http://127.0.0.1:8400", url);
    let script = script.replace("./target/release/tenure", &site.binary.display().to_string());
    let script = script.replace("./demo", &site.data.display().to_string());
    let output = Command::new("bash").args(["-euc", &script]).output();
    let output = output.map_err(|error| format!("the quick start needs bash and curl: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let expected = [
        "HTTP/1.1 201 Created",
        "HTTP/1.1 204 No Content",
        "\"email\":\"michael@example.com\"",
        "\"is_blocked\":true",
        "\"userName\":\"pam@example.com\"",
        "\"active\":false",
    ];
    let missing: Vec<_> = expected.into_iter().filter(|expected| !printed.contains(expected)).collect();
    let deletes = printed.matches("HTTP/1.1 204 No Content").count();
    if output.status.success() && missing.is_empty() && deletes == 2 {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "the README's quick start ended with {}; missing: {missing:?}\n{printed}\n{told}",
        output.status
    ))
}
