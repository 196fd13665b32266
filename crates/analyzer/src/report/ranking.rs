//! Which rules a reader should see first.
//!
//! Rules are told apart by what can be done about them, and within each part the one that opens most stands first.

use std::cmp::Ordering;

use super::model::{GroupReport, Report, RuleReport, Verdict};
use super::wording::exposure_value;

/// What can be done about a rule, in the order of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// `unused`, `redundant` and `likely-unused`.
    Removable,
    /// `used`, and the report recommends less.
    TooWide,
    /// `no-evidence`, `not-logged` and `unresolved`.
    Undecided,
    /// `used`, as it is.
    Kept,
}

impl Part {
    /// Every part, in the order of reading.
    pub const ALL: [Part; 4] = [Part::Removable, Part::TooWide, Part::Undecided, Part::Kept];

    /// The part that a rule belongs to.
    pub fn of(rule: &RuleReport) -> Part {
        match rule.verdict {
            Verdict::Unused | Verdict::Redundant | Verdict::LikelyUnused => Part::Removable,
            Verdict::NoEvidence | Verdict::NotLogged | Verdict::Unresolved => Part::Undecided,
            Verdict::Used if rule.recommendation.is_some() => Part::TooWide,
            Verdict::Used => Part::Kept,
        }
    }

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Part::Removable => "Rules to act on, worst exposure first",
            Part::TooWide => "Rules wider than their traffic",
            Part::Undecided => "Rules that these logs cannot judge",
            Part::Kept => "Rules in use",
        }
    }

    /// What a reader should know before acting on it.
    pub fn advice(self) -> &'static str {
        match self {
            Part::Removable => {
                "\"unused\" is a proof for this window, \"redundant\" rules can all go at once, \
                 \"likely-unused\" rests on the assumption given: check it first."
            }
            Part::TooWide => "In use, but less would do for everything that was seen.",
            Part::Undecided => "Not unused: the reason says what is missing.",
            Part::Kept => "\"used?\" means that no request was sure, only possible.",
        }
    }
}

/// A rule and the group it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'report> {
    /// The group.
    pub group: &'report GroupReport,
    /// The rule.
    pub rule: &'report RuleReport,
}

/// The rules of one part, widest exposure first; equal ones by group, then in the group's own order.
pub fn rules_of(report: &Report, part: Part) -> Vec<Ranked<'_>> {
    let mut ranked = Vec::new();
    for group in &report.groups {
        for rule in &group.rules {
            if Part::of(rule) == part {
                ranked.push(Ranked { group, rule });
            }
        }
    }
    // The sort is stable, so that rules of equal exposure keep the order of the report.
    ranked.sort_by(|left, right| widest_first(left.rule, right.rule));
    ranked
}

fn widest_first(left: &RuleReport, right: &RuleReport) -> Ordering {
    exposure_value(&right.exposure).cmp(&exposure_value(&left.exposure))
}

/// Groups with equal rules, each set named once, by its first member; in the order of the report.
pub fn equal_groups(report: &Report) -> Vec<Vec<&str>> {
    let mut sets = Vec::new();
    for group in &report.groups {
        let is_first = group.same_rules_as.iter().all(|other| group.group_id < *other);
        if group.same_rules_as.is_empty() || !is_first {
            continue;
        }
        let mut members = vec![group.group_id.as_str()];
        members.extend(group.same_rules_as.iter().map(String::as_str));
        sets.push(members);
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example::example;

    fn ids(report: &Report, part: Part) -> Vec<String> {
        rules_of(report, part).iter().map(|ranked| ranked.rule.rule_id.clone()).collect()
    }

    #[test]
    fn widest_first_whatever_the_group() {
        let report = example();
        // By hand: ssh from anywhere 2^32, all of udp within 10.0.0.0/8 is 2^24 x 2^16 = 2^40, one host's port 1.
        assert_eq!(
            ids(&report, Part::Removable),
            ["sgr-0000000000000021", "sgr-0000000000000011", "sgr-0000000000000022"]
        );
        assert_eq!(ids(&report, Part::TooWide), ["sgr-0000000000000012"]);
        assert_eq!(
            ids(&report, Part::Undecided),
            ["sgr-0000000000000023", "sgr-0000000000000013", "sgr-content-00000000deadbeef"]
        );
        assert_eq!(ids(&report, Part::Kept), ["sgr-0000000000000014", "sgr-0000000000000024"]);
    }

    #[test]
    fn no_rule_is_lost_or_shown_twice() {
        let report = example();
        let shown: usize = Part::ALL.iter().map(|part| rules_of(&report, *part).len()).sum();
        let there: usize = report.groups.iter().map(|group| group.rules.len()).sum();
        assert_eq!(shown, there);
    }

    #[test]
    fn equal_groups_are_named_once() {
        let report = example();
        assert_eq!(equal_groups(&report), [["sg-00000000000000003", "sg-00000000000000004"]]);
    }
}
