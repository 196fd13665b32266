//! Which interface owned an address at which time.
//!
//! A group reference means the private addresses (primary, secondary, IPv6, delegated prefixes) of the interfaces that
//! carry the group. Within one VPC an address belongs to one interface at a time; different VPCs may use it twice.
//! Where the snapshots around a record agree on the owner, that is what holds; where they differ, the owner may have
//! been that of before, that of after, or somebody who came and went unseen.

use crate::interface::{Interface, InterfaceIx, Kind};
use crate::inventory::{Inventory, Map};
use crate::time::{AttachTime, Held, Run, Span};
use ipnet::IpNet;
use std::net::IpAddr;

/// The VPC number of interfaces whose VPC is not known.
pub(crate) const NO_VPC: u32 = u32::MAX;

/// An interface has an address in consecutive snapshots of one scope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holding {
    pub interface: InterfaceIx,
    pub vpc: u32,
    pub attach_time: AttachTime,
    pub run: Run,
}

/// Who has which address, of all times.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    hosts: Map<IpAddr, Vec<Holding>>,
    prefixes: Map<IpNet, Vec<Holding>>,
    /// Lengths that occur among the prefixes (in AWS /28 and /80), with whether they are IPv6.
    lengths: Vec<(bool, u8)>,
}

impl Owners {
    /// Writes down what an interface has. An address inside one of its own prefixes counts once.
    pub(crate) fn add(&mut self, number: InterfaceIx, vpc: u32, interface: &Interface) {
        for item in &interface.history {
            let state = &item.state;
            let holding = Holding { interface: number, vpc, attach_time: state.attach_time, run: item.run };
            let nets: Vec<IpNet> = state.nets().collect();
            for (index, net) in nets.iter().enumerate() {
                let in_another = |other: (usize, &IpNet)| {
                    let wider = other.1.prefix_len() < net.prefix_len();
                    other.0 != index && other.1.contains(net) && (wider || other.0 < index)
                };
                if nets.iter().enumerate().any(in_another) {
                    continue;
                }
                if net.prefix_len() == net.max_prefix_len() {
                    self.hosts.entry(net.addr()).or_default().push(holding);
                    continue;
                }
                self.prefixes.entry(net.trunc()).or_default().push(holding);
                let length = (matches!(net, IpNet::V6(_)), net.prefix_len());
                if !self.lengths.contains(&length) {
                    self.lengths.push(length);
                }
            }
        }
    }

    /// Everybody who ever had the address, once for each run of snapshots.
    pub(crate) fn holdings(&self, address: IpAddr) -> impl Iterator<Item = &Holding> + Clone {
        let of_host = self.hosts.get(&address).map_or(&[][..], Vec::as_slice);
        let of_prefixes = self.lengths.iter().flat_map(move |(is_v6, length)| {
            let net = if *is_v6 == address.is_ipv6() { IpNet::new(address, *length).ok() } else { None };
            net.and_then(|net| self.prefixes.get(&net.trunc())).map_or(&[][..], Vec::as_slice)
        });
        of_host.iter().chain(of_prefixes)
    }
}

impl Inventory {
    /// How an interface that has an address in a run of snapshots held it during the span; none if the run is not
    /// relevant for the span.
    fn held(&self, holding: &Holding, span: Span) -> Option<Held> {
        let range = self.scopes[holding.run.scope as usize].interfaces.relevant(span)?;
        if holding.run.overlap(range) == 0 {
            return None;
        }
        Some(holding.attach_time.held_during(span))
    }

    /// Everybody who may have owned the address during the span. One interface may come several times.
    pub(crate) fn possible_owners(&self, address: IpAddr, span: Span) -> impl Iterator<Item = &Holding> + Clone {
        let may_hold = move |holding: &&Holding| self.held(holding, span).is_some_and(|held| held != Held::No);
        self.owners.holdings(address).filter(may_hold)
    }

    /// Whether the address surely had a known owner all through the span: in that VPC, or in any. An owner is one in
    /// every relevant snapshot; where snapshots differ, somebody unknown may have had the address in between.
    pub(crate) fn is_owned_surely(&self, address: IpAddr, span: Span, vpc: Option<u32>) -> bool {
        let mut owners = self.possible_owners(address, span);
        owners.any(|owner| vpc.is_none_or(|vpc| vpc == owner.vpc) && self.is_sure_owner(address, span, owner))
    }

    /// Whether every relevant snapshot of the scope shows the interface with the address, attached since before.
    fn is_sure_owner(&self, address: IpAddr, span: Span, owner: &Holding) -> bool {
        let Some((first, last)) = self.scopes[owner.run.scope as usize].interfaces.relevant(span) else {
            return false;
        };
        let mut snapshots = 0;
        for holding in self.owners.holdings(address) {
            let is_same = holding.interface == owner.interface && holding.run.scope == owner.run.scope;
            if is_same && holding.attach_time.held_during(span) == Held::Surely {
                snapshots += holding.run.overlap((first, last));
            }
        }
        snapshots == last - first + 1
    }

    /// Whether the address is one of the interface's own, in any snapshot.
    pub fn may_own(&self, number: InterfaceIx, address: IpAddr) -> bool {
        self.interface(number).history.iter().any(|item| item.state.owns(address))
    }

    /// Whether some owner of the address is surely known at that time and every possible one is a plain interface that
    /// no AWS service manages: such a host takes its client ports from the dynamic range of its system.
    pub fn plain_owner(&self, address: IpAddr, span: Span) -> bool {
        let is_plain = |owner: &Holding| {
            let interface = self.interface(owner.interface);
            interface.kind == Kind::Plain && interface.requester_managed == Some(false)
        };
        self.possible_owners(address, span).all(is_plain) && self.is_owned_surely(address, span, None)
    }
}
