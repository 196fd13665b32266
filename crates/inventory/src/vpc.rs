//! VPCs and the ranges of addresses in them.

use crate::address_set::{AddressSet, net_around};
use crate::document as raw;
use crate::error::LoadError;
use crate::item::Place;
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Addresses that may be in a VPC of which neither blocks nor subnets are known: RFC 1918, RFC 6598 (100.64.0.0/10)
/// and every IPv6 address (which includes ULA, RFC 4193): IPv6 in a VPC is mostly public.
const ANY_VPC: [&str; 5] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::/0"];

/// What was read of VPCs and subnets: the union over all snapshots, because a block that is gone may matter.
#[derive(Default)]
pub(crate) struct VpcItems {
    by_id: BTreeMap<String, VpcItem>,
}

#[derive(Default)]
struct VpcItem {
    blocks: Vec<IpNet>,
    subnets: Vec<IpNet>,
    addresses: Vec<IpNet>,
}

/// A VPC with its ranges.
#[derive(Debug, Clone)]
pub(crate) struct Vpc {
    pub id: String,
    /// Where an interface of it may have its addresses.
    pub ranges: AddressSet,
    /// Whether `ranges` is guessed, for want of `Vpcs`.
    pub is_guessed: bool,
    /// Its blocks as `Vpcs` has them.
    pub blocks: Vec<IpNet>,
    pub subnets: Vec<IpNet>,
}

impl VpcItems {
    pub(crate) fn add_vpc(&mut self, item: raw::Vpc, place: Place) -> Result<(), LoadError> {
        let id = place.needed(item.vpc_id, "VpcId")?;
        let v4 = item.cidr_block_association_set.unwrap_or_default();
        let v6 = item.ipv6_cidr_block_association_set.unwrap_or_default();
        let mut blocks = Vec::new();
        for text in item.cidr_block.into_iter().chain(v4.into_iter().filter_map(|block| block.cidr_block)) {
            blocks.push(place.net(&text, "CidrBlock")?);
        }
        for text in v6.into_iter().filter_map(|block| block.ipv6_cidr_block) {
            blocks.push(place.net(&text, "Ipv6CidrBlock")?);
        }
        self.by_id.entry(id).or_default().blocks.append(&mut blocks);
        Ok(())
    }

    pub(crate) fn add_subnet(&mut self, item: raw::Subnet, place: Place) -> Result<(), LoadError> {
        let id = place.needed(item.subnet_id, "SubnetId")?;
        let vpc = item.vpc_id.ok_or_else(|| place.error(format!("({id}) has no VpcId")))?;
        let mut subnets = Vec::new();
        if let Some(text) = item.cidr_block {
            subnets.push(place.net(&text, "CidrBlock")?);
        }
        let v6 = item.ipv6_cidr_block_association_set.unwrap_or_default();
        for text in v6.into_iter().filter_map(|block| block.ipv6_cidr_block) {
            subnets.push(place.net(&text, "Ipv6CidrBlock")?);
        }
        self.by_id.entry(vpc).or_default().subnets.append(&mut subnets);
        Ok(())
    }

    /// A VPC that something else mentions.
    pub(crate) fn add_mention(&mut self, vpc: &str) {
        if !self.by_id.contains_key(vpc) {
            self.by_id.insert(vpc.to_string(), VpcItem::default());
        }
    }

    /// An address that an interface of the VPC has.
    pub(crate) fn add_address(&mut self, vpc: &str, net: IpNet) {
        self.by_id.entry(vpc.to_string()).or_default().addresses.push(net);
    }

    /// All VPCs, by id.
    pub(crate) fn into_vpcs(self) -> Vec<Vpc> {
        let mut vpcs = Vec::with_capacity(self.by_id.len());
        for (id, mut item) in self.by_id {
            item.blocks.sort_unstable();
            item.blocks.dedup();
            item.subnets.sort_unstable();
            item.subnets.dedup();
            let (ranges, is_guessed) = item.ranges();
            vpcs.push(Vpc { id, ranges, is_guessed, blocks: item.blocks, subnets: item.subnets });
        }
        vpcs
    }
}

