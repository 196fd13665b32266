//! What the oracle knows of a network: its snapshots and its records, as plain as they can be written down.

use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The account that everything belongs to.
pub const ACCOUNT: &str = "111122223333";

/// Snapshots, in order of time, and what was recorded. Everything in it is fully described: what becomes unknown is the
/// business of time (snapshots that differ, interfaces that none knows).
#[derive(Debug, Clone, Default)]
pub struct Network {
    pub vpcs: Vec<Vpc>,
    /// Every interface of every snapshot; a state refers to it by number.
    pub interfaces: Vec<Interface>,
    /// Every group of every snapshot.
    pub groups: Vec<Group>,
    /// Every rule of every snapshot.
    pub rules: Vec<Rule>,
    pub lists: Vec<PrefixList>,
    /// (group, VPC) pairs: the group is usable in that VPC too.
    pub associations: Vec<(usize, usize)>,
    pub snapshots: Vec<Snapshot>,
    /// Whether the inventory lists `SecurityGroupRules`, or has them in `IpPermissions` alone.
    pub rules_have_ids: bool,
    /// One, or two that tell of the same interfaces.
    pub flow_logs: Vec<LogFormat>,
    pub records: Vec<Record>,
}

#[derive(Debug, Clone)]
pub struct Vpc {
    pub id: String,
    pub blocks: Vec<IpNet>,
}

#[derive(Debug, Clone)]
pub struct Interface {
    pub id: String,
    pub vpc: usize,
    /// `InterfaceType`, as AWS writes it.
    pub kind: &'static str,
    pub requester_managed: bool,
    pub attachment: Attachment,
}

/// Since when an interface surely has its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    /// No attachment, or a service's: as long as snapshots show it.
    Always,
    /// To an instance, since then.
    Since(i64),
    /// To an instance, but the inventory does not say since when.
    SinceUnknown,
}

/// An interface in one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub interface: usize,
    /// The primary one first.
    pub addresses: Vec<IpAddr>,
    pub prefix: Option<IpNet>,
    pub groups: BTreeSet<usize>,
}

impl State {
    pub fn owns(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address) || self.prefix.is_some_and(|prefix| prefix.contains(&address))
    }
}

#[derive(Debug, Clone)]
pub struct Group {
    pub id: String,
    pub vpc: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its description, by which the report is searched for it.
    pub name: String,
    pub group: usize,
    pub egress: bool,
    /// None: all protocols.
    pub protocol: Option<u8>,
    /// Ports of TCP and UDP. ICMP: type and code.
    pub ports: Option<(u16, u16)>,
    pub peer: Peer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    Cidr(IpNet),
    List(usize),
    Group(usize),
    /// A group that no snapshot lists (deleted; AWS calls such a rule stale).
    StaleGroup(String),
}

#[derive(Debug, Clone)]
pub struct PrefixList {
    pub id: String,
    /// None: the entries were not read.
    pub entries: Option<Vec<IpNet>>,
}

#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// None: undated, and then the only one.
    pub time: Option<i64>,
    pub states: Vec<State>,
    pub groups: BTreeSet<usize>,
    pub rules: BTreeSet<usize>,
}

/// Which of the optional fields the logs have.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogFormat {
    pub ports: bool,
    pub vpc_id: bool,
    pub tcp_flags: bool,
    pub flow_direction: bool,
    pub pkt_addresses: bool,
}

/// One flow log record. What its format lacks, or could not say, is None.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Number of its flow log.
    pub flow_log: usize,
    pub account: String,
    pub vpc: Option<String>,
    pub interface: String,
    pub egress: Option<bool>,
    pub protocol: u8,
    pub src: IpAddr,
    pub dst: IpAddr,
    pub pkt_src: Option<IpAddr>,
    pub pkt_dst: Option<IpAddr>,
    /// Source and destination.
    pub ports: Option<(u16, u16)>,
    pub flags: Option<u8>,
    pub start: i64,
    pub end: i64,
    pub accepted: bool,
}

/// First and last second in which something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub to: i64,
}

pub const ICMP: u8 = 1;
pub const ICMPV6: u8 = 58;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;

impl Rule {
    fn has_ports(&self) -> bool {
        matches!(self.protocol, Some(TCP | UDP))
    }

    /// Covers every port that a system may draw for a client: nobody wrote it for one service.
    pub fn is_wide(&self) -> bool {
        match self.ports {
            Some((from, to)) if self.has_ports() => from <= 32768 && to >= 60999,
            // Protocols without ports have no client's port to be drawn.
            _ => self.protocol.is_none_or(|protocol| matches!(protocol, TCP | UDP)),
        }
    }

    /// Names a port on purpose.
    pub fn singles_out(&self, protocol: u8, port: u16) -> bool {
        let Some((from, to)) = self.ports else { return false };
        self.has_ports() && self.protocol == Some(protocol) && !self.is_wide() && from <= port && port <= to
    }

    pub fn is_for_all_ports_anywhere(&self, protocol: u8, is_v6: bool) -> bool {
        let is_for_protocol = self.protocol.is_none_or(|own| own == protocol);
        let has_all_ports = self.protocol.is_none() || self.ports.is_none_or(|ports| ports == (0, 65535));
        is_for_protocol && has_all_ports && self.is_for_anywhere(is_v6)
    }

    pub fn is_for_anywhere(&self, is_v6: bool) -> bool {
        match &self.peer {
            Peer::Cidr(cidr) => cidr.prefix_len() == 0 && cidr.addr().is_ipv6() == is_v6,
            _ => false,
        }
    }
}
