//! Rules that look needed and are not, and rules that look superfluous and are needed.

use std::net::IpAddr;

use ipnet::IpNet;
use rand::RngExt as _;

use crate::build::{Builder, Call, Dialer, Who, anywhere, anywhere_v6, net};
use crate::network::{Direction, GroupIx, ICMP, Peer, PrefixList, TCP, UDP, single};

use super::Cast;

fn group_of(b: &Builder, interface: usize) -> GroupIx {
    b.network.interfaces[interface].groups[0].1[0]
}

/// The ordinary public web server: 443 for everybody and the default egress rule. Its connections are not tracked, so
/// the answers pass by the egress rule, which no request of its own may ever use.
pub(super) fn untracked_web(b: &mut Builder, cast: &mut Cast) {
    let group = b.group("site", cast.vpc);
    let port = b.pick(&[443, 80]).unwrap_or(443);
    b.rule(group, Direction::Ingress, Some(TCP), Some((port, port)), anywhere(), "public site");
    b.egress_all(group);
    let site = b.host("site", cast.front, vec![group]);
    b.network.interfaces[site].public = Some(b.stranger());
    let count = b.between(30, 120);
    for at in b.moments(count) {
        let client = Who::Outside(IpAddr::V4(b.stranger()));
        let source_port = b.client_port(Dialer::Linux);
        let seconds = b.between(0, 400);
        b.call(Call::tcp(client, Who::Host(site), source_port, port, at).lasting(seconds, 20));
    }
}

/// "Return traffic" rules, left by somebody who took security groups for stateless: only replies ever match them.
pub(super) fn return_rules(b: &mut Builder, cast: &mut Cast) {
    for _ in 0..b.between(1, 3) {
        let (client, server) = cast.pair(b);
        let wide = b.pick(&[(1_024, 65_535), (32_768, 65_535), (32_768, 60_999)]).unwrap_or((1_024, 65_535));
        let group = group_of(b, client);
        let peer = if b.chance(0.5) { anywhere() } else { Peer::Cidr(b.network.vpcs[cast.vpc].v4) };
        b.rule(group, Direction::Ingress, Some(TCP), Some(wide), peer, "return traffic");
        if b.chance(0.4) {
            let group = group_of(b, server);
            let whole = Peer::Cidr(b.network.vpcs[cast.vpc].v4);
            b.rule(group, Direction::Egress, Some(TCP), Some(wide), whole, "responses");
        }
    }
}

/// Everything inside may call every TCP port: the one rule of this server does not say which side of a flow it is for.
pub(super) fn open_inside(b: &mut Builder, cast: &mut Cast) {
    let group = b.group("open", cast.vpc);
    let whole = Peer::Cidr(b.network.vpcs[cast.vpc].v4);
    b.rule(group, Direction::Ingress, Some(TCP), Some((0, 65_535)), whole, "all TCP inside");
    let server = b.host("open", cast.data, vec![group]);
    let (client, _) = cast.pair(b);
    let (from, to) = (Who::Host(client), Who::Host(server));
    let port = cast.fresh_port(b);
    for at in b.moments(6) {
        b.permit_sender(from, to, port, at);
        let source_port = b.client_port(Dialer::Linux);
        b.call(Call::tcp(from, to, source_port, port, at).lasting(25, 6));
    }
}

/// Two rules of one group let the same traffic through; either can go, not both.
pub(super) fn redundant_rules(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let port = cast.fresh_port(b);
    let group = group_of(b, server);
    let vpc = Peer::Cidr(b.network.vpcs[cast.vpc].v4);
    let own = Peer::Cidr(single(b.address_of(Who::Host(client))));
    b.rule(group, Direction::Ingress, Some(TCP), Some((port, port)), vpc, "from everywhere inside");
    b.rule(group, Direction::Ingress, Some(TCP), Some((port, port)), own, "from one client");
    let count = b.between(2, 30);
    super::regular(b, Who::Host(client), Who::Host(server), port, count, Dialer::Linux);
}

/// An interface carries several groups, and the second one holds what the first lacks.
pub(super) fn several_groups(b: &mut Builder, cast: &mut Cast) {
    let base = b.group("base", cast.vpc);
    let (client, server) = cast.pair(b);
    let port = cast.fresh_port(b);
    let whole = Peer::Cidr(b.network.vpcs[cast.vpc].v4);
    b.rule(base, Direction::Ingress, Some(TCP), Some((port, port)), whole.clone(), "monitoring");
    b.rule(base, Direction::Ingress, Some(TCP), Some((22, 22)), whole, "administration");
    let (other, _) = cast.pair(b);
    for interface in [server, other] {
        let groups = &mut b.network.interfaces[interface].groups[0].1;
        if !groups.contains(&base) {
            groups.push(base);
        }
    }
    let count = b.between(1, 20);
    super::regular(b, Who::Host(client), Who::Host(server), port, count, Dialer::Linux);
}

