//! How much of an interface's life the logs cover.
//!
//! Time is cut into slots of the aggregation interval. A slot counts if it lies wholly inside the window and the
//! interface's life; it is covered if a source that records accepted traffic reported in it (OK or NODATA) and skipped
//! nothing.

use crate::attribute::unplaced::is_foreign;
use crate::rollup::coverage::Reported;
use crate::rollup::{PlaceIx, Rollup};
use inventory::{InterfaceIx, Inventory, Span, TrafficType};
use std::collections::BTreeMap;

/// Seconds of an aggregation interval where nothing is configured (AWS, "Aggregation interval": 60 or 600 seconds).
const SHORT: u32 = 60;
const LONG: u32 = 600;

/// Runs of seconds: first, and first after; ascending and apart.
type Runs = Vec<(i64, i64)>;

/// The coverage of one interface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Covered {
    /// Share of its life until it was seen to be gone.
    pub share: f64,
    /// Share of its life until its last report, where a later snapshot finds it gone: nothing tells when it went.
    pub share_until_last_report: f64,
}

/// A part of an interface's life in which its logs hold nothing, whole slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// First second.
    pub from: i64,
    /// First second after it.
    pub to: i64,
    /// Whether AWS says of some of it that it skipped records (SKIPDATA).
    pub skipped: bool,
}

/// Coverage by interface id.
pub struct CoverageBook {
    window: Span,
    reports: BTreeMap<String, Report>,
    unknown: Vec<UnknownInterface>,
}

/// An interface that reported, and that no snapshot knows, in a VPC that may be ours.
#[derive(Clone, Debug)]
pub struct UnknownInterface {
    /// `eni-...`
    pub interface: String,
    /// Its VPC, where the format tells.
    pub vpc: Option<String>,
    /// Share of the time between its first and last report that is covered.
    pub share: f64,
}

#[derive(Default)]
struct Report {
    covered: Runs,
    /// Slots with SKIPDATA.
    skipped: Runs,
    /// The widest interval of its sources.
    interval: u32,
    first: Option<i64>,
    last: Option<i64>,
}

impl CoverageBook {
    /// Reads the coverage of a rollup.
    pub fn new(rollup: &Rollup, inventory: &Inventory, window: Span) -> Self {
        let mut by_interface: BTreeMap<&str, BTreeMap<u32, Vec<&Reported>>> = BTreeMap::new();
        for (place, source, reported) in rollup.coverage.iter() {
            let interface = interface_of(rollup, place);
            by_interface.entry(interface).or_default().entry(source.0).or_default().push(reported);
        }
        let mut reports = BTreeMap::new();
        for (interface, sources) in by_interface {
            let mut report = Report::default();
            for (source, parts) in sources {
                let Some(interval) = interval(rollup, inventory, source as usize) else {
                    continue;
                };
                report.add(&parts, interval);
            }
            reports.insert(interface.to_owned(), report);
        }
        let mut book = CoverageBook { window, reports, unknown: Vec::new() };
        for place in rollup.places.iter() {
            let interface = &*place.interface_id;
            let is_known = inventory.interface_ix(interface.as_bytes()).is_some();
            if interface.is_empty() || is_known || is_foreign(place, inventory) || !book.reports.contains_key(interface)
            {
                continue;
            }
            let share = book.of_unknown(interface).share;
            let vpc = place.vpc_id.as_deref().map(str::to_owned);
            book.unknown.push(UnknownInterface { interface: interface.to_owned(), vpc, share });
        }
        book.unknown.sort_by(|a, b| a.interface.cmp(&b.interface).then_with(|| a.vpc.cmp(&b.vpc)));
        book
    }

    /// Interfaces that no snapshot knows, sorted.
    pub fn unknown(&self) -> &[UnknownInterface] {
        &self.unknown
    }

    /// Coverage of an interface that the inventory knows; `None` if it did not live inside the window.
    pub fn of(&self, inventory: &Inventory, interface: InterfaceIx) -> Option<Covered> {
        let (report, life, seen) = self.life(inventory, interface)?;
        Some(self.covered(report, life, seen))
    }

    /// Where its logs have gaps until its last report, in the order of time.
    pub fn gaps(&self, inventory: &Inventory, interface: InterfaceIx) -> Vec<Gap> {
        let Some((report, _, seen)) = self.life(inventory, interface) else {
            return Vec::new();
        };
        report.map_or_else(|| Report::default().gaps(seen), |report| report.gaps(seen))
    }

