//! How far the inventory can say surely that a rule allowed a packet, whatever the packet.
//!
//! [`Inventory::allows`] and [`Inventory::carried`] answer for one packet at a time. Who lists rules that no packet is known to have used
//! has to know of which rules they could hardly have said it at all.

use crate::answer::Answer;
use crate::group::GroupIx;
use crate::interface::{Interface, InterfaceIx, StateRun};
use crate::inventory::Inventory;
use crate::peer_group::PeerGroup;
use crate::rule::{Resolved, Rule};
use crate::time::Span;
use ipnet::IpNet;

/// Why membership in a group, or on a prefix list, is not sure for everybody at all times that the snapshots speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// The interfaces of the account and region to which the group belongs were not read.
    Unlisted,
    /// An interface that may carry the group is listed without `Groups`, or twice with different ones.
    Open,
    /// No interface of any snapshot carries it: whoever does came and went unseen.
    Nobody,
    /// Whose the addresses of its interfaces are cannot be told: another VPC where it can be used may have the same ones, a VPC or the
    /// addresses are not known, or the time of attachment is.
    Addresses,
    /// Snapshots differ, and nothing tells what held in between.
    Changed,
}

impl Inventory {
    /// Why it may not be sure that an interface with the group carried it; the gravest of several reasons. A group that no interface of
    /// the snapshots carries is in no doubt here, if the interfaces were read.
    pub fn doubt_of_carriers(&self, group: GroupIx) -> Option<Doubt> {
        let owner = self.group(group).owner.as_deref();
        if !self.has_interfaces_in(owner, self.group(group).region.as_deref()) {
            return Some(Doubt::Unlisted);
        }
        if self.open_carriers_of(group).next().is_some() {
            return Some(Doubt::Open);
        }
        let lacks_it = |item: &StateRun| !item.carries(group);
        let carriers = self.carriers_of(group);
        carriers.flat_map(|number| &self.interface(number).history).any(lacks_it).then_some(Doubt::Changed)
    }

    /// Why it may not be sure that the other end of a packet is whom the rule's peer means; the gravest of several reasons. None for
    /// ranges of addresses. It depends on the id of the peer alone. That an unknown interface may have been in a group is no reason here,
    /// unless no known one is: it is as true of every group.
    pub fn doubt_of_peer(&self, rule: &Rule) -> Option<Doubt> {
        match rule.resolved {
            Resolved::Net => None,
            Resolved::Unknown => Some(Doubt::Unlisted),
            Resolved::List(number) => {
                let is_steady = self.lists.get(number as usize).is_some_and(|list| list.is_steady());
                (!is_steady).then_some(Doubt::Changed)
            }
            Resolved::Group(number) => match self.peer_groups.get(number as usize) {
                Some(peer) => self.doubt_of_members(peer),
                None => Some(Doubt::Unlisted),
            },
        }
    }

    fn doubt_of_members(&self, peer: &PeerGroup) -> Option<Doubt> {
        if peer.unresolved.is_some() {
            return Some(Doubt::Unlisted);
        }
        let Some(group) = peer.group else { return Some(Doubt::Nobody) };
        if self.open_carriers_of(group).next().is_some() {
            return Some(Doubt::Open);
        }
        let mut doubt = Some(Doubt::Nobody);
        for number in self.carriers_of(group) {
            if doubt == Some(Doubt::Nobody) {
                doubt = None;
            }
            match self.doubt_of_member(self.interface(number), group, peer) {
                Some(Doubt::Addresses) => return Some(Doubt::Addresses),
                found => doubt = doubt.or(found),
            }
        }
        doubt
    }

    /// Asks the matcher itself about every address that the interface had while it carried the group.
    fn doubt_of_member(&self, interface: &Interface, group: GroupIx, peer: &PeerGroup) -> Option<Doubt> {
        let mut doubt = None;
        for item in interface.history.iter().filter(|item| item.carries(group)) {
            let times = &self.scopes[item.run.scope as usize].interfaces.times;
            let seen = times[item.run.last as usize];
            let (first, last) = (times.first().copied().unwrap_or(seen), times.last().copied().unwrap_or(seen));
            let nets: Vec<IpNet> = item.state.nets().collect();
            if nets.is_empty() {
                return Some(Doubt::Addresses);
            }
            for net in nets {
                // What is sure is so in either direction.
                let is_sure = |from, to| self.group_has(peer, false, net.addr(), Span { from, to }) == Answer::Surely;
                if is_sure(first, last) {
                    continue;
                }
                if !is_sure(seen, seen) {
                    return Some(Doubt::Addresses);
                }
                doubt = Some(Doubt::Changed);
            }
        }
        doubt
    }

    fn carriers_of(&self, group: GroupIx) -> impl Iterator<Item = InterfaceIx> + '_ {
        self.carriers.get(group.0 as usize).into_iter().flatten().copied()
    }
}

impl StateRun {
    fn carries(&self, group: GroupIx) -> bool {
        self.state.groups.as_ref().is_some_and(|groups| groups.contains(&group))
    }
}

#[cfg(test)]
mod tests;
