//! Counts and times of requests by route template. Each handle is made once and kept: making it costs more than using it.

use metrics::{Counter, Histogram};
use papaya::{Equivalent, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// What requests are counted by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kind {
    route: Arc<str>,
    method: &'static str,
    status: u16,
}

impl Hash for Kind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        KindRef { route: &self.route, method: self.method, status: self.status }.hash(state);
    }
}

/// The same without owning anything.
#[derive(PartialEq, Eq, Hash)]
struct KindRef<'a> {
    route: &'a str,
    method: &'static str,
    status: u16,
}

impl Equivalent<Kind> for KindRef<'_> {
    fn equivalent(&self, other: &Kind) -> bool {
        (self.route, self.method, self.status) == (&*other.route, other.method, other.status)
    }
}

/// The handles of all kinds of requests that there were.
#[derive(Default)]
pub(crate) struct RequestMetrics {
    handles: HashMap<Kind, (Counter, Histogram)>,
}

impl RequestMetrics {
    pub(crate) fn count(&self, route: &Arc<str>, method: &'static str, status: u16, latency: Duration) {
        let handles = self.handles.pin();
        let (counter, histogram) = match handles.get(&KindRef { route, method, status }) {
            Some(known) => known,
            None => handles.get_or_insert_with(Kind { route: Arc::clone(route), method, status }, || {
                made(route, method, status)
            }),
        };
        counter.increment(1);
        histogram.record(latency.as_secs_f64());
    }
}

fn made(route: &Arc<str>, method: &'static str, status: u16) -> (Counter, Histogram) {
    let counter = metrics::counter!(
        "tenure_requests_total",
        "method" => method,
        "route" => route.to_string(),
        "status" => status.to_string()
    );
    let histogram =
        metrics::histogram!("tenure_request_seconds", "method" => method, "route" => route.to_string());
    (counter, histogram)
}
