//! Verifying: SQLite's own check, then every event against the chain, the heads and the positions.

use super::append::unsigned;
use super::read;
use crate::JournalError;
use crate::chain::{ChainHash, Link, personal_digest};
use crate::envelope::{Position, StoredEvent, Stream, Version};
use rusqlite::types::FromSql;
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;
use std::path::Path;

/// Called with every event in order of position; an error ends the check.
pub type Visit<'a> = &'a mut dyn FnMut(StoredEvent) -> Result<(), String>;

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many streams have events.
    pub streams: u64,
    /// How many events there are.
    pub events: u64,
}

impl super::SqliteJournal {
    /// Checks the journal in a file: its pages, that positions and versions have no gap, that the chain of every stream
    /// holds, that personal parts match their digests. Works beside a running server. Ends at the first damage.
    pub fn verify(path: &Path, visit: Visit<'_>) -> Result<Counts, JournalError> {
        if !path.is_file() {
            return Err(JournalError::Refused(format!("there is no journal at {}", path.display())));
        }
        let connection = read::open(path)?;
        // One transaction, so that what a running server appends meanwhile is not half seen.
        connection.execute_batch("BEGIN")?;
        integrity_check(&connection)?;
        let mut heads = BTreeMap::new();
        let mut events = 0;
        let mut statement = connection.prepare(
            "SELECT position, company, version, time, actor, name, body, personal, salt, digest, hash \
             FROM events ORDER BY position",
        )?;
        let mut rows = statement.query([])?;
        let broken_off = |error: rusqlite::Error, after: u64| {
            JournalError::Damaged(format!("after position {after}: {error}"))
        };
        while let Some(row) = rows.next().map_err(|error| broken_off(error, events))? {
            events += 1;
            let event = check_event(row, events, &mut heads)?;
            let place = format!("position {}: ", event.position);
            visit(event).map_err(|fault| JournalError::Damaged(place + &fault))?;
        }
        check_heads(&connection, &heads)?;
        check_checkpoints(&connection, events)?;
        Ok(Counts { streams: heads.len() as u64, events })
    }
}

/// SQLite's own check, with the indexes: streams are read through one.
fn integrity_check(connection: &Connection) -> Result<(), JournalError> {
    let result: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if result == "ok" { Ok(()) } else { Err(JournalError::Damaged(result)) }
}

/// A column's value; one of another type or length is damage, at this place.
fn column<T: FromSql>(row: &Row<'_>, index: usize, position: u64) -> Result<T, JournalError> {
    row.get(index).map_err(|error| JournalError::Damaged(format!("position {position}: {error}")))
}

fn check_event(
    row: &Row<'_>,
    expected_position: u64,
    heads: &mut BTreeMap<Stream, (Version, ChainHash)>,
) -> Result<StoredEvent, JournalError> {
    let position = Position(unsigned(column(row, 0, expected_position)?));
    let damaged = |what: &str| JournalError::Damaged(format!("position {expected_position}: {what}"));
    if position.0 != expected_position {
        return Err(damaged("the event is missing"));
    }
    let event = StoredEvent {
        stream: Stream(unsigned(column(row, 1, position.0)?)),
        version: Version(unsigned(column(row, 2, position.0)?)),
        position,
        time_ms: column(row, 3, position.0)?,
        actor: column(row, 4, position.0)?,
        name: column(row, 5, position.0)?,
        body: column(row, 6, position.0)?,
        personal: column(row, 7, position.0)?,
        hash: ChainHash(column(row, 10, position.0)?),
    };
    let salt: Option<[u8; 16]> = column(row, 8, position.0)?;
    let digest: Option<[u8; 32]> = column(row, 9, position.0)?;
    match (&event.personal, salt, digest) {
        (None, None, _) => {}
        (Some(data), Some(salt), Some(digest)) if personal_digest(&salt, data) == digest => {}
        _ => return Err(damaged("the personal part does not match its digest")),
    }
    let (version, hash) = heads.entry(event.stream).or_default();
    if event.version.0 != version.0 + 1 {
        return Err(damaged(&format!(
            "stream {} goes from version {version} to {}",
            event.stream, event.version
        )));
    }
    let StoredEvent { stream, version: this, time_ms, actor, name, body, .. } = &event;
    let link = Link {
        stream: *stream,
        version: *this,
        time_ms: *time_ms,
        actor,
        name,
        body,
        personal_digest: digest,
    };
    if link.hash(*hash) != event.hash {
        return Err(damaged("the event does not fit the chain; it was changed, or the one before it was"));
    }
    (*version, *hash) = (event.version, event.hash);
    Ok(event)
}

fn check_heads(
    connection: &Connection,
    expected: &BTreeMap<Stream, (Version, ChainHash)>,
) -> Result<(), JournalError> {
    let mut statement = connection.prepare("SELECT company, version, hash FROM heads ORDER BY company")?;
    let heads = statement.query_map([], |row| {
        Ok((Stream(unsigned(row.get(0)?)), (Version(unsigned(row.get(1)?)), ChainHash(row.get(2)?))))
    })?;
    let heads: BTreeMap<_, _> = heads.collect::<Result<_, _>>()?;
    if heads == *expected {
        return Ok(());
    }
    Err(JournalError::Damaged(
        "the heads of the streams are not those of the events; the end is missing".to_owned(),
    ))
}

fn check_checkpoints(connection: &Connection, last: u64) -> Result<(), JournalError> {
    let furthest: i64 =
        connection.query_row("SELECT ifnull(max(position), 0) FROM checkpoints", [], |row| row.get(0))?;
    if unsigned(furthest) <= last {
        return Ok(());
    }
    Err(JournalError::Damaged(format!(
        "a follower has read up to position {furthest}, and the events end at {last}; the end is missing"
    )))
}
