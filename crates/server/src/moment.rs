//! Moments as people and programs write them.

use tenure_directory::Timestamp;

/// Reads a moment: ISO 8601 with a zone, or epoch seconds with up to three decimals.
pub(crate) fn parse(given: &str) -> Option<Timestamp> {
    let ms = match epoch_ms(given) {
        Some(ms) => ms,
        // In a query an unencoded + is a space.
        None => given.replace(' ', "+").parse::<jiff::Timestamp>().ok()?.as_millisecond(),
    };
    Some(Timestamp::from_ms(ms))
}

/// A moment in ISO 8601, in UTC, with milliseconds.
pub(crate) fn iso(time: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(time.as_ms()) {
        Ok(time) => format!("{time:.3}"),
        // Beyond the year 9999 there is no such text.
        Err(_) => format!("{} ms", time.as_ms()),
    }
}

fn epoch_ms(given: &str) -> Option<i64> {
    let (seconds, decimals) = given.split_once('.').unwrap_or((given, "0"));
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(seconds, 12) || !digits(decimals, 3) {
        return None;
    }
    let ms: i64 = format!("{decimals:0<3}").parse().ok()?;
    Some(seconds.parse::<i64>().ok()? * 1000 + ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_both_forms() {
        let ms = |given: &str| parse(given).unwrap().as_ms();
        assert_eq!(ms("1700000000"), 1_700_000_000_000);
        assert_eq!(ms("1700000000.5"), 1_700_000_000_500);
        assert_eq!(ms("2023-11-14T22:13:20Z"), 1_700_000_000_000);
        assert_eq!(ms("2023-11-14T23:13:20 01:00"), 1_700_000_000_000);
        for bad in ["", "now", "-1", "1.2345", "2023-11-14", "99999999999999999999", "1e9"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        assert_eq!(iso(Timestamp::from_ms(1_700_000_000_500)), "2023-11-14T22:13:20.500Z");
    }
}
