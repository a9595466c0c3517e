//! Reading: a few read-only connections, used off the async threads.

use super::append::{signed, unsigned};
use crate::chain::ChainHash;
use crate::envelope::{Head, Position, Shard, StoredEvent, Stream, Version};
use crate::follower::Output;
use crate::reply::{ReplyKey, StoredReply};
use crate::{Answer, JournalError, MAX_READ, Order, Whereabouts};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, params};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// How many reads run at the same time; others wait. Each has a connection of its own.
const LANES: usize = 8;
/// How many connections are kept when nobody uses them.
const KEPT: usize = 4;

pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    lanes: Semaphore,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::new(Vec::new()), lanes: Semaphore::new(LANES) }
    }

    /// Does the work with a connection on a thread that may block.
    pub(super) fn later<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> Answer<'static, Result<T, JournalError>> {
        let readers = Arc::clone(self);
        Box::pin(async move {
            let lanes = Arc::clone(&readers);
            let _lane = lanes.lanes.acquire().await.expect("the semaphore is never closed");
            let done = tokio::task::spawn_blocking(move || readers.with(work)).await;
            done.map_err(|_| JournalError::Storage("a read was cut off by the shutdown".to_owned()))?
        })
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, JournalError>) -> Result<T, JournalError> {
        let idle = self.idle.lock().expect("no holder of the lock panics").pop();
        let connection = idle.map_or_else(|| open(&self.path), Ok)?;
        let done = work(&connection)?;
        let mut idle = self.idle.lock().expect("no holder of the lock panics");
        if idle.len() < KEPT {
            idle.push(connection);
        }
        Ok(done)
    }
}

/// Opens a journal for reading alone.
pub(super) fn open(path: &Path) -> Result<Connection, JournalError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "trusted_schema", "off")?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    Ok(connection)
}

const COLUMNS: &str = "company, version, position, time, actor, name, body, personal, hash";

fn event(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    Ok(StoredEvent {
        stream: Stream(unsigned(row.get(0)?)),
        version: Version(unsigned(row.get(1)?)),
        position: Position(unsigned(row.get(2)?)),
        time_ms: row.get(3)?,
        actor: row.get(4)?,
        name: row.get(5)?,
        body: row.get(6)?,
        personal: row.get(7)?,
        hash: ChainHash(row.get(8)?),
    })
}

fn at_most(limit: usize) -> i64 {
    i64::try_from(limit.min(MAX_READ)).unwrap_or(i64::MAX)
}

pub(super) fn stream(
    connection: &Connection,
    stream: Stream,
    after: Version,
    limit: usize,
) -> Result<Vec<StoredEvent>, JournalError> {
    let query =
        format!("SELECT {COLUMNS} FROM events WHERE company = ? AND version > ? ORDER BY version LIMIT ?");
    let mut statement = connection.prepare_cached(&query)?;
    let rows = statement.query_map(params![signed(stream.0), signed(after.0), at_most(limit)], event)?;
    let events: Vec<StoredEvent> = rows.collect::<Result<_, _>>()?;
    let expected = (after.0.saturating_add(1)..).map(Version);
    match events.iter().zip(expected).find(|(event, version)| event.version != *version) {
        Some((_, missing)) => {
            Err(JournalError::Damaged(format!("version {missing} of stream {stream} is missing")))
        }
        None => Ok(events),
    }
}

pub(super) fn journal(
    connection: &Connection,
    after: Position,
    limit: usize,
) -> Result<Vec<StoredEvent>, JournalError> {
    let query = format!("SELECT {COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?");
    let mut statement = connection.prepare_cached(&query)?;
    let rows = statement.query_map(params![signed(after.0), at_most(limit)], event)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn heads(connection: &Connection, streams: &[Stream]) -> Result<Vec<Head>, JournalError> {
    let mut statement = connection.prepare_cached("SELECT version, hash FROM heads WHERE company = ?")?;
    let heads = streams.iter().map(|stream| {
        let head = statement
            .query_row([signed(stream.0)], |row| Ok((Version(unsigned(row.get(0)?)), ChainHash(row.get(1)?))))
            .optional()?;
        let (version, hash) = head.unwrap_or_default();
        Ok(Head { stream: *stream, version, hash })
    });
    heads.collect()
}

pub(super) fn hash_at(
    connection: &Connection,
    stream: Stream,
    version: Version,
) -> Result<Option<ChainHash>, JournalError> {
    let mut statement =
        connection.prepare_cached("SELECT hash FROM events WHERE company = ? AND version = ?")?;
    let hash =
        statement.query_row(params![signed(stream.0), signed(version.0)], |row| row.get(0)).optional()?;
    Ok(hash.map(ChainHash))
}

pub(super) fn reply(connection: &Connection, key: &ReplyKey) -> Result<Option<StoredReply>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT fingerprint, time, answer FROM replies WHERE company = ? AND token = ? AND key = ?",
    )?;
    let reply = statement
        .query_row(params![signed(key.stream.0), key.token, key.key], |row| {
            Ok(StoredReply { fingerprint: row.get(0)?, time_ms: row.get(1)?, answer: row.get(2)? })
        })
        .optional()?;
    Ok(reply)
}

