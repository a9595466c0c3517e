//! When a state is written out, and that the next start goes on from it.

use crate::node::{ACME, Node, create, create_company};
use std::sync::Arc;
use std::time::Duration;
use tenure_directory::company::SNAPSHOT_FORM;
use tenure_directory::{Actor, CompanyId, Version};
use tenure_journal::{Journal, MemoryJournal, Snapshot, Stream};

/// Longer than a snapshot that is due is waited for.
const SOON: Duration = Duration::from_secs(40);

async fn up_to(node: &Node, version: u64) {
    let mut at = node.engine.loaded(ACME).unwrap().version.number();
    while at < version {
        node.create(&format!("p{at}@x.example")).await;
        at += 1;
    }
}

async fn version_of(node: &Node, stream: u64) -> Option<u64> {
    let snapshot = node.engine.journal().load_snapshot(Stream(stream), SNAPSHOT_FORM).await.unwrap();
    snapshot.map(|snapshot| snapshot.version.0)
}

#[tokio::test(start_paused = true)]
async fn a_state_is_written_at_a_thousand_events_and_whenever_it_has_grown_by_half() {
    let node = Node::in_memory().await;
    let keeping = tokio::spawn(node.engine.clone().keep_snapshots());
    for (version, snapshot) in [
        (999, None),
        (1000, Some(1000)),
        (1999, Some(1000)),
        (2000, Some(2000)),
        (2999, Some(2000)),
        (3000, Some(3000)),
        (4499, Some(3000)),
        (4500, Some(4500)),
    ] {
        up_to(&node, version).await;
        tokio::time::sleep(SOON).await;
        assert_eq!(version_of(&node, ACME.number()).await, snapshot, "at {version}");
    }
    keeping.abort();
}

/// As many companies as make the registry be written out, which is waited for.
async fn register_a_thousand(node: &Node) {
    for number in 2..=1000 {
        let command = create_company(&format!("Company {number}"));
        node.engine.ask_registry(command, Actor::Operator).await.unwrap();
    }
    tokio::time::sleep(SOON).await;
}

#[tokio::test(start_paused = true)]
async fn the_registry_of_many_companies_is_written_too() {
    let journal = Arc::new(MemoryJournal::new());
    let node = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
    let keeping = tokio::spawn(node.engine.clone().keep_snapshots());
    register_a_thousand(&node).await;
    assert_eq!(version_of(&node, 0).await, Some(1000));
    node.engine.ask_registry(create_company("One more"), Actor::Operator).await.unwrap();
    keeping.abort();
    let again = Node::start(journal).await;
    assert_eq!(again.engine.registry().to_bytes(), node.engine.registry().to_bytes());
}

#[tokio::test]
async fn a_snapshot_of_another_company_or_version_is_passed_over() {
    let journal = Arc::new(MemoryJournal::new());
    let node = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
    node.engine.ask_registry(create_company("Other"), Actor::Operator).await.unwrap();
    node.create("ana@x.example").await;
    node.engine.tell(ACME, create("bo@x.example"), Actor::Operator).await.unwrap();
    node.engine.snapshot_all().await.unwrap();
    let whole = node.engine.loaded(ACME).unwrap();
    let good = journal.load_snapshot(Stream(1), SNAPSHOT_FORM).await.unwrap().unwrap();
    let of_other = journal.load_snapshot(Stream(2), SNAPSHOT_FORM).await.unwrap().unwrap();
    for bad in [
        Snapshot { bytes: of_other.bytes, ..good.clone() },
        Snapshot { version: tenure_journal::Version(2), ..good.clone() },
        Snapshot { bytes: b"{}".to_vec(), ..good.clone() },
        Snapshot { form: SNAPSHOT_FORM + 1, bytes: b"{}".to_vec(), ..good.clone() },
        good,
    ] {
        journal.store_snapshot(bad).await.unwrap();
        let again = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
        let read = again.engine.company(ACME).await.unwrap().unwrap();
        assert_eq!(read.to_bytes(), whole.to_bytes());
    }
    assert_eq!(node.engine.company(CompanyId::new(2)).await.unwrap().unwrap().teammates.len(), 0);
}

/// A state that was written out, told apart from the history by a name that the history does not have.
fn renamed(snapshot: &Snapshot, from: &str) -> Snapshot {
    let bytes = String::from_utf8(snapshot.bytes.clone()).unwrap();
    assert!(bytes.contains(from), "{bytes}");
    Snapshot { bytes: bytes.replace(from, "As written out").into_bytes(), ..snapshot.clone() }
}

#[tokio::test]
async fn a_start_goes_on_from_the_state_that_was_written_out() {
    let journal = Arc::new(MemoryJournal::new());
    let node = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
    node.create("ana@x.example").await;
    node.engine.snapshot_all().await.unwrap();
    let snapshot = journal.load_snapshot(Stream(1), SNAPSHOT_FORM).await.unwrap().unwrap();
    journal.store_snapshot(renamed(&snapshot, "Acme")).await.unwrap();
    let again = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
    assert_eq!(again.engine.company(ACME).await.unwrap().unwrap().name.as_str(), "As written out");
}

#[tokio::test]
async fn a_start_passes_over_a_state_of_another_version_or_of_another_company_at_this_version() {
    let journal = Arc::new(MemoryJournal::new());
    let node = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
    node.engine.ask_registry(create_company("Other"), Actor::Operator).await.unwrap();
    node.engine.snapshot_all().await.unwrap();
    let own = journal.load_snapshot(Stream(1), SNAPSHOT_FORM).await.unwrap().unwrap();
    let of_other = journal.load_snapshot(Stream(2), SNAPSHOT_FORM).await.unwrap().unwrap();
    assert_eq!(own.version, of_other.version);
    node.create("ana@x.example").await;
    let later = tenure_journal::Version(2);
    for bad in [
        Snapshot { stream: Stream(1), ..renamed(&of_other, "Other") },
        Snapshot { version: later, ..renamed(&own, "Acme") },
    ] {
        journal.store_snapshot(bad).await.unwrap();
        let again = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
        let read = again.engine.company(ACME).await.unwrap().unwrap();
        assert_eq!((read.name.as_str(), read.version), ("Acme", Version::new(2)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_goes_on_from_the_registry_that_was_written_out() {
    let journal = Arc::new(MemoryJournal::new());
    let node = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
    let keeping = tokio::spawn(node.engine.clone().keep_snapshots());
    register_a_thousand(&node).await;
    keeping.abort();
    let good = journal.load_snapshot(Stream(0), SNAPSHOT_FORM).await.unwrap().unwrap();
    let name_of_the_first = async |snapshot: Snapshot| {
        journal.store_snapshot(snapshot).await.unwrap();
        let again = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
        again.engine.registry().get(ACME).unwrap().name.as_str().to_owned()
    };
    let forged = renamed(&good, "Acme");
    assert_eq!(name_of_the_first(forged.clone()).await, "As written out");
    let of_another_version = Snapshot { version: tenure_journal::Version(999), ..forged };
    assert_eq!(name_of_the_first(of_another_version).await, "Acme");
}
