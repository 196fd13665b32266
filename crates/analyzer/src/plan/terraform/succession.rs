//! Which of the rules to come takes over which of the rules that are there, and what has to be there before it does.
//!
//! A rule that is replaced by several is narrowed into one of them; the others are made first. Two replacements may need each other's
//! rules, so whoever takes over is chosen such that nothing waits for itself.

use crate::plan::model::{GroupPlan, Removal, Replacement};
use inventory::{Peer, Rule};
use ipnet::IpNet;

/// The rules of one group afterwards, and the rules that nothing takes over.
pub(super) struct Succession<'plan> {
    /// Rules that stay, then new ones, in the order of the plan.
    pub heirs: Vec<Heir<'plan>>,
    /// Rules that go without a successor.
    pub leftovers: Vec<Leftover<'plan>>,
}

/// A rule that the group is to have.
pub(super) struct Heir<'plan> {
    pub rule: &'plan Rule,
    pub origin: Origin<'plan>,
    /// Positions among the heirs, ascending: what has to be there before this one changes.
    pub waits_for: Vec<usize>,
}

/// Where it comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin<'plan> {
    /// It is there, under the id of this rule.
    Stays(&'plan Rule),
    /// It is there, but nobody knows its id.
    Unnamed,
    /// It is made.
    New,
    /// This rule is changed into it.
    Narrows(&'plan Rule),
    /// It is made, then this rule is deleted: AWS does not change the kind of a rule's peer.
    Remakes(&'plan Rule),
}

/// A rule that goes, and that Terraform does not delete by itself.
pub(super) enum Leftover<'plan> {
    /// Nothing comes in its place.
    Removal(&'plan Removal),
    /// What comes in its place came about otherwise.
    Replaced(&'plan Replacement),
}

impl<'plan> Heir<'plan> {
    /// The rule whose id it takes over.
    pub(super) fn takes(&self) -> Option<&'plan Rule> {
        match self.origin {
            Origin::Stays(old) | Origin::Narrows(old) | Origin::Remakes(old) => Some(old),
            Origin::Unnamed | Origin::New => None,
        }
    }
}

impl<'plan> Succession<'plan> {
    pub(super) fn of(group: &'plan GroupPlan) -> Succession<'plan> {
        let mut heirs = Vec::new();
        for rule in &group.kept {
            let origin = if rule.has_own_id() { Origin::Stays(rule) } else { Origin::Unnamed };
            heirs.push(Heir { rule, origin, waits_for: Vec::new() });
        }
        for rule in group.additions() {
            heirs.push(Heir { rule, origin: origin_of_addition(group, rule), waits_for: Vec::new() });
        }
        let mut succession = Succession { heirs, leftovers: Vec::new() };
        for removal in &group.removals {
            if !succession.has(&removal.rule) {
                succession.leftovers.push(Leftover::Removal(removal));
            }
        }
        for replacement in &group.replacements {
            if !succession.has(&replacement.rule) && !succession.hand_over(replacement) {
                succession.leftovers.push(Leftover::Replaced(replacement));
            }
        }
        succession
    }

    /// Whether a rule that goes comes again, with the same content.
    fn has(&self, rule: &Rule) -> bool {
        self.position(rule).is_some()
    }

    fn position(&self, rule: &Rule) -> Option<usize> {
        self.heirs.iter().position(|heir| heir.rule.has_content_of(rule))
    }

    /// Lets one of the new rules take over the one that they replace. False if none can.
    fn hand_over(&mut self, replacement: &'plan Replacement) -> bool {
        let old = &replacement.rule;
        if !old.has_own_id() {
            return false;
        }
        let is_new = |position: &usize| matches!(self.heirs[*position].origin, Origin::New);
        let mut candidates: Vec<usize> =
            replacement.by.iter().filter_map(|rule| self.position(rule)).filter(is_new).collect();
        // Stable: those that can be had without deleting anything come first.
        candidates.sort_by_key(|position| !is_same_kind(&self.heirs[*position].rule.peer, &old.peer));
        let mut needed: Vec<usize> =
            replacement.by.iter().chain(&replacement.shared).filter_map(|rule| self.position(rule)).collect();
        needed.retain(|position| !matches!(self.heirs[*position].origin, Origin::Stays(_) | Origin::Unnamed));
        needed.sort_unstable();
        needed.dedup();
        for candidate in candidates {
            let others: Vec<usize> = needed.iter().copied().filter(|position| *position != candidate).collect();
            if others.iter().any(|other| self.waits(*other, candidate)) {
                continue;
            }
            let heir = &mut self.heirs[candidate];
            let is_same = is_same_kind(&heir.rule.peer, &old.peer);
            heir.origin = if is_same { Origin::Narrows(old) } else { Origin::Remakes(old) };
            heir.waits_for = others;
            return true;
        }
        false
    }

    /// Whether one heir waits, directly or by way of others, for another.
    fn waits(&self, one: usize, another: usize) -> bool {
        let mut open = vec![one];
        let mut seen = vec![false; self.heirs.len()];
        while let Some(position) = open.pop() {
            if position == another {
                return true;
            }
            if !std::mem::replace(&mut seen[position], true) {
                open.extend(&self.heirs[position].waits_for);
            }
        }
        false
    }
}

/// A new rule whose content a rule that goes has, is that rule: AWS refuses a second one.
fn origin_of_addition<'plan>(group: &'plan GroupPlan, rule: &Rule) -> Origin<'plan> {
    let removed = group.removals.iter().map(|removal| &removal.rule);
    let replaced = group.replacements.iter().map(|replacement| &replacement.rule);
    for old in removed.chain(replaced) {
        if old.has_content_of(rule) {
            return if old.has_own_id() { Origin::Stays(old) } else { Origin::Unnamed };
        }
    }
    Origin::New
}

/// Whether AWS can change a rule for one peer into a rule for the other ("you cannot change the rule's source type").
fn is_same_kind(left: &Peer, right: &Peer) -> bool {
    matches!(
        (left, right),
        (Peer::Cidr(IpNet::V4(_)), Peer::Cidr(IpNet::V4(_)))
            | (Peer::Cidr(IpNet::V6(_)), Peer::Cidr(IpNet::V6(_)))
            | (Peer::PrefixList(_), Peer::PrefixList(_))
            | (Peer::Group { .. }, Peer::Group { .. })
    )
}
