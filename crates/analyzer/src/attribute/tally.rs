//! What adds up for one rule.

use super::flow::Flow;
use super::peers::Peers;
use super::reading::{Reading, Weight};
use hashbrown::HashMap;
use inventory::{Answer, Port, Rule};

/// Key of a port in [`Tally::ports`]: the port, or one of the two below.
pub type PortKey = u32;
/// Some port from 32768 up.
pub const HIGH_PORT: PortKey = 65_536;
/// Any port: the format has none.
pub const ANY_PORT: PortKey = 65_537;

/// Uses of one destination port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortUses {
    /// Records.
    pub records: u64,
    /// Least `start`, epoch seconds.
    pub first_seen: u32,
}

impl PortUses {
    fn add(&mut self, other: PortUses) {
        self.records += other.records;
        self.first_seen = self.first_seen.min(other.first_seen);
    }
}

/// What one reading of a record means for a rule that may allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// A request that it surely allowed.
    Request,
    /// Perhaps a request, or perhaps allowed.
    Ambiguous,
    /// Proof of a request that need not be in the logs itself.
    Implied,
    /// No use, if a guess is right.
    SetAside,
    /// A use, if somebody carried what the inventory does not know.
    Unplaced,
}

impl Effect {
    /// Weighs a reading that the rule allows, surely or not.
    pub fn of(rule: &Rule, weight: Weight, answer: Answer) -> Effect {
        let set_aside = match weight {
            Weight::Aside | Weight::Opposed => rule.covers_ephemeral(),
            Weight::Sure | Weight::Possible | Weight::Implied => false,
        };
        match weight {
            _ if set_aside => Effect::SetAside,
            Weight::Opposed => Effect::Unplaced,
            _ if answer == Answer::Unplaced => Effect::Unplaced,
            Weight::Implied => Effect::Implied,
            Weight::Sure if answer == Answer::Surely => Effect::Request,
            _ => Effect::Ambiguous,
        }
    }

    /// Whether the rule is, or may be, used.
    pub fn is_use(self) -> bool {
        matches!(self, Effect::Request | Effect::Ambiguous | Effect::Implied)
    }
}

/// What is known of one rule's use. All counts are records.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Requests that it surely allowed.
    pub requests: u64,
    /// Records that may have used it.
    pub ambiguous: u64,
    /// Answers to requests that it may have allowed and that need not be in the logs.
    pub implied: u64,
    /// Set aside by a guess.
    pub assumed_replies: u64,
    /// Could have used it, had the interface or the peer carried what the inventory does not know.
    pub unplaced: u64,
    /// Of those: records that no rule of their own interface explains.
    pub contradicting: u64,
    /// Replies of untracked connections that pass by it.
    pub untracked_answers: u64,
    /// Packets of requests and ambiguous records.
    pub packets: u64,
    /// Bytes of requests and ambiguous records.
    pub bytes: u64,
    /// First and last second of any use, sure or possible.
    pub seen: Option<(u32, u32)>,
    /// Destination ports of uses.
    pub ports: HashMap<PortKey, PortUses, foldhash::fast::FixedState>,
    /// Peers of uses.
    pub peers: Peers,
}

impl Tally {
    /// Whether a request was, or may have been, allowed by it.
    pub fn is_used(&self) -> bool {
        self.requests > 0 || self.ambiguous > 0 || self.implied > 0
    }

    /// Counts what a record means for the rule.
    pub fn count(&mut self, effect: Effect, flow: &Flow) {
        let records = u64::from(flow.totals.flows);
        match effect {
            Effect::Request => self.requests += records,
            Effect::Ambiguous => self.ambiguous += records,
            Effect::Implied => self.implied += records,
            Effect::SetAside => self.assumed_replies += records,
            Effect::Unplaced => self.unplaced += records,
        }
        if matches!(effect, Effect::Request | Effect::Ambiguous) {
            self.packets = self.packets.saturating_add(flow.totals.packets);
            self.bytes = self.bytes.saturating_add(flow.totals.bytes);
        }
    }

    /// Notes when and with whom a use was.
    ///
    /// `is_new`: false for a second reading of a record that counted already. It may have been to another port, or with another peer, all
    /// the same.
    pub fn note_use(&mut self, flow: &Flow, reading: &Reading, is_new: bool) {
        if flow.has_ports() {
            let key = match reading.port {
                Port::Known(port) => u32::from(port),
                Port::High => HIGH_PORT,
                Port::Unknown => ANY_PORT,
            };
            let records = if is_new { u64::from(flow.totals.flows) } else { 0 };
            let uses = PortUses { records, first_seen: flow.totals.first_seen };
            self.ports.entry(key).and_modify(|known| known.add(uses)).or_insert(uses);
        }
        let (first, last) = (flow.totals.first_seen, flow.totals.last_seen);
        self.seen = Some(self.seen.map_or((first, last), |(from, to)| (from.min(first), to.max(last))));
        self.peers.add(reading.peer, first, last);
        if let Some(other) = reading.other_peer {
            self.peers.add(other, first, last);
        }
    }

    /// Adds what another thread found.
    pub fn merge(&mut self, other: Tally) {
        self.requests += other.requests;
        self.ambiguous += other.ambiguous;
        self.implied += other.implied;
        self.assumed_replies += other.assumed_replies;
        self.unplaced += other.unplaced;
        self.contradicting += other.contradicting;
        self.untracked_answers += other.untracked_answers;
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.seen = match (self.seen, other.seen) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (mine, theirs) => mine.or(theirs),
        };
        for (port, uses) in other.ports {
            self.ports.entry(port).and_modify(|known| known.add(uses)).or_insert(uses);
        }
        self.peers.absorb(other.peers);
    }
}
