//! Verifying a journal as a whole: counts, states, snapshots, and what is missing.

use crate::node::{ACME, Node};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tenure_directory::company::SNAPSHOT_FORM;
use tenure_directory::registry::CompanyRegistered;
use tenure_directory::text::{CompanyName, Slug};
use tenure_directory::{CompanyId, RegistryEvent, Version};
use tenure_engine::verify::{Verified, verify};
use tenure_journal::sqlite::{JOURNAL_FILE, WhenShorter};
use tenure_journal::{Batch, Journal as _, NewEvent, Snapshot, SqliteJournal, Stream, StreamAppend};

/// A journal on disk with a company of two teammates, of whom a snapshot was written.
async fn journal() -> (TempDir, PathBuf, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(JOURNAL_FILE);
    let journal = Arc::new(SqliteJournal::open(folder.path(), WhenShorter::Refuse).unwrap());
    let node = Node::start(journal).await;
    node.create("ana@x.example").await;
    node.create("bo@x.example").await;
    assert_eq!(node.engine.loaded(ACME).unwrap().version, Version::new(3));
    node.engine.snapshot_all().await.unwrap();
    let journal = node.engine.journal();
    let snapshot = journal.load_snapshot(Stream(1), SNAPSHOT_FORM).await.unwrap().unwrap();
    (folder, file, snapshot)
}

const WHOLE: Verified = Verified { companies: 1, events: 4, teammates: 2, teams: 0, snapshots: 0 };

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_journal_is_counted_and_its_snapshots_compared() {
    let (_folder, file, snapshot) = journal().await;
    assert_eq!(verify(&file, vec![]).unwrap(), WHOLE);
    assert_eq!(verify(&file, vec![snapshot.clone()]).unwrap(), Verified { snapshots: 1, ..WHOLE });
    // One of another form says nothing, and one of a version that there is not is of no state.
    let other_form = Snapshot { form: SNAPSHOT_FORM + 1, bytes: vec![], ..snapshot.clone() };
    let other_version = Snapshot { version: tenure_journal::Version(9), ..snapshot };
    for unusable in [other_form, other_version] {
        assert_eq!(verify(&file, vec![unusable]).unwrap(), WHOLE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_says_something_else_is_damage() {
    let (_folder, file, snapshot) = journal().await;
    let other_bytes = Snapshot { bytes: b"{}".to_vec(), ..snapshot.clone() };
    let other_hash = Snapshot { hash: tenure_journal::ChainHash([1; 32]), ..snapshot.clone() };
    let other_state = Snapshot { version: tenure_journal::Version(2), ..snapshot };
    for wrong in [other_bytes, other_hash, other_state] {
        let error = verify(&file, vec![wrong]).unwrap_err().to_string();
        assert!(error.contains("the snapshot of stream"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_is_registered_and_has_no_events_is_damage() {
    let (folder, file, _) = journal().await;
    let registered = RegistryEvent::Registered(CompanyRegistered {
        company: CompanyId::new(2),
        name: CompanyName::parse("Ghost").unwrap(),
        slug: Slug::parse("ghost").unwrap(),
    });
    let encoded = registered.encode();
    let event = NewEvent {
        time_ms: 1_700_000_000_000,
        actor: "operator".to_owned(),
        name: encoded.name,
        body: encoded.body,
        personal: None,
        subjects: vec![],
    };
    let append =
        StreamAppend { stream: Stream(0), expected: tenure_journal::Version(1), events: vec![event] };
    let journal = SqliteJournal::open(folder.path(), WhenShorter::Refuse).unwrap();
    journal.append(&Batch { streams: vec![append], replies: vec![] }).await.unwrap();
    drop(journal);
    let error = verify(&file, vec![]).unwrap_err().to_string();
    assert!(error.contains("cmp_2 is registered and has no events"), "{error}");
}
