//! A set of addresses as sorted ranges that do not touch: prefix lists, the ranges of a VPC.

use ipnet::IpNet;
use std::net::IpAddr;

/// Addresses of both families.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AddressSet {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl AddressSet {
    pub(crate) fn from_nets<'a>(nets: impl IntoIterator<Item = &'a IpNet>) -> AddressSet {
        let mut set = AddressSet::default();
        for net in nets {
            match net {
                IpNet::V4(net) => set.v4.push((u32::from(net.network()), u32::from(net.broadcast()))),
                IpNet::V6(net) => set.v6.push((u128::from(net.network()), u128::from(net.broadcast()))),
            }
        }
        set.v4 = merged(set.v4, |end| end.checked_add(1));
        set.v6 = merged(set.v6, |end| end.checked_add(1));
        set
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => in_ranges(&self.v4, u32::from(address)),
            IpAddr::V6(address) => in_ranges(&self.v6, u128::from(address)),
        }
    }

    /// Whether every address of `other` is in this set.
    pub(crate) fn covers(&self, other: &AddressSet) -> bool {
        all_covered(&self.v4, &other.v4) && all_covered(&self.v6, &other.v6)
    }

    /// How many addresses: 2^128 times the first number, plus the second.
    pub(crate) fn count(&self) -> (u32, u128) {
        let mut overflows = 0u32;
        let mut total = 0u128;
        for (from, to) in &self.v4 {
            total += u128::from(to - from) + 1;
        }
        for (from, to) in &self.v6 {
            match (to - from).checked_add(1).and_then(|size| total.checked_add(size)) {
                Some(sum) => total = sum,
                None => {
                    overflows += 1;
                    total = total.wrapping_add((to - from).wrapping_add(1));
                }
            }
        }
        (overflows, total)
    }
}

fn merged<T: Copy + Ord>(mut ranges: Vec<(T, T)>, next: impl Fn(T) -> Option<T>) -> Vec<(T, T)> {
    ranges.sort_unstable();
    let mut result: Vec<(T, T)> = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        if let Some(last) = result.last_mut() {
            let touches = match next(last.1) {
                Some(following) => from <= following,
                None => true,
            };
            if touches {
                last.1 = last.1.max(to);
                continue;
            }
        }
        result.push((from, to));
    }
    result
}

fn in_ranges<T: Copy + Ord>(ranges: &[(T, T)], value: T) -> bool {
    let after = ranges.partition_point(|(from, _)| *from <= value);
    after > 0 && value <= ranges[after - 1].1
}

/// Both sides are merged, so each range of `inner` must lie within one of `outer`.
fn all_covered<T: Copy + Ord>(outer: &[(T, T)], inner: &[(T, T)]) -> bool {
    inner.iter().all(|(from, to)| {
        let after = outer.partition_point(|(start, _)| start <= from);
        after > 0 && *to <= outer[after - 1].1
    })
}

/// The network of that prefix length around an address; of the address alone if the length is too long for it.
pub(crate) fn net_around(address: IpAddr, length: u8) -> IpNet {
    match IpNet::new(address, length) {
        Ok(net) => net.trunc(),
        Err(_) => IpNet::from(address),
    }
}

/// Reads a CIDR; host bits are cut off, as AWS does, and a bare address is a network of one.
pub(crate) fn read_net(text: &str) -> Option<IpNet> {
    let text = text.trim();
    if let Ok(net) = text.parse::<IpNet>() {
        return Some(net.trunc());
    }
    text.parse::<IpAddr>().ok().map(IpNet::from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn set(nets: &[&str]) -> AddressSet {
        let nets: Vec<IpNet> = nets.iter().map(|text| read_net(text).unwrap()).collect();
        AddressSet::from_nets(&nets)
    }

    #[test]
    fn contains_what_lies_in_one_of_its_ranges() {
        let set = set(&["10.0.0.0/24", "10.0.1.0/24", "192.0.2.7", "2001:db8::/64"]);
        for inside in ["10.0.0.0", "10.0.1.255", "192.0.2.7", "2001:db8::ffff"] {
            assert!(set.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["9.255.255.255", "10.0.2.0", "192.0.2.6", "192.0.2.8", "2001:db8:0:1::"] {
            assert!(!set.contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn counts_to_more_than_128_bits_hold() {
        assert_eq!(set(&["10.0.0.0/24", "10.0.0.128/25", "10.0.1.0/32"]).count(), (0, 257));
        assert_eq!(set(&["0.0.0.0/0"]).count(), (0, 1 << 32));
        assert_eq!(set(&["::/0"]).count(), (1, 0));
        assert_eq!(set(&["::/0", "0.0.0.0/0"]).count(), (1, 1 << 32));
        assert_eq!(set(&["::/1"]).count(), (0, 1 << 127));
    }

    #[test]
    fn covers_across_ranges_that_touch() {
        let outer = set(&["10.0.0.0/25", "10.0.0.128/25", "fd00::/64"]);
        assert!(outer.covers(&set(&["10.0.0.64/25"])));
        assert!(outer.covers(&set(&["10.0.0.0/24", "fd00::1/128"])));
        assert!(outer.covers(&set(&[])));
        assert!(!outer.covers(&set(&["10.0.0.0/23"])));
        assert!(!outer.covers(&set(&["fd00::/63"])));
    }

    #[test]
    fn host_bits_are_cut_off() {
        assert_eq!(read_net("10.1.2.3/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(read_net("2001:db8::1").unwrap().to_string(), "2001:db8::1/128");
        assert!(read_net("10.0.0.0/33").is_none());
        assert!(read_net("ten").is_none());
    }
}
