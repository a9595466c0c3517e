//! Deliveries: each event once to an endpoint, one after the other within a lane, and nothing lost.

use super::{advance, memory, sqlite};
use tenure_journal::{
    Advance, Advanced, Again, Attempt, Attempted, Delivery, DeliveryPage, DeliveryStatus, Endpoint,
    EndpointHealth, Journal, NewDelivery, Outcome, Stream, Version,
};

on_every_engine! {
    an_event_is_enqueued_once_for_an_endpoint
    deliveries_are_stored_with_the_checkpoint_or_not_at_all
    of_a_lane_only_the_first_is_due
    what_arrived_or_was_given_up_lets_the_next_go
    every_attempt_is_kept_and_health_is_told
    what_failed_is_sent_again_in_order
    one_delivery_is_sent_again_whatever_became_of_it
    an_endpoint_can_be_forgotten
    what_is_settled_and_old_is_pruned
    the_list_is_paged_and_filtered
}

const HOOK: Endpoint = Endpoint { stream: Stream(1), number: 3 };
const OTHER: Endpoint = Endpoint { stream: Stream(2), number: 3 };

fn new(event: u64, lane: &str) -> NewDelivery {
    let (lane, form, body) = (lane.to_owned(), "event".to_owned(), format!("{{\"event\":{event}}}"));
    let time_ms = 1000 + i64::try_from(event).unwrap();
    NewDelivery { endpoint: HOOK, event: Version(event), lane, form, body, time_ms }
}

fn attempted(sequence: u64, time_ms: i64, status: Option<u16>, outcome: Outcome) -> Attempted {
    let fault = status.is_none().then(|| "no answer".to_owned());
    let attempt = Attempt { time_ms, latency_ms: 7, status, fault, answer: "hello".to_owned() };
    Attempted { endpoint: HOOK, sequence, attempt, outcome }
}

async fn due(journal: &dyn Journal, now_ms: i64) -> Vec<u64> {
    let due = journal.delivery_log().due_deliveries(HOOK, now_ms, 100).await.unwrap();
    due.iter().map(|delivery| delivery.sequence).collect()
}

async fn listed(journal: &dyn Journal) -> Vec<Delivery> {
    let page = DeliveryPage { before: u64::MAX >> 1, status: None, limit: 100 };
    journal.delivery_log().deliveries(HOOK, page).await.unwrap()
}

async fn record(journal: &dyn Journal, attempted: Attempted) {
    journal.delivery_log().record_attempts(vec![attempted]).await.unwrap();
}

async fn enqueue(journal: &dyn Journal, deliveries: Vec<NewDelivery>) -> usize {
    journal.delivery_log().enqueue(deliveries).await.unwrap()
}

async fn an_event_is_enqueued_once_for_an_endpoint(journal: &dyn Journal) {
    let other = NewDelivery { endpoint: OTHER, ..new(5, "a") };
    assert_eq!(enqueue(journal, vec![new(5, "a"), new(5, "a"), new(6, "b"), other]).await, 3);
    assert_eq!(enqueue(journal, vec![new(6, "b"), new(7, "c")]).await, 1);
    let sequences: Vec<_> =
        listed(journal).await.iter().map(|found| (found.sequence, found.event.0)).collect();
    assert_eq!(sequences, [(3, 7), (2, 6), (1, 5)]);
    assert_eq!(journal.delivery_log().waiting_endpoints().await.unwrap(), [HOOK, OTHER]);
}

async fn deliveries_are_stored_with_the_checkpoint_or_not_at_all(journal: &dyn Journal) {
    let step = Advance { deliveries: vec![new(5, "a")], ..advance(0, 5, vec![]) };
    assert_eq!(journal.advance(step.clone()).await.unwrap(), Advanced::Stored);
    let overtaken = Advance { deliveries: vec![new(6, "a")], ..step };
    assert_eq!(journal.advance(overtaken).await.unwrap(), Advanced::Overtaken);
    assert_eq!(listed(journal).await.len(), 1);
}

