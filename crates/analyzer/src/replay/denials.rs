//! Requests that would lose their last rule.

use super::change::Change;
use super::model::{Certainty, Denial, DeniedPort, Traffic};
use super::stand_in::Judge;
use crate::attribute::tally::Effect;
use crate::attribute::witness::{Seen, Witness};
use hashbrown::HashMap;
use inventory::{Answer, GroupIx, Inventory, Protocol, Query};
use std::net::IpAddr;

/// Looks on while records are attributed, and gathers what rules that go allowed and no other rule would.
pub struct Denials<'a> {
    change: &'a Change<'a>,
    judge: Judge<'a>,
    lost: HashMap<Key, Lost, foldhash::fast::FixedState>,
    /// Requests that rules allowed that go.
    requests: u64,
    /// Records that a guess set aside, and that nothing that is to be would let in as requests.
    assumed_replies: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    group: GroupIx,
    /// Position in the rules of the group's last snapshot.
    rule: usize,
    protocol: Protocol,
    port: DeniedPort,
    peer: IpAddr,
}

/// What would be lost, by what it rests on.
#[derive(Clone, Copy, Default)]
struct Lost {
    surely: Option<Traffic>,
    possibly: Option<Traffic>,
    /// Records that already count for another port or peer of the same rule.
    again: Option<Traffic>,
    /// Answers. The request that one proves is mostly in the logs itself and must not count twice.
    answers: Option<Traffic>,
}

impl Lost {
    fn absorb(&mut self, other: &Lost) {
        add(&mut self.surely, other.surely);
        add(&mut self.possibly, other.possibly);
        add(&mut self.again, other.again);
        add(&mut self.answers, other.answers);
    }

    /// What is told of it: each record by the strongest that it shows.
    fn told(&self) -> impl Iterator<Item = (Certainty, Traffic)> {
        let possibly = match (self.surely, self.possibly.or(self.again)) {
            (None, None) => self.answers,
            (_, possibly) => possibly,
        };
        let surely = self.surely.map(|traffic| (Certainty::Surely, traffic));
        surely.into_iter().chain(possibly.map(|traffic| (Certainty::Possibly, traffic)))
    }
}

fn add(sum: &mut Option<Traffic>, more: Option<Traffic>) {
    match (sum.as_mut(), more) {
        (Some(sum), Some(more)) => sum.add(&more),
        (None, Some(more)) => *sum = Some(more),
        (_, None) => {}
    }
}

impl<'a> Denials<'a> {
    /// Nothing seen yet.
    pub fn new(change: &'a Change<'a>, judge: Judge<'a>) -> Denials<'a> {
        Denials { change, judge, lost: HashMap::default(), requests: 0, assumed_replies: 0 }
    }

    /// Records that a guess set aside as answers and that would be denied as requests, counted for each rule.
    pub fn assumed_replies(&self) -> u64 {
        self.assumed_replies
    }

    /// Requests that rules allowed that go, surely or possibly; records, counted for each such rule.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// All of it, unsorted.
    pub fn denied(&self, inventory: &Inventory) -> Vec<Denial> {
        let mut denied = Vec::new();
        for (key, lost) in &self.lost {
            let group = inventory.group(key.group);
            let rule = &group.rules[key.rule];
            for (certainty, traffic) in lost.told() {
                denied.push(Denial {
                    certainty,
                    group_id: group.id.clone(),
                    group_name: group.name.clone(),
                    rule_id: rule.id.clone(),
                    direction: rule.direction,
                    protocol: key.protocol.name(),
                    port: key.port,
                    peer: key.peer,
                    traffic,
                });
            }
        }
        denied
    }

    /// Whether the record surely is a request that was allowed, and that nothing would allow any more.
    fn is_sure(&self, seen: &Seen<'_>, query: &Query) -> bool {
        let Denials { change, judge, .. } = self;
        seen.effect == Effect::Request
            && seen.carried.iter().all(|&(group, _)| {
                change.knows_after(group)
                    && change.after(group).iter().all(|rule| judge.allows(rule, query) == Answer::No)
            })
    }
}

impl Witness for Denials<'_> {
    fn see(&mut self, seen: &Seen<'_>) {
        // Asked for every record and rule: nearly always the rule stays.
        if !self.change.goes(seen.group, seen.rule) {
            return;
        }
        let records = u64::from(seen.flow.totals.flows);
        if seen.is_new && matches!(seen.effect, Effect::Request | Effect::Ambiguous) {
            self.requests = self.requests.saturating_add(records);
        }
        let rule = &self.change.before(seen.group)[seen.rule];
        let query = seen.reading.query(seen.flow);
        if seen.effect == Effect::SetAside {
            let covered =
                |address| self.judge.is_covered(rule, &query, address, seen.carried, |group| self.change.after(group));
            if seen.is_new && !self.judge.meant(rule, &query, false).all(covered) {
                self.assumed_replies = self.assumed_replies.saturating_add(records);
            }
            return;
        }
        let mut is_sure = None;
        for address in self.judge.meant(rule, &query, seen.effect == Effect::Unplaced) {
            if self.judge.is_covered(rule, &query, address, seen.carried, |group| self.change.after(group)) {
                continue;
            }
            let is_sure = *is_sure.get_or_insert_with(|| self.is_sure(seen, &query));
            let is_answer =
                seen.effect == Effect::Implied || (seen.effect == Effect::Unplaced && !seen.reading.forward);
            let port = DeniedPort::of(query.protocol, query.port);
            let key = Key { group: seen.group, rule: seen.rule, protocol: query.protocol, port, peer: address };
            let lost = self.lost.entry(key).or_default();
            let sum = match () {
                () if is_sure => &mut lost.surely,
                () if is_answer => &mut lost.answers,
                () if seen.is_new => &mut lost.possibly,
                () => &mut lost.again,
            };
            add(sum, Some(Traffic::of(&seen.flow.totals)));
        }
    }

    fn absorb(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.assumed_replies = self.assumed_replies.saturating_add(other.assumed_replies);
        for (key, theirs) in other.lost {
            self.lost.entry(key).or_default().absorb(&theirs);
        }
    }
}
