//! The simulated network as it truly is: interfaces through time, security groups, rules, and what a rule allows.
//!
//! Everything here is the truth, not what an inventory or a log shows of it. Indexes into the vectors of [`Network`]
//! are plain `usize` aliases: a simulation never removes anything.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

pub(crate) type InterfaceIx = usize;
pub(crate) type GroupIx = usize;
pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;

pub(crate) struct Vpc {
    pub id: String,
    pub v4: IpNet,
    pub v6: IpNet,
}

pub(crate) struct Subnet {
    pub id: String,
    pub vpc: usize,
    pub v4: IpNet,
    pub zone: &'static str,
    /// Addresses handed out so far, so that no two interfaces get the same one by chance.
    pub used: u8,
    /// The flow log that its interfaces report to.
    pub flow_log: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Plain,
    LoadBalancer,
    NetworkLoadBalancer,
    NatGateway,
    Lambda,
    Efa,
}

/// How much of its traffic an interface's flow log shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hole {
    /// Nothing at all was delivered for these windows.
    Missing,
    /// One SKIPDATA record stands for each of these windows.
    Skipped,
}

pub(crate) struct Interface {
    pub id: String,
    pub name: String,
    pub subnet: usize,
    pub kind: Kind,
    pub owner: String,
    /// Account as flow log records show it (`unknown` for some interfaces that AWS services made).
    pub log_account: String,
    pub primary: Ipv4Addr,
    pub secondary: Vec<Ipv4Addr>,
    pub prefix: Option<IpNet>,
    pub v6: Option<Ipv6Addr>,
    pub public: Option<Ipv4Addr>,
    pub instance: Option<String>,
    /// `AttachTime` as the inventory shows it; none where a service made the interface.
    pub attached: Option<i64>,
    /// Alive in `born..gone`, epoch seconds.
    pub born: i64,
    pub gone: i64,
    /// Group sets and since when, ascending; the first counts from the beginning of time.
    pub groups: Vec<(i64, Vec<GroupIx>)>,
    /// Is it in the inventory (if undated)?
    pub listed: bool,
    pub flow_log: usize,
    /// Offset of its capture windows against the clock's grid, seconds.
    pub phase: i64,
    /// `from..to`, epoch seconds.
    pub holes: Vec<(i64, i64, Hole)>,
}

impl Interface {
    pub fn groups_at(&self, at: i64) -> &[GroupIx] {
        let mut current: &[GroupIx] = &[];
        for (position, (since, groups)) in self.groups.iter().enumerate() {
            if position == 0 || *since <= at {
                current = groups;
            }
        }
        current
    }

    pub fn ever_carries(&self, group: GroupIx) -> bool {
        self.groups.iter().any(|(_, groups)| groups.contains(&group))
    }

    pub fn alive_at(&self, at: i64) -> bool {
        self.born <= at && at < self.gone
    }

