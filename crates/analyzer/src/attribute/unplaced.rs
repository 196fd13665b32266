//! Rows of interfaces that no snapshot knows, and rows that contradict the inventory: any rule of any group that is usable in
//! that VPC may have been the one.

use super::Worker;
use super::flow::{Directed, Flow};
use super::reading::{Role, Weight, readings};
use crate::rollup::Place;
use inventory::{Answer, GroupIx, Inventory};
use std::collections::HashMap;

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

impl Worker<'_> {
    /// Counts a row for every rule that may have been the one. `contradicts`: the interface is known, and none of its rules
    /// explains the row.
    pub(super) fn judge_unplaced(&mut self, flow: &Flow, directed: Directed, role: Role, contradicts: bool) {
        if self.shared.careless.no_unplaced {
            return;
        }
        let inventory = self.shared.inventory;
        let place = self.shared.rollup.places.get(flow.place);
        let vpc = match (&place.vpc_id, flow.interface) {
            (Some(vpc), _) => Some(&**vpc),
            (None, Some(interface)) => inventory.interfaces()[interface.0 as usize].vpc.as_deref(),
            (None, None) => None,
        };
        let records = u64::from(flow.totals.flows);
        for reading in readings(flow, directed, role) {
            let query = reading.query(flow);
            for group in self.shared.usable.groups(vpc) {
                let rules = inventory.group(group).rules.as_slice();
                for (position, rule) in rules.iter().enumerate() {
                    if rule.direction != reading.direction || self.shared.allows(rule, &query) == Answer::No {
                        continue;
                    }
                    let tally = &mut self.found.tallies[group.0 as usize][position];
                    let set_aside = match reading.weight {
                        Weight::Opposed => true,
                        Weight::Aside => rule.covers_ephemeral(),
                        Weight::Sure | Weight::Possible | Weight::Implied => false,
                    };
                    if set_aside {
                        tally.assumed_replies += records;
                        continue;
                    }
                    tally.unplaced += records;
                    if contradicts {
                        tally.contradicting += records;
                    }
                }
            }
        }
    }
}
