//! What options may hold, and how it is read from text.
//!
//! Every refusal says what would be accepted, because the reader sees it beside the option's name only.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

use crate::report::model::{PortSpan, Verdict};

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people, at a terminal
    Table,
    /// For programs: sgflow.report/1
    Json,
    /// For spreadsheets: one row a rule
    Csv,
    /// For pull requests and wikis
    Markdown,
    /// For people, in a browser: one file that needs no network
    Html,
}

/// The form of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people, at a terminal
    Table,
    /// For programs: the proposed groups, which `replay --proposed` reads
    Json,
    /// A script that makes the change with the AWS CLI
    AwsCli,
    /// Import and resource blocks
    Terraform,
}

/// The form of what is told about a replay or a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TellFormat {
    /// For people, at a terminal
    Table,
    /// For programs
    Json,
}

/// The longest prefixes that a recommendation may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinPrefix {
    /// 0 to 32.
    pub v4: u8,
    /// 0 to 128.
    pub v6: u8,
}

/// The length of the slices that a rollup adds up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Slice {
    /// Hours, UTC
    #[value(name = "1h")]
    Hour,
    /// Days, UTC
    #[value(name = "1d")]
    Day,
}

impl Slice {
    /// Its length.
    pub fn seconds(self) -> i64 {
        match self {
            Slice::Hour => 3_600,
            Slice::Day => 86_400,
        }
    }
}

impl ValueEnum for Verdict {
    fn value_variants<'a>() -> &'a [Verdict] {
        &Verdict::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

/// Reads `24`, `/24` or `24,64`.
///
/// # Errors
/// What would be accepted.
pub fn parse_min_prefix(text: &str) -> Result<MinPrefix, String> {
    let refusal =
        || "expected the prefix length for IPv4, 0 to 32, and after a comma that for IPv6, 0 to 128".to_owned();
    let (v4, v6) = match text.split_once(',') {
        Some((v4, v6)) => (v4, Some(v6)),
        None => (text, None),
    };
    let length = |text: &str, most: u8| {
        let text = text.trim();
        let number = text.strip_prefix('/').unwrap_or(text).parse::<u8>().ok();
        number.filter(|&number| number <= most).ok_or_else(refusal)
    };
    Ok(MinPrefix { v4: length(v4, 32)?, v6: v6.map_or(Ok(128), |v6| length(v6, 128))? })
}

/// One end of the window, as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeBound {
    /// A moment, in epoch seconds.
    At(i64),
    /// A whole day, UTC.
    Day(Date),
    /// So many seconds before now.
    Ago(i64),
}

impl TimeBound {
    /// The first second that is meant, in epoch seconds.
    pub fn first_second(self, now: Timestamp) -> i64 {
        match self {
            TimeBound::At(second) => second,
            TimeBound::Day(date) => midnight(date),
            TimeBound::Ago(seconds) => now.as_second().saturating_sub(seconds),
        }
    }

    /// The last second that is meant, in epoch seconds: of a day its last.
    pub fn last_second(self, now: Timestamp) -> i64 {
        match self {
            TimeBound::Day(date) => midnight(date).saturating_add(86_399),
            other => other.first_second(now),
        }
    }
}

/// The first second of a day, UTC. Days that no timestamp can hold (after the year 9999) count as the last moment.
fn midnight(date: Date) -> i64 {
    match date.to_zoned(TimeZone::UTC) {
        Ok(zoned) => zoned.timestamp().as_second(),
        Err(_) => Timestamp::MAX.as_second(),
    }
}

/// Reads a time: RFC 3339, a date, or a number with `s`, `m`, `h`, `d` or `w`, which means so long ago.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_time_bound(text: &str) -> Result<TimeBound, String> {
    if let Some(seconds) = parse_ago(text) {
        return Ok(TimeBound::Ago(seconds));
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(TimeBound::At(timestamp.as_second()));
    }
    // `jiff` reads a date out of a date with a time, too; then the hour would be lost in silence.
    let is_date_only = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    match text.parse::<Date>() {
        Ok(date) if is_date_only => Ok(TimeBound::Day(date)),
        Ok(_) => Err("a time of day needs its offset: add Z for UTC, or for instance +02:00".to_owned()),
        Err(_) => Err("expected 2024-05-01T00:00:00Z, 2024-05-01, or an age such as 12h, 30d or 4w".to_owned()),
    }
}

/// Ten thousand years in seconds: nothing in the calendar is further away.
const LONGEST_AGE: i64 = 10_000 * 31_556_952;

/// `30d` in seconds; none if it is not an age, or one that no time can have.
fn parse_ago(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let digits = &text[..text.len() - unit.len_utf8()];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let age = digits.parse::<i64>().ok()?.checked_mul(seconds)?;
    (age <= LONGEST_AGE).then_some(age)
}

/// Reads a share between 0 and 1.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a number from 0 to 1, such as 0.95 for 95 %".to_owned()),
    }
}

/// Reads a number of days, not negative; parts of a day are allowed.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_days(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(days) if days >= 0.0 && days.is_finite() => Ok(days),
        _ => Err("expected a number of days, such as 30 or 0.5".to_owned()),
    }
}

/// Reads a log format loosely: names in `${...}` or bare, with at least one in it. Which fields a log must have is
/// said where it is read.
///
/// # Errors
/// A sentence with the likely reason: between double quotes a shell replaces `${version}` by nothing.
pub fn parse_log_format(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.contains("${}") {
        return Err("no fields in it; put it between single quotes, or the shell replaces ${...} itself".to_owned());
    }
    Ok(text.to_owned())
}

