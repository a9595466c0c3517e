//! The side file: the last position and hash, written once a second without a sync of its own, so that a journal that
//! was cut short or put back from an old copy is noticed at the next start.

use super::append::{signed, unsigned};
use super::{WhenShorter, storage};
use crate::JournalError;
use crate::chain::ChainHash;
use crate::envelope::Position;
use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

const SIDE_FILE: &str = "journal.head";
const INTERVAL: Duration = Duration::from_secs(1);

#[derive(Serialize, Deserialize)]
struct Remembered {
    journal: String,
    position: u64,
    hash: String,
}

pub(super) struct SideFile {
    heads: Arc<Heads>,
    thread: Option<JoinHandle<()>>,
}

/// Where the head is left for the thread that writes it.
#[derive(Default)]
struct Heads {
    left: Mutex<Left>,
    changed: Condvar,
}

#[derive(Default)]
struct Left {
    latest: Option<(Position, ChainHash)>,
    is_ended: bool,
}

impl Heads {
    /// Only the first head since the last write wakes the thread: a wake at every commit would cost more than the head
    /// is worth.
    fn leave(&self, head: (Position, ChainHash)) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.latest.replace(head).is_none() {
            self.changed.notify_one();
        }
    }

    fn end(&self) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).is_ended = true;
        self.changed.notify_one();
    }

    /// Waits for a head and then for newer ones, for as long as the interval; `None` at the end.
    fn take(&self) -> Option<(Position, ChainHash)> {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |left: &mut Left| left.latest.is_none() && !left.is_ended;
        let left = self.changed.wait_while(left, idle).unwrap_or_else(PoisonError::into_inner);
        let early = |left: &mut Left| !left.is_ended;
        let waited = self.changed.wait_timeout_while(left, INTERVAL, early);
        waited.unwrap_or_else(PoisonError::into_inner).0.latest.take()
    }
}

impl SideFile {
    /// Compares the side file with the journal, then keeps it from now on.
    pub(super) fn open(
        folder: &Path,
        connection: &Connection,
        when_shorter: WhenShorter,
    ) -> Result<Self, JournalError> {
        let path = folder.join(SIDE_FILE);
        let journal = name_of(connection)?;
        let compared = compare(&path, connection, &journal);
        if when_shorter == WhenShorter::Refuse {
            compared?;
        } else if let Err(lost) = compared {
            tracing::warn!("going on from what is there, as told: {lost}");
        }
        if when_shorter == WhenShorter::Accept
            && let Err(error) = std::fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(storage("remove", &path, error));
        }
        let heads = Arc::new(Heads::default());
        let left = Arc::clone(&heads);
        let thread = std::thread::Builder::new()
            .name("journal-head".to_owned())
            .spawn(move || keep(&path, &journal, &left))
            .map_err(|error| JournalError::Storage(format!("cannot start a thread: {error}")))?;
        Ok(Self { heads, thread: Some(thread) })
    }

    /// Whether a journal that was here is gone, before an empty one is made in its place.
    pub(super) fn check_missing(folder: &Path, journal: &Path) -> Result<(), JournalError> {
        let is_there = std::fs::metadata(journal).is_ok_and(|file| file.len() > 0);
        if is_there || !folder.join(SIDE_FILE).exists() {
            return Ok(());
        }
        Err(JournalError::Lost(format!("{} is missing or empty", journal.display())))
    }

    /// Compares the side file of a folder with the journal, and changes nothing.
    pub(super) fn check(folder: &Path, connection: &Connection) -> Result<(), JournalError> {
        compare(&folder.join(SIDE_FILE), connection, &name_of(connection)?)
    }

    pub(super) fn remember(&self, position: Position, hash: ChainHash) {
        // The thread only ends with this value; if it died, the file is merely older than it could be.
        self.heads.leave((position, hash));
    }
}

impl Drop for SideFile {
    fn drop(&mut self) {
        self.heads.end();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The random name that a journal was given when it was made.
fn name_of(connection: &Connection) -> Result<String, JournalError> {
    Ok(connection.query_row("SELECT value FROM about WHERE key = 'journal'", [], |row| row.get(0))?)
}

fn keep(path: &Path, journal: &str, heads: &Heads) {
    while let Some(latest) = heads.take() {
        if let Err(error) = write(path, journal, latest) {
            tracing::warn!(%error, "the journal's side file could not be written");
        }
    }
}

fn write(path: &Path, journal: &str, (position, hash): (Position, ChainHash)) -> std::io::Result<()> {
    let remembered = Remembered { journal: journal.to_owned(), position: position.0, hash: hash.to_string() };
    let draft: PathBuf = path.with_extension("head-draft");
    super::write_private(&draft, &serde_json::to_vec(&remembered)?)?;
    std::fs::rename(&draft, path)
}

fn compare(path: &Path, connection: &Connection, journal: &str) -> Result<(), JournalError> {
    let file = match std::fs::read(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(storage("read", path, error)),
    };
    let Ok(remembered) = serde_json::from_slice::<Remembered>(&file) else {
        // A power cut can leave it empty, since it is never synced. Then it says nothing.
        tracing::warn!(path = %path.display(), "the journal's side file is unreadable and says nothing");
        return Ok(());
    };
    if remembered.journal != journal {
        return Err(JournalError::Lost("it is another journal than the one that was here".to_owned()));
    }
    let hash: Option<[u8; 32]> = connection
        .query_row("SELECT hash FROM events WHERE position = ?", [signed(remembered.position)], |row| {
            row.get(0)
        })
        .optional()?;
    match hash.map(ChainHash) {
        Some(hash) if hash.to_string() == remembered.hash => Ok(()),
        Some(_) => Err(JournalError::Lost(format!(
            "the event at position {} is another than the one that was there",
            remembered.position
        ))),
        None => {
            let last: i64 =
                connection.query_row("SELECT ifnull(max(position), 0) FROM events", [], |row| row.get(0))?;
            Err(JournalError::Lost(format!(
                "it ends at position {}, and it had reached {}",
                unsigned(last),
                remembered.position
            )))
        }
    }
}
