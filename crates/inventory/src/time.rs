//! Spans of time, and which snapshots speak about one.
//!
//! Relevant for a span are the last snapshot at or before its start, all inside it, and the first at or after its
//! end; where there is none before, the first after; where there is none after, the last before. A snapshot without
//! a date is the latest ([`UNDATED`]), so alone it is relevant for every span.

use crate::document::Moment;

/// Seconds since 1970-01-01T00:00:00Z.
pub type Epoch = i64;

/// The time that a snapshot without a date gets: 9999-12-31T23:59:59Z, later than any date.
pub const UNDATED: Epoch = 253_402_300_799;

/// A span of time, both ends included. For a flow log record the caller has already taken 60 s off its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First second.
    pub from: Epoch,
    /// Last second.
    pub to: Epoch,
}

/// The times of the snapshots of one scope (account and region) that say something about one kind of thing, sorted.
#[derive(Debug, Default, Clone)]
pub(crate) struct Timeline {
    pub times: Vec<Epoch>,
}

impl Timeline {
    /// Numbers of the first and last snapshot that are relevant for the span; none only if there is no snapshot.
    pub(crate) fn relevant(&self, span: Span) -> Option<(u32, u32)> {
        let count = self.times.len();
        if count <= 1 {
            // By far the most common: one snapshot, which speaks for all time.
            return if count == 0 { None } else { Some((0, 0)) };
        }
        let at_or_before_start = self.times.partition_point(|time| *time <= span.from);
        let first = at_or_before_start.saturating_sub(1);
        let before_end = self.times.partition_point(|time| *time < span.to);
        let last = before_end.min(count - 1).max(first);
        Some((first as u32, last as u32))
    }
}

/// Consecutive snapshots (numbers in the timeline of a scope, both included) that say the same about a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub scope: u32,
    pub first: u32,
    pub last: u32,
}

impl Run {
    /// How many of the snapshots `first..=last` lie in this run.
    pub(crate) fn overlap(&self, (first, last): (u32, u32)) -> u32 {
        let from = self.first.max(first);
        let to = self.last.min(last);
        if from > to { 0 } else { to - from + 1 }
    }
}

/// When an interface was attached, which is when it began to own its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttachTime {
    /// Not attached to an instance (a service's interface, a pod's, an unattached one): taken as always.
    Always,
    /// `Attachment.AttachTime`.
    At(Epoch),
    /// Attached to an instance, but since when is missing.
    Unknown,
}

/// Whether an address was held during a span, by `AttachTime` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    Surely,
    Maybe,
    No,
}

impl AttachTime {
    pub(crate) fn held_during(self, span: Span) -> Held {
        match self {
            AttachTime::Always => Held::Surely,
            AttachTime::Unknown => Held::Maybe,
            AttachTime::At(time) if span.from >= time => Held::Surely,
            AttachTime::At(time) if span.to < time => Held::No,
            AttachTime::At(_) => Held::Maybe,
        }
    }
}

/// Reads RFC 3339 text or epoch seconds; none if it is neither.
pub(crate) fn read_moment(moment: &Moment) -> Option<Epoch> {
    let seconds = match moment {
        Moment::Whole(seconds) => *seconds,
        Moment::Fraction(seconds) => *seconds as i64,
        Moment::Text(text) => match text.trim().parse::<jiff::Timestamp>() {
            Ok(timestamp) => timestamp.as_second(),
            Err(_) => text.trim().parse::<i64>().ok()?,
        },
    };
    // Epoch milliseconds, or nonsense: not guessed at.
    if (0..UNDATED).contains(&seconds) { Some(seconds) } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn span(from: Epoch, to: Epoch) -> Span {
        Span { from, to }
    }

    #[test]
    fn the_neighbours_of_a_span_are_relevant() {
        let timeline = Timeline { times: vec![100, 200, 300, 400] };
        assert_eq!(timeline.relevant(span(210, 220)), Some((1, 2)), "between two snapshots");
        assert_eq!(timeline.relevant(span(200, 300)), Some((1, 2)), "from one snapshot exactly to another");
        assert_eq!(timeline.relevant(span(200, 200)), Some((1, 1)), "exactly at a snapshot");
        assert_eq!(timeline.relevant(span(150, 350)), Some((0, 3)), "two inside, and both neighbours");
        assert_eq!(timeline.relevant(span(10, 20)), Some((0, 0)), "before all: the first after");
        assert_eq!(timeline.relevant(span(500, 600)), Some((3, 3)), "after all: the last before");
        assert_eq!(timeline.relevant(span(50, 500)), Some((0, 3)), "around all");
        assert_eq!(Timeline::default().relevant(span(1, 2)), None);
        assert_eq!(Timeline { times: vec![UNDATED] }.relevant(span(1, 2)), Some((0, 0)));
    }

    #[test]
    fn an_attach_time_inside_the_span_leaves_it_open() {
        assert_eq!(AttachTime::At(100).held_during(span(100, 200)), Held::Surely);
        assert_eq!(AttachTime::At(100).held_during(span(99, 100)), Held::Maybe);
        assert_eq!(AttachTime::At(100).held_during(span(50, 99)), Held::No);
        assert_eq!(AttachTime::Always.held_during(span(0, 1)), Held::Surely);
        assert_eq!(AttachTime::Unknown.held_during(span(0, 1)), Held::Maybe);
    }

    #[test]
    fn moments_are_rfc_3339_or_epoch_seconds() {
        let text = |text: &str| read_moment(&Moment::Text(text.to_string()));
        // 2026-03-01T00:00:00Z is 20,513 days after the epoch.
        assert_eq!(text("2026-03-01T00:00:00Z"), Some(20_513 * 86_400));
        assert_eq!(text("2026-03-01T01:00:00.000+01:00"), Some(20_513 * 86_400));
        assert_eq!(text("1772323200"), Some(1_772_323_200));
        assert_eq!(text("yesterday"), None);
        assert_eq!(read_moment(&Moment::Fraction(1_772_323_200.5)), Some(1_772_323_200));
        assert_eq!(read_moment(&Moment::Whole(i64::MAX)), None);
    }
}
