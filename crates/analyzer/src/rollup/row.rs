//! One row of a rollup, packed small: a busy account has millions.

use super::PlaceIx;
use flowlog::Action;
use flowlog::opener::Opener;
use inventory::Direction;
use std::hash::{BuildHasher, Hasher};

/// Width of a slice of time, aligned to midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slice {
    /// 3,600 s.
    Hour,
    /// 86,400 s.
    Day,
}

impl Slice {
    /// Seconds.
    pub fn seconds(self) -> u32 {
        match self {
            Slice::Hour => 3600,
            Slice::Day => 86_400,
        }
    }

    /// Start of the slice that a time falls in.
    pub fn start_of(self, time: u32) -> u32 {
        time - time % self.seconds()
    }
}

/// A port as a row holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowPort {
    /// This port.
    Known(u16),
    /// Some port from 32768 up, whose number was dropped.
    High,
    /// The format has no ports.
    Missing,
}

/// An address of a row: an IPv4 address itself, or the number of another one in the table's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Addr {
    /// IPv4, big-endian as a number.
    V4(u32),
    /// Index into [`super::Table::listed`].
    Listed(u32),
}

/// What makes a row distinct. 32 bytes; read it by its functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    slice: u32,
    place: u32,
    src: u32,
    dst: u32,
    pkt_src: u32,
    pkt_dst: u32,
    src_port: u16,
    dst_port: u16,
    marks: u16,
    protocol: u8,
}

// Bits of `marks`.
const EGRESS: u16 = 1;
const HAS_DIRECTION: u16 = 1 << 1;
const OPENER: u32 = 2; // three bits: 0 = no flags
const ACCEPT: u16 = 1 << 5;
const SRC_PORT: u32 = 6; // two bits: 0 known, 1 high, 2 missing
const DST_PORT: u32 = 8;
const LISTED: u16 = 1 << 10;
const HAS_PKT_SRC: u16 = 1 << 11;
const HAS_PKT_DST: u16 = 1 << 12;

/// The parts of a [`Key`], spelled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyParts {
    /// Start of the slice, epoch seconds.
    pub slice: u32,
    /// Where it was recorded.
    pub place: PlaceIx,
    /// `flow-direction`, where the format has it.
    pub direction: Option<Direction>,
    /// IANA number.
    pub protocol: u8,
    /// `srcaddr`. All addresses of a row are of one kind: all [`Addr::V4`] or all [`Addr::Listed`].
    pub src: Addr,
    /// `dstaddr`.
    pub dst: Addr,
    /// `pkt-srcaddr` where it differs from `srcaddr`.
    pub pkt_src: Option<Addr>,
    /// `pkt-dstaddr` where it differs from `dstaddr`.
    pub pkt_dst: Option<Addr>,
    /// `srcport`.
    pub src_port: RowPort,
    /// `dstport`.
    pub dst_port: RowPort,
    /// What the TCP flags say, where there are any.
    pub opener: Option<Opener>,
    /// ACCEPT or REJECT.
    pub action: Action,
}

impl KeyParts {
    /// Packs the parts.
    pub fn pack(&self) -> Key {
        let mut marks = 0;
        match self.direction {
            None => {}
            Some(Direction::Ingress) => marks |= HAS_DIRECTION,
            Some(Direction::Egress) => marks |= HAS_DIRECTION | EGRESS,
        }
        let opener: u16 = match self.opener {
            None => 0,
            Some(Opener::Source) => 1,
            Some(Opener::Destination) => 2,
            Some(Opener::Both) => 3,
            Some(Opener::Unknown) => 4,
        };
        marks |= opener << OPENER;
        if self.action == Action::Accept {
            marks |= ACCEPT;
        }
        let (src_port, src_kind) = port_bits(self.src_port);
        let (dst_port, dst_kind) = port_bits(self.dst_port);
        marks |= src_kind << SRC_PORT | dst_kind << DST_PORT;
        if matches!(self.src, Addr::Listed(_)) {
            marks |= LISTED;
        }
        if self.pkt_src.is_some() {
            marks |= HAS_PKT_SRC;
        }
        if self.pkt_dst.is_some() {
            marks |= HAS_PKT_DST;
        }
        let number = |addr: Addr| match addr {
            Addr::V4(number) | Addr::Listed(number) => number,
        };
        debug_assert!(
            [Some(self.src), Some(self.dst), self.pkt_src, self.pkt_dst].into_iter().flatten().all(|addr| matches!(
                addr,
                Addr::Listed(_)
            ) == (marks
                & LISTED
                != 0))
        );
        Key {
            slice: self.slice,
            place: self.place.0,
            src: number(self.src),
            dst: number(self.dst),
            pkt_src: self.pkt_src.map_or(0, number),
            pkt_dst: self.pkt_dst.map_or(0, number),
            src_port,
            dst_port,
            marks,
            protocol: self.protocol,
        }
    }
}