impl VpcItem {
    fn ranges(&self) -> (AddressSet, bool) {
        if !self.blocks.is_empty() {
            return (AddressSet::from_nets(self.blocks.iter().chain(&self.subnets)), false);
        }
        if !self.subnets.is_empty() {
            let widened: Vec<IpNet> = self.subnets.iter().map(widen).collect();
            return (AddressSet::from_nets(&widened), true);
        }
        let mut nets = any_vpc_nets();
        nets.extend(self.addresses.iter().map(widen));
        (AddressSet::from_nets(&nets), true)
    }
}

/// The largest block that a VPC can have around a subnet: /16 for IPv4, /44 for IPv6 (Amazon VPC User Guide, "VPC CIDR
/// blocks"). A subnet that was deleted is not listed, but most likely lay in the same block.
fn widen(net: &IpNet) -> IpNet {
    let longest = match net {
        IpNet::V4(_) => 16,
        IpNet::V6(_) => 44,
    };
    net_around(net.addr(), longest.min(net.prefix_len()))
}

fn any_vpc_nets() -> Vec<IpNet> {
    ANY_VPC.iter().filter_map(|text| text.parse().ok()).collect()
}

/// Where an interface may have its addresses if its VPC is not known.
pub(crate) fn any_vpc_ranges() -> AddressSet {
    AddressSet::from_nets(&any_vpc_nets())
}

/// The address so many places after the first of a network, if it is in it.
pub(crate) fn nth_address(net: &IpNet, offset: u8) -> Option<IpAddr> {
    let address = match net.network() {
        IpAddr::V4(first) => IpAddr::from(u32::from(first).checked_add(u32::from(offset))?.to_be_bytes()),
        IpAddr::V6(first) => IpAddr::from(u128::from(first).checked_add(u128::from(offset))?.to_be_bytes()),
    };
    if net.contains(&address) { Some(address) } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ranges(blocks: &[&str], subnets: &[&str], addresses: &[&str]) -> AddressSet {
        let read = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        VpcItem { blocks: read(blocks), subnets: read(subnets), addresses: read(addresses) }.ranges().0
    }

    #[test]
    fn blocks_win_over_subnets_and_subnets_over_guesses() {
        let has = |set: &AddressSet, text: &str| set.contains(text.parse().unwrap());
        let of_blocks = ranges(&["10.1.0.0/16"], &["10.1.2.0/24"], &[]);
        assert!(has(&of_blocks, "10.1.9.9") && !has(&of_blocks, "10.2.0.1") && !has(&of_blocks, "2001:db8::1"));
        let of_subnets = ranges(&[], &["10.1.2.0/24", "2001:db8:0:10::/64"], &[]);
        assert!(has(&of_subnets, "10.1.9.9") && !has(&of_subnets, "10.2.0.1"), "the /16 around a subnet");
        assert!(has(&of_subnets, "2001:db8:f::1") && !has(&of_subnets, "2001:db8:10::1"), "the /44 around a subnet");
        let guessed = ranges(&[], &[], &["11.5.0.9/32"]);
        for inside in ["10.2.0.1", "172.31.0.1", "192.168.9.9", "100.64.0.1", "2001:db8::1", "fd00::1", "11.5.200.1"] {
            assert!(has(&guessed, inside), "{inside}");
        }
        for outside in ["11.6.0.1", "203.0.113.9", "172.32.0.1", "100.128.0.0"] {
            assert!(!has(&guessed, outside), "{outside}");
        }
    }

    #[test]
    fn addresses_are_counted_from_the_base() {
        assert_eq!(nth_address(&"10.0.0.0/16".parse().unwrap(), 2).unwrap().to_string(), "10.0.0.2");
        assert_eq!(nth_address(&"10.0.0.0/31".parse().unwrap(), 2), None);
        assert_eq!(nth_address(&"255.255.255.255/32".parse().unwrap(), 1), None);
    }
}
