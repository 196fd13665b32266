//! Interfaces over all snapshots.

use crate::group::GroupIx;
use crate::interface::{Interface, Kind, State, StateRun};
use crate::inventory::Map;
use crate::item::InterfaceItem;
use crate::snapshot::ScopeItems;
use crate::time::{AttachTime, Epoch, Run};
use std::collections::BTreeMap;

/// An interface while its snapshots are read, in the order of scopes and times.
struct Building {
    interface: Interface,
    latest: Epoch,
}

/// All interfaces, sorted by id.
pub(crate) fn build(scopes: &[ScopeItems], group_numbers: &Map<String, GroupIx>) -> Vec<Interface> {
    let mut by_id: BTreeMap<&str, Building> = BTreeMap::new();
    for (scope_number, scope) in scopes.iter().enumerate() {
        let listings: Vec<_> = scope
            .snapshots
            .iter()
            .filter_map(|(time, snapshot)| Some((*time, snapshot.interfaces.as_ref()?)))
            .collect();
        for (number, (time, interfaces)) in listings.iter().enumerate() {
            let is_last = number + 1 == listings.len();
            for item in interfaces.values() {
                let building = by_id.entry(&item.id).or_insert_with(|| Building::new(&item.id));
                building.learn(item, *time);
                building.interface.in_last_snapshot |= is_last;
                let run = Run { scope: scope_number as u32, first: number as u32, last: number as u32 };
                building.add_state(run, state_of(item, group_numbers));
            }
        }
    }
    by_id.into_values().map(|building| building.interface).collect()
}

fn state_of(item: &InterfaceItem, group_numbers: &Map<String, GroupIx>) -> State {
    let numbers = |ids: &Vec<String>| {
        let mut numbers: Vec<GroupIx> = ids.iter().filter_map(|id| group_numbers.get(id).copied()).collect();
        numbers.sort_unstable();
        numbers
    };
    State {
        groups: item.groups.as_ref().map(numbers),
        attach_time: item.attach_time,
        born_attached: item.born_attached,
        private_addresses: item.private_addresses.clone(),
        ipv6_addresses: item.ipv6_addresses.clone(),
        prefixes: item.prefixes.clone(),
    }
}

impl Building {
    fn new(id: &str) -> Building {
        let interface = Interface {
            id: id.to_string(),
            vpc: None,
            subnet: None,
            owner: None,
            region: None,
            description: String::new(),
            kind: Kind::Unknown,
            interface_type: None,
            requester_managed: None,
            private_addresses: Vec::new(),
            ipv6_addresses: Vec::new(),
            prefixes: Vec::new(),
            attach_time: AttachTime::Always,
            in_last_snapshot: false,
            history: Vec::new(),
        };
        Building { interface, latest: Epoch::MIN }
    }

    /// Takes over facts; the latest snapshot that has one wins.
    fn learn(&mut self, item: &InterfaceItem, time: Epoch) {
        let known = &mut self.interface;
        // What an interface is never changes, so a snapshot that says less does not count.
        if item.kind != Kind::Unknown && (known.kind == Kind::Unknown || known.kind == Kind::Plain) {
            known.kind = item.kind;
        }
        if known.requester_managed != Some(true) {
            known.requester_managed = item.requester_managed.or(known.requester_managed);
        }
        let is_latest = time >= self.latest;
        let take = |known: &mut Option<String>, new: &Option<String>| {
            if new.is_some() && (is_latest || known.is_none()) {
                known.clone_from(new);
            }
        };
        take(&mut known.vpc, &item.vpc);
        take(&mut known.subnet, &item.subnet);
        take(&mut known.owner, &item.owner);
        take(&mut known.region, &item.region);
        take(&mut known.interface_type, &item.interface_type);
        if is_latest {
            self.latest = time;
            if !item.description.is_empty() {
                known.description.clone_from(&item.description);
            }
            known.private_addresses.clone_from(&item.private_addresses);
            known.ipv6_addresses.clone_from(&item.ipv6_addresses);
            known.prefixes.clone_from(&item.prefixes);
            known.attach_time = item.attach_time;
        }
    }

    fn add_state(&mut self, run: Run, state: State) {
        if let Some(last) = self.interface.history.last_mut()
            && last.run.scope == run.scope
            && last.run.last + 1 == run.first
            && last.state == state
        {
            last.run.last = run.last;
            return;
        }
        self.interface.history.push(StateRun { run, state });
    }
}
