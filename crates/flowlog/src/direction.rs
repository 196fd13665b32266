//! Which way a record crossed its interface.
//!
//! Evidence in this order: the field `flow-direction`; the side that is one of the interface's own addresses
//! ([`from_own_address`]); for an interface that no inventory knows, the address that is in every record of it
//! ([`CommonAddress`]). If none of them tells, the direction is undetermined and the record must be judged both ways.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::record::FlowDirection;

/// By which side is the interface's own address (primary, secondary, IPv6, in a delegated prefix).
///
/// Neither: multicast, or an appliance that forwards for others. Both: hairpin traffic. Then `None`: undetermined.
pub fn from_own_address(src_is_own: bool, dst_is_own: bool) -> Option<FlowDirection> {
    match (src_is_own, dst_is_own) {
        (true, false) => Some(FlowDirection::Egress),
        (false, true) => Some(FlowDirection::Ingress),
        (true, true) | (false, false) => None,
    }
}

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4
    V4,
    /// IPv6
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(address: IpAddr) -> Family {
        match address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }
}

/// The address (by family) that is in every record of an interface, if there is just one.
///
/// An interface writes its own primary address into every record that it makes, and talks to more than one peer sooner or later;
/// so what stays is its own. After a single peer there are two candidates, hence no answer.
///
/// ```
/// # use flowlog::{CommonAddress, Family};
/// let [own, a, b] = ["10.0.0.1", "10.0.0.8", "10.0.0.9"].map(|text| text.parse().unwrap());
/// let mut common = CommonAddress::default();
/// common.observe(own, a);
/// assert_eq!(common.own(Family::V4), None);
/// common.observe(b, own);
/// assert_eq!(common.own(Family::V4), Some(own));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommonAddress {
    v4: Candidates<Ipv4Addr>,
    v6: Candidates<Ipv6Addr>,
}

impl CommonAddress {
    /// Takes the two addresses of one record.
    pub fn observe(&mut self, src: IpAddr, dst: IpAddr) {
        let both = |v4, v6| CommonAddress { v4, v6 };
        let record = match (src, dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => both(Candidates::pair(src, dst), Candidates::Any),
            (IpAddr::V6(src), IpAddr::V6(dst)) => both(Candidates::Any, Candidates::pair(src, dst)),
            (IpAddr::V4(v4), IpAddr::V6(v6)) | (IpAddr::V6(v6), IpAddr::V4(v4)) => {
                both(Candidates::One(v4), Candidates::One(v6))
            }
        };
        self.merge(&record);
    }

    /// The one address of that family that was in every record of that family.
    pub fn own(&self, family: Family) -> Option<IpAddr> {
        match family {
            Family::V4 => self.v4.only().map(IpAddr::V4),
            Family::V6 => self.v6.only().map(IpAddr::V6),
        }
    }

    /// As if this had also observed what the other did, in any order.
    pub fn merge(&mut self, other: &CommonAddress) {
        self.v4 = self.v4.intersect(other.v4);
        self.v6 = self.v6.intersect(other.v6);
    }
}

/// The addresses that were in every record so far. A pair is kept in order, so that equal sets are equal values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Candidates<A> {
    /// No record yet.
    #[default]
    Any,
    Two(A, A),
    One(A),
    None,
}

impl<A: Copy + Ord> Candidates<A> {
    fn pair(a: A, b: A) -> Candidates<A> {
        match a.cmp(&b) {
            std::cmp::Ordering::Less => Candidates::Two(a, b),
            std::cmp::Ordering::Equal => Candidates::One(a),
            std::cmp::Ordering::Greater => Candidates::Two(b, a),
        }
    }

    fn contains(self, address: A) -> bool {
        match self {
            Candidates::Any => true,
            Candidates::Two(a, b) => a == address || b == address,
            Candidates::One(a) => a == address,
            Candidates::None => false,
        }
    }

    fn intersect(self, other: Candidates<A>) -> Candidates<A> {
        match self {
            Candidates::Any => other,
            Candidates::None => Candidates::None,
            Candidates::One(a) if other.contains(a) => self,
            Candidates::One(_) => Candidates::None,
            Candidates::Two(a, b) => match (other.contains(a), other.contains(b)) {
                (true, true) => self,
                (true, false) => Candidates::One(a),
                (false, true) => Candidates::One(b),
                (false, false) => Candidates::None,
            },
        }
    }

    fn only(self) -> Option<A> {
        match self {
            Candidates::One(a) => Some(a),
            Candidates::Any | Candidates::Two(..) | Candidates::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn own_address_decides_only_when_alone() {
        assert_eq!(from_own_address(true, false), Some(FlowDirection::Egress));
        assert_eq!(from_own_address(false, true), Some(FlowDirection::Ingress));
        assert_eq!(from_own_address(true, true), None);
        assert_eq!(from_own_address(false, false), None);
    }

    fn v4(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
    }

    #[test]
    fn families_are_apart() {
        let v6 = |last: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last));
        let mut common = CommonAddress::default();
        common.observe(v4(1), v4(2));
        common.observe(v6(1), v6(2));
        common.observe(v6(3), v6(2));
        assert_eq!(common.own(Family::V4), None);
        assert_eq!(common.own(Family::V6), Some(v6(2)));
        common.observe(v4(5), v4(6));
        assert_eq!(common.own(Family::V4), None);
        common.observe(v4(1), v4(2));
        assert_eq!(common.own(Family::V4), None, "an address that once was missing stays out");
    }

    /// Every list of up to three records over three addresses, split everywhere: observing, merging and plain set logic agree.
    #[test]
    fn merge_equals_observing_both() {
        let records: Vec<(u8, u8)> = (1..=3).flat_map(|a| (1..=3).map(move |b| (a, b))).collect();
        let mut lists: Vec<Vec<(u8, u8)>> = vec![vec![]];
        for _ in 0..3 {
            for list in lists.clone() {
                for record in &records {
                    let mut longer = list.clone();
                    longer.push(*record);
                    lists.push(longer);
                }
            }
        }
        let observed = |list: &[(u8, u8)]| {
            let mut common = CommonAddress::default();
            for (a, b) in list {
                common.observe(v4(*a), v4(*b));
            }
            common
        };
        for list in &lists {
            let whole = observed(list);
            let in_all: Vec<u8> = (1..=3).filter(|x| list.iter().all(|(a, b)| a == x || b == x)).collect();
            let expected = (in_all.len() == 1 && !list.is_empty()).then(|| v4(in_all[0]));
            assert_eq!(whole.own(Family::V4), expected, "{list:?}");
            for split in 0..=list.len() {
                let (left, right) = (observed(&list[..split]), observed(&list[split..]));
                for (mut one, other) in [(left, right), (right, left)] {
                    one.merge(&other);
                    assert_eq!(one, whole, "{list:?} at {split}");
                }
            }
        }
    }
}
