//! The journal on SQLite: one file in WAL mode, `synchronous=FULL`, one connection that writes and checkpoints.
//!
//! The journal checkpoints by itself after commits instead of leaving it to SQLite's own hook, because that hook drops
//! the error of a failed sync, and a failed sync must end the node.

mod append;
mod backup;
mod deliveries;
mod read;
mod side_file;
mod verify;

pub use verify::{Counts, Visit};

use crate::delivery::DeliveryLog;
use crate::envelope::{Head, Position, Shard, StoredEvent, Stream, Version};
use crate::follower::{Advance, Advanced, Output, Settlement};
use crate::reply::{ReplyKey, StoredReply};
use crate::snapshot::Snapshot;
use crate::{Answer, AppendError, Batch, Journal, JournalError, Order, Whereabouts};
use append::{Failed, Writer};
use read::Readers;
use rusqlite::{Connection, OpenFlags};
use side_file::SideFile;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// The journal's file in the data folder.
pub const JOURNAL_FILE: &str = "journal.db";
/// The folder of snapshots in the data folder.
pub const SNAPSHOT_FOLDER: &str = "snapshots";

/// How many of those who write beside the writer loop may wait for the writer on threads of their own.
const WRITE_LANES: usize = 8;
/// The oldest SQLite that may write a journal: earlier ones can lose commits when writing and checkpointing meet.
const OLDEST_SQLITE: i32 = 3_051_003;
const SCHEMA_VERSION: &str = "2";
/// What leads from each schema to the next, the first of them from 1.
const MIGRATIONS: [&str; 1] = [include_str!("schema_2.sql")];

/// What to do when the journal is older than its side file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenShorter {
    /// Refuse to open it.
    Refuse,
    /// Go on from what is there (`--accept-loss`).
    Accept,
}

/// A journal in a folder.
pub struct SqliteJournal {
    // In this order: the connection that writes must be the last to close, so that it can write back the log.
    readers: Arc<Readers>,
    writer: Arc<Mutex<Writer>>,
    write_lanes: Arc<Semaphore>,
    failed: Failed,
    folder: PathBuf,
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                JournalError::Damaged(error.to_string())
            }
            _ => JournalError::Storage(error.to_string()),
        }
    }
}

fn storage(what: &str, path: &Path, error: std::io::Error) -> JournalError {
    JournalError::Storage(format!("cannot {what} {}: {error}", path.display()))
}

impl SqliteJournal {
    /// Opens the journal in a folder, or makes an empty one there. The folder must exist, and nobody else may write it.
    pub fn open(folder: &Path, when_shorter: WhenShorter) -> Result<Self, JournalError> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(JournalError::Storage(format!(
                "SQLite {} can lose commits; 3.51.3 or later is needed",
                rusqlite::version()
            )));
        }
        let snapshots = folder.join(SNAPSHOT_FOLDER);
        make_private_folder(&snapshots).map_err(|error| storage("make", &snapshots, error))?;
        let path = folder.join(JOURNAL_FILE);
        if when_shorter == WhenShorter::Refuse {
            SideFile::check_missing(folder, &path)?;
        }
        let connection = Connection::open_with_flags(&path, write_flags())?;
        private(&path)?;
        prepare(&connection, &path)?;
        let side_file = SideFile::open(folder, &connection, when_shorter)?;
        let failed = Failed::default();
        let writer = Writer::new(connection, side_file, Arc::clone(&failed))?;
        Ok(Self {
            readers: Arc::new(Readers::new(path)),
            writer: Arc::new(Mutex::new(writer)),
            write_lanes: Arc::new(Semaphore::new(WRITE_LANES)),
            failed,
            folder: folder.into(),
        })
    }

    /// Compares the journal of a folder with what its side file remembers, as every start does.
    pub fn check_length(folder: &Path) -> Result<(), JournalError> {
        SideFile::check(folder, &read::open(&folder.join(JOURNAL_FILE))?)
    }

    /// The snapshots in a data folder that are whole.
    pub fn snapshots_in(folder: &Path) -> Result<Vec<Snapshot>, JournalError> {
        let snapshots = folder.join(SNAPSHOT_FOLDER);
        let entries = match std::fs::read_dir(&snapshots) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(storage("read", &snapshots, error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| storage("read", &snapshots, error))?.path();
            if path.extension().is_some_and(|extension| extension == "snapshot") {
                let file = std::fs::read(&path).map_err(|error| storage("read", &path, error))?;
                found.extend(Snapshot::from_file(file));
            }
        }
        Ok(found)
    }

    fn with_writer<T>(&self, work: impl FnOnce(&mut Writer) -> T) -> T {
        work(&mut self.writer.lock().expect("no holder of the writer panics"))
    }

    /// Writes on a thread that may block: what followers write must not hold up the async threads.
    fn write_later<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, JournalError> + Send + 'static,
    ) -> Answer<'static, Result<T, JournalError>> {
        let (writer, lanes) = (Arc::clone(&self.writer), Arc::clone(&self.write_lanes));
        Box::pin(async move {
            // Not those of readers: whoever waits for the writer must not keep anybody from reading.
            let _lane = lanes.acquire().await.expect("the semaphore is never closed");
            let write = move || work(&mut writer.lock().expect("no holder of the writer panics"));
            let done = tokio::task::spawn_blocking(write).await;
            done.map_err(|_| JournalError::Storage("a write was cut off by the shutdown".to_owned()))?
        })
    }

    fn snapshot_path(&self, stream: Stream) -> PathBuf {
        self.folder.join(SNAPSHOT_FOLDER).join(format!("{stream}.snapshot"))
    }
}

