//! Deliveries in memory, by the same rules as in SQLite.

use crate::delivery::{
    Again, Attempt, Attempted, Delivery, DeliveryPage, DeliveryStatus, Endpoint, EndpointHealth,
    LAST_ATTEMPTS, NewDelivery, Outcome, TriedDelivery,
};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
struct ToEndpoint {
    last_sequence: u64,
    failing_since_ms: Option<i64>,
    last_success_ms: Option<i64>,
    deliveries: BTreeMap<u64, (Delivery, Vec<Attempt>)>,
}

impl ToEndpoint {
    fn pending_of<'a>(&'a mut self, lane: &'a str) -> impl Iterator<Item = &'a mut Delivery> {
        let all = self.deliveries.values_mut().map(|(delivery, _)| delivery);
        all.filter(move |delivery| delivery.status == DeliveryStatus::Pending && delivery.lane == lane)
    }

    /// Lets the first pending delivery of a lane be due, if none is.
    fn release(&mut self, lane: &str, due_ms: i64) {
        if let Some(first) = self.pending_of(lane).next() {
            first.due_ms.get_or_insert(due_ms);
        }
    }

    fn enqueue(&mut self, new: NewDelivery) -> bool {
        let NewDelivery { endpoint, event, lane, form, body, time_ms } = new;
        if self.deliveries.values().any(|(known, _)| known.event == event) {
            return false;
        }
        self.last_sequence += 1;
        let due_ms = self.pending_of(&lane).next().is_none().then_some(time_ms);
        let delivery = Delivery {
            endpoint,
            sequence: self.last_sequence,
            event,
            lane,
            form,
            body,
            status: DeliveryStatus::Pending,
            due_ms,
            tries: 0,
            created_ms: time_ms,
        };
        self.deliveries.insert(self.last_sequence, (delivery, vec![]));
        true
    }

    fn record(&mut self, attempted: Attempted) {
        let Attempted { endpoint: _, sequence, attempt, outcome } = attempted;
        let time_ms = attempt.time_ms;
        let Some((delivery, attempts)) = self.deliveries.get_mut(&sequence) else { return };
        if delivery.status != DeliveryStatus::Pending {
            return;
        }
        attempts.push(attempt);
        delivery.tries += 1;
        (delivery.status, delivery.due_ms) = match outcome {
            Outcome::Delivered => (DeliveryStatus::Delivered, None),
            Outcome::Retry { due_ms } => (DeliveryStatus::Pending, Some(due_ms)),
            Outcome::GivenUp => (DeliveryStatus::Failed, None),
        };
        let (status, lane) = (delivery.status, delivery.lane.clone());
        // Another one of the lane may have become the first meanwhile, by being asked for again.
        if self.pending_of(&lane).next().is_some_and(|first| first.sequence < sequence)
            && let Some((delivery, _)) = self.deliveries.get_mut(&sequence)
        {
            delivery.due_ms = None;
        }
        if status != DeliveryStatus::Pending {
            self.release(&lane, time_ms);
        }
        if status == DeliveryStatus::Delivered {
            (self.failing_since_ms, self.last_success_ms) = (None, Some(time_ms));
        } else {
            self.failing_since_ms.get_or_insert(time_ms);
        }
    }

    fn send_again(&mut self, again: Again, now_ms: i64) -> u64 {
        let is_meant = |delivery: &Delivery| match again {
            Again::One { sequence } => delivery.sequence == sequence,
            Again::FailedSince { time_ms } => {
                delivery.status == DeliveryStatus::Failed && delivery.created_ms >= time_ms
            }
        };
        let mut lanes = Vec::new();
        for (delivery, _) in self.deliveries.values_mut().filter(|(delivery, _)| is_meant(delivery)) {
            (delivery.status, delivery.due_ms, delivery.tries) = (DeliveryStatus::Pending, None, 0);
            lanes.push(delivery.lane.clone());
        }
        for lane in &lanes {
            self.pending_of(lane).skip(1).for_each(|delivery| delivery.due_ms = None);
            self.release(lane, now_ms);
        }
        lanes.len() as u64
    }

