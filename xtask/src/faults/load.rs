//! Too much at once: more writes than can be done while somebody must be blocked, and one company at its limits beside
//! another.

use super::latency::{p99, percentile, ratio, times};
use super::{Setting, Verdict, folder, runtime};
use crate::server::{Process, Site};
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tenure_testkit::Api;

/// How much longer 99 of 100 answers to the quiet company may take beside the noisy one.
const NOISE: f64 = 1.2;
/// How many commands may wait while it is overloaded.
const QUEUE: u64 = 64;
/// What a connection may take while it waits, in bytes; and what a new teammate may, with its history's page in memory.
const BYTES_OF_A_WRITER: u64 = 48 * 1024;
const BYTES_OF_A_WRITE: u64 = 4 * 1024;
/// Clients of the noisy company, each with a token of its own.
const NOISY_CLIENTS: usize = 20;
/// The pause of each between two requests: 50 a second, 25 times what its token is allowed.
const NOISY_PAUSE: Duration = Duration::from_millis(20);

pub(super) fn overload(setting: &Setting<'_>) -> Result<Verdict, String> {
    let writers = setting.extent.rounds(500, 2000);
    let blocks = setting.extent.rounds(20, 100);
    let folder = folder()?;
    let site = Site::found(setting.binary, &folder.path().join("data"))?;
    site.run(&["company", "set", "invitations=hold"])?;
    let config = folder.path().join("tenure.toml");
    std::fs::write(&config, format!("[limits]\nqueue-length = {QUEUE}\n"))
        .map_err(|error| error.to_string())?;
    let server = site.serve(&["--config", &config.display().to_string()])?;
    let api = server.api(&site.token)?;
    let verdict = runtime()?.block_on(block_under_load(setting, &api, &server, writers, blocks))?;
    server.terminate()?;
    site.run(&["verify"])?;
    Ok(verdict)
}

async fn block_under_load(
    setting: &Setting<'_>,
    api: &Api,
    server: &Process,
    writers: u64,
    blocks: u64,
) -> Result<Verdict, String> {
    let mut leavers = Vec::new();
    for number in 0..blocks {
        let body = json!({ "email": format!("leaver{number}@load.example") });
        let leaver = api.post("/teammates", body).await.expect(201).json();
        leavers.push(leaver["id"].as_str().ok_or("a teammate has no id")?.to_owned());
    }
    let memory = || server.memory().ok_or("the server's memory cannot be read");
    let before = memory()?;
    let (over, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writing: Vec<_> = (0..writers)
        .map(|_| tokio::spawn(write(api.clone(), Arc::clone(&over), Arc::clone(&next))))
        .collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let operator = server.api(api.token())?;
    // On a thread of its own, so that it waits for the server and not for the other clients.
    let blocking = std::thread::spawn(move || block_all(&operator, &leavers));
    let blocked = tokio::task::spawn_blocking(move || blocking.join()).await;
    let blocked = blocked.map_err(|error| error.to_string())?.map_err(|_| "the operator panicked")??;
    let during = memory()?;
    over.store(true, Ordering::Relaxed);
    let (mut written, mut shed) = (Vec::new(), 0);
    for task in writing {
        let (taken, refused) = task.await.map_err(|error| error.to_string())??;
        written.extend(taken);
        shed += refused;
    }
    if shed == 0 {
        return Err(format!("{writers} writers never filled a queue of {QUEUE}, so nothing was shed"));
    }
    let (done, normal) = (written.len(), percentile(written, 50));
    let grown = during.saturating_sub(before);
    let allowed = BYTES_OF_A_WRITER * writers + BYTES_OF_A_WRITE * done as u64;
    if grown > allowed {
        return Err(format!(
            "memory grew by {grown} bytes, more than the {allowed} for {writers} writers and {done} writes"
        ));
    }
    let urgent = percentile(blocked, 50);
    if setting.extent.judges_times() && urgent > normal {
        return Err(format!("blocking took {urgent:?} and an ordinary write {normal:?}"));
    }
    Ok(Verdict::Survived {
        injected: format!(
            "{writers} writers on a queue of {QUEUE}: {done} writes done, {shed} shed with 503 and Retry-After, no 500; \
             {blocks} teammates blocked meanwhile, none refused, in {} ms in the median; memory grew by {} MiB",
            urgent.as_millis(),
            grown / 1024 / 1024
        ),
        control: format!(
            "of the ordinary writes of the same run some were shed, and those done took {} ms in the median",
            normal.as_millis()
        ),
    })
}

/// Blocks one teammate after another; how long each took.
fn block_all(api: &Api, leavers: &[String]) -> Result<Vec<Duration>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let mut blocked = Vec::new();
        for leaver in leavers {
            let asked = Instant::now();
            let path = format!("/teammates/{leaver}");
            let reply = api.try_send(Method::DELETE, &path, None).await.map_err(|error| error.to_string())?;
            if reply.status != 204 {
                return Err(format!("blocking under load was answered with {reply}"));
            }
            blocked.push(asked.elapsed());
        }
        Ok(blocked)
    })
}

