//! Request ids: the caller's where it is sane, else one of ours.

use hyper::header::HeaderValue;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes ids that differ between requests and between starts of the server.
pub(crate) struct RequestIds {
    start: u32,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(start: u32) -> Self {
        Self { start, next: AtomicU64::new(1) }
    }

    /// The id of a request: 1 to 128 characters that cannot confuse a log, or a new one.
    pub(crate) fn of(&self, given: Option<&HeaderValue>) -> HeaderValue {
        let sane = |value: &&HeaderValue| {
            (1..=128).contains(&value.len())
                && value.as_bytes().iter().all(|byte| {
                    byte.is_ascii_alphanumeric()
                        || matches!(byte, b'-' | b'_' | b'.' | b':' | b'/' | b'+' | b'=')
                })
        };
        given.filter(sane).cloned().unwrap_or_else(|| {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let id = format!("req_{:08x}{number:08x}", self.start);
            HeaderValue::from_str(&id).expect("hexadecimal digits fit a header")
        })
    }
}