    fn health(&self) -> EndpointHealth {
        let count =
            |status| self.deliveries.values().filter(|(found, _)| found.status == status).count() as u64;
        let mut last: Vec<_> = self.deliveries.values().flat_map(|(_, attempts)| attempts.clone()).collect();
        last.sort_by_key(|attempt| std::cmp::Reverse(attempt.time_ms));
        last.truncate(LAST_ATTEMPTS);
        EndpointHealth {
            pending: count(DeliveryStatus::Pending),
            failed: count(DeliveryStatus::Failed),
            failing_since_ms: self.failing_since_ms,
            last_success_ms: self.last_success_ms,
            last_attempts: last,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Deliveries {
    endpoints: BTreeMap<Endpoint, ToEndpoint>,
}

impl Deliveries {
    pub(super) fn enqueue(&mut self, deliveries: Vec<NewDelivery>) -> usize {
        let mut stored = 0;
        for new in deliveries {
            stored += usize::from(self.endpoints.entry(new.endpoint).or_default().enqueue(new));
        }
        stored
    }

    pub(super) fn record(&mut self, attempted: Vec<Attempted>) {
        for one in attempted {
            if let Some(found) = self.endpoints.get_mut(&one.endpoint) {
                found.record(one);
            }
        }
    }

    fn all_to(&self, endpoint: Endpoint) -> impl DoubleEndedIterator<Item = &(Delivery, Vec<Attempt>)> {
        self.endpoints.get(&endpoint).into_iter().flat_map(|found| found.deliveries.values())
    }

    pub(super) fn due(&self, endpoint: Endpoint, now_ms: i64, limit: usize) -> Vec<Delivery> {
        let due = self.all_to(endpoint).map(|(delivery, _)| delivery);
        let mut due: Vec<_> = due.filter(|found| found.due_ms.is_some_and(|due| due <= now_ms)).collect();
        due.sort_by_key(|delivery| (delivery.due_ms, delivery.sequence));
        due.into_iter().take(limit).cloned().collect()
    }

    pub(super) fn next_due(&self, endpoint: Endpoint) -> Option<i64> {
        self.all_to(endpoint).filter_map(|(delivery, _)| delivery.due_ms).min()
    }

    pub(super) fn waiting(&self) -> Vec<Endpoint> {
        self.endpoints.keys().copied().filter(|endpoint| self.next_due(*endpoint).is_some()).collect()
    }

    pub(super) fn send_again(&mut self, endpoint: Endpoint, again: Again, now_ms: i64) -> u64 {
        self.endpoints.get_mut(&endpoint).map_or(0, |found| found.send_again(again, now_ms))
    }

    pub(super) fn forget(&mut self, endpoint: Endpoint) {
        self.endpoints.remove(&endpoint);
    }

    pub(super) fn prune(&mut self, before_ms: i64, limit: usize) -> usize {
        let mut gone = 0;
        for found in self.endpoints.values_mut() {
            found.deliveries.retain(|_, (delivery, _)| {
                let goes = gone < limit
                    && delivery.created_ms < before_ms
                    && delivery.status != DeliveryStatus::Pending;
                gone += usize::from(goes);
                !goes
            });
        }
        gone
    }

    pub(super) fn list(&self, endpoint: Endpoint, page: DeliveryPage) -> Vec<Delivery> {
        let all = self.all_to(endpoint).rev().map(|(delivery, _)| delivery);
        let wanted = all.filter(|found| {
            found.sequence < page.before && page.status.is_none_or(|status| found.status == status)
        });
        wanted.take(page.limit).cloned().collect()
    }

    pub(super) fn one(&self, endpoint: Endpoint, sequence: u64) -> Option<TriedDelivery> {
        self.endpoints.get(&endpoint)?.deliveries.get(&sequence).cloned()
    }

    pub(super) fn health(&self, endpoint: Endpoint) -> EndpointHealth {
        self.endpoints.get(&endpoint).map(ToEndpoint::health).unwrap_or_default()
    }
}
