//! One rule as a resource: its name and its arguments.

use super::comment::quoted;
use super::{path, provider};
use crate::plan::model::GroupPlan;
use hcl::{Block, Expression, Object, ObjectKey};
use inventory::{Direction, Peer, Protocol, Rule, RulePorts};
use ipnet::IpNet;
use std::collections::BTreeSet;

/// Where a rule stands in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    kind: &'static str,
    name: String,
}

impl Address {
    /// `aws_vpc_security_group_ingress_rule.NAME`
    pub(super) fn reference(&self) -> Expression {
        path(&[self.kind, &self.name])
    }

    /// The id that the rule has then.
    pub(super) fn id(&self) -> Expression {
        path(&[self.kind, &self.name, "id"])
    }
}

/// Gives every rule a name of its own.
#[derive(Default)]
pub(super) struct Addresses {
    taken: BTreeSet<Address>,
}

impl Addresses {
    /// A name from group and content, so that the next plan calls the same rule the same: `sg_0a1b_tcp_443_10_0_0_0_8`.
    pub(super) fn name(&mut self, group_id: &str, rule: &Rule) -> Address {
        let kind = match rule.direction {
            Direction::Ingress => "aws_vpc_security_group_ingress_rule",
            Direction::Egress => "aws_vpc_security_group_egress_rule",
        };
        let name = name_from(&format!("{group_id} {} {}", protocol_in_words(rule), rule.peer));
        let mut address = Address { kind, name: name.clone() };
        let mut number = 2;
        while !self.taken.insert(address.clone()) {
            address.name = format!("{name}_no{number}");
            number += 1;
        }
        address
    }
}

/// A text as a name for Terraform: letters, digits and underscores, and no digit in front.
pub(super) fn name_from(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for character in text.chars() {
        name.push(if character.is_ascii_alphanumeric() { character } else { '_' });
    }
    if !name.starts_with(|character: char| character.is_ascii_alphabetic()) {
        name.insert_str(0, "r_");
    }
    name
}

/// Protocol and ports as reports say them: `tcp 443`, `icmp type 8 code 0`, `all`, `protocol 47`.
pub(super) fn protocol_in_words(rule: &Rule) -> String {
    let Some(protocol) = rule.protocol else {
        return "all".to_owned();
    };
    match rule.ports {
        RulePorts::Range { from: 0, to: u16::MAX } => format!("{protocol} all"),
        RulePorts::Range { from, to } if from == to => format!("{protocol} {from}"),
        RulePorts::Range { from, to } => format!("{protocol} {from}-{to}"),
        RulePorts::Icmp { ty: Some(ty), code: Some(code) } => format!("{protocol} type {ty} code {code}"),
        RulePorts::Icmp { ty: Some(ty), code: None } => format!("{protocol} type {ty}"),
        RulePorts::Icmp { ty: None, .. } => format!("{protocol} all"),
        RulePorts::All if protocol.has_ports() || is_icmp(protocol) => format!("{protocol} all"),
        RulePorts::All => format!("protocol {protocol}"),
    }
}

/// The resource of a rule. `is_remade`: what it takes the place of is deleted only once it is there.
pub(super) fn resource(
    group: &GroupPlan,
    rule: &Rule,
    address: &Address,
    alias: Option<&str>,
    waits_for: &[&Address],
    is_remade: bool,
) -> Block {
    let mut block = Block::builder("resource").add_label(address.kind).add_label(address.name.as_str());
    if let Some(alias) = alias {
        block = block.add_attribute(("provider", provider::reference(alias)));
    }
    block = block.add_attribute(("security_group_id", quoted(&group.group_id)));
    block = match &rule.peer {
        Peer::Cidr(IpNet::V4(net)) => block.add_attribute(("cidr_ipv4", net.to_string())),
        Peer::Cidr(IpNet::V6(net)) => block.add_attribute(("cidr_ipv6", net.to_string())),
        Peer::PrefixList(id) => block.add_attribute(("prefix_list_id", quoted(id))),
        Peer::Group { id, owner, .. } => {
            let reference = reference_of(id, owner.as_deref(), &group.owner_id);
            block.add_attribute(("referenced_security_group_id", quoted(&reference)))
        }
    };
    let protocol = rule.protocol.map_or_else(|| "-1".to_owned(), Protocol::name);
    block = block.add_attribute(("ip_protocol", protocol));
    if let Some((from, to)) = ports(rule) {
        block = block.add_attribute(("from_port", from)).add_attribute(("to_port", to));
    }
    if !rule.description.is_empty() {
        block = block.add_attribute(("description", quoted(&rule.description)));
    }
    let mut tags: Object<ObjectKey, Expression> = Object::new();
    for (key, value) in &rule.tags {
        // AWS keeps this prefix for itself, and the provider neither reads nor may write such tags.
        if !key.starts_with("aws:") {
            tags.insert(ObjectKey::from(quoted(key)), quoted(value));
        }
    }
    if !tags.is_empty() {
        block = block.add_attribute(("tags", Expression::Object(tags)));
    }
    if !waits_for.is_empty() {
        let others = waits_for.iter().map(|other| other.reference()).collect();
        block = block.add_attribute(("depends_on", Expression::Array(others)));
    }
    if is_remade {
        block = block.add_block(Block::builder("lifecycle").add_attribute(("create_before_destroy", true)).build());
    }
    block.build()
}

/// A group, with its account in front if that is another one: so the provider reads it back.
fn reference_of(id: &str, owner: Option<&str>, own_account: &str) -> String {
    match owner {
        Some(owner) if !owner.is_empty() && !own_account.is_empty() && owner != own_account => format!("{owner}/{id}"),
        _ => id.to_owned(),
    }
}

/// `from_port` and `to_port`, or ICMP type and code with -1 for all; none for what has neither.
fn ports(rule: &Rule) -> Option<(i32, i32)> {
    let protocol = rule.protocol?;
    match rule.ports {
        RulePorts::Range { from, to } if protocol.has_ports() => Some((i32::from(from), i32::from(to))),
        RulePorts::All if protocol.has_ports() => Some((0, i32::from(u16::MAX))),
        RulePorts::Icmp { ty, code } => Some((ty.map_or(-1, i32::from), code.map_or(-1, i32::from))),
        _ if is_icmp(protocol) => Some((-1, -1)),
        _ => None,
    }
}

fn is_icmp(protocol: Protocol) -> bool {
    protocol == Protocol::ICMP || protocol == Protocol::ICMPV6
}
