//! What is kept of each use of a rule, beyond sums: when, with whom, and what told that it was one.

use crate::attribute::tally::Effect;
use crate::attribute::witness::{Ground, Seen, Witness};
use crate::rollup::PlaceIx;
use hashbrown::{HashMap, HashSet};
use inventory::{GroupIx, Span};
use std::collections::BTreeMap;
use std::net::IpAddr;

type Quick = foldhash::fast::FixedState;

/// A rule: its group, and its position in the rules of the group's last snapshot.
pub type RuleKey = (GroupIx, usize);

/// Looks on and keeps [`Details`] of the rules that are asked for.
#[derive(Clone, Debug, Default)]
pub struct DetailsBook {
    /// Seconds; each part of a timeline is so long.
    bucket: u32,
    /// `None`: all rules.
    wanted: Option<HashSet<RuleKey, Quick>>,
    rules: HashMap<RuleKey, Details, Quick>,
}

/// What is known of the uses of one rule. All counts are records, each once.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// Requests, sure and possible, by start of the part of time that they began in (epoch seconds).
    pub timeline: BTreeMap<u32, u64>,
    /// Whom they were with.
    pub peers: HashMap<IpAddr, PeerUse, Quick>,
    /// What told who opened the flow, in the order of [`Ground::ALL`].
    pub grounds: [u64; Ground::ALL.len()],
    /// What only answers prove.
    pub implied: u64,
    /// Records that a guess set aside as answers, by what guessed.
    pub set_aside: [u64; Ground::ALL.len()],
    /// Records that could have used it if their interface or peer carried what no snapshot shows: by place.
    pub unplaced: BTreeMap<PlaceIx, Unplaced>,
}

/// Uses with one peer. Where packet-level and record address differ, each counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerUse {
    /// Requests, sure and possible.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Least `start`, epoch seconds.
    pub first_seen: u32,
    /// Greatest `end`, epoch seconds.
    pub last_seen: u32,
}

/// Records that could not be placed, of one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unplaced {
    /// How many.
    pub records: u64,
    /// Least `start`, epoch seconds.
    pub first_seen: u32,
    /// Greatest `end`, epoch seconds.
    pub last_seen: u32,
    /// One of the addresses at the other end.
    pub peer: IpAddr,
}

impl DetailsBook {
    /// Keeps details of these rules, or of all.
    pub fn new(wanted: Option<&[RuleKey]>, bucket: u32) -> DetailsBook {
        let wanted = wanted.map(|rules| rules.iter().copied().collect());
        DetailsBook { bucket: bucket.max(1), wanted, rules: HashMap::default() }
    }

    /// Seconds that are one part of a timeline.
    pub fn bucket(&self) -> u32 {
        self.bucket
    }

    /// What was seen of a rule; `None` if nothing was.
    pub fn of(&self, rule: RuleKey) -> Option<&Details> {
        self.rules.get(&rule)
    }
}

/// A bucket for a window: hours for up to four days, days beyond.
pub fn bucket_for(window: Span) -> u32 {
    if window.to - window.from <= 4 * 86_400 { 3600 } else { 86_400 }
}

impl Witness for DetailsBook {
    fn see(&mut self, seen: &Seen<'_>) {
        let key = (seen.group, seen.rule);
        if self.wanted.as_ref().is_some_and(|wanted| !wanted.contains(&key)) {
            return;
        }
        let details = self.rules.entry(key).or_default();
        let totals = &seen.flow.totals;
        let records = if seen.is_new { u64::from(totals.flows) } else { 0 };
        let ground = seen.ground as usize;
        match seen.effect {
            Effect::Request | Effect::Ambiguous => details.grounds[ground] += records,
            Effect::Implied => details.implied += records,
            Effect::SetAside => {
                details.set_aside[ground] += records;
                return;
            }
            Effect::Unplaced => {
                let (first_seen, last_seen) = (totals.first_seen, totals.last_seen);
                let new = Unplaced { records: 0, first_seen, last_seen, peer: seen.reading.peer };
                let known = details.unplaced.entry(seen.flow.place).or_insert(new);
                known.records += records;
                known.first_seen = known.first_seen.min(first_seen);
                known.last_seen = known.last_seen.max(last_seen);
                known.peer = known.peer.min(seen.reading.peer);
                return;
            }
        }
        // What answers prove is mostly in the logs itself; counted here only with whom it was.
        let counts = seen.effect != Effect::Implied;
        if counts {
            *details.timeline.entry(totals.first_seen - totals.first_seen % self.bucket).or_default() += records;
        }
        for peer in std::iter::once(seen.reading.peer).chain(seen.reading.other_peer) {
            let new = PeerUse { records: 0, bytes: 0, first_seen: totals.first_seen, last_seen: totals.last_seen };
            let known = details.peers.entry(peer).or_insert(new);
            known.add(&PeerUse {
                records: if counts { records } else { 0 },
                bytes: if counts && seen.is_new { totals.bytes } else { 0 },
                ..new
            });
        }
    }

    fn absorb(&mut self, other: DetailsBook) {
        for (key, theirs) in other.rules {
            self.rules.entry(key).or_default().absorb(theirs);
        }
    }
}

impl PeerUse {
    fn add(&mut self, other: &PeerUse) {
        self.records += other.records;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}

impl Details {
    fn absorb(&mut self, other: Details) {
        for (start, records) in other.timeline {
            *self.timeline.entry(start).or_default() += records;
        }
        for (peer, theirs) in other.peers {
            self.peers.entry(peer).and_modify(|mine| mine.add(&theirs)).or_insert(theirs);
        }
        for (mine, theirs) in self.grounds.iter_mut().zip(other.grounds) {
            *mine += theirs;
        }
        for (mine, theirs) in self.set_aside.iter_mut().zip(other.set_aside) {
            *mine += theirs;
        }
        self.implied += other.implied;
        for (place, theirs) in other.unplaced {
            let mine = self.unplaced.entry(place).or_insert(Unplaced { records: 0, ..theirs });
            mine.records += theirs.records;
            mine.first_seen = mine.first_seen.min(theirs.first_seen);
            mine.last_seen = mine.last_seen.max(theirs.last_seen);
            mine.peer = mine.peer.min(theirs.peer);
        }
    }
}
