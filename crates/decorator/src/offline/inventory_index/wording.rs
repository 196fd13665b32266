//! Rules in words, as `sg-audit` words them in its tables.

use inventory::{Direction, Inventory, Peer, Protocol, Rule, RulePorts};

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
