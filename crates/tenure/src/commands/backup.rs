//! `tenure backup`.

use crate::cli::Global;
use crate::commands::verify;
use crate::failure::Failure;
use crate::operate::{data_path, require_journal};
use std::path::Path;
use tenure_journal::SqliteJournal;
use tenure_journal::sqlite::JOURNAL_FILE;

pub(crate) fn run(global: &Global, file: &Path) -> Result<(), Failure> {
    let folder = data_path(global)?;
    require_journal(&folder)?;
    SqliteJournal::back_up(&folder.join(JOURNAL_FILE), file).map_err(Failure::new)?;
    let found = verify::of_file(file).inspect_err(|_| {
        // A copy that cannot be trusted must not look like a backup; the error tells more than a file that stays.
        let _ = std::fs::remove_file(file);
    })?;
    verify::tell(global, &found, "was written and verified");
    Ok(())
}
