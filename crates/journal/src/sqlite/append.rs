//! The one connection that writes: appending, checkpointing, and telling a clean failure from an unknown outcome.

use super::side_file::SideFile;
use crate::chain::{ChainHash, Link};
use crate::envelope::{NewEvent, NewPersonal, Position, Stream, StreamAppend, Version};
use crate::follower::{Advance, Settled, Settlement};
use crate::reply::NewReply;
use crate::{AppendError, Batch, JournalError};
use rusqlite::{Connection, Error, OptionalExtension as _, Transaction, TransactionBehavior, ffi, params};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// After how many pages in the log it is written back. SQLite's own default: a log that is reused commits nearly twice
/// as fast as one that grows.
const CHECKPOINT_PAGES: i32 = 1000;
/// For how long a reply is kept: 24 hours, in milliseconds.
const REPLY_KEPT_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) struct Writer {
    connection: Connection,
    last: Position,
    /// Set once an outcome was unknown; from then on nothing is written.
    failed: Option<String>,
    pages_in_log: Arc<AtomicI32>,
    side_file: SideFile,
}

impl Writer {
    pub(super) fn new(mut connection: Connection, side_file: SideFile) -> Result<Self, JournalError> {
        let last: i64 =
            connection.query_row("SELECT ifnull(max(position), 0) FROM events", [], |row| row.get(0))?;
        let pages_in_log = Arc::new(AtomicI32::new(0));
        let pages = Arc::clone(&pages_in_log);
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, in_log| {
            pages.store(in_log, Ordering::Relaxed);
            Ok(())
        }))?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self { connection, last: Position(unsigned(last)), failed: None, pages_in_log, side_file })
    }

    pub(super) fn append(&mut self, batch: &Batch) -> Result<(), AppendError> {
        if let Some(reason) = &self.failed {
            return Err(AppendError::OutcomeUnknown { reason: reason.clone() });
        }
        let first = self.last;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| not_written(&error))?;
        let moved = streams_not_at_expected(&transaction, batch).map_err(|error| not_written(&error))?;
        if !moved.is_empty() {
            return Err(AppendError::Conflict { streams: moved });
        }
        let written = write_batch(&transaction, batch, first).map_err(|error| not_written(&error))?;
        let committed = transaction.commit();
        self.settle_commit(committed)?;
        self.last = written.last;
        if let Some(hash) = written.hash {
            self.side_file.remember(self.last, hash);
        }
        Ok(())
    }

    /// Judges a commit. A failure before the sync is clean; one of the sync, or one that we do not know, is final.
    fn settle_commit(&mut self, committed: Result<(), Error>) -> Result<(), AppendError> {
        if let Err(error) = committed {
            if !failed_before_sync(&error) {
                return Err(self.fail(&error));
            }
            if !self.connection.is_autocommit() {
                self.connection.execute_batch("ROLLBACK").map_err(|error| self.fail(&error))?;
            }
            return Err(not_written(&error));
        }
        if self.pages_in_log.load(Ordering::Relaxed) >= CHECKPOINT_PAGES {
            self.checkpoint_log()?;
        }
        Ok(())
    }

    fn checkpoint_log(&mut self) -> Result<(), AppendError> {
        let done = self.connection.wal_checkpoint_v2(None::<&str>, rusqlite::wal::CheckpointMode::PASSIVE);
        match done {
            Ok(_) => Ok(()),
            // The commits are safe in the log; it is written back when there is room again, or nobody reads.
            Err(error) if failed_before_sync(&error) || is_busy(&error) => {
                tracing::warn!(%error, "the journal's log could not be written back yet");
                Ok(())
            }
            Err(error) => Err(self.fail(&error)),
        }
    }

    fn fail(&mut self, error: &Error) -> AppendError {
        let reason = error.to_string();
        self.failed = Some(reason.clone());
        AppendError::OutcomeUnknown { reason }
    }

    pub(super) fn healthy(&self) -> Result<(), JournalError> {
        match &self.failed {
            Some(reason) => Err(JournalError::Storage(reason.clone())),
            None => Ok(()),
        }
    }

    pub(super) fn advance(&mut self, advance: &Advance) -> Result<(), JournalError> {
        self.transact(|transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO outputs (follower, key, company, due, attempts, body) VALUES (?, ?, ?, ?, ?, ?) \
                 ON CONFLICT DO NOTHING",
            )?;
            for output in &advance.outputs {
                let company = signed(output.stream.0);
                insert.execute(params![
                    output.follower,
                    output.key,
                    company,
                    output.due_ms,
                    output.attempts,
                    output.body
                ])?;
            }
            transaction
                .prepare_cached(
                    "INSERT INTO checkpoints (follower, shard, position) VALUES (?, ?, ?) \
                     ON CONFLICT DO UPDATE SET position = excluded.position",
                )?
                .execute(params![advance.follower, advance.shard.0, signed(advance.to.0)])?;
            Ok(())
        })
    }

    pub(super) fn settle(&mut self, settlements: &[Settlement]) -> Result<(), JournalError> {
        self.transact(|transaction| {
            for Settlement { follower, key, settled } in settlements {
                match settled {
                    Settled::Done => transaction
                        .prepare_cached("DELETE FROM outputs WHERE follower = ? AND key = ?")?
                        .execute(params![follower, key])?,
                    Settled::Again { due_ms } => transaction
                        .prepare_cached(
                            "UPDATE outputs SET due = ?, attempts = attempts + 1 WHERE follower = ? AND key = ?",
                        )?
                        .execute(params![due_ms, follower, key])?,
                };
            }
            Ok(())
        })
    }

    fn transact(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<(), Error>,
    ) -> Result<(), JournalError> {
        self.healthy()?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        work(&transaction)?;
        let committed = transaction.commit();
        self.settle_commit(committed).map_err(|error| JournalError::Storage(error.to_string()))
    }
}

