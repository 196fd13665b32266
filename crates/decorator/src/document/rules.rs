//! Which rules of an interface allow a record, and whether all of them refuse it.

use super::interface::KnownInterface;
use inventory::{Answer, GroupIx, Inventory, Query, Rule, Span};

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

/// The rules that a group may have had at some time.
struct GroupRules {
    epoch: u64,
    rules: Box<[RulePlace]>,
}

/// The rules of all groups that were asked so far, each group at one time.
#[derive(Default)]
pub(crate) struct Rules {
    of_groups: Vec<Option<GroupRules>>,
}

impl Rules {
    /// Forgets everything: the inventory is another one.
    pub fn clear(&mut self) {
        self.of_groups.clear();
    }

    /// Whether every rule that the interface may have had surely refuses the packet. Nothing unknown is a refusal, and where nothing
    /// filters nothing refuses.
    pub fn refuse(&mut self, inventory: &Inventory, interface: &KnownInterface, query: &Query) -> bool {
        if interface.is_open || interface.is_unfiltered {
            return false;
        }
        for group in &interface.groups {
            for place in self.of(inventory, *group, query.span) {
                let answer = place.rule(inventory).map(|rule| inventory.allows(rule, query));
                if answer != Some(Answer::No) {
                    return false;
                }
            }
        }
        true
    }

    /// Appends every rule that surely or possibly allows the packet.
    pub fn find_allowing(
        &mut self,
        inventory: &Inventory,
        interface: &KnownInterface,
        query: &Query,
        found: &mut Vec<RulePlace>,
    ) {
        for group in &interface.groups {
            for place in self.of(inventory, *group, query.span) {
                if place.rule(inventory).is_some_and(|rule| inventory.allows(rule, query).is_use()) {
                    found.push(*place);
                }
            }
        }
    }

    fn of(&mut self, inventory: &Inventory, group: GroupIx, span: Span) -> &[RulePlace] {
        let epoch = inventory.epoch_of(span);
        let index = group.0 as usize;
        if self.of_groups.len() <= index {
            self.of_groups.resize_with(inventory.groups().len().max(index + 1), || None);
        }
        let Some(slot) = self.of_groups.get_mut(index) else {
            return &[];
        };
        if slot.as_ref().is_none_or(|rules| rules.epoch != epoch) {
            *slot = Some(GroupRules { epoch, rules: look_up(inventory, group, span) });
        }
        slot.as_ref().map_or(&[], |rules| &rules.rules)
    }
}

/// The rules that a group may have had during the span, by their places.
fn look_up(inventory: &Inventory, group: GroupIx, span: Span) -> Box<[RulePlace]> {
    let mut ever = inventory.group(group).rules_ever().zip(0_u32..);
    let mut places = Vec::new();
    // Both go through the same rules in the same order.
    for rule in inventory.rules_at(group, span) {
        if let Some((_, position)) = ever.find(|(candidate, _)| std::ptr::eq(*candidate, rule)) {
            places.push(RulePlace { group, position });
        }
    }
    places.into_boxed_slice()
}
