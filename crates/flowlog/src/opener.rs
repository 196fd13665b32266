//! Who opened a flow. Security groups are stateful: the packet that opens a flow needs a rule, its replies do not. A record is one
//! direction of a flow in one interval, and does not say whether it carries requests or replies; this module has each piece of
//! evidence as a function of its own, to be asked in this order:
//!
//! 1. [`from_tcp_flags`]: what the records themselves show.
//! 2. The rules (a record that no rule allows is a reply): needs an inventory, so it is not here.
//! 3. [`by_services`], 4. [`by_named_ports`], 5. [`by_port_numbers`], 6. [`FanIn`]: guesses, which may set a record aside only for
//!    rules that cover the whole ephemeral range.
//!
//! A guess that is not sure says `None`, and the record stays a possible use in its own direction.

use std::ops::RangeInclusive;

mod fan_in;

pub use fan_in::{ENOUGH_PORTS, FanIn, PairSide};

/// Ports that Linux takes for outgoing connections unless told otherwise (`net.ipv4.ip_local_port_range`, Linux kernel documentation,
/// "IP Sysctl").
pub const LINUX_EPHEMERAL: RangeInclusive<u16> = 32768..=60999;

/// Ports whose number a rollup may drop: the ephemeral ports of Linux and, inside it, those of RFC 6335 (49152-65535), which
/// Windows, macOS and the BSDs use.
pub const DROPPABLE: RangeInclusive<u16> = 32768..=65535;

/// One of the two ends of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The sending end.
    Source,
    /// The receiving end.
    Destination,
}

impl Side {
    /// The other end.
    pub fn other(self) -> Side {
        match self {
            Side::Source => Side::Destination,
            Side::Destination => Side::Source,
        }
    }
}

/// Which end of a record opened the flow, as far as TCP flags tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Opener {
    /// The source: a request.
    Source,
    /// The destination: a reply.
    Destination,
    /// SYN and ACK in a record that shows raw flags: a request whose later packets had ACK, or an answer.
    Both,
    /// The flags do not tell: not TCP, or a later interval of a long connection.
    Unknown,
}

/// What the TCP flags of one record tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlagEvidence {
    /// Who opened.
    pub opener: Opener,
    /// The flags can only come from a source that OR-s all flags of all packets, contrary to AWS's documentation. There, SYN+ACK is
    /// ambiguous in *every* record, also in those that do not show it by themselves.
    pub raw: bool,
}

const SYN: u16 = 2;
const ACK: u16 = 16;
/// FIN 1, SYN 2, RST 4 and ACK 16 are what AWS documents, ACK only with SYN.
const DOCUMENTED: u16 = 1 | SYN | 4 | ACK;

/// Evidence 1: TCP flags, OR-ed over the interval (VPC User Guide, "Flow log records", `tcp-flags`: FIN 1, SYN 2, RST 4, SYN-ACK 18; an ACK
/// alone is not recorded).
///
/// SYN without ACK (2, 3, 6, 7): the source opened. SYN with ACK (18, 19, 22, 23): the source answered. Without SYN: a later
/// interval of a long connection, or not TCP. PSH, URG, ECE, CWR or an ACK without SYN are raw flags, and a raw SYN+ACK is what every
/// complete conversation shows on both sides.
pub fn from_tcp_flags(flags: u16) -> FlagEvidence {
    let syn = flags & SYN != 0;
    let ack = flags & ACK != 0;
    let raw = flags & !DOCUMENTED != 0 || (ack && !syn);
    let opener = match (syn, ack) {
        (false, _) => Opener::Unknown,
        (true, false) => Opener::Source,
        (true, true) if raw => Opener::Both,
        (true, true) => Opener::Destination,
    };
    FlagEvidence { opener, raw }
}

/// Evidence 3, a guess: the side whose address, protocol and port answered, or was opened by flags, elsewhere in these logs is the server; if the
/// other side is one too, either may have called.
pub fn by_services(src_is_service: bool, dst_is_service: bool) -> Option<Side> {
    match (src_is_service, dst_is_service) {
        (true, false) => Some(Side::Source),
        (false, true) => Some(Side::Destination),
        (true, true) | (false, false) => None,
    }
}

/// Evidence 4, a guess: just one side has a rule, at any interface and time of the inventory, that singles out its port
/// and lets the other side in to it or out to it: that side is the server. Equal ports (NTP, IKE, DNS between servers) tell nothing.
pub fn by_named_ports(src_port: u16, dst_port: u16, src_named: bool, dst_named: bool) -> Option<Side> {
    if src_port == dst_port {
        return None;
    }
    by_services(src_named, dst_named)
}

/// A port as a rollup keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlowPort {
    /// The number.
    Known(u16),
    /// Some port in [`DROPPABLE`], whose number was dropped.
    High,
}

impl FlowPort {
    fn is_at_least(self, bound: u16) -> bool {
        match self {
            FlowPort::Known(port) => port >= bound,
            FlowPort::High => bound <= *DROPPABLE.start(),
        }
    }
}

/// FTP servers in active mode call back from this port (RFC 959, section 3.2), so its side is not the one that waits.
const FTP_DATA: u16 = 20;

