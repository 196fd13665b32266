//! One accepted row, with all that its addresses and interface tell.

use crate::rollup::row::{Addr, KeyParts, Totals};
use crate::rollup::{PlaceIx, RowPort};
use flowlog::opener::Opener;
use inventory::{Direction, InterfaceIx, Port, Protocol, Span};
use std::net::IpAddr;

/// `start` of a record lags behind the first packet by up to a minute (AWS, "Flow log records": "It might be up to 60 seconds
/// after the packet was transmitted or received on the network interface").
pub const LAG: i64 = 60;

/// Which way a row went through its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directed {
    /// The record says so, or an address of the interface does.
    Known(Direction),
    /// The one address that is in every record of an interface that the inventory does not know.
    Inferred(Direction),
    /// Nothing tells.
    Undetermined,
}

/// A row, read.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// Where it was recorded.
    pub place: PlaceIx,
    /// The interface, if the inventory knows it.
    pub interface: Option<InterfaceIx>,
    /// The time that it may speak of.
    pub span: Span,
    /// IANA number.
    pub protocol: Protocol,
    /// Source, as the row holds it.
    pub src: Addr,
    /// Destination, as the row holds it.
    pub dst: Addr,
    /// Source.
    pub src_ip: IpAddr,
    /// Destination.
    pub dst_ip: IpAddr,
    /// Packet-level source where it differs.
    pub pkt_src: Option<IpAddr>,
    /// Packet-level destination where it differs.
    pub pkt_dst: Option<IpAddr>,
    /// Source port.
    pub src_port: RowPort,
    /// Destination port.
    pub dst_port: RowPort,
    /// What TCP flags tell.
    pub opener: Option<Opener>,
    /// `flow-direction`.
    pub stated_direction: Option<Direction>,
    /// Sums.
    pub totals: Totals,
}

impl Flow {
    /// Reads a row. `ip` gives the address that a row means.
    pub fn new(parts: &KeyParts, totals: &Totals, interface: Option<InterfaceIx>, ip: impl Fn(Addr) -> IpAddr) -> Self {
        Flow {
            place: parts.place,
            interface,
            span: Span {
                from: i64::from(totals.first_seen) - LAG,
                to: i64::from(totals.last_seen.max(totals.first_seen)),
            },
            protocol: Protocol(parts.protocol),
            src: parts.src,
            dst: parts.dst,
            src_ip: ip(parts.src),
            dst_ip: ip(parts.dst),
            pkt_src: parts.pkt_src.map(&ip),
            pkt_dst: parts.pkt_dst.map(&ip),
            src_port: parts.src_port,
            dst_port: parts.dst_port,
            opener: parts.opener,
            stated_direction: parts.direction,
            totals: *totals,
        }
    }

    /// Whether the protocol is TCP or UDP, the two whose ports a rule looks at.
    pub fn has_ports(&self) -> bool {
        self.protocol == Protocol::TCP || self.protocol == Protocol::UDP
    }

    /// The address at the other end, and the packet-level one where it differs.
    pub fn peer(&self, direction: Direction) -> (IpAddr, Option<IpAddr>) {
        match direction {
            Direction::Ingress => (self.src_ip, self.pkt_src),
            Direction::Egress => (self.dst_ip, self.pkt_dst),
        }
    }
}

/// A port of a row as the matcher takes it.
pub fn port_of(port: RowPort) -> Port {
    match port {
        RowPort::Known(port) => Port::Known(port),
        RowPort::High => Port::High,
        RowPort::Missing => Port::Unknown,
    }
}
