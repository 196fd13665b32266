//! Who opened a flow: the evidence of a record, strongest first. Each step is a function of `flowlog::opener`; here they are
//! asked in order.

use super::elsewhere::{Elsewhere, FanIns};
use super::flow::Flow;
use super::named::NamedPorts;
use super::reading::Role;
use super::witness::Ground;
use crate::rollup::RowPort;
use crate::rollup::kept_ports::LOWEST_DROPPED;
use flowlog::opener::{self, FlowPort, Opener, Side};
use inventory::Inventory;

/// What the flags alone say. `raw`: the place writes flags as they were on the wire.
pub fn by_flags(flow: &Flow, raw: bool, elsewhere: &Elsewhere) -> Option<Role> {
    match flow.opener? {
        Opener::Source => Some(Role::Request),
        Opener::Destination if raw || elsewhere.is_mirrored(flow) => Some(Role::Ambiguous),
        Opener::Destination => Some(Role::Reply),
        Opener::Both => Some(Role::Ambiguous),
        Opener::Unknown => None,
    }
}

/// The server side of a TCP or UDP flow whose flags do not tell, and what tells it: services, named ports, port numbers.
pub fn server(
    flow: &Flow,
    elsewhere: &Elsewhere,
    named: &mut NamedPorts<'_>,
    inventory: &Inventory,
) -> Option<(Side, Ground)> {
    let by_services = || {
        if !elsewhere.has_services() {
            return None;
        }
        let (source, destination) = ((flow.src, flow.src_port), (flow.dst, flow.dst_port));
        opener::by_services(
            elsewhere.is_service(source, destination, flow.protocol),
            elsewhere.is_service(destination, source, flow.protocol),
        )
    };
    if let Some(side) = by_services() {
        return Some((side, Ground::Services));
    }
    match by_named_ports(flow, named) {
        Named::Server(side) => return Some((side, Ground::NamedPorts)),
        Named::Doubtful => return None,
        Named::Silent => {}
    }
    let (Some(src_port), Some(dst_port)) = (flow_port(flow.src_port), flow_port(flow.dst_port)) else {
        return None;
    };
    let side = opener::by_port_numbers(src_port, dst_port, |low| {
        let address = match low {
            Side::Source => flow.src_ip,
            Side::Destination => flow.dst_ip,
        };
        inventory.is_public(address) || inventory.plain_owner(address, flow.span)
    });
    side.map(|side| (side, Ground::PortNumbers))
}

fn flow_port(port: RowPort) -> Option<FlowPort> {
    match port {
        RowPort::Known(port) => Some(FlowPort::Known(port)),
        RowPort::High => Some(FlowPort::High),
        RowPort::Missing => None,
    }
}

/// What rules that name ports tell.
enum Named {
    /// This side is the server.
    Server(Side),
    /// A name that a client's port may bear by chance, against a port that a server may well have: nothing may be guessed.
    Doubtful,
    /// Nothing.
    Silent,
}

/// A side counts as named if a rule at that side, or one at the other, says so; it counts as *not* named only if no rule
/// anywhere names its port. So a client's port that happens to be some other host's service settles nothing.
///
/// Nor does a client's port that happens to lie in a rule of its own host, while the server is reached by a wide rule: a host
/// that serves 49152-65535 calls a database from there too, and one that serves 514 calls NFS from 512-1023.
fn by_named_ports(flow: &Flow, named: &mut NamedPorts<'_>) -> Named {
    let mut anywhere = |port: RowPort| match port {
        RowPort::Known(port) => Some(named.anywhere(port, flow.protocol)),
        RowPort::High => Some(named.high_may_be_named),
        RowPort::Missing => None,
    };
    let (Some(src_anywhere), Some(dst_anywhere)) = (anywhere(flow.src_port), anywhere(flow.dst_port)) else {
        return Named::Silent;
    };
    let (src, dst) = (known(flow.src_port), known(flow.dst_port));
    let (name, other, strictly) = match (src_anywhere, dst_anywhere, src, dst) {
        (true, false, Some(port), other) => (port, other, named.lets_in(flow.src_ip, port, flow.dst_ip, flow.protocol)),
        (false, true, other, Some(port)) => (port, other, named.lets_in(flow.dst_ip, port, flow.src_ip, flow.protocol)),
        _ => return Named::Silent,
    };
    let other_is_high = other.is_none_or(|other| other >= LOWEST_DROPPED);
    if name >= LOWEST_DROPPED && !other_is_high {
        return Named::Doubtful;
    }
    let name_is_reserved = (512..1024).contains(&name);
    if !strictly || (name_is_reserved && other.is_none_or(|other| other >= 1024)) {
        return Named::Silent;
    }
    // A dropped port differs from the one that is named: the named one is known and, if high, kept.
    opener::by_named_ports(src.unwrap_or(0), dst.unwrap_or(0), src_anywhere, dst_anywhere)
        .map_or(Named::Silent, Named::Server)
}

fn known(port: RowPort) -> Option<u16> {
    match port {
        RowPort::Known(port) => Some(port),
        _ => None,
    }
}

/// The last guess, for what is left. Port 20 stays the same against many too, and yet it is FTP calling back (RFC 959, 3.2).
pub fn by_fan_in(flow: &Flow, fan_ins: &FanIns) -> (Role, Ground) {
    match fan_ins.server(flow) {
        Some(Side::Source) if flow.src_port == RowPort::Known(FTP_DATA) => (Role::Ambiguous, Ground::Nothing),
        Some(Side::Destination) if flow.dst_port == RowPort::Known(FTP_DATA) => (Role::Ambiguous, Ground::Nothing),
        Some(server) => (by_server(server), Ground::FanIn),
        None => (Role::Ambiguous, Ground::Nothing),
    }
}

const FTP_DATA: u16 = 20;

/// The role of a record whose server side was guessed.
pub fn by_server(server: Side) -> Role {
    match server {
        Side::Destination => Role::GuessedRequest,
        Side::Source => Role::GuessedReply,
    }
}
