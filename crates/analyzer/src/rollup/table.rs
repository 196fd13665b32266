//! The rows of a rollup, each key once.

use super::row::{Addr, Key, KeyParts, Slice, Totals};
use super::{KeptPorts, PlaceIx};
use hashbrown::HashTable;
use std::collections::HashMap;
use std::net::IpAddr;

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What makes it distinct.
    pub key: Key,
    /// What adds up.
    pub totals: Totals,
}

/// Rows in the order in which their keys were first seen.
///
/// The rows lie in one vector and the hash table holds only their numbers and half of their hash: a growing vector of
/// plain rows can be extended in place, so memory stays near 72 bytes a row.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
    index: HashTable<Slot>,
    hasher: foldhash::fast::FixedState,
    listed: Vec<IpAddr>,
    listed_index: HashMap<IpAddr, u32, foldhash::fast::FixedState>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    row: u32,
}

/// `hashbrown` takes the bucket from the low bits and a tag from the top seven: both halves need the bits.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(hash)
}

impl Table {
    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Addresses that rows hold by number: all that are not IPv4.
    pub fn listed(&self) -> &[IpAddr] {
        &self.listed
    }

    /// The address that a row means.
    pub fn ip(&self, addr: Addr) -> IpAddr {
        match addr {
            Addr::V4(number) => IpAddr::V4(number.into()),
            Addr::Listed(number) => self.listed[number as usize],
        }
    }

    /// Addresses as a row holds them. IPv4 stays as it is; as soon as one of them is IPv6 all are put in the list, for a
    /// row has room for one kind.
    pub fn pack_addresses<const N: usize>(&mut self, addresses: [Option<IpAddr>; N]) -> [Option<Addr>; N] {
        let all_v4 = addresses.iter().flatten().all(IpAddr::is_ipv4);
        addresses.map(|address| {
            let address = address?;
            match address {
                IpAddr::V4(v4) if all_v4 => Some(Addr::V4(v4.into())),
                _ => Some(Addr::Listed(self.list(address))),
            }
        })
    }

    fn list(&mut self, address: IpAddr) -> u32 {
        if let Some(&known) = self.listed_index.get(&address) {
            return known;
        }
        let new = self.listed.len() as u32;
        self.listed.push(address);
        self.listed_index.insert(address, new);
        new
    }

    /// Adds to the row of this key.
    pub fn add(&mut self, key: Key, totals: &Totals) {
        let hash = key.hash(&self.hasher) as u32;
        let rows = &mut self.rows;
        let entry = self.index.entry(
            spread(hash),
            |slot| slot.hash == hash && rows[slot.row as usize].key == key,
            |slot| spread(slot.hash),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(slot) => rows[slot.get().row as usize].totals.add(totals),
            hashbrown::hash_table::Entry::Vacant(free) => {
                free.insert(Slot { hash, row: rows.len() as u32 });
                rows.push(Row { key, totals: *totals });
            }
        }
    }

    /// Adds all rows of another table, whose places are renamed by `renamed`. `as_they_are`: it has the same slices and kept
    /// the same ports, which saves taking every row apart.
    pub fn absorb(&mut self, other: &Table, renamed: &[PlaceIx], slice: Slice, kept: &KeptPorts, as_they_are: bool) {
        for row in &other.rows {
            let place = renamed[row.key.place().at()];
            if as_they_are && !row.key.is_listed() {
                self.add(row.key.at(place), &row.totals);
                continue;
            }
            let mut parts = row.key.parts();
            parts.place = place;
            self.add_parts(parts, other, &row.totals, slice, kept);
        }
    }

    /// The same rows with wider slices or fewer kept ports.
    pub fn regroup(&self, slice: Slice, kept: &KeptPorts) -> Table {
        let mut regrouped = Table::default();
        for row in &self.rows {
            regrouped.add_parts(row.key.parts(), self, &row.totals, slice, kept);
        }
        regrouped
    }

    fn add_parts(&mut self, mut parts: KeyParts, from: &Table, totals: &Totals, slice: Slice, kept: &KeptPorts) {
        parts.slice = slice.start_of(parts.slice);
        (parts.src_port, parts.dst_port) = kept.thin(parts.src_port, parts.dst_port, parts.opener);
        if matches!(parts.src, Addr::Listed(_)) {
            let mut relist = |addr: Addr| Addr::Listed(self.list(from.ip(addr)));
            parts.src = relist(parts.src);
            parts.dst = relist(parts.dst);
            parts.pkt_src = parts.pkt_src.map(&mut relist);
            parts.pkt_dst = parts.pkt_dst.map(&mut relist);
        }
        self.add(parts.pack(), totals);
    }
}