async fn of_a_lane_only_the_first_is_due(journal: &dyn Journal) {
    enqueue(journal, vec![new(1, "a"), new(2, "a"), new(3, "b"), new(4, "a")]).await;
    assert_eq!(due(journal, 1000).await, [0; 0]);
    assert_eq!(due(journal, 2000).await, [1, 3]);
    assert_eq!(journal.delivery_log().next_delivery(HOOK).await.unwrap(), Some(1001));
    record(journal, attempted(1, 2000, None, Outcome::Retry { due_ms: 7000 })).await;
    assert_eq!(due(journal, 2000).await, [3]);
    enqueue(journal, vec![new(5, "a")]).await;
    assert_eq!(due(journal, 6999).await, [3]);
    assert_eq!(due(journal, 7000).await, [3, 1]);
}

async fn what_arrived_or_was_given_up_lets_the_next_go(journal: &dyn Journal) {
    enqueue(journal, vec![new(1, "a"), new(2, "a"), new(3, "a"), new(4, "a")]).await;
    record(journal, attempted(1, 2000, Some(204), Outcome::Delivered)).await;
    assert_eq!(due(journal, 2000).await, [2]);
    record(journal, attempted(2, 3000, Some(500), Outcome::GivenUp)).await;
    assert_eq!(due(journal, 3000).await, [3]);
    // One that is late, of an attempt that was settled by another.
    record(journal, attempted(2, 4000, Some(200), Outcome::Delivered)).await;
    let statuses: Vec<_> = listed(journal).await.iter().map(|found| found.status).collect();
    assert_eq!(
        statuses,
        [DeliveryStatus::Pending, DeliveryStatus::Pending, DeliveryStatus::Failed, DeliveryStatus::Delivered]
    );
}

async fn every_attempt_is_kept_and_health_is_told(journal: &dyn Journal) {
    enqueue(journal, vec![new(1, "a"), new(2, "b")]).await;
    for (round, time_ms) in (2000..).step_by(1000).take(6).enumerate() {
        let due_ms = time_ms + 1000;
        let status = round.is_multiple_of(2).then_some(500);
        record(journal, attempted(1, time_ms, status, Outcome::Retry { due_ms })).await;
    }
    let (delivery, attempts) = journal.delivery_log().delivery(HOOK, 1).await.unwrap().unwrap();
    assert_eq!((delivery.tries, delivery.due_ms, attempts.len()), (6, Some(8000), 6));
    assert_eq!(attempts[1].fault.as_deref(), Some("no answer"));
    let health = journal.delivery_log().endpoint_health(HOOK).await.unwrap();
    assert_eq!((health.pending, health.failed), (2, 0));
    assert_eq!((health.failing_since_ms, health.last_success_ms), (Some(2000), None));
    let times: Vec<_> = health.last_attempts.iter().map(|attempt| attempt.time_ms).collect();
    assert_eq!(times, [7000, 6000, 5000, 4000, 3000]);
    record(journal, attempted(2, 9000, Some(200), Outcome::Delivered)).await;
    let health = journal.delivery_log().endpoint_health(HOOK).await.unwrap();
    assert_eq!((health.failing_since_ms, health.last_success_ms), (None, Some(9000)));
    assert!(journal.delivery_log().delivery(HOOK, 9).await.unwrap().is_none());
}

async fn what_failed_is_sent_again_in_order(journal: &dyn Journal) {
    enqueue(journal, vec![new(1, "a"), new(2, "a"), new(3, "a"), new(4, "b")]).await;
    for sequence in [1, 2] {
        record(journal, attempted(sequence, 2000, Some(500), Outcome::GivenUp)).await;
    }
    record(journal, attempted(4, 2000, Some(200), Outcome::Delivered)).await;
    let again = Again::FailedSince { time_ms: 1002 };
    assert_eq!(journal.delivery_log().send_again(HOOK, again, 5000).await.unwrap(), 1);
    assert_eq!(due(journal, 5000).await, [2], "the third waits behind the second again");
    record(journal, attempted(2, 6000, Some(200), Outcome::Delivered)).await;
    assert_eq!(due(journal, 6000).await, [3]);
}

