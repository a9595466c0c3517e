//! One apply at a time for each target: a lock with its owner and age.

use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The run.
    pub run: String,
    /// The process.
    pub process: u32,
    /// Since when, in ISO 8601.
    pub since: String,
    /// Who started it.
    pub by: String,
}

/// Who holds the lock of a target, or held it last without finishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its owner, where the file tells.
    pub owner: Option<Owner>,
}

/// Why a lock is not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another apply runs.
    #[error("another apply runs at this target: {}", told(.0))]
    Running(Held),
    /// An apply was cut off before it was finished.
    #[error("an apply at this target was cut off: {}", told(.0))]
    Stale(Held),
    /// The file cannot be used.
    #[error("the lock {path} cannot be used: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

fn told(held: &Held) -> String {
    match &held.owner {
        Some(Owner { run, process, since, by }) => {
            format!("run {run}, process {process}, of {by}, since {since}")
        }
        None => "its owner is not told".to_owned(),
    }
}

/// A lock that is held as long as this value lives; the system lets go of it with the process, however that ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock. One that was cut off, and whose run `is_open`, is taken only by that run, or with `takes_over`; then
    /// its owner comes back too.
    pub fn take(
        path: &Path,
        owner: &Owner,
        takes_over: bool,
        is_open: impl Fn(&str) -> bool,
    ) -> Result<(Self, Option<Owner>), LockError> {
        let failed = |error| LockError::Io { path: path.to_owned(), error };
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        let is_free = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        };
        let mut text = String::new();
        // What another process is writing at this moment may be anything; then its owner is not told.
        let read = file.read_to_string(&mut text);
        let last: Option<Owner> = read.ok().and_then(|_| serde_json::from_str(&text).ok());
        if !is_free {
            return Err(LockError::Running(Held { owner: last }));
        }
        // One without a name was cut off before it had a run, and one that is finished before it let go.
        let overtaken =
            last.filter(|last| !last.run.is_empty() && last.run != owner.run && is_open(&last.run));
        if overtaken.is_some() && !takes_over {
            return Err(LockError::Stale(Held { owner: overtaken }));
        }
        let lock = Self { file };
        // Until the run that was cut off is given up, the lock goes on naming it.
        if overtaken.is_none() {
            lock.rename(owner).map_err(failed)?;
        }
        Ok((lock, overtaken))
    }

    /// Writes another owner into the lock: a run that has its name only once the lock is held.
    pub fn rename(&self, owner: &Owner) -> io::Result<()> {
        let mut file = &self.file;
        let line = serde_json::to_vec(owner).expect("an owner has a JSON form");
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&line)?;
        // Afterwards, so that a crash in between leaves an owner, whole or cut off, and not nothing.
        file.set_len(u64::try_from(line.len()).unwrap_or(u64::MAX))?;
        file.sync_all()
    }

    /// Gives the lock back: what it was for is finished.
    pub fn release(self) {
        // Whoever comes next finds an empty file, or else an owner whose run is told to be finished.
        let _ = self.file.set_len(0).and_then(|()| self.file.sync_all());
    }
}