/// Evidence 5, a guess: the side with the lower port is the server, if
/// - the lower is below 512 and the other 1024 or above; or
/// - the lower is below 32768 and the other at or above it, and the low side is public or a plain interface that we know. Load
///   balancers, NAT gateways, Lambda and unknown hosts call from any port above 1023, often to ports in 32768-61000.
///
/// Never "below 1024 against above" alone: NFS, rsh and LPR clients call from 512-1023. Not port 20, from which FTP calls back, and
/// not port 0, which stands for traffic without ports. The closure is asked only where the second line decides.
pub fn by_port_numbers(
    src_port: FlowPort,
    dst_port: FlowPort,
    low_side_is_public_or_plain: impl FnOnce(Side) -> bool,
) -> Option<Side> {
    let (low_side, low, other) = match (src_port, dst_port) {
        (FlowPort::Known(src), FlowPort::Known(dst)) if src == dst => return None,
        (FlowPort::Known(src), FlowPort::Known(dst)) if src > dst => (Side::Destination, dst, src_port),
        (FlowPort::Known(src), _) => (Side::Source, src, dst_port),
        (FlowPort::High, FlowPort::Known(dst)) => (Side::Destination, dst, src_port),
        (FlowPort::High, FlowPort::High) => return None,
    };
    if low == FTP_DATA || low == 0 {
        return None;
    }
    if low < 512 && other.is_at_least(1024) {
        return Some(low_side);
    }
    let dynamic = *LINUX_EPHEMERAL.start();
    if low < dynamic && other.is_at_least(dynamic) && low_side_is_public_or_plain(low_side) {
        return Some(low_side);
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn documented_flags() {
        for flags in [2, 3, 6, 7] {
            assert_eq!(from_tcp_flags(flags), FlagEvidence { opener: Opener::Source, raw: false }, "{flags}");
        }
        for flags in [18, 19, 22, 23] {
            assert_eq!(from_tcp_flags(flags), FlagEvidence { opener: Opener::Destination, raw: false }, "{flags}");
        }
        for flags in [0, 1, 4, 5] {
            assert_eq!(from_tcp_flags(flags), FlagEvidence { opener: Opener::Unknown, raw: false }, "{flags}");
        }
    }

    #[test]
    fn raw_flags_make_syn_ack_ambiguous() {
        // PSH 8, URG 32, ECE 64, CWR 128.
        for raw in [8, 32, 64, 128] {
            assert_eq!(from_tcp_flags(18 | raw), FlagEvidence { opener: Opener::Both, raw: true }, "{raw}");
            assert_eq!(from_tcp_flags(2 | raw), FlagEvidence { opener: Opener::Source, raw: true }, "{raw}");
            assert_eq!(from_tcp_flags(raw), FlagEvidence { opener: Opener::Unknown, raw: true }, "{raw}");
        }
        assert_eq!(from_tcp_flags(16), FlagEvidence { opener: Opener::Unknown, raw: true });
        assert_eq!(from_tcp_flags(17), FlagEvidence { opener: Opener::Unknown, raw: true });
    }

    #[test]
    fn services_and_named_ports() {
        assert_eq!(by_services(true, false), Some(Side::Source));
        assert_eq!(by_services(false, true), Some(Side::Destination));
        assert_eq!(by_services(true, true), None);
        assert_eq!(by_services(false, false), None);
        assert_eq!(by_named_ports(443, 50000, true, false), Some(Side::Source));
        assert_eq!(by_named_ports(50000, 50001, false, true), Some(Side::Destination));
        assert_eq!(by_named_ports(123, 123, true, false), None);
        assert_eq!(by_named_ports(443, 50000, true, true), None);
    }

    fn known(src: u16, dst: u16, low_side_ok: bool) -> Option<Side> {
        by_port_numbers(FlowPort::Known(src), FlowPort::Known(dst), |_| low_side_ok)
    }

    #[test]
    fn port_numbers_by_hand() {
        // Below 512 against 1024 or above: whoever the low side is.
        assert_eq!(known(50000, 443, false), Some(Side::Destination));
        assert_eq!(known(443, 1024, false), Some(Side::Source));
        assert_eq!(known(443, 1023, true), None);
        assert_eq!(known(511, 1024, false), Some(Side::Source));
        assert_eq!(known(512, 1024, true), None);
        // NFS, rsh and LPR clients.
        assert_eq!(known(800, 2049, true), None);
        assert_eq!(known(1022, 514, true), None);
        // Below 32768 against at or above it: only for public or plain low sides.
        assert_eq!(known(32768, 8080, true), Some(Side::Destination));
        assert_eq!(known(32768, 8080, false), None);
        assert_eq!(known(32767, 8080, true), None);
        assert_eq!(known(32767, 32768, true), Some(Side::Source));
        assert_eq!(known(40000, 50000, true), None);
        // Equal ports, FTP data, no ports.
        assert_eq!(known(123, 123, true), None);
        assert_eq!(known(20, 50000, true), None);
        assert_eq!(known(50000, 20, true), None);
        assert_eq!(known(0, 50000, true), None);
        assert_eq!(known(0, 0, true), None);
    }

    #[test]
    fn dropped_ports_count_as_high() {
        use FlowPort::{High, Known};
        assert_eq!(by_port_numbers(High, Known(443), |_| false), Some(Side::Destination));
        assert_eq!(by_port_numbers(Known(8080), High, |side| side == Side::Source), Some(Side::Source));
        assert_eq!(by_port_numbers(Known(8080), High, |side| side == Side::Destination), None);
        assert_eq!(by_port_numbers(High, Known(40000), |_| true), None);
        assert_eq!(by_port_numbers(High, High, |_| true), None);
        assert_eq!(by_port_numbers(Known(20), High, |_| true), None);
    }
}
