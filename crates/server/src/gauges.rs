//! What a node tells of itself between requests: how much waits, how old it is, and who takes the memory. Labels hold
//! names of ours and ids of companies, nothing that tells of a person.

use metrics::gauge;
use std::collections::HashMap;
use std::time::Duration;
use tenure_directory::{CompanyId, Timestamp, Version};
use tenure_engine::{Engine, Health, ReadError};

/// How often they are taken.
const INTERVAL: Duration = Duration::from_secs(5);
/// Of how many companies the memory is told, the largest first. A label for each of a hundred thousand would cost whoever
/// stores them more than it tells.
const COMPANIES_TOLD: usize = 20;
/// A company is measured again when its history has grown by this part: measuring walks over all of its records.
const GROWN_BY: u64 = 100;

/// Takes the gauges again and again; runs until it is dropped. `followers` are those of the node, by name.
pub(crate) async fn keep(engine: Engine, followers: &'static [&'static str]) {
    let mut measured = Measured::default();
    loop {
        take(&engine, followers).await;
        measured = of_companies(engine.clone(), measured).await;
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn take(engine: &Engine, followers: &[&'static str]) {
    let waiting = engine.waiting();
    gauge!("tenure_queue_length", "lane" => "normal").set(precise(waiting.normal));
    gauge!("tenure_queue_length", "lane" => "urgent").set(precise(waiting.urgent));
    gauge!("tenure_node_failed").set(f64::from(u8::from(engine.health() == Health::Failed)));
    for follower in followers {
        match ages(engine, follower).await {
            Ok((event, output)) => {
                gauge!("tenure_follower_oldest_event_seconds", "follower" => *follower).set(event);
                gauge!("tenure_follower_oldest_due_seconds", "follower" => *follower).set(output);
            }
            Err(error) => tracing::warn!(follower, %error, "how far a follower is cannot be read"),
        }
    }
    if let Some(bytes) = resident_memory() {
        gauge!("process_resident_memory_bytes").set(bytes);
    }
}

/// How long the oldest event waits that the follower has not read, and the oldest thing that it is to do and has not.
async fn ages(engine: &Engine, follower: &str) -> Result<(f64, f64), ReadError> {
    let now = engine.now();
    let event = engine.oldest_waiting(follower).await?;
    let due = engine.journal().due_outputs(follower, now.as_ms(), 1).await?;
    let due = due.first().map(|output| Timestamp::from_ms(output.due_ms));
    let age = |since: Option<Timestamp>| {
        let ms = since.map_or(0, |since| now.as_ms().saturating_sub(since.as_ms()).max(0));
        Duration::from_millis(ms.unsigned_abs()).as_secs_f64()
    };
    Ok((age(event), age(due)))
}

/// What each company was measured to take, and at which version.
type Measured = HashMap<CompanyId, (Version, usize)>;

/// Measures what has grown, where that holds up nobody, and tells of the largest.
async fn of_companies(engine: Engine, mut measured: Measured) -> Measured {
    let told = tokio::task::spawn_blocking(move || {
        let companies = engine.all_loaded();
        gauge!("tenure_companies_loaded").set(precise(companies.len()));
        for company in companies {
            let version = company.version;
            let known = measured.get(&company.id).map(|(at, _)| at.number());
            let has_grown = known.is_none_or(|at| version.number() > at + at / GROWN_BY);
            if has_grown {
                measured.insert(company.id, (version, company.approximate_memory()));
            }
        }
        let mut largest: Vec<_> = measured.iter().map(|(id, (_, bytes))| (*bytes, *id)).collect();
        largest.sort_unstable_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        for (at, (bytes, id)) in largest.into_iter().enumerate() {
            // One that is among the largest no more says so once; one that never was is not told of.
            let bytes = if at < COMPANIES_TOLD { precise(bytes) } else { 0.0 };
            if at < COMPANIES_TOLD * 2 {
                gauge!("tenure_company_memory_bytes", "company" => id.to_string()).set(bytes);
            }
        }
        measured
    });
    told.await.unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "counts and bytes stay far below the exact range")]
fn precise(count: usize) -> f64 {
    count as f64
}

/// The memory that the process has in use, in bytes; none where the system does not tell it this way.
fn resident_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0)
}