fn write_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

#[cfg(unix)]
fn private(path: &Path) -> Result<(), JournalError> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| storage("protect", path, error))
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), JournalError> {
    Ok(())
}

fn make_private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Writes a file that only its owner can read.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(path)?, bytes)
}

fn prepare(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(JournalError::Storage(format!(
            "the file system gives no write-ahead log (got `{mode}`)"
        )));
    }
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "trusted_schema", "off")?;
    decide_what_is_durable(connection, path)?;
    let empty: bool = connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?;
    if empty {
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {} INSERT INTO about VALUES ('schema', '1'), \
             ('journal', lower(hex(randomblob(16)))); COMMIT;",
            include_str!("schema.sql")
        ))?;
    }
    migrate(connection)
}

fn schema_of(connection: &Connection) -> Result<String, JournalError> {
    Ok(connection.query_row("SELECT value FROM about WHERE key = 'schema'", [], |row| row.get(0))?)
}

/// Brings a journal of an earlier Tenure to the present schema, one step and one transaction at a time.
fn migrate(connection: &Connection) -> Result<(), JournalError> {
    for (step, from) in MIGRATIONS.iter().zip(1_u32..) {
        if schema_of(connection)? == from.to_string() {
            let to = from + 1;
            connection.execute_batch(&format!(
                "BEGIN IMMEDIATE; {step} UPDATE about SET value = '{to}' WHERE key = 'schema'; COMMIT;"
            ))?;
        }
    }
    let schema = schema_of(connection)?;
    if schema != SCHEMA_VERSION {
        return Err(JournalError::Storage(format!(
            "the journal has schema {schema}, and this Tenure knows {SCHEMA_VERSION}; use the Tenure that wrote it"
        )));
    }
    Ok(())
}

/// Writes the log back and syncs, before anything is read. A log left by a process that died, or by a failed sync, may be
/// in the system's memory alone; what is read from it must be on the disk first, or a power cut would take back what was
/// shown, and with it all that came after.
///
/// Whoever reads the journal meanwhile, such as a backup, keeps the log from being emptied. Then its bytes are written once
/// more as they are, and synced: a page that a failed sync left behind counts as clean, and would not be written otherwise.
fn decide_what_is_durable(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    connection.busy_timeout(std::time::Duration::from_millis(200))?;
    let mode = rusqlite::wal::CheckpointMode::TRUNCATE;
    let done = match connection.wal_checkpoint_v2(None::<&str>, mode) {
        Err(error) if append::is_busy(&error) => write_log_again(path),
        Err(error) => Err(JournalError::Storage(format!(
            "the journal's log cannot be written back: {error}; look at the disk"
        ))),
        Ok(_) => Ok(()),
    };
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    done
}

fn write_log_again(path: &Path) -> Result<(), JournalError> {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    let log = PathBuf::from(name);
    let rewritten = std::fs::read(&log).and_then(|bytes| {
        let mut file = std::fs::OpenOptions::new().write(true).open(&log)?;
        std::io::Write::write_all(&mut file, &bytes)?;
        file.sync_all()
    });
    match rewritten {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(storage("sync", &log, error)),
        _ => Ok(()),
    }
}

impl Journal for SqliteJournal {
    fn append<'a>(&'a self, batch: &'a Batch) -> Answer<'a, Result<(), AppendError>> {
        // On the caller's thread: the engine has one of its own for this, and a hop would cost more than the commit.
        Box::pin(async move { self.with_writer(|writer| writer.append(batch)) })
    }

