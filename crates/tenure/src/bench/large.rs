//! The lines that need much data: a million teammates to a thousand, starting, and memory.

use crate::bench::load::Load;
use crate::bench::measure::finish;
use crate::bench::subject::{Subject, create_company, furnish, get, join, open, populate};
use crate::bench::{Bound, Extent, Line};
use hyper::StatusCode;
use metrics_exporter_prometheus::PrometheusHandle;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tenure_server::resident_memory;
use tokio::task::JoinSet;

/// Teammates of the company that the large one is compared with.
const FEW: u64 = 1_000;
/// Teammates of each small company.
const OF_EACH: u64 = 10;
/// Companies that are made at the same time.
const TOGETHER: usize = 512;
/// How long a process is given to give back what it needed for a moment.
const SETTLED: Duration = Duration::from_secs(2);
/// How often a start is measured.
const STARTS: usize = 3;

pub(crate) async fn run(
    extent: Extent,
    metrics: &PrometheusHandle,
    told: &dyn Fn(&str),
) -> Result<Vec<Line>, String> {
    let mut lines = compare(extent, metrics, told).await?;
    told(&format!("making one company of {} teammates", extent.many));
    let (large, token) = one_company(extent.many).await?;
    lines.extend(starts_with_one(extent, large.path(), &token, told).await?);
    drop(large);
    let companies = extent.many / OF_EACH;
    told(&format!("making {companies} companies of {OF_EACH} teammates"));
    let small = many_companies(companies).await?;
    told("starting with many companies");
    let mut ready = Vec::new();
    for _ in 0..STARTS {
        ready.push(Started::start(small.path())?.ready.as_secs_f64());
    }
    let name = format!("start with {companies} companies of {OF_EACH}: ready");
    lines.push(Line::of_values(name, "s", &ready, Bound::AtMost(2.0)));
    Ok(lines)
}

async fn compare(
    extent: Extent,
    metrics: &PrometheusHandle,
    told: &dyn Fn(&str),
) -> Result<Vec<Line>, String> {
    told(&format!("making a company of {} teammates, to compare with {FEW}", extent.many));
    let (few, many) = (Subject::start(FEW, metrics).await?, Subject::start(extent.many, metrics).await?);
    told("reading and writing with many teammates, and with few");
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    // All reads come first, and few are made anew for each round of writes: a round adds tens of thousands.
    for round in 0..=extent.rounds {
        let read = (
            finish(few.reads(64, extent.time)).await?.per_second(),
            finish(many.reads(64, extent.time)).await?.per_second(),
        );
        if round > 0 {
            reads.push(read);
        }
    }
    few.stop().await;
    for round in 0..=extent.rounds {
        let few = Subject::start(FEW, metrics).await?;
        let written = (
            finish(few.writes(64, extent.time)).await?.per_second(),
            finish(many.writes(64, extent.time)).await?.per_second(),
        );
        few.stop().await;
        if round > 0 {
            writes.push(written);
        }
    }
    many.stop().await;
    let name = |what: &str| format!("{what} at {} teammates (to {FEW})", extent.many);
    Ok(vec![
        Line::of_ratios(name("GET /teammates/{id}"), "requests/s", &reads, Bound::AtLeast(0.70)),
        Line::of_ratios(name("POST /teammates"), "requests/s", &writes, Bound::AtLeast(0.70)),
    ])
}

async fn one_company(teammates: u64) -> Result<(TempDir, String), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (node, token) = furnish(folder.path(), teammates).await?;
    node.engine.snapshot_all().await.map_err(|error| error.to_string())?;
    node.close().await;
    Ok((folder, token))
}

async fn many_companies(companies: u64) -> Result<TempDir, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let node = Arc::new(open(folder.path()).await?);
    let mut waiting: JoinSet<Result<(), String>> = JoinSet::new();
    for number in 1..=companies {
        if waiting.len() >= TOGETHER {
            join(&mut waiting).await?;
        }
        let node = Arc::clone(&node);
        waiting.spawn(async move {
            let company = create_company(&node, number).await?;
            populate(&node.engine, company, OF_EACH).await
        });
    }
    while !waiting.is_empty() {
        join(&mut waiting).await?;
    }
    let node = Arc::into_inner(node).ok_or("a company is still being made")?;
    node.close().await;
    Ok(folder)
}

/// A server as a process of its own: this binary, on a folder.
struct Started {
    child: Child,
    ready: Duration,
    address: SocketAddr,
}

impl Started {
    fn start(folder: &Path) -> Result<Self, String> {
        let binary = std::env::current_exe().map_err(|error| error.to_string())?;
        let begun = Instant::now();
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let stdout = child.stdout.take().ok_or("the server has no stdout")?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let ready = lines.find_map(|line| line.strip_prefix("tenure: ready at http://")?.parse().ok());
        let (ready, address) = (begun.elapsed(), ready.ok_or("the server did not say that it is ready"));
        match address {
            Ok(address) => Ok(Self { child, ready, address }),
            Err(error) => {
                // It has ended, or is of no use.
                let _ = child.kill();
                let _ = child.wait();
                Err(error.to_owned())
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "the bytes of a process stay far below the exact range")]
    fn memory(&self) -> Option<f64> {
        resident_memory(self.child.id()).map(|bytes| bytes as f64)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Its data goes too, so it need not end in good order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn starts_with_one(
    extent: Extent,
    folder: &Path,
    token: &str,
    told: &dyn Fn(&str),
) -> Result<Vec<Line>, String> {
    told("starting with one large company");
    let (mut ready, mut first, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    let token: Arc<str> = token.into();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let started = Started::start(folder)?;
        let empty = started.memory();
        let token = Arc::clone(&token);
        let make = Arc::new(move |_| get("/teammates/tea_1", &token));
        let address = started.address;
        ready.push(started.ready.as_secs_f64());
        // The clients ask once at least, however short the time.
        let load =
            Load { address, clients: 1, time: Duration::from_millis(1), expected: StatusCode::OK, make };
        finish(load).await?;
        first.push(begun.elapsed().as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a count of teammates is far below the exact range")]
        let many = extent.many as f64;
        // What reading took for a moment is given back first.
        tokio::time::sleep(SETTLED).await;
        memory.extend(started.memory().zip(empty).map(|(full, empty)| (full - empty) / many));
    }
    let name = |what: &str| format!("start with one company of {}: {what}", extent.many);
    let mut lines = vec![
        Line::of_values(name("ready"), "s", &ready, Bound::AtMost(2.0)),
        Line::of_values(name("first answer"), "s", &first, Bound::AtMost(5.0)),
    ];
    if !memory.is_empty() {
        let name = format!("memory per teammate, {} loaded", extent.many);
        lines.push(Line::of_values(name, "bytes", &memory, Bound::AtMost(1024.0)));
    }
    Ok(lines)
}
