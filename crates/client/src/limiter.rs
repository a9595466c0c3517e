//! The limiter: how many requests may go out, led by what the server says of its window.
//!
//! A window's end is told in the server's time. It is turned into ours by the `Date` of the answers, so that a server
//! whose clock is off is waited for no longer and no shorter than it takes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a window is taken to be where the server's word about it makes no sense.
const WINDOW: Duration = Duration::from_mins(1);
/// The end of a window is not believed to be farther away.
const LONGEST_WINDOW: i64 = 3_600;
/// How long somebody else's requests are remembered.
const SHARED_FOR: Duration = Duration::from_mins(3);
/// How long an answer's word about the window is good for several requests at once.
const FRESH: Duration = Duration::from_secs(1);
/// The pause between requests near the end of a budget that is shared.
const PACE: Duration = Duration::from_millis(100);

/// What an answer says about the limit, as its headers gave it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Word {
    /// Requests in a window.
    pub(crate) limit: Option<u32>,
    /// Those that are left.
    pub(crate) remaining: Option<u32>,
    /// When the window ends, in the server's epoch seconds.
    pub(crate) reset: Option<f64>,
    /// The server's time, in epoch seconds.
    pub(crate) date: Option<i64>,
}

/// Where a token stands, as far as the last answers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests in a window; none was told where absent.
    pub limit: Option<u32>,
    /// Those that are left in it.
    pub remaining: Option<u32>,
    /// Whether somebody else uses the same token.
    pub is_shared: bool,
    /// How far the server's clock is ahead of ours, in seconds, as far as the `Date` of an answer tells.
    pub clock_ahead_seconds: Option<i64>,
}

struct Window {
    limit: u32,
    /// The fewest that an answer of this window said.
    remaining: u32,
    /// The server's word for the end, which tells windows apart.
    reset: i64,
    /// When it is over for sure, by our clock.
    ends: Instant,
    began: Instant,
    /// Our own requests that were answered in it.
    own: u32,
    /// Others' requests before our first.
    others_at_start: u32,
}

#[derive(Default)]
struct State {
    window: Option<Window>,
    limit: Option<u32>,
    in_flight: u32,
    paused_until: Option<Instant>,
    last_sent: Option<Instant>,
    last_answer: Option<Instant>,
    shared_at: Option<Instant>,
    /// The server's seconds at the instant `epoch`, at least; the greatest that the answers allow.
    lead: Option<f64>,
    clock_ahead: Option<i64>,
}

/// One limiter for all who use a token.
pub struct Limiter {
    state: Mutex<State>,
    changed: Notify,
    epoch: Instant,
}

/// The right to send one request, given back with the answer.
pub(crate) struct Permit<'a> {
    limiter: &'a Limiter,
    was_heard: AtomicBool,
}

enum Next {
    Go,
    At(Instant),
    WithAnAnswer,
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new()
    }
}

impl Limiter {
    /// A limiter that has heard nothing yet: its first request goes alone.
    pub fn new() -> Self {
        Self { state: Mutex::default(), changed: Notify::new(), epoch: Instant::now() }
    }

    /// Where the token stands.
    pub fn standing(&self) -> Standing {
        let state = self.lock();
        Standing {
            limit: state.limit,
            remaining: state.window.as_ref().map(|window| window.remaining),
            is_shared: state.is_shared(Instant::now()),
            clock_ahead_seconds: state.clock_ahead,
        }
    }

    /// Waits until one more request is within the limit.
    pub(crate) async fn acquire(&self) -> Permit<'_> {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            let next = {
                let now = Instant::now();
                let mut state = self.lock();
                let next = state.next(now);
                if matches!(next, Next::Go) {
                    state.in_flight += 1;
                    state.last_sent = Some(now);
                }
                next
            };
            match next {
                Next::Go => return Permit { limiter: self, was_heard: AtomicBool::new(false) },
                Next::At(instant) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(instant) => {}
                        () = changed => {}
                    }
                }
                Next::WithAnAnswer => changed.await,
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the lock panics")
    }
}

impl Permit<'_> {
    /// Notes that the request never left.
    pub(crate) fn not_sent(&self) {
        self.was_heard.store(true, Ordering::Relaxed);
    }

    /// Takes in what an answer said.
    pub(crate) fn heard(&self, word: Word, retry_after: Option<Duration>) {
        let now = Instant::now();
        self.was_heard.store(true, Ordering::Relaxed);
        let since_epoch = now.duration_since(self.limiter.epoch).as_secs_f64();
        self.limiter.lock().hear(word, retry_after, now, since_epoch);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.limiter.lock();
        state.in_flight -= 1;
        // One whose answer was lost may have been counted all the same.
        let is_lost = !*self.was_heard.get_mut();
        if let Some(window) = state.window.as_mut().filter(|_| is_lost) {
            window.remaining = window.remaining.saturating_sub(1);
        }
        drop(state);
        self.limiter.changed.notify_waiters();
    }
}

impl State {
    fn is_shared(&self, now: Instant) -> bool {
        self.shared_at.is_some_and(|at| now.duration_since(at) < SHARED_FOR)
    }

    /// How many requests of a window are left alone: what somebody else may send between two answers of ours.
    fn reserve(&self, limit: u32, now: Instant) -> u32 {
        match limit {
            0..50 => 0,
            _ if self.is_shared(now) => limit / 24,
            _ => limit / 60,
        }
    }

