//! The lines that need one server with one company: reads, pages, writes, and reads beside writes.

use crate::bench::baseline;
use crate::bench::load::{Ask, Load, Outcome, connect};
use crate::bench::subject::{Subject, get, post};
use crate::bench::{Bound, Extent, Line};
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Connections of the read lines.
const CLIENTS: u64 = 64;
/// Writers beside which reads are measured.
const WRITERS_BESIDE: u64 = 32;

/// Runs a load where it holds up no task.
pub(crate) async fn finish(load: Load) -> Result<Outcome, String> {
    tokio::task::spawn_blocking(move || load.finish()).await.map_err(|error| error.to_string())?
}

pub(crate) async fn run(
    extent: Extent,
    metrics: &PrometheusHandle,
    told: &dyn Fn(&str),
) -> Result<Vec<Line>, String> {
    told(&format!("making a company of {} teammates", extent.teammates));
    let subject = Subject::start(extent.teammates, metrics).await?;
    let mut lines = vec![reads(&subject, extent, told).await?, pages(&subject, extent, told).await?];
    lines.push(reads_beside_writes(&subject, extent, told).await?);
    lines.push(writes(&subject, extent, told).await?);
    lines.push(writes_one_by_one(&subject, extent, told).await?);
    subject.stop().await;
    Ok(lines)
}

/// The bytes of one answer of ours, which the baseline gives too.
async fn answer(address: SocketAddr, ask: Ask) -> Result<Vec<u8>, String> {
    let answer = connect(address).await?.send_request(ask).await.map_err(|error| error.to_string())?;
    let body = answer.into_body().collect().await.map_err(|error| error.to_string())?;
    Ok(body.to_bytes().to_vec())
}

fn bare(address: SocketAddr, time: Duration) -> Load {
    let make = Arc::new(|_| get("/", "none"));
    Load { address, clients: CLIENTS, time, expected: StatusCode::OK, make }
}

async fn in_turns(extent: Extent, bare: Load, ours: Load) -> Result<Vec<(f64, f64)>, String> {
    let mut pairs = Vec::new();
    // One round to warm up.
    for round in 0..=extent.rounds {
        let baseline = finish(bare.clone()).await?.per_second();
        let measured = finish(ours.clone()).await?.per_second();
        if round > 0 {
            pairs.push((baseline, measured));
        }
    }
    Ok(pairs)
}

async fn reads(subject: &Subject, extent: Extent, told: &dyn Fn(&str)) -> Result<Line, String> {
    told("reading one teammate after another");
    let address =
        baseline::serve(answer(subject.address, get("/teammates/tea_1", &subject.token)).await?).await?;
    let pairs = in_turns(extent, bare(address, extent.time), subject.reads(CLIENTS, extent.time)).await?;
    Ok(Line::of_ratios("GET /teammates/{id}", "requests/s", &pairs, Bound::AtLeast(0.85)))
}

async fn pages(subject: &Subject, extent: Extent, told: &dyn Fn(&str)) -> Result<Line, String> {
    told("reading pages of a hundred");
    let page = answer(subject.address, get("/teammates?limit=100", &subject.token)).await?;
    let address = baseline::serve(page).await?;
    let pairs = in_turns(extent, bare(address, extent.time), subject.pages(CLIENTS, extent.time)).await?;
    Ok(Line::of_ratios("GET /teammates?limit=100", "requests/s", &pairs, Bound::AtLeast(0.70)))
}

async fn writes(subject: &Subject, extent: Extent, told: &dyn Fn(&str)) -> Result<Line, String> {
    told("creating teammates, 64 writers");
    let address =
        baseline::serve(answer(subject.address, get("/teammates/tea_1", &subject.token)).await?).await?;
    let make = Arc::new(|number| post("/", "none", number));
    let bare = Load { address, clients: CLIENTS, time: extent.time, expected: StatusCode::CREATED, make };
    let pairs = in_turns(extent, bare, subject.writes(CLIENTS, extent.time)).await?;
    Ok(Line::of_ratios("POST /teammates, 64 writers", "requests/s", &pairs, Bound::AtLeast(0.50)))
}

async fn writes_one_by_one(subject: &Subject, extent: Extent, told: &dyn Fn(&str)) -> Result<Line, String> {
    told("creating teammates, one writer");
    let mut pairs = Vec::new();
    for _ in 0..extent.rounds {
        let (folder, time) = (subject.folder().to_owned(), extent.time);
        let synced = tokio::task::spawn_blocking(move || baseline::synced_appends(&folder, time)).await;
        let synced = synced.map_err(|error| error.to_string())??;
        pairs.push((synced, finish(subject.writes(1, extent.time)).await?.per_second()));
    }
    Ok(Line::of_ratios("POST /teammates, 1 writer (to fdatasync)", "writes/s", &pairs, Bound::AtLeast(0.60)))
}

async fn reads_beside_writes(subject: &Subject, extent: Extent, told: &dyn Fn(&str)) -> Result<Line, String> {
    told("reading beside 32 writers");
    let mut pairs = Vec::new();
    for _ in 0..extent.rounds {
        let alone = finish(subject.reads(CLIENTS, extent.time)).await?.p99_us();
        let writing = subject.writes(WRITERS_BESIDE, extent.time).start();
        let beside = finish(subject.reads(CLIENTS, extent.time)).await?.p99_us();
        let written = tokio::task::spawn_blocking(move || writing.join()).await;
        written.map_err(|error| error.to_string())?.map_err(|_| "the writers panicked".to_owned())??;
        pairs.push((alone, beside));
    }
    Ok(Line::of_ratios("p99 of reads beside 32 writers (to alone)", "µs", &pairs, Bound::AtMost(5.0)))
}
