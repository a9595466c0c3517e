//! What every engine must do. Each behaviour is written once and runs on each engine.

use crate::events::{append, batch, event};
use std::sync::Arc;
use tempfile::TempDir;
use tenure_journal::sqlite::WhenShorter;
use tenure_journal::{
    Advance, Advanced, AppendError, Batch, Journal, MAX_READ, MemoryJournal, NewReply, Order, Output,
    Position, ReplyKey, Settled, Settlement, Shard, Snapshot, SqliteJournal, Stream, Version,
};

/// An engine under test, and what must outlive it.
struct Subject {
    journal: Arc<dyn Journal>,
    _folder: Option<TempDir>,
}

fn memory() -> Subject {
    Subject { journal: Arc::new(MemoryJournal::new()), _folder: None }
}

fn sqlite() -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(SqliteJournal::open(folder.path(), WhenShorter::Refuse).unwrap());
    Subject { journal, _folder: Some(folder) }
}

macro_rules! on_every_engine {
    ($($behaviour:ident)*) => {
        mod on_memory {
            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(&*super::memory().journal).await;
            })*
        }

        mod on_sqlite {
            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(&*super::sqlite().journal).await;
            })*
        }
    };
}

on_every_engine! {
    an_appended_event_is_read_as_it_was_written
    versions_count_within_a_stream_and_positions_over_all
    a_stream_at_another_version_refuses_the_whole_batch
    a_read_starts_after_the_version_and_ends_at_the_limit
    no_read_returns_more_than_the_most
    a_shard_is_read_in_order_of_position_without_gaps
    heads_are_told_in_the_order_asked
    the_chain_covers_all_that_came_before
    a_reply_is_stored_with_its_events
    a_refused_batch_stores_no_reply
    a_checkpoint_moves_together_with_what_was_produced
    the_same_output_twice_is_one
    a_follower_that_was_overtaken_stores_nothing
    an_output_is_due_until_it_is_settled
    outputs_come_due_in_order
    all_outputs_are_told_whenever_they_are_due
    what_came_from_a_stream_can_be_hurried
    a_snapshot_is_read_back_in_its_form_alone
    an_empty_journal_answers
    a_stream_is_read_back_by_names_between_two_versions
    events_are_found_by_what_they_are_about
    the_version_of_a_moment_is_the_last_one_not_after_it
    the_streams_after_a_position_are_told_without_their_events
}

#[path = "deliveries.rs"]
mod deliveries;

async fn an_appended_event_is_read_as_it_was_written(journal: &dyn Journal) {
    journal.append(&batch(vec![append(1, 0, 4)])).await.unwrap();
    let stored = journal.read_stream(Stream(1), Version(3), 10).await.unwrap().remove(0);
    let written = event(3);
    assert_eq!(
        (stored.time_ms, stored.actor, stored.name),
        (written.time_ms, written.actor, written.name.to_owned())
    );
    assert_eq!(
        (stored.body, stored.personal),
        (written.body, written.personal.map(|personal| personal.data))
    );
}

async fn versions_count_within_a_stream_and_positions_over_all(journal: &dyn Journal) {
    journal.append(&batch(vec![append(1, 0, 2), append(2, 0, 1)])).await.unwrap();
    journal.append(&batch(vec![append(1, 2, 1)])).await.unwrap();
    let all = journal.read_shard(Shard(0), Position(0), 10).await.unwrap();
    let places: Vec<_> =
        all.iter().map(|event| (event.stream.0, event.version.0, event.position.0)).collect();
    assert_eq!(places, [(1, 1, 1), (1, 2, 2), (2, 1, 3), (1, 3, 4)]);
}

async fn a_stream_at_another_version_refuses_the_whole_batch(journal: &dyn Journal) {
    journal.append(&batch(vec![append(1, 0, 1)])).await.unwrap();
    let refused = journal.append(&batch(vec![append(2, 0, 1), append(1, 0, 1), append(3, 5, 1)])).await;
    let Err(AppendError::Conflict { streams }) = refused else { panic!("{refused:?}") };
    assert_eq!(streams, [Stream(1), Stream(3)]);
    assert!(journal.read_stream(Stream(2), Version(0), 10).await.unwrap().is_empty());
    journal.append(&batch(vec![append(2, 0, 1), append(1, 1, 1)])).await.unwrap();
}

