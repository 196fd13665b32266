//! Rejected requests that a proposed rule would let in.

use super::change::Change;
use super::model::{Admission, Certainty, DeniedPort, Traffic};
use super::stand_in::Judge;
use crate::attribute::reading::Weight;
use crate::attribute::rejected::Rejected;
use hashbrown::HashMap;
use inventory::{Answer, Carried, GroupIx, InterfaceIx, Inventory, Protocol, Query};
use std::net::IpAddr;

type Quick = foldhash::fast::FixedState;

/// What one thread found.
#[derive(Default)]
pub struct Admissions {
    found: HashMap<Key, Traffic, Quick>,
    /// What was carried, by interface and epoch.
    carried: HashMap<(InterfaceIx, u64), Carried, Quick>,
}

/// Sums of admissions, by all that is told of one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    certainty: Certainty,
    group: GroupIx,
    /// Position in the proposed rules of the group.
    rule: usize,
    protocol: Protocol,
    port: DeniedPort,
    peer: IpAddr,
}

impl Admissions {
    /// Judges one rejected request.
    pub fn see(&mut self, rejected: &Rejected<'_>, change: &Change<'_>, judge: Judge<'_>) {
        let Rejected { flow, interface, reading } = rejected;
        let key = (*interface, judge.inventory.epoch_of(flow.span));
        let Admissions { found, carried } = self;
        let carried = carried.entry(key).or_insert_with(|| judge.inventory.carried(*interface, flow.span));
        let query = reading.query(flow);
        for &(group, surely) in &carried.groups {
            for (position, rule) in change.new_rules(group) {
                let answer = judge.allows(rule, &query);
                if answer == Answer::No {
                    continue;
                }
                for address in judge.meant(rule, &query, false) {
                    // Whatever turned it away was no lack of a rule.
                    if judge.is_covered(rule, &query, address, &carried.groups, |group| change.before(group)) {
                        continue;
                    }
                    let is_sure = answer == Answer::Surely
                        && surely
                        && reading.weight == Weight::Sure
                        && !may_be_open(carried, change, judge, &query);
                    let certainty = if is_sure { Certainty::Surely } else { Certainty::Possibly };
                    let port = DeniedPort::of(query.protocol, query.port);
                    let key = Key { certainty, group, rule: position, protocol: query.protocol, port, peer: address };
                    let traffic = Traffic::of(&flow.totals);
                    found.entry(key).and_modify(|sum| sum.add(&traffic)).or_insert(traffic);
                }
            }
        }
    }
}

/// Whether a rule that the interface may have may allow it already.
fn may_be_open(carried: &Carried, change: &Change<'_>, judge: Judge<'_>, query: &Query) -> bool {
    let may_allow = |group: GroupIx| change.before(group).iter().any(|rule| judge.allows(rule, query) > Answer::No);
    carried.unknown_groups || carried.groups.iter().any(|&(group, _)| !change.knows_before(group) || may_allow(group))
}

/// Puts together what threads found, unsorted.
pub fn admitted(parts: Vec<Admissions>, change: &Change<'_>, inventory: &Inventory) -> Vec<Admission> {
    let mut all: HashMap<Key, Traffic, Quick> = HashMap::default();
    for (key, traffic) in parts.into_iter().flat_map(|part| part.found) {
        all.entry(key).and_modify(|sum| sum.add(&traffic)).or_insert(traffic);
    }
    let mut admitted = Vec::new();
    for (key, traffic) in all {
        let (group, rule) = (inventory.group(key.group), &change.after(key.group)[key.rule]);
        admitted.push(Admission {
            certainty: key.certainty,
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
    admitted
}
