//! `tenure restore`.

use crate::cli::Global;
use crate::commands::verify;
use crate::failure::Failure;
use crate::operate::data_path;
use std::path::Path;
use tenure_journal::SqliteJournal;
use tenure_journal::sqlite::JOURNAL_FILE;
use tenure_server::DataFolder;

pub(crate) fn run(global: &Global, file: &Path) -> Result<(), Failure> {
    let path = data_path(global)?;
    let is_in_use = std::fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some());
    if is_in_use {
        return Err(Failure::new(format!(
            "the data folder {} is not empty; name a new one with --data",
            path.display()
        )));
    }
    // Before anything is written: a damaged backup leaves no trace.
    verify::of_file(file)?;
    let folder = DataFolder::open(&path).map_err(Failure::new)?;
    SqliteJournal::restore(file, folder.path()).map_err(Failure::new)?;
    let found = verify::of_file(&folder.path().join(JOURNAL_FILE))?;
    verify::tell(global, &found, "was restored and verified");
    Ok(())
}
