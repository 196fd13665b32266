//! Who started a flow: the evidence, strongest first, each piece looked up by going through all records or all rules again.

use crate::matching::Port;
use crate::network::{Network, Record, Span, TCP, UDP};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// FTP servers call back from this port (RFC 959, 3.2).
const FTP_DATA: u16 = 20;

/// The lowest port whose number may be dropped.
const HIGH: u16 = 32768;

/// What TCP flags say of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flags {
    /// SYN without ACK: its source called.
    Syn,
    /// SYN and ACK: its source answered.
    SynAck,
    /// SYN and ACK from a source that shows every flag, so that a caller's own ACK may be among them.
    Raw,
    /// Nothing.
    Silent,
}

impl Record {
    pub fn flags(&self) -> Flags {
        let Some(flags) = self.flags.filter(|_| self.protocol == TCP) else { return Flags::Silent };
        match (flags & 2 != 0, flags & 16 != 0) {
            (true, false) => Flags::Syn,
            (true, true) if self.has_raw_flags() => Flags::Raw,
            (true, true) => Flags::SynAck,
            (false, _) => Flags::Silent,
        }
    }

    /// AWS reports FIN, SYN, RST and SYN+ACK; other bits mean that this source writes whatever it saw.
    pub fn has_raw_flags(&self) -> bool {
        let Some(flags) = self.flags.filter(|_| self.protocol == TCP) else { return false };
        flags & (8 | 32 | 64 | 128) != 0 || flags & (2 | 16) == 16
    }

    fn has_ports(&self) -> bool {
        matches!(self.protocol, TCP | UDP)
    }
}

/// What is left of a record once the ports of clients are dropped and its like of the same hour are added up.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    pub record: &'a Record,
    pub src_port: Port,
    pub dst_port: Port,
    /// Of all its like, with the 60 s by which `start` may lag.
    pub span: Span,
}

/// One side of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Source,
    Destination,
}

/// What the evidence makes of a record, before rules are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// SYN alone.
    Opened,
    /// SYN and ACK.
    Answered,
    /// Both sides of the flow showed SYN and ACK.
    OpenedOrAnswered,
    /// A guess: its destination is the server.
    GuessedRequest,
    /// A guess: its source is the server.
    GuessedReply,
    Ambiguous,
}

/// All accepted records as they are seen, with all there is to ask.
pub struct Evidence<'a> {
    pub network: &'a Network,
    pub seen: Vec<Seen<'a>>,
    /// Interfaces of which some flow log writes raw flags.
    raw: BTreeSet<&'a str>,
}

impl<'a> Evidence<'a> {
    pub fn new(network: &'a Network) -> Self {
        let records = &network.records;
        let mut seen = Vec::new();
        for record in records.iter().filter(|record| record.accepted) {
            let (src_port, dst_port) = thinned(network, record);
            let mut span = Span { from: record.start, to: record.end };
            for other in records.iter().filter(|other| is_alike(network, record, other)) {
                span.from = span.from.min(other.start);
                span.to = span.to.max(other.end);
            }
            span.from -= 60;
            seen.push(Seen { record, src_port, dst_port, span });
        }
        let is_raw =
            |flow_log: usize| records.iter().any(|record| record.flow_log == flow_log && record.has_raw_flags());
        let raw = records.iter().filter(|record| is_raw(record.flow_log)).map(|record| record.interface.as_str());
        Evidence { network, seen, raw: raw.collect() }
    }

    pub fn role(&self, seen: &Seen) -> Role {
        match seen.record.flags() {
            Flags::Syn => return Role::Opened,
            Flags::Raw => return Role::OpenedOrAnswered,
            Flags::SynAck if self.has_raw_flags(seen) || self.is_mirrored(seen) => return Role::OpenedOrAnswered,
            Flags::SynAck => return Role::Answered,
            Flags::Silent => {}
        }
        match self.guessed_server(seen) {
            Some(Side::Destination) => Role::GuessedRequest,
            Some(Side::Source) => Role::GuessedReply,
            None => Role::Ambiguous,
        }
    }

    fn has_raw_flags(&self, seen: &Seen) -> bool {
        self.raw.contains(seen.record.interface.as_str())
    }

    /// The same interface saw SYN and ACK the other way too, by flow logs that alike tell its VPC or do not. High ports are
    /// all alike; without ports nobody knows.
    fn is_mirrored(&self, seen: &Seen) -> bool {
        let record = seen.record;
        let alike = |one: u16, other: u16| one == other || (one >= HIGH && other >= HIGH);
        let Some((src_port, dst_port)) = record.ports else { return true };
        self.seen.iter().map(|other| other.record).any(|other| {
            let is_other_way = other.ports.is_some_and(|(src, dst)| alike(src, dst_port) && alike(dst, src_port));
            is_other_way
                && matches!(other.flags(), Flags::SynAck | Flags::Raw)
                && (&other.interface, &other.vpc) == (&record.interface, &record.vpc)
                && (other.src, other.dst) == (record.dst, record.src)
        })
    }

