//! The rate limit: fixed windows of a minute, one counter per token, and one per address for requests without a token.

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use tenure_directory::token::RateLimit;
use tenure_directory::{CompanyId, Timestamp, TokenId};

const WINDOW_MS: i64 = 60_000;
const COUNT_BITS: u32 = 24;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;
/// What the headers say where there is no limit; clients want a number.
const UNLIMITED: u32 = 2_147_483_647;

/// Where a caller stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    limit: u32,
    remaining: u32,
    reset_seconds: i64,
    retry_after_seconds: i64,
    pub(crate) exceeded: bool,
}

impl Standing {
    /// After `count` requests in the present window.
    fn after(count: u64, limit: u32, now: Timestamp) -> Self {
        let count = u32::try_from(count).expect("a count has 24 bits");
        let reset_seconds = window_end_seconds(now);
        Self {
            limit,
            remaining: limit.saturating_sub(count),
            reset_seconds,
            retry_after_seconds: (reset_seconds - now.as_ms().div_euclid(1000)).max(1),
            exceeded: count > limit,
        }
    }

    /// Whether one more request would be one too many.
    pub(crate) const fn is_spent(&self) -> bool {
        self.remaining == 0
    }

    /// Puts the three documented headers into an answer.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(self.limit));
        headers.insert(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(self.remaining));
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(self.reset_seconds));
        if self.exceeded {
            headers.insert(hyper::header::RETRY_AFTER, HeaderValue::from(self.retry_after_seconds));
        }
    }

    pub(crate) const fn limit(&self) -> u32 {
        self.limit
    }

    pub(crate) const fn retry_after_seconds(&self) -> i64 {
        self.retry_after_seconds
    }
}

/// All counters of a node.
#[derive(Default)]
pub(crate) struct RateLimiter {
    tokens: Windows<(CompanyId, TokenId)>,
    strangers: Windows<IpAddr>,
}

impl RateLimiter {
    /// Counts a request of a token.
    pub(crate) fn token(
        &self,
        company: CompanyId,
        token: TokenId,
        limit: RateLimit,
        now: Timestamp,
    ) -> Standing {
        match limit {
            RateLimit::PerMinute(limit) => self.tokens.count((company, token), limit.get(), now),
            RateLimit::Unlimited => Standing {
                limit: UNLIMITED,
                remaining: UNLIMITED,
                reset_seconds: window_end_seconds(now),
                retry_after_seconds: 1,
                exceeded: false,
            },
        }
    }

    /// Counts a request without a valid token.
    pub(crate) fn stranger(&self, address: IpAddr, limit: u32, now: Timestamp) -> Standing {
        self.strangers.count(household(address), limit, now)
    }

    /// Where an address stands, without counting anything.
    pub(crate) fn stranger_standing(&self, address: IpAddr, limit: u32, now: Timestamp) -> Standing {
        self.strangers.standing(&household(address), limit, now)
    }
}

/// What counts as one address: of IPv6 the /64, which one customer has.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = u128::from(address) >> 64 << 64;
            IpAddr::V6(bits.into())
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Counters by key. Each holds its window and its count in one word, so that counting takes no lock.
struct Windows<K> {
    counters: papaya::HashMap<K, AtomicU64>,
    swept: AtomicU64,
}

impl<K: Hash + Eq> Default for Windows<K> {
    fn default() -> Self {
        Self { counters: papaya::HashMap::new(), swept: AtomicU64::new(0) }
    }
}

fn window_of(now: Timestamp) -> u64 {
    u64::try_from(now.as_ms().div_euclid(WINDOW_MS)).unwrap_or_default()
}

fn window_end_seconds(now: Timestamp) -> i64 {
    (now.as_ms().div_euclid(WINDOW_MS) + 1) * (WINDOW_MS / 1000)
}

impl<K: Hash + Eq> Windows<K> {
    fn count(&self, key: K, limit: u32, now: Timestamp) -> Standing {
        let window = window_of(now);
        self.sweep(window);
        let counters = self.counters.pin();
        let counter = counters.get_or_insert_with(key, || AtomicU64::new(0));
        let next = |value: u64| {
            let count = if value >> COUNT_BITS == window { value & COUNT_MASK } else { 0 };
            (window << COUNT_BITS) | (count + 1).min(COUNT_MASK)
        };
        let before = counter
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |value| Some(next(value)))
            .expect("the update always gives a value");
        Standing::after(next(before) & COUNT_MASK, limit, now)
    }

    fn standing(&self, key: &K, limit: u32, now: Timestamp) -> Standing {
        let counters = self.counters.pin();
        let value = counters.get(key).map_or(0, |counter| counter.load(Ordering::Relaxed));
        let count = if value >> COUNT_BITS == window_of(now) { value & COUNT_MASK } else { 0 };
        Standing::after(count, limit, now)
    }

    /// Once a window, forgets the counters of earlier ones, so that memory does not grow with all who ever came.
    fn sweep(&self, window: u64) {
        let swept = self.swept.load(Ordering::Relaxed);
        let mine = swept < window
            && self.swept.compare_exchange(swept, window, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if mine {
            self.counters.pin().retain(|_, counter| counter.load(Ordering::Relaxed) >> COUNT_BITS >= window);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_gives_its_budget_once_and_the_next_gives_it_anew() {
        let windows = Windows::default();
        let at = |second: i64| Timestamp::from_ms(second * 1000);
        let taken: Vec<_> = (0..4).map(|_| windows.count("token", 3, at(90)).exceeded).collect();
        assert_eq!(taken, [false, false, false, true]);
        let standing = windows.count("token", 3, at(119));
        assert_eq!((standing.reset_seconds, standing.retry_after_seconds), (120, 1));
        assert!(!windows.count("token", 3, at(120)).exceeded);
        assert_eq!(windows.counters.pin().len(), 1);
    }
}