/// Customer-managed prefix lists as peers: one in use, one never met, one whose entries the inventory lacks.
pub(super) fn prefix_lists(b: &mut Builder, cast: &mut Cast) {
    let owner = b.network.account.clone();
    for (name, entries, listed) in [
        ("offices", vec![net("203.0.113.0/25"), net("198.51.100.64/26")], true),
        ("former-offices", vec![net("100.100.0.0/16")], true),
        ("unknown", vec![net("192.0.2.0/24")], false),
    ] {
        let id = b.id("pl");
        b.network.prefix_lists.push(PrefixList { id, name: name.to_owned(), owner: owner.clone(), entries, listed });
        let list = b.network.prefix_lists.len() - 1;
        let (_, server) = cast.pair(b);
        let group = group_of(b, server);
        let port = cast.fresh_port(b);
        b.rule(group, Direction::Ingress, Some(TCP), Some((port, port)), Peer::PrefixList(list), name);
        if name == "offices" {
            for at in b.moments(4) {
                let visitor = IpAddr::V4([203, 0, 113, b.rng.random_range(1..=120)].into());
                let source_port = b.client_port(Dialer::Linux);
                b.call(Call::tcp(Who::Outside(visitor), Who::Host(server), source_port, port, at).lasting(30, 6));
            }
        }
    }
}

/// Groups that no interface carries: their rules cannot be seen to be used.
pub(super) fn unattached_groups(b: &mut Builder, cast: &mut Cast) {
    let group = b.group("parked", cast.vpc);
    b.egress_all(group);
    let peer = Peer::Cidr(b.network.vpcs[cast.vpc].v4);
    b.rule(group, Direction::Ingress, Some(TCP), Some((443, 443)), peer, "parked");
}

/// A group of another account as peer: nobody here knows who is in it.
pub(crate) fn foreign_groups(b: &mut Builder, cast: &mut Cast) {
    let (_, server) = cast.pair(b);
    let group_id = b.id("sg");
    let account = "999988887777".to_owned();
    let port = cast.fresh_port(b);
    let group = group_of(b, server);
    b.rule(
        group,
        Direction::Ingress,
        Some(TCP),
        Some((port, port)),
        Peer::Foreign { group_id, account },
        "partner account",
    );
}

/// Rules that nothing in this network needs, a few for every group: ports nobody serves, peers that are gone, families
/// nobody speaks. Whether one is needed after all is for the truth to find out.
pub(crate) fn unneeded_rules(b: &mut Builder, cast: &Cast) {
    for group in 0..b.network.groups.len() {
        for _ in 0..b.between(1, 4) {
            unneeded_rule(b, cast, group);
        }
    }
}

fn unneeded_rule(b: &mut Builder, cast: &Cast, group: GroupIx) {
    let direction = if b.chance(0.75) { Direction::Ingress } else { Direction::Egress };
    let whole = Peer::Cidr(b.network.vpcs[cast.vpc].v4);
    let port = b.pick(&[23, 139, 1_723, 3_389, 5_601, 7_077, 8_088, 9_418, 11_214, 28_015]).unwrap_or(23);
    let (protocol, ports, peer, text): (Option<u8>, Option<(u16, u16)>, Peer, &str) = match b.between(0, 11) {
        0 | 1 => (Some(TCP), Some((port, port)), whole, "retired service"),
        2 => (Some(TCP), Some((port, port.saturating_add(20))), anywhere(), "temporary"),
        3 => {
            let stale = IpNet::from(IpAddr::V4([10, 99, b.rng.random_range(0..=255), 0].into()));
            (Some(TCP), Some((443, 443)), Peer::Cidr(stale), "old subnet")
        }
        4 => {
            let subnet = b.pick(&[cast.front, cast.app, cast.data]).unwrap_or(cast.app);
            let nobody = crate::network::host_address(b.network.subnets[subnet].v4, 200);
            (Some(TCP), Some((5_432, 5_432)), Peer::Cidr(single(IpAddr::V4(nobody))), "old host")
        }
        5 | 6 => {
            let other = b.between(0, b.network.groups.len() as i64 - 1) as usize;
            (Some(TCP), Some((port, port)), Peer::Group(other), "old client")
        }
        7 => (Some(UDP), Some((1_194, 1_194)), anywhere(), "vpn"),
        8 => (Some(TCP), Some((443, 443)), anywhere_v6(), "IPv6"),
        9 => (Some(TCP), Some((50_051, 50_051)), whole, "grpc"),
        10 => (Some(TCP), Some((60_000, 60_010)), whole, "passive"),
        _ => (Some(ICMP), None, Peer::Cidr(net("198.51.100.7/32")), "probe"),
    };
    b.rule(group, direction, protocol, ports, peer, text);
}