async fn a_read_starts_after_the_version_and_ends_at_the_limit(journal: &dyn Journal) {
    journal.append(&batch(vec![append(1, 0, 9)])).await.unwrap();
    let read = journal.read_stream(Stream(1), Version(4), 3).await.unwrap();
    let versions: Vec<_> = read.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, [5, 6, 7]);
    assert!(journal.read_stream(Stream(1), Version(9), 3).await.unwrap().is_empty());
    assert!(journal.read_stream(Stream(1), Version(0), 0).await.unwrap().is_empty());
}

async fn no_read_returns_more_than_the_most(journal: &dyn Journal) {
    let most = u64::try_from(MAX_READ).unwrap();
    journal.append(&batch(vec![append(1, 0, most + 1)])).await.unwrap();
    assert_eq!(journal.read_stream(Stream(1), Version(0), usize::MAX).await.unwrap().len(), MAX_READ);
    assert_eq!(journal.read_shard(Shard(0), Position(0), usize::MAX).await.unwrap().len(), MAX_READ);
}

async fn a_shard_is_read_in_order_of_position_without_gaps(journal: &dyn Journal) {
    for round in 0..5 {
        journal.append(&batch(vec![append(round, 0, round + 1), append(9, round, 1)])).await.unwrap();
    }
    let mut after = Position(0);
    loop {
        let read = journal.read_shard(Shard(0), after, 4).await.unwrap();
        let Some(last) = read.last() else { break };
        let expected: Vec<_> = (after.0 + 1..).take(read.len()).collect();
        assert_eq!(read.iter().map(|event| event.position.0).collect::<Vec<_>>(), expected);
        after = last.position;
    }
    assert_eq!(after, Position(20));
}

async fn heads_are_told_in_the_order_asked(journal: &dyn Journal) {
    journal.append(&batch(vec![append(1, 0, 2), append(2, 0, 3)])).await.unwrap();
    let heads = journal.heads(&[Stream(2), Stream(7), Stream(1)]).await.unwrap();
    let versions: Vec<_> = heads.iter().map(|head| (head.stream.0, head.version.0)).collect();
    assert_eq!(versions, [(2, 3), (7, 0), (1, 2)]);
    let last = journal.read_stream(Stream(2), Version(2), 1).await.unwrap().remove(0);
    assert_eq!(heads[0].hash, last.hash);
}

async fn the_chain_covers_all_that_came_before(journal: &dyn Journal) {
    journal.append(&batch(vec![append(1, 0, 3), append(2, 0, 3)])).await.unwrap();
    let one = journal.read_stream(Stream(1), Version(0), 3).await.unwrap();
    let other = journal.read_stream(Stream(2), Version(0), 3).await.unwrap();
    for (a, b) in one.iter().zip(&other) {
        assert_eq!(a.body, b.body);
        assert_ne!(a.hash, b.hash, "the stream is part of the hash");
    }
}

fn reply(key: &str) -> NewReply {
    let key = ReplyKey { stream: Stream(1), token: "tok_1".to_owned(), key: key.to_owned() };
    NewReply { key, fingerprint: [3; 32], time_ms: 1_767_225_600_000, answer: b"{}".to_vec() }
}

async fn a_reply_is_stored_with_its_events(journal: &dyn Journal) {
    journal.append(&Batch { streams: vec![append(1, 0, 1)], replies: vec![reply("a")] }).await.unwrap();
    let stored = journal.reply(&reply("a").key).await.unwrap().unwrap();
    assert_eq!((stored.fingerprint, stored.answer), ([3; 32], b"{}".to_vec()));
    assert!(journal.reply(&reply("b").key).await.unwrap().is_none());
    let other_token = ReplyKey { token: "tok_2".to_owned(), ..reply("a").key };
    assert!(journal.reply(&other_token).await.unwrap().is_none());
    let other_company = ReplyKey { stream: Stream(2), ..reply("a").key };
    assert!(journal.reply(&other_company).await.unwrap().is_none());
}

async fn a_refused_batch_stores_no_reply(journal: &dyn Journal) {
    let refused = Batch { streams: vec![append(1, 5, 1)], replies: vec![reply("a")] };
    assert!(journal.append(&refused).await.is_err());
    assert!(journal.reply(&reply("a").key).await.unwrap().is_none());
}

fn output(key: &str, due_ms: i64) -> Output {
    let (follower, key) = ("mail".to_owned(), key.to_owned());
    Output { follower, key, stream: Stream(1), due_ms, attempts: 0, body: "{}".to_owned() }
}

fn advance(from: u64, to: u64, outputs: Vec<Output>) -> Advance {
    let (from, to) = (Position(from), Position(to));
    Advance { follower: "mail".to_owned(), shard: Shard(0), from, to, outputs, deliveries: vec![] }
}

