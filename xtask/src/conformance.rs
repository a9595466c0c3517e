//! Two checkers that others wrote, put to the real binary: `scim2-tester` (by `scim2-cli`) and `scim-sanity`. They are
//! installed into a virtual environment of their own, below `target`.

use crate::server::Site;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What is installed, by version.
const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance.txt");
/// So many successes `scim2-tester` must count; its own reference has 135.
const LEAST_SUCCESSES: usize = 130;

/// Installs the checkers, and runs both against a server of its own.
pub(crate) fn run() -> Result<String, String> {
    let checkers = install()?;
    let binary = crate::build::debug()?;
    let data = tempfile::tempdir().map_err(|error| error.to_string())?;
    let site = Site::found(&binary, &data.path().join("data"))?;
    let token = furnish(&site, data.path())?;
    let server = site.serve(&[])?;
    let url = format!("{}/scim/v2", server.url()?);
    let successes = tester(&checkers, &url, &token)?;
    let sanity = sanity(&checkers, &url, &token)?;
    let ended = server.terminate()?;
    if !ended.status.success() {
        return Err(format!("the server ended with {}: {}", ended.status, ended.said));
    }
    site.run(&["verify"])?;
    Ok(format!(
        "conformance: scim2-tester {successes} successes and no failure; scim-sanity, strict: {sanity}"
    ))
}

/// Custom fields of the types that `scim2-tester` can make values of, and a SCIM token without a limit.
fn furnish(site: &Site, folder: &Path) -> Result<String, String> {
    let metadata = folder.join("metadata.xml");
    std::fs::write(&metadata, "<EntityDescriptor/>").map_err(|error| error.to_string())?;
    site.run(&["sso", "set", "--company", "acme", "--metadata", &metadata.display().to_string()])?;
    site.run(&["custom-field", "create", "--type", "string", "City"])?;
    site.run(&["custom-field", "create", "--type", "boolean", "Remote"])?;
    let create = ["token", "create", "--kind", "scim", "--rate-limit", "unlimited", "--output", "plain"];
    Ok(site.run(&create)?.trim_end().to_owned())
}

/// The folder of the checkers' programs.
fn install() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/conformance");
    let programs = folder.join("bin");
    let wanted = std::fs::read(REQUIREMENTS).map_err(|error| error.to_string())?;
    let installed = folder.join("installed.txt");
    if std::fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(programs);
    }
    let needs = |fault: String| format!("the checkers need python3 with venv, and PyPI: {fault}");
    called(Command::new("python3").args(["-m", "venv"]).arg(&folder)).map_err(needs)?;
    let mut pip = Command::new(programs.join("pip"));
    called(pip.args(["install", "--quiet", "--requirement", REQUIREMENTS])).map_err(needs)?;
    std::fs::write(installed, wanted).map_err(|error| error.to_string())?;
    Ok(programs)
}

fn called(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let program = command.get_program().display();
    Err(format!("{program} ended with {}\n{}", output.status, said(&output)))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// How many successes `scim2-tester` counts; an error, if it has anything else to say.
fn tester(checkers: &Path, url: &str, token: &str) -> Result<usize, String> {
    let mut command = Command::new(checkers.join("scim2"));
    command.args(["-u", url, "test", "-v"]).env("SCIM_CLI_HEADERS", format!("Authorization: Bearer {token}"));
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let told = said(&output);
    let count = |word: &str| told.lines().filter(|line| line.starts_with(word)).count();
    let (successes, failures) = (count("SUCCESS "), count("ERROR ") + count("CRITICAL "));
    if output.status.success() && failures == 0 && successes >= LEAST_SUCCESSES {
        return Ok(successes);
    }
    Err(format!("scim2-tester: {successes} successes, {failures} failures, {}\n{told}", output.status))
}

/// What `scim-sanity` sums up; an error, if anything failed.
fn sanity(checkers: &Path, url: &str, token: &str) -> Result<String, String> {
    let mut command = Command::new(checkers.join("scim-sanity"));
    command.args(["probe", url, "--token", token, "--i-accept-side-effects", "--strict"]);
    let told = said(&called(&mut command)?);
    let summary = told.lines().find(|line| line.contains(" passed")).map(str::trim).unwrap_or_default();
    if summary.is_empty() || summary.contains("failed") || told.contains("[FAIL]") {
        return Err(format!("scim-sanity:\n{told}"));
    }
    Ok(summary.to_owned())
}
