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
    /// Of those: records that leave open what their own interface carried. The others leave open whose their peer's
    /// address was.
    pub of_interface: u64,
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
                let of_interface = if seen.carried.is_empty() { records } else { 0 };
                let new = Unplaced { records, of_interface, first_seen, last_seen, peer: seen.reading.peer };
                details.unplaced.entry(seen.flow.place).and_modify(|known| known.add(&new)).or_insert(new);
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
    /// Adds what is known of the same peer.
    pub fn add(&mut self, other: &PeerUse) {
        self.records += other.records;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}

impl Unplaced {
    fn add(&mut self, other: &Unplaced) {
        self.records += other.records;
        self.of_interface += other.of_interface;
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.peer = self.peer.min(other.peer);
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
            self.unplaced.entry(place).and_modify(|mine| mine.add(&theirs)).or_insert(theirs);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::attribute::flow::Flow;
    use crate::attribute::reading::{Reading, Weight};
    use crate::rollup::row::{Addr, Totals};
    use crate::rollup::{PlaceIx, RowPort};
    use inventory::{Answer, Direction, Port, Protocol};

    /// What is seen of one row.
    #[derive(Clone, Copy, Debug)]
    struct Event {
        rule: usize,
        effect: Effect,
        ground: Ground,
        peer: u8,
        other_peer: Option<u8>,
        place: u32,
        is_carried: bool,
        is_new: bool,
        at: u32,
        flows: u32,
    }

    const FIRST: Event = Event {
        rule: 0,
        effect: Effect::Request,
        ground: Ground::Flags,
        peer: 1,
        other_peer: None,
        place: 0,
        is_carried: true,
        is_new: true,
        at: 1000,
        flows: 1,
    };

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    /// Ten bytes a record; a row lasts a minute.
    fn show(book: &mut DetailsBook, event: Event) {
        let totals = Totals {
            packets: 1,
            bytes: u64::from(event.flows) * 10,
            flows: event.flows,
            first_seen: event.at,
            last_seen: event.at + 59,
        };
        let peer = address(event.peer);
        let flow = Flow {
            place: PlaceIx(event.place),
            interface: None,
            span: Span { from: 0, to: 0 },
            protocol: Protocol::TCP,
            src: Addr::V4(0),
            dst: Addr::V4(0),
            src_ip: peer,
            dst_ip: peer,
            pkt_src: None,
            pkt_dst: None,
            src_port: RowPort::High,
            dst_port: RowPort::Known(443),
            opener: None,
            stated_direction: None,
            totals,
        };
        let reading = Reading {
            direction: Direction::Ingress,
            peer,
            other_peer: event.other_peer.map(address),
            port: Port::Known(443),
            weight: Weight::Sure,
            forward: true,
        };
        let carried = [(GroupIx(0), true)];
        book.see(&Seen {
            flow: &flow,
            reading: &reading,
            group: GroupIx(0),
            rule: event.rule,
            answer: Answer::Surely,
            effect: event.effect,
            ground: event.ground,
            carried: if event.is_carried { &carried } else { &[] },
            is_new: event.is_new,
        });
    }

    fn seen(events: &[Event]) -> DetailsBook {
        let mut book = DetailsBook::new(None, 3600);
        events.iter().for_each(|event| show(&mut book, *event));
        book
    }

    fn assert_equal(book: &DetailsBook, other: &DetailsBook, rules: usize) {
        for rule in 0..rules {
            let (Some(mine), Some(theirs)) = (book.of((GroupIx(0), rule)), other.of((GroupIx(0), rule))) else {
                assert!(book.of((GroupIx(0), rule)).is_none() && other.of((GroupIx(0), rule)).is_none());
                continue;
            };
            assert_eq!(mine.timeline, theirs.timeline);
            assert_eq!(mine.peers, theirs.peers);
            assert_eq!((mine.grounds, mine.set_aside), (theirs.grounds, theirs.set_aside));
            assert_eq!(mine.implied, theirs.implied);
            assert_eq!(mine.unplaced, theirs.unplaced);
        }
    }

    #[test]
    fn each_effect_is_kept_in_its_place() {
        let book = seen(&[
            Event { flows: 3, ..FIRST },
            Event { effect: Effect::Ambiguous, ground: Ground::Nothing, peer: 2, at: 4000, ..FIRST },
            Event { effect: Effect::Implied, peer: 3, at: 100, flows: 7, ..FIRST },
            Event { effect: Effect::SetAside, ground: Ground::FanIn, peer: 4, flows: 5, ..FIRST },
            Event { effect: Effect::Unplaced, peer: 5, place: 8, flows: 2, ..FIRST },
            Event { effect: Effect::Unplaced, peer: 4, place: 8, is_carried: false, at: 2000, ..FIRST },
        ]);
        let details = book.of((GroupIx(0), 0)).unwrap();
        assert_eq!(details.timeline, BTreeMap::from([(0, 3), (3600, 1)]));
        assert_eq!(details.grounds, [3, 0, 0, 0, 0, 0, 1]);
        assert_eq!(details.set_aside, [0, 0, 0, 0, 0, 5, 0]);
        assert_eq!(details.implied, 7);
        let peer = |last: u8| details.peers.get(&address(last)).copied();
        let used = |records, bytes, at| PeerUse { records, bytes, first_seen: at, last_seen: at + 59 };
        assert_eq!(peer(1), Some(used(3, 30, 1000)));
        assert_eq!(peer(2), Some(used(1, 10, 4000)));
        assert_eq!(peer(3), Some(used(0, 0, 100)), "only an answer proves that one");
        assert_eq!((peer(4), peer(5)), (None, None), "no use");
        let unplaced = Unplaced { records: 3, of_interface: 1, first_seen: 1000, last_seen: 2059, peer: address(4) };
        assert_eq!(details.unplaced, BTreeMap::from([(PlaceIx(8), unplaced)]));
    }

    #[test]
    fn a_second_reading_is_the_same_record() {
        let second = Event { is_new: false, peer: 2, other_peer: Some(3), ..FIRST };
        let book = seen(&[FIRST, second]);
        let details = book.of((GroupIx(0), 0)).unwrap();
        assert_eq!(details.timeline, BTreeMap::from([(0, 1)]));
        assert_eq!(details.grounds[0], 1);
        assert_eq!(details.peers.len(), 3, "but it may have been with any of them");
    }

    #[test]
    fn only_what_is_wanted_is_kept() {
        let mut book = DetailsBook::new(Some(&[(GroupIx(0), 1)]), 3600);
        show(&mut book, FIRST);
        show(&mut book, Event { rule: 1, ..FIRST });
        assert!(book.of((GroupIx(0), 0)).is_none());
        assert!(book.of((GroupIx(0), 1)).is_some());
    }

    #[test]
    fn two_that_are_put_together_are_one() {
        let mut state = 11_u32;
        let mut random = move |below: u32| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state % below
        };
        let effects = [Effect::Request, Effect::Ambiguous, Effect::Implied, Effect::SetAside, Effect::Unplaced];
        for _ in 0..300 {
            let mut events = Vec::new();
            for _ in 0..random(30) {
                events.push(Event {
                    rule: random(3) as usize,
                    effect: effects[random(5) as usize],
                    ground: Ground::ALL[random(7) as usize],
                    peer: random(4) as u8,
                    other_peer: (random(3) == 0).then_some(9),
                    place: random(3),
                    is_carried: random(2) == 0,
                    is_new: random(4) > 0,
                    at: random(100_000),
                    flows: random(5) + 1,
                });
            }
            let cut = random(events.len() as u32 + 1) as usize;
            let mut together = seen(&events[..cut]);
            together.absorb(seen(&events[cut..]));
            assert_equal(&together, &seen(&events), 3);
            let mut backwards = seen(&events[cut..]);
            backwards.absorb(seen(&events[..cut]));
            assert_equal(&backwards, &together, 3);
        }
    }
}
