//! A bounded cache by address.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

/// A bounded cache of whatever the caller makes of an address: its facts, or JSON made of them. One for each thread.
///
/// It has two generations. New values go to the young one; when that holds half the capacity it becomes the old one,
/// and what was in the old one is forgotten, except what was asked for since and thereby moved to the young. A cache
/// that is emptied when full would be simpler still, but a scan of the Internet (every record a new address, which is
/// what a public address sees all day) would throw out a network's own busy addresses again and again. Real recency
/// order costs links to be mended at every hit, and hits are what happens a million times a second.
///
/// The hash is fast rather than hardened: it is seeded for each cache, so that nobody who only sends packets can aim at
/// collisions.
#[derive(Debug)]
pub struct AddressCache<V> {
    young: HashMap<Key, V, RandomState>,
    old: HashMap<Key, V, RandomState>,
    generation: usize,
}

impl<V> AddressCache<V> {
    /// A cache of at most `capacity` values (at least two). Memory is taken as values come.
    pub fn new(capacity: usize) -> Self {
        let generation = (capacity / 2).max(1);
        AddressCache {
            young: HashMap::with_hasher(RandomState::default()),
            old: HashMap::with_hasher(RandomState::default()),
            generation,
        }
    }

    /// The value of this address; `make` is called if it is not there (any more).
    pub fn get_or_insert_with(&mut self, address: IpAddr, make: impl FnOnce(IpAddr) -> V) -> &V {
        let key = Key(address);
        let mut kept = None;
        // A second look at the young generation, but only while it is exactly full.
        if self.young.len() >= self.generation && !self.young.contains_key(&key) {
            kept = self.old.remove(&key);
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        match self.young.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let value = kept.or_else(|| self.old.remove(&key)).unwrap_or_else(|| make(address));
                entry.insert(value)
            }
        }
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    /// How many values it holds.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An address that hashes as one number: the derived hash of `IpAddr` writes a tag, a length and a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key(IpAddr);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            IpAddr::V4(v4) => state.write_u32(u32::from(v4)),
            IpAddr::V6(v6) => state.write_u128(u128::from(v6)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn v4(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(number))
    }

    #[test]
    fn a_value_is_made_once() {
        let mut cache = AddressCache::new(100);
        assert_eq!(cache.get_or_insert_with(v4(1), |address| address.to_string()), "0.0.0.1");
        assert_eq!(cache.get_or_insert_with(v4(1), |_| panic!("made twice")), "0.0.0.1");
        assert_eq!(cache.len(), 1);
        cache.clear();
        assert!(cache.is_empty());
        assert_eq!(cache.get_or_insert_with(v4(1), |_| "again".to_owned()), "again");
    }

    #[test]
    fn a_mapped_address_is_another_key() {
        let mut cache = AddressCache::new(100);
        let plain = Ipv4Addr::new(203, 0, 113, 9);
        let mapped = IpAddr::V6(plain.to_ipv6_mapped());
        cache.get_or_insert_with(IpAddr::V4(plain), |_| 4);
        assert_eq!(*cache.get_or_insert_with(mapped, |_| 6), 6);
        assert_eq!(*cache.get_or_insert_with(IpAddr::V6(Ipv6Addr::from(u128::from(u32::from(plain)))), |_| 7), 7);
        assert_eq!(cache.len(), 3);
    }

    #[test]
    fn memory_stays_bounded_and_answers_right() {
        for capacity in [0, 1, 2, 3, 10, 1_000] {
            let mut cache = AddressCache::new(capacity);
            let mut number = 1_u32;
            for _ in 0..20_000 {
                // A full cycle over 2^12 addresses in jumps.
                number = number.wrapping_mul(5).wrapping_add(3) & 0xfff;
                assert_eq!(*cache.get_or_insert_with(v4(number), |_| number), number);
                assert!(cache.len() <= capacity.max(2), "{} of {capacity}", cache.len());
            }
        }
    }

    #[test]
    fn busy_addresses_outlive_a_scan() {
        let mut cache = AddressCache::new(1_000);
        let mut made_busy = 0;
        for scanned in 0..100_000_u32 {
            cache.get_or_insert_with(v4(1_000_000 + scanned), |_| ());
            cache.get_or_insert_with(v4(scanned % 100), |_| made_busy += 1);
        }
        assert_eq!(made_busy, 100);
    }

    #[test]
    fn a_working_set_of_half_the_capacity_is_never_made_again() {
        let mut cache = AddressCache::new(1_000);
        let mut made = 0;
        for round in 0..10_000_u32 {
            cache.get_or_insert_with(v4(round % 500), |_| made += 1);
        }
        assert_eq!(made, 500);
    }
}
