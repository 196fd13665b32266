//! What is known of a place before any of its rows is judged: its interface, how it writes flags, and which way a row went through it.

use super::flow::{Directed, Flow};
use super::unplaced;
use crate::rollup::{PlaceIx, Rollup};
use flowlog::direction::{CommonAddress, Family, from_own_address};
use inventory::{Direction, InterfaceIx, Inventory};
use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

/// A place, looked up.
#[derive(Debug)]
pub struct PlaceFacts {
    /// The interface, if the inventory knows it.
    pub interface: Option<InterfaceIx>,
    /// Writes TCP flags as they were on the wire.
    pub raw: bool,
    /// Of another account, in a VPC that is not ours.
    pub foreign: bool,
    /// For an interface that the inventory does not know.
    common: CommonAddress,
}

impl PlaceFacts {
    /// Which way a row of this place went.
    pub fn directed(&self, flow: &Flow, inventory: &Inventory) -> Directed {
        if let Some(direction) = flow.stated_direction {
            return Directed::Known(direction);
        }
        let way = |src_is_own: bool, dst_is_own: bool| {
            from_own_address(src_is_own, dst_is_own).map(|direction| match direction {
                flowlog::FlowDirection::Ingress => Direction::Ingress,
                flowlog::FlowDirection::Egress => Direction::Egress,
            })
        };
        let Some(interface) = flow.interface else {
            let own = |address: IpAddr| self.common.own(Family::of(address));
            let direction = way(own(flow.src_ip) == Some(flow.src_ip), own(flow.dst_ip) == Some(flow.dst_ip));
            return direction.map_or(Directed::Undetermined, Directed::Inferred);
        };
        let owns = |address: IpAddr| inventory.may_own(interface, address);
        way(owns(flow.src_ip), owns(flow.dst_ip)).map_or(Directed::Undetermined, Directed::Known)
    }
}

/// What is known of every place.
pub fn facts(rollup: &Rollup, inventory: &Inventory) -> Vec<PlaceFacts> {
    let mut raw_places = vec![false; rollup.places.len()];
    for (place, source, _) in rollup.coverage.iter() {
        raw_places[place.at()] |= rollup.ledger.sources.get(source.0 as usize).is_some_and(|source| source.raw_flags);
    }
    // Without coverage nothing tells which source a row came through.
    let any_raw = rollup.ledger.sources.iter().any(|source| source.raw_flags);
    let covered: HashSet<_> = rollup.coverage.iter().map(|(place, _, _)| place).collect();
    // Two places may be one interface (a VPC named in one format and not in the other).
    let mut raw_interfaces = HashSet::new();
    for (ix, place) in rollup.places.iter().enumerate() {
        let uncovered = !covered.contains(&PlaceIx(ix as u32));
        if raw_places[ix] || (any_raw && uncovered) {
            raw_interfaces.insert(&place.interface_id);
        }
    }
    let mut facts: Vec<PlaceFacts> = rollup
        .places
        .iter()
        .map(|place| PlaceFacts {
            interface: inventory.interface_ix(place.interface_id.as_bytes()),
            raw: raw_interfaces.contains(&place.interface_id),
            foreign: unplaced::is_foreign(place, inventory),
            common: CommonAddress::default(),
        })
        .collect();
    if facts.iter().any(|place| place.interface.is_none()) {
        note_common_addresses(rollup, &mut facts);
    }
    facts
}

fn note_common_addresses(rollup: &Rollup, facts: &mut [PlaceFacts]) {
    let mut by_interface: BTreeMap<&str, CommonAddress> = BTreeMap::new();
    for row in rollup.table.rows() {
        let place = row.key.place();
        if facts[place.at()].interface.is_some() {
            continue;
        }
        let parts = row.key.parts();
        let common = by_interface.entry(&rollup.places.get(place).interface_id).or_default();
        common.observe(rollup.table.ip(parts.src), rollup.table.ip(parts.dst));
    }
    for (ix, place) in rollup.places.iter().enumerate() {
        if let Some(common) = by_interface.get(&*place.interface_id) {
            facts[ix].common = *common;
        }
    }
}
