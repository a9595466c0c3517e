//! The main job, once, with the real binary: the README's quick start, then an orderly end and a verified journal.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Runs it. The error says which step failed.
pub(crate) fn run() -> Result<String, String> {
    let binary = crate::build::debug()?;
    let data = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut server = Running::start(&binary, data.path())?;
    quick_start(&binary, data.path(), &server.url)?;
    server.stop()?;
    let verified = Command::new(&binary).arg("verify").arg("--data").arg(data.path()).output();
    let verified = verified.map_err(|error| error.to_string())?;
    if !verified.status.success() {
        return Err(format!("the journal does not verify: {}", String::from_utf8_lossy(&verified.stderr)));
    }
    Ok("smoke: the quick start works, the server ends in good order, and its journal verifies".to_owned())
}

/// A server that this process started, and ends.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(binary: &Path, data: &Path) -> Result<Self, String> {
        let mut child = Command::new(binary)
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("the server does not start: {error}"))?;
        let stdout = child.stdout.take().ok_or("the server has no stdout")?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let url = lines.find_map(|line| line.strip_prefix("tenure: ready at ").map(str::to_owned));
        Ok(Self { child, url: url.ok_or("the server did not say that it is ready")? })
    }

    fn stop(&mut self) -> Result<(), String> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        told.map_err(|error| error.to_string())?;
        let ended = self.child.wait().map_err(|error| error.to_string())?;
        if ended.success() { Ok(()) } else { Err(format!("the server ended with {ended}")) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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

/// Runs the quick start as it stands in the README, in one shell, against the running server. Only the address, the data
/// folder and the place of the binary are others.
fn quick_start(binary: &Path, data: &Path, url: &str) -> Result<(), String> {
    let blocks = blocks_under("Quick start")?;
    // The last one starts a server of its own.
    let own_company = blocks.len().checked_sub(1).ok_or("the quick start has no shell block")?;
    let script = blocks[..own_company].join("\n");
    let script = script.replace("http://127.0.0.1:8400", url);
    let script = script.replace("./target/release/tenure", &binary.display().to_string());
    let script = script.replace("./demo", &data.display().to_string());
    let output = Command::new("bash").args(["-euc", &script]).output();
    let output = output.map_err(|error| format!("the quick start needs bash and curl: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let expected = [
        "HTTP/1.1 201 Created",
        "HTTP/1.1 204 No Content",
        "\"email\":\"michael@example.com\"",
        "\"is_blocked\":true",
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
