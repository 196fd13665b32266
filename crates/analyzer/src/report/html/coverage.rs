//! How well each interface was observed, and which groups were quiet.

use super::rule_data::group_verdict;
use super::shown;
use crate::report::model::{GroupVerdict, Report};
use crate::report::ranking;
use crate::report::wording::{count, share};

/// At most so many interfaces are listed, and so many groups of each kind.
const LISTED: usize = 200;

/// One interface.
pub struct Covered {
    pub id: String,
    pub groups: String,
    pub share: String,
    /// Thousandths, for the bar.
    pub width: u64,
    pub is_low: bool,
    pub records: String,
}

/// Interfaces, worst first.
pub struct Coverage {
    pub interfaces: Vec<Covered>,
    pub more: usize,
    pub complete: usize,
    pub all: usize,
}

impl Coverage {
    /// Of a report; `least` is what a proof asks for.
    pub fn of(report: &Report, least: f64) -> Coverage {
        let mut sorted: Vec<_> = report.interfaces.iter().collect();
        // A stable sort: interfaces of equal coverage stay sorted by id.
        sorted.sort_by(|left, right| left.coverage.total_cmp(&right.coverage));
        let mut interfaces = Vec::new();
        for interface in sorted.iter().take(LISTED) {
            interfaces.push(Covered {
                id: shown(&interface.interface_id),
                groups: shown(&interface.groups.join(", ")),
                share: share(interface.coverage),
                width: (interface.coverage.clamp(0.0, 1.0) * 1000.0) as u64,
                is_low: interface.coverage < least,
                records: count(interface.records),
            });
        }
        Coverage {
            interfaces,
            more: sorted.len().saturating_sub(LISTED),
            complete: sorted.iter().filter(|interface| interface.coverage >= 1.0).count(),
            all: sorted.len(),
        }
    }
}

/// A group that was not used.
pub struct Quiet {
    pub id: String,
    pub name: String,
    pub verdict: &'static str,
    pub finding: &'static str,
    pub rules: usize,
}

/// Groups to look at as wholes.
pub struct Groups {
    pub quiet: Vec<Quiet>,
    pub more: usize,
    /// Ids with names, of groups with equal rules.
    pub equal: Vec<Vec<(String, String)>>,
}

impl Groups {
    /// Of a report: unattached ones first, then idle ones, then those that cannot be judged.
    pub fn of(report: &Report) -> Groups {
        let mut quiet = Vec::new();
        for wanted in [GroupVerdict::Unattached, GroupVerdict::Idle, GroupVerdict::NoEvidence] {
            for group in report.groups.iter().filter(|group| group.verdict == wanted) {
                quiet.push(Quiet {
                    id: shown(&group.group_id),
                    name: shown(&group.group_name),
                    verdict: group_verdict(wanted),
                    finding: finding(wanted),
                    rules: group.rules.len(),
                });
            }
        }
        let more = quiet.len().saturating_sub(LISTED);
        quiet.truncate(LISTED);
        let name = |id: &str| {
            let found = report.groups.iter().find(|group| group.group_id == id);
            found.map(|group| shown(&group.group_name)).unwrap_or_default()
        };
        let mut equal = Vec::new();
        for members in ranking::equal_groups(report).into_iter().take(LISTED) {
            equal.push(members.into_iter().map(|id| (shown(id), name(id))).collect());
        }
        Groups { quiet, more, equal }
    }
}

fn finding(verdict: GroupVerdict) -> &'static str {
    match verdict {
        GroupVerdict::Used => "some traffic passed",
        GroupVerdict::Idle => "its interfaces accepted nothing",
        GroupVerdict::Unattached => "on no interface",
        GroupVerdict::NoEvidence => "the logs could not have shown its use",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::report::example::example;

    #[test]
    fn the_worst_observed_interface_stands_first() {
        let coverage = Coverage::of(&example(), 0.95);
        let told: Vec<(&str, &str, u64, bool)> = coverage
            .interfaces
            .iter()
            .map(|interface| (interface.id.as_str(), interface.share.as_str(), interface.width, interface.is_low))
            .collect();
        assert_eq!(
            told,
            [("eni-00000000000000002", "81.2 %", 812, true), ("eni-00000000000000001", "100.0 %", 1000, false)]
        );
        assert_eq!((coverage.complete, coverage.all, coverage.more), (1, 2, 0));
    }

    #[test]
    fn groups_on_no_interface_stand_before_idle_ones() {
        let groups = Groups::of(&example());
        let told: Vec<(&str, &str)> = groups.quiet.iter().map(|group| (group.name.as_str(), group.verdict)).collect();
        assert_eq!(told, [("old-b", "unattached"), ("old-a", "idle")]);
        assert_eq!(groups.equal.len(), 1);
    }
}