async fn a_checkpoint_moves_together_with_what_was_produced(journal: &dyn Journal) {
    assert_eq!(journal.checkpoint("mail", Shard(0)).await.unwrap(), Position(0));
    journal.advance(advance(0, 5, vec![output("a", 0)])).await.unwrap();
    assert_eq!(journal.checkpoint("mail", Shard(0)).await.unwrap(), Position(5));
    assert_eq!(journal.checkpoint("other", Shard(0)).await.unwrap(), Position(0));
    assert_eq!(journal.due_outputs("mail", 0, 10).await.unwrap(), [output("a", 0)]);
    assert!(journal.due_outputs("other", 0, 10).await.unwrap().is_empty());
}

async fn the_same_output_twice_is_one(journal: &dyn Journal) {
    journal.advance(advance(0, 5, vec![output("a", 0)])).await.unwrap();
    journal.advance(advance(5, 9, vec![output("a", 0), output("a", 0)])).await.unwrap();
    assert_eq!(journal.due_outputs("mail", 0, 10).await.unwrap().len(), 1);
}

async fn an_output_is_due_until_it_is_settled(journal: &dyn Journal) {
    journal.advance(advance(0, 1, vec![output("a", 0), output("b", 0)])).await.unwrap();
    let settle =
        |key: &str, settled| Settlement { follower: "mail".to_owned(), key: key.to_owned(), settled };
    journal.settle(&[settle("a", Settled::Done), settle("b", Settled::Again { due_ms: 50 })]).await.unwrap();
    assert!(journal.due_outputs("mail", 49, 10).await.unwrap().is_empty());
    let due = journal.due_outputs("mail", 50, 10).await.unwrap();
    assert_eq!(due, [Output { attempts: 1, ..output("b", 50) }]);
    journal.settle(&[settle("b", Settled::Wait { due_ms: 60 })]).await.unwrap();
    assert_eq!(
        journal.due_outputs("mail", 60, 10).await.unwrap(),
        [Output { attempts: 1, ..output("b", 60) }]
    );
}

async fn a_follower_that_was_overtaken_stores_nothing(journal: &dyn Journal) {
    assert_eq!(journal.advance(advance(0, 5, vec![])).await.unwrap(), Advanced::Stored);
    let late = journal.advance(advance(0, 3, vec![output("a", 0)])).await.unwrap();
    assert_eq!(late, Advanced::Overtaken);
    assert_eq!(journal.checkpoint("mail", Shard(0)).await.unwrap(), Position(5));
    assert!(journal.due_outputs("mail", 0, 10).await.unwrap().is_empty());
}

async fn outputs_come_due_in_order(journal: &dyn Journal) {
    journal
        .advance(advance(0, 1, vec![output("a", 3), output("b", 1), output("c", 2), output("d", 9)]))
        .await
        .unwrap();
    let due = journal.due_outputs("mail", 5, 2).await.unwrap();
    assert_eq!(due.iter().map(|output| output.key.as_str()).collect::<Vec<_>>(), ["b", "c"]);
}

async fn all_outputs_are_told_whenever_they_are_due(journal: &dyn Journal) {
    let other = Output { follower: "other".to_owned(), ..output("o", 0) };
    let outputs = vec![output("a", i64::MAX), output("b", 7), output("c", 7), other];
    journal.advance(advance(0, 1, outputs)).await.unwrap();
    let told = |limit: usize| async move {
        let outputs = journal.outputs("mail", limit).await.unwrap();
        outputs.into_iter().map(|output| output.key).collect::<Vec<_>>()
    };
    assert_eq!(told(usize::MAX).await, ["b", "c", "a"]);
    assert_eq!(told(2).await, ["b", "c"]);
}

async fn what_came_from_a_stream_can_be_hurried(journal: &dyn Journal) {
    let other_stream = Output { stream: Stream(2), ..output("b", 90) };
    let other_follower = Output { follower: "other".to_owned(), ..output("c", 90) };
    let tried = Output { attempts: 3, ..output("d", 90) };
    let outputs = vec![output("a", 10), other_stream.clone(), other_follower.clone(), tried.clone()];
    journal.advance(advance(0, 1, outputs)).await.unwrap();
    journal.hurry("mail", Stream(1), 50).await.unwrap();
    let due = journal.due_outputs("mail", 50, 10).await.unwrap();
    assert_eq!(due, [output("a", 10), Output { due_ms: 50, ..tried }], "what is due already stays so");
    assert_eq!(journal.outputs("mail", 10).await.unwrap()[2], other_stream);
    assert_eq!(journal.outputs("other", 10).await.unwrap(), [other_follower]);
    journal.hurry("nobody", Stream(1), 0).await.unwrap();
}

