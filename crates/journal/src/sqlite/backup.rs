//! Backups: a consistent copy of a live journal in one file.

use super::{JOURNAL_FILE, read, storage};
use crate::JournalError;
use std::fs::File;
use std::path::{Path, PathBuf};

impl super::SqliteJournal {
    /// Copies the journal in a file to a new file, durably. Works beside a running server. The target must not exist; it
    /// is there whole or not at all. What was copied is to be verified by the caller.
    pub fn back_up(from: &Path, to: &Path) -> Result<(), JournalError> {
        if to.exists() {
            return Err(JournalError::Refused(format!("{} exists already; name a new file", to.display())));
        }
        let draft = draft_of(to)?;
        let copied = copy(from, &draft).and_then(|()| {
            std::fs::rename(&draft, to).map_err(|error| storage("write", to, error))?;
            sync_folder_of(to)
        });
        if copied.is_err() {
            // The error tells more than a draft that stays.
            let _ = std::fs::remove_file(&draft);
        }
        copied
    }

    /// Puts a backup into a folder that has no journal, durably.
    pub fn restore(from: &Path, folder: &Path) -> Result<(), JournalError> {
        let to = folder.join(JOURNAL_FILE);
        Self::back_up(from, &to)
    }
}

/// An empty file beside the target that only the owner can read; SQLite fills it.
fn draft_of(to: &Path) -> Result<PathBuf, JournalError> {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".draft");
    let draft = to.with_file_name(name);
    File::create(&draft).map_err(|error| storage("write", &draft, error))?;
    super::private(&draft)?;
    Ok(draft)
}

fn copy(from: &Path, to: &Path) -> Result<(), JournalError> {
    let to_text = to.to_str().ok_or_else(|| {
        JournalError::Storage(format!("{} is not a name in UTF-8, which SQLite needs", to.display()))
    })?;
    let connection = read::open(from)?;
    connection.execute("VACUUM INTO ?", [to_text])?;
    File::open(to).and_then(|file| file.sync_all()).map_err(|error| storage("sync", to, error))
}

fn sync_folder_of(path: &Path) -> Result<(), JournalError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| storage("sync", folder, error))
}
