//! The limiter against a server in virtual time: fixed windows of a minute by a clock of its own.

use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A server that counts as the real one does.
struct Service {
    epoch: Instant,
    /// How far its clock is ahead of virtual time, in seconds.
    ahead: f64,
    limit: u32,
    counted: Mutex<(i64, u32)>,
    refused: AtomicU32,
    served: AtomicU32,
}

impl Service {
    fn new(limit: u32, ahead: f64) -> Arc<Self> {
        let counted = Mutex::new((0, 0));
        let (refused, served) = (AtomicU32::new(0), AtomicU32::new(0));
        Arc::new(Self { epoch: Instant::now(), ahead, limit, counted, refused, served })
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the numbers are small")]
    fn count(&self) -> (Word, Option<Duration>) {
        let now = 1_800_000_000.0 + self.ahead + self.epoch.elapsed().as_secs_f64();
        let window = (now / 60.0) as i64;
        let mut counted = self.counted.lock().unwrap();
        if counted.0 != window {
            *counted = (window, 0);
        }
        counted.1 += 1;
        let is_refused = counted.1 > self.limit;
        if is_refused { &self.refused } else { &self.served }.fetch_add(1, Ordering::Relaxed);
        let reset = (window + 1) * 60;
        let word = Word {
            limit: Some(self.limit),
            remaining: Some(self.limit.saturating_sub(counted.1)),
            reset: Some(reset as f64),
            date: Some(now as i64),
        };
        (word, is_refused.then(|| Duration::from_secs(u64::try_from(reset - now as i64).unwrap())))
    }
}

/// Sends one request that takes so long each way.
async fn send(limiter: &Limiter, service: &Service, way: Duration) {
    let permit = limiter.acquire().await;
    tokio::time::sleep(way).await;
    let (word, retry_after) = service.count();
    tokio::time::sleep(way).await;
    permit.heard(word, retry_after);
}

/// What tasks of some limiters get done within so many whole windows.
async fn run(service: &Arc<Service>, limiters: &[Arc<Limiter>], tasks: usize, minutes: u64) {
    let workers = limiters.iter().flat_map(|limiter| {
        (0..tasks).map(|number| {
            let (limiter, service) = (Arc::clone(limiter), Arc::clone(service));
            let way = Duration::from_millis(15 + 7 * u64::try_from(number).unwrap());
            tokio::spawn(async move {
                loop {
                    send(&limiter, &service, way).await;
                }
            })
        })
    });
    let workers: Vec<_> = workers.collect();
    tokio::time::sleep(Duration::from_secs(minutes * 60)).await;
    workers.iter().for_each(tokio::task::JoinHandle::abort);
}

/// 95 % of what so many windows allow, and not one request too many.
fn assert_well_used(service: &Service, minutes: u32) {
    let (served, refused) = (service.served.load(Ordering::Relaxed), service.refused.load(Ordering::Relaxed));
    let allowed = service.limit * minutes;
    assert_eq!(refused, 0, "{served} of {allowed} were served");
    assert!(served * 100 >= allowed * 95, "{served} of {allowed} were served");
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_used_and_never_exceeded() {
    for (ahead, tasks) in [(0.0, 1), (0.4, 8), (3_600.3, 8), (-3_600.9, 3)] {
        let service = Service::new(120, ahead);
        run(&service, &[Arc::new(Limiter::new())], tasks, 10).await;
        assert_well_used(&service, 10);
    }
}

#[tokio::test(start_paused = true)]
async fn two_clients_with_one_token_get_no_429() {
    for (ahead, tasks) in [(0.0, 1), (7.7, 2), (3_600.0, 1), (-59.0, 4)] {
        let service = Service::new(120, ahead);
        let limiters = [Arc::new(Limiter::new()), Arc::new(Limiter::new())];
        run(&service, &limiters, tasks, 10).await;
        assert_well_used(&service, 10);
    }
}

#[tokio::test(start_paused = true)]
async fn small_and_large_limits_are_kept() {
    for limit in [1, 2, 50, 1_000] {
        let service = Service::new(limit, 0.0);
        run(&service, &[Arc::new(Limiter::new())], 4, 5).await;
        assert_eq!(service.refused.load(Ordering::Relaxed), 0, "limit {limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_waited_out_by_all_tasks() {
    let limiter = Limiter::new();
    let permit = limiter.acquire().await;
    permit.heard(Word::default(), Some(Duration::from_secs(9)));
    drop(permit);
    let began = Instant::now();
    drop(limiter.acquire().await);
    assert!(began.elapsed() >= Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn a_window_whose_end_makes_no_sense_is_a_minute() {
    let limiter = Limiter::new();
    let permit = limiter.acquire().await;
    let word = Word { limit: Some(60), remaining: Some(0), reset: Some(4e9), date: Some(1_800_000_000) };
    permit.heard(word, None);
    drop(permit);
    let began = Instant::now();
    drop(limiter.acquire().await);
    assert_eq!(began.elapsed(), Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_given_up_gives_its_place_back() {
    let limiter = Limiter::new();
    drop(limiter.acquire().await);
    drop(limiter.acquire().await);
}

#[tokio::test(start_paused = true)]
async fn clients_that_come_and_go_get_no_429() {
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let service = Service::new(120, random.f64() * 7_200.0 - 3_600.0);
        let limiters = [Arc::new(Limiter::new()), Arc::new(Limiter::new())];
        let workers = limiters.iter().flat_map(|limiter| (0..3).map(move |_| Arc::clone(limiter)));
        let workers: Vec<_> = workers
            .map(|limiter| {
                let (service, mut random) = (Arc::clone(&service), random.fork());
                tokio::spawn(async move {
                    loop {
                        tokio::time::sleep(Duration::from_millis(random.u64(0..40_000))).await;
                        for _ in 0..random.u32(1..80) {
                            send(&limiter, &service, Duration::from_millis(random.u64(5..60))).await;
                        }
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_mins(20)).await;
        workers.iter().for_each(tokio::task::JoinHandle::abort);
        let refused = service.refused.load(Ordering::Relaxed);
        assert_eq!(refused, 0, "seed {seed}");
    }
}
