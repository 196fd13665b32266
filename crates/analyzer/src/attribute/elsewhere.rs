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
        for row in table.rows() {
            if row.key.action() == Action::Reject {
                continue;
            }
            let parts = row.key.parts();
            let (source, destination) = ((parts.src, parts.src_port), (parts.dst, parts.dst_port));
            let (client, server) = match parts.opener {
                Some(Opener::Source) => (source, destination),
                Some(Opener::Destination) if !raw(&row.key) => {
                    found.note_answer(&parts);
                    (destination, source)
                }
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
        let (Some(src_port), Some(dst_port)) = (blurred(flow.src_port), blurred(flow.dst_port)) else {
            return true;
        };
        let place = flow.place.0;
        let mirror = Answered { place, src: flow.dst, dst: flow.src, src_port: dst_port, dst_port: src_port };
        self.answers.contains(&mirror)
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

/// Ports met between pairs of addresses, for the flows that nothing else explains.
#[derive(Debug, Default)]
pub struct FanIns(HashMap<(IpAddr, IpAddr, u8), FanIn, Quick>);

impl FanIns {
    /// Notes a flow whose ports are both known.
    pub fn observe(&mut self, flow: &Flow) {
        let (RowPort::Known(src), RowPort::Known(dst)) = (flow.src_port, flow.dst_port) else {
            return;
        };
        let (a, b, swapped) = ordered(flow);
        let fan_in = self.0.entry((a, b, flow.protocol.0)).or_default();
        if swapped { fan_in.observe(dst, src) } else { fan_in.observe(src, dst) }
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
