//! The changes to one group: which rules go, which are replaced and by what, and which stay.

use super::PlanOptions;
use super::model::{GroupPlan, Removal, Replacement};
use crate::analysis::{Analysis, JudgedGroup};
use crate::assemble::{ports_of, sentence};
use crate::exposure;
use crate::recommend::Narrower;
use crate::report::model::Verdict;
use ethnum::U256;
use inventory::{Answer, Direction, GroupIx, Inventory, Peer, Rule, RulePorts, Span, UNDATED};
use std::net::IpAddr;

/// What becomes of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    Goes,
    Replaced,
}

/// The changes to a group; none if everything stays.
pub(super) fn changes(
    analysis: &Analysis<'_>,
    group_ix: GroupIx,
    judged: &JudgedGroup,
    options: &PlanOptions,
) -> Option<GroupPlan> {
    let inventory = analysis.inventory;
    let group = inventory.group(group_ix);
    let mut fates = fates(judged, options);
    keep_what_leans_on_gone_rules(analysis, group_ix, judged, &mut fates);
    keep_what_leans_on_the_past(analysis, group_ix, judged, &mut fates);
    let drafts = drafts(inventory, group_ix, judged, &fates);
    keep_what_would_come_again(&group.rules, &drafts, &mut fates);
    if fates.iter().all(|fate| *fate == Fate::Stays) {
        return None;
    }

    let mut positions: Vec<usize> = (0..group.rules.len()).collect();
    positions.sort_by(|&a, &b| place(&group.rules[a]).cmp(&place(&group.rules[b])));
    let with_fate = |fate: Fate| positions.iter().copied().filter(|&position| fates[position] == fate).collect();
    let (staying, going, replaced): (Vec<usize>, Vec<usize>, Vec<usize>) =
        (with_fate(Fate::Stays), with_fate(Fate::Goes), with_fate(Fate::Replaced));

    let kept: Vec<Rule> = staying.iter().map(|&position| group.rules[position].clone()).collect();
    let mut removals = Vec::with_capacity(going.len());
    for position in going {
        let rule = &group.rules[position];
        let verdict = &judged.judgement.rules[position];
        removals.push(Removal {
            rule: rule.clone(),
            verdict: verdict.verdict,
            reason: sentence(&verdict.reason),
            exposure: exposure::of_rule(inventory, rule),
        });
    }
    let mut replacements: Vec<Replacement> = Vec::with_capacity(replaced.len());
    for position in replaced {
        let replacement = replacement(inventory, &group.rules[position], &drafts[position], &kept, &replacements);
        replacements.push(replacement);
    }

    let mut plan = GroupPlan {
        group: group_ix,
        group_id: group.id.clone(),
        group_name: group.name.clone(),
        vpc_id: group.vpc.clone().unwrap_or_default(),
        owner_id: group.owner.clone().unwrap_or_default(),
        region: group.region.clone(),
        removals,
        replacements,
        kept,
        exposure_before: total(inventory, group.rules.iter()),
        exposure_after: U256::ZERO,
    };
    plan.exposure_after = total(inventory, plan.rules_after());
    Some(plan)
}

/// What the verdicts alone say, by position.
fn fates(judged: &JudgedGroup, options: &PlanOptions) -> Vec<Fate> {
    let mut fates = Vec::with_capacity(judged.judgement.rules.len());
    for (position, verdict) in judged.judgement.rules.iter().enumerate() {
        let has_narrower = judged.narrower.get(position).is_some_and(Option::is_some);
        fates.push(match verdict.verdict {
            Verdict::Unused | Verdict::Redundant => Fate::Goes,
            Verdict::LikelyUnused if options.include_likely => Fate::Goes,
            // Whatever a recommendation says: without a proof nothing is touched.
            Verdict::Used if verdict.proven && has_narrower => Fate::Replaced,
            Verdict::Used | Verdict::LikelyUnused | Verdict::Unresolved | Verdict::NotLogged | Verdict::NoEvidence => {
                Fate::Stays
            }
        });
    }
    fates
}

/// A redundant rule may go because others of its group allow the same. One of these may be likely-unused, for a guess set
/// aside what the redundant rule may have been needed for: where that one goes too, the redundant one stays.
fn keep_what_leans_on_gone_rules(analysis: &Analysis<'_>, group_ix: GroupIx, judged: &JudgedGroup, fates: &mut [Fate]) {
    let verdicts = &judged.judgement.rules;
    let mut kept = vec![false; fates.len()];
    for cover in analysis.attribution.covers[group_ix.0 as usize].iter() {
        let is_covered = (0..fates.len()).any(|rule| fates[rule] != Fate::Goes && cover.surely(rule));
        if is_covered {
            continue;
        }
        for rule in 0..fates.len() {
            kept[rule] |= verdicts[rule].verdict == Verdict::Redundant && cover.uses(rule);
        }
    }
    for (fate, kept) in fates.iter_mut().zip(kept) {
        if kept {
            *fate = Fate::Stays;
        }
    }
}

