//! Ports that somebody wrote a rule for: a hint at which side of a flow is the server.

use crate::group::{Group, GroupIx};
use crate::inventory::Inventory;
use crate::rule::{Direction, Protocol, Rule, RulePorts};
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// The first port that a rollup may drop.
const FIRST_HIGH_PORT: u16 = 32768;

/// The ports that rules of any group and time single out.
#[derive(Debug, Default)]
pub(crate) struct NamedPorts {
    tcp: PortSet,
    udp: PortSet,
}

/// One bit for each port.
#[derive(Debug)]
struct PortSet(Box<[u64; 1024]>);

impl Default for PortSet {
    fn default() -> Self {
        PortSet(Box::new([0; 1024]))
    }
}

impl PortSet {
    fn contains(&self, port: u16) -> bool {
        self.0[usize::from(port / 64)] & 1 << (port % 64) != 0
    }

    fn insert(&mut self, port: u16) {
        self.0[usize::from(port / 64)] |= 1 << (port % 64);
    }
}

impl NamedPorts {
    pub(crate) fn of(groups: &[Group]) -> NamedPorts {
        let mut named = NamedPorts::default();
        for rule in groups.iter().flat_map(|group| group.rules_ever()) {
            let RulePorts::Range { from, to } = rule.ports else { continue };
            if rule.covers_ephemeral() {
                continue;
            }
            let set = if rule.protocol == Some(Protocol::TCP) { &mut named.tcp } else { &mut named.udp };
            for port in from..=to {
                set.insert(port);
            }
        }
        named
    }
}

impl Inventory {
    /// Whether a rule, at any time, singles out the side's port and lets the other side in to it, at an interface that
    /// ever had the side's address; or lets the other side's interface out to it.
    pub fn named_strictly(&self, side: IpAddr, side_port: u16, other: IpAddr, protocol: Protocol) -> bool {
        if !self.named_loosely(side_port, protocol) {
            return false;
        }
        self.some_rule_names(Direction::Ingress, side, other, side_port, protocol)
            || self.some_rule_names(Direction::Egress, other, side, side_port, protocol)
    }

    /// Whether an interface that ever had the address `at` ever carried a group with such a rule for `peer`.
    fn some_rule_names(&self, direction: Direction, at: IpAddr, peer: IpAddr, port: u16, protocol: Protocol) -> bool {
        let names = |rule: &Rule| {
            rule.direction == direction && rule.singles_out(protocol, port) && self.is_ever_peer(rule, peer)
        };
        for owner in self.owners.holdings(at) {
            for item in &self.interface(owner.interface).history {
                let groups: &[GroupIx] = item.state.groups.as_deref().unwrap_or_default();
                if groups.iter().any(|group| self.group(*group).rules_ever().any(names)) {
                    return true;
                }
            }
        }
        false
    }

    /// Whether any rule of any group, at any time, singles out the port.
    pub fn named_loosely(&self, side_port: u16, protocol: Protocol) -> bool {
        match protocol {
            Protocol::TCP => self.named_ports.tcp.contains(side_port),
            Protocol::UDP => self.named_ports.udp.contains(side_port),
            _ => false,
        }
    }

    /// Ranges of ports from 32768 that TCP and UDP rules of any time single out: a rollup must keep these. Sorted,
    /// merged.
    pub fn kept_ports(&self) -> Vec<RangeInclusive<u16>> {
        let mut ranges = Vec::new();
        for rule in self.groups.iter().flat_map(|group| group.rules_ever()) {
            let RulePorts::Range { from, to } = rule.ports else { continue };
            if to >= FIRST_HIGH_PORT && !rule.covers_ephemeral() {
                ranges.push((from.max(FIRST_HIGH_PORT), to));
            }
        }
        ranges.sort_unstable();
        let mut merged: Vec<RangeInclusive<u16>> = Vec::new();
        for (from, to) in ranges {
            match merged.last_mut() {
                Some(last) if from <= last.end().saturating_add(1) => *last = *last.start()..=to.max(*last.end()),
                _ => merged.push(from..=to),
            }
        }
        merged
    }
}