async fn one_delivery_is_sent_again_whatever_became_of_it(journal: &dyn Journal) {
    enqueue(journal, vec![new(1, "a")]).await;
    record(journal, attempted(1, 2000, Some(200), Outcome::Delivered)).await;
    let again = Again::One { sequence: 1 };
    assert_eq!(journal.delivery_log().send_again(HOOK, again, 5000).await.unwrap(), 1);
    record(journal, attempted(1, 6000, Some(200), Outcome::Delivered)).await;
    let (delivery, attempts) = journal.delivery_log().delivery(HOOK, 1).await.unwrap().unwrap();
    assert_eq!((delivery.status, delivery.tries, attempts.len()), (DeliveryStatus::Delivered, 1, 2));
    let again = Again::One { sequence: 9 };
    assert_eq!(journal.delivery_log().send_again(HOOK, again, 5000).await.unwrap(), 0);
}

async fn an_endpoint_can_be_forgotten(journal: &dyn Journal) {
    enqueue(journal, vec![new(1, "a"), new(2, "a")]).await;
    record(journal, attempted(1, 2000, None, Outcome::Retry { due_ms: 7000 })).await;
    journal.delivery_log().forget_endpoint(HOOK).await.unwrap();
    assert!(listed(journal).await.is_empty());
    // An attempt that was under way ends as if it had not been.
    record(journal, attempted(1, 9000, Some(200), Outcome::Delivered)).await;
    assert_eq!(journal.delivery_log().endpoint_health(HOOK).await.unwrap(), EndpointHealth::default());
}

async fn what_is_settled_and_old_is_pruned(journal: &dyn Journal) {
    enqueue(journal, vec![new(1, "a"), new(2, "a"), new(3, "b"), new(4, "c")]).await;
    record(journal, attempted(1, 2000, Some(200), Outcome::Delivered)).await;
    record(journal, attempted(3, 2000, Some(500), Outcome::GivenUp)).await;
    record(journal, attempted(4, 2000, Some(200), Outcome::Delivered)).await;
    assert_eq!(journal.delivery_log().prune_deliveries(1004, 1).await.unwrap(), 1);
    assert_eq!(journal.delivery_log().prune_deliveries(1004, 100).await.unwrap(), 1);
    let left: Vec<_> = listed(journal).await.iter().map(|delivery| delivery.sequence).collect();
    assert_eq!(left, [4, 2]);
    assert_eq!(enqueue(journal, vec![new(9, "a")]).await, 1);
    assert_eq!(listed(journal).await[0].sequence, 5, "a sequence is never used again");
}

async fn the_list_is_paged_and_filtered(journal: &dyn Journal) {
    enqueue(journal, (1..=5).map(|event| new(event, &event.to_string())).collect()).await;
    record(journal, attempted(2, 2000, Some(200), Outcome::Delivered)).await;
    let sequences = |page| async move {
        let listed = journal.delivery_log().deliveries(HOOK, page).await.unwrap();
        listed.iter().map(|delivery| delivery.sequence).collect::<Vec<_>>()
    };
    assert_eq!(sequences(DeliveryPage { before: 5, status: None, limit: 2 }).await, [4, 3]);
    let pending = Some(DeliveryStatus::Pending);
    assert_eq!(sequences(DeliveryPage { before: 4, status: pending, limit: 9 }).await, [3, 1]);
    let delivered = Some(DeliveryStatus::Delivered);
    assert_eq!(sequences(DeliveryPage { before: 9, status: delivered, limit: 9 }).await, [2]);
}
