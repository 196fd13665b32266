//! When each interface reported: the minutes that its records span, by source.
//!
//! An aggregation interval is 60 or 600 seconds, and which of the two may be known only when everything is read. So coverage
//! is kept by the minute, the finer of the two; the judge widens it to slots of the interval.

use super::PlaceIx;
use std::collections::BTreeMap;

/// Minutes of one day.
const MINUTES: u32 = 1440;
const WORDS: usize = 23;
/// An interval of 600 s that begins inside a minute touches eleven.
const LONGEST_MINUTES: u32 = 11;

/// Index of a source in [`super::Ledger::sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceIx(pub u32);

/// A set of minutes since the epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minutes(BTreeMap<u32, [u64; WORDS]>);

impl Minutes {
    /// Adds every minute that a span of epoch seconds touches, both ends included. No record spans more than an aggregation
    /// interval, of 600 s at most; one that claims to proves nothing about what lies between its ends.
    pub fn add_span(&mut self, from: u32, to: u32) {
        let (first, last) = (from / 60, to / 60);
        if last < first || last - first > LONGEST_MINUTES {
            self.add(first);
            self.add(last);
            return;
        }
        for minute in first..=last {
            self.add(minute);
        }
    }

    /// Adds a run of whole minutes: `to` is the first second after it.
    pub fn add_run(&mut self, from: u32, to: u32) {
        for minute in from / 60..to.div_ceil(60) {
            self.add(minute);
        }
    }

    fn add(&mut self, minute: u32) {
        let day = self.0.entry(minute / MINUTES).or_default();
        let bit = minute % MINUTES;
        day[(bit / 64) as usize] |= 1 << (bit % 64);
    }

    /// Whether the minute is in the set.
    pub fn holds(&self, minute: u32) -> bool {
        let bit = minute % MINUTES;
        self.0.get(&(minute / MINUTES)).is_some_and(|day| day[(bit / 64) as usize] >> (bit % 64) & 1 == 1)
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds another set.
    pub fn absorb(&mut self, other: &Minutes) {
        for (day, bits) in &other.0 {
            let mine = self.0.entry(*day).or_default();
            for (word, more) in mine.iter_mut().zip(bits) {
                *word |= more;
            }
        }
    }

    /// Runs of minutes, ascending, as epoch seconds: first second of the first minute, first second after the last.
    pub fn runs(&self) -> Vec<(u32, u32)> {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for (day, bits) in &self.0 {
            for (word_number, word) in bits.iter().enumerate() {
                let mut rest = *word;
                while rest != 0 {
                    let bit = rest.trailing_zeros();
                    rest &= rest - 1;
                    let minute = day * MINUTES + word_number as u32 * 64 + bit;
                    let from = minute * 60;
                    match runs.last_mut() {
                        Some(run) if run.1 == from => run.1 = from.saturating_add(60),
                        _ => runs.push((from, from.saturating_add(60))),
                    }
                }
            }
        }
        runs
    }
}

/// What one interface reported through one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// OK and NODATA.
    pub reported: Minutes,
    /// SKIPDATA.
    pub skipped: Minutes,
}

/// The coverage of every interface.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    all: BTreeMap<(PlaceIx, SourceIx), Reported>,
    // The minutes added last: lines of one interface and one window follow each other, and most add nothing.
    last: Option<(PlaceIx, SourceIx, u32, u32, bool)>,
}

impl Coverage {
    /// Notes a record of an interface.
    pub fn note(&mut self, place: PlaceIx, source: SourceIx, from: u32, to: u32, skipped: bool) {
        let minutes = (place, source, from / 60, to / 60, skipped);
        if self.last == Some(minutes) {
            return;
        }
        self.last = Some(minutes);
        let reported = self.all.entry((place, source)).or_default();
        let set = if skipped { &mut reported.skipped } else { &mut reported.reported };
        set.add_span(from, to);
    }

    /// Every interface and source, in order.
    pub fn iter(&self) -> impl Iterator<Item = (PlaceIx, SourceIx, &Reported)> {
        self.all.iter().map(|(&(place, source), reported)| (place, source, reported))
    }

    /// Forgets what a source said: it turned out to prove nothing.
    pub fn forget(&mut self, source: SourceIx) {
        self.all.retain(|&(_, from), _| from != source);
        self.last = None;
    }

    /// Gives what one source said to another.
    pub fn hand_over(&mut self, from: SourceIx, to: SourceIx) {
        let (handed, kept) = std::mem::take(&mut self.all).into_iter().partition(|((_, source), _)| *source == from);
        self.all = kept;
        self.last = None;
        let handed: BTreeMap<(PlaceIx, SourceIx), Reported> = handed;
        for ((place, _), reported) in handed {
            self.add(place, to, &reported);
        }
    }

    /// Adds what an interface reported through a source.
    pub fn add(&mut self, place: PlaceIx, source: SourceIx, reported: &Reported) {
        let mine = self.all.entry((place, source)).or_default();
        mine.reported.absorb(&reported.reported);
        mine.skipped.absorb(&reported.skipped);
    }

    /// Adds another coverage, whose places and sources are renamed.
    pub fn absorb(&mut self, other: &Coverage, places: &[PlaceIx], sources: &[SourceIx]) {
        self.last = None;
        for (place, source, reported) in other.iter() {
            self.add(places[place.at()], sources[source.0 as usize], reported);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_runs() {
        let mut minutes = Minutes::default();
        minutes.add_span(86_399, 86_461); // across midnight: minutes 1439, 1440, 1441
        minutes.add_span(90_000, 90_000);
        assert_eq!(minutes.runs(), vec![(86_340, 86_520), (90_000, 90_060)]);
        assert!(minutes.holds(1441) && !minutes.holds(1442));
        minutes.add_span(0, u32::MAX);
        assert_eq!(minutes.runs().len(), 4);
        assert!(minutes.holds(0) && minutes.holds(u32::MAX / 60));
    }
}
