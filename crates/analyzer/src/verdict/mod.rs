//! Verdicts: what the tallies, the coverage and the inventory together say of each rule and group.
//!
//! The order of the tries is the order of [`Verdict`]: the first that fits is given. Everything that keeps a rule from being
//! called unused is in [`gates`].

pub mod coverage;
pub mod gates;
pub mod redundant;

use crate::attribute::tally::Tally;
use crate::attribute::{Attribution, Careless};
use crate::exposure;
use crate::report::model::{GroupVerdict, Verdict};
use crate::rollup::Rollup;
pub use coverage::{CoverageBook, Covered};
use gates::GroupGates;
use inventory::{Group, GroupIx, Inventory, Rule, Span};

/// What a proof asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Least share of an interface's life that must be covered, 0 to 1.
    pub min_coverage: f64,
    /// Least days of observation.
    pub min_days: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds { min_coverage: 0.95, min_days: 30.0 }
    }
}

/// The verdict on one rule.
#[derive(Clone, Debug)]
pub struct RuleVerdict {
    /// The word.
    pub verdict: Verdict,
    /// Why, a sentence.
    pub reason: String,
    /// Whether all gates of `unused` hold for it, so that a narrower rule may be recommended.
    pub proven: bool,
}

/// The verdict on one group and its rules.
#[derive(Clone, Debug)]
pub struct GroupJudgement {
    /// The word.
    pub verdict: GroupVerdict,
    /// By position of the rule in its group.
    pub rules: Vec<RuleVerdict>,
    /// What holds for all of them.
    pub gates: GroupGates,
}

/// Everything that a verdict stands on.
pub struct Bench<'a> {
    /// Interfaces, groups and rules.
    pub inventory: &'a Inventory,
    /// What was read and lost.
    pub rollup: &'a Rollup,
    /// What the rows say.
    pub attribution: &'a Attribution,
    /// When interfaces reported.
    pub coverage: &'a CoverageBook,
    /// The judged time.
    pub window: Span,
    /// What a proof asks for.
    pub thresholds: Thresholds,
    /// For tests.
    pub careless: Careless,
}

impl Bench<'_> {
    /// Judges one group.
    pub fn judge(&self, group_ix: GroupIx) -> GroupJudgement {
        let group = self.inventory.group(group_ix);
        let mut gates = gates::group_gates(
            self.inventory,
            group_ix,
            self.window,
            self.coverage,
            &self.rollup.ledger,
            &self.thresholds,
        );
        if self.careless.no_coverage && !gates.carried_by.is_empty() {
            gates.no_evidence = None;
            gates.likely = None;
        }
        let tallies = &self.attribution.tallies[group_ix.0 as usize];
        let mut rules: Vec<RuleVerdict> =
            group.rules.iter().zip(tallies).map(|(rule, tally)| self.judge_rule(group, rule, tally, &gates)).collect();
        self.mark_redundant(group_ix, group, &mut rules);

        let any_used = rules.iter().any(|rule| matches!(rule.verdict, Verdict::Used | Verdict::Redundant));
        let verdict = if any_used || self.attribution.had_traffic(group_ix) {
            GroupVerdict::Used
        } else if gates.carried_by.is_empty() && self.inventory.has_interfaces_of(group.owner.as_deref()) {
            GroupVerdict::Unattached
        } else if rules.iter().all(|rule| matches!(rule.verdict, Verdict::Unused | Verdict::NotLogged))
            && gates.no_evidence.is_none()
            && gates.likely.is_none()
        {
            GroupVerdict::Idle
        } else {
            GroupVerdict::NoEvidence
        };
        GroupJudgement { verdict, rules, gates }
    }

    fn judge_rule(&self, group: &Group, rule: &Rule, tally: &Tally, gates: &GroupGates) -> RuleVerdict {
        let unlogged = self.inventory.serves_unlogged(rule, group);
        let no_evidence =
            gates.no_evidence.clone().or_else(|| gates::rule_no_evidence(rule, tally, self.window, &self.thresholds));
        let likely = gates::rule_likely(self.inventory, group, rule, tally).or_else(|| gates.likely.clone());
        let proven = unlogged.is_none() && no_evidence.is_none() && likely.is_none();

        let (verdict, reason) = if let Some(missing) = self.inventory.unresolved(rule) {
            (Verdict::Unresolved, missing)
        } else if tally.is_used() {
            (Verdict::Used, used_reason(tally))
        } else if let Some(unlogged) = unlogged {
            (Verdict::NotLogged, unlogged.reason)
        } else if let Some(reason) = no_evidence {
            (Verdict::NoEvidence, reason)
        } else if let Some(reason) = likely {
            (Verdict::LikelyUnused, reason)
        } else {
            let days = (gates.observed_seconds as f64 / 86_400.0 * 10.0).floor() / 10.0;
            let interfaces = match gates.carried_by.len() {
                1 => "its one interface".to_owned(),
                count => format!("any of its {count} interfaces"),
            };
            (
                Verdict::Unused,
                format!("nothing that it allows was accepted on {interfaces} in {days} days of complete logs"),
            )
        };
        RuleVerdict { verdict, reason, proven }
    }

    fn mark_redundant(&self, group_ix: GroupIx, group: &Group, rules: &mut [RuleVerdict]) {
        let mut candidates = Vec::new();
        for (position, verdict) in rules.iter().enumerate() {
            if verdict.verdict == Verdict::Used && verdict.proven {
                candidates.push((position, exposure::of_rule(self.inventory, &group.rules[position])));
            }
        }
        let covers = &self.attribution.covers[group_ix.0 as usize];
        for position in redundant::redundant(covers, group.rules.len(), &candidates) {
            rules[position].verdict = Verdict::Redundant;
            rules[position].reason =
                "used, but other rules of the group surely allow all that it was or may have been used for".to_owned();
        }
    }
}

fn used_reason(tally: &Tally) -> String {
    let count = |count: u64, one: &str, many: &str| {
        if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
    };
    if tally.requests > 0 {
        return format!("{} passed by it", count(tally.requests, "request", "requests"));
    }
    if tally.ambiguous > 0 {
        return format!("{} may have passed by it", count(tally.ambiguous, "record", "records"));
    }
    format!(
        "{} prove requests that may have passed by it and are not in the logs themselves",
        count(tally.implied, "answer", "answers")
    )
}