async fn a_snapshot_is_read_back_in_its_form_alone(journal: &dyn Journal) {
    journal.append(&batch(vec![append(1, 0, 2)])).await.unwrap();
    let head = journal.heads(&[Stream(1)]).await.unwrap().remove(0);
    let snapshot = Snapshot {
        stream: Stream(1),
        form: 4,
        version: head.version,
        hash: head.hash,
        bytes: b"state\n".to_vec(),
    };
    journal.store_snapshot(snapshot.clone()).await.unwrap();
    assert_eq!(journal.load_snapshot(Stream(1), 4).await.unwrap(), Some(snapshot));
    assert_eq!(journal.load_snapshot(Stream(1), 5).await.unwrap(), None);
    assert_eq!(journal.load_snapshot(Stream(2), 4).await.unwrap(), None);
}

async fn an_empty_journal_answers(journal: &dyn Journal) {
    journal.ping().await.unwrap();
    journal.append(&Batch::default()).await.unwrap();
    assert!(journal.read_shard(Shard(0), Position(0), 10).await.unwrap().is_empty());
}

async fn a_stream_is_read_back_by_names_between_two_versions(journal: &dyn Journal) {
    journal.append(&batch(vec![append(1, 0, 9), append(2, 0, 9)])).await.unwrap();
    let versions = |read: Vec<tenure_journal::StoredEvent>| -> Vec<u64> {
        read.iter().map(|event| event.version.0).collect()
    };
    let between = (Version(2), Version(8));
    let read = journal.read_back(Stream(1), between, &["thing.happened"], 3).await.unwrap();
    assert_eq!(versions(read), [7, 6, 5]);
    let read = journal.read_back(Stream(1), between, &["thing.happened", "x.y"], 100).await.unwrap();
    assert_eq!(versions(read), [7, 6, 5, 4, 3]);
    for names in [&["thing.else"][..], &[]] {
        assert!(journal.read_back(Stream(1), between, names, 100).await.unwrap().is_empty());
    }
}

async fn events_are_found_by_what_they_are_about(journal: &dyn Journal) {
    journal.append(&batch(vec![append(1, 0, 9), append(2, 0, 9)])).await.unwrap();
    let about = |subject: &'static str, range: (u64, u64), limit: usize| async move {
        let range = (Version(range.0), Version(range.1));
        let read = journal.read_subject(Stream(1), subject, range, Order::OldestFirst, limit).await.unwrap();
        read.iter().map(|event| (event.stream.0, event.version.0)).collect::<Vec<_>>()
    };
    assert_eq!(about("thing_0", (0, 100), 10).await, [(1, 1), (1, 4), (1, 7)]);
    assert_eq!(about("thing_0", (1, 7), 10).await, [(1, 4), (1, 7)]);
    assert_eq!(about("thing_1", (0, 100), 2).await, [(1, 2), (1, 5)]);
    assert!(about("thing_9", (0, 100), 10).await.is_empty());
    let range = (Version(0), Version(100));
    let read = journal.read_subject(Stream(1), "thing_0", range, Order::NewestFirst, 2).await.unwrap();
    assert_eq!(read.iter().map(|event| event.version.0).collect::<Vec<_>>(), [7, 4]);
}

async fn the_version_of_a_moment_is_the_last_one_not_after_it(journal: &dyn Journal) {
    journal.append(&batch(vec![append(1, 0, 9)])).await.unwrap();
    for (moment, version) in [(-1, 0), (0, 1), (4, 5), (8, 9), (1000, 9)] {
        let found = journal.version_at(Stream(1), event(0).time_ms + moment).await.unwrap();
        assert_eq!(found, Version(version), "{moment}");
    }
    assert_eq!(journal.version_at(Stream(7), 0).await.unwrap(), Version(0));
}

async fn the_streams_after_a_position_are_told_without_their_events(journal: &dyn Journal) {
    journal.append(&batch(vec![append(1, 0, 2), append(2, 0, 2)])).await.unwrap();
    let streams = journal.streams_after(Shard(0), Position(1), 2).await.unwrap();
    assert_eq!(streams, [(Position(2), Stream(1), Version(2)), (Position(3), Stream(2), Version(1))]);
}
