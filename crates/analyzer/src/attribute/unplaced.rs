//! Rows of interfaces that no snapshot knows, and rows that contradict the inventory: any rule of any group that is usable in
//! that VPC may have been the one.

use super::Worker;
use super::flow::{Directed, Flow};
use super::reading::{Role, readings};
use super::tally::Effect;
use super::witness::{Ground, Seen, Witness};
use crate::rollup::Place;
use inventory::{Answer, GroupIx, Inventory};
use std::collections::{HashMap, HashSet};

/// Groups by the VPC that they are usable in.
#[derive(Debug, Default)]
pub struct Usable {
    by_vpc: HashMap<String, Vec<GroupIx>>,
    /// Groups whose VPC the inventory does not tell.
    anywhere: Vec<GroupIx>,
    all: Vec<GroupIx>,
}

impl Usable {
    /// Sorts the groups of an inventory.
    pub fn new(inventory: &Inventory) -> Self {
        let mut usable = Usable::default();
        for (ix, group) in inventory.groups().iter().enumerate() {
            let group_ix = GroupIx(ix as u32);
            usable.all.push(group_ix);
            if group.usable_vpcs.is_empty() {
                usable.anywhere.push(group_ix);
            }
            for vpc in &group.usable_vpcs {
                usable.by_vpc.entry(vpc.clone()).or_default().push(group_ix);
            }
        }
        usable
    }

    /// Groups that an interface of this VPC may carry; all where the VPC is not known.
    fn groups(&self, vpc: Option<&str>) -> impl Iterator<Item = GroupIx> {
        let (known, rest) = match vpc {
            None => (self.all.as_slice(), [].as_slice()),
            Some(vpc) => (self.by_vpc.get(vpc).map_or([].as_slice(), Vec::as_slice), self.anywhere.as_slice()),
        };
        known.iter().chain(rest).copied()
    }
}

/// Whether a place surely is none of ours: another known account, and a VPC that the inventory has never seen. Account
/// `unknown` stands for interfaces that AWS services made, in our VPCs too.
pub fn is_foreign(place: &Place, inventory: &Inventory) -> bool {
    let account = &*place.account_id;
    let named = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let Some(vpc) = place.vpc_id.as_deref() else {
        return false;
    };
    named
        && inventory.interface_ix(place.interface_id.as_bytes()).is_none()
        && !inventory.accounts_known(account)
        && !inventory.vpc_is_ours(vpc)
        && inventory.groups().iter().all(|group| !group.usable_vpcs.is_empty())
        && inventory.groups().iter().all(|group| group.owner.is_some())
}

impl<W: Witness> Worker<'_, W> {
    /// The VPC that a row was recorded in, as far as record or inventory tell.
    fn vpc_of(&self, flow: &Flow) -> Option<&str> {
        let place = self.shared.rollup.places.get(flow.place);
        let of_interface = || self.shared.inventory.interfaces()[flow.interface?.0 as usize].vpc.as_deref();
        place.vpc_id.as_deref().or_else(of_interface)
    }

    /// Traffic of an interface that may carry any group of its VPC is traffic of each of them.
    pub(super) fn note_traffic_of_any_group(&mut self, flow: &Flow, records: u64) {
        let groups: Vec<GroupIx> = self.shared.usable.groups(self.vpc_of(flow)).collect();
        for group in groups {
            self.found.group_records[group.0 as usize] += records;
        }
    }

    /// Counts a row for every rule that may have been the one. `contradicts`: the interface is known, and none of its rules
    /// explains the row.
    pub(super) fn judge_unplaced(
        &mut self,
        flow: &Flow,
        directed: Directed,
        (role, ground): (Role, Ground),
        contradicts: bool,
    ) {
        if self.shared.careless.no_unplaced {
            return;
        }
        let inventory = self.shared.inventory;
        let groups: Vec<GroupIx> = self.shared.usable.groups(self.vpc_of(flow)).collect();
        let readings: Vec<_> = readings(flow, directed, role).map(|reading| (reading, reading.query(flow))).collect();
        let records = u64::from(flow.totals.flows);
        for group in groups {
            for (position, rule) in inventory.group(group).rules.iter().enumerate() {
                let (mut unplaced, mut set_aside) = (false, false);
                for (reading, query) in &readings {
                    // Where the inventory is shown to be wrong, it may be about the members of a peer group too.
                    let may_allow = rule.direction == reading.direction
                        && match contradicts {
                            true => self.shared.might_allow(rule, query),
                            false => self.shared.allows(rule, query) > Answer::No,
                        };
                    if !may_allow {
                        continue;
                    }
                    let effect = Effect::of(rule, reading.weight, Answer::Unplaced);
                    let known = match effect {
                        Effect::SetAside => &mut set_aside,
                        _ => &mut unplaced,
                    };
                    let is_new = !*known && !self.counted.contains(&(group, position, effect));
                    *known = true;
                    self.witness.see(&Seen {
                        flow,
                        reading,
                        group,
                        rule: position,
                        answer: Answer::Unplaced,
                        effect,
                        ground,
                        carried: &[],
                        is_new,
                    });
                }
                let is_new = |counted: &mut HashSet<_>, effect| counted.insert((group, position, effect));
                set_aside = set_aside && is_new(&mut self.counted, Effect::SetAside);
                unplaced = unplaced && is_new(&mut self.counted, Effect::Unplaced);
                let tally = &mut self.found.tallies[group.0 as usize][position];
                tally.assumed_replies += if set_aside { records } else { 0 };
                tally.unplaced += if unplaced { records } else { 0 };
                tally.contradicting += if unplaced && contradicts { records } else { 0 };
            }
        }
    }
}
