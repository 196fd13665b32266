//! Traps of the past: interfaces that are gone from an undated inventory.

use std::net::IpAddr;

use crate::build::{Builder, Dialer, Who};
use crate::network::{Direction, InterfaceIx, Peer, TCP};

use super::Cast;

const DAY: i64 = 86_400;

fn own_group(b: &Builder, interface: InterfaceIx) -> usize {
    b.network.interfaces[interface].groups[0].1[0]
}

/// An instance that existed from before the window until some day in it.
fn departed(b: &mut Builder, name: &str, subnet: usize, group: usize) -> (InterfaceIx, i64) {
    let interface = b.host(name, subnet, vec![group]);
    let gone = b.network.start + b.between(4, (b.network.end - b.network.start) / DAY - 3) * DAY + b.between(0, DAY);
    let gone = gone - gone.rem_euclid(b.network.interval);
    b.network.interfaces[interface].gone = gone;
    b.network.interfaces[interface].listed = false;
    (interface, gone)
}

/// The only caller that needed a rule by its group is deleted: its address is nobody's today, yet the next one like it
/// will need the rule. Its own records are of an interface that the inventory does not know.
pub(super) fn deleted_peer(b: &mut Builder, cast: &mut Cast) {
    for _ in 0..b.between(1, 2) {
        let (living, server) = cast.pair(b);
        let group = own_group(b, living);
        let (client, gone) = departed(b, "batch", cast.app, group);
        if b.chance(0.3) {
            b.network.interfaces[client].log_account = "unknown".to_owned();
        }
        let port = cast.fresh_port(b);
        let server_group = own_group(b, server);
        b.rule(server_group, Direction::Ingress, Some(TCP), Some((port, port)), Peer::Group(group), "");
        let count = b.between(1, 20);
        let moments = b.moments_between(count, b.network.start + 3_600, gone - 3_600);
        super::regular_at(b, Who::Host(client), Who::Host(server), port, &moments, Dialer::Linux);
    }
}

/// A deleted member of a living group was the only one that was called through one of the group's rules.
pub(super) fn deleted_carrier(b: &mut Builder, cast: &mut Cast) {
    let (living, client) = cast.pair(b);
    let group = own_group(b, living);
    let (server, gone) = departed(b, "worker", cast.data, group);
    let port = cast.fresh_port(b);
    let count = b.between(1, 20);
    let moments = b.moments_between(count, b.network.start + 3_600, gone - 3_600);
    super::regular_at(b, Who::Host(client), Who::Host(server), port, &moments, Dialer::Linux);
}

/// The address of a deleted interface belongs to another one today, with other groups: what the address did before the
/// newcomer was attached needed the rule that names the *old* owner's group.
pub(super) fn taken_over_address(b: &mut Builder, cast: &mut Cast) {
    let (living, server) = cast.pair(b);
    let old_group = own_group(b, living);
    let (old, gone) = departed(b, "report", cast.app, old_group);
    let port = cast.fresh_port(b);
    let server_group = own_group(b, server);
    b.rule(server_group, Direction::Ingress, Some(TCP), Some((port, port)), Peer::Group(old_group), "");
    let count = b.between(1, 20);
    let moments = b.moments_between(count, b.network.start + 3_600, gone - 3_600);
    super::regular_at(b, Who::Host(old), Who::Host(server), port, &moments, Dialer::Linux);

    let new_group = b.group("newcomer", cast.vpc);
    b.egress_all(new_group);
    let newcomer = b.host("newcomer", cast.app, vec![new_group]);
    let born = gone + b.between(1, 40) * b.network.interval;
    let address = b.network.interfaces[old].primary;
    let interface = &mut b.network.interfaces[newcomer];
    interface.primary = address;
    interface.born = born;
    interface.attached = Some(born);
    let other_port = cast.fresh_port(b);
    let moments = b.moments_between(5, born + 600, b.network.end - 3_600);
    super::regular_at(b, Who::Host(newcomer), Who::Host(server), other_port, &moments, Dialer::Linux);
    debug_assert_eq!(b.address_of(Who::Host(newcomer)), IpAddr::V4(address));
}
