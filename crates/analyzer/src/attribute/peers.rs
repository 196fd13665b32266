//! Distinct addresses, each with the time in which it was met: a growing list that is sorted and thinned whenever it has doubled.

use super::flow::LAG;
use inventory::Span;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses of both families.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    v4: Thinned<u32>,
    v6: Thinned<u128>,
}

#[derive(Clone, Debug)]
struct Thinned<T> {
    all: Vec<Met<T>>,
    limit: usize,
}

/// Epoch seconds of the least `start` and the greatest `end`.
#[derive(Clone, Copy, Debug)]
struct Met<T> {
    address: T,
    first: u32,
    last: u32,
}

impl<T> Met<T> {
    fn widen(&mut self, first: u32, last: u32) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    /// As a record of that time is judged.
    fn span(&self) -> Span {
        Span { from: i64::from(self.first) - LAG, to: i64::from(self.last.max(self.first)) }
    }
}

impl<T> Default for Thinned<T> {
    fn default() -> Self {
        Thinned { all: Vec::new(), limit: 1024 }
    }
}

impl<T: Ord + Copy> Thinned<T> {
    fn add(&mut self, met: Met<T>) {
        if let Some(last) = self.all.last_mut()
            && last.address == met.address
        {
            return last.widen(met.first, met.last);
        }
        if self.all.len() >= self.limit {
            self.thin();
            self.limit = (self.all.len() * 2).max(1024);
        }
        self.all.push(met);
    }

    fn thin(&mut self) {
        self.all.sort_unstable_by_key(|met| met.address);
        self.all.dedup_by(|next, kept| {
            let same = next.address == kept.address;
            if same {
                kept.widen(next.first, next.last);
            }
            same
        });
    }
}

impl Peers {
    /// Adds an address that was met in that time.
    pub fn add(&mut self, address: IpAddr, first: u32, last: u32) {
        match address {
            IpAddr::V4(v4) => self.v4.add(Met { address: v4.into(), first, last }),
            IpAddr::V6(v6) => self.v6.add(Met { address: v6.into(), first, last }),
        }
    }

    /// Adds what another thread met.
    pub fn absorb(&mut self, other: Peers) {
        self.v4.all.extend(other.v4.all);
        self.v6.all.extend(other.v6.all);
    }

    /// Sorts; afterwards each address is there once.
    pub fn settle(&mut self) {
        self.v4.thin();
        self.v6.thin();
    }

    /// How many; exact once settled.
    pub fn len(&self) -> usize {
        self.v4.all.len() + self.v6.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ascending once settled, IPv4 first.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> {
        self.met().map(|(address, _)| address)
    }

    /// The same, each with the span in which all of its records lie, as the inventory is to be asked about it.
    pub fn met(&self) -> impl Iterator<Item = (IpAddr, Span)> {
        let v4 = self.v4.all.iter().map(|met| (IpAddr::V4(Ipv4Addr::from(met.address)), met.span()));
        let v6 = self.v6.all.iter().map(|met| (IpAddr::V6(Ipv6Addr::from(met.address)), met.span()));
        v4.chain(v6)
    }
}