    fn next(&mut self, now: Instant) -> Next {
        if let Some(until) = self.paused_until {
            if until > now {
                return Next::At(until);
            }
            self.paused_until = None;
            self.window = None;
        }
        if self.window.as_ref().is_some_and(|window| window.ends <= now) {
            self.window = None;
        }
        let Some(window) = &self.window else {
            // Nothing is known of this window: one goes and brings word.
            return if self.in_flight == 0 { Next::Go } else { Next::WithAnAnswer };
        };
        let taken = self.in_flight + self.reserve(window.limit, now) + self.likely_others(window, now);
        if window.remaining <= taken {
            return if self.in_flight > 0 { Next::WithAnAnswer } else { Next::At(window.ends) };
        }
        // What was heard some time ago says little, where others may have been at it: one goes and brings word.
        let is_old = self.last_answer.is_none_or(|last| now.duration_since(last) > FRESH);
        if is_old && self.in_flight > 0 {
            return Next::WithAnAnswer;
        }
        let is_near_the_end = window.remaining - taken <= window.limit / 10;
        if is_near_the_end && self.is_shared(now) {
            if self.in_flight > 0 {
                return Next::WithAnAnswer;
            }
            let earliest = self.last_sent.map_or(now, |last| last + PACE);
            if earliest > now {
                return Next::At(earliest);
            }
        }
        Next::Go
    }

    /// What others will have sent since the last answer, if they go on as they did.
    fn likely_others(&self, window: &Window, now: Instant) -> u32 {
        if !self.is_shared(now) {
            return 0;
        }
        let Some(last) = self.last_answer else { return 0 };
        let seen = window.limit.saturating_sub(window.remaining).saturating_sub(window.own);
        let elapsed = last.duration_since(window.began).as_secs_f64().max(1.0);
        let silent = now.duration_since(last).as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the window's limit"
        )]
        let likely = (f64::from(seen) / elapsed * silent).min(f64::from(window.limit)) as u32;
        likely
    }

    fn hear(&mut self, word: Word, retry_after: Option<Duration>, now: Instant, since_epoch: f64) {
        self.last_answer = Some(now);
        self.read_clock(word.date, since_epoch);
        if let Some(wait) = retry_after {
            let until = now + wait.max(Duration::from_millis(50));
            self.paused_until = Some(self.paused_until.map_or(until, |already| already.max(until)));
        }
        let (Some(limit), Some(remaining)) = (word.limit, word.remaining) else { return };
        self.limit = Some(limit);
        #[expect(clippy::cast_possible_truncation, reason = "epoch seconds fit, and nonsense saturates")]
        let given = word.reset.unwrap_or_default().ceil() as i64;
        // Some servers tell how many seconds are left instead.
        let reset = match word.date {
            Some(date) if word.reset.is_some() && (0..=LONGEST_WINDOW).contains(&given) => {
                date.saturating_add(given)
            }
            _ => given,
        };
        let used = limit.saturating_sub(remaining);
        match &mut self.window {
            // A second more or less is the same window, for those who tell what is left.
            Some(window) if window.reset.abs_diff(reset) <= 1 => {
                window.own += 1;
                window.remaining = window.remaining.min(remaining);
                let others = used.saturating_sub(window.own).saturating_sub(self.in_flight);
                if others > window.others_at_start {
                    self.shared_at = Some(now);
                }
                // A better look at the server's clock moves the end.
                window.ends = window.ends.min(ends(reset, word.date, self.lead, now, since_epoch));
            }
            Some(window) if reset < window.reset => {}
            _ => {
                let ends = ends(reset, word.date, self.lead, now, since_epoch);
                let others_at_start = used.saturating_sub(1);
                self.window =
                    Some(Window { limit, remaining, reset, ends, began: now, own: 1, others_at_start });
            }
        }
    }

    /// The server's time is at least `date` when its answer arrives; the answer that came soonest after a full second
    /// tells the most.
    fn read_clock(&mut self, date: Option<i64>, since_epoch: f64) {
        let Some(date) = date else { return };
        #[expect(clippy::cast_precision_loss, reason = "epoch seconds stay far below the exact range")]
        let lead = date as f64 - since_epoch;
        let is_stepped = self.lead.is_some_and(|best| (best - lead).abs() > 5.0);
        self.lead = Some(if is_stepped { lead } else { self.lead.map_or(lead, |best| best.max(lead)) });
        let ours = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        self.clock_ahead = i64::try_from(ours.as_secs()).ok().map(|ours| date.saturating_sub(ours));
    }
}

/// When the window is over by our clock, for sure.
fn ends(reset: i64, date: Option<i64>, lead: Option<f64>, now: Instant, since_epoch: f64) -> Instant {
    let (Some(date), Some(lead)) = (date, lead) else { return now + WINDOW };
    if !(0..=LONGEST_WINDOW).contains(&reset.saturating_sub(date)) {
        return now + WINDOW;
    }
    #[expect(clippy::cast_precision_loss, reason = "epoch seconds stay far below the exact range")]
    let wait = reset as f64 - lead - since_epoch;
    now + Duration::try_from_secs_f64(wait.max(0.0)).unwrap_or(WINDOW)
}

#[cfg(test)]
mod tests;
