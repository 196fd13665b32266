//! What must still be as it was when it was analysed, before anything is changed.
//!
//! Every rule that is to go; and, where it goes because of others, those others: a redundant rule that is revoked after somebody took
//! away what made it redundant would be an outage.

use super::permission::{content, filter_of_groups, quoted};
use super::sections::Section;
use crate::plan::model::{GroupPlan, Replacement};
use crate::report::model::Verdict;
use inventory::{Direction, Rule};
use std::collections::BTreeMap;
use std::fmt::Write;

/// So many groups are read with one call. EC2 takes at most 200 values of a filter (EC2 API reference, `Filter`).
const GROUPS_A_CALL: usize = 50;

/// The lines that read the rules of a section's groups and compare them.
pub(super) fn expectations(section: &Section) -> String {
    let mut by_region: BTreeMap<&str, Vec<&GroupPlan>> = BTreeMap::new();
    for group in &section.groups {
        by_region.entry(group.region.as_deref().unwrap_or_default()).or_default().push(group);
    }
    let mut text = String::new();
    for (region, groups) in by_region {
        for groups in groups.chunks(GROUPS_A_CALL) {
            let ids: Vec<&str> = groups.iter().map(|group| group.group_id.as_str()).collect();
            let _ = writeln!(text, "read_rules {} {}", quoted(region), quoted(&filter_of_groups(&ids)));
            for group in groups {
                expect_group(&mut text, group);
            }
        }
    }
    text
}

fn expect_group(text: &mut String, group: &GroupPlan) {
    for removal in &group.removals {
        expect(text, group, &removal.rule, &[]);
    }
    for replacement in &group.replacements {
        let others_rest_on_it = has_redundant(group, replacement.rule.direction);
        let instead: Vec<&Rule> =
            if others_rest_on_it { replacement.by.iter().chain(&replacement.shared).collect() } else { Vec::new() };
        expect(text, group, &replacement.rule, &instead);
    }
    for rule in &group.kept {
        let stands_in = |replacement: &Replacement| replacement.shared.iter().any(|other| other.has_content_of(rule));
        if has_redundant(group, rule.direction) || group.replacements.iter().any(stands_in) {
            let _ = writeln!(text, "must_stay {} {}", quoted(&group.group_id), quoted(&content(rule)));
        }
    }
}

fn expect(text: &mut String, group: &GroupPlan, rule: &Rule, instead: &[&Rule]) {
    let function = if rule.has_own_id() { "expect" } else { "expect_like" };
    let (id, group_id) = (quoted(&rule.id), quoted(&group.group_id));
    let _ = write!(text, "{function} {id} {group_id} {}", quoted(&content(rule)));
    for other in instead {
        let _ = write!(text, " {}", quoted(&content(other)));
    }
    text.push('\n');
}

/// Whether rules of that direction go because others allow what they allow.
fn has_redundant(group: &GroupPlan, direction: Direction) -> bool {
    group.removals.iter().any(|removal| removal.verdict == Verdict::Redundant && removal.rule.direction == direction)
}