    pub fn owns(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => {
                self.primary == v4
                    || self.secondary.contains(&v4)
                    || self.prefix.is_some_and(|prefix| prefix.contains(&address))
            }
            IpAddr::V6(v6) => self.v6 == Some(v6),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    Ingress,
    Egress,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Peer {
    Cidr(IpNet),
    PrefixList(usize),
    Group(GroupIx),
    /// A group of another account, whose interfaces nobody sees.
    Foreign {
        group_id: String,
        account: String,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub id: String,
    pub direction: Direction,
    /// None: all protocols.
    pub protocol: Option<u8>,
    /// TCP and UDP only; None: all ports.
    pub ports: Option<(u16, u16)>,
    /// ICMP type; None: all.
    pub icmp_type: Option<u8>,
    pub peer: Peer,
    pub description: String,
    /// When it was added, epoch seconds; `i64::MIN` for ever.
    pub since: i64,
}

impl Rule {
    pub fn same_content(&self, other: &Rule) -> bool {
        self.direction == other.direction
            && self.protocol == other.protocol
            && self.ports == other.ports
            && self.icmp_type == other.icmp_type
            && self.peer == other.peer
    }

    pub fn covers_protocol(&self, protocol: u8) -> bool {
        self.protocol.is_none_or(|own| own == protocol)
    }

    /// Protocol and port only; ports count for TCP and UDP alone.
    pub fn covers(&self, protocol: u8, port: u16) -> bool {
        if !self.covers_protocol(protocol) {
            return false;
        }
        if protocol != TCP && protocol != UDP {
            return true;
        }
        self.ports.is_none_or(|(from, to)| from <= port && port <= to)
    }

    /// Does it cover the whole ephemeral range, 32768 to 60999?
    pub fn covers_ephemeral(&self) -> bool {
        self.ports.is_none_or(|(from, to)| from <= 32_768 && to >= 60_999)
    }

    /// Was it written for this very port?
    pub fn singles_out(&self, protocol: u8, port: u16) -> bool {
        self.protocol == Some(protocol)
            && (protocol == TCP || protocol == UDP)
            && self.ports.is_some()
            && !self.covers_ephemeral()
            && self.covers(protocol, port)
    }
}

pub(crate) struct Group {
    pub id: String,
    pub name: String,
    pub description: String,
    pub vpc: usize,
    pub rules: Vec<Rule>,
}

pub(crate) struct PrefixList {
    pub id: String,
    pub name: String,
    pub owner: String,
    pub entries: Vec<IpNet>,
    /// Without its entries in the inventory nobody can tell what it allows.
    pub listed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LogTraffic {
    All,
    Reject,
}

pub(crate) struct FlowLog {
    pub id: String,
    pub resource: String,
    pub traffic: LogTraffic,
}

/// The whole network and the window in which it is watched.
pub(crate) struct Network {
    pub account: String,
    pub region: &'static str,
    pub start: i64,
    pub end: i64,
    pub interval: i64,
    pub vpcs: Vec<Vpc>,
    pub subnets: Vec<Subnet>,
    pub interfaces: Vec<Interface>,
    pub groups: Vec<Group>,
    pub prefix_lists: Vec<PrefixList>,
    pub flow_logs: Vec<FlowLog>,
    /// When dated snapshots were taken, ascending; empty: one undated inventory.
    pub snapshots: Vec<i64>,
    /// Is `describe-flow-logs` part of the inventory?
    pub flow_logs_listed: bool,
    /// `TrafficMirrorTargets` (always empty) is part of the inventory.
    pub mirror_targets_listed: bool,
    /// Records show a flow up to this many seconds late.
    pub lag: i64,
    /// Days of observation below which a verdict of "unused" is not expected.
    pub least_days: i64,
    /// A NODATA record ends this many seconds before the next window begins.
    pub tail: i64,
}

/// The other end of a flow as one interface's rules judge it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged {
    pub address: IpAddr,
    /// Our interface behind that address, if it is one.
    pub interface: Option<InterfaceIx>,
    /// The Network Load Balancer that passed the flow on: its groups count as the peer's too.
    pub via: Option<InterfaceIx>,
}

impl Network {
    pub fn vpc_of(&self, interface: InterfaceIx) -> usize {
        self.subnets[self.interfaces[interface].subnet].vpc
    }

    /// Does the rule's peer include this other end at that time? Plain truth, no doubt.
    pub fn peer_matches(&self, rule: &Rule, judged: Judged, at: i64) -> bool {
        match &rule.peer {
            Peer::Cidr(net) => net.contains(&judged.address),
            Peer::PrefixList(list) => self.prefix_lists[*list].entries.iter().any(|net| net.contains(&judged.address)),
            Peer::Group(group) => [judged.interface, judged.via]
                .into_iter()
                .flatten()
                .any(|owner| self.interfaces[owner].groups_at(at).contains(group)),
            Peer::Foreign { .. } => false,
        }
    }

    /// Rules of the groups that the interface carried then, whether or not they existed yet.
    pub fn rules_on(&self, interface: InterfaceIx, at: i64) -> impl Iterator<Item = (GroupIx, &Rule)> {
        self.interfaces[interface]
            .groups_at(at)
            .iter()
            .flat_map(|group| self.groups[*group].rules.iter().map(move |rule| (*group, rule)))
    }

    /// Interfaces on which AWS keeps security groups at all.
    pub fn is_filtered(&self, interface: InterfaceIx) -> bool {
        let interface = &self.interfaces[interface];
        interface.kind != Kind::NatGateway && interface.groups.iter().any(|(_, groups)| !groups.is_empty())
    }
}

/// An IPv4 address of a network by its host number.
pub(crate) fn host_address(net: IpNet, host: u32) -> Ipv4Addr {
    match net.network() {
        IpAddr::V4(base) => Ipv4Addr::from(u32::from(base).wrapping_add(host)),
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    }
}

/// The one-address network of an address.
pub(crate) fn single(address: IpAddr) -> IpNet {
    IpNet::from(address)
}