/// Ports that a rollup keeps: ascending, without overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptPorts(pub Vec<PortSpan>);

/// Reads ports and ranges of ports, parted by commas: `51820,60000-60010`.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_kept_ports(text: &str) -> Result<KeptPorts, String> {
    let mut spans = Vec::new();
    for range in text.split(',') {
        spans.push(parse_port_span(range.trim())?);
    }
    Ok(KeptPorts(joined(spans)))
}

fn parse_port_span(text: &str) -> Result<PortSpan, String> {
    let refused = || format!("'{text}' is not a port or a range of ports, such as 51820 or 60000-60010");
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let from: u16 = from.trim().parse().map_err(|_| refused())?;
    let to: u16 = to.trim().parse().map_err(|_| refused())?;
    if from > to {
        return Err(format!("'{text}' ends before it begins; write {to}-{from}"));
    }
    Ok(PortSpan { from, to })
}

/// Sorted, with overlapping and adjoining spans made one, so that the same ports always read the same.
fn joined(mut spans: Vec<PortSpan>) -> Vec<PortSpan> {
    spans.sort_by_key(|span| (span.from, span.to));
    let mut joined: Vec<PortSpan> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if u32::from(span.from) <= u32::from(last.to) + 1 => last.to = last.to.max(span.to),
            _ => joined.push(span),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn now() -> Timestamp {
        // 2024-06-01T00:00:00Z, by `date -u -d 2024-06-01 +%s`.
        Timestamp::from_second(1_717_200_000).unwrap()
    }

    #[test]
    fn times_of_every_kind() {
        let first = |text: &str| parse_time_bound(text).unwrap().first_second(now());
        assert_eq!(first("2024-05-01T00:00:00Z"), 1_714_521_600);
        assert_eq!(first("2024-05-01T02:00:00+02:00"), 1_714_521_600);
        assert_eq!(first("2024-05-01"), 1_714_521_600);
        assert_eq!(first("30d"), 1_717_200_000 - 2_592_000);
        assert_eq!(first("4w"), 1_717_200_000 - 2_419_200);
        assert_eq!(first("90m"), 1_717_200_000 - 5_400);
        assert_eq!(first("0s"), 1_717_200_000);
    }

    #[test]
    fn until_a_day_includes_the_day() {
        let last = |text: &str| parse_time_bound(text).unwrap().last_second(now());
        assert_eq!(last("2024-05-31"), 1_717_199_999);
        assert_eq!(last("2024-05-31T00:00:00Z"), 1_717_113_600);
        assert_eq!(last("1h"), 1_717_196_400);
    }

    #[test]
    fn times_that_are_none() {
        for text in ["", "d", "-3d", "3.5d", "yesterday", "2024-13-01", "99999999999999d", "9223372036854775807w", "日"]
        {
            assert!(parse_time_bound(text).unwrap_err().starts_with("expected 2024-05-01T00:00:00Z"), "{text}");
        }
        let error = parse_time_bound("2024-05-01T12:00:00").unwrap_err();
        assert_eq!(error, "a time of day needs its offset: add Z for UTC, or for instance +02:00");
    }

    #[test]
    fn the_last_day_of_the_calendar_does_not_overflow() {
        let bound = parse_time_bound("9999-12-31").unwrap();
        assert!(bound.last_second(now()) > bound.first_second(now()) - 1);
        let oldest = parse_time_bound("300000w").unwrap();
        assert!(oldest.first_second(now()) < 0);
    }

    #[test]
    fn shares_and_days() {
        assert_eq!(parse_share("0.95"), Ok(0.95));
        assert_eq!(parse_share("1"), Ok(1.0));
        for text in ["95", "-0.1", "NaN", "inf", "", "95%"] {
            assert!(parse_share(text).is_err(), "{text}");
        }
        assert_eq!(parse_days("0.5"), Ok(0.5));
        assert_eq!(parse_days("0"), Ok(0.0));
        for text in ["-1", "NaN", "inf", "30d", ""] {
            assert!(parse_days(text).is_err(), "{text}");
        }
    }

    #[test]
    fn kept_ports_are_sorted_and_joined() {
        let span = |from, to| PortSpan { from, to };
        assert_eq!(
            parse_kept_ports("60000-60010, 51820,60005-60020,60021").unwrap().0,
            [span(51820, 51820), span(60000, 60021)]
        );
        assert_eq!(parse_kept_ports("0-65535,65535").unwrap().0, [span(0, 65535)]);
        assert_eq!(
            parse_kept_ports("70000").unwrap_err(),
            "'70000' is not a port or a range of ports, such as 51820 or 60000-60010"
        );
        assert_eq!(parse_kept_ports("20-10").unwrap_err(), "'20-10' ends before it begins; write 10-20");
        for text in ["", ",", "1-", "-1", "1-2-3", "a"] {
            assert!(parse_kept_ports(text).is_err(), "{text}");
        }
    }

    #[test]
    fn verdicts_are_named_as_in_every_output() {
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::from_str(verdict.name(), false), Ok(verdict));
        }
        assert!(Verdict::from_str("unsed", false).is_err());
    }

    #[test]
    fn a_format_that_the_shell_has_emptied() {
        assert!(parse_log_format("     ").is_err());
        assert!(parse_log_format("${} ${}").is_err());
        assert_eq!(parse_log_format("${version} ${action}").unwrap(), "${version} ${action}");
    }
}