fn streams_not_at_expected(transaction: &Transaction<'_>, batch: &Batch) -> Result<Vec<Stream>, Error> {
    let mut moved = Vec::new();
    for append in &batch.streams {
        if head_of(transaction, append.stream)?.0 != append.expected {
            moved.push(append.stream);
        }
    }
    Ok(moved)
}

fn head_of(transaction: &Transaction<'_>, stream: Stream) -> Result<(Version, ChainHash), Error> {
    let head = transaction
        .prepare_cached("SELECT version, hash FROM heads WHERE company = ?")?
        .query_row([signed(stream.0)], |row| Ok((Version(unsigned(row.get(0)?)), ChainHash(row.get(1)?))))
        .optional()?;
    Ok(head.unwrap_or_default())
}

struct Written {
    last: Position,
    hash: Option<ChainHash>,
}

fn write_batch(transaction: &Transaction<'_>, batch: &Batch, first: Position) -> Result<Written, Error> {
    let mut written = Written { last: first, hash: None };
    for append in &batch.streams {
        write_stream(transaction, append, &mut written)?;
    }
    for reply in &batch.replies {
        write_reply(transaction, reply)?;
    }
    Ok(written)
}

fn write_stream(
    transaction: &Transaction<'_>,
    append: &StreamAppend,
    written: &mut Written,
) -> Result<(), Error> {
    let (mut version, mut hash) = head_of(transaction, append.stream)?;
    for event in &append.events {
        version = Version(version.0 + 1);
        written.last = Position(written.last.0 + 1);
        hash = write_event(transaction, append.stream, version, written.last, event, hash)?;
        written.hash = Some(hash);
    }
    transaction
        .prepare_cached(
            "INSERT INTO heads (company, version, hash) VALUES (?, ?, ?) \
             ON CONFLICT DO UPDATE SET version = excluded.version, hash = excluded.hash",
        )?
        .execute(params![signed(append.stream.0), signed(version.0), hash.0])?;
    Ok(())
}

fn write_event(
    transaction: &Transaction<'_>,
    stream: Stream,
    version: Version,
    position: Position,
    event: &NewEvent,
    before: ChainHash,
) -> Result<ChainHash, Error> {
    let NewEvent { time_ms, actor, name, body, personal } = event;
    let digest = personal.as_ref().map(NewPersonal::digest);
    let link = Link { stream, version, time_ms: *time_ms, actor, name, body, personal_digest: digest };
    let hash = link.hash(before);
    transaction
        .prepare_cached(
            "INSERT INTO events (position, company, version, time, actor, name, body, personal, salt, digest, hash) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            signed(position.0),
            signed(stream.0),
            signed(version.0),
            time_ms,
            actor,
            name,
            body,
            personal.as_ref().map(|personal| &personal.data),
            personal.as_ref().map(|personal| &personal.salt[..]),
            digest.as_ref().map(|digest| &digest[..]),
            &hash.0[..],
        ])?;
    Ok(hash)
}

fn write_reply(transaction: &Transaction<'_>, reply: &NewReply) -> Result<(), Error> {
    transaction
        .prepare_cached("DELETE FROM replies WHERE time < ?")?
        .execute([reply.time_ms.saturating_sub(REPLY_KEPT_MS)])?;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO replies (company, token, key, fingerprint, time, answer) VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            signed(reply.key.stream.0),
            reply.key.token,
            reply.key.key,
            &reply.fingerprint[..],
            reply.time_ms,
            reply.answer
        ])?;
    Ok(())
}

fn not_written(error: &Error) -> AppendError {
    AppendError::NotWritten { reason: error.to_string() }
}

fn extended_code(error: &Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

/// Whether an error of a commit or checkpoint came before any sync was tried.
fn failed_before_sync(error: &Error) -> bool {
    matches!(extended_code(error), Some(ffi::SQLITE_FULL | ffi::SQLITE_IOERR_WRITE))
}

fn is_busy(error: &Error) -> bool {
    matches!(extended_code(error).map(|code| code & 0xff), Some(ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED))
}

/// SQLite's integers are signed. Numbers of ours are counts and stay far below the limit.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Reads a count; a negative one, which only damage can make, becomes one that fits nothing.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