pub(super) fn checkpoint(
    connection: &Connection,
    follower: &str,
    shard: Shard,
) -> Result<Position, JournalError> {
    let position: Option<i64> = connection
        .prepare_cached("SELECT position FROM checkpoints WHERE follower = ? AND shard = ?")?
        .query_row(params![follower, shard.0], |row| row.get(0))
        .optional()?;
    Ok(position.map(|position| Position(unsigned(position))).unwrap_or_default())
}

pub(super) fn due_outputs(
    connection: &Connection,
    follower: &str,
    now_ms: i64,
    limit: usize,
) -> Result<Vec<Output>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT follower, key, company, due, attempts, body FROM outputs \
         WHERE follower = ? AND due <= ? ORDER BY due, key LIMIT ?",
    )?;
    let rows = statement.query_map(params![follower, now_ms, at_most(limit)], |row| {
        Ok(Output {
            follower: row.get(0)?,
            key: row.get(1)?,
            stream: Stream(unsigned(row.get(2)?)),
            due_ms: row.get(3)?,
            attempts: row.get(4)?,
            body: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn back(
    connection: &Connection,
    stream: Stream,
    (after, before): (Version, Version),
    names: &[&'static str],
    limit: usize,
) -> Result<Vec<StoredEvent>, JournalError> {
    // The names are constants of the code, never of a request.
    let names: Vec<_> = names.iter().map(|name| format!("'{name}'")).collect();
    let query = format!(
        "SELECT {COLUMNS} FROM events WHERE company = ? AND version > ? AND version < ? AND name IN ({}) \
         ORDER BY version DESC LIMIT ?",
        names.join(", ")
    );
    let mut statement = connection.prepare_cached(&query)?;
    let range = params![signed(stream.0), signed(after.0), signed(before.0), at_most(limit)];
    let rows = statement.query_map(range, event)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn subject(
    connection: &Connection,
    stream: Stream,
    subject: &str,
    (after, up_to): (Version, Version),
    order: Order,
    limit: usize,
) -> Result<Vec<StoredEvent>, JournalError> {
    let direction = match order {
        Order::OldestFirst => "ASC",
        Order::NewestFirst => "DESC",
    };
    let columns: Vec<_> = COLUMNS.split(", ").map(|column| format!("events.{column}")).collect();
    let query = format!(
        "SELECT {} FROM subjects JOIN events USING (company, version) \
         WHERE subjects.company = ? AND subject = ? AND subjects.version > ? AND subjects.version <= ? \
         ORDER BY subjects.version {direction} LIMIT ?",
        columns.join(", ")
    );
    let mut statement = connection.prepare_cached(&query)?;
    let range = params![signed(stream.0), subject, signed(after.0), signed(up_to.0), at_most(limit)];
    let rows = statement.query_map(range, event)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Halves the history until it is found: times never go back within a stream.
pub(super) fn version_at(
    connection: &Connection,
    stream: Stream,
    time_ms: i64,
) -> Result<Version, JournalError> {
    let head = heads(connection, &[stream])?.first().map_or(Version(0), |head| head.version);
    let mut statement =
        connection.prepare_cached("SELECT time <= ? FROM events WHERE company = ? AND version = ?")?;
    let (mut at, mut past) = (0, head.0 + 1);
    while past - at > 1 {
        let middle = u64::midpoint(at, past);
        let is_before: bool =
            statement.query_row(params![time_ms, signed(stream.0), signed(middle)], |row| row.get(0))?;
        if is_before {
            at = middle;
        } else {
            past = middle;
        }
    }
    Ok(Version(at))
}

pub(super) fn streams_after(
    connection: &Connection,
    after: Position,
    limit: usize,
) -> Result<Vec<Whereabouts>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT position, company, version FROM events WHERE position > ? ORDER BY position LIMIT ?",
    )?;
    let rows = statement.query_map(params![signed(after.0), at_most(limit)], |row| {
        Ok((Position(unsigned(row.get(0)?)), Stream(unsigned(row.get(1)?)), Version(unsigned(row.get(2)?))))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn key(connection: &Connection) -> Result<[u8; 32], JournalError> {
    Ok(connection.query_row("SELECT unhex(value) FROM about WHERE key = 'key'", [], |row| row.get(0))?)
}
