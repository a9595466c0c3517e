//! Followers: every event once, in order, and where they are.

use crate::births::Births;
use crate::node::{ACME, Node, create};
use std::sync::Arc;
use tenure_directory::{Actor, Timestamp};
use tenure_engine::{Health, WriteError};
use tenure_journal::{Batch, Journal, MemoryJournal, NewEvent, Stream, StreamAppend, Version};
use tokio::sync::Notify;

async fn noted(node: &Node) -> usize {
    node.engine.journal().due_outputs("births", 0, usize::MAX).await.unwrap().len()
}

#[tokio::test]
async fn a_step_produces_from_every_event_once_however_many_there_are() {
    let node = Node::in_memory().await;
    assert_eq!(node.engine.follow_step(&Births).await.unwrap(), 0);
    // More than two strides, the last of them full.
    for round in [998, 1000, 1005] {
        for number in 0..round {
            let email = create(&format!("p{round}-{number}@x.example"));
            node.engine.tell(ACME, email, Actor::Operator).await.unwrap();
        }
        assert_eq!(node.engine.follow_step(&Births).await.unwrap(), round);
    }
    assert_eq!(noted(&node).await, 3003);
    assert_eq!(node.engine.follow_step(&Births).await.unwrap(), 0);
}

#[tokio::test]
async fn the_oldest_event_that_waits_is_told_by_its_time() {
    let node = Node::in_memory().await;
    let begun = node.engine.now();
    assert_eq!(node.engine.oldest_waiting("births").await.unwrap(), Some(begun));
    node.engine.follow_step(&Births).await.unwrap();
    assert_eq!(node.engine.oldest_waiting("births").await.unwrap(), None);
    node.clock.0.fetch_add(5000, std::sync::atomic::Ordering::Relaxed);
    node.create("ana@x.example").await;
    let since: Option<Timestamp> = node.engine.oldest_waiting("births").await.unwrap();
    assert_eq!(since, Some(begun.plus_ms(5000)));
}

#[tokio::test(start_paused = true)]
async fn a_follower_follows_and_tells_when_it_produced_something() {
    let node = Node::in_memory().await;
    let told = Arc::new(Notify::new());
    let following = tokio::spawn(node.engine.clone().follow(Arc::new(Births), Arc::clone(&told)));
    let quiet = tokio::time::timeout(std::time::Duration::from_mins(1), told.notified()).await;
    assert!(quiet.is_err(), "nothing was produced, and it was told");
    node.create("ana@x.example").await;
    told.notified().await;
    assert_eq!(noted(&node).await, 1);
    following.abort();
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_be_read_ends_the_node_and_is_never_skipped() {
    let journal = Arc::new(MemoryJournal::new());
    let node = Node::start(Arc::clone(&journal) as Arc<dyn Journal>).await;
    let unknown = NewEvent {
        time_ms: 0,
        actor: "operator".to_owned(),
        name: "company.eaten_by_a_newer_tenure",
        body: "{}".to_owned(),
        personal: None,
        subjects: vec![],
    };
    let append = StreamAppend { stream: Stream(1), expected: Version(1), events: vec![unknown] };
    journal.append(&Batch { streams: vec![append], replies: vec![] }).await.unwrap();
    node.engine.clone().follow(Arc::new(Births), Arc::default()).await;
    assert_eq!(node.engine.health(), Health::Failed);
    let refused = node.engine.tell(ACME, create("ana@x.example"), Actor::Operator).await;
    assert!(matches!(refused, Err(WriteError::OutcomeUnknown(_))), "{refused:?}");
}
