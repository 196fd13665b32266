//! What other records tell about one: who answered by TCP flags, which answers are mirrored, whose port stays the same.

use super::flow::Flow;
use crate::rollup::kept_ports::LOWEST_DROPPED;
use crate::rollup::row::{Addr, Key, KeyParts};
use crate::rollup::{RowPort, Table};
use flowlog::Action;
use flowlog::opener::{FanIn, Opener, PairSide, Side};
use hashbrown::{HashMap, HashSet};
use inventory::Protocol;
use std::net::IpAddr;

type Quick = foldhash::fast::FixedState;

/// Known facts about both ends of a flow, gathered from all rows before any is judged.
#[derive(Debug, Default)]
pub struct Elsewhere {
    services: HashSet<(Addr, u8, u16), Quick>,
    /// Client, its port, server, protocol: where the server's port was dropped from a row, this still tells it.
    calls: HashSet<(Addr, u16, Addr, u8), Quick>,
    answers: HashSet<Answered, Quick>,
}

/// A row whose flags say that its source answered. Every high port is written as [`ANY_HIGH`], dropped or not: two rows that
/// may mirror each other must look alike, and taking two for mirrors that are none only makes them ambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Answered {
    place: u32,
    src: Addr,
    dst: Addr,
    src_port: u32,
    dst_port: u32,
}

const ANY_HIGH: u32 = 65_536;

fn blurred(port: RowPort) -> Option<u32> {
    match port {
        RowPort::Known(port) if port < LOWEST_DROPPED => Some(u32::from(port)),
        RowPort::Known(_) | RowPort::High => Some(ANY_HIGH),
        RowPort::Missing => None,
    }
}

impl Elsewhere {
    /// Gathers from all rows. Rows of `raw` places write the flags as they were on the wire, where SYN+ACK proves nothing.
    pub fn gather(table: &Table, raw: impl Fn(&Key) -> bool) -> Self {
        let mut found = Elsewhere::default();
        let flagged = || {
            let accepted = table.rows().iter().filter(|row| row.key.action() == Action::Accept);
            accepted.map(|row| (&row.key, row.key.parts())).filter(|(_, parts)| parts.opener.is_some())
        };
        // All answers first: one that is mirrored makes no service.
        for (key, parts) in flagged() {
            if parts.opener == Some(Opener::Destination) && !raw(key) {
                found.note_answer(&parts);
            }
        }
        for (key, parts) in flagged() {
            let (source, destination) = ((parts.src, parts.src_port), (parts.dst, parts.dst_port));
            let (client, server) = match parts.opener {
                Some(Opener::Source) => (source, destination),
                Some(Opener::Destination) if !raw(key) && !found.has_mirror(&parts) => (destination, source),
                _ => continue,
            };
            if let RowPort::Known(port) = server.1 {
                found.services.insert((server.0, parts.protocol, port));
            }
            if let RowPort::Known(port) = client.1 {
                found.calls.insert((client.0, port, server.0, parts.protocol));
            }
        }
        found
    }

    fn note_answer(&mut self, parts: &KeyParts) {
        if let (Some(src_port), Some(dst_port)) = (blurred(parts.src_port), blurred(parts.dst_port)) {
            let place = parts.place.0;
            self.answers.insert(Answered { place, src: parts.src, dst: parts.dst, src_port, dst_port });
        }
    }

    /// Whether the mirror of an answer is an answer too: then each side opened a connection to the other, and neither row
    /// shows which packet was first.
    pub fn is_mirrored(&self, flow: &Flow) -> bool {
        self.mirrors(flow.place.0, (flow.src, flow.src_port), (flow.dst, flow.dst_port))
    }

    fn has_mirror(&self, parts: &KeyParts) -> bool {
        self.mirrors(parts.place.0, (parts.src, parts.src_port), (parts.dst, parts.dst_port))
    }

    fn mirrors(&self, place: u32, src: (Addr, RowPort), dst: (Addr, RowPort)) -> bool {
        let (Some(src_port), Some(dst_port)) = (blurred(src.1), blurred(dst.1)) else {
            return true;
        };
        self.answers.contains(&Answered { place, src: dst.0, dst: src.0, src_port: dst_port, dst_port: src_port })
    }

    /// Whether this address and port answered, or was opened, by flags elsewhere. Where its number was dropped: whether the
    /// other end called this address from that very port.
    pub fn is_service(&self, side: (Addr, RowPort), other: (Addr, RowPort), protocol: Protocol) -> bool {
        match (side.1, other.1) {
            (RowPort::Known(port), _) => self.services.contains(&(side.0, protocol.0, port)),
            (RowPort::High, RowPort::Known(from)) => self.calls.contains(&(other.0, from, side.0, protocol.0)),
            _ => false,
        }
    }

    /// Whether flags told anything at all.
    pub fn has_services(&self) -> bool {
        !self.services.is_empty()
    }
}

/// Ports met between pairs of addresses, for pairs of which some flow is explained by nothing else. All flows of such a pair
/// count: a port that met another one in a flow that is explained speaks against a server too.
#[derive(Debug, Default)]
pub struct FanIns(HashMap<(IpAddr, IpAddr, u8), FanIn, Quick>);

impl FanIns {
    /// Asks for the pair of this flow.
    pub fn ask(&mut self, flow: &Flow) {
        let (a, b, _) = ordered(flow);
        self.0.entry((a, b, flow.protocol.0)).or_default();
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes a flow of a pair that is asked for, if both its ports are known.
    pub fn observe(&mut self, flow: &Flow) {
        let (RowPort::Known(src), RowPort::Known(dst)) = (flow.src_port, flow.dst_port) else {
            return;
        };
        let (a, b, swapped) = ordered(flow);
        if let Some(fan_in) = self.0.get_mut(&(a, b, flow.protocol.0)) {
            if swapped { fan_in.observe(dst, src) } else { fan_in.observe(src, dst) }
        }
    }

    /// The server side of a flow, if its port stays the same against many.
    pub fn server(&self, flow: &Flow) -> Option<Side> {
        let (RowPort::Known(src), RowPort::Known(dst)) = (flow.src_port, flow.dst_port) else {
            return None;
        };
        let (a, b, swapped) = ordered(flow);
        let fan_in = self.0.get(&(a, b, flow.protocol.0))?;
        let side = if swapped { fan_in.server(dst, src) } else { fan_in.server(src, dst) }?;
        Some(match (side, swapped) {
            (PairSide::A, false) | (PairSide::B, true) => Side::Source,
            (PairSide::B, false) | (PairSide::A, true) => Side::Destination,
        })
    }
}

fn ordered(flow: &Flow) -> (IpAddr, IpAddr, bool) {
    if flow.src_ip <= flow.dst_ip { (flow.src_ip, flow.dst_ip, false) } else { (flow.dst_ip, flow.src_ip, true) }
}
