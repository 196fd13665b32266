//! A security group as the peer of rules: whom it may mean.

use crate::address_set::AddressSet;
use crate::answer::Answer;
use crate::group::GroupIx;
use crate::inventory::Inventory;
use crate::time::Span;
use std::net::IpAddr;

/// What is known of a group that rules name, worked out once.
#[derive(Debug, Clone)]
pub(crate) struct PeerGroup {
    /// Its number, if any snapshot lists it or shows an interface with it.
    pub group: Option<GroupIx>,
    /// Why it cannot be told who is in it.
    pub unresolved: Option<String>,
    /// An interface that keeps client addresses carries it (or may): inbound, any peer may pass for it.
    pub keeps_client_addresses: bool,
    /// VPCs where it can be used, that the inventory knows.
    pub vpcs: Vec<u32>,
    /// Where else its interfaces may be: in a VPC that is not known.
    pub elsewhere: Option<AddressSet>,
}

impl Inventory {
    /// Whether the address was in the group during the span.
    pub(crate) fn group_has(&self, peer: &PeerGroup, is_ingress: bool, address: IpAddr, span: Span) -> Answer {
        if peer.unresolved.is_some() {
            return Answer::Possibly;
        }
        let (mut any, mut all_carry, mut some_carry) = (false, true, false);
        for owner in self.possible_owners(address, span) {
            let answer = self.carries(owner.interface, peer.group, span);
            any = true;
            all_carry &= answer == Answer::Surely;
            some_carry |= answer.is_use();
        }
        // The same address may belong to somebody else in another VPC where the group can be used.
        let is_settled = |vpc: &u32| {
            !self.vpcs[*vpc as usize].ranges.contains(address) || self.is_owned_surely(address, span, Some(*vpc))
        };
        let may_be_elsewhere = peer.elsewhere.as_ref().is_some_and(|ranges| ranges.contains(address));
        let is_settled = !may_be_elsewhere && peer.vpcs.iter().all(is_settled);
        if any && all_carry && is_settled && self.is_owned_surely(address, span, None) {
            return Answer::Surely;
        }
        if some_carry || (is_ingress && peer.keeps_client_addresses) {
            return Answer::Possibly;
        }
        for vpc in &peer.vpcs {
            let ranges = &self.vpcs[*vpc as usize].ranges;
            if ranges.contains(address) && !self.is_owned_surely(address, span, Some(*vpc)) {
                return Answer::Unplaced;
            }
        }
        if may_be_elsewhere {
            return Answer::Unplaced;
        }
        Answer::No
    }

    /// Whether the address was in the group at any time, or may have been, by what the inventory knows.
    pub(crate) fn group_ever_has(&self, peer: &PeerGroup, is_ingress: bool, address: IpAddr) -> bool {
        if peer.unresolved.is_some() || (is_ingress && peer.keeps_client_addresses) {
            return true;
        }
        self.owners.holdings(address).any(|owner| {
            let history = &self.interface(owner.interface).history;
            history.iter().any(|item| match (&item.state.groups, peer.group) {
                (None, _) => true,
                (Some(groups), Some(group)) => groups.contains(&group),
                (Some(_), None) => false,
            })
        })
    }
}
