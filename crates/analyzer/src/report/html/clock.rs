//! Times as the page shows them: UTC, to the minute.

use jiff::Timestamp;

/// `2026-03-01 08:15`, without the zone, which is named once beside it; the text as it is if it is no time.
pub fn minute(rfc3339: &str) -> String {
    match rfc3339.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => super::shown(rfc3339),
    }
}

/// The same of epoch seconds.
pub fn minute_of(seconds: i64) -> String {
    Timestamp::from_second(seconds).map(|time| time.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_to_the_minute_in_utc() {
        assert_eq!(minute("2026-03-01T08:15:59Z"), "2026-03-01 08:15");
        assert_eq!(minute("2026-03-01T08:15:59+02:00"), "2026-03-01 06:15");
        assert_eq!(minute("never\u{7}"), "never\\x07");
        // date -u -d @1772323200
        assert_eq!(minute_of(1_772_323_200), "2026-03-01 00:00");
    }
}
