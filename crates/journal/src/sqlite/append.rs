//! The one connection that writes: appending, checkpointing, and telling a clean failure from an unknown outcome.

use super::deliveries;
use super::side_file::SideFile;
use crate::chain::{ChainHash, Link};
use crate::envelope::{NewEvent, NewPersonal, Position, Stream, StreamAppend, Version};
use crate::follower::{Advance, Advanced, Settled, Settlement};
use crate::reply::NewReply;
use crate::{AppendError, Batch, JournalError};
use rusqlite::{Connection, Error, OptionalExtension as _, Transaction, TransactionBehavior, ffi, params};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, OnceLock};

/// After how many pages in the log it is written back. SQLite's own default: a log that is reused commits nearly twice
/// as fast as one that grows.
const CHECKPOINT_PAGES: i32 = 1000;
/// For how long a reply is kept: 24 hours, in milliseconds.
const REPLY_KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// Set once an outcome was unknown; from then on nothing is written. Shared, so that it can be asked without waiting for
/// the disk.
pub(super) type Failed = Arc<OnceLock<String>>;

pub(super) struct Writer {
    connection: Connection,
    last: Position,
    failed: Failed,
    pages_in_log: Arc<AtomicI32>,
    side_file: SideFile,
}

impl Writer {
    pub(super) fn new(
        mut connection: Connection,
        side_file: SideFile,
        failed: Failed,
    ) -> Result<Self, JournalError> {
        let last: Option<(i64, [u8; 32])> = connection
            .query_row("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        if let Some((position, hash)) = last {
            side_file.remember(Position(unsigned(position)), ChainHash(hash));
        }
        let last = last.map_or(0, |(position, _)| position);
        let pages_in_log = Arc::new(AtomicI32::new(0));
        let pages = Arc::clone(&pages_in_log);
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, in_log| {
            pages.store(in_log, Ordering::Relaxed);
            Ok(())
        }))?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { connection, last: Position(unsigned(last)), failed, pages_in_log, side_file })
    }

    pub(super) fn append(&mut self, batch: &Batch) -> Result<(), AppendError> {
        let first = self.last;
        let written = match self.transact(|transaction| write_batch(transaction, batch, first))? {
            Tried::Written(written) => written,
            Tried::Moved(streams) => return Err(AppendError::Conflict { streams }),
        };
        self.last = written.last;
        if let Some(hash) = written.hash {
            self.side_file.remember(self.last, hash);
        }
        Ok(())
    }

    fn check_health(&self) -> Result<(), AppendError> {
        match self.failed.get() {
            Some(reason) => Err(AppendError::OutcomeUnknown { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Judges an error before the commit: a transaction that grows large is spilled, and a spill may sync.
    fn judge(&self, error: &Error) -> AppendError {
        if is_sync(error) { self.fail(error) } else { not_written(error) }
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

    fn fail(&self, error: &Error) -> AppendError {
        let reason = self.failed.get_or_init(|| error.to_string()).clone();
        AppendError::OutcomeUnknown { reason }
    }

    pub(super) fn advance(&mut self, advance: &Advance) -> Result<Advanced, JournalError> {
        let advanced = self.transact(|transaction| {
            let at: Option<i64> = transaction
                .prepare_cached("SELECT position FROM checkpoints WHERE follower = ? AND shard = ?")?
                .query_row(params![advance.follower, advance.shard.0], |row| row.get(0))
                .optional()?;
            if unsigned(at.unwrap_or_default()) != advance.from.0 {
                return Ok(Advanced::Overtaken);
            }
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
            deliveries::enqueue(transaction, &advance.deliveries)?;
            transaction
                .prepare_cached(
                    "INSERT INTO checkpoints (follower, shard, position) VALUES (?, ?, ?) \
                     ON CONFLICT DO UPDATE SET position = excluded.position",
                )?
                .execute(params![advance.follower, advance.shard.0, signed(advance.to.0)])?;
            Ok(Advanced::Stored)
        })?;
        Ok(advanced)
    }

    pub(super) fn hurry(&mut self, follower: &str, stream: Stream, now_ms: i64) -> Result<(), JournalError> {
        self.transact(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE outputs SET due = ?3 WHERE follower = ?1 AND company = ?2 AND due > ?3",
                )?
                .execute(params![follower, signed(stream.0), now_ms])
        })?;
        Ok(())
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
                    Settled::Wait { due_ms } => transaction
                        .prepare_cached("UPDATE outputs SET due = ? WHERE follower = ? AND key = ?")?
                        .execute(params![due_ms, follower, key])?,
                };
            }
            Ok(())
        })?;
        Ok(())
    }

    pub(super) fn transact<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, AppendError> {
        self.check_health()?;
        match attempt(&mut self.connection, work) {
            Attempt::EndedEarly(error) => Err(self.judge(&error)),
            Attempt::Committed(done, committed) => {
                self.settle_commit(committed)?;
                Ok(done)
            }
        }
    }
}

/// How far a transaction came. An error before the commit and one of the commit mean different things.
enum Attempt<T> {
    EndedEarly(Error),
    Committed(T, Result<(), Error>),
}

fn attempt<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
) -> Attempt<T> {
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    match begun.and_then(|transaction| Ok((work(&transaction)?, transaction))) {
        Ok((done, transaction)) => Attempt::Committed(done, transaction.commit()),
        Err(error) => Attempt::EndedEarly(error),
    }
}

impl From<AppendError> for JournalError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::OutcomeUnknown { reason } => JournalError::OutcomeUnknown(reason),
            AppendError::NotWritten { .. } | AppendError::Conflict { .. } => {
                JournalError::Storage(error.to_string())
            }
        }
    }
}

/// What a batch came to before its commit.
enum Tried {
    Written(Written),
    Moved(Vec<Stream>),
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

fn write_batch(transaction: &Transaction<'_>, batch: &Batch, first: Position) -> Result<Tried, Error> {
    let moved = streams_not_at_expected(transaction, batch)?;
    if !moved.is_empty() {
        return Ok(Tried::Moved(moved));
    }
    let mut written = Written { last: first, hash: None };
    for append in &batch.streams {
        write_stream(transaction, append, &mut written)?;
    }
    for reply in &batch.replies {
        write_reply(transaction, reply)?;
    }
    Ok(Tried::Written(written))
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
    let NewEvent { time_ms, actor, name, body, personal, subjects } = event;
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
    for subject in subjects {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO subjects (company, subject, version) VALUES (?, ?, ?)")?
            .execute(params![signed(stream.0), subject, signed(version.0)])?;
    }
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

/// Whether an error is one of making data durable: after it nobody knows what is.
fn is_sync(error: &Error) -> bool {
    let codes = [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC, ffi::SQLITE_IOERR_TRUNCATE];
    extended_code(error).is_some_and(|code| codes.contains(&code))
}

pub(super) fn is_busy(error: &Error) -> bool {
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
