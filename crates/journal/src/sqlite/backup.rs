//! Backups: a consistent copy of a live journal in one file.

use super::{JOURNAL_FILE, read, storage};
use crate::JournalError;
use std::fs::File;
use std::path::Path;

impl super::SqliteJournal {
    /// Copies the journal in a file to a new file, durably. Works beside a running server. The target must not exist.
    /// What was copied is to be verified by the caller.
    pub fn back_up(from: &Path, to: &Path) -> Result<(), JournalError> {
        if to.exists() {
            return Err(JournalError::Storage(format!("{} exists already; name a new file", to.display())));
        }
        let to_text = to.to_str().ok_or_else(|| {
            JournalError::Storage(format!("{} is not a name in UTF-8, which SQLite needs", to.display()))
        })?;
        let connection = read::open(from)?;
        connection.execute("VACUUM INTO ?", [to_text])?;
        super::private(to)?;
        sync(to)
    }

    /// Puts a backup into a folder that has no journal, durably.
    pub fn restore(from: &Path, folder: &Path) -> Result<(), JournalError> {
        let to = folder.join(JOURNAL_FILE);
        Self::back_up(from, &to)
    }
}

fn sync(path: &Path) -> Result<(), JournalError> {
    let synced = |path: &Path| File::open(path)?.sync_all();
    synced(path).map_err(|error| storage("sync", path, error))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    synced(folder).map_err(|error| storage("sync", folder, error))
}
