//! Traps of change: what dated snapshots show, and what happened between two of them.
//!
//! Every state lasts long enough to be in at least one snapshot, except where a function says otherwise.

use crate::build::{Builder, Call, Dialer, Who};
use crate::network::{Direction, GroupIx, InterfaceIx, Peer, TCP};

use super::Cast;

const DAY: i64 = 86_400;

fn own_group(b: &Builder, interface: InterfaceIx) -> GroupIx {
    b.network.interfaces[interface].groups[0].1[0]
}

/// A day away from both ends by more than any two snapshots are apart.
fn turning_point(b: &mut Builder) -> i64 {
    let days = (b.network.end - b.network.start) / DAY;
    let at = b.network.start + b.between(5, days - 6) * DAY + b.between(0, DAY);
    at - at.rem_euclid(b.network.interval)
}

fn calls(b: &mut Builder, from: Who, to: Who, port: u16, count: i64, span: (i64, i64)) {
    let moments = b.moments_between(count, span.0, span.1);
    super::regular_at(b, from, to, port, &moments, Dialer::Linux);
}

/// An interface moves to another group: what it was asked before needed the old group's rules, later the new one's.
pub(super) fn regrouped(b: &mut Builder, cast: &mut Cast) {
    let (client, companion) = cast.pair(b);
    let old_group = if b.chance(0.5) { own_group(b, companion) } else { b.group("blue", cast.vpc) };
    let new_group = b.group("green", cast.vpc);
    b.egress_all(old_group);
    b.egress_all(new_group);
    let server = b.host("service", cast.app, vec![old_group]);
    let at = turning_point(b);
    b.network.interfaces[server].groups.push((at, vec![new_group]));
    let (old_port, new_port) = (cast.fresh_port(b), cast.fresh_port(b));
    let (client, server) = (Who::Host(client), Who::Host(server));
    let count = b.between(1, 20);
    let (first, last) = (b.network.start + 3_600, b.network.end - 3_600);
    calls(b, client, server, old_port, count, (first, at - 700));
    calls(b, client, server, new_port, count, (at + 700, last));
}

/// A client changes its group, and the rules that name groups as peers change from used to unused with it.
pub(super) fn regrouped_peer(b: &mut Builder, cast: &mut Cast) {
    let (server, companion) = cast.pair(b);
    let old_group = if b.chance(0.5) { own_group(b, companion) } else { b.group("callers-old", cast.vpc) };
    let new_group = b.group("callers-new", cast.vpc);
    b.egress_all(old_group);
    b.egress_all(new_group);
    let client = b.host("caller", cast.app, vec![old_group]);
    let at = turning_point(b);
    b.network.interfaces[client].groups.push((at, vec![new_group]));
    let server_group = own_group(b, server);
    let (old_port, new_port) = (cast.fresh_port(b), cast.fresh_port(b));
    b.rule(server_group, Direction::Ingress, Some(TCP), Some((old_port, old_port)), Peer::Group(old_group), "");
    b.rule(server_group, Direction::Ingress, Some(TCP), Some((new_port, new_port)), Peer::Group(new_group), "");
    let (client, server) = (Who::Host(client), Who::Host(server));
    let count = b.between(1, 20);
    let (first, last) = (b.network.start + 3_600, b.network.end - 3_600);
    // Up to the very change, so that some calls fall between two snapshots that disagree.
    calls(b, client, server, old_port, count, (first, at - 700));
    calls(b, client, server, new_port, count, (at + 700, last));
}

/// An instance is replaced by another with the same groups and mostly another address.
pub(super) fn replaced_instance(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let group = b.group("fleet", cast.vpc);
    let old = b.host("fleet-1", cast.app, vec![group]);
    let new = b.host("fleet-2", cast.app, vec![group]);
    let at = turning_point(b);
    let born = at + b.network.interval;
    b.network.interfaces[old].gone = at;
    if b.chance(0.3) {
        b.network.interfaces[new].primary = b.network.interfaces[old].primary;
    }
    b.network.interfaces[new].born = born;
    b.network.interfaces[new].attached = Some(born);
    let server_group = own_group(b, server);
    let (out_port, in_port, last_port) = (cast.fresh_port(b), cast.fresh_port(b), cast.fresh_port(b));
    b.rule(server_group, Direction::Ingress, Some(TCP), Some((out_port, out_port)), Peer::Group(group), "");
    let (first, last) = (b.network.start + 3_600, b.network.end - 3_600);
    calls(b, Who::Host(old), Who::Host(server), out_port, 6, (first, at - 700));
    calls(b, Who::Host(client), Who::Host(old), in_port, 3, (first, at - 700));
    calls(b, Who::Host(new), Who::Host(server), last_port, 3, (born + 60, last));
    let both = b.chance(0.5);
    if both {
        calls(b, Who::Host(new), Who::Host(server), out_port, 4, (born + 60, last));
    }
}

