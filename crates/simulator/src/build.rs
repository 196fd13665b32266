//! Building a network and its traffic piece by piece: what every trap and scenario is written with.
//!
//! ```text
//! let db = builder.host("db", subnet, vec![group]);
//! builder.permit(app.into(), db.into(), TCP, (5432, 5432), start);      // the rules both sides need
//! builder.call(Call::tcp(app.into(), db.into(), port, 5432, at));       // and one connection through them
//! ```

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

pub(crate) use crate::calls::{Call, Dialer, Who};
use crate::columns::Layout;
use crate::network::*;
use crate::options::Options;
use crate::traffic::Flow;

pub(crate) struct Builder {
    pub rng: StdRng,
    pub network: Network,
    pub flows: Vec<Flow>,
    /// Names of the traps that this simulation holds.
    pub traps: BTreeSet<&'static str>,
    pub aligned: bool,
    /// Do the records show packet-level addresses? Without them a record shows what the rules judged.
    pub shows_packet_addresses: bool,
}

impl Builder {
    pub fn new(options: &Options, layout: &Layout) -> Builder {
        let mut rng = StdRng::seed_from_u64(options.seed);
        let aligned = rng.random_bool(0.5);
        let account = format!("{:012}", 100_000_000_000u64 + rng.random_range(0..800_000_000_000u64));
        let network = Network {
            account,
            region: "eu-west-1",
            start: options.start,
            end: options.end(),
            interval: i64::from(options.interval),
            vpcs: Vec::new(),
            subnets: Vec::new(),
            interfaces: Vec::new(),
            groups: Vec::new(),
            prefix_lists: Vec::new(),
            flow_logs: Vec::new(),
            snapshots: Vec::new(),
            flow_logs_listed: true,
            mirror_targets_listed: false,
            lag: 0,
            least_days: 31,
            tail: 1,
        };
        Builder {
            rng,
            network,
            flows: Vec::new(),
            traps: BTreeSet::new(),
            aligned,
            shows_packet_addresses: layout.has_packet_addresses(),
        }
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        self.rng.random_range(from..=to.max(from))
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.rng.random_range(0..from.len())])
    }

    /// An AWS resource id: seventeen hexadecimal digits.
    pub fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{:016x}", self.rng.random::<u64>())
    }

    pub fn vpc(&mut self, second_octet: u8) -> usize {
        let v4 = Ipv4Net::new_assert(Ipv4Addr::new(10, second_octet, 0, 0), 16);
        let v6 = Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, u16::from(second_octet), 0, 0, 0, 0, 0), 56);
        let id = self.id("vpc");
        self.network.vpcs.push(Vpc { id, v4: IpNet::V4(v4), v6: IpNet::V6(v6) });
        self.network.vpcs.len() - 1
    }

    /// A /24 whose interfaces report to the first flow log unless told otherwise.
    pub fn subnet(&mut self, vpc: usize, third_octet: u8) -> usize {
        let base = host_address(self.network.vpcs[vpc].v4, u32::from(third_octet) << 8);
        let id = self.id("subnet");
        self.network.subnets.push(Subnet {
            id,
            vpc,
            v4: IpNet::V4(Ipv4Net::new_assert(base, 24)),
            zone: "eu-west-1a",
            used: 3,
            flow_log: 0,
        });
        self.network.subnets.len() - 1
    }

    pub fn flow_log(&mut self, resource: String, traffic: LogTraffic) -> usize {
        let id = self.id("fl");
        self.network.flow_logs.push(FlowLog { id, resource, traffic });
        self.network.flow_logs.len() - 1
    }

    pub fn group(&mut self, name: &str, vpc: usize) -> GroupIx {
        let id = self.id("sg");
        self.network.groups.push(Group {
            id,
            name: name.to_owned(),
            description: format!("{name} security group"),
            vpc,
            rules: Vec::new(),
        });
        self.network.groups.len() - 1
    }

    pub fn next_address(&mut self, subnet: usize) -> Ipv4Addr {
        let step = u8::try_from(self.between(1, 7)).unwrap_or(1);
        let subnet = &mut self.network.subnets[subnet];
        subnet.used = subnet.used.saturating_add(step).min(254);
        host_address(subnet.v4, u32::from(subnet.used))
    }

    /// A plain instance interface that lives through the whole window.
    pub fn host(&mut self, name: &str, subnet: usize, groups: Vec<GroupIx>) -> InterfaceIx {
        let primary = self.next_address(subnet);
        self.interface(name, subnet, groups, Kind::Plain, primary)
    }

    pub fn interface(
        &mut self,
        name: &str,
        subnet: usize,
        groups: Vec<GroupIx>,
        kind: Kind,
        primary: Ipv4Addr,
    ) -> InterfaceIx {
        let id = self.id("eni");
        let instance = matches!(kind, Kind::Plain | Kind::Efa).then(|| self.id("i"));
        let age = self.between(40, 400) * 86_400;
        let attached = instance.is_some().then_some(self.network.start - age);
        let aligned = self.aligned;
        let grid = self.network.interval;
        let phase = if aligned { 0 } else { self.between(0, grid - 1) };
        let account = self.network.account.clone();
        let flow_log = self.network.subnets[subnet].flow_log;
        self.network.interfaces.push(Interface {
            id,
            name: name.to_owned(),
            subnet,
            kind,
            owner: account.clone(),
            log_account: account,
            primary,
            secondary: Vec::new(),
            prefix: None,
            v6: None,
            public: None,
            instance,
            attached,
            born: i64::MIN,
            gone: i64::MAX,
            groups: vec![(i64::MIN, groups)],
            listed: true,
            flow_log,
            phase,
            holes: Vec::new(),
        });
        self.network.interfaces.len() - 1
    }

    /// Adds a rule; a rule of equal content is AWS's "duplicate" and is not added again.
    pub fn rule(
        &mut self,
        group: GroupIx,
        direction: Direction,
        protocol: Option<u8>,
        ports: Option<(u16, u16)>,
        peer: Peer,
        description: &str,
    ) -> usize {
        let id = self.id("sgr");
        let rule = Rule {
            id,
            direction,
            protocol,
            ports,
            icmp_type: None,
            peer,
            description: description.to_owned(),
            since: i64::MIN,
        };
        let rules = &mut self.network.groups[group].rules;
        if let Some(position) = rules.iter().position(|existing| existing.same_content(&rule)) {
            return position;
        }
        rules.push(rule);
        rules.len() - 1
    }

    pub fn egress_all(&mut self, group: GroupIx) {
        self.rule(group, Direction::Egress, None, None, anywhere(), "default egress");
    }

    /// Random moments of the window, ascending, an hour away from its ends.
    pub fn moments(&mut self, count: i64) -> Vec<i64> {
        let (from, to) = (self.network.start + 3_600, self.network.end - 3_600);
        self.moments_between(count, from, to)
    }

    pub fn moments_between(&mut self, count: i64, from: i64, to: i64) -> Vec<i64> {
        let mut moments: Vec<i64> = (0..count).map(|_| self.between(from, to)).collect();
        moments.sort_unstable();
        moments
    }

    /// Somebody on the internet, from the ranges that are reserved for documentation.
    pub fn stranger(&mut self) -> Ipv4Addr {
        let net = [[203, 0, 113], [198, 51, 100], [192, 0, 2]][self.rng.random_range(0..3usize)];
        Ipv4Addr::new(net[0], net[1], net[2], self.rng.random_range(1..=254))
    }
}

pub(crate) fn anywhere() -> Peer {
    Peer::Cidr(IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0)))
}

pub(crate) fn anywhere_v6() -> Peer {
    Peer::Cidr(IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0)))
}

/// A network from text that is written in this crate; a typing mistake becomes an unusable 0.0.0.0/32.
pub(crate) fn net(text: &str) -> IpNet {
    text.parse().unwrap_or_else(|_| single(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}
