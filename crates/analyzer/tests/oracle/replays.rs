//! What changed rules would have denied, and what they would have let in that was rejected: record by record and rule by rule.
//!
//! A use of a rule that is to go has to be let pass by another one, whichever port of those that are possible it was for, and whichever of
//! two addresses its group looked at. Ports are compared by trying them.

use crate::attribution::{Count, uses};
use crate::evidence::{Evidence, Flags, Seen};
use crate::matching::{Carried, Match, Port, Request};
use crate::network::{ICMP, Interface, Network, Peer, Record, Rule, TCP, UDP};
use crate::proposals::Changes;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Whether it is sure, the name of the rule, protocol, port (`443`, `high`, `-`) and peer.
pub type Told = (bool, String, u8, String, IpAddr);

pub fn denied(network: &Network, changes: &Changes) -> BTreeSet<Told> {
    let evidence = Evidence::new(network);
    let (mut told, mut by_answers) = (BTreeSet::new(), BTreeSet::new());
    for seen in evidence.seen.iter().filter(|seen| network.is_ours(seen.record)) {
        for one in uses(network, &evidence, seen) {
            let (Some(reading), rule) = (one.reading, &network.rules[one.rule]) else { continue };
            let stays = changes.after(network, rule.group).iter().any(|after| is_same(after, rule));
            if stays || matches!(one.count, Count::AssumedReply | Count::UntrackedAnswer) {
                continue;
            }
            let carried = match network.interface_by_id(&seen.record.interface) {
                Some(interface) if one.is_placed => network.carried(interface, seen.span),
                _ => Carried::default(),
            };
            let rules_of = |group: usize| changes.after(network, group);
            let request = reading.request;
            let is_unplaced = one.count == Count::Unplaced;
            for address in lost_addresses(network, rule, &request, &carried, is_unplaced, rules_of) {
                let is_sure = one.count == Count::Request && !some_may_allow(network, &request, &carried, rules_of);
                let what = (rule.name.clone(), request.protocol, shown(&request), address);
                let is_answer = one.count == Count::Implied || (is_unplaced && !reading.is_forward);
                if is_answer {
                    by_answers.insert(what)
                } else {
                    told.insert((is_sure, what))
                };
            }
        }
    }
    // An answer proves what is in the logs itself mostly.
    for what in by_answers {
        if !told.contains(&(true, what.clone())) {
            told.insert((false, what));
        }
    }
    told.into_iter().map(|(is_sure, (name, protocol, port, peer))| (is_sure, name, protocol, port, peer)).collect()
}

pub fn admitted(network: &Network, changes: &Changes) -> BTreeSet<Told> {
    // Rejected records are looked at as accepted ones are.
    let opposite = |record: &Record| Record { accepted: !record.accepted, ..record.clone() };
    let rejected = Network { records: network.records.iter().map(opposite).collect(), ..network.clone() };
    let mut told = BTreeSet::new();
    for seen in &Evidence::new(&rejected).seen {
        let Some(interface) = network.interface_by_id(&seen.record.interface) else { continue };
        let is_sure_request = match seen.record.flags() {
            Flags::Syn => true,
            Flags::SynAck if !shows_raw_flags(network, &seen.record.interface) => continue,
            Flags::SynAck | Flags::Raw | Flags::Silent => false,
        };
        let ways = ways(network, interface, seen.record);
        let carried = network.carried(interface, seen.span);
        for egress in &ways {
            let request = request(seen, *egress);
            let before = |group: usize| -> Vec<Rule> {
                network.last_rules().map(|(_, rule)| rule.clone()).filter(|rule| rule.group == group).collect()
            };
            for group in (0..network.groups.len()).filter(|group| carried.has(*group)) {
                for rule in changes.after(network, group) {
                    let is_new = !before(group).iter().any(|known| is_same(known, &rule));
                    if !is_new || !may_allow(network, &rule, &request) {
                        continue;
                    }
                    let is_sure = is_sure_request
                        && ways.len() == 1
                        && carried.surely.contains(&group)
                        && surely_allows(network, &rule, &request)
                        && !some_may_allow(network, &request, &carried, before);
                    for address in lost_addresses(network, &rule, &request, &carried, false, before) {
                        told.insert((is_sure, rule.name.clone(), request.protocol, shown(&request), address));
                    }
                }
            }
        }
    }
    told
}

fn shows_raw_flags(network: &Network, interface: &str) -> bool {
    let is_raw = |flow_log| network.records.iter().any(|record| record.flow_log == flow_log && record.has_raw_flags());
    network.records.iter().any(|record| record.interface == interface && is_raw(record.flow_log))
}

/// Ingress and egress, or the one of them that is known.
fn ways(network: &Network, interface: usize, record: &Record) -> Vec<bool> {
    match (record.egress, network.ever_owned(interface, record.src), network.ever_owned(interface, record.dst)) {
        (Some(egress), _, _) => vec![egress],
        (None, true, false) => vec![true],
        (None, false, true) => vec![false],
        _ => vec![false, true],
    }
}

fn request(seen: &Seen, egress: bool) -> Request {
    let record = seen.record;
    let (peer, pkt_peer) = if egress { (record.dst, record.pkt_dst) } else { (record.src, record.pkt_src) };
    Request { span: seen.span, egress, protocol: record.protocol, port: seen.dst_port, peer, pkt_peer }
}

