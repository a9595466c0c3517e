//! A disk that fails: syncs that give `EIO` and writes that find no room, one after another; and a disk that is full for a
//! while.

use super::{Setting, Verdict, can_trace, folder, runtime, system};
use crate::server::Site;
use rustix::process::geteuid;
use std::path::Path;
use std::time::{Duration, Instant};
use tenure_testkit::Api;
use tenure_testkit::workload::{Counts, Random, Workload};

const WRITERS: u64 = 8;
/// Up to which sync of a thread, as `strace` counts, one is made to fail; a run for each.
const SYNCS: u64 = 60;
/// Up to which write.
const WRITES: u64 = 200;

/// What is injected into one run.
struct Injection {
    calls: &'static str,
    error: &'static str,
    file: &'static str,
    at: u64,
}

impl Injection {
    fn strace(&self, data: &Path) -> Vec<String> {
        vec![
            // Only what fails is stopped at; with signals instead of errors it would do nothing.
            "--seccomp-bpf".to_owned(),
            "-P".to_owned(),
            data.join(self.file).display().to_string(),
            "-e".to_owned(),
            format!("trace={}", self.calls),
            "-e".to_owned(),
            format!("inject={}:error={}:when={}", self.calls, self.error, self.at),
        ]
    }
}

/// How a run with an injected error ended.
enum RunEnd {
    /// The server said why and did not start, or ended.
    Ended,
    /// It went on.
    WentOn,
}

pub(super) fn syncs(setting: &Setting<'_>) -> Result<Verdict, String> {
    if !can_trace() {
        return Ok(Verdict::NotHere("strace is missing, or may not trace".to_owned()));
    }
    let runtime = runtime()?;
    let folder = folder()?;
    let site = Site::found(setting.binary, &folder.path().join("data"))?;
    let stride = setting.extent.rounds(20, 1);
    let step = usize::try_from(stride).unwrap_or(1);
    let of = |calls, error, file, up_to: u64| {
        (1..=up_to).step_by(step).map(move |at| Injection { calls, error, file, at })
    };
    let failed_syncs: Vec<_> = of("fsync,fdatasync", "EIO", "journal.db-wal", SYNCS)
        .chain(of("fsync,fdatasync", "EIO", "journal.db", SYNCS / 20))
        .collect();
    let failed_writes: Vec<_> = of("pwrite64", "ENOSPC", "journal.db-wal", WRITES)
        .chain(of("pwrite64", "ENOSPC", "journal.db", WRITES / 10))
        .collect();
    let mut workload = Workload::new(setting.seed, WRITERS);
    let (mut ended, mut healed, mut fired) = (0_u64, 0_u64, 0_u64);
    for injection in failed_syncs.iter().chain(&failed_writes) {
        let is_sync = injection.error == "EIO";
        let before = workload.counts();
        let (survived, end) = runtime.block_on(one_error(&site, injection, workload)).map_err(|error| {
            format!("{} {} of {}: {error}", injection.error, injection.at, injection.file)
        })?;
        workload = survived;
        let trace = std::fs::read_to_string(site.trace()).map_err(|error| error.to_string())?;
        let has_fired = trace.contains("(INJECTED)");
        fired += u64::from(has_fired);
        match end {
            RunEnd::Ended => ended += 1,
            RunEnd::WentOn if has_fired => healed += 1,
            RunEnd::WentOn => {}
        }
        let is_of_log = is_sync && injection.file == "journal.db-wal";
        if has_fired && is_of_log && matches!(end, RunEnd::WentOn) {
            return Err(format!("the server went on after sync {} had failed", injection.at));
        }
        // One that failed while nobody wrote yet, at the start, has nobody to tell.
        let wrote = workload.counts().acknowledged > before.acknowledged;
        if has_fired && is_of_log && wrote && workload.counts().unknown == before.unknown {
            return Err(format!(
                "sync {} failed, and nobody was told that the outcome is unknown",
                injection.at
            ));
        }
    }
    runtime.block_on(site.check(&mut workload))?;
    let counts = workload.counts();
    if counts.unknown == 0 || counts.refused == 0 {
        return Err(format!(
            "nobody was told that an outcome is unknown, or nothing was refused: {counts:?}"
        ));
    }
    Ok(Verdict::Survived {
        injected: format!(
            "{} syncs and {} writes made to fail, one in each run, {fired} of them reached: {ended} times the server ended \
             with its reason, {healed} times it went on; {} answers said \"unknown\", {} never came, {} \"not stored\"; all \
             agree with the next start",
            failed_syncs.len(),
            failed_writes.len(),
            counts.unknown,
            counts.cut_off - counts.unknown,
            counts.refused
        ),
        control: "a run counts only if both answers were given".to_owned(),
    })
}