/// An address passes from one interface to another of a different group: what it did before needs the first one's.
pub(super) fn address_passed_on(b: &mut Builder, cast: &mut Cast) {
    let (server, companion) = cast.pair(b);
    let old_group = own_group(b, companion);
    let new_group = b.group("successor", cast.vpc);
    b.egress_all(new_group);
    let old = b.host("predecessor", cast.data, vec![old_group]);
    let new = b.host("successor", cast.data, vec![new_group]);
    let at = turning_point(b);
    let born = at + b.between(1, 20) * b.network.interval;
    b.network.interfaces[old].gone = at;
    b.network.interfaces[new].primary = b.network.interfaces[old].primary;
    b.network.interfaces[new].born = born;
    b.network.interfaces[new].attached = Some(born);
    let server_group = own_group(b, server);
    let (old_port, new_port) = (cast.fresh_port(b), cast.fresh_port(b));
    b.rule(server_group, Direction::Ingress, Some(TCP), Some((old_port, old_port)), Peer::Group(old_group), "");
    b.rule(server_group, Direction::Ingress, Some(TCP), Some((new_port, new_port)), Peer::Group(new_group), "");
    let (first, last) = (b.network.start + 3_600, b.network.end - 3_600);
    calls(b, Who::Host(old), Who::Host(server), old_port, 5, (first, at - 700));
    calls(b, Who::Host(new), Who::Host(server), new_port, 5, (born + 60, last));
}

/// A task that started and ended between two snapshots: no snapshot knows its interface or its address, and it alone
/// used a rule of a living group.
pub(super) fn short_lived(b: &mut Builder, cast: &mut Cast) {
    let (server, companion) = cast.pair(b);
    let interval = b.network.interval;
    let choices: Vec<(i64, i64)> = b
        .network
        .snapshots
        .windows(2)
        .map(|pair| (pair[0] - pair[0].rem_euclid(interval) + 2 * interval, pair[1] - 2 * interval))
        .filter(|(from, until)| *from > b.network.start && until - from > 10_000 && *until < b.network.end)
        .collect();
    let Some((from, until)) = b.pick(&choices) else { return };
    let group = own_group(b, companion);
    let task = b.host("task", cast.app, vec![group]);
    let interface = &mut b.network.interfaces[task];
    interface.born = from;
    interface.attached = Some(from);
    interface.gone = until - until.rem_euclid(interval);
    let gone = interface.gone;
    let server_group = own_group(b, server);
    let port = cast.fresh_port(b);
    b.rule(server_group, Direction::Ingress, Some(TCP), Some((port, port)), Peer::Group(group), "");
    calls(b, Who::Host(task), Who::Host(server), port, 4, (from + 60, gone - 700));
}

/// A rule that is only a few days old: its silence before proves nothing.
pub(super) fn rule_added(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let port = cast.fresh_port(b);
    let group = own_group(b, server);
    let at = turning_point(b);
    let peer = Peer::Cidr(b.network.vpcs[cast.vpc].v4);
    let position = b.rule(group, Direction::Ingress, Some(TCP), Some((port, port)), peer.clone(), "new service");
    b.network.groups[group].rules[position].since = at;
    let unused = cast.fresh_port(b);
    let position = b.rule(group, Direction::Ingress, Some(TCP), Some((unused, unused)), peer, "planned service");
    b.network.groups[group].rules[position].since = at;
    let (client, server) = (Who::Host(client), Who::Host(server));
    // Before the rule: refused. After it: let in.
    let early = b.moments_between(2, b.network.start + 3_600, at - 700);
    for moment in early {
        b.permit_sender(client, server, port, moment);
        let source_port = b.client_port(Dialer::Linux);
        b.call(Call::tcp(client, server, source_port, port, moment).whatever_the_rules());
    }
    if b.chance(0.7) {
        calls(b, client, server, port, 4, (at + 700, b.network.end - 3_600));
    }
}