    fn guessed_server(&self, seen: &Seen) -> Option<Side> {
        self.guessed_by_itself(seen).or_else(|| self.by_fan_in(seen))
    }

    /// All guesses but the last, which is about what these leave.
    fn guessed_by_itself(&self, seen: &Seen) -> Option<Side> {
        if !seen.record.has_ports() {
            return None;
        }
        if let Some(side) = self.by_services(seen).or_else(|| self.by_named_ports(seen)) {
            return Some(side);
        }
        if self.is_name_doubtful(seen) { None } else { self.by_port_numbers(seen) }
    }

    // ---- evidence 3

    fn by_services(&self, seen: &Seen) -> Option<Side> {
        let Seen { record, src_port, dst_port, .. } = *seen;
        only_one(
            self.is_service((record.src, src_port), (record.dst, dst_port), record.protocol),
            self.is_service((record.dst, dst_port), (record.src, src_port), record.protocol),
        )
    }

    /// Flags elsewhere show this side as a server.
    fn is_service(&self, side: (IpAddr, Port), other: (IpAddr, Port), protocol: u8) -> bool {
        self.seen.iter().filter(|elsewhere| elsewhere.record.protocol == protocol).any(|elsewhere| {
            let record = elsewhere.record;
            let src = (record.src, elsewhere.src_port);
            let dst = (record.dst, elsewhere.dst_port);
            let (client, server) = match self.role_by_flags(elsewhere) {
                Some(Role::Opened) => (src, dst),
                Some(Role::Answered) => (dst, src),
                _ => return false,
            };
            match side.1 {
                Port::Known(_) => server == side,
                // Its number is gone, but the other end's is not: it called this address from there.
                Port::Missing => false,
                Port::High => server.0 == side.0 && client == other && matches!(other.1, Port::Known(_)),
            }
        })
    }

    fn role_by_flags(&self, seen: &Seen) -> Option<Role> {
        (seen.record.flags() != Flags::Silent).then(|| self.role(seen))
    }

    // ---- evidence 4

    fn by_named_ports(&self, seen: &Seen) -> Option<Side> {
        let Seen { record, src_port, dst_port, .. } = *seen;
        if self.is_name_doubtful(seen) {
            return None;
        }
        let is_server = |side: (IpAddr, Port), other: (IpAddr, Port)| {
            // NFS, rsh and LPR clients call from 512-1023, whatever rules name there.
            let may_be_client = (512..1024).contains(&lowest(side.1)) && lowest(other.1) >= 1024;
            self.is_named_for(record.protocol, side, other.0)
                && !self.is_named(record.protocol, other.1)
                && !may_be_client
        };
        let (src, dst) = ((record.src, src_port), (record.dst, dst_port));
        only_one(is_server(src, dst), is_server(dst, src))
    }

    /// The only named port is a high one and the other is not: a client may have drawn it by chance.
    fn is_name_doubtful(&self, seen: &Seen) -> bool {
        let is_doubtful = |name: Port, other: Port| {
            let is_alone = self.is_named(seen.record.protocol, name) && !self.is_named(seen.record.protocol, other);
            is_alone && lowest(name) >= HIGH && lowest(other) < HIGH
        };
        is_doubtful(seen.src_port, seen.dst_port) || is_doubtful(seen.dst_port, seen.src_port)
    }

    /// Some rule singles this port out.
    fn is_named(&self, protocol: u8, port: Port) -> bool {
        let Port::Known(port) = port else { return false };
        self.network.rules.iter().any(|rule| rule.singles_out(protocol, port))
    }

    /// Some rule singles this side's port out, and lets the other side in to it or out to it.
    fn is_named_for(&self, protocol: u8, side: (IpAddr, Port), other: IpAddr) -> bool {
        let Port::Known(port) = side.1 else { return false };
        self.network.rules.iter().filter(|rule| rule.singles_out(protocol, port)).any(|rule| {
            let (own, peer) = if rule.egress { (other, side.0) } else { (side.0, other) };
            let interfaces = self.network.interfaces_ever_with(rule.group);
            interfaces.iter().any(|interface| self.network.ever_owned(*interface, own))
                && self.network.ever_allows_peer(rule, peer)
        })
    }

    // ---- evidence 5

    fn by_port_numbers(&self, seen: &Seen) -> Option<Side> {
        let (src_port, dst_port) = (lowest(seen.src_port), lowest(seen.dst_port));
        let (low, high, side, address) = if src_port < dst_port {
            (src_port, dst_port, Side::Source, seen.record.src)
        } else {
            (dst_port, src_port, Side::Destination, seen.record.dst)
        };
        let has_no_ports = low == 0 || seen.src_port == Port::Missing;
        if has_no_ports || low == FTP_DATA {
            return None;
        }
        let is_well_known = low < 512 && high >= 1024;
        let is_plain = low < HIGH && high >= HIGH && (self.is_public(address) || self.is_plain(address, seen.span));
        (is_well_known || is_plain).then_some(side)
    }