async fn write(
    api: Api,
    over: Arc<AtomicBool>,
    next: Arc<AtomicU64>,
) -> Result<(Vec<Duration>, u64), String> {
    let (mut taken, mut shed) = (Vec::new(), 0);
    while !over.load(Ordering::Relaxed) {
        let body = json!({ "email": format!("n{}@load.example", next.fetch_add(1, Ordering::Relaxed)) });
        let asked = Instant::now();
        let reply = api.try_send(Method::POST, "/teammates", Some(body)).await;
        let reply = reply.map_err(|error| format!("a write under load had no answer: {error}"))?;
        match reply.status {
            201 => taken.push(asked.elapsed()),
            503 if reply.header("retry-after").is_some() => {
                shed += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            _ => return Err(format!("a write under load was answered with {reply}")),
        }
    }
    Ok((taken, shed))
}

pub(super) fn noisy(setting: &Setting<'_>) -> Result<Verdict, String> {
    let windows = usize::try_from(setting.extent.rounds(5, 20)).unwrap_or(5);
    let folder = folder()?;
    let site = Site::found(setting.binary, &folder.path().join("data"))?;
    site.run(&["company", "create", "Noisy Neighbours", "--slug", "noisy"])?;
    let tokens =
        |limit| (0..NOISY_CLIENTS).map(|_| site.create_token("noisy", limit)).collect::<Result<Vec<_>, _>>();
    let (limited, unlimited) = (tokens("120")?, tokens("unlimited")?);
    let server = site.serve(&[])?;
    let clients =
        |tokens: &[String]| tokens.iter().map(|token| server.api(token)).collect::<Result<Vec<_>, _>>();
    let api = server.api(&site.token)?;
    let verdict = runtime()?.block_on(async {
        let alone = p99(&api, "/teams/tim_1", windows).await?;
        let noise = Noise::make(clients(&limited)?, NOISY_PAUSE);
        let beside = p99(&api, "/teams/tim_1", windows).await?;
        let refused = noise.end().await;
        let noise = Noise::make(clients(&unlimited)?, Duration::ZERO);
        let control = p99(&api, "/teams/tim_1", 3).await?;
        noise.end().await;
        if refused == 0 {
            return Err("the noisy company was never refused, so it was not at its limits".to_owned());
        }
        if setting.extent.judges_times() && times(alone, beside) > NOISE {
            return Err(format!("p99 of the quiet company is {}", ratio(alone, beside)));
        }
        if setting.extent.judges_times() && times(alone, control) <= NOISE {
            return Err(format!("the control was not seen: p99 without limits is {}", ratio(alone, control)));
        }
        Ok(Verdict::Survived {
            injected: format!(
                "{NOISY_CLIENTS} clients, each 25 times over its limit, {refused} requests refused; p99 of the quiet \
                 company, to alone: {}",
                ratio(alone, beside)
            ),
            control: format!("the same clients without a limit: {}", ratio(alone, control)),
        })
    })?;
    server.terminate()?;
    Ok(verdict)
}

/// Clients that ask again and again.
struct Noise {
    over: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Noise {
    fn make(clients: Vec<Api>, pause: Duration) -> Self {
        let (over, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let ask = |api: Api| {
            let (over, refused) = (Arc::clone(&over), Arc::clone(&refused));
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let reply = api.try_send(Method::GET, "/teammates?limit=100", None).await;
                    let is_refused = reply.is_ok_and(|reply| reply.status == 429);
                    refused.fetch_add(u64::from(is_refused), Ordering::Relaxed);
                    tokio::time::sleep(pause).await;
                }
            })
        };
        Self { tasks: clients.into_iter().map(ask).collect(), over, refused }
    }

    /// Ends it; how many requests were refused.
    async fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            // It ends by itself after its request.
            let _ = task.await;
        }
        self.refused.load(Ordering::Relaxed)
    }
}
