//! Times in the document: RFC 3339, UTC, such as `2014-12-14T04:07:50Z`.

/// The last second that has a year of four digits: 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;
const DAY: i64 = 86_400;

/// Writes times. It remembers the date of the last day that it wrote, for records of a log are of the same day; the rest is three
/// divisions.
pub(crate) struct Clock {
    day: i64,
    date: [u8; 10],
}

impl Clock {
    pub fn new() -> Clock {
        Clock { day: 0, date: *b"1970-01-01" }
    }

    /// A time in epoch seconds; with `.000` for milliseconds if asked.
    pub fn push_seconds(&mut self, out: &mut Vec<u8>, seconds: u32, with_millis: bool) {
        self.push(out, i64::from(seconds), with_millis.then_some(0));
    }

    /// A time in epoch milliseconds. Returns false, and writes nothing, before 1970 and after 9999: no service sent that.
    pub fn push_millis(&mut self, out: &mut Vec<u8>, millis: i64) -> bool {
        let seconds = millis.div_euclid(1000);
        if !(0..=LAST).contains(&seconds) {
            return false;
        }
        self.push(out, seconds, Some(millis.rem_euclid(1000)));
        true
    }

    fn push(&mut self, out: &mut Vec<u8>, seconds: i64, millis: Option<i64>) {
        let day = seconds / DAY;
        if day != self.day {
            self.turn_to(day);
        }
        let second_of_day = seconds % DAY;
        out.extend_from_slice(&self.date);
        let mut time = *b"T00:00:00";
        set_two(&mut time, 1, second_of_day / 3600);
        set_two(&mut time, 4, second_of_day / 60 % 60);
        set_two(&mut time, 7, second_of_day % 60);
        out.extend_from_slice(&time);
        if let Some(millis) = millis {
            let mut fraction = *b".000";
            fraction[1] = digit(millis / 100);
            set_two(&mut fraction, 2, millis % 100);
            out.extend_from_slice(&fraction);
        }
        out.push(b'Z');
    }

    /// Keeps the date of a day, counted from 1970-01-01.
    fn turn_to(&mut self, day: i64) {
        let since_1970 = jiff::Span::new().try_days(day);
        let Ok(date) = since_1970.and_then(|days| jiff::civil::date(1970, 1, 1).checked_add(days)) else {
            debug_assert!(false, "callers stay within the years 1970 to 9999");
            return;
        };
        let year = i64::from(date.year());
        self.day = day;
        set_two(&mut self.date, 0, year / 100);
        set_two(&mut self.date, 2, year % 100);
        set_two(&mut self.date, 5, i64::from(date.month()));
        set_two(&mut self.date, 8, i64::from(date.day()));
    }
}

fn set_two(text: &mut [u8], at: usize, number: i64) {
    if let Some([tens, ones]) = text.get_mut(at..at + 2) {
        *tens = digit(number / 10);
        *ones = digit(number % 10);
    }
}

/// The last digit of a number that is not negative.
fn digit(number: i64) -> u8 {
    b'0' + (number % 10) as u8
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn millis(clock: &mut Clock, millis: i64) -> Option<String> {
        let mut out = Vec::new();
        let is_written = clock.push_millis(&mut out, millis);
        assert_eq!(is_written, !out.is_empty());
        is_written.then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn times_by_hand() {
        let mut clock = Clock::new();
        let mut seconds = |seconds| {
            let mut out = Vec::new();
            clock.push_seconds(&mut out, seconds, false);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(seconds(0), "1970-01-01T00:00:00Z");
        // `date -u -d @1418530070`
        assert_eq!(seconds(1_418_530_070), "2014-12-14T04:07:50Z");
        assert_eq!(seconds(1_418_530_071), "2014-12-14T04:07:51Z");
        // 29 February 2024 was day 19782.
        assert_eq!(seconds(19_782 * 86_400 + 86_399), "2024-02-29T23:59:59Z");
        assert_eq!(seconds(u32::MAX), "2106-02-07T06:28:15Z");
    }

    #[test]
    fn milliseconds_have_bounds() {
        let mut clock = Clock::new();
        assert_eq!(millis(&mut clock, 1_418_530_070_009).as_deref(), Some("2014-12-14T04:07:50.009Z"));
        assert_eq!(millis(&mut clock, 999).as_deref(), Some("1970-01-01T00:00:00.999Z"));
        assert_eq!(millis(&mut clock, LAST * 1000 + 999).as_deref(), Some("9999-12-31T23:59:59.999Z"));
        for outside in [-1, i64::MIN, (LAST + 1) * 1000, i64::MAX] {
            assert_eq!(millis(&mut clock, outside), None, "{outside}");
        }
    }
}