    /// What an interface that the inventory knows reported, its life inside the window, and that life until its last
    /// report, where nothing tells when it went.
    fn life(&self, inventory: &Inventory, interface: InterfaceIx) -> Option<(Option<&Report>, Span, Span)> {
        let life = inventory.life(interface, self.window);
        let id = &inventory.interfaces()[interface.0 as usize].id;
        let report = self.reports.get(id);
        let mut from = life.from.max(self.window.from);
        // A report before the time at which it was last attached: it lived before, and nothing tells since when.
        if report.and_then(|report| report.first).is_some_and(|first| first < from) {
            from = self.window.from;
        }
        let until = life.until_seen_absent.min(self.window.to);
        if until < from {
            return None;
        }
        let last_report = report.and_then(|report| report.last).unwrap_or(from);
        let seen_until = if life.gone { last_report.max(life.last_known).min(until) } else { until };
        Some((report, Span { from, to: until }, Span { from, to: seen_until }))
    }

    /// Seconds of a span in which an interface reported, in whole slots.
    pub fn observed(&self, inventory: &Inventory, interface: InterfaceIx, span: Span) -> i64 {
        let id = &inventory.interfaces()[interface.0 as usize].id;
        self.reports.get(id).map_or(0, |report| report.within(span).0)
    }

    /// Coverage of an interface that the inventory does not know, between its first and its last report.
    pub fn of_unknown(&self, id: &str) -> Covered {
        match self.reported_span(id) {
            Some((report, span)) => self.covered(Some(report), span, span),
            None => Covered { share: 0.0, share_until_last_report: 0.0 },
        }
    }

    /// Where the logs of an interface that the inventory does not know have gaps between its first and its last report.
    pub fn gaps_of_unknown(&self, id: &str) -> Vec<Gap> {
        self.reported_span(id).map_or_else(Vec::new, |(report, span)| report.gaps(span))
    }

    fn reported_span(&self, id: &str) -> Option<(&Report, Span)> {
        let report = self.reports.get(id)?;
        Some((report, Span { from: report.first?.max(self.window.from), to: report.last?.min(self.window.to) }))
    }

    fn covered(&self, report: Option<&Report>, life: Span, seen: Span) -> Covered {
        let nothing = Report::default();
        let report = report.unwrap_or(&nothing);
        let (observed, total) = report.within(life);
        let (observed_seen, total_seen) = report.within(seen);
        let share = |observed: i64, total: i64| {
            // A life shorter than a slot: covered if there is any report at all.
            if total == 0 { if report.covered.is_empty() { 0.0 } else { 1.0 } } else { observed as f64 / total as f64 }
        };
        Covered { share: share(observed, total), share_until_last_report: share(observed_seen, total_seen) }
    }
}

fn interface_of(rollup: &Rollup, place: PlaceIx) -> &str {
    &rollup.places.get(place).interface_id
}

/// Whether a source (its number in the ledger) records no accepted traffic, and so proves nothing.
pub fn is_silent_about_accepted(rollup: &Rollup, inventory: &Inventory, source: usize) -> bool {
    interval(rollup, inventory, source).is_none()
}

/// The aggregation interval of a source; `None` if it proves nothing because it records no accepted traffic.
fn interval(rollup: &Rollup, inventory: &Inventory, source: usize) -> Option<u32> {
    let source = rollup.ledger.sources.get(source)?;
    let configured = inventory.flow_logs().iter().find(|flow_log| flow_log.id == source.name);
    let records_accepted = match configured.map(|flow_log| flow_log.traffic_type) {
        Some(TrafficType::All | TrafficType::Accept) => true,
        Some(TrafficType::Reject) => false,
        // Nobody says: without any accepted record it may be one that records rejected traffic alone.
        Some(TrafficType::Unknown) | None => source.accepted > 0,
    };
    if !records_accepted {
        return None;
    }
    let seen = if source.longest_span > SHORT { LONG } else { SHORT };
    match configured.and_then(|flow_log| flow_log.max_aggregation_interval) {
        Some(SHORT) => Some(SHORT),
        // On Nitro instances it is 60 s at most, whatever is configured: then no record spans more.
        _ => Some(seen),
    }
}

impl Report {
    fn add(&mut self, parts: &[&Reported], interval: u32) {
        self.interval = self.interval.max(interval);
        let slot = i64::from(interval);
        let mut reported: Runs = Vec::new();
        let mut skipped: Runs = Vec::new();
        for part in parts {
            for (from, to) in part.reported.runs() {
                let (from, to) = (i64::from(from), i64::from(to));
                self.first = Some(self.first.map_or(from, |first| first.min(from)));
                self.last = Some(self.last.map_or(to, |last| last.max(to)));
                reported.push(widen(from, to, slot));
            }
            for (from, to) in part.skipped.runs() {
                skipped.push(widen(i64::from(from), i64::from(to), slot));
            }
        }
        let skipped = union(skipped);
        let sure = without(&union(reported), &skipped);
        self.skipped = union(self.skipped.iter().copied().chain(skipped).collect());
        self.covered = union(self.covered.iter().copied().chain(sure).collect());
    }

