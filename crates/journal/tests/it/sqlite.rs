//! What the journal on SQLite promises beyond the suite: durability across a restart, and that damage is found.

use crate::events::{append, batch};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tenure_journal::sqlite::{JOURNAL_FILE, SNAPSHOT_FOLDER, WhenShorter};
use tenure_journal::{
    Journal, JournalError, Order, Position, Shard, Snapshot, SqliteJournal, Stream, Version,
};

fn open(folder: &TempDir) -> Result<SqliteJournal, JournalError> {
    SqliteJournal::open(folder.path(), WhenShorter::Refuse)
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join(JOURNAL_FILE)
}

/// A closed journal with two streams of ten events.
async fn written() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).unwrap();
    for round in 0..10 {
        journal.append(&batch(vec![append(1, round, 1), append(2, round, 1)])).await.unwrap();
    }
    folder
}

fn verify(path: &Path) -> Result<u64, String> {
    SqliteJournal::verify(path, &mut |_| Ok(()))
        .map(|counts| counts.events)
        .map_err(|error| error.to_string())
}

fn change(folder: &TempDir, sql: &str) {
    Connection::open(file(folder)).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn what_was_appended_is_there_after_a_restart() {
    let folder = written().await;
    let journal = open(&folder).unwrap();
    assert_eq!(journal.read_shard(Shard(0), Position(0), 100).await.unwrap().len(), 20);
    journal.append(&batch(vec![append(1, 10, 1)])).await.unwrap();
    assert_eq!(verify(&file(&folder)), Ok(21));
}

#[tokio::test]
async fn an_untouched_journal_verifies() {
    assert_eq!(verify(&file(&written().await)), Ok(20));
}

#[tokio::test]
async fn every_change_to_an_event_is_found_with_its_place() {
    for (sql, place) in [
        ("UPDATE events SET body = '{\"number\":99}' WHERE position = 7", "position 7"),
        ("UPDATE events SET time = time + 1 WHERE position = 1", "position 1"),
        ("UPDATE events SET actor = 'operator' WHERE position = 20", "position 20"),
        ("UPDATE events SET name = 'thing.else' WHERE position = 3", "position 3"),
        ("UPDATE events SET personal = '{}' WHERE position = 7", "position 7"),
        ("UPDATE events SET salt = zeroblob(16) WHERE position = 7", "position 7"),
        ("UPDATE events SET digest = zeroblob(32) WHERE position = 7", "position 7"),
        ("UPDATE events SET personal = NULL WHERE position = 7", "position 7"),
        ("UPDATE events SET company = 3 WHERE position = 20", "position 20"),
        ("DELETE FROM events WHERE position = 9", "position 9"),
        ("UPDATE events SET position = 0 WHERE position = 9; UPDATE events SET position = 9 WHERE position = 11;
          UPDATE events SET position = 11 WHERE position = 0", "position 9"),
        ("DELETE FROM events WHERE position = 20", "heads"),
        ("UPDATE heads SET version = 9 WHERE company = 1", "heads"),
        ("UPDATE heads SET hash = zeroblob(32) WHERE company = 2", "heads"),
        ("DELETE FROM heads WHERE company = 1", "heads"),
    ] {
        let folder = written().await;
        change(&folder, sql);
        let fault = verify(&file(&folder)).unwrap_err();
        assert!(fault.contains(place), "{sql}: {fault}");
    }
}

#[tokio::test]
async fn erasing_personal_data_with_its_salt_leaves_the_chain_whole() {
    let folder = written().await;
    change(&folder, "UPDATE events SET personal = NULL, salt = NULL");
    assert_eq!(verify(&file(&folder)), Ok(20));
}

#[tokio::test]
async fn every_flipped_byte_of_the_file_is_found_or_harmless_and_none_panics() {
    let folder = written().await;
    change(&folder, "PRAGMA wal_checkpoint(TRUNCATE)");
    let whole = std::fs::read(file(&folder)).unwrap();
    let copy = tempfile::tempdir().unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 500) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x41;
        let path = copy.path().join("copy.db");
        std::fs::write(&path, damaged).unwrap();
        if let Ok(events) = verify(&path) {
            assert_eq!(events, 20, "a byte at {at} lost events silently");
        }
    }
}

