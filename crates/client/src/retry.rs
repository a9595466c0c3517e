//! Trying again: how long to wait, and how often at most.

use backon::{BackoffBuilder as _, ExponentialBuilder};
use std::sync::Mutex;
use std::time::Duration;

/// The first wait is at most this long.
const FIRST: Duration = Duration::from_millis(200);
/// No wait of ours is longer.
const LONGEST: Duration = Duration::from_secs(20);
/// How often one request is tried again.
const TIMES: usize = 6;
/// The longest that a server may make us wait with `Retry-After`.
const RETRY_AFTER_AT_MOST: Duration = Duration::from_mins(15);

/// The waits between tries, with full jitter: each is a part of a span that doubles.
pub(crate) fn waits() -> impl Iterator<Item = Duration> {
    let spans = ExponentialBuilder::new().with_min_delay(FIRST).with_max_delay(LONGEST).with_factor(2.0);
    spans.with_max_times(TIMES).build().map(|span| span.mul_f64(fastrand::f64()))
}

/// How long `Retry-After` asks to wait (RFC 9110, section 10.2.3): seconds, or a date that is read against the server's own
/// clock. Clamped, since the other side is not trusted with more.
pub(crate) fn retry_after(value: Option<&str>, date: Option<&str>) -> Option<Duration> {
    let value = value?.trim();
    let asked = if let Ok(seconds) = value.parse::<f64>() {
        Duration::try_from_secs_f64(seconds.max(0.0)).ok()?
    } else {
        let until = httpdate::parse_http_date(value).ok()?;
        let now = date.and_then(|date| httpdate::parse_http_date(date).ok());
        until.duration_since(now.unwrap_or_else(std::time::SystemTime::now)).unwrap_or_default()
    };
    Some(asked.min(RETRY_AFTER_AT_MOST))
}

/// At most a tenth of the requests are tries again, and a few more at the start: a server in trouble is not helped by more
/// requests.
pub(crate) struct RetryBudget(Mutex<f64>);

const SAVED_AT_MOST: f64 = 20.0;
const SAVED_BY_A_REQUEST: f64 = 0.1;

impl RetryBudget {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(SAVED_AT_MOST))
    }

    /// Notes a request that was sent for the first time.
    pub(crate) fn save(&self) {
        let mut saved = self.0.lock().expect("no holder of the lock panics");
        *saved = (*saved + SAVED_BY_A_REQUEST).min(SAVED_AT_MOST);
    }

    /// Whether a request may be tried again.
    pub(crate) fn spend(&self) -> bool {
        let mut saved = self.0.lock().expect("no holder of the lock panics");
        let may = *saved >= 1.0;
        if may {
            *saved -= 1.0;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_servers_clock() {
        let seconds = Duration::from_secs;
        assert_eq!(retry_after(Some("3"), None), Some(seconds(3)));
        assert_eq!(retry_after(Some("-3"), None), Some(seconds(0)));
        let (date, until) = ("Thu, 26 Nov 2026 10:00:00 GMT", "Thu, 26 Nov 2026 10:00:07 GMT");
        assert_eq!(retry_after(Some(until), Some(date)), Some(seconds(7)));
        assert_eq!(retry_after(Some(date), Some(until)), Some(seconds(0)));
    }

    #[test]
    fn a_server_cannot_make_us_wait_for_ever_nor_confuse_us() {
        assert_eq!(retry_after(Some("99999999999"), None), Some(RETRY_AFTER_AT_MOST));
        for nonsense in ["soon", "", "NaN", "inf", "1e400"] {
            let asked = retry_after(Some(nonsense), None);
            assert!(asked.is_none_or(|asked| asked <= RETRY_AFTER_AT_MOST), "{nonsense}");
        }
    }

    #[test]
    fn a_tenth_of_the_requests_may_be_tries_again() {
        let budget = RetryBudget::new();
        while budget.spend() {}
        for _ in 0..100 {
            budget.save();
        }
        let tries = (0..100).filter(|_| budget.spend()).count();
        assert!((9..=10).contains(&tries), "{tries}");
    }
}
