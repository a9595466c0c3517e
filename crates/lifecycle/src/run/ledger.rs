//! The ledger of a run: a line for each request before it is sent, and one for what came of it, each on disk before
//! anything else is done.

use crate::apply::Status;
use crate::plan::ActionId;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use tenure_client::TeammateId;

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Entry {
    /// An apply began, or went on.
    Started {
        /// The plan's digest.
        digest: String,
    },
    /// A request is about to be sent.
    Intent {
        /// Its number in the run.
        number: u64,
        /// The actions that it is for.
        actions: Vec<ActionId>,
        /// What it is, for people.
        request: String,
    },
    /// What came of a request.
    Outcome {
        /// Its number in the run.
        number: u64,
        /// What came.
        outcome: RequestOutcome,
        /// The id of the teammate, where the answer told it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        teammate_id: Option<TeammateId>,
    },
    /// An action is over.
    Action {
        /// Its number in the plan.
        action: ActionId,
        /// How it ended.
        status: Status,
        /// Why, where it is not verified.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
        /// The id of the teammate, where the action made it known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        teammate_id: Option<TeammateId>,
    },
    /// All actions are over, and were read back.
    Finished,
    /// The run was cut off and given up: another took its place.
    Abandoned,
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestOutcome {
    /// The server said that it is done.
    Done,
    /// The server said no.
    Refused,
    /// Nobody knows.
    Ambiguous,
    /// It was not sent.
    NotSent,
}

/// Where entries go. When `write` returns, the entry is durable.
pub trait Ledger: Send {
    /// Writes an entry durably.
    fn write(&mut self, entry: &Entry) -> io::Result<()>;
}

/// A ledger in a file of JSON lines.
#[derive(Debug)]
pub struct FileLedger {
    file: File,
}

/// Why a ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be read or written.
    #[error("the ledger {path} cannot be used: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A line in the middle is damaged.
    #[error("line {line} of the ledger {path} is damaged ({why}); what was done after it is not known")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl FileLedger {
    /// Opens a ledger with what it holds. A last line that a crash cut off is taken off: nothing was sent for it, or its
    /// intent stands before it.
    pub fn open(path: &Path) -> Result<(Self, Vec<Entry>), LedgerError> {
        let failed = |error| LedgerError::Io { path: path.to_owned(), error };
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let entries = entries(path, &text[..whole])?;
        if whole < text.len() {
            file.set_len(u64::try_from(whole).unwrap_or_default()).map_err(failed)?;
            file.sync_all().map_err(failed)?;
        }
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok((Self { file }, entries))
    }

    /// What a ledger holds, without touching it.
    pub fn read(path: &Path) -> Result<Vec<Entry>, LedgerError> {
        let text = std::fs::read(path).map_err(|error| LedgerError::Io { path: path.to_owned(), error })?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        entries(path, &text[..whole])
    }
}

fn entries(path: &Path, text: &[u8]) -> Result<Vec<Entry>, LedgerError> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let parsed = (1..).zip(lines).map(|(line, bytes)| {
        let damaged = |error: serde_json::Error| LedgerError::Damaged {
            path: path.to_owned(),
            line,
            why: error.to_string(),
        };
        serde_json::from_slice(bytes).map_err(damaged)
    });
    parsed.collect()
}

impl Ledger for FileLedger {
    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry).expect("an entry has a JSON form");
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()
    }
}
