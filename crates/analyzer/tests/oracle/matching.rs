//! Whether a rule allows a request: surely, possibly, only if somebody unknown is there, or not.
//!
//! Time makes facts uncertain. What snapshots say about a span of time is said by the *relevant* ones: the last one before
//! the span, all inside it, and the first one after it.

use crate::network::{Attachment, Network, Peer, Rule, Snapshot, Span, State, TCP, UDP};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The better the match, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    No,
    /// Only an owner of the peer's address that no snapshot knows would make it match.
    Unplaced,
    Possibly,
    Surely,
}

/// A port as the logs still know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    Known(u16),
    /// Some port from 32768 to 65535, and none that a rule singles out.
    High,
    /// The format has no ports.
    Missing,
}

/// A request that a rule may allow, seen from the interface.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub span: Span,
    pub egress: bool,
    pub protocol: u8,
    /// Its destination port.
    pub port: Port,
    /// The other end.
    pub peer: IpAddr,
    /// The other end by the packet, where it differs.
    pub pkt_peer: Option<IpAddr>,
}

/// Which groups an interface carried in a span of time.
#[derive(Debug, Clone, Default)]
pub struct Carried {
    /// By every relevant snapshot.
    pub surely: BTreeSet<usize>,
    /// By some.
    pub possibly: BTreeSet<usize>,
    /// No relevant snapshot knows the interface: it may have carried any other group too.
    pub maybe_others: bool,
}

impl Carried {
    pub fn has(&self, group: usize) -> bool {
        self.surely.contains(&group) || self.possibly.contains(&group)
    }

    /// Surely no group at all: nothing filters it.
    pub fn is_unfiltered(&self) -> bool {
        self.surely.is_empty() && self.possibly.is_empty() && !self.maybe_others
    }
}

impl Network {
    pub fn allows(&self, rule: &Rule, request: &Request) -> Match {
        if rule.egress != request.egress {
            return Match::No;
        }
        let ports = self.allows_port(rule, request);
        let peer = self.allows_either_peer(rule, request);
        if ports == Match::No || peer == Match::No { Match::No } else { ports.min(peer) }
    }

    /// Whether direction, protocol and port fit, whoever the peer is.
    pub fn fits(&self, rule: &Rule, request: &Request) -> Match {
        if rule.egress == request.egress { self.allows_port(rule, request) } else { Match::No }
    }

    fn allows_port(&self, rule: &Rule, request: &Request) -> Match {
        let Some(protocol) = rule.protocol else { return Match::Surely };
        if protocol != request.protocol {
            return Match::No;
        }
        let Some((from, to)) = rule.ports else { return Match::Surely };
        if protocol == TCP || protocol == UDP {
            return match request.port {
                Port::Known(port) if from <= port && port <= to => Match::Surely,
                Port::High if from <= 32768 && to == 65535 => Match::Surely,
                Port::High if rule.is_wide() => Match::Possibly,
                Port::Missing if (from, to) == (0, 65535) => Match::Surely,
                Port::Missing => Match::Possibly,
                _ => Match::No,
            };
        }
        // Types of ICMP are not in the logs.
        Match::Possibly
    }

    /// A group may have judged either address. Both match: a match. One of them: a possible one.
    fn allows_either_peer(&self, rule: &Rule, request: &Request) -> Match {
        let one = self.allows_peer(rule, request.peer, request.span);
        let Some(pkt_peer) = request.pkt_peer else { return one };
        let other = self.allows_peer(rule, pkt_peer, request.span);
        match (one.min(other), one.max(other)) {
            (Match::Surely, Match::Surely) => Match::Surely,
            (_, Match::Surely | Match::Possibly) => Match::Possibly,
            (_, better) => better,
        }
    }

    fn allows_peer(&self, rule: &Rule, address: IpAddr, span: Span) -> Match {
        let yes = |is: bool| if is { Match::Surely } else { Match::No };
        match &rule.peer {
            Peer::Cidr(cidr) => yes(cidr.contains(&address)),
            Peer::List(list) => match &self.lists[*list].entries {
                Some(entries) => yes(entries.iter().any(|entry| entry.contains(&address))),
                None => Match::Possibly,
            },
            Peer::StaleGroup(_) => match may_be_in_some_vpc(address) {
                true => Match::Unplaced,
                false => Match::No,
            },
            Peer::Group(group) => self.allows_member(rule, *group, address, span),
        }
    }

    fn allows_member(&self, rule: &Rule, group: usize, address: IpAddr, span: Span) -> Match {
        let mut owners = BTreeSet::new();
        let mut is_surely_owned = false;
        for vpc in 0..self.vpcs.len() {
            let candidates = self.owners(vpc, address, span);
            is_surely_owned |= !candidates.contains(&None);
            owners.extend(candidates.into_iter().flatten());
        }
        // Nobody else has the address in another VPC where the group can be used.
        let is_settled = (0..self.vpcs.len()).all(|vpc| {
            let may_be_there = self.is_usable_in(group, vpc) && self.vpc_holds(vpc, address);
            !may_be_there || !self.owners(vpc, address, span).contains(&None)
        });
        if is_surely_owned
            && is_settled
            && owners.iter().all(|owner| self.carried(*owner, span).surely.contains(&group))
        {
            return Match::Surely;
        }
        if owners.iter().any(|owner| self.carried(*owner, span).has(group)) {
            return Match::Possibly;
        }
        if !rule.egress && self.is_carried_by_one_that_keeps_client_addresses(group) {
            return Match::Possibly;
        }
        for vpc in 0..self.vpcs.len() {
            let is_near = self.is_usable_in(group, vpc) && self.vpc_holds(vpc, address);
            if is_near && self.owners(vpc, address, span).contains(&None) {
                return Match::Unplaced;
            }
        }
        Match::No
    }

