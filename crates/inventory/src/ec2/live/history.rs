//! What some lists of an account and region held, as far back as records still come from.
//!
//! Records are minutes old when they are decorated, and what counts is what held when they were made. So a listing that
//! differs from the one before does not replace it: it becomes the current version, and the one before stays for a while.
//!
//! Two readings that say the same are one version, which held from the end of the first to the beginning of the last.
//! What held between two versions, nobody saw; the dates that they get here make the inventory say so:
//!
//! ```text
//! readings    A      A      A      B      B      C
//! dates                     A@3    B@4    B@5    C@6
//! ```
//!
//! Before 3 it was A, from 4 to 5 it was B, from 6 on it is C; from 3 to 4 it was A or B. As long as every reading says the
//! same there is one version with one date.

use crate::document::Document;
use crate::ec2::live::since::Since;
use crate::time::Epoch;
use std::sync::Arc;
use std::time::Duration;

/// Interfaces, groups and rules that the versions before the current one may hold together. The last one before the current
/// stays whatever its size; of small accounts there is room for every reading of an hour.
const MOST_EARLIER_ITEMS: usize = 5_000;

/// What consecutive readings said.
#[derive(Debug, Clone)]
struct Version {
    /// Shared, so that a copy of the history costs next to nothing.
    content: Arc<Document>,
    /// The end of the first reading that said it.
    since: Since,
    /// The beginning of the last reading that said it.
    until: Since,
}

/// All versions that are kept, the current one last.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    versions: Vec<Version>,
}

/// An earlier version for which there was no room.
pub(super) struct Dropped {
    pub content: Arc<Document>,
    /// When the version after it was first seen.
    pub ended: Since,
}

impl History {
    /// What the last reading said.
    pub(super) fn current(&self) -> Option<&Document> {
        self.versions.last().map(|version| &*version.content)
    }

    /// Every version, the oldest first.
    pub(super) fn versions(&self) -> impl Iterator<Item = &Document> {
        self.versions.iter().map(|version| &*version.content)
    }

    /// Takes over what a reading from `begun` to `ended` said. `is_whole`: nothing in `content` is left from before because
    /// it was refused this time.
    pub(super) fn take_over(&mut self, content: Document, begun: Since, ended: Since, is_whole: bool) {
        if let Some(current) = self.versions.last_mut()
            && *current.content == content
        {
            if is_whole {
                current.until = begun;
            }
            return;
        }
        self.versions.push(Version { content: Arc::new(content), since: ended, until: begun });
    }

    /// Adds to the current version what was found since it was read.
    pub(super) fn amend(&mut self, change: impl FnOnce(&mut Document)) {
        if let Some(current) = self.versions.last_mut() {
            change(Arc::make_mut(&mut current.content));
        }
    }

    /// Forgets versions that ended longer ago than `keep_for`, and gives back those that had to go sooner, the oldest first.
    pub(super) fn forget(&mut self, keep_for: Duration) -> Vec<Dropped> {
        while let [_, next, ..] = self.versions.as_slice()
            && next.since.left_of(keep_for).is_zero()
        {
            self.versions.remove(0);
        }
        let count_items = |version: &Version| {
            let interfaces = version.content.network_interfaces.as_ref().map_or(0, Vec::len);
            let groups = version.content.security_groups.as_ref().map_or(0, Vec::len);
            interfaces + groups + version.content.security_group_rules.as_ref().map_or(0, Vec::len)
        };
        let mut items: usize = self.versions.iter().map(count_items).sum();
        items -= self.versions.last().map_or(0, count_items);
        let mut dropped = Vec::new();
        while self.versions.len() > 2 && items > MOST_EARLIER_ITEMS {
            let oldest = self.versions.remove(0);
            items -= count_items(&oldest);
            dropped.push(Dropped { content: oldest.content, ended: self.versions[0].since });
        }
        dropped
    }