    /// Covered seconds and all seconds of the whole slots inside a span.
    fn within(&self, span: Span) -> (i64, i64) {
        let Some((from, to)) = self.whole_slots(span) else {
            return (0, 0);
        };
        let mut observed = 0;
        for &(run_from, run_to) in &self.covered {
            observed += (run_to.min(to) - run_from.max(from)).max(0);
        }
        (observed, to - from)
    }

    /// First second of the first whole slot inside a span, and first after the last. Too short a life for one slot: by
    /// the minute, then.
    fn whole_slots(&self, span: Span) -> Option<(i64, i64)> {
        let whole = |slot: i64| {
            let from = (span.from + slot - 1).div_euclid(slot) * slot;
            let to = (span.to + 1).div_euclid(slot) * slot;
            (from < to).then_some((from, to))
        };
        whole(i64::from(self.interval.max(SHORT))).or_else(|| whole(i64::from(SHORT)))
    }

    fn gaps(&self, span: Span) -> Vec<Gap> {
        let Some(slots) = self.whole_slots(span) else {
            return Vec::new();
        };
        let gap = |(from, to)| {
            let skipped = self.skipped.iter().any(|&(skipped, until)| skipped < to && from < until);
            Gap { from, to, skipped }
        };
        without(&[slots], &self.covered).into_iter().map(gap).collect()
    }
}

/// Every slot that a run touches.
fn widen(from: i64, to: i64, slot: i64) -> (i64, i64) {
    (from.div_euclid(slot) * slot, (to + slot - 1).div_euclid(slot) * slot)
}

fn union(mut runs: Runs) -> Runs {
    runs.sort_unstable();
    let mut merged: Runs = Vec::new();
    for (from, to) in runs {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// The first runs where the second are not; both ascending and apart.
fn without(runs: &[(i64, i64)], holes: &[(i64, i64)]) -> Runs {
    let mut left = Vec::new();
    let mut next_hole = 0;
    for &(mut from, to) in runs {
        while next_hole < holes.len() && holes[next_hole].1 <= from {
            next_hole += 1;
        }
        let mut hole = next_hole;
        while hole < holes.len() && holes[hole].0 < to {
            if holes[hole].0 > from {
                left.push((from, holes[hole].0));
            }
            from = from.max(holes[hole].1);
            hole += 1;
        }
        if from < to {
            left.push((from, to));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_sets_of_seconds() {
        assert_eq!(union(vec![(10, 20), (0, 5), (5, 8), (18, 30)]), vec![(0, 8), (10, 30)]);
        assert_eq!(without(&[(0, 100)], &[(10, 20), (50, 60)]), vec![(0, 10), (20, 50), (60, 100)]);
        assert_eq!(without(&[(0, 10), (20, 30)], &[(5, 25)]), vec![(0, 5), (25, 30)]);
        assert_eq!(without(&[(0, 10)], &[(0, 10)]), vec![]);
        assert_eq!(without(&[(0, 10)], &[]), vec![(0, 10)]);
    }

    #[test]
    fn only_whole_slots_count() {
        let mut report = Report::default();
        let mut reported = Reported::default();
        reported.reported.add_run(0, 1200); // two slots of 600 s
        reported.reported.add_run(1860, 1920); // one minute of the fourth
        reported.skipped.add_run(600, 660); // the second skipped something
        report.add(&[&reported], 600);
        assert_eq!(report.covered, vec![(0, 600), (1800, 2400)]);
        assert_eq!(report.within(Span { from: 0, to: 2399 }), (1200, 2400));
        assert_eq!(report.within(Span { from: 1, to: 2398 }), (0, 1200), "slots cut by the edges do not count");
        assert_eq!(report.within(Span { from: 10, to: 20 }), (0, 0));
        let gaps = [Gap { from: 600, to: 1800, skipped: true }];
        assert_eq!(report.gaps(Span { from: 0, to: 2399 }), gaps);
        assert_eq!(report.gaps(Span { from: 1, to: 1799 }), gaps);
        let rest = Gap { from: 2400, to: 3000, skipped: false };
        assert_eq!(report.gaps(Span { from: 1800, to: 3000 }), [rest]);
        assert_eq!(report.gaps(Span { from: 0, to: 599 }), []);
    }
}
