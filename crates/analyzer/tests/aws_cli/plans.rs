//! Plans made by hand from the rules of an account.

use analyzer::plan::model::{GroupPlan, Plan, Removal, Replacement};
use analyzer::report::model::Verdict;
use ethnum::U256;
use inventory::{Direction, GroupIx, Inventory, Peer, Protocol, Rule, RulePorts};

/// The rule with that id.
pub fn rule(inventory: &Inventory, id: &str) -> Rule {
    let found = inventory.groups().iter().flat_map(|group| &group.rules).find(|rule| rule.id == id);
    found.unwrap_or_else(|| panic!("no rule {id}")).clone()
}

/// A rule in the place of another: its direction, description and tags, but TCP (or what it had) with these ports and this peer.
pub fn narrower(inventory: &Inventory, old: &Rule, protocol: Protocol, ports: (u16, u16), peer: &str) -> Rule {
    let ports = RulePorts::Range { from: ports.0, to: ports.1 };
    let peer = match peer {
        _ if peer.starts_with("sg-") => Peer::Group { id: peer.to_owned(), owner: None, vpc: None },
        _ if peer.starts_with("pl-") => Peer::PrefixList(peer.to_owned()),
        _ => Peer::Cidr(peer.parse().unwrap()),
    };
    let mut rule = inventory.draft(old.group, old.direction, Some(protocol), ports, peer);
    rule.description.clone_from(&old.description);
    rule.tags.clone_from(&old.tags);
    rule
}

/// A rule that goes, why, and nothing in its place.
pub fn removal(rule: Rule, verdict: Verdict) -> Removal {
    let reason = "Nothing it allows was seen.".to_owned();
    Removal { rule, verdict, reason, exposure: U256::ONE }
}

pub fn replacement(rule: Rule, by: Vec<Rule>, shared: Vec<Rule>) -> Replacement {
    Replacement { rule, by, shared, exposure_before: U256::new(2), exposure_after: U256::ONE }
}

/// Changes of one group; what is in neither list stays.
pub fn group_plan(
    inventory: &Inventory,
    group: GroupIx,
    removals: Vec<Removal>,
    replacements: Vec<Replacement>,
) -> GroupPlan {
    let facts = inventory.group(group);
    let goes = |rule: &Rule| {
        removals.iter().any(|removal| removal.rule.id == rule.id)
            || replacements.iter().any(|replacement| replacement.rule.id == rule.id)
    };
    let kept = facts.rules.iter().filter(|rule| !goes(rule)).cloned().collect();
    GroupPlan {
        group,
        group_id: facts.id.clone(),
        group_name: facts.name.clone(),
        vpc_id: facts.vpc.clone().unwrap_or_default(),
        owner_id: facts.owner.clone().unwrap_or_default(),
        region: facts.region.clone(),
        removals,
        replacements,
        kept,
        exposure_before: U256::new(2),
        exposure_after: U256::ONE,
    }
}

pub fn plan(mut groups: Vec<GroupPlan>) -> Plan {
    groups.sort_by(|left, right| left.group_id.cmp(&right.group_id));
    Plan { groups, ..Plan::default() }
}

/// The rule of a group that lets everything out.
pub fn all_out(inventory: &Inventory, group: &str) -> Rule {
    let group = inventory.group(inventory.group_ix(group).unwrap());
    let found = group.rules.iter().find(|rule| rule.direction == Direction::Egress && rule.protocol.is_none());
    found.unwrap().clone()
}
