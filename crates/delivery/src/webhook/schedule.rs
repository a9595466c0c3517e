//! When a delivery is tried again, and when no more (`contract/events.md`, "Webhooks"). A pure function of what came back.

use crate::webhook::post::{Answer, PostError};

/// How long is waited after each attempt that failed, in milliseconds, before jitter: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h,
/// 14 h, 20 h, 24 h.
pub const WAITS_MS: [i64; 9] =
    [5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000];
/// The least wait after a 429, 502, 504 or a time-out, in milliseconds: whoever is overloaded is not asked again soon.
pub const OVERLOADED_MS: i64 = 60_000;
/// The longest that `Retry-After` is heeded, in milliseconds: a day.
pub const RETRY_AFTER_MAX_MS: i64 = 86_400_000;
/// For how long an endpoint may take nothing before it is disabled, in milliseconds: 5 days.
pub const NO_SUCCESS_MS: i64 = 5 * 86_400_000;

/// By how much a wait is made longer or shorter, in percent.
const JITTER_PERCENT: i64 = 10;

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived.
    Delivered,
    /// It is tried again after a wait.
    Retry {
        /// How long, in milliseconds.
        wait_ms: i64,
    },
    /// It is not tried again.
    GivenUp,
    /// There is no such endpoint any more.
    Gone,
}

/// What an attempt came to, after so many that failed before it. `random` makes the jitter.
pub fn verdict(outcome: &Result<Answer, PostError>, failed_before: u32, random: u64) -> Verdict {
    match outcome {
        Ok(answer) if (200..300).contains(&answer.status) => return Verdict::Delivered,
        Ok(answer) if answer.status == 410 => return Verdict::Gone,
        Ok(_) | Err(_) => {}
    }
    let place = usize::try_from(failed_before).unwrap_or(usize::MAX);
    let Some(scheduled) = WAITS_MS.get(place).map(|wait| jittered(*wait, random)) else {
        return Verdict::GivenUp;
    };
    let wait_ms = match outcome {
        Err(PostError::TimedOut) => scheduled.max(OVERLOADED_MS),
        Ok(answer) if matches!(answer.status, 429 | 503) => {
            let least = if answer.status == 429 { scheduled.max(OVERLOADED_MS) } else { scheduled };
            let asked = answer.retry_after_ms.unwrap_or_default();
            asked.clamp(least, RETRY_AFTER_MAX_MS.max(least))
        }
        Ok(answer) if matches!(answer.status, 502 | 504) => scheduled.max(OVERLOADED_MS),
        Ok(_) | Err(_) => scheduled,
    };
    Verdict::Retry { wait_ms }
}

fn jittered(wait_ms: i64, random: u64) -> i64 {
    let span = wait_ms * JITTER_PERCENT / 100;
    let width = u64::try_from(2 * span + 1).unwrap_or(1);
    let offset = i64::try_from(random % width).unwrap_or_default();
    wait_ms - span + offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "it stands beside what was no answer")]
    fn answer(status: u16, retry_after_ms: Option<i64>) -> Result<Answer, PostError> {
        Ok(Answer { status, retry_after_ms, body: vec![] })
    }

    fn wait(outcome: &Result<Answer, PostError>, failed_before: u32, random: u64) -> i64 {
        match verdict(outcome, failed_before, random) {
            Verdict::Retry { wait_ms } => wait_ms,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn success_is_any_2xx_and_410_is_the_end() {
        for status in [200, 201, 204, 299] {
            assert_eq!(verdict(&answer(status, None), 0, 0), Verdict::Delivered);
        }
        assert_eq!(verdict(&answer(410, None), 0, 0), Verdict::Gone);
    }

    #[test]
    fn the_waits_are_as_promised_with_a_jitter_of_a_tenth() {
        for (failed_before, scheduled) in (0..).zip(WAITS_MS) {
            for random in [0, 1, u64::MAX, 77_777_777] {
                let wait = wait(&answer(500, None), failed_before, random);
                assert!((wait - scheduled).abs() <= scheduled / 10, "{wait} for {scheduled}");
            }
        }
        for status in [301, 400, 404, 500] {
            assert_eq!(verdict(&answer(status, None), 9, 0), Verdict::GivenUp, "{status}");
        }
    }

    #[test]
    fn whoever_is_overloaded_is_not_asked_again_within_a_minute() {
        for status in [429, 502, 504] {
            assert_eq!(wait(&answer(status, None), 0, 0), OVERLOADED_MS);
        }
        assert_eq!(wait(&Err(PostError::TimedOut), 0, 0), OVERLOADED_MS);
        assert!(wait(&answer(503, None), 0, 0) < OVERLOADED_MS);
        assert!(wait(&Err(PostError::Failed("refused".to_owned())), 0, 0) < OVERLOADED_MS);
    }

    #[test]
    fn retry_after_is_heeded_between_the_schedule_and_a_day() {
        assert_eq!(wait(&answer(429, Some(600_000)), 0, 0), 600_000);
        assert_eq!(wait(&answer(503, Some(600_000)), 0, 0), 600_000);
        assert_eq!(wait(&answer(503, Some(i64::MAX)), 0, 0), RETRY_AFTER_MAX_MS);
        assert_eq!(wait(&answer(429, Some(1)), 0, 0), OVERLOADED_MS);
        assert!(wait(&answer(503, Some(1)), 1, 0) >= 270_000);
        assert!(wait(&answer(503, Some(1)), 8, u64::MAX) >= 77_000_000);
        assert!(wait(&answer(500, Some(600_000)), 0, 0) < 6000, "only of 429 and 503");
    }
}
