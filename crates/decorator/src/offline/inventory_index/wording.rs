//! Rules in words, as `sg-audit` words them in its tables, and what documents of flows cannot tell of them.

use inventory::{Direction, Group, Interface, Inventory, Kind, Peer, Protocol, Rule, RulePorts, Span, UNDATED};

/// All time.
const EVER: Span = Span { from: 0, to: UNDATED };

/// `tcp`, `udp`, `icmp`, `icmpv6`, `all`, else the number.
pub fn protocol(rule: &Rule) -> String {
    rule.protocol.map_or("all".to_owned(), Protocol::name)
}

/// The rule: `tcp 443 from 0.0.0.0/0`, `udp 1024-65535 from sg-0a1 (app)`, `icmp type 8 code 0 from 10.0.0.0/8`, `all to ::/0`,
/// `protocol 47 from 192.0.2.1/32`.
pub fn text(inventory: &Inventory, rule: &Rule) -> String {
    let preposition = match rule.direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    };
    let mut text = format!("{} {preposition} {}", protocol_and_ports(rule), rule.peer);
    if let Peer::Group { id, .. } = &rule.peer
        && let Some(number) = inventory.group_ix(id)
        && !inventory.group(number).name.is_empty()
    {
        text += &format!(" ({})", inventory.group(number).name);
    }
    text
}

fn protocol_and_ports(rule: &Rule) -> String {
    let Some(protocol) = rule.protocol else { return "all".to_owned() };
    match rule.ports {
        RulePorts::Icmp { ty: Some(ty), code: Some(code) } => format!("{protocol} type {ty} code {code}"),
        RulePorts::Icmp { ty: Some(ty), code: None } => format!("{protocol} type {ty}"),
        RulePorts::Icmp { ty: None, .. } => format!("{protocol} all"),
        RulePorts::Range { from: 0, to: u16::MAX } => format!("{protocol} all"),
        RulePorts::Range { from, to } if from == to => format!("{protocol} {from}"),
        RulePorts::Range { from, to } => format!("{protocol} {from}-{to}"),
        RulePorts::All if protocol.has_ports() => format!("{protocol} all"),
        RulePorts::All => format!("protocol {protocol}"),
    }
}

/// Why documents of flows cannot show the rule's use, or not all of it; none where they name it for every request that it allows, as far
/// as the flags of a record tell that it is one. The first reason of several. Short: an index may cut what is long.
pub fn blind_spot(inventory: &Inventory, group: &Group, rule: &Rule) -> Option<&'static str> {
    if !rule.has_own_id() {
        return Some("the inventory has no id for it");
    }
    if inventory.unresolved(rule).is_some() {
        return Some(match rule.peer {
            Peer::PrefixList(_) => "the entries of its prefix list are not in the inventory",
            _ => "the interfaces of its peer group are not in the inventory",
        });
    }
    if inventory.serves_unlogged(rule, group).is_some() {
        return Some("it may serve traffic that is not logged");
    }
    // Only a request names its rules, and only TCP has flags that tell a request.
    if rule.protocol.is_some_and(|protocol| protocol != Protocol::TCP) {
        return Some("only of TCP a record tells whether it is a request");
    }
    if may_mean_clients(inventory, rule) {
        return Some("its peers may pass on the addresses of their clients");
    }
    if rule.protocol.is_none() {
        return Some("it allows more than TCP, and only of TCP a record tells whether it is a request");
    }
    None
}

/// Whether packets from the peer group may bear the addresses of others: through a Network Load Balancer or Global Accelerator.
fn may_mean_clients(inventory: &Inventory, rule: &Rule) -> bool {
    let (Direction::Ingress, Peer::Group { id, .. }) = (rule.direction, &rule.peer) else { return false };
    let Some(number) = inventory.group_ix(id) else { return false };
    let keeps_addresses = |interface: &Interface| {
        matches!(interface.kind, Kind::NetworkLoadBalancer | Kind::GlobalAccelerator | Kind::Unknown)
    };
    inventory.carried_ever(number, EVER).into_iter().any(|number| keeps_addresses(inventory.interface(number)))
}
