//! What the peers of rules stand for: looked up once, and for rules that are only proposed.

use crate::group::GroupIx;
use crate::interface::{InterfaceIx, Kind};
use crate::inventory::{Inventory, Map};
use crate::peer_group::PeerGroup;
use crate::rule::{Direction, Peer, Resolved};
use crate::vpc::any_vpc_ranges;
use std::collections::{BTreeMap, BTreeSet};

/// Looks up what each rule's peer stands for.
pub(crate) fn resolve_peers(inventory: &mut Inventory) {
    // What the rules together say about each group that they name: owner, VPCs, region of the rule.
    #[derive(Default)]
    struct Named {
        owner: Option<String>,
        region: Option<String>,
        vpcs: BTreeSet<String>,
    }
    let mut named: BTreeMap<String, Named> = BTreeMap::new();
    // Rules that are yet to be made may name any group.
    for group in &inventory.groups {
        named.insert(group.id.clone(), Named::default());
    }
    for group in &inventory.groups {
        for rule in group.rules_ever() {
            let Peer::Group { id, owner, vpc } = &rule.peer else { continue };
            let known = named.entry(id.clone()).or_default();
            known.owner = known.owner.take().or_else(|| owner.clone());
            // References do not cross regions.
            known.region = known.region.take().or_else(|| group.region.clone());
            known.vpcs.extend(vpc.clone());
        }
    }
    let mut numbers = Map::default();
    let mut peer_groups = Vec::new();
    for (id, mut known) in named {
        let number = inventory.group_ix(&id);
        if let Some(number) = number {
            let group = inventory.group(number);
            known.owner = group.owner.clone().or(known.owner);
            known.region = group.region.clone().or(known.region);
            known.vpcs.extend(group.usable_vpcs.iter().cloned());
        }
        let (owner, region) = (known.owner.as_deref(), known.region.as_deref());
        // A group that nothing lists or carries, of nobody knows whom, may be another account's.
        let is_somebodys = number.is_some() || owner.is_some();
        let unresolved = if is_somebodys && inventory.has_interfaces_in(owner, region) {
            None
        } else {
            Some(missing_interfaces(&id, owner, region))
        };
        let mut vpcs = Vec::new();
        let mut is_elsewhere = known.vpcs.is_empty();
        for vpc in &known.vpcs {
            match inventory.vpc_numbers.get(vpc) {
                Some(number) => vpcs.push(*number),
                None => is_elsewhere = true,
            }
        }
        let keeps_client_addresses = may_keep_client_addresses(inventory, number, &known.vpcs);
        let elsewhere = if is_elsewhere { Some(any_vpc_ranges()) } else { None };
        numbers.insert(id, peer_groups.len() as u32);
        peer_groups.push(PeerGroup { group: number, unresolved, keeps_client_addresses, vpcs, elsewhere });
    }
    inventory.peer_groups = peer_groups;
    inventory.peer_numbers = numbers;

    inventory.detours = Detours::of(inventory);
    let mut groups = std::mem::take(&mut inventory.groups);
    for group in &mut groups {
        for rule in group.rules.iter_mut().chain(&mut group.former_rules) {
            rule.resolved = inventory.resolve(&rule.peer);
            rule.may_be_bypassed = inventory.may_bypass(&group.usable_vpcs, rule.direction, &rule.peer);
        }
    }
    inventory.groups = groups;
}

fn missing_interfaces(id: &str, owner: Option<&str>, region: Option<&str>) -> String {
    let place = match (owner, region) {
        (Some(owner), Some(region)) => format!("account {owner} in {region}"),
        (Some(owner), None) => format!("account {owner}"),
        _ => "the account".to_string(),
    };
    format!(
        "the network interfaces of {place}, to which group {id} belongs, are not in the inventory; add the output of `aws \
         ec2 describe-network-interfaces` there"
    )
}

/// Whether an interface that keeps client addresses carries the group, or may: its groups are not known.
fn may_keep_client_addresses(inventory: &Inventory, group: Option<GroupIx>, vpcs: &BTreeSet<String>) -> bool {
    let keeps = |number: &InterfaceIx| inventory.interface(*number).kind.may_keep_client_addresses();
    if group.is_some_and(|group| inventory.carriers[group.0 as usize].iter().any(keeps)) {
        return true;
    }
    let may_use = |number: &InterfaceIx| {
        let vpc = &inventory.interface(*number).vpc;
        vpcs.is_empty() || vpc.as_ref().is_none_or(|vpc| vpcs.contains(vpc))
    };
    inventory.open_carriers.iter().any(|number| keeps(number) && may_use(number))
}

/// VPCs in which a packet may reach an interface by way of somebody who keeps its address.
#[derive(Debug, Default)]
pub(crate) struct Detours {
    /// Through a Network Load Balancer.
    load_balanced: BTreeSet<String>,
    /// Through an appliance behind a Gateway Load Balancer.
    inspected: BTreeSet<String>,
}

impl Detours {
    fn of(inventory: &Inventory) -> Detours {
        let mut detours = Detours::default();
        for interface in &inventory.interfaces {
            let Some(vpc) = &interface.vpc else { continue };
            if interface.kind == Kind::NetworkLoadBalancer {
                detours.load_balanced.insert(vpc.clone());
            }
            if interface.interface_type.as_deref().is_some_and(|kind| kind.starts_with("gateway_load_balancer")) {
                detours.inspected.insert(vpc.clone());
            }
        }
        detours
    }
}

impl Inventory {
    /// Whether a rule for a group may not count for packets that bear a member's address (see [`crate::Rule::may_be_bypassed`]).
    pub(crate) fn may_bypass(&self, vpcs: &[String], direction: Direction, peer: &Peer) -> bool {
        if !matches!(peer, Peer::Group { .. }) {
            return false;
        }
        let detours = &self.detours;
        let is_load_balanced = || vpcs.iter().any(|vpc| detours.load_balanced.contains(vpc));
        let is_inspected = || vpcs.iter().any(|vpc| detours.inspected.contains(vpc));
        (direction == Direction::Ingress && is_load_balanced()) || is_inspected()
    }

    /// What a peer stands for. A list without entries, and a group that nothing lists, carries or names, may mean anybody.
    pub(crate) fn resolve(&self, peer: &Peer) -> Resolved {
        match peer {
            Peer::Cidr(_) => Resolved::Net,
            Peer::PrefixList(id) => {
                self.list_numbers.get(id).map_or(Resolved::Unknown, |number| Resolved::List(*number))
            }
            Peer::Group { id, .. } => {
                self.peer_numbers.get(id).map_or(Resolved::Unknown, |number| Resolved::Group(*number))
            }
        }
    }
}
