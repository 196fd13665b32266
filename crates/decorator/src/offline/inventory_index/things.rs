//! Which groups, interfaces and rules there are now: those of the last snapshot of each account and region.

use std::borrow::Cow;
use std::collections::BTreeSet;

use inventory::{Epoch, Group, GroupIx, Interface, InterfaceIx, Inventory, Rule, RulePorts, Span, UNDATED};

use super::blind_spot::{BlindSpots, OfGroup};
use super::fields::{Fields, Kind, Own};
use super::wording;

/// After every snapshot: what the last ones say.
const NOW: Span = Span { from: UNDATED, to: UNDATED };

/// All of them: groups by id, interfaces by id, then the rules of each group, by direction, protocol, ports and peer.
pub fn list(inventory: &Inventory) -> Vec<Fields<'_>> {
    let mut interfaces = Vec::new();
    let mut carried = BTreeSet::new();
    for (interface, number) in inventory.interfaces().iter().zip(0_u32..) {
        if !interface.in_last_snapshot {
            continue;
        }
        // As in documents of flows, groups that it surely carries: where listings differ it would be a guess.
        let groups = inventory.carried(InterfaceIx(number), NOW).groups;
        let sure = groups.iter().filter(|(_, surely)| *surely).map(|(group, _)| inventory.group(*group)).collect();
        let seen = inventory.interface_last_seen(interface);
        carried.extend(groups.iter().map(|(group, _)| *group));
        interfaces.push(of_interface(interface, sure, seen));
    }
    let mut things = Vec::new();
    let mut rules = Vec::new();
    let mut blind_spots = BlindSpots::new(inventory);
    for (group, number) in inventory.groups().iter().zip(0_u32..) {
        let seen = inventory.group_last_seen(group);
        let is_listed = seen.is_some();
        // A group that nobody listed exists as surely as the interfaces that carry it.
        if group.in_last_snapshot || (!is_listed && carried.contains(&GroupIx(number))) {
            things.push(of_group(group, seen));
        }
        if group.rules.is_empty() {
            continue;
        }
        let of_group = blind_spots.of_group(GroupIx(number));
        for rule in &group.rules {
            rules.push(of_rule(inventory, &mut blind_spots, of_group, group, rule));
        }
    }
    things.append(&mut interfaces);
    things.append(&mut rules);
    things
}

fn of_group(group: &Group, seen: Option<Epoch>) -> Fields<'_> {
    Fields {
        kind: Kind::Group,
        id: Cow::Borrowed(&group.id),
        has_derived_id: false,
        seen,
        // That an unlisted group belongs to the account that uses it is a guess: groups can be shared.
        account: group.owner.as_deref().filter(|_| seen.is_some()),
        region: group.region.as_deref(),
        vpcs: texts(&group.usable_vpcs),
        interface: None,
        group_ids: vec![&group.id],
        group_names: names(&[group]),
        rule_ids: Vec::new(),
        direction: None,
        own: Own::default(),
    }
}

fn of_interface<'a>(interface: &'a Interface, groups: Vec<&'a Group>, seen: Option<Epoch>) -> Fields<'a> {
    let addresses = interface.private_addresses.iter().chain(&interface.ipv6_addresses);
    Fields {
        kind: Kind::Interface,
        id: Cow::Borrowed(&interface.id),
        has_derived_id: false,
        seen,
        account: interface.owner.as_deref(),
        region: interface.region.as_deref(),
        vpcs: interface.vpc.as_deref().into_iter().collect(),
        interface: Some(&interface.id),
        group_ids: groups.iter().map(|group| group.id.as_str()).collect(),
        group_names: names(&groups),
        rule_ids: Vec::new(),
        direction: None,
        own: Own {
            interface_type: interface.interface_type.as_deref(),
            interface_description: &interface.description,
            interface_addresses: addresses.copied().collect(),
            ..Own::default()
        },
    }
}

fn of_rule<'a>(
    inventory: &'a Inventory,
    blind_spots: &mut BlindSpots<'a>,
    of_group: OfGroup,
    group: &'a Group,
    rule: &'a Rule,
) -> Fields<'a> {
    let (from, to) = match rule.ports {
        RulePorts::Range { from, to } => (Some(from), Some(to)),
        // The type and code of ICMP are no ports.
        RulePorts::All | RulePorts::Icmp { .. } => (None, None),
    };
    Fields {
        kind: Kind::Rule,
        id: Cow::Borrowed(&rule.id),
        has_derived_id: !rule.has_own_id(),
        seen: inventory.rule_last_seen(rule),
        account: group.owner.as_deref(),
        region: group.region.as_deref(),
        vpcs: texts(&group.usable_vpcs),
        interface: None,
        group_ids: vec![&group.id],
        group_names: names(&[group]),
        rule_ids: if rule.has_own_id() { vec![&rule.id] } else { Vec::new() },
        direction: Some(rule.direction),
        own: Own {
            rule_protocol: Some(wording::protocol(rule)),
            rule_from_port: from,
            rule_to_port: to,
            rule_peer: Some(rule.peer.to_string()),
            rule_description: &rule.description,
            rule_text: Some(wording::text(inventory, rule)),
            rule_blind_spot: blind_spots.of_rule(of_group, group, rule),
            ..Own::default()
        },
    }
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn names<'a>(groups: &[&'a Group]) -> Vec<&'a str> {
    groups.iter().map(|group| group.name.as_str()).filter(|name| !name.is_empty()).collect()
}
