//! A timeline as bars of text: one line for each part of time, empty ones in between told by their number.

use super::super::model::Timeline;
use crate::report::wording::count;

/// More lines than this are not read: parts are put together until there are no more.
const LINES: u64 = 62;
/// Columns that the longest bar takes: longer ones say no more.
const LONGEST: usize = 60;
/// Eighths of a column.
const BLOCKS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// How long a part of the chart is, in words, and its lines, each at most `width` columns.
pub(super) fn chart(timeline: &Timeline, width: usize) -> Option<(String, Vec<String>)> {
    let (first, last) = (timeline.parts.first()?.at, timeline.parts.last()?.at);
    let length = part_length(timeline.part_seconds, first, last);
    let number = |at: u32| u64::from(at) / length;
    let mut sums: Vec<(u64, u64)> = Vec::new();
    for part in &timeline.parts {
        match sums.last_mut() {
            Some((at, sum)) if *at == number(part.at) => *sum = sum.saturating_add(part.records),
            _ => sums.push((number(part.at), part.records)),
        }
    }
    let most = sums.iter().map(|(_, records)| *records).max()?;
    let digits = count(most).len();
    let label_width = label(number(first) * length, length).len();
    // Label, number and a space after each.
    let room = width.saturating_sub(label_width + digits + 4).clamp(1, LONGEST);
    let mut lines = Vec::new();
    let mut next = number(first);
    for (at, records) in sums {
        match at - next {
            0 => {}
            1 => lines.push(line(next, length, 0, most, digits, room)),
            empty => lines.push(format!("{:label_width$}  {:>digits$}  {empty} of them without any", "...", "")),
        }
        lines.push(line(at, length, records, most, digits, room));
        next = at + 1;
    }
    Some((length_in_words(length), lines))
}

fn line(number: u64, length: u64, records: u64, most: u64, digits: usize, room: usize) -> String {
    format!("{}  {:>digits$}  {}", label(number * length, length), count(records), bar(records, most, room))
}

/// Whole hours that divide a day, then whole days, weeks and beyond, so that lines begin where clocks and calendars do.
fn part_length(part: u32, first: u32, last: u32) -> u64 {
    let (part, spanned) = (u64::from(part.max(1)), u64::from(last - first));
    let hours = [1, 2, 3, 4, 6, 8, 12, 24].map(|hours| hours * 3600);
    let days = [1, 2, 7, 14, 28, 56, 112, 224].map(|days| days * 86_400);
    let lengths = hours.into_iter().chain(days).filter(|length| length % part == 0);
    let fits = |length: &u64| spanned / length < LINES;
    lengths.into_iter().find(fits).unwrap_or_else(|| part * (spanned / part / LINES + 1))
}

fn length_in_words(seconds: u64) -> String {
    let (number, unit) = match seconds {
        seconds if seconds.is_multiple_of(86_400) => (seconds / 86_400, "day"),
        seconds if seconds.is_multiple_of(3600) => (seconds / 3600, "hour"),
        seconds => (seconds, "second"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// The day, or day and minute where parts are shorter.
fn label(seconds: u64, length: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    let format = if length.is_multiple_of(86_400) { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" };
    time.map_or_else(String::new, |time| time.strftime(format).to_string())
}

/// In eighths of a column; what is not nothing is at least one of them.
fn bar(records: u64, most: u64, room: usize) -> String {
    if records == 0 || most == 0 {
        return String::new();
    }
    let eighths = u128::from(records) * (room as u128 * 8) / u128::from(most);
    let eighths = usize::try_from(eighths).unwrap_or(room * 8).max(1);
    let mut bar = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(BLOCKS[eighths % 8 - 1]);
    }
    bar
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::super::super::model::TimelinePart;
    use super::*;

    fn timeline(part_seconds: u32, parts: &[(u32, u64)]) -> Timeline {
        let part = |(at, records): &(u32, u64)| TimelinePart { start: String::new(), at: *at, records: *records };
        Timeline { part_seconds, parts: parts.iter().map(part).collect() }
    }

    const MARCH: u32 = 20_513 * 86_400; // 2026-03-01

    #[test]
    fn bars_are_as_long_as_their_numbers() {
        let parts = [(MARCH, 800), (MARCH + 3600, 400), (MARCH + 3 * 3600, 1), (MARCH + 9 * 3600, 450)];
        // 16 columns of label, 3 of digits, 4 of space: 8 are left for 800.
        let (length, lines) = chart(&timeline(3600, &parts), 31).unwrap();
        assert_eq!(length, "1 hour");
        assert_eq!(
            lines,
            [
                "2026-03-01 00:00  800  ████████",
                "2026-03-01 01:00  400  ████",
                "2026-03-01 02:00    0  ",
                "2026-03-01 03:00    1  ▏",
                "...                    5 of them without any",
                "2026-03-01 09:00  450  ████▌",
            ]
        );
    }

    #[test]
    fn long_times_are_put_together() {
        // 96 hours are 48 times two; a year of days is 53 weeks.
        let hours: Vec<(u32, u64)> = (0..96).map(|hour| (MARCH + hour * 3600, 1)).collect();
        let (length, lines) = chart(&timeline(3600, &hours), 80).unwrap();
        assert_eq!((length.as_str(), lines.len()), ("2 hours", 48));
        assert!(lines[0].starts_with("2026-03-01 00:00  2  █"), "{}", lines[0]);
        let year: Vec<(u32, u64)> = (0..365).map(|day| (MARCH + day * 86_400, 10)).collect();
        let (length, lines) = chart(&timeline(86_400, &year), 80).unwrap();
        assert_eq!(length, "7 days");
        assert!(lines.len() <= 54, "{}", lines.len());
        let forever = [(0, 1), (u32::MAX - u32::MAX % 86_400, 1)];
        assert!(chart(&timeline(86_400, &forever), 80).unwrap().1.len() <= 3);
    }

    #[test]
    fn no_line_is_too_long_and_none_without_a_bar() {
        for width in [60, 61, 99, 160] {
            let parts = [(MARCH, u64::MAX), (MARCH + 86_400, 1), (MARCH + 172_800, u64::MAX / 3)];
            let (_, lines) = chart(&timeline(86_400, &parts), width).unwrap();
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:?}");
            assert!(lines.iter().all(|line| line.ends_with(BLOCKS)), "{lines:?}");
        }
        assert_eq!(chart(&timeline(86_400, &[]), 80), None);
    }
}