    fn read_stream(
        &self,
        stream: Stream,
        after: Version,
        limit: usize,
    ) -> Answer<'_, Result<Vec<StoredEvent>, JournalError>> {
        self.readers.later(move |connection| read::stream(connection, stream, after, limit))
    }

    fn read_shard(
        &self,
        _: Shard,
        after: Position,
        limit: usize,
    ) -> Answer<'_, Result<Vec<StoredEvent>, JournalError>> {
        self.readers.later(move |connection| read::journal(connection, after, limit))
    }

    fn read_back<'a>(
        &'a self,
        stream: Stream,
        between: (Version, Version),
        names: &'a [&'static str],
        limit: usize,
    ) -> Answer<'a, Result<Vec<StoredEvent>, JournalError>> {
        let names = names.to_vec();
        self.readers.later(move |connection| read::back(connection, stream, between, &names, limit))
    }

    fn read_subject<'a>(
        &'a self,
        stream: Stream,
        subject: &'a str,
        range: (Version, Version),
        order: Order,
        limit: usize,
    ) -> Answer<'a, Result<Vec<StoredEvent>, JournalError>> {
        let subject = subject.to_owned();
        self.readers.later(move |connection| read::subject(connection, stream, &subject, range, order, limit))
    }

    fn version_at(&self, stream: Stream, time_ms: i64) -> Answer<'_, Result<Version, JournalError>> {
        self.readers.later(move |connection| read::version_at(connection, stream, time_ms))
    }

    fn streams_after(
        &self,
        _: Shard,
        after: Position,
        limit: usize,
    ) -> Answer<'_, Result<Vec<Whereabouts>, JournalError>> {
        self.readers.later(move |connection| read::streams_after(connection, after, limit))
    }

    fn shards(&self) -> u16 {
        1
    }

    fn heads<'a>(&'a self, streams: &'a [Stream]) -> Answer<'a, Result<Vec<Head>, JournalError>> {
        let streams = streams.to_vec();
        self.readers.later(move |connection| read::heads(connection, &streams))
    }

    fn store_snapshot(&self, snapshot: Snapshot) -> Answer<'_, Result<(), JournalError>> {
        let path = self.snapshot_path(snapshot.stream);
        self.readers.later(move |_| {
            let draft = path.with_extension("draft");
            write_private(&draft, &snapshot.to_file()).map_err(|error| storage("write", &draft, error))?;
            std::fs::rename(&draft, &path).map_err(|error| storage("write", &path, error))
        })
    }

    fn load_snapshot(&self, stream: Stream, form: u32) -> Answer<'_, Result<Option<Snapshot>, JournalError>> {
        let path = self.snapshot_path(stream);
        self.readers.later(move |connection| {
            let file = match std::fs::read(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "a snapshot cannot be read; replaying instead");
                    return Ok(None);
                }
            };
            let Some(snapshot) = Snapshot::from_file(file) else {
                tracing::warn!(path = %path.display(), "a snapshot is damaged; replaying instead");
                return Ok(None);
            };
            let fits = snapshot.stream == stream
                && read::hash_at(connection, stream, snapshot.version)? == Some(snapshot.hash);
            if !fits {
                tracing::warn!(path = %path.display(), "a snapshot does not fit the journal; replaying instead");
            }
            Ok((fits && snapshot.form == form).then_some(snapshot))
        })
    }

    fn reply<'a>(&'a self, key: &'a ReplyKey) -> Answer<'a, Result<Option<StoredReply>, JournalError>> {
        let key = key.clone();
        self.readers.later(move |connection| read::reply(connection, &key))
    }

    fn checkpoint<'a>(
        &'a self,
        follower: &'a str,
        shard: Shard,
    ) -> Answer<'a, Result<Position, JournalError>> {
        let follower = follower.to_owned();
        self.readers.later(move |connection| read::checkpoint(connection, &follower, shard))
    }

    fn advance(&self, advance: Advance) -> Answer<'_, Result<Advanced, JournalError>> {
        self.write_later(move |writer| writer.advance(&advance))
    }

    fn due_outputs<'a>(
        &'a self,
        follower: &'a str,
        now_ms: i64,
        limit: usize,
    ) -> Answer<'a, Result<Vec<Output>, JournalError>> {
        let follower = follower.to_owned();
        self.readers.later(move |connection| read::due_outputs(connection, &follower, now_ms, limit))
    }

    fn hurry<'a>(
        &'a self,
        follower: &'a str,
        stream: Stream,
        now_ms: i64,
    ) -> Answer<'a, Result<(), JournalError>> {
        let follower = follower.to_owned();
        self.write_later(move |writer| writer.hurry(&follower, stream, now_ms))
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement]) -> Answer<'a, Result<(), JournalError>> {
        let settlements = settlements.to_vec();
        self.write_later(move |writer| writer.settle(&settlements))
    }

    fn delivery_log(&self) -> &dyn DeliveryLog {
        self
    }

    fn key(&self) -> Answer<'_, Result<[u8; 32], JournalError>> {
        self.readers.later(read::key)
    }

    fn ping(&self) -> Answer<'_, Result<(), JournalError>> {
        // Without waiting for the writer, which may wait for the disk.
        if let Some(reason) = self.failed.get() {
            let failed = Err(JournalError::OutcomeUnknown(reason.clone()));
            return Box::pin(std::future::ready(failed));
        }
        self.readers
            .later(|connection| Ok(connection.query_row("SELECT 1 FROM about LIMIT 1", [], |_| Ok(()))?))
    }
}
