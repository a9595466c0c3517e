//! `kill -9` of the real binary under writers: at random moments, and at named points, where `strace` delivers the signal
//! at the entry of the n-th system call of a kind.

use super::{Extent, Setting, Verdict, can_trace, folder, runtime};
use crate::server::Site;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};
use tenure_testkit::workload::{Random, Workload};

const WRITERS: u64 = 64;

/// A named point: the system call at whose entry the process dies, the file that it is about, and up to which one.
struct Point {
    name: &'static str,
    calls: &'static str,
    file: Option<&'static str>,
    up_to: u64,
}

const POINTS: [Point; 9] = [
    Point { name: "before a page of the log", calls: "pwrite64", file: Some("journal.db-wal"), up_to: 400 },
    Point {
        name: "before the log's sync",
        calls: "fsync,fdatasync",
        file: Some("journal.db-wal"),
        up_to: 40,
    },
    Point { name: "before the log is written back", calls: "pwrite64", file: Some("journal.db"), up_to: 30 },
    Point {
        name: "before the write-back's sync",
        calls: "fsync,fdatasync",
        file: Some("journal.db"),
        up_to: 3,
    },
    Point { name: "after the commit, before an answer", calls: "writev,sendto", file: None, up_to: 40 },
    Point {
        name: "before the side file is in place",
        calls: "rename,renameat,renameat2",
        file: None,
        up_to: 3,
    },
    Point { name: "while the log is emptied at a start", calls: "ftruncate,unlink", file: None, up_to: 3 },
    Point { name: "before the log's index", calls: "fcntl", file: Some("journal.db-shm"), up_to: 300 },
    Point { name: "before a file is opened", calls: "openat", file: None, up_to: 200 },
];

impl Point {
    fn strace(&self, data: &Path, at: u64) -> Vec<String> {
        let mut args = vec![
            "-e".to_owned(),
            format!("trace={}", self.calls),
            "-e".to_owned(),
            format!("inject={}:signal=SIGKILL:when={at}", self.calls),
        ];
        if let Some(file) = self.file {
            args.extend(["-P".to_owned(), data.join(file).display().to_string()]);
        }
        args
    }
}

pub(super) fn run(setting: &Setting<'_>) -> Result<Verdict, String> {
    let rounds = setting.extent.rounds(20, 1000);
    let folder = folder()?;
    let site = Site::found(setting.binary, &folder.path().join("data"))?;
    let mut random = Random::new(setting.seed);
    let mut workload = Workload::new(random.draw(), WRITERS);
    let runtime = runtime()?;
    let mut hit: BTreeMap<&str, u64> = BTreeMap::new();
    let is_traced = can_trace();
    for round in 0..rounds {
        // Every other kill is at random; the others go round the points.
        let at = usize::try_from(round / 2).unwrap_or_default() % POINTS.len();
        let point = (is_traced && round % 2 == 1).then(|| &POINTS[at]);
        let (survived, where_to) = runtime
            .block_on(one_round(&site, point, workload, &mut random))
            .map_err(|error| format!("round {round} of seed {}: {error}", setting.seed))?;
        workload = survived;
        *hit.entry(where_to).or_default() += 1;
        if round % 50 == 49 {
            eprintln!("kill: {} of {rounds}", round + 1);
        }
    }
    runtime.block_on(site.check(&mut workload))?;
    let counts = workload.counts();
    if counts.cut_off == 0 || counts.pairs == 0 {
        return Err(format!("no write was cut off, or no pair joined, so nothing was shown: {counts:?}"));
    }
    let never: Vec<_> =
        POINTS.iter().map(|point| point.name).filter(|name| !hit.contains_key(name)).collect();
    if setting.extent == Extent::Long && is_traced && !never.is_empty() {
        return Err(format!("these points were never reached: {never:?}"));
    }
    let mut points: Vec<_> = hit.iter().map(|(name, count)| format!("{count} {name}")).collect();
    if !is_traced {
        points.push("none at named points, since nothing can be traced here".to_owned());
    }
    Ok(Verdict::Survived {
        injected: format!(
            "{rounds} kills ({}); {} writes acknowledged, {} cut off: 0 lost, 0 half applied",
            points.join(", "),
            counts.acknowledged,
            counts.cut_off
        ),
        control: control(setting, &runtime)?,
    })
}

/// Starts, lets everybody write, kills, starts again and reads back. Tells where the process died.
async fn one_round(
    site: &Site,
    point: Option<&Point>,
    workload: Workload,
    random: &mut Random,
) -> Result<(Workload, &'static str), String> {
    let mut server = match point {
        Some(point) => site.serve_injected(&point.strace(&site.data, 1 + random.below(point.up_to)))?,
        None => site.serve(&[])?,
    };
    let mut workload = workload;
    let died_by_itself;
    if let Ok(api) = server.api(&site.token) {
        let writing = workload.start(&api);
        // Under `strace` everything takes longer, up to the point as well.
        let patience = if point.is_some() { 1500 } else { 80 + random.below(200) };
        let until = Instant::now() + Duration::from_millis(patience);
        while Instant::now() < until && !server.has_ended() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        died_by_itself = server.has_ended();
        server.kill_9()?.killed()?;
        workload = writing.join().await?;
    } else {
        server.kill_9()?.killed().map_err(|error| format!("it did not start; {error}"))?;
        died_by_itself = true;
    }
    let server = site.serve(&[])?;
    let api = server.api(&site.token)?;
    let workload = workload.read_back(&api).await?;
    server.kill_9()?;
    let where_to = point.filter(|_| died_by_itself).map_or("at random", |point| point.name);
    Ok((workload, where_to))
}

/// The journal of before a round is put in place of that of after it: the checker must see what is lost.
fn control(setting: &Setting<'_>, runtime: &tokio::runtime::Runtime) -> Result<String, String> {
    let folder = folder()?;
    let site = Site::found(setting.binary, &folder.path().join("data"))?;
    let before = folder.path().join("before.db");
    site.run(&["backup", &before.display().to_string()])?;
    let mut random = Random::new(setting.seed);
    let workload = Workload::new(random.draw(), WRITERS);
    let server = site.serve(&[])?;
    let api = server.api(&site.token)?;
    let lost = runtime.block_on(async {
        let writing = workload.start(&api);
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill_9()?;
        let workload = writing.join().await?;
        let _ = std::fs::remove_file(site.data.join("journal.db-wal"));
        std::fs::copy(&before, site.data.join("journal.db")).map_err(|error| error.to_string())?;
        let server = site.serve(&["--accept-loss"])?;
        let api = server.api(&site.token)?;
        Ok::<_, String>(workload.read_back(&api).await.err())
    })?;
    lost.map(|_| "the journal of before put back: seen at once".to_owned()).ok_or_else(|| {
        "the control was not seen: an old journal passed for the one that was written".to_owned()
    })
}
