//! What a node tells of itself between requests: how much waits, how old it is, and who takes the memory. Labels hold
//! names of ours and ids of companies, nothing that tells of a person.

use crate::resident_memory;
use metrics::gauge;
use std::collections::{BTreeMap, BTreeSet};
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
    gauge!("tenure_queue_length", "lane" => "normal").set(precise(waiting.normal as u64));
    gauge!("tenure_queue_length", "lane" => "urgent").set(precise(waiting.urgent as u64));
    gauge!("tenure_node_failed").set(f64::from(u8::from(engine.health() == Health::Failed)));
    for follower in followers {
        match Waiting::of(engine, follower).await {
            Ok(waiting) => {
                gauge!("tenure_follower_oldest_event_seconds", "follower" => *follower)
                    .set(waiting.event_age);
                gauge!("tenure_follower_oldest_due_seconds", "follower" => *follower).set(waiting.due_age);
                gauge!("tenure_follower_retrying", "follower" => *follower)
                    .set(precise(waiting.retrying as u64));
            }
            Err(error) => tracing::warn!(follower, %error, "how far a follower is cannot be read"),
        }
    }
    if let Some(bytes) = resident_memory(std::process::id()) {
        gauge!("process_resident_memory_bytes").set(precise(bytes));
    }
}

/// Up to how many things that a follower is to do are looked at.
const LOOKED_AT: usize = 1000;

/// What waits for a follower.
struct Waiting {
    /// How long the oldest event waits that it has not read, in seconds.
    event_age: f64,
    /// How long the oldest thing is due that it has not tried, in seconds.
    due_age: f64,
    /// How many things it has tried and failed at, and tries again later.
    retrying: usize,
}

impl Waiting {
    async fn of(engine: &Engine, follower: &str) -> Result<Self, ReadError> {
        let now = engine.now();
        let event = engine.oldest_waiting(follower).await?;
        let outputs = engine.journal().due_outputs(follower, i64::MAX, LOOKED_AT).await?;
        let due = outputs.iter().map(|output| output.due_ms).find(|due| *due <= now.as_ms());
        let age = |since: Option<i64>| {
            let ms = since.map_or(0, |since| now.as_ms().saturating_sub(since).max(0));
            Duration::from_millis(ms.unsigned_abs()).as_secs_f64()
        };
        Ok(Self {
            event_age: age(event.map(Timestamp::as_ms)),
            due_age: age(due),
            retrying: outputs.iter().filter(|output| output.attempts > 0).count(),
        })
    }
}

/// What the companies were measured to take.
#[derive(Default)]
struct Measured {
    /// Of each its version then, and the bytes.
    companies: BTreeMap<CompanyId, (Version, usize)>,
    /// Those that were told of last.
    told: BTreeSet<CompanyId>,
}

/// Measures what has grown, where that holds up nobody, and tells of the largest.
async fn of_companies(engine: Engine, mut measured: Measured) -> Measured {
    let told = tokio::task::spawn_blocking(move || {
        let companies = engine.all_loaded();
        gauge!("tenure_companies_loaded").set(precise(companies.len() as u64));
        for company in companies {
            let version = company.version;
            let known = measured.companies.get(&company.id).map(|(at, _)| at.number());
            let has_grown = known.is_none_or(|at| version.number() > at + at / GROWN_BY);
            if has_grown {
                measured.companies.insert(company.id, (version, company.approximate_memory()));
            }
        }
        let companies = measured.companies.iter();
        let mut largest: Vec<_> =
            companies.map(|(id, (_, bytes))| (std::cmp::Reverse(*bytes), *id)).collect();
        largest.sort_unstable();
        largest.truncate(COMPANIES_TOLD);
        for (std::cmp::Reverse(bytes), id) in &largest {
            gauge!("tenure_company_memory_bytes", "company" => id.to_string()).set(precise(*bytes as u64));
        }
        // One that is among the largest no more would keep its last value for ever.
        let told = largest.into_iter().map(|(_, id)| id).collect();
        for id in measured.told.difference(&told) {
            gauge!("tenure_company_memory_bytes", "company" => id.to_string()).set(0.0);
        }
        measured.told = told;
        measured
    });
    told.await.unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "counts and bytes stay far below the exact range")]
fn precise(count: u64) -> f64 {
    count as f64
}