async fn one_error(
    site: &Site,
    injection: &Injection,
    workload: Workload,
) -> Result<(Workload, RunEnd), String> {
    let mut server = site.serve_injected(&injection.strace(&site.data))?;
    let mut workload = workload;
    let mut ended = None;
    if let Ok(api) = server.api(&site.token) {
        let before = workload.counts();
        let writing = workload.start(&api);
        // Long enough for every call up to the one that fails.
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until && !server.has_ended() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if server.has_ended() {
            ended = Some(server.end()?);
        } else {
            server.kill_9()?;
        }
        workload = writing.join().await?;
        if workload.counts() == before {
            return Err("nobody was answered".to_owned());
        }
    } else {
        ended = Some(server.end()?);
    }
    let end = match ended {
        Some(ended) if ended.status.code() != Some(1) || !tells_of_the_disk(&ended.said) => {
            return Err(format!("it ended with {} and said: {}", ended.status, ended.said));
        }
        Some(_) => RunEnd::Ended,
        None => RunEnd::WentOn,
    };
    let server = site.serve(&[])?;
    let api = server.api(&site.token)?;
    let workload = workload.read_back(&api).await?;
    server.terminate()?;
    Ok((workload, end))
}

/// Whether a server told why it ended or did not start.
fn tells_of_the_disk(said: &str) -> bool {
    let reasons =
        ["the journal failed", "the journal's storage failed", "the journal's log cannot be written back"];
    reasons.iter().any(|reason| said.contains(reason)) && !said.contains("panicked")
}

/// A small file system in memory.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Result<Self, String> {
        std::fs::create_dir(at).map_err(|error| error.to_string())?;
        let options = ["-t".as_ref(), "tmpfs".as_ref(), "-o".as_ref(), "size=16m".as_ref(), "tmpfs".as_ref()];
        system("mount", &[&options[..], &[at.as_os_str()]].concat())?;
        Ok(Self(at.to_owned()))
    }

    /// Fills the disk up to the last block.
    fn fill(&self) {
        let _ = std::fs::write(self.0.join("ballast"), vec![0; 64 * 1024 * 1024]);
    }

    fn free(&self) -> Result<(), String> {
        std::fs::remove_file(self.0.join("ballast")).map_err(|error| error.to_string())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Where it is not mounted there is nothing to do.
        let _ = system("umount", &[self.0.as_os_str()]);
    }
}

pub(super) fn full(setting: &Setting<'_>) -> Result<Verdict, String> {
    if !geteuid().is_root() {
        return Ok(Verdict::NotHere("it needs root, to mount a small file system".to_owned()));
    }
    let rounds = setting.extent.rounds(3, 100);
    let folder = folder()?;
    let runtime = runtime()?;
    let mut random = Random::new(setting.seed);
    let mut total = Counts::default();
    for round in 0..rounds {
        let disk = match SmallDisk::mount(&folder.path().join(format!("disk{round}"))) {
            Ok(disk) => disk,
            Err(error) => return Ok(Verdict::NotHere(error)),
        };
        let site = Site::found(setting.binary, &disk.0.join("data"))?;
        let counts = runtime
            .block_on(fill_and_free(&site, &disk, &mut random))
            .map_err(|error| format!("round {round}: {error}"))?;
        total.acknowledged += counts.acknowledged;
        total.refused += counts.refused;
    }
    if total.refused == 0 {
        return Err("nothing was ever refused, so nothing was shown".to_owned());
    }
    Ok(Verdict::Survived {
        injected: format!(
            "{rounds} times full under {WRITERS} writers: {} writes refused with 507, reads went on, {} acknowledged \
             before, after and without a restart: 0 lost",
            total.refused, total.acknowledged
        ),
        control: "a run counts only if writes were refused".to_owned(),
    })
}

async fn fill_and_free(site: &Site, disk: &SmallDisk, random: &mut Random) -> Result<Counts, String> {
    let workload = Workload::new(random.draw(), WRITERS);
    let server = site.serve(&[])?;
    let api = server.api(&site.token)?;
    let writing = workload.start(&api);
    tokio::time::sleep(Duration::from_millis(20 + random.below(80))).await;
    disk.fill();
    let refused = until(&api, 507, random).await;
    let reads = api.get("/teammates").await.status;
    disk.free()?;
    refused?;
    if reads != 200 {
        return Err(format!("a read on a full disk was answered with {reads}"));
    }
    until(&api, 201, random).await?;
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.kill_9()?;
    let workload = writing.join().await?;
    let server = site.serve(&[])?;
    let api = server.api(&site.token)?;
    let mut workload = workload.read_back(&api).await?;
    server.terminate()?;
    site.check(&mut workload).await?;
    Ok(workload.counts())
}

/// Creates teammates until one is answered with a status.
async fn until(api: &Api, status: u16, random: &mut Random) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut last = None;
    while Instant::now() < deadline {
        let body = serde_json::json!({ "email": format!("probe{}@full.example", random.draw()) });
        let reply = api.try_send(reqwest::Method::POST, "/teammates", Some(body)).await;
        let reply = reply.map_err(|error| error.to_string())?;
        if reply.status == status {
            return Ok(());
        }
        if !matches!(reply.status, 201 | 507) {
            return Err(format!("a write on a full disk was answered with {reply}"));
        }
        last = Some(reply.status);
    }
    Err(format!("no write was answered with {status}; the last one with {last:?}"))
}
