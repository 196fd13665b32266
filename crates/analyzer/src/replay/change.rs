//! What a proposal changes, looked up once: which rules go, which come, and which there are afterwards.

use inventory::{GroupIx, Inventory, Proposal, Rule};

/// The difference between an inventory's last snapshot and a proposal.
pub struct Change<'a> {
    inventory: &'a Inventory,
    proposal: &'a Proposal,
    /// By number of the group; `None` where nothing changes.
    groups: Vec<Option<ChangedGroup>>,
}

/// The difference in one group, by content: direction, protocol, ports and peer.
struct ChangedGroup {
    /// By position in the rules of the last snapshot: whether the rule is none of the proposed ones.
    goes: Vec<bool>,
    /// Positions of proposed rules that the group does not have.
    comes: Vec<usize>,
}

impl<'a> Change<'a> {
    /// Compares.
    pub fn new(inventory: &'a Inventory, proposal: &'a Proposal) -> Change<'a> {
        let mut groups: Vec<Option<ChangedGroup>> = Vec::new();
        groups.resize_with(inventory.groups().len(), || None);
        for (group, after) in &proposal.groups {
            let before = &inventory.group(*group).rules;
            let among = |rule: &Rule, others: &[Rule]| others.iter().any(|other| other.has_content_of(rule));
            let goes: Vec<bool> = before.iter().map(|rule| !among(rule, after)).collect();
            let comes: Vec<usize> = (0..after.len()).filter(|&position| !among(&after[position], before)).collect();
            if comes.is_empty() && !goes.contains(&true) {
                continue;
            }
            groups[group.0 as usize] = Some(ChangedGroup { goes, comes });
        }
        Change { inventory, proposal, groups }
    }

    /// Groups that change, by number.
    pub fn groups(&self) -> impl Iterator<Item = GroupIx> {
        let changed = self.groups.iter().enumerate().filter(|(_, group)| group.is_some());
        changed.map(|(number, _)| GroupIx(number as u32))
    }

    /// Whether a rule of the last snapshot is to be no more.
    pub fn goes(&self, group: GroupIx, rule: usize) -> bool {
        self.groups[group.0 as usize].as_ref().is_some_and(|group| group.goes[rule])
    }

    /// How many rules go.
    pub fn gone_rules(&self) -> u64 {
        let gone = |group: &ChangedGroup| group.goes.iter().filter(|goes| **goes).count() as u64;
        self.groups.iter().flatten().map(gone).sum()
    }

    /// Proposed rules that a group does not have, with their positions among the proposed ones.
    pub fn new_rules(&self, group: GroupIx) -> impl Iterator<Item = (usize, &'a Rule)> {
        let after = self.after(group);
        let comes = self.groups[group.0 as usize].as_ref().map_or([].as_slice(), |group| group.comes.as_slice());
        comes.iter().map(move |&position| (position, &after[position]))
    }

    /// Whether any rule comes.
    pub fn has_new_rules(&self) -> bool {
        self.groups.iter().flatten().any(|group| !group.comes.is_empty())
    }

    /// The rules that a group has now.
    pub fn before(&self, group: GroupIx) -> &'a [Rule] {
        &self.inventory.group(group).rules
    }

    /// The rules that it is to have.
    pub fn after(&self, group: GroupIx) -> &'a [Rule] {
        self.proposal.groups.get(&group).map_or(self.before(group), Vec::as_slice)
    }

    /// Whether the rules that a group has now are known.
    pub fn knows_before(&self, group: GroupIx) -> bool {
        self.inventory.group(group).rules_known
    }

    /// Whether the rules that it is to have are.
    pub fn knows_after(&self, group: GroupIx) -> bool {
        self.knows_before(group) || self.proposal.groups.contains_key(&group)
    }
}
