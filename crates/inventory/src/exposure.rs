//! How much a rule opens.

use crate::address_set::AddressSet;
use crate::group::GroupIx;
use crate::inventory::Inventory;
use crate::rule::{Exposure, Peer, Resolved, Rule};
use ipnet::IpNet;

impl Rule {
    /// Addresses and ports that the rule opens now: the addresses of its range; of the latest entries of its prefix
    /// list; of the interfaces that now carry its group. None are counted where the peer cannot be resolved.
    pub fn exposure_parts(&self, inventory: &Inventory) -> Exposure {
        let (address_overflows, addresses) = match (&self.peer, self.resolved) {
            (Peer::Cidr(net), _) => AddressSet::from_nets([net]).count(),
            (_, Resolved::List(number)) => {
                let list = inventory.lists.get(number as usize);
                list.and_then(|list| list.latest()).map_or((0, 0), AddressSet::count)
            }
            (_, Resolved::Group(number)) => {
                let group = inventory.peer_groups.get(number as usize).and_then(|peer| peer.group);
                group.map_or((0, 0), |group| inventory.addresses_of(group).count())
            }
            _ => (0, 0),
        };
        Exposure { address_overflows, addresses, ports: self.port_count() }
    }
}

impl Inventory {
    /// The addresses of the interfaces that now carry a group.
    fn addresses_of(&self, group: GroupIx) -> AddressSet {
        let mut nets: Vec<IpNet> = Vec::new();
        for number in self.carried_now(group) {
            let interface = self.interface(number);
            let hosts = interface.private_addresses.iter().chain(&interface.ipv6_addresses);
            nets.extend(hosts.map(|address| IpNet::from(*address)));
            nets.extend(&interface.prefixes);
        }
        AddressSet::from_nets(&nets)
    }
}
