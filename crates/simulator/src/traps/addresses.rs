//! Traps of addresses: which address a record shows, and who is behind it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use crate::build::{Builder, Call, Dialer, Who, anywhere_v6};
use crate::network::{Direction, InterfaceIx, Peer, TCP, host_address};

use super::Cast;

/// A host serves or calls on a secondary private address. Its own records always show its primary address in
/// `srcaddr`/`dstaddr`; the other side's records show the secondary one.
pub(super) fn secondary_address(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let with_secondary = if b.chance(0.5) { client } else { server };
    let address = b.next_address(b.network.interfaces[with_secondary].subnet);
    b.network.interfaces[with_secondary].secondary.push(address);
    let second = Who::At(with_secondary, IpAddr::V4(address));
    let port = cast.fresh_port(b);
    let count = b.between(2, 25);
    if with_secondary == client {
        super::regular(b, second, Who::Host(server), port, count, Dialer::Linux);
    } else {
        super::regular(b, Who::Host(client), second, port, count, Dialer::Linux);
    }
}

/// Pods have addresses of a prefix delegated to their node's interface: the node's records show the node's address and,
/// packet-level, the pod's; the pod carries the node's groups.
pub(super) fn pods(b: &mut Builder, cast: &mut Cast) {
    let (node, server) = cast.pair(b);
    if b.network.interfaces[node].prefix.is_some() {
        return;
    }
    let subnet = b.network.subnets[b.network.interfaces[node].subnet].v4;
    // Delegated prefixes are /28; the upper end of the subnet is not handed out to single addresses.
    let sixteenth = 15 - b.network.interfaces.iter().filter(|other| other.prefix.is_some()).count() as u32;
    let base = host_address(subnet, sixteenth * 16);
    b.network.interfaces[node].prefix = Some(IpNet::V4(Ipv4Net::new_assert(base, 28)));
    let port = cast.fresh_port(b);
    for _ in 0..b.between(1, 3) {
        let pod = Who::At(node, IpAddr::V4(Ipv4Addr::from(u32::from(base) + b.between(1, 14) as u32)));
        let count = b.between(2, 12);
        if b.chance(0.7) {
            super::regular(b, pod, Who::Host(server), port, count, Dialer::Linux);
        } else {
            super::regular(b, Who::Host(server), pod, port, count, Dialer::Linux);
        }
    }
}

fn give_v6(b: &mut Builder, interface: InterfaceIx) -> Ipv6Addr {
    if let Some(v6) = b.network.interfaces[interface].v6 {
        return v6;
    }
    let vpc = b.network.vpc_of(interface);
    let IpAddr::V6(base) = b.network.vpcs[vpc].v6.network() else {
        return Ipv6Addr::UNSPECIFIED;
    };
    let v6 =
        Ipv6Addr::from(u128::from(base) + (u128::from(u32::from(b.network.interfaces[interface].primary)) & 0xffff));
    b.network.interfaces[interface].v6 = Some(v6);
    v6
}

/// Dual-stack hosts: IPv4 rules do not speak for IPv6, and an interface has records of both families.
pub(super) fn dual_stack(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let (client_v6, server_v6) = (give_v6(b, client), give_v6(b, server));
    let port = cast.fresh_port(b);
    let count = b.between(2, 30);
    let to = Who::At(server, IpAddr::V6(server_v6));
    super::regular(b, Who::At(client, IpAddr::V6(client_v6)), to, port, count, Dialer::Linux);
    if b.chance(0.5) {
        let group = b.network.interfaces[server].groups[0].1[0];
        b.rule(group, Direction::Ingress, Some(TCP), Some((443, 443)), anywhere_v6(), "public over IPv6");
        for at in b.moments(8) {
            let public = Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, b.between(1, 60_000) as u16);
            let source_port = b.client_port(Dialer::Linux);
            b.call(Call::tcp(Who::Outside(IpAddr::V6(public)), to, source_port, 443, at));
        }
    }
}

/// A group reference works across a VPC peering: the peer's address lies outside of the group's own VPC.
pub(super) fn peered_vpc(b: &mut Builder, cast: &mut Cast) {
    let vpc = b.network.subnets[cast.peered].vpc;
    let group = b.group("partner", vpc);
    b.egress_all(group);
    let partner = b.host("partner", cast.peered, vec![group]);
    let (server, _) = cast.pair(b);
    let port = cast.fresh_port(b);
    let server_group = b.network.interfaces[server].groups[0].1[0];
    b.rule(server_group, Direction::Ingress, Some(TCP), Some((port, port)), Peer::Group(group), "from the partner VPC");
    let count = b.between(1, 25);
    super::regular(b, Who::Host(partner), Who::Host(server), port, count, Dialer::Linux);
}

/// Two rules name two groups as peers; one is used, the other is not, and only membership tells them apart.
pub(super) fn group_reference(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let (other, _) = cast.pair(b);
    let group_of = |b: &Builder, interface: InterfaceIx| b.network.interfaces[interface].groups[0].1[0];
    let (server_group, client_group, other_group) = (group_of(b, server), group_of(b, client), group_of(b, other));
    let port = cast.fresh_port(b);
    for peer in [client_group, other_group] {
        b.rule(server_group, Direction::Ingress, Some(TCP), Some((port, port)), Peer::Group(peer), "");
    }
    let count = b.between(1, 30);
    super::regular(b, Who::Host(client), Who::Host(server), port, count, Dialer::Linux);
}
