//! Traps of traffic that is not a conversation: probes, one-way datagrams, protocols without ports, unlogged traffic.

use std::net::IpAddr;

use rand::RngExt as _;

use crate::build::{Builder, Call, Dialer, Who};
use crate::network::{Direction, ICMP, Kind, Peer, TCP, UDP};
use crate::traffic::Answer;

use super::Cast;

/// Pings look the same in both directions: ports are 0, there are no flags, and two hosts that ping each other share
/// their records. Another ICMP rule, for another type, is never told apart either.
pub(super) fn icmp(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let count = b.between(1, 10);
    for at in b.moments(count) {
        b.permit(Who::Host(client), Who::Host(server), ICMP, (0, 0), at);
        b.call(Call::new(Who::Host(client), Who::Host(server), ICMP, 0, 0, at).lasting(5, 1));
    }
}

/// Tunnels (GRE 47, ESP 50) have no ports and no opener that a record could show.
pub(super) fn gre_esp(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let other = if b.chance(0.5) { Who::Host(server) } else { Who::Outside(IpAddr::V4(b.stranger())) };
    let protocol = b.pick(&[47, 50]).unwrap_or(50);
    for at in b.moments(2) {
        b.permit(Who::Host(client), other, protocol, (0, 0), at);
        b.call(Call::new(Who::Host(client), other, protocol, 0, 0, at).lasting(7_000, 300));
    }
}

/// syslog and statsd are sent and never answered: there is no second record to compare with.
pub(super) fn one_way_udp(b: &mut Builder, cast: &mut Cast) {
    for port in [514, 8_125] {
        let (client, server) = cast.pair(b);
        let count = b.between(2, 20);
        for at in b.moments(count) {
            b.permit(Who::Host(client), Who::Host(server), UDP, (port, port), at);
            let source_port = b.client_port(Dialer::Linux);
            let call = Call::new(Who::Host(client), Who::Host(server), UDP, source_port, port, at);
            b.call(call.lasting(30, 5).answered(Answer::Silent));
        }
    }
}

/// The internet knocks at every port of every public host. A REJECT needs no rule, however well one would fit.
/// Scanners call from high ports only: from a low port to a high one, no format without flags could tell a probe from an
/// answer.
pub(super) fn rejected_scans(b: &mut Builder, cast: &mut Cast) {
    for _ in 0..b.between(1, 3) {
        let (victim, _) = cast.pair(b);
        let count = b.between(20, 200);
        for at in b.moments(count) {
            let scanner = Who::Outside(IpAddr::V4(b.stranger()));
            let source_port = b.rng.random_range(40_000..=61_000);
            let port = b.pick(&[22, 23, 80, 445, 1_433, 3_389, 5_900, 6_379, 8_080, 9_200, 27_017]).unwrap_or(23);
            let call = Call::tcp(scanner, Who::Host(victim), source_port, port, at).answered(Answer::Silent);
            b.call(call.whatever_the_rules());
        }
    }
}

/// Some rules let a scan through to a port where nobody listens: an accepted request without any answer.
pub(super) fn unanswered_scans(b: &mut Builder, cast: &mut Cast) {
    let (victim, _) = cast.pair(b);
    let group = b.network.interfaces[victim].groups[0].1[0];
    let port = b.pick(&[8_080, 8_443, 5_900]).unwrap_or(8_080);
    b.rule(group, Direction::Ingress, Some(TCP), Some((port, port)), crate::build::anywhere(), "forgotten test");
    let count = b.between(1, 10);
    for at in b.moments(count) {
        let scanner = Who::Outside(IpAddr::V4(b.stranger()));
        let source_port = b.rng.random_range(40_000..=61_000);
        b.call(Call::tcp(scanner, Who::Host(victim), source_port, port, at).answered(Answer::Silent));
    }
}

/// Traffic mirroring brings VXLAN (UDP 4789) to its target. Security groups filter it and flow logs never show it.
pub(super) fn mirrored(b: &mut Builder, cast: &mut Cast) {
    let (source, target) = cast.pair(b);
    let group = b.network.interfaces[target].groups[0].1[0];
    let whole = Peer::Cidr(b.network.vpcs[cast.vpc].v4);
    b.rule(group, Direction::Ingress, Some(UDP), Some((4_789, 4_789)), whole, "mirrored traffic");
    for at in b.moments(5) {
        let source_port = b.client_port(Dialer::Linux);
        let call =
            Call::new(Who::Host(source), Who::Host(target), UDP, source_port, 4_789, at).answered(Answer::Silent);
        let mut flow = b.flow_of(&call);
        // Mirrored packets do not pass the source's own egress rules.
        flow.views.retain(|view| view.direction == Direction::Ingress);
        flow.unlogged = true;
        b.flows.push(flow);
    }
}

/// Elastic Fabric Adapters need a rule of the group for itself, and their traffic is in no flow log.
pub(super) fn efa(b: &mut Builder, cast: &mut Cast) {
    let group = b.group("hpc", cast.vpc);
    for direction in [Direction::Ingress, Direction::Egress] {
        b.rule(group, direction, None, None, Peer::Group(group), "efa");
    }
    let mut nodes = Vec::new();
    for name in ["hpc-1", "hpc-2"] {
        let address = b.next_address(cast.app);
        nodes.push(b.interface(name, cast.app, vec![group], Kind::Efa, address));
    }
    for at in b.moments(4) {
        let call = Call::tcp(Who::Host(nodes[0]), Who::Host(nodes[1]), 40_001, 40_002, at);
        let mut flow = b.flow_of(&call);
        flow.unlogged = true;
        b.flows.push(flow);
    }
}
