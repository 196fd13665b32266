//! Calls: connections to be made, and the rules that let them pass.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use rand::RngExt as _;

use crate::build::{Builder, anywhere, anywhere_v6};
use crate::network::*;
use crate::traffic::{Answer, Flow, View};

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    /// One of our interfaces at its primary address.
    Host(InterfaceIx),
    /// One of our interfaces at another of its addresses.
    At(InterfaceIx, IpAddr),
    /// Somebody else.
    Outside(IpAddr),
}

/// A connection to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub from: Who,
    pub to: Who,
    pub protocol: u8,
    pub source_port: u16,
    pub target_port: u16,
    pub at: i64,
    pub seconds: i64,
    pub pulse: i64,
    pub answer: Answer,
    pub must_pass: bool,
}

impl Call {
    pub fn new(from: Who, to: Who, protocol: u8, source_port: u16, target_port: u16, at: i64) -> Call {
        Call {
            from,
            to,
            protocol,
            source_port,
            target_port,
            at,
            seconds: 2,
            pulse: 20,
            answer: Answer::Full,
            must_pass: true,
        }
    }

    pub fn tcp(from: Who, to: Who, source_port: u16, target_port: u16, at: i64) -> Call {
        Call::new(from, to, TCP, source_port, target_port, at)
    }

    pub fn lasting(self, seconds: i64, pulse: i64) -> Call {
        Call { seconds, pulse, ..self }
    }

    pub fn answered(self, answer: Answer) -> Call {
        Call { answer, ..self }
    }

    pub fn whatever_the_rules(self) -> Call {
        Call { must_pass: false, ..self }
    }
}

/// Where client ports come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialer {
    /// 32768 to 60999.
    Linux,
    /// 49152 to 65535.
    Windows,
    /// 1024 to 65535: load balancers, NAT gateways, public clients behind NAT.
    Any,
}

impl Builder {
    pub fn address_of(&self, who: Who) -> IpAddr {
        match who {
            Who::Host(interface) => IpAddr::V4(self.network.interfaces[interface].primary),
            Who::At(_, address) | Who::Outside(address) => address,
        }
    }

    /// How both ends of a connection are seen from one of them.
    fn view(&self, own: Who, other: Who, direction: Direction) -> Option<View> {
        let (Who::Host(interface) | Who::At(interface, _)) = own else {
            return None;
        };
        let actual = self.address_of(own);
        let primary = IpAddr::V4(self.network.interfaces[interface].primary);
        // AWS shows the primary private IPv4 address in srcaddr/dstaddr whatever address of the interface was used.
        let local = if actual.is_ipv4() { primary } else { actual };
        let peer = self.address_of(other);
        let behind = match other {
            Who::Host(peer_interface) | Who::At(peer_interface, _) => Some(peer_interface),
            Who::Outside(_) => None,
        };
        Some(View {
            interface,
            direction,
            local,
            peer,
            pkt_local: (local != actual).then_some(actual),
            pkt_peer: None,
            judged: Judged { address: peer, interface: behind, via: None },
        })
    }

    pub fn flow_of(&self, call: &Call) -> Flow {
        let views =
            [self.view(call.from, call.to, Direction::Egress), self.view(call.to, call.from, Direction::Ingress)];
        Flow {
            protocol: call.protocol,
            source_port: call.source_port,
            target_port: call.target_port,
            start: call.at,
            end: call.at + if call.answer == Answer::Reset { 0 } else { call.seconds.max(0) },
            pulse: call.pulse,
            answer: call.answer,
            size: 60 + u32::from(call.source_port) % 300,
            must_pass: call.must_pass,
            unlogged: false,
            views: views.into_iter().flatten().collect(),
        }
    }

    /// Makes a connection; returns its number.
    pub fn call(&mut self, call: Call) -> usize {
        let flow = self.flow_of(&call);
        self.flows.push(flow);
        self.flows.len() - 1
    }

    pub fn client_port(&mut self, dialer: Dialer) -> u16 {
        match dialer {
            Dialer::Linux => self.rng.random_range(32_768..=60_999),
            Dialer::Windows => self.rng.random_range(49_152..=65_535),
            Dialer::Any => self.rng.random_range(1_024..=65_535),
        }
    }

    /// A believable peer for a rule that has to let `other` in or be let out to it.
    fn peer_for(&mut self, other: Who, at: i64) -> Peer {
        let address = self.address_of(other);
        let style = self.between(0, 99);
        if let Who::Host(interface) | Who::At(interface, _) = other {
            let groups = self.network.interfaces[interface].groups_at(at).to_vec();
            if style < 40
                && let Some(group) = self.pick(&groups)
            {
                return Peer::Group(group);
            }
            if address.is_ipv6() || style < 55 {
                return Peer::Cidr(single(address));
            }
            let subnet = &self.network.subnets[self.network.interfaces[interface].subnet];
            return Peer::Cidr(if style < 80 { subnet.v4 } else { self.network.vpcs[subnet.vpc].v4 });
        }
        match address {
            IpAddr::V4(v4) => match style {
                0..35 => Peer::Cidr(single(address)),
                35..75 => Peer::Cidr(IpNet::V4(Ipv4Net::new_assert(v4, 24).trunc())),
                _ => anywhere(),
            },
            IpAddr::V6(v6) if style < 50 => Peer::Cidr(IpNet::V6(Ipv6Net::new_assert(v6, 64).trunc())),
            IpAddr::V6(_) => anywhere_v6(),
        }
    }

    /// Makes sure that the opener's egress rules and the other side's ingress rules let this through at that time.
    pub fn permit(&mut self, from: Who, to: Who, protocol: u8, ports: (u16, u16), at: i64) {
        let mut call = Call::new(from, to, protocol, 40_000, ports.0, at);
        call.seconds = 0;
        for view in self.flow_of(&call).views {
            let other = if view.direction == Direction::Egress { to } else { from };
            self.permit_view(&view, other, protocol, ports, at);
        }
    }

    /// Only the opener's half of [`Builder::permit`]: whether the other side lets it in is its own affair.
    pub fn permit_sender(&mut self, from: Who, to: Who, port: u16, at: i64) {
        if let Some(view) = self.view(from, to, Direction::Egress) {
            self.permit_view(&view, to, TCP, (port, port), at);
        }
    }

    fn permit_view(&mut self, view: &View, other: Who, protocol: u8, ports: (u16, u16), at: i64) {
        let groups = self.network.interfaces[view.interface].groups_at(at).to_vec();
        let ported = protocol == TCP || protocol == UDP;
        // A server has a rule for its very port even where a wide one would do; see `decoys::open_inside` for others.
        let named = view.direction == Direction::Ingress && ported;
        let already = self.network.rules_on(view.interface, at).any(|(_, rule)| {
            let wide = rule.covers_ephemeral() && ports.1 < 61_000;
            rule.direction == view.direction
                && !(named && wide)
                && rule.since <= at
                && rule.icmp_type.is_none()
                && rule.covers(protocol, ports.0)
                && rule.covers(protocol, ports.1)
                && self.network.peer_matches(rule, view.judged, at)
        });
        let Some(group) = groups.first().copied() else { return };
        if already {
            return;
        }
        let peer = self.peer_for(other, at);
        self.rule(group, view.direction, Some(protocol), ported.then_some(ports), peer, "");
    }
}
