//! The outcome of a replay as data.

use crate::rollup::Totals;
use inventory::{Direction, Port, Protocol};
use std::cmp::Reverse;
use std::net::IpAddr;

/// What a proposal would have meant for the traffic in the logs.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// Ids of the groups whose rules differ from those of the last snapshot, sorted.
    pub changed_groups: Vec<String>,
    /// Groups of the proposal that the inventory does not know, or whose rules it does not list, sorted.
    pub unknown_groups: Vec<String>,
    /// Rules of the last snapshot that the proposal takes away or changes.
    pub replayed_rules: u64,
    /// Requests that these rules allowed, surely or possibly: records, counted for each rule.
    pub replayed_requests: u64,
    /// Records that a guess set aside as answers, and that would have used these rules as requests; counted for each rule.
    pub assumed_replies: u64,
    /// Answers of untracked connections that pass by these rules: such connections are cut when the rule goes.
    pub untracked_answers: u64,
    /// Requests that would be denied: the sure ones first, then by records, most first.
    pub denied: Vec<Denial>,
    /// Requests that were rejected and would be accepted: the sure ones first, then by records, most first.
    pub admitted: Vec<Admission>,
}

/// Whether it is sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Of a denial: the record counts as a request that the rule surely allowed (`requests` in a report), and no rule that is to be would.
    /// Of an admission: its flags show a request, the new rule surely allows it, and no rule that its interface has now would.
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

/// Requests that a rule allowed, that goes, and that no proposed rule would.
pub type Denial = Requests;

/// Rejected requests that a proposed rule would allow; as far as security groups go: a network ACL may reject them all the same.
pub type Admission = Requests;

/// Requests of one peer to one port, and the rule that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requests {
    /// Whether it is sure.
    pub certainty: Certainty,
    /// `sg-...`
    pub group_id: String,
    /// Its name, or "".
    pub group_name: String,
    /// Of a denial: the rule of the last snapshot that allowed them. Of an admission: the proposed rule.
    pub rule_id: String,
    /// Its direction.
    pub direction: Direction,
    /// tcp, udp, icmp, icmpv6, or a number: of the requests.
    pub protocol: String,
    /// Where they went.
    pub port: DeniedPort,
    /// The other end; the packet-level address where that is the one that decides.
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

/// Sums and times of records. A record that may have been for one of two ports or peers counts for each.
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

impl Traffic {
    /// Those of one row of a rollup.
    pub fn of(totals: &Totals) -> Traffic {
        Traffic {
            records: u64::from(totals.flows),
            packets: totals.packets,
            bytes: totals.bytes,
            first_seen: totals.first_seen,
            last_seen: totals.last_seen,
        }
    }

    /// Adds other traffic; sums stop at the largest number rather than wrap.
    pub fn add(&mut self, other: &Traffic) {
        self.records = self.records.saturating_add(other.records);
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}

impl DeniedPort {
    /// The port of a request. ICMP and protocols without ports have none, whatever stands in the record.
    pub fn of(protocol: Protocol, port: Port) -> DeniedPort {
        match port {
            _ if !protocol.has_ports() => DeniedPort::None,
            Port::Known(port) => DeniedPort::Known(port),
            Port::High => DeniedPort::High,
            Port::Unknown => DeniedPort::None,
        }
    }
}

impl Replay {
    /// Puts what was found in its order.
    pub fn sort(&mut self) {
        for list in [&mut self.denied, &mut self.admitted] {
            list.sort_by(|a, b| a.place().cmp(&b.place()).then_with(|| a.names().cmp(&b.names())));
        }
    }
}

impl Requests {
    fn place(&self) -> impl Ord + use<> {
        (self.certainty, Reverse(self.traffic.records), self.direction, self.port, self.peer)
    }

    fn names(&self) -> (&str, &str, &str) {
        (&self.group_id, &self.rule_id, &self.protocol)
    }
}
