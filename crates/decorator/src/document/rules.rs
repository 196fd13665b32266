//! Which rules of an interface surely allow a record, and whether all that it may have had refuse it.

use super::interface::KnownInterface;
use super::two_times::TwoTimes;
use inventory::{Answer, Group, GroupIx, Inventory, Query, Rule, SnapshotInfo, Span, UNDATED};

/// Where a rule is in the inventory. A number, so that it can be kept beside the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RulePlace {
    group: GroupIx,
    /// Among the rules of any time: those of the last snapshot first.
    position: u32,
}

impl RulePlace {
    /// The rule; none only with another inventory than the one that it was found in.
    pub fn rule(self, inventory: &Inventory) -> Option<&Rule> {
        let group = inventory.group(self.group);
        let position = self.position as usize;
        match position.checked_sub(group.rules.len()) {
            None => group.rules.get(position),
            Some(former) => group.former_rules.get(former),
        }
    }
}

/// A rule that a group had at some time.
struct TimedRule {
    place: RulePlace,
    /// All snapshots around the time have it.
    is_sure: bool,
}

/// The rules of all groups that were asked so far, each group at two times.
#[derive(Default)]
pub(crate) struct Rules {
    of_groups: Vec<TwoTimes<Box<[TimedRule]>>>,
    /// The snapshots of the inventory, once somebody needed them.
    snapshots: Option<Vec<SnapshotInfo>>,
}

impl Rules {
    /// Forgets everything: the inventory is another one.
    pub fn clear(&mut self) {
        *self = Rules::default();
    }

    /// Whether every rule that the interface may have had surely refuses the packet. Nothing unknown is a refusal, and where nothing
    /// filters nothing refuses.
    pub fn refuse(&mut self, inventory: &Inventory, interface: &KnownInterface, query: &Query) -> bool {
        if interface.is_open || interface.is_unfiltered {
            return false;
        }
        for (group, _) in &interface.groups {
            for rule in self.of(inventory, *group, query.span) {
                let answer = rule.place.rule(inventory).map(|rule| inventory.allows(rule, query));
                if answer != Some(Answer::No) {
                    return false;
                }
            }
        }
        true
    }

    /// Appends every rule that surely allows the packet, was surely there, has an id, and is of a group that the interface surely carried.
    pub fn find_allowing(
        &mut self,
        inventory: &Inventory,
        interface: &KnownInterface,
        query: &Query,
        found: &mut Vec<RulePlace>,
    ) {
        for (group, _) in interface.groups.iter().filter(|(_, is_sure)| *is_sure) {
            for rule in self.of(inventory, *group, query.span).iter().filter(|rule| rule.is_sure) {
                let answer = rule.place.rule(inventory).map(|rule| inventory.allows(rule, query));
                if answer == Some(Answer::Surely) {
                    found.push(rule.place);
                }
            }
        }
    }

    fn of(&mut self, inventory: &Inventory, group: GroupIx, span: Span) -> &[TimedRule] {
        let index = group.0 as usize;
        if self.of_groups.len() <= index {
            self.of_groups.resize_with(inventory.groups().len().max(index + 1), TwoTimes::default);
        }
        let snapshots = &mut self.snapshots;
        match self.of_groups.get_mut(index) {
            Some(rules) => rules.at(inventory.epoch_of(span), || look_up(inventory, snapshots, group, span)),
            None => &[],
        }
    }
}

/// The rules that a group may have had during the span, by their places.
fn look_up(
    inventory: &Inventory,
    snapshots: &mut Option<Vec<SnapshotInfo>>,
    number: GroupIx,
    span: Span,
) -> Box<[TimedRule]> {
    let group = inventory.group(number);
    let mut ever = group.rules_ever().zip(0_u32..);
    let mut rules = Vec::new();
    // Both go through the same rules in the same order.
    for rule in inventory.rules_at(number, span) {
        let Some((_, position)) = ever.find(|(candidate, _)| std::ptr::eq(*candidate, rule)) else { continue };
        let was_there_at_first = rule.exists_since.is_none_or(|since| since <= span.from);
        // An id that we made of its content is in no account, and would change once the real one is known.
        let is_sure = rule.has_own_id()
            && was_there_at_first
            && (group.rules.len() > position as usize || {
                let snapshots = snapshots.get_or_insert_with(|| inventory.snapshots());
                was_there_after(inventory, snapshots, group, rule, span)
            });
        rules.push(TimedRule { place: RulePlace { group: number, position }, is_sure });
    }
    rules.into_boxed_slice()
}

/// Whether a rule that is gone now was still there in the next snapshot of its group's account and region after the span.
fn was_there_after(inventory: &Inventory, snapshots: &[SnapshotInfo], group: &Group, rule: &Rule, span: Span) -> bool {
    let may_be = |of_snapshot: &Option<String>, of_group: &Option<String>| match (of_snapshot, of_group) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    let times = snapshots
        .iter()
        .filter(|snapshot| may_be(&snapshot.account_id, &group.owner) && may_be(&snapshot.region, &group.region))
        .map(|snapshot| snapshot.captured_at.unwrap_or(UNDATED));
    let Some(next) = times.filter(|time| *time >= span.to).min() else { return false };
    // At its very second a snapshot speaks alone.
    let then = Span { from: next, to: next };
    inventory.rules_at(rule.group, then).any(|candidate| std::ptr::eq(candidate, rule))
}
