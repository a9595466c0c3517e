//! A clock that stands until it is told to go on.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tenure_directory::Timestamp;
use tenure_engine::Clock;

/// 2026-01-01T00:00:00Z, where every test begins.
const START_MS: i64 = 1_767_225_600_000;

/// A clock for tests. Time passes only by [`ManualClock::advance`].
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    fn default() -> Self {
        Self(AtomicI64::new(START_MS))
    }
}

impl ManualClock {
    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.step_ms(i64::try_from(by.as_millis()).unwrap());
    }

    /// Steps the clock, possibly back, as a clock that is corrected does.
    pub fn step_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }
}