fn port_bits(port: RowPort) -> (u16, u16) {
    match port {
        RowPort::Known(port) => (port, 0),
        RowPort::High => (0, 1),
        RowPort::Missing => (0, 2),
    }
}

fn port_of(port: u16, kind: u16) -> RowPort {
    match kind & 3 {
        0 => RowPort::Known(port),
        1 => RowPort::High,
        _ => RowPort::Missing,
    }
}

impl Key {
    /// The parts, spelled out.
    pub fn parts(&self) -> KeyParts {
        let addr = |number| if self.marks & LISTED == 0 { Addr::V4(number) } else { Addr::Listed(number) };
        KeyParts {
            slice: self.slice,
            place: self.place(),
            direction: match (self.marks & HAS_DIRECTION != 0, self.marks & EGRESS != 0) {
                (false, _) => None,
                (true, false) => Some(Direction::Ingress),
                (true, true) => Some(Direction::Egress),
            },
            protocol: self.protocol,
            src: addr(self.src),
            dst: addr(self.dst),
            pkt_src: (self.marks & HAS_PKT_SRC != 0).then(|| addr(self.pkt_src)),
            pkt_dst: (self.marks & HAS_PKT_DST != 0).then(|| addr(self.pkt_dst)),
            src_port: port_of(self.src_port, self.marks >> SRC_PORT),
            dst_port: port_of(self.dst_port, self.marks >> DST_PORT),
            opener: match self.marks >> OPENER & 7 {
                0 => None,
                1 => Some(Opener::Source),
                2 => Some(Opener::Destination),
                3 => Some(Opener::Both),
                _ => Some(Opener::Unknown),
            },
            action: self.action(),
        }
    }

    /// Where it was recorded.
    pub fn place(&self) -> PlaceIx {
        PlaceIx(self.place)
    }

    /// The same row recorded elsewhere.
    pub fn at(&self, place: PlaceIx) -> Key {
        Key { place: place.0, ..*self }
    }

    /// Whether its addresses are numbers in a list.
    pub fn is_listed(&self) -> bool {
        self.marks & LISTED != 0
    }

    /// ACCEPT or REJECT.
    pub fn action(&self) -> Action {
        if self.marks & ACCEPT != 0 { Action::Accept } else { Action::Reject }
    }

    /// A hash of all that makes the row distinct.
    pub fn hash(&self, hasher: &foldhash::fast::FixedState) -> u64 {
        let mut state = hasher.build_hasher();
        state.write_u64(u64::from(self.slice) << 32 | u64::from(self.place));
        state.write_u64(u64::from(self.src) << 32 | u64::from(self.dst));
        state.write_u64(
            u64::from(self.src_port) << 48
                | u64::from(self.dst_port) << 32
                | u64::from(self.marks) << 16
                | u64::from(self.protocol),
        );
        if self.pkt_src | self.pkt_dst != 0 {
            state.write_u64(u64::from(self.pkt_src) << 32 | u64::from(self.pkt_dst));
        }
        state.finish()
    }
}

/// What adds up. 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// Records.
    pub flows: u32,
    /// Least `start`, epoch seconds.
    pub first_seen: u32,
    /// Greatest `end`, epoch seconds.
    pub last_seen: u32,
}

impl Totals {
    /// Adds other totals; sums stop at the largest number rather than wrap.
    pub fn add(&mut self, other: &Totals) {
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.flows = self.flows.saturating_add(other.flows);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_back_its_parts() {
        assert_eq!(size_of::<Key>(), 32);
        assert_eq!(size_of::<Totals>(), 32);
        for (number, opener) in
            [None, Some(Opener::Source), Some(Opener::Destination), Some(Opener::Both), Some(Opener::Unknown)]
                .into_iter()
                .enumerate()
        {
            for direction in [None, Some(Direction::Ingress), Some(Direction::Egress)] {
                for port in [RowPort::Known(0), RowPort::Known(65535), RowPort::High, RowPort::Missing] {
                    let listed = number % 2 == 1;
                    let addr = |n| if listed { Addr::Listed(n) } else { Addr::V4(n) };
                    let parts = KeyParts {
                        slice: 7200,
                        place: PlaceIx(number as u32),
                        direction,
                        protocol: 255,
                        src: addr(u32::MAX),
                        dst: addr(0),
                        pkt_src: listed.then(|| addr(5)),
                        pkt_dst: (!listed).then(|| addr(6)),
                        src_port: port,
                        dst_port: RowPort::Known(443),
                        opener,
                        action: if listed { Action::Accept } else { Action::Reject },
                    };
                    assert_eq!(parts.pack().parts(), parts);
                }
            }
        }
    }
}
