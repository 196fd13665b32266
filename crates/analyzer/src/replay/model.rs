//! The outcome of a replay as data.

use inventory::Direction;
use std::net::IpAddr;

/// What a proposal would have meant for the traffic in the logs.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// Ids of the groups whose rules differ from those of the last snapshot, sorted.
    pub changed_groups: Vec<String>,
    /// Groups of the proposal that the inventory does not know, sorted.
    pub unknown_groups: Vec<String>,
    /// Requests that would be denied: the sure ones first, then by records, most first.
    pub denied: Vec<Denial>,
    /// Requests that were rejected and would be accepted: the sure ones first, then by records, most first.
    pub admitted: Vec<Admission>,
}

/// Whether it is sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// The record surely is a request, the rule surely allowed it, and no rule that is to be would.
    Surely,
    /// Something of that is not known.
    Possibly,
}

impl Certainty {
    /// `surely`, `possibly`.
    pub fn name(self) -> &'static str {
        match self {
            Certainty::Surely => "surely",
            Certainty::Possibly => "possibly",
        }
    }
}

/// Requests of one peer to one port that one rule allowed and that no proposed rule would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Whether it is sure.
    pub certainty: Certainty,
    /// `sg-...`
    pub group_id: String,
    /// Its name, or "".
    pub group_name: String,
    /// The rule that allowed them.
    pub rule_id: String,
    /// Its direction.
    pub direction: Direction,
    /// tcp, udp, icmp, icmpv6, or a number: of the requests.
    pub protocol: String,
    /// Where they went.
    pub port: DeniedPort,
    /// The other end; the packet-level address where that is the one that would be denied.
    pub peer: IpAddr,
    /// Sums and times.
    pub traffic: Traffic,
}

/// Rejected requests of one peer to one port that a proposed rule would allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Whether it is sure, as far as security groups go: a network ACL may reject it all the same.
    pub certainty: Certainty,
    /// `sg-...`
    pub group_id: String,
    /// Its name, or "".
    pub group_name: String,
    /// The proposed rule.
    pub rule_id: String,
    /// Its direction.
    pub direction: Direction,
    /// tcp, udp, icmp, icmpv6, or a number: of the requests.
    pub protocol: String,
    /// Where they went.
    pub port: DeniedPort,
    /// The other end.
    pub peer: IpAddr,
    /// Sums and times.
    pub traffic: Traffic,
}

/// The destination port of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeniedPort {
    /// This one.
    Known(u16),
    /// Some port from 32768 up, whose number was dropped.
    High,
    /// The format has none, or the protocol.
    None,
}

/// Sums and times of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Flow log records.
    pub records: u64,
    /// Their packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Least `start`, epoch seconds.
    pub first_seen: u32,
    /// Greatest `end`, epoch seconds.
    pub last_seen: u32,
}
