//! The report in a few numbers: rules per verdict, and how much of what is open could go.

use ethnum::U256;

use super::model::{Report, RuleReport, Verdict};
use super::wording::{self, counted, exposure_value};

/// Verdicts in the order in which the totals name them: what can be acted on first.
const ORDER: [Verdict; 7] = [
    Verdict::Unused,
    Verdict::Redundant,
    Verdict::LikelyUnused,
    Verdict::NoEvidence,
    Verdict::NotLogged,
    Verdict::Unresolved,
    Verdict::Used,
];

/// Sums over all rules. Exposures are added rule by rule, so what two rules open counts twice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Rules in all.
    pub rules: u64,
    /// Groups in all.
    pub groups: u64,
    /// Rules that are used only by records that may have needed them; they are among the used ones, too.
    pub only_possibly_used: u64,
    /// Rules per verdict, at the place of the verdict in [`Verdict::ALL`].
    per_verdict: [u64; 7],
    /// What all rules open.
    pub exposure: U256,
    /// What unused and redundant rules open.
    pub removable: U256,
    /// What likely unused rules open.
    pub likely_removable: U256,
    /// Rules that the report recommends to narrow.
    pub too_wide: u64,
    /// What those open beyond what would do.
    pub narrowable: U256,
}

impl Totals {
    /// Adds up a report.
    pub fn of(report: &Report) -> Totals {
        let mut totals = Totals { groups: report.groups.len() as u64, ..Totals::default() };
        for group in &report.groups {
            for rule in &group.rules {
                totals.add(rule);
            }
        }
        totals
    }

    fn add(&mut self, rule: &RuleReport) {
        self.rules += 1;
        self.per_verdict[place(rule.verdict)] += 1;
        self.only_possibly_used += u64::from(wording::is_only_possibly_used(rule));
        let exposure = exposure_value(&rule.exposure);
        self.exposure = self.exposure.saturating_add(exposure);
        match rule.verdict {
            Verdict::Unused | Verdict::Redundant => self.removable = self.removable.saturating_add(exposure),
            Verdict::LikelyUnused => self.likely_removable = self.likely_removable.saturating_add(exposure),
            _ => {}
        }
        if let Some(advice) = &rule.recommendation {
            let before = exposure_value(&advice.exposure_before);
            let after = exposure_value(&advice.exposure_after);
            self.too_wide += 1;
            self.narrowable = self.narrowable.saturating_add(before.saturating_sub(after));
        }
    }

    /// Rules with this verdict.
    pub fn with(&self, verdict: Verdict) -> u64 {
        self.per_verdict[place(verdict)]
    }

    /// `9 rules in 4 groups: 1 unused, 1 redundant, ..., 3 used (1 only possibly)`. Verdicts that no rule has are left
    /// out.
    pub fn rules_line(&self) -> String {
        let mut words = Vec::new();
        for verdict in ORDER {
            let rules = self.with(verdict);
            if rules > 0 {
                words.push(format!("{} {}", wording::count(rules), verdict.name()));
            }
        }
        let mut line = format!("{} in {}", counted(self.rules, "rule"), counted(self.groups, "group"));
        if !words.is_empty() {
            line.push_str(": ");
            line.push_str(&words.join(", "));
        }
        if self.only_possibly_used > 0 {
            line.push_str(&format!(" ({} only possibly)", wording::count(self.only_possibly_used)));
        }
        line
    }

    /// How much of the exposure could go, in sentences; none where no rule opens anything.
    pub fn exposure_line(&self) -> Option<String> {
        if self.exposure == U256::ZERO {
            return None;
        }
        let short = |value: U256| wording::exposure(&value.to_string());
        let mut line = format!(
            "{} of {} addresses x ports ({}) could go with the unused and redundant rules",
            short(self.removable),
            short(self.exposure),
            wording::percent(self.removable, self.exposure),
        );
        if self.with(Verdict::LikelyUnused) > 0 {
            line.push_str(&format!(", {} more with the likely unused", short(self.likely_removable)));
        }
        if self.too_wide > 0 {
            let rules = counted(self.too_wide, "rule");
            line.push_str(&format!(", {} more by narrowing {rules}", short(self.narrowable)));
        }
        line.push('.');
        Some(line)
    }
}

/// Where [`Verdict::ALL`] has a verdict.
fn place(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Unresolved => 0,
        Verdict::Redundant => 1,
        Verdict::Used => 2,
        Verdict::NotLogged => 3,
        Verdict::NoEvidence => 4,
        Verdict::LikelyUnused => 5,
        Verdict::Unused => 6,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::report::example::example;

    #[test]
    fn the_example_adds_up() {
        let totals = Totals::of(&example());
        assert_eq!(
            totals.rules_line(),
            "9 rules in 4 groups: 1 unused, 1 redundant, 1 likely-unused, 1 no-evidence, 1 not-logged, 1 unresolved, \
             3 used (1 only possibly)"
        );
        // By hand: 2 x 2^48 + 2 x 2^32 + 2^24 + 2^16 + 2 + 1.
        assert_eq!(totals.exposure, U256::new(562_949_953_421_312 + 8_589_934_592 + 16_777_216 + 65_536 + 3));
        assert_eq!(totals.removable, U256::new(281_474_976_710_656 + 65_536));
        assert_eq!(totals.likely_removable, U256::new(4_294_967_296));
        assert_eq!(totals.narrowable, U256::new(281_474_976_710_656 - 257));
        assert_eq!(
            totals.exposure_line().unwrap(),
            "2.8e14 of 5.6e14 addresses x ports (49 %) could go with the unused and redundant rules, 4.3e9 more with \
             the likely unused, 2.8e14 more by narrowing 1 rule."
        );
    }

    #[test]
    fn verdicts_are_counted_at_their_place() {
        for (position, verdict) in Verdict::ALL.iter().enumerate() {
            assert_eq!(place(*verdict), position);
            assert!(ORDER.contains(verdict));
        }
    }

    #[test]
    fn nothing_to_add_up() {
        let mut report = example();
        report.groups.clear();
        let totals = Totals::of(&report);
        assert_eq!(totals.rules_line(), "0 rules in 0 groups");
        assert_eq!(totals.exposure_line(), None);
    }

    #[test]
    fn exposures_saturate() {
        let mut report = example();
        for rule in &mut report.groups[0].rules {
            rule.exposure = U256::MAX.to_string();
        }
        let totals = Totals::of(&report);
        assert_eq!(totals.exposure, U256::MAX);
        assert!(totals.exposure_line().is_some());
    }
}
