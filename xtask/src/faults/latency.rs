//! What others feel meanwhile: clients that read one thing after another, and the time within which 99 of 100 of their
//! answers come. Taken in windows of a second, of which the median counts: a machine has a bad second now and then.

use std::time::{Duration, Instant};
use tenure_testkit::Api;

const WINDOW: Duration = Duration::from_secs(1);
/// How many clients read, each after a pause: enough to notice, too few to be the load themselves.
const CLIENTS: usize = 8;
const PAUSE: Duration = Duration::from_millis(4);

/// Reads a path for so many windows; the median of their 99th percentiles.
pub(super) async fn p99(api: &Api, path: &str, windows: usize) -> Result<Duration, String> {
    let mut each = Vec::new();
    for _ in 0..windows {
        let readers = (0..CLIENTS).map(|_| tokio::spawn(read(api.clone(), path.to_owned())));
        let mut taken = Vec::new();
        for reader in readers.collect::<Vec<_>>() {
            taken.extend(reader.await.map_err(|error| error.to_string())??);
        }
        each.push(percentile(taken, 99));
    }
    Ok(percentile(each, 50))
}

async fn read(api: Api, path: String) -> Result<Vec<Duration>, String> {
    let (begun, mut taken) = (Instant::now(), Vec::new());
    while begun.elapsed() < WINDOW {
        let asked = Instant::now();
        let reply =
            api.try_send(reqwest::Method::GET, &path, None).await.map_err(|error| error.to_string())?;
        if reply.status != 200 {
            return Err(format!("GET {path} was answered with {reply}"));
        }
        taken.push(asked.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    Ok(taken)
}

/// The value below which so many of a hundred are.
pub(super) fn percentile(mut values: Vec<Duration>, percent: usize) -> Duration {
    values.sort_unstable();
    values.get(values.len() * percent / 100).or(values.last()).copied().unwrap_or_default()
}

/// Two times as a ratio, for a table.
pub(super) fn ratio(before: Duration, after: Duration) -> String {
    format!("{:.2} ({} µs to {} µs)", times(before, after), after.as_micros(), before.as_micros())
}

/// How many times as long the second is.
pub(super) fn times(before: Duration, after: Duration) -> f64 {
    after.as_secs_f64() / before.as_secs_f64().max(f64::MIN_POSITIVE)
}