    fn is_public(&self, address: IpAddr) -> bool {
        let not_routed = [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "224.0.0.0/4",
            "::1/128",
            "fe80::/10",
            "ff00::/8",
            "fc00::/7",
        ];
        !not_routed.iter().any(|block| block.parse::<IpNet>().expect("a block").contains(&address))
            && !(0..self.network.vpcs.len()).any(|vpc| self.network.vpc_holds(vpc, address))
    }

    /// An instance's or a task's interface, as far as anybody can tell: not one of a load balancer, NAT gateway or Lambda.
    fn is_plain(&self, address: IpAddr, span: Span) -> bool {
        let mut is_surely_owned = false;
        let mut owners = BTreeSet::new();
        for vpc in 0..self.network.vpcs.len() {
            let candidates = self.network.owners(vpc, address, span);
            is_surely_owned |= !candidates.contains(&None);
            owners.extend(candidates.into_iter().flatten());
        }
        is_surely_owned
            && owners.iter().all(|owner| {
                let interface = &self.network.interfaces[*owner];
                interface.kind == "interface" && !interface.requester_managed
            })
    }

    // ---- evidence 6

    fn by_fan_in(&self, seen: &Seen) -> Option<Side> {
        let (record, Port::Known(src_port), Port::Known(dst_port)) = (seen.record, seen.src_port, seen.dst_port) else {
            return None;
        };
        if !record.has_ports() {
            return None;
        }
        let pairs = self.port_pairs(record.src, record.dst, record.protocol);
        let swapped = pairs.iter().map(|(src, dst)| (*dst, *src)).collect();
        only_one(has_fan_in(&pairs, src_port, dst_port), has_fan_in(&swapped, dst_port, src_port))
    }

    /// Every (port of `one`, port of `other`) that met, whoever sent the record.
    fn port_pairs(&self, one: IpAddr, other: IpAddr, protocol: u8) -> BTreeSet<(u16, u16)> {
        let mut pairs = BTreeSet::new();
        for seen in self.seen.iter().filter(|seen| seen.record.protocol == protocol) {
            let (Port::Known(src), Port::Known(dst)) = (seen.src_port, seen.dst_port) else { continue };
            let ends = (seen.record.src, seen.record.dst);
            let is_between = ends == (one, other) || ends == (other, one);
            if !is_between || !self.network.is_ours(seen.record) {
                continue;
            }
            pairs.insert(if ends == (one, other) { (src, dst) } else { (dst, src) });
        }
        pairs
    }
}

/// Whether the server's port met at least eight ports of clients that met no other port of the server, this one among them.
fn has_fan_in(pairs: &BTreeSet<(u16, u16)>, server: u16, client: u16) -> bool {
    let is_faithful = |client: u16| pairs.iter().filter(|pair| pair.1 == client).all(|pair| pair.0 == server);
    let crowd = pairs.iter().filter(|pair| pair.0 == server && is_faithful(pair.1)).count();
    crowd >= 8 && is_faithful(client) && server != FTP_DATA
}

/// The port, or the lowest that it may be.
fn lowest(port: Port) -> u16 {
    match port {
        Port::Known(port) => port,
        Port::High | Port::Missing => HIGH,
    }
}

fn only_one(source: bool, destination: bool) -> Option<Side> {
    match (source, destination) {
        (true, false) => Some(Side::Source),
        (false, true) => Some(Side::Destination),
        _ => None,
    }
}

/// The ports without those of clients: the caller's, where flags tell who called, or the only high one. A port that some
/// rule singles out stays.
fn thinned(network: &Network, record: &Record) -> (Port, Port) {
    let Some((src, dst)) = record.ports else { return (Port::Missing, Port::Missing) };
    let is_named =
        |port: u16| network.rules.iter().any(|rule| rule.singles_out(TCP, port) || rule.singles_out(UDP, port));
    let thin = |port: u16, is_clients: bool| {
        if is_clients && port >= HIGH && !is_named(port) { Port::High } else { Port::Known(port) }
    };
    let (is_src_clients, is_dst_clients) = match record.flags() {
        Flags::Syn => (true, false),
        Flags::SynAck => (false, true),
        Flags::Raw | Flags::Silent => (dst < HIGH, src < HIGH),
    };
    (thin(src, is_src_clients), thin(dst, is_dst_clients))
}

/// Whether two records are added up: all that is kept of them is equal.
fn is_alike(network: &Network, one: &Record, other: &Record) -> bool {
    let kept = |record: &Record| {
        let hour = record.start / 3600;
        let bare = Record { start: hour, end: 0, flags: None, ports: None, flow_log: 0, ..record.clone() };
        let has_flags = record.protocol == TCP && record.flags.is_some();
        (bare, has_flags, record.flags(), thinned(network, record))
    };
    kept(one) == kept(other)
}