#[tokio::test]
async fn a_file_cut_off_anywhere_is_never_silently_shorter() {
    let folder = written().await;
    change(&folder, "PRAGMA wal_checkpoint(TRUNCATE)");
    let whole = std::fs::read(file(&folder)).unwrap();
    let copy = tempfile::tempdir().unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 100) {
        let path = copy.path().join("copy.db");
        std::fs::write(&path, &whole[..length]).unwrap();
        // The last page may hold nothing but an empty index: cutting into that harms nobody.
        assert!(verify(&path).is_err() || verify(&path) == Ok(20), "cut to {length} bytes");
    }
}

#[tokio::test]
async fn an_old_copy_put_back_is_refused_and_accepted_only_when_told_so() {
    let folder = written().await;
    change(&folder, "PRAGMA wal_checkpoint(TRUNCATE)");
    let old = std::fs::read(file(&folder)).unwrap();
    let journal = open(&folder).unwrap();
    journal.append(&batch(vec![append(1, 10, 5)])).await.unwrap();
    drop(journal);
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file(&folder).display()));
    }
    std::fs::write(file(&folder), old).unwrap();
    let Err(JournalError::Lost(reason)) = open(&folder) else { panic!("an old copy was opened") };
    assert!(reason.contains("ends at position 20, and it had reached 25"), "{reason}");
    drop(SqliteJournal::open(folder.path(), WhenShorter::Accept).unwrap());
    open(&folder).unwrap();
}

#[tokio::test]
async fn a_lost_log_is_noticed_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).unwrap();
    journal.append(&batch(vec![append(1, 0, 5)])).await.unwrap();
    let log = format!("{}-wal", file(&folder).display());
    let kept = tempfile::tempdir().unwrap();
    std::fs::copy(file(&folder), kept.path().join(JOURNAL_FILE)).unwrap();
    assert!(std::fs::metadata(&log).unwrap().len() > 0);
    drop(journal);
    std::fs::copy(kept.path().join(JOURNAL_FILE), file(&folder)).unwrap();
    let _ = std::fs::remove_file(log);
    assert!(matches!(open(&folder), Err(JournalError::Lost(_) | JournalError::Storage(_))));
}

#[tokio::test]
async fn a_journal_that_is_gone_is_noticed_and_none_is_made_in_its_place() {
    let folder = written().await;
    std::fs::remove_file(file(&folder)).unwrap();
    assert!(matches!(open(&folder), Err(JournalError::Lost(_))));
    assert!(!file(&folder).exists());
}

#[tokio::test]
async fn a_reader_does_not_keep_the_journal_from_being_opened() {
    let folder = written().await;
    let journal = open(&folder).unwrap();
    journal.append(&batch(vec![append(1, 10, 1)])).await.unwrap();
    let reader =
        Connection::open_with_flags(file(&folder), rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let before: i64 = reader.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    drop(journal);
    let journal = open(&folder).unwrap();
    journal.append(&batch(vec![append(1, 11, 1)])).await.unwrap();
    let after: i64 = reader.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    assert_eq!((before, after), (21, 21), "a reader sees one state throughout");
    assert_eq!(verify(&file(&folder)), Ok(22));
}

#[tokio::test]
async fn another_journal_in_the_same_folder_is_noticed() {
    let (folder, other) = (written().await, written().await);
    change(&other, "PRAGMA wal_checkpoint(TRUNCATE)");
    std::fs::copy(file(&other), file(&folder)).unwrap();
    let Err(JournalError::Lost(reason)) = open(&folder) else { panic!("another journal was opened") };
    assert!(reason.contains("another journal"), "{reason}");
}

#[tokio::test]
async fn a_backup_beside_a_running_journal_is_whole_and_restores() {
    let folder = written().await;
    let journal = open(&folder).unwrap();
    journal.append(&batch(vec![append(1, 10, 1)])).await.unwrap();
    let backup = folder.path().join("backup.db");
    SqliteJournal::back_up(&file(&folder), &backup).unwrap();
    assert_eq!(verify(&backup), Ok(21));
    assert!(SqliteJournal::back_up(&file(&folder), &backup).is_err(), "an existing file was overwritten");
    let restored = tempfile::tempdir().unwrap();
    SqliteJournal::restore(&backup, restored.path()).unwrap();
    let restored = open(&restored).unwrap();
    assert_eq!(restored.read_stream(Stream(1), Version(0), 100).await.unwrap().len(), 11);
}

#[tokio::test]
async fn a_damaged_or_foreign_snapshot_is_not_used() {
    let folder = written().await;
    let journal = open(&folder).unwrap();
    let head = journal.heads(&[Stream(1)]).await.unwrap().remove(0);
    let snapshot = Snapshot {
        stream: Stream(1),
        form: 1,
        version: head.version,
        hash: head.hash,
        bytes: b"state".to_vec(),
    };
    journal.store_snapshot(snapshot.clone()).await.unwrap();
    let path = folder.path().join(SNAPSHOT_FOLDER).join("1.snapshot");
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        let loaded = journal.load_snapshot(Stream(1), 1).await.unwrap();
        assert!(loaded.is_none_or(|loaded| loaded == snapshot), "byte {at}");
    }
    let foreign = Snapshot { hash: journal.heads(&[Stream(2)]).await.unwrap()[0].hash, ..snapshot };
    journal.store_snapshot(foreign).await.unwrap();
    assert_eq!(journal.load_snapshot(Stream(1), 1).await.unwrap(), None);
}

