//! The order in which the rules of one group come and go, so that at no moment less is allowed than needed.

use crate::plan::model::{GroupPlan, Replacement};
use inventory::{Direction, Rule};

/// AWS's default quota "Inbound or outbound rules per security group" (VPC User Guide, "Amazon VPC quotas").
pub(super) const QUOTA: usize = 60;

const DIRECTIONS: [Direction; 2] = [Direction::Ingress, Direction::Egress];

/// One thing to do.
pub(super) enum Step<'a> {
    /// A rule comes.
    Add {
        /// The rule.
        rule: &'a Rule,
        /// The rules that it replaces, alone or with others; empty where it comes for its own sake.
        in_place_of: Vec<&'a Rule>,
    },
    /// Rules of one direction go; at least one.
    Revoke(Vec<&'a Rule>),
}

/// What to do in one group.
pub(super) struct Steps<'a> {
    /// In this order.
    pub steps: Vec<Step<'a>>,
    /// Directions that hold more rules than the default quota at some moment, with how many.
    pub too_full: Vec<(Direction, usize)>,
}

/// The steps of one direction, cut where those of the other direction may come between.
#[derive(Default)]
struct OneWay<'a> {
    additions: Vec<Step<'a>>,
    rest: Vec<Step<'a>>,
}

/// The change: what comes first, then what goes. Where both do not fit into the quota at once, rules without a replacement go
/// first, and then every rule as soon as all in its place is there.
pub(super) fn forward(group: &GroupPlan) -> Steps<'_> {
    arranged(group, one_way_forward)
}

/// The way back: the former rules come first. Where that does not fit, the last that was replaced comes first, and every
/// new rule goes as soon as all rules that it replaced are back.
pub(super) fn backward(group: &GroupPlan) -> Steps<'_> {
    arranged(group, one_way_backward)
}

fn arranged<'a>(group: &'a GroupPlan, one_way: fn(&'a GroupPlan, Direction) -> OneWay<'a>) -> Steps<'a> {
    let (mut steps, mut rest) = (Vec::new(), Vec::new());
    for direction in DIRECTIONS {
        let mut way = one_way(group, direction);
        steps.append(&mut way.additions);
        rest.append(&mut way.rest);
    }
    steps.append(&mut rest);
    steps.retain(|step| !matches!(step, Step::Revoke(rules) if rules.is_empty()));
    let mut too_full = Vec::new();
    for direction in DIRECTIONS {
        let fullest = fullest(group, &steps, direction);
        if fullest > QUOTA {
            too_full.push((direction, fullest));
        }
    }
    Steps { steps, too_full }
}

fn one_way_forward(group: &GroupPlan, direction: Direction) -> OneWay<'_> {
    let replacements = replacements(group, direction);
    let removed: Vec<&Rule> = removed(group, direction);
    let kept = group.kept.iter().filter(|rule| rule.direction == direction).count();
    let new: Vec<&Rule> = replacements.iter().flat_map(|replacement| &replacement.by).collect();
    let addition = |rule| Step::Add { rule, in_place_of: replaced_by(&replacements, rule) };
    let mut way = OneWay::default();
    if kept + removed.len() + replacements.len() + new.len() <= QUOTA {
        way.additions.extend(new.into_iter().map(addition));
        let replaced = replacements.iter().map(|replacement| &replacement.rule);
        way.rest.push(Step::Revoke(removed.into_iter().chain(replaced).collect()));
        return way;
    }
    way.rest.push(Step::Revoke(removed));
    let mut waiting = new;
    for replacement in &replacements {
        let is_needed = |rule: &Rule| stands_in(replacement, rule);
        for rule in waiting.iter().copied().filter(|rule| is_needed(rule)) {
            way.rest.push(addition(rule));
        }
        waiting.retain(|rule| !is_needed(rule));
        way.rest.push(Step::Revoke(vec![&replacement.rule]));
    }
    way
}

fn one_way_backward(group: &GroupPlan, direction: Direction) -> OneWay<'_> {
    let replacements = replacements(group, direction);
    let removed = removed(group, direction);
    let kept = group.kept.iter().filter(|rule| rule.direction == direction).count();
    let new: Vec<&Rule> = replacements.iter().flat_map(|replacement| &replacement.by).collect();
    let return_of = |rule| Step::Add { rule, in_place_of: Vec::new() };
    let mut way = OneWay::default();
    if kept + removed.len() + replacements.len() + new.len() <= QUOTA {
        way.additions.extend(replacements.iter().map(|replacement| return_of(&replacement.rule)));
        way.additions.extend(removed.into_iter().map(return_of));
        way.rest.push(Step::Revoke(new));
        return way;
    }
    let mut to_go = new;
    for (position, replacement) in replacements.iter().enumerate().rev() {
        way.rest.push(return_of(&replacement.rule));
        let still_replaced = &replacements[..position];
        let is_needed = |rule: &Rule| still_replaced.iter().any(|replacement| stands_in(replacement, rule));
        let (needed, free) = to_go.into_iter().partition(|rule| is_needed(rule));
        way.rest.push(Step::Revoke(free));
        to_go = needed;
    }
    way.rest.extend(removed.into_iter().map(return_of));
    way
}

