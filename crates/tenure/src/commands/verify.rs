//! `tenure verify`.

use crate::cli::{Global, Output};
use crate::failure::Failure;
use crate::operate::{data_path, require_journal};
use crate::print;
use serde::Serialize;
use std::path::Path;
use tenure_engine::verify::{Verified, verify};
use tenure_journal::SqliteJournal;
use tenure_journal::sqlite::JOURNAL_FILE;

/// What was found, for `--output json`.
#[derive(Serialize)]
pub(crate) struct Found {
    path: String,
    companies: u64,
    events: u64,
    teammates: u64,
    teams: u64,
    snapshots: u64,
}

pub(crate) fn run(global: &Global, file: Option<&Path>) -> Result<(), Failure> {
    let found = match file {
        // A data folder may be named without its option.
        Some(folder) if folder.is_dir() => of_folder(folder)?,
        Some(file) => of_file(file)?,
        None => of_folder(&data_path(global)?)?,
    };
    tell(global, &found, "is whole");
    Ok(())
}

fn of_folder(folder: &Path) -> Result<Found, Failure> {
    require_journal(folder)?;
    SqliteJournal::check_length(folder).map_err(Failure::new)?;
    let snapshots = SqliteJournal::snapshots_in(folder).map_err(Failure::new)?;
    let path = folder.join(JOURNAL_FILE);
    let verified = verify(&path, snapshots).map_err(Failure::new)?;
    Ok(found(&path, verified))
}

/// Verifies a journal in a file.
pub(crate) fn of_file(path: &Path) -> Result<Found, Failure> {
    let verified =
        verify(path, vec![]).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    Ok(found(path, verified))
}

fn found(path: &Path, verified: Verified) -> Found {
    let Verified { companies, events, teammates, teams, snapshots } = verified;
    Found { path: path.display().to_string(), companies, events, teammates, teams, snapshots }
}

/// Prints what was found.
pub(crate) fn tell(global: &Global, found: &Found, how: &str) {
    if global.output == Output::Json {
        print::json(found);
        return;
    }
    let Found { path, companies, events, teammates, teams, snapshots } = found;
    print::result(&format!(
        "{path} {how}\n  companies {companies}\n  events    {events}\n  teammates {teammates}\n  teams     {teams}\n  \
         snapshots {snapshots}\n"
    ));
}
