//! Traps of port numbers: "the lower port is the server" is wrong in all of these.

use std::net::IpAddr;

use rand::RngExt as _;

use crate::build::{Builder, Call, Dialer, Who};
use crate::network::{Direction, Peer, TCP, UDP};

use super::Cast;

/// NFS clients call from reserved ports (600 to 1023) to 2049: the lower port is the client's.
pub(super) fn nfs_reserved_ports(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let (client, server) = (Who::Host(client), Who::Host(server));
    let count = b.between(1, 12);
    for at in b.moments(count) {
        b.permit(client, server, TCP, (2_049, 2_049), at);
        let source_port = b.rng.random_range(600..=1_023);
        let seconds = b.between(100, 9_000);
        b.call(Call::tcp(client, server, source_port, 2_049, at).lasting(seconds, 60));
    }
}

/// rsh: the client calls 514 from 512-1023, and the server calls back to the client's next lower port for its errors.
/// Both sides are below 1024 both times, and both open connections.
pub(super) fn rsh(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let (client, server) = (Who::Host(client), Who::Host(server));
    let count = b.between(1, 5);
    for at in b.moments(count) {
        b.permit(client, server, TCP, (514, 514), at);
        b.permit(server, client, TCP, (512, 1_023), at);
        let source_port = b.rng.random_range(1_000..=1_022);
        b.call(Call::tcp(client, server, source_port, 514, at).lasting(30, 10));
        b.call(Call::tcp(server, client, 1_023, source_port - 1, at + 1).lasting(20, 10));
    }
}

/// NTP peers, IKE gateways and old resolvers use the same port on both sides: nothing in a record tells who asked.
pub(super) fn equal_ports(b: &mut Builder, cast: &mut Cast) {
    for port in [123, 500, 53] {
        if b.chance(0.5) {
            continue;
        }
        let (client, server) = cast.pair(b);
        let client = Who::Host(client);
        let server = if b.chance(0.4) { Who::Outside(IpAddr::V4(b.stranger())) } else { Who::Host(server) };
        let count = b.between(2, 25);
        for at in b.moments(count) {
            b.permit(client, server, UDP, (port, port), at);
            b.call(Call::new(client, server, UDP, port, port, at));
        }
    }
}

/// A client carries a rule for 50051 or 60000-60010 that nobody needs, and now and then one of its own ephemeral ports
/// falls into it: the reply then looks exactly like a request to that rule.
pub(super) fn ephemeral_in_narrow_rule(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let narrow = b.pick(&[(50_051, 50_051), (60_000, 60_010), (40_000, 40_100)]).unwrap_or((50_051, 50_051));
    let group = b.network.interfaces[client].groups[0].1[0];
    let whole = Peer::Cidr(b.network.vpcs[cast.vpc].v4);
    b.rule(group, Direction::Ingress, Some(TCP), Some(narrow), whole, "grpc");
    let port = cast.fresh_port(b);
    let (client, server) = (Who::Host(client), Who::Host(server));
    let count = b.between(4, 30);
    for at in b.moments(count) {
        b.permit(client, server, TCP, (port, port), at);
        let inside = b.rng.random_range(narrow.0..=narrow.1);
        let source_port = if b.chance(0.3) { inside } else { b.client_port(Dialer::Linux) };
        b.call(Call::tcp(client, server, source_port, port, at).lasting(40, 9));
    }
}

/// A real server on an ephemeral port, called from other ephemeral ports: both ports are high, and half the time the
/// client's is the lower one.
pub(super) fn server_on_ephemeral_port(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let port = b.pick(&[50_051, 47_808, 60_005, 33_060, 49_200]).unwrap_or(50_051);
    let count = b.between(1, 15);
    super::regular(b, Who::Host(client), Who::Host(server), port, count, Dialer::Linux);
}

/// Active FTP: the *server* opens the data connection, from port 20 to a high port of the client. The client's wide rule
/// that looks like "return traffic" is really needed.
pub(super) fn ftp_active(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let (client, server) = (Who::Host(client), Who::Host(server));
    let wide = b.pick(&[(1_024, 65_535), (32_768, 65_535)]).unwrap_or((1_024, 65_535));
    let count = b.between(1, 14);
    for at in b.moments(count) {
        b.permit(client, server, TCP, (21, 21), at);
        b.permit(server, client, TCP, wide, at);
        let control = b.client_port(Dialer::Linux);
        let data = b.client_port(Dialer::Linux);
        b.call(Call::tcp(client, server, control, 21, at).lasting(60, 10));
        b.call(Call::tcp(server, client, 20, data, at + 5).lasting(20, 5));
    }
}

/// Windows clients take ports from 49152 up to 65535, outside of what Linux uses.
pub(super) fn windows_clients(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let port = b.pick(&[445, 389, 3_389]).unwrap_or(445);
    let count = b.between(3, 30);
    super::regular(b, Who::Host(client), Who::Host(server), port, count, Dialer::Windows);
}

/// Public clients behind carrier NAT call from any port above 1023, so "both below 32768" is common on a web server.
pub(super) fn public_clients_any_port(b: &mut Builder, cast: &mut Cast) {
    let (_, server) = cast.pair(b);
    let port = b.pick(&[443, 80, 22, 25]).unwrap_or(443);
    let group = b.network.interfaces[server].groups[0].1[0];
    b.rule(group, Direction::Ingress, Some(TCP), Some((port, port)), crate::build::anywhere(), "public");
    let count = b.between(10, 80);
    for at in b.moments(count) {
        let client = Who::Outside(IpAddr::V4(b.stranger()));
        let source_port = b.client_port(Dialer::Any);
        let seconds = b.between(0, 200);
        b.call(Call::tcp(client, Who::Host(server), source_port, port, at).lasting(seconds, 20));
    }
}