fn replacements(group: &GroupPlan, direction: Direction) -> Vec<&Replacement> {
    group.replacements.iter().filter(|replacement| replacement.rule.direction == direction).collect()
}

fn removed(group: &GroupPlan, direction: Direction) -> Vec<&Rule> {
    group.removals.iter().map(|removal| &removal.rule).filter(|rule| rule.direction == direction).collect()
}

/// The rules that a new rule replaces, alone or with others.
fn replaced_by<'a>(replacements: &[&'a Replacement], rule: &Rule) -> Vec<&'a Rule> {
    let replaced = replacements.iter().filter(|replacement| stands_in(replacement, rule));
    replaced.map(|replacement| &replacement.rule).collect()
}

fn stands_in(replacement: &Replacement, rule: &Rule) -> bool {
    replacement.by.iter().chain(&replacement.shared).any(|other| other.has_content_of(rule))
}

/// How many rules of a direction the group holds at most while the steps are made.
fn fullest(group: &GroupPlan, steps: &[Step], direction: Direction) -> usize {
    let of_direction = |rules: &[&Rule]| rules.iter().filter(|rule| rule.direction == direction).count();
    // Everything that goes was there before; what stays is there all the time.
    let mut held = group.kept.iter().filter(|rule| rule.direction == direction).count();
    for step in steps {
        if let Step::Revoke(rules) = step {
            held += of_direction(rules);
        }
    }
    let mut most = held;
    for step in steps {
        match step {
            Step::Add { rule, .. } => held += of_direction(&[*rule]),
            Step::Revoke(rules) => held -= of_direction(rules),
        }
        most = most.max(held);
    }
    most
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::plan::model::Removal;
    use crate::report::model::Verdict;
    use ethnum::U256;
    use inventory::{Inventory, Peer, Protocol, RulePorts};
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use std::collections::BTreeSet;

    /// Rules of one group by number; each its own port.
    fn rule(inventory: &Inventory, number: u16, direction: Direction) -> Rule {
        let ports = RulePorts::Range { from: number, to: number };
        let peer = Peer::Cidr("10.0.0.0/8".parse().unwrap());
        inventory.draft(inventory.group_ix("sg-1").unwrap(), direction, Some(Protocol::TCP), ports, peer)
    }

    fn group(seed: u64, inventory: &Inventory) -> GroupPlan {
        let mut random = StdRng::seed_from_u64(seed);
        let mut number = 0;
        let mut next = |direction| {
            number += 1;
            rule(inventory, number, direction)
        };
        let direction = |random: &mut StdRng| {
            if random.random_bool(0.8) { Direction::Ingress } else { Direction::Egress }
        };
        let kept: Vec<Rule> = (0..random.random_range(0..70)).map(|_| next(direction(&mut random))).collect();
        let mut removals = Vec::new();
        for _ in 0..random.random_range(0..4) {
            let rule = next(direction(&mut random));
            removals.push(Removal { rule, verdict: Verdict::Unused, reason: String::new(), exposure: U256::ONE });
        }
        let mut replacements: Vec<Replacement> = Vec::new();
        for _ in 0..random.random_range(0..6) {
            let way = direction(&mut random);
            let rule = next(way);
            let by = (0..random.random_range(0..4)).map(|_| next(way)).collect();
            let (exposure_before, exposure_after) = (U256::new(2), U256::ONE);
            replacements.push(Replacement { rule, by, shared: Vec::new(), exposure_before, exposure_after });
        }
        // Any new rule of the group, an earlier or a later one's, and any that stays may stand in for others too.
        let new: Vec<Rule> = replacements.iter().flat_map(|replacement| replacement.by.clone()).collect();
        for replacement in &mut replacements {
            for other in new.iter().chain(&kept) {
                let is_own = replacement.by.iter().any(|own| own.id == other.id);
                if !is_own && other.direction == replacement.rule.direction && random.random_bool(0.1) {
                    replacement.shared.push(other.clone());
                }
            }
        }
        GroupPlan {
            group: inventory.group_ix("sg-1").unwrap(),
            group_id: "sg-1".to_owned(),
            group_name: String::new(),
            vpc_id: String::new(),
            owner_id: String::new(),
            region: None,
            removals,
            replacements,
            kept,
            exposure_before: U256::ZERO,
            exposure_after: U256::ZERO,
        }
    }

    fn ids<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> BTreeSet<String> {
        rules.into_iter().map(|rule| rule.id.clone()).collect()
    }

    /// Plays the steps on a set of rules. `is_fine` looks at every state on the way. Gives the last.
    fn played(start: BTreeSet<String>, steps: &[Step], mut is_fine: impl FnMut(&BTreeSet<String>)) -> BTreeSet<String> {
        let mut now = start;
        for step in steps {
            match step {
                Step::Add { rule, .. } => assert!(now.insert(rule.id.clone()), "added twice"),
                Step::Revoke(rules) => {
                    assert!(rules.iter().all(|rule| rule.direction == rules[0].direction));
                    assert!(!rules.is_empty());
                    for rule in rules {
                        assert!(now.remove(&rule.id), "revoked but not there");
                    }
                }
            }
            is_fine(&now);
        }
        now
    }

    #[test]
    fn nothing_goes_before_what_comes_in_its_place_is_there_either_way() {
        let document = r#"{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": []}]}"#;
        let inventory = Inventory::from_texts(&[("groups.json", document)]).unwrap().inventory;
        let (mut alternating, mut at_once) = (0, 0);
        for seed in 0..3000 {
            let group = group(seed, &inventory);
            let old: Vec<&Rule> = group.removals.iter().map(|removal| &removal.rule).collect();
            let replaced = group.replacements.iter().map(|replacement| &replacement.rule);
            let before = ids(group.kept.iter().chain(old).chain(replaced));
            let after = ids(group.rules_after());
            let is_covered = |now: &BTreeSet<String>| {
                for replacement in &group.replacements {
                    let stand_ins = ids(replacement.by.iter().chain(&replacement.shared));
                    let all_there = stand_ins.is_subset(now);
                    assert!(now.contains(&replacement.rule.id) || all_there, "seed {seed}");
                }
                assert!(ids(&group.kept).is_subset(now));
            };
            let steps = forward(&group);
            assert_eq!(played(before.clone(), &steps.steps, is_covered), after, "seed {seed}");
            for step in &steps.steps {
                let Step::Add { rule, in_place_of } = step else { continue };
                let mut expected = BTreeSet::new();
                for replacement in &group.replacements {
                    if ids(replacement.by.iter().chain(&replacement.shared)).contains(&rule.id) {
                        expected.insert(replacement.rule.id.clone());
                    }
                }
                assert_eq!(ids(in_place_of.iter().copied()), expected);
            }
            let back = backward(&group);
            assert_eq!(played(after.clone(), &back.steps, is_covered), before, "seed {seed}");

            // Additions come first, all of them, wherever that fits into the quota.
            let of = |rules: &BTreeSet<String>, direction| {
                let all = group.rules_after().chain(group.removals.iter().map(|removal| &removal.rule));
                let all = all.chain(group.replacements.iter().map(|replacement| &replacement.rule));
                let of_direction = ids(all.filter(|rule| rule.direction == direction));
                rules.intersection(&of_direction).count()
            };
            let everything: BTreeSet<String> = before.union(&after).cloned().collect();
            for (start, steps) in [(&before, &steps), (&after, &back)] {
                let fits = DIRECTIONS.iter().all(|direction| of(&everything, *direction) <= 60);
                let first_revocation = steps.steps.iter().position(|step| matches!(step, Step::Revoke(_)));
                let last_addition = steps.steps.iter().rposition(|step| matches!(step, Step::Add { .. }));
                if fits {
                    at_once += 1;
                    assert!(
                        first_revocation.is_none_or(|revocation| last_addition.is_none_or(|last| last < revocation))
                    );
                } else {
                    alternating += 1;
                }
                let mut fullest = DIRECTIONS.map(|direction| of(start, direction));
                played(start.clone(), &steps.steps, |now| {
                    for (most, direction) in fullest.iter_mut().zip(DIRECTIONS) {
                        *most = (*most).max(of(now, direction));
                    }
                });
                let mut told: Vec<(Direction, usize)> = DIRECTIONS.into_iter().zip(fullest).collect();
                told.retain(|(_, most)| *most > 60);
                assert_eq!(steps.too_full, told, "seed {seed}");
            }
        }
        assert!(alternating > 300 && at_once > 300, "{alternating} {at_once}");
    }
}
