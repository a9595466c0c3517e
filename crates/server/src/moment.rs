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

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Writes many moments as [`iso`] does. Of a day that comes again only the time is made anew: most of a list is of few days.
#[derive(Debug, Default)]
pub(crate) struct IsoWriter {
    day: Option<(i64, [u8; 10])>,
}

impl IsoWriter {
    /// Writes a moment.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, time: Timestamp) {
        let day = time.as_ms().div_euclid(DAY_MS);
        if self.day.is_none_or(|(known, _)| known != day) {
            let midnight = iso(Timestamp::from_ms(day * DAY_MS));
            let date =
                midnight.strip_suffix("T00:00:00.000Z").and_then(|date| date.as_bytes().try_into().ok());
            let Some(date) = date else { return out.extend_from_slice(iso(time).as_bytes()) };
            self.day = Some((day, date));
        }
        let Some((_, date)) = self.day else { return };
        let ms = time.as_ms().rem_euclid(DAY_MS);
        let (seconds, ms) = (ms / 1000, ms % 1000);
        let digit = |number: i64| b'0' + u8::try_from(number % 10).unwrap_or_default();
        let two = |number: i64| [digit(number / 10), digit(number)];
        out.extend_from_slice(&date);
        for (before, number) in [(b'T', seconds / 3600), (b':', seconds / 60 % 60), (b':', seconds % 60)] {
            out.push(before);
            out.extend_from_slice(&two(number));
        }
        out.push(b'.');
        out.extend_from_slice(&[digit(ms / 100), digit(ms / 10), digit(ms), b'Z']);
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

    proptest::proptest! {
        #[test]
        fn many_moments_are_written_as_one_is(times in proptest::collection::vec(-70_000_000_000_000_i64..260_000_000_000_000, 1..6), near in -200_000_000_i64..200_000_000) {
            let mut writer = IsoWriter::default();
            for ms in times.iter().flat_map(|ms| [*ms, *ms + near]) {
                let mut out = Vec::new();
                writer.write(&mut out, Timestamp::from_ms(ms));
                proptest::prop_assert_eq!(String::from_utf8(out).unwrap(), iso(Timestamp::from_ms(ms)));
            }
        }
    }
}