    /// Who may have had the address in a VPC; None among them: perhaps nobody that we know.
    pub fn owners(&self, vpc: usize, address: IpAddr, span: Span) -> BTreeSet<Option<usize>> {
        let mut owners = BTreeSet::new();
        for snapshot in self.relevant(span) {
            let is_owner = |state: &&State| self.interfaces[state.interface].vpc == vpc && state.owns(address);
            let Some(state) = snapshot.states.iter().find(is_owner) else {
                owners.insert(None);
                continue;
            };
            let since = match self.interfaces[state.interface].attachment {
                Attachment::Always => i64::MIN,
                Attachment::Since(time) => time,
                Attachment::SinceUnknown => {
                    owners.extend([None, Some(state.interface)]);
                    continue;
                }
            };
            if span.to >= since {
                owners.insert(Some(state.interface));
            }
            if span.from < since {
                owners.insert(None);
            }
        }
        // It went from one to the other: somebody else may have had it in between.
        if owners.len() > 1 {
            owners.insert(None);
        }
        owners
    }

    pub fn carried(&self, interface: usize, span: Span) -> Carried {
        let relevant: Vec<&State> =
            self.relevant(span).into_iter().filter_map(|snapshot| snapshot.state_of(interface)).collect();
        let anywhere: Vec<&State> = self.snapshots.iter().filter_map(|snapshot| snapshot.state_of(interface)).collect();
        let states = if relevant.is_empty() { &anywhere } else { &relevant };
        let mut carried = Carried { maybe_others: relevant.is_empty(), ..Carried::default() };
        for group in 0..self.groups.len() {
            if !relevant.is_empty() && relevant.iter().all(|state| state.groups.contains(&group)) {
                carried.surely.insert(group);
            } else if states.iter().any(|state| state.groups.contains(&group)) {
                carried.possibly.insert(group);
            }
        }
        carried
    }

    /// The snapshots that speak about a span of time.
    pub fn relevant(&self, span: Span) -> Vec<&Snapshot> {
        let Some(last) = self.snapshots.last() else { return Vec::new() };
        if last.time.is_none() {
            return vec![last];
        }
        let time = |snapshot: &Snapshot| snapshot.time.unwrap_or(i64::MAX);
        let before = self.snapshots.iter().rposition(|snapshot| time(snapshot) <= span.from).unwrap_or(0);
        let after = self.snapshots.iter().position(|snapshot| time(snapshot) >= span.to);
        let after = after.unwrap_or(self.snapshots.len() - 1);
        self.snapshots[before.min(after)..=after.max(before)].iter().collect()
    }

    fn is_carried_by_one_that_keeps_client_addresses(&self, group: usize) -> bool {
        let mut states = self.snapshots.iter().flat_map(|snapshot| &snapshot.states);
        states.any(|state| {
            let kind = self.interfaces[state.interface].kind;
            state.groups.contains(&group) && matches!(kind, "network_load_balancer" | "global_accelerator_managed")
        })
    }

    pub fn is_usable_in(&self, group: usize, vpc: usize) -> bool {
        self.groups[group].vpc == vpc || self.associations.contains(&(group, vpc))
    }

    pub fn vpc_holds(&self, vpc: usize, address: IpAddr) -> bool {
        self.vpcs[vpc].blocks.iter().any(|block| block.contains(&address))
    }

    /// A rule's peer at any time, as evidence 4 asks: group members are those of any snapshot.
    pub fn ever_allows_peer(&self, rule: &Rule, address: IpAddr) -> bool {
        match &rule.peer {
            Peer::Cidr(cidr) => cidr.contains(&address),
            Peer::List(list) => match &self.lists[*list].entries {
                Some(entries) => entries.iter().any(|entry| entry.contains(&address)),
                None => true,
            },
            Peer::StaleGroup(_) => false,
            Peer::Group(group) => {
                let ever_carrying = self.interfaces_ever_with(*group);
                ever_carrying.iter().any(|interface| self.ever_owned(*interface, address))
                    || (!rule.egress && self.is_carried_by_one_that_keeps_client_addresses(*group))
            }
        }
    }

    pub fn interfaces_ever_with(&self, group: usize) -> BTreeSet<usize> {
        let states = self.snapshots.iter().flat_map(|snapshot| &snapshot.states);
        states.filter(|state| state.groups.contains(&group)).map(|state| state.interface).collect()
    }

    pub fn ever_owned(&self, interface: usize, address: IpAddr) -> bool {
        let mut states = self.snapshots.iter().filter_map(|snapshot| snapshot.state_of(interface));
        states.any(|state| state.owns(address))
    }

    pub fn last_snapshot(&self) -> &Snapshot {
        self.snapshots.last().expect("a network has a snapshot")
    }
}

impl Snapshot {
    pub fn state_of(&self, interface: usize) -> Option<&State> {
        self.states.iter().find(|state| state.interface == interface)
    }
}

/// Addresses of VPCs whose ranges are not known: RFC 1918, RFC 6598, ULA, and any IPv6 address (AWS gives public ones).
fn may_be_in_some_vpc(address: IpAddr) -> bool {
    let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::/0"];
    private.iter().any(|block| block.parse::<IpNet>().expect("a block").contains(&address))
}
