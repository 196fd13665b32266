//! Where an address is: in one of our subnets, in one of our VPCs, or out in the public Internet.

use crate::inventory::Inventory;
use ipnet::IpNet;
use std::net::IpAddr;

impl Inventory {
    /// Whether the address is routed in the Internet and lies in none of our VPCs (which may have public ranges of their own,
    /// and under IPv6 as a rule do).
    ///
    /// Not public: RFC 1918, RFC 6598, loopback, link-local, multicast, unspecified and broadcast addresses, ULA (RFC 4193).
    pub fn is_public(&self, address: IpAddr) -> bool {
        is_global(address) && !self.vpcs.iter().any(|vpc| vpc.ranges.contains(address))
    }

    /// The smallest subnet of the inventory around an address.
    pub fn subnet_of(&self, address: IpAddr) -> Option<IpNet> {
        let subnets = self.vpcs.iter().flat_map(|vpc| &vpc.subnets);
        subnets.filter(|subnet| subnet.contains(&address)).max_by_key(|subnet| (subnet.prefix_len(), **subnet)).copied()
    }
}

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = u32::from(v4) >> 22 == 0x6440_0000 >> 22; // 100.64.0.0/10
            let special = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast();
            !(shared || special || v4.is_unspecified() || v4.is_broadcast())
        }
        IpAddr::V6(v6) => {
            let special = v6.is_loopback() || v6.is_unspecified() || v6.is_multicast();
            !(special || v6.is_unique_local() || v6.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn private_and_special_ranges_are_not_global() {
        for text in
            ["10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "169.254.1.1"]
        {
            assert!(!is_global(text.parse().unwrap()), "{text}");
        }
        for text in ["fd00::1", "fe80::1", "ff02::1", "::1", "::", "224.0.0.5", "255.255.255.255", "0.0.0.0"] {
            assert!(!is_global(text.parse().unwrap()), "{text}");
        }
        for text in ["8.8.8.8", "100.63.255.255", "100.128.0.0", "172.32.0.1", "2600::1", "203.0.113.9"] {
            assert!(is_global(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn addresses_of_our_vpcs_are_not_public() {
        let text = r#"{"SecurityGroups": [], "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16",
            "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2600:1f00::/56"}]}],
            "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"}],
            "NetworkInterfaces": [],
            "SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-1", "IsEgress": false,
            "IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0"}]}"#;
        let inventory = Inventory::from_texts(&[("a.json", text)]).unwrap().inventory;
        assert!(!inventory.is_public("2600:1f00::1".parse().unwrap()));
        assert!(inventory.is_public("2600:1f00:0:100::1".parse().unwrap()));
        assert_eq!(inventory.subnet_of("10.0.1.9".parse().unwrap()), Some("10.0.1.0/24".parse().unwrap()));
        assert_eq!(inventory.subnet_of("10.0.2.9".parse().unwrap()), None);
    }
}
