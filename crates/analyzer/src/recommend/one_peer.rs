//! One peer in place of a range of addresses: a security group that every peer carried, or a prefix list that all of them lie in.
//!
//! It must have meant every peer surely, over the whole time in which that peer was met; and mean it still, unless it is gone: a host
//! that carries other groups now would be denied when it calls again. And it must open no address that the rule does not open.

use super::ways::weight;
use crate::exposure;
use ethnum::U256;
use inventory::{Answer, Inventory, Peer, Rule, Span, UNDATED};
use ipnet::IpNet;
use std::net::IpAddr;

/// A peer that would do.
pub struct OnePeer {
    /// A group or a prefix list.
    pub peer: Peer,
    /// Addresses that it means now.
    pub addresses: U256,
    /// What one rule for it counts for in the quotas of IPv4 and of IPv6 rules.
    pub weight: [u32; 2],
}

/// What the last snapshots say.
const NOW: Span = Span { from: UNDATED, to: UNDATED };

/// The smallest prefix list of AWS that all peers lie in, if it means no more addresses than the rule.
pub fn aws_list(inventory: &Inventory, rule: &Rule, own: IpNet, met: &[(IpAddr, Span)]) -> Option<OnePeer> {
    best_list(inventory, rule, own, met, exposure::addresses(&[own]), true)
}

/// The smallest prefix list of a customer that all peers lie in, of at most so many addresses.
pub fn customers_list(
    inventory: &Inventory,
    rule: &Rule,
    own: IpNet,
    met: &[(IpAddr, Span)],
    at_most: U256,
) -> Option<OnePeer> {
    best_list(inventory, rule, own, met, at_most, false)
}

fn best_list(
    inventory: &Inventory,
    rule: &Rule,
    own: IpNet,
    met: &[(IpAddr, Span)],
    at_most: U256,
    of_aws: bool,
) -> Option<OnePeer> {
    let mut best: Option<OnePeer> = None;
    for (id, facts) in inventory.prefix_lists() {
        if facts.is_aws_managed() != of_aws || !inventory.prefix_list_lies_within(id, own) {
            continue;
        }
        let Some(candidate) = Candidate::new(inventory, rule, Peer::PrefixList(id.to_owned()), at_most) else {
            continue;
        };
        let is_smaller = best.as_ref().is_none_or(|best| candidate.addresses < best.addresses);
        if is_smaller && met.iter().all(|(peer, span)| candidate.means(inventory, *peer, *span)) {
            best = Some(candidate.into_peer());
        }
    }
    best
}

/// The smallest security group of the rule's VPC that every peer carried, if its interfaces have at most so many addresses.
pub fn group(inventory: &Inventory, rule: &Rule, own: IpNet, met: &[(IpAddr, Span)], at_most: U256) -> Option<OnePeer> {
    let (first, span) = met.first()?;
    let home = inventory.group(rule.group).vpc.as_deref()?;
    let mut candidates: Vec<Candidate> = Vec::new();
    for number in inventory.groups_of(*first, *span) {
        let group = inventory.group(number);
        if group.vpc.as_deref() != Some(home) || !group.in_last_snapshot || !lie_within(inventory, number, own) {
            continue;
        }
        let peer = Peer::Group { id: group.id.clone(), owner: group.owner.clone(), vpc: None };
        candidates.extend(Candidate::new(inventory, rule, peer, at_most));
    }
    for (peer, span) in met {
        candidates.retain(|candidate| candidate.means(inventory, *peer, *span));
        if candidates.is_empty() {
            return None;
        }
    }
    // Groups come sorted by id, and of equal ones the first is the least.
    candidates.into_iter().min_by_key(|candidate| candidate.addresses).map(Candidate::into_peer)
}

/// Whether the interfaces that carry a group now have, in the family of the range, addresses in it alone.
fn lie_within(inventory: &Inventory, group: inventory::GroupIx, own: IpNet) -> bool {
    inventory.carried_now(group).into_iter().all(|number| {
        let interface = inventory.interface(number);
        let hosts = interface.private_addresses.iter().chain(&interface.ipv6_addresses);
        let mut nets = hosts.map(|address| IpNet::from(*address)).chain(interface.prefixes.iter().copied());
        let is_v4 = matches!(own, IpNet::V4(_));
        nets.all(|net| matches!(net, IpNet::V4(_)) != is_v4 || own.contains(&net))
    })
}

/// A peer that may do, as a rule for it would be.
struct Candidate {
    draft: Rule,
    addresses: U256,
    weight: [u32; 2],
}

impl Candidate {
    /// `None` where it means nobody now, more than is allowed, or counts for nobody knows what.
    fn new(inventory: &Inventory, rule: &Rule, peer: Peer, at_most: U256) -> Option<Candidate> {
        let draft = inventory.draft(rule.group, rule.direction, rule.protocol, rule.ports, peer);
        let addresses = exposure::addresses_of_rule(inventory, &draft);
        let weight = weight(inventory, &draft)?;
        let is_fit = addresses > U256::ZERO && addresses <= at_most && !draft.may_be_bypassed();
        if is_fit { Some(Candidate { draft, addresses, weight }) } else { None }
    }

    /// Whether it surely meant the address then, and does so now if anybody has it.
    fn means(&self, inventory: &Inventory, address: IpAddr, span: Span) -> bool {
        if inventory.is_peer(&self.draft, address, span) != Answer::Surely {
            return false;
        }
        let is_gone = matches!(self.draft.peer, Peer::Group { .. }) && inventory.owners_of(address, NOW).is_empty();
        is_gone || inventory.is_peer(&self.draft, address, NOW) == Answer::Surely
    }

    fn into_peer(self) -> OnePeer {
        OnePeer { peer: self.draft.peer, addresses: self.addresses, weight: self.weight }
    }
}