/// The addresses that the rule may mean and for which no rule stands in for it.
fn lost_addresses(
    network: &Network,
    rule: &Rule,
    request: &Request,
    carried: &Carried,
    is_unplaced: bool,
    rules_of: impl Fn(usize) -> Vec<Rule>,
) -> Vec<IpAddr> {
    let mut lost = Vec::new();
    let mut candidates = rules_of(rule.group);
    for group in &carried.surely {
        candidates.extend(rules_of(*group));
    }
    for address in [Some(request.peer), request.pkt_peer].into_iter().flatten() {
        let request = Request { peer: address, pkt_peer: None, ..*request };
        // What cannot be placed speaks against what snapshots say about groups and lists.
        let may_mean = match rule.peer {
            Peer::Cidr(_) => peer_match(network, rule, &request) > Match::No,
            _ => is_unplaced || peer_match(network, rule, &request) > Match::No,
        };
        let does_it = |other: &Rule| {
            other.egress == rule.egress
                && possible_ports(&request, &[rule, other]).into_iter().all(|port| {
                    !allows_port(rule, request.protocol, port) || allows_port(other, request.protocol, port)
                })
                && has_types_of(other, rule, request.protocol)
                && (has_peers_of(other, rule)
                    || (peer_match(network, other, &request) == Match::Surely && !is_passed_by(network, other)))
        };
        if may_mean && !candidates.iter().any(does_it) {
            lost.push(address);
        }
    }
    lost
}

/// A rule for a group does not count for members' addresses that come by way of a Network Load Balancer.
fn is_passed_by(network: &Network, rule: &Rule) -> bool {
    let names_group = !matches!(rule.peer, Peer::Cidr(_) | Peer::List(_));
    let keeps_addresses = |interface: &Interface| {
        interface.kind == "network_load_balancer" && !rule.egress && network.is_usable_in(rule.group, interface.vpc)
    };
    let states = network.snapshots.iter().flat_map(|snapshot| &snapshot.states);
    names_group && states.into_iter().any(|state| keeps_addresses(&network.interfaces[state.interface]))
}

fn some_may_allow(
    network: &Network,
    request: &Request,
    carried: &Carried,
    rules_of: impl Fn(usize) -> Vec<Rule>,
) -> bool {
    let groups = carried.surely.union(&carried.possibly);
    groups.into_iter().any(|group| rules_of(*group).iter().any(|rule| may_allow(network, rule, request)))
}

/// A high port whose number was dropped is none that some rule of the inventory singles out.
fn may_allow(network: &Network, rule: &Rule, request: &Request) -> bool {
    let is_kept = |port: u16| {
        let singles_out = |rule: &Rule| rule.singles_out(TCP, port) || rule.singles_out(UDP, port);
        request.port == Port::High && network.rules.iter().any(singles_out)
    };
    let ports: Box<dyn Iterator<Item = u16>> = match request.port {
        Port::High => Box::new(32768..=65535),
        _ => Box::new(possible_ports(request, &[rule]).into_iter()),
    };
    let mut ports = ports.filter(|port| !is_kept(*port));
    rule.egress == request.egress
        && ports.any(|port| allows_port(rule, request.protocol, port))
        && peer_match(network, rule, request) > Match::No
}

fn surely_allows(network: &Network, rule: &Rule, request: &Request) -> bool {
    let ports = possible_ports(request, &[rule]);
    let is_one_type = rule.protocol == Some(ICMP) && rule.ports.is_some();
    rule.egress == request.egress
        && !is_one_type
        && ports.into_iter().all(|port| allows_port(rule, request.protocol, port))
        && peer_match(network, rule, request) == Match::Surely
}

/// Whether its peer is meant, whatever protocol and port.
fn peer_match(network: &Network, rule: &Rule, request: &Request) -> Match {
    let egress = request.egress;
    network.allows(&Rule { protocol: None, ports: None, egress, ..rule.clone() }, request)
}

/// Enough of the ports that it may have been for: where a range of some rule begins or ends, and beside it.
fn possible_ports(request: &Request, rules: &[&Rule]) -> Vec<u16> {
    let lowest = match request.port {
        Port::Known(port) => return vec![port],
        Port::High => 32768,
        Port::Missing => 0,
    };
    let mut ports = vec![lowest, 65535];
    for (from, to) in rules.iter().filter_map(|rule| rule.ports) {
        ports.extend([from, to, from.saturating_sub(1), to.saturating_add(1)]);
    }
    ports.retain(|port| *port >= lowest);
    ports
}

fn allows_port(rule: &Rule, protocol: u8, port: u16) -> bool {
    let is_in_range = |(from, to): (u16, u16)| from <= port && port <= to;
    match rule.protocol {
        None => true,
        Some(own) if own != protocol => false,
        Some(TCP | UDP) => rule.ports.is_none_or(is_in_range),
        Some(_) => true,
    }
}

/// Types of ICMP are in no record.
fn has_types_of(other: &Rule, rule: &Rule, protocol: u8) -> bool {
    protocol != ICMP || other.protocol.is_none() || other.ports.is_none() || other.ports == rule.ports
}

fn has_peers_of(other: &Rule, rule: &Rule) -> bool {
    match (&other.peer, &rule.peer) {
        (Peer::Cidr(other), Peer::Cidr(cidr)) => other.contains(cidr),
        (other, peer) => other == peer,
    }
}

/// To AWS, a name makes no difference.
fn is_same(one: &Rule, other: &Rule) -> bool {
    *one == Rule { name: one.name.clone(), ..other.clone() }
}

fn shown(request: &Request) -> String {
    match request.port {
        _ if !matches!(request.protocol, TCP | UDP) => "-".to_owned(),
        Port::Known(port) => port.to_string(),
        Port::High => "high".to_owned(),
        Port::Missing => "-".to_owned(),
    }
}