#[tokio::test]
async fn events_can_be_read_with_plain_sql() {
    let folder = written().await;
    let row: (String, String) = Connection::open(file(&folder))
        .unwrap()
        .query_row("SELECT time, personal FROM readable WHERE position = 7", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(
        row,
        ("2026-01-01T00:00:00.003Z".to_owned(), "{\"email\":\"person3@example.com\"}".to_owned())
    );
}

#[tokio::test]
async fn a_journal_of_a_newer_schema_is_refused() {
    let folder = written().await;
    change(&folder, "UPDATE about SET value = '3' WHERE key = 'schema'");
    let Err(JournalError::Storage(reason)) = open(&folder) else { panic!("it was opened") };
    assert!(reason.contains("schema 3"), "{reason}");
}

/// A journal as the first Tenure wrote it: schema 1, with events of each kind that names somebody.
fn written_by_schema_1(folder: &TempDir) {
    let connection = Connection::open(file(folder)).unwrap();
    connection.execute_batch(include_str!("../../src/sqlite/schema.sql")).unwrap();
    connection
        .execute_batch(
            r#"INSERT INTO about VALUES ('schema', '1'), ('journal', '00');
            INSERT INTO events (position, company, version, time, actor, name, body, hash) VALUES
            (1, 0, 1, 0, 'operator', 'registry.company_registered', '{"company":"cmp_1","team":"no"}', zeroblob(32)),
            (2, 1, 1, 0, 'operator', 'teammate.blocked', '{"teammate":"tea_1"}', zeroblob(32)),
            (3, 1, 2, 0, 'operator', 'team.teammates_added', '{"team":"tim_1","teammates":["tea_1","tea_2"]}', zeroblob(32)),
            (4, 1, 3, 0, 'operator', 'custom_field.deleted', '{"field":"fld_1"}', zeroblob(32)),
            (5, 1, 4, 0, 'operator', 'token.revoked', '{"token":"tok_1"}', zeroblob(32));"#,
        )
        .unwrap();
}

#[tokio::test]
async fn a_journal_of_the_first_schema_is_brought_to_the_present_one() {
    let folder = tempfile::tempdir().unwrap();
    written_by_schema_1(&folder);
    let journal = SqliteJournal::open(folder.path(), WhenShorter::Accept).unwrap();
    let found = async |subject| {
        let range = (Version(0), Version(100));
        let events = journal.read_subject(Stream(1), subject, range, Order::OldestFirst, 10).await.unwrap();
        events.iter().map(|event| event.version.0).collect::<Vec<_>>()
    };
    assert_eq!(found("tea_1").await, [1, 2]);
    assert_eq!(found("tea_2").await, [2]);
    assert_eq!(found("tim_1").await, [2]);
    assert_eq!(found("company").await, [3]);
    assert_eq!(found("tok_1").await, [0; 0]);
    let key = journal.key().await.unwrap();
    drop(journal);
    let journal = SqliteJournal::open(folder.path(), WhenShorter::Accept).unwrap();
    assert_eq!(journal.key().await.unwrap(), key, "the key is made once");
    assert_ne!(key, [0; 32]);
}