/// A redundant rule may lean on one whose group its peers have left since, or on a prefix list that has lost them. Whoever has such an
/// address now would be denied when it calls again: then the redundant one stays. Addresses that nobody has any more do not count.
fn keep_what_leans_on_the_past(analysis: &Analysis<'_>, group_ix: GroupIx, judged: &JudgedGroup, fates: &mut [Fate]) {
    const NOW: Span = Span { from: UNDATED, to: UNDATED };
    let inventory = analysis.inventory;
    let rules = &inventory.group(group_ix).rules;
    let tallies = &analysis.attribution.tallies[group_ix.0 as usize];
    for redundant in 0..rules.len() {
        if fates[redundant] != Fate::Goes || judged.judgement.rules[redundant].verdict != Verdict::Redundant {
            continue;
        }
        let mut props: Vec<&Rule> = Vec::new();
        for (position, rule) in rules.iter().enumerate().filter(|(position, _)| fates[*position] != Fate::Goes) {
            let covers = analysis.attribution.covers[group_ix.0 as usize].iter();
            if covers.into_iter().any(|cover| cover.uses(redundant) && cover.surely(position)) {
                props.push(rule);
            }
        }
        let is_held = |(peer, span): (IpAddr, Span)| {
            let is_meant = inventory.is_peer(&rules[redundant], peer, span) > Answer::No;
            !is_meant
                || props.iter().any(|rule| {
                    let is_gone = matches!(rule.peer, Peer::Group { .. }) && inventory.owners_of(peer, NOW).is_empty();
                    is_gone || inventory.is_peer(rule, peer, NOW) == Answer::Surely
                })
        };
        if !tallies[redundant].peers.met().all(is_held) {
            fates[redundant] = Fate::Stays;
        }
    }
}

/// The rules that are to come in the place of each replaced rule, by position; none for others.
fn drafts(inventory: &Inventory, group: GroupIx, judged: &JudgedGroup, fates: &[Fate]) -> Vec<Vec<Rule>> {
    let rules = &inventory.group(group).rules;
    let mut drafts = Vec::with_capacity(rules.len());
    for (position, rule) in rules.iter().enumerate() {
        drafts.push(match &judged.narrower[position] {
            Some(narrower) if fates[position] == Fate::Replaced => drafts_of(inventory, rule, narrower),
            _ => Vec::new(),
        });
    }
    drafts
}

/// Every range of ports for every peer.
fn drafts_of(inventory: &Inventory, rule: &Rule, narrower: &Narrower) -> Vec<Rule> {
    let ranges: Vec<RulePorts> = match rule.protocol {
        Some(_) if narrower.ports.is_empty() => vec![rule.ports],
        Some(_) => narrower.ports.iter().map(|span| RulePorts::Range { from: span.from, to: span.to }).collect(),
        None => vec![RulePorts::All],
    };
    // AWS keeps tags with this beginning, in any case, for itself: nobody else can set them (EC2 User Guide, "Tag restrictions").
    let is_settable =
        |(key, _): &&(String, String)| !key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    let tags: Vec<(String, String)> = rule.tags.iter().filter(is_settable).cloned().collect();
    let mut drafts: Vec<Rule> = Vec::new();
    for peer in &narrower.peers {
        for ports in &ranges {
            let mut draft = inventory.draft(rule.group, rule.direction, rule.protocol, *ports, peer.clone());
            draft.description.clone_from(&rule.description);
            draft.tags.clone_from(&tags);
            if !drafts.iter().any(|other| other.has_content_of(&draft)) {
                drafts.push(draft);
            }
        }
    }
    drafts
}

/// A rule that would be revoked and whose very content is to come again for another one stays instead. A replaced rule that
/// stays brings nothing new any more, so this is asked again until nothing changes.
fn keep_what_would_come_again(rules: &[Rule], drafts: &[Vec<Rule>], fates: &mut [Fate]) {
    loop {
        let mut coming = Vec::new();
        for (fate, drafts) in fates.iter().zip(drafts) {
            if *fate == Fate::Replaced {
                coming.extend(drafts);
            }
        }
        let mut again = Vec::new();
        for (position, rule) in rules.iter().enumerate() {
            let comes_again = coming.iter().any(|draft| draft.has_content_of(rule));
            if fates[position] != Fate::Stays && comes_again {
                again.push(position);
            }
        }
        if again.is_empty() {
            return;
        }
        for position in again {
            fates[position] = Fate::Stays;
        }
    }
}

/// One replaced rule: of its drafts those are new that neither stay already nor come with an earlier one.
fn replacement(
    inventory: &Inventory,
    rule: &Rule,
    drafts: &[Rule],
    kept: &[Rule],
    earlier: &[Replacement],
) -> Replacement {
    let mut by = Vec::new();
    let mut shared = Vec::new();
    for draft in drafts {
        let mut standing = kept.iter().chain(earlier.iter().flat_map(|replacement| &replacement.by));
        match standing.find(|other| other.has_content_of(draft)) {
            Some(other) => shared.push(other.clone()),
            None => by.push(draft.clone()),
        }
    }
    Replacement {
        rule: rule.clone(),
        by,
        shared,
        exposure_before: exposure::of_rule(inventory, rule),
        exposure_after: total(inventory, drafts.iter()),
    }
}

fn total<'a>(inventory: &Inventory, rules: impl Iterator<Item = &'a Rule>) -> U256 {
    // At most 2^144 each: 2^112 rules would have to be added up before this saturates.
    rules.fold(U256::ZERO, |sum, rule| sum.saturating_add(exposure::of_rule(inventory, rule)))
}

/// The order of rules in a report.
fn place(rule: &Rule) -> (bool, String, Option<u16>, Option<u16>, String, &str) {
    let protocol = rule.protocol.map_or_else(|| "all".to_owned(), |protocol| protocol.name());
    let (from, to) = ports_of(rule);
    (rule.direction == Direction::Egress, protocol, from, to, rule.peer.to_string(), &rule.id)
}

#[cfg(test)]
mod tests;
