//! Rules that stay wide although less would have done: whom they are used with had not settled in the time that was seen.

use super::managed;
use super::model::{PlanWarning, WarningKind};
use crate::analysis::Analysis;
use crate::recommend::{self, Limits};
use crate::report::wording;

/// More rules of one group than this are counted, not named.
const NAMED: usize = 5;

/// One warning for each group that has such rules; none if they are narrowed too.
pub fn unsettled(analysis: &Analysis<'_>, limits: &Limits) -> Vec<PlanWarning> {
    let mut found = Vec::new();
    if limits.include_unsettled {
        return found;
    }
    for (group_ix, judged) in analysis.judged() {
        let group = analysis.inventory.group(group_ix);
        let tallies = &analysis.attribution.tallies[group_ix.0 as usize];
        let verdicts = &judged.judgement.rules;
        let could_be = recommend::for_group(analysis.inventory, group_ix, tallies, verdicts, limits, None);
        let mut rules = Vec::new();
        for ((rule, now), then) in group.rules.iter().zip(&judged.narrower).zip(&could_be) {
            let Some(then) = then else { continue };
            if now.as_ref().is_none_or(|now| now.after > then.after) {
                rules.push(rule.id.as_str());
            }
        }
        if rules.is_empty() || managed::manager(group).is_some() {
            continue;
        }
        rules.sort_unstable();
        let count = rules.len();
        let mut names = rules[..count.min(NAMED)].join(", ");
        if count > NAMED {
            names.push_str(&format!(" and {} more", count - NAMED));
        }
        let (stay, what) = if count == 1 { ("stays", "its") } else { ("stay", "their") };
        let text = format!(
            "{} {stay} wider than what was seen ({names}), because {what} peers or ports had not settled: some that came in the second half \
             of the window were new. --include-unsettled narrows to what was seen all the same, and denies whoever comes next.",
            wording::counted(count as u64, "rule"),
        );
        found.push(PlanWarning { group_id: group.id.clone(), rule_id: None, kind: WarningKind::Unsettled, text });
    }
    found
}
