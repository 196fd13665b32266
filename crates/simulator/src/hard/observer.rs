//! What somebody knows who has only the inventory: who owned an address, which groups an interface may have carried.

use std::net::IpAddr;

use crate::inventory::{is_shown, shown_owners};
use crate::network::*;
use crate::rows::Row;

pub(crate) struct Observer<'a> {
    network: &'a Network,
    known: Vec<bool>,
}

/// `start` of a record lags behind by up to a minute.
const LAG: i64 = 60;

impl<'a> Observer<'a> {
    pub fn new(network: &'a Network) -> Observer<'a> {
        let known = network
            .interfaces
            .iter()
            .map(|interface| match network.snapshots.as_slice() {
                [] => interface.listed,
                snapshots => snapshots.iter().any(|at| interface.alive_at(*at)),
            })
            .collect();
        Observer { network, known }
    }

    /// Is the interface in the inventory or in any snapshot?
    pub fn knows(&self, interface: InterfaceIx) -> bool {
        self.known[interface]
    }

    /// The snapshots that speak about a record: the last before it, those during it, the first after it. `None` stands
    /// for the one undated inventory.
    fn relevant(&self, row: &Row) -> Vec<Option<i64>> {
        let snapshots = &self.network.snapshots;
        if snapshots.is_empty() {
            return vec![None];
        }
        let (from, to) = (row.start - LAG, row.end);
        let mut relevant: Vec<Option<i64>> = Vec::new();
        relevant.extend(snapshots.iter().rev().find(|at| **at <= from).map(|at| Some(*at)));
        relevant.extend(snapshots.iter().filter(|at| from < **at && **at < to).map(|at| Some(*at)));
        relevant.extend(snapshots.iter().find(|at| **at >= to).map(|at| Some(*at)));
        relevant
    }

    /// Groups that the record's own interface may have carried then.
    pub fn may_carry(&self, row: &Row) -> Vec<GroupIx> {
        let interface = &self.network.interfaces[row.interface];
        let mut groups = Vec::new();
        for at in self.relevant(row) {
            if is_shown(interface, at) {
                groups.extend_from_slice(interface.groups_at(at.unwrap_or(self.network.end)));
            }
        }
        if groups.is_empty() {
            // No snapshot near the record knows it: whatever any other says.
            for at in &self.network.snapshots {
                if interface.alive_at(*at) {
                    groups.extend_from_slice(interface.groups_at(*at));
                }
            }
        }
        groups
    }

    /// Could the peer of this record be the rule's peer, for anybody who knows only the inventory?
    pub fn may_match(&self, rule: &Rule, row: &Row) -> bool {
        let peers = [Some(row.peer()), row.pkt_peer()];
        peers.into_iter().flatten().any(|address| match &rule.peer {
            Peer::Cidr(net) => net.contains(&address),
            Peer::PrefixList(list) => self.network.prefix_lists[*list].entries.iter().any(|net| net.contains(&address)),
            Peer::Group(group) => self.relevant(row).into_iter().any(|at| {
                let moment = at.unwrap_or(self.network.end);
                self.owners(address, row, at)
                    .into_iter()
                    .any(|owner| self.network.interfaces[owner].groups_at(moment).contains(group))
            }),
            Peer::Foreign { .. } => false,
        })
    }

    /// Does every inventory that speaks about the record show its interface, with this group?
    pub fn surely_carries(&self, group: GroupIx, row: &Row) -> bool {
        let interface = &self.network.interfaces[row.interface];
        self.relevant(row).into_iter().all(|at| {
            let moment = at.unwrap_or(self.network.end);
            is_shown(interface, at) && interface.groups_at(moment).contains(&group)
        })
    }

    /// Was the rule there all the time, and is the peer of this record its peer by whichever of its addresses it was
    /// judged, for anybody who has the inventory? Says nothing of direction, protocol and port.
    pub fn surely_matches(&self, rule: &Rule, row: &Row) -> bool {
        let moments = || self.relevant(row).into_iter().map(|at| at.unwrap_or(self.network.end));
        if !moments().all(|at| rule.since <= at) {
            return false;
        }
        let peers = [Some(row.peer()), row.pkt_peer()];
        peers.into_iter().flatten().all(|address| match &rule.peer {
            Peer::Cidr(net) => net.contains(&address),
            Peer::PrefixList(list) => {
                let list = &self.network.prefix_lists[*list];
                list.listed && list.entries.iter().any(|net| net.contains(&address))
            }
            Peer::Group(group) => self
                .sure_owner(address, row)
                .is_some_and(|owner| moments().all(|at| self.network.interfaces[owner].groups_at(at).contains(group))),
            Peer::Foreign { .. } => false,
        })
    }

    /// Owners by one inventory, without those that were attached only after the record.
    fn owners(&self, address: IpAddr, row: &Row, at: Option<i64>) -> Vec<InterfaceIx> {
        let mut owners = shown_owners(self.network, address, at);
        owners.retain(|owner| self.network.interfaces[*owner].attached.is_none_or(|attached| attached <= row.end));
        owners
    }

    /// The rule names a group, and the peer lies in that group's VPC with an owner that nobody knows for sure.
    pub fn owner_in_doubt(&self, rule: &Rule, row: &Row) -> bool {
        let Peer::Group(group) = rule.peer else { return false };
        let vpc = &self.network.vpcs[self.network.groups[group].vpc];
        [Some(row.peer()), row.pkt_peer()].into_iter().flatten().any(|address| {
            let inside = vpc.v4.contains(&address) || vpc.v6.contains(&address);
            inside && self.sure_owner(address, row).is_none()
        })
    }

    /// The one interface that owns the address in every inventory that matters for this record.
    pub fn sure_owner(&self, address: IpAddr, row: &Row) -> Option<InterfaceIx> {
        let mut sure = None;
        for at in self.relevant(row) {
            let owners = shown_owners(self.network, address, at);
            let [owner] = owners.as_slice() else { return None };
            let attached = self.network.interfaces[*owner].attached;
            if attached.is_some_and(|attached| row.start - LAG < attached) {
                return None;
            }
            if sure.is_some_and(|before| before != *owner) {
                return None;
            }
            sure = Some(*owner);
        }
        sure
    }

    /// Does the rule name a group that a Network Load Balancer carries? Its targets see the clients' addresses.
    pub fn is_behind_balancer(&self, rule: &Rule) -> bool {
        let Peer::Group(group) = rule.peer else { return false };
        self.network
            .interfaces
            .iter()
            .any(|interface| interface.kind == Kind::NetworkLoadBalancer && interface.ever_carries(group))
    }

    /// The longest life inside the window that the inventory allows: between the snapshots that lack the interface.
    pub fn life(&self, interface: InterfaceIx) -> (i64, i64) {
        let interface = &self.network.interfaces[interface];
        let (start, end) = (self.network.start, self.network.end);
        let snapshots = &self.network.snapshots;
        if snapshots.is_empty() {
            return (interface.attached.unwrap_or(start).max(start), interface.gone.min(end));
        }
        let before = snapshots.iter().rev().find(|at| **at < interface.born);
        let after = snapshots.iter().find(|at| **at >= interface.gone);
        (before.map_or(start, |at| (*at).max(start)), after.map_or(end, |at| (*at).min(end)))
    }
}
