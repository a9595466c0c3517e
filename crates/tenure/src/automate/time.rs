//! The time, as the commands need it.

use crate::failure::Failure;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Now.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Now to the millisecond, as the ids of runs begin: `20261126T184455123Z`.
pub(crate) fn stamp() -> String {
    let text = format!("{:.3}", now());
    text.chars().filter(|character| !matches!(character, '-' | ':' | '.')).collect()
}

/// A time in ISO 8601, to the second.
pub(crate) fn iso(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

/// The day for which it is planned: the one that was given, or today in UTC.
pub(crate) fn day(given: Option<&str>) -> Result<Date, Failure> {
    let Some(given) = given else { return Ok(TimeZone::UTC.to_datetime(now()).date()) };
    let wrong =
        || Failure::usage(format!("--on: `{}` is no date; write it as 2026-01-31", given.escape_debug()));
    given.parse().map_err(|_| wrong())
}

/// A time to wait for.
pub(crate) fn parse(given: &str) -> Result<Timestamp, Failure> {
    given.parse().map_err(|_| {
        Failure::usage(format!(
            "--wait-until: `{}` is no time; write it with its zone, as 2026-01-31T18:00:00Z",
            given.escape_debug()
        ))
    })
}
