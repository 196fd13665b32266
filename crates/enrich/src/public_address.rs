//! Which addresses there can be facts about.
//!
//! A private address says nothing about a place: a database that has an answer for 10.0.0.1 is wrong, and a threat list
//! that names 192.168.0.0/16 (some do, to catch spoofing) would accuse the reader's own hosts.

use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the IANA IPv4 Special-Purpose Address Registry calls not globally reachable, and multicast. Only the
/// documentation ranges (RFC 5737) are left out here: no real host has such an address, and examples and samples are
/// made of them.
const NOT_PUBLIC_V4: [Ipv4Net; 11] = [
    v4([0, 0, 0, 0], 8),      // "this network", with the unspecified address
    v4([10, 0, 0, 0], 8),     // RFC 1918
    v4([100, 64, 0, 0], 10),  // RFC 6598, carrier-grade NAT; AWS hands it to pods
    v4([127, 0, 0, 0], 8),    // loopback
    v4([169, 254, 0, 0], 16), // link-local
    v4([172, 16, 0, 0], 12),  // RFC 1918
    v4([192, 0, 0, 0], 24),   // IETF protocol assignments
    v4([192, 168, 0, 0], 16), // RFC 1918
    v4([198, 18, 0, 0], 15),  // benchmarks, RFC 2544
    v4([224, 0, 0, 0], 4),    // multicast
    v4([240, 0, 0, 0], 4),    // reserved, with the limited broadcast address
];

/// All that IANA has given out for global unicast so far (RFC 4291, IANA IPv6 Global Unicast Address Assignments).
/// Unique local, link-local, multicast, loopback and unspecified addresses all lie elsewhere.
const GLOBAL_UNICAST_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Benchmarks, RFC 5180: the one range for private use inside global unicast.
const BENCHMARKS_V6: Ipv6Net = v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48);

/// The well-known prefix of NAT64 (RFC 6052): its last 32 bits are an IPv4 address. NAT gateways translate it, so hosts
/// in IPv6-only subnets show it as their peer.
const NAT64_V6: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

const fn v4(octets: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]), prefix)
}

const fn v6(s: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]), prefix)
}

/// Whether databases and threat lists can know the address: it is globally reachable, or documentation writes with it
/// (RFC 5737, RFC 3849). An IPv4 address in IPv6 clothes (mapped, NAT64) is judged as what it is.
///
/// Every other address has no [`Facts`](crate::Facts), whatever a database says about it.
pub fn is_public(address: IpAddr) -> bool {
    public_address(address).is_some()
}

/// The address to look up, or `None` if it is not public. An IPv4 address in IPv6 clothes (mapped, `::ffff:192.0.2.1`,
/// or behind NAT64) is looked up as what it is.
pub(crate) fn public_address(address: IpAddr) -> Option<IpAddr> {
    let address = undressed(address);
    let public = match address {
        IpAddr::V4(v4) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&v4)),
        IpAddr::V6(v6) => GLOBAL_UNICAST_V6.contains(&v6) && !BENCHMARKS_V6.contains(&v6),
    };
    public.then_some(address)
}

fn undressed(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return IpAddr::V4(v4);
    }
    if NAT64_V6.contains(&v6) {
        let [.., a, b, c, d] = v6.octets();
        return IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    }
    address
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn public(text: &str) -> Option<String> {
        public_address(text.parse().unwrap()).map(|address| address.to_string())
    }

    #[test]
    fn private_addresses_are_not_looked_up() {
        let not_public = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.251",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::10.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "fec0::1",
            "2001:2::1",
            "64:ff9b:1::1",
            "100::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::192.168.0.1",
        ];
        for text in not_public {
            assert_eq!(public(text), None, "{text}");
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn neighbours_of_private_ranges_and_documentation_are() {
        let as_they_are = [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.2.1",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.100.1",
            "203.0.113.1",
            "223.255.255.255",
            "2000::",
            "2001:db8::1",
            "2001:1:ffff::1",
            "2600:1f18::1",
            "3fff:ffff::1",
        ];
        for text in as_they_are {
            assert_eq!(public(text).as_deref(), Some(text));
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn ipv4_in_ipv6_clothes_is_ipv4() {
        assert_eq!(public("::ffff:203.0.113.9").as_deref(), Some("203.0.113.9"));
        assert_eq!(public("64:ff9b::203.0.113.9").as_deref(), Some("203.0.113.9"));
    }
}