    /// The versions with the dates that make a timeline of them, each date later than the one before. The oldest version
    /// counts for all the time before it and the current one for all the time after it, so these have one date; others
    /// have two if they were seen to hold from one to the other.
    pub(super) fn dated(&self) -> Vec<(Epoch, &Document)> {
        let mut dated: Vec<(Epoch, &Document)> = Vec::new();
        for (number, version) in self.versions.iter().enumerate() {
            let (since, until) = (version.since.epoch(), version.until.epoch());
            let is_current = number + 1 == self.versions.len();
            let is_between = number > 0 && !is_current;
            let wanted = match (is_current, is_between && since < until) {
                (true, _) => [Some(since), None],
                (false, true) => [Some(since), Some(until)],
                (false, false) => [Some(until), None],
            };
            for date in wanted.into_iter().flatten() {
                // Two readings within one second, or a clock that was set back.
                let earliest = dated.last().map_or(0, |(before, _)| before.saturating_add(1));
                dated.push((date.max(earliest), &version.content));
            }
        }
        dated
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::document::NetworkInterface;

    const HOUR: Duration = Duration::from_secs(3_600);

    /// A listing of interfaces named from a number on.
    fn listing(first: usize, count: usize) -> Document {
        let interface = |number| NetworkInterface {
            network_interface_id: Some(format!("eni-{number}")),
            ..NetworkInterface::default()
        };
        Document { network_interfaces: Some((first..first + count).map(interface).collect()), ..Document::default() }
    }

    /// Takes over readings of (time, length, first interface), times in seconds after some moment, an hour ago.
    fn history(readings: &[(u64, u64, usize)]) -> (History, Epoch) {
        let start = Since::now().earlier_by(HOUR);
        let mut history = History::default();
        for (time, length, first) in readings {
            let begun = start.later_by(Duration::from_secs(*time));
            history.take_over(listing(*first, 1), begun, begun.later_by(Duration::from_secs(*length)), true);
        }
        (history, start.epoch())
    }

    fn dates((history, start): &(History, Epoch)) -> Vec<(Epoch, String)> {
        let name = |document: &Document| document.network_interfaces.clone().unwrap()[0].network_interface_id.clone();
        history.dated().iter().map(|(date, document)| (date - start, name(document).unwrap())).collect()
    }

    fn expect(dates: &[(Epoch, &str)]) -> Vec<(Epoch, String)> {
        dates.iter().map(|(date, name)| (*date, name.to_string())).collect()
    }

    #[test]
    fn readings_that_agree_are_one_version_with_one_date() {
        assert_eq!(dates(&history(&[(0, 2, 1), (300, 2, 1), (600, 2, 1)])), expect(&[(2, "eni-1")]));
    }

    #[test]
    fn a_version_holds_from_the_end_of_its_first_reading_to_the_beginning_of_its_last() {
        let two = history(&[(0, 2, 1), (300, 2, 1), (600, 2, 2), (900, 2, 2)]);
        assert_eq!(dates(&two), expect(&[(300, "eni-1"), (602, "eni-2")]));
        let three = history(&[(0, 2, 1), (300, 2, 2), (600, 2, 2), (900, 2, 1)]);
        assert_eq!(dates(&three), expect(&[(0, "eni-1"), (302, "eni-2"), (600, "eni-2"), (902, "eni-1")]));
        let seen_once = history(&[(0, 2, 1), (300, 2, 2), (600, 2, 3)]);
        assert_eq!(dates(&seen_once), expect(&[(0, "eni-1"), (300, "eni-2"), (602, "eni-3")]));
    }

    #[test]
    fn dates_grow_whatever_the_clock_does() {
        let at_once = history(&[(10, 0, 1), (10, 0, 2), (10, 0, 3)]);
        assert_eq!(dates(&at_once), expect(&[(10, "eni-1"), (11, "eni-2"), (12, "eni-3")]));
        let set_back = history(&[(50, 0, 1), (10, 0, 2)]);
        assert_eq!(dates(&set_back), expect(&[(50, "eni-1"), (51, "eni-2")]));
    }

    #[test]
    fn what_is_left_from_before_is_not_seen_again() {
        let (mut history, start) = history(&[(0, 0, 1), (300, 0, 1)]);
        let later = Since::now();
        history.take_over(listing(1, 1), later, later, false);
        history.take_over(listing(2, 1), later, later, true);
        assert_eq!(history.dated()[0].0 - start, 300);
    }

    #[test]
    fn a_version_is_forgotten_when_it_ended_long_ago_and_not_when_it_was_last_seen_long_ago() {
        // No reading for 50 min, 600 s ago something else: the time in between is open, so the first one stays.
        let (mut history, _) = history(&[(0, 0, 1), (3_000, 0, 2)]);
        assert!(history.forget(Duration::from_secs(1_200)).is_empty());
        assert_eq!(history.versions.len(), 2);
        assert!(history.forget(Duration::from_secs(300)).is_empty());
        assert_eq!(history.current(), Some(&listing(2, 1)));
        assert_eq!(history.versions.len(), 1);
        history.forget(Duration::ZERO);
        assert_eq!(history.versions.len(), 1, "the current one stays for ever");
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_and_the_last_one_stays() {
        let now = Since::now();
        let mut history = History::default();
        for first in 0..4 {
            history.take_over(listing(first, 2_000), now, now, true);
        }
        let dropped = history.forget(HOUR);
        assert_eq!(dropped.len(), 1, "4,000 of 5,000 are left");
        assert_eq!(*dropped[0].content, listing(0, 2_000));
        for first in 0..3 {
            history.take_over(listing(first, 9_000), now, now, true);
        }
        assert_eq!(history.forget(HOUR).len(), 4);
        assert_eq!(history.versions().count(), 2);
    }
}
