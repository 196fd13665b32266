//! Where a record was made: account, VPC and interface, each combination known by a small number.

use hashbrown::HashTable;
use std::hash::{BuildHasher, Hasher};

/// Index of a [`Place`] in [`Places`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaceIx(pub u32);

impl PlaceIx {
    /// As an index into a slice.
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// Account, VPC and interface as the records name them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// `account-id`: 12 digits, or `unknown` for interfaces that AWS services made; empty where the format lacks it.
    pub account_id: Box<str>,
    /// `vpc-id`, where the format has it.
    pub vpc_id: Option<Box<str>>,
    /// `interface-id`; empty for a regional NAT gateway, which has none.
    pub interface_id: Box<str>,
}

/// The distinct places of a rollup.
#[derive(Clone, Debug, Default)]
pub struct Places {
    all: Vec<Place>,
    index: HashTable<u32>,
    hasher: foldhash::fast::FixedState,
    last: u32,
}

impl Places {
    /// Places in the order in which they were first seen.
    pub fn iter(&self) -> std::slice::Iter<'_, Place> {
        self.all.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// One place.
    pub fn get(&self, place: PlaceIx) -> &Place {
        &self.all[place.at()]
    }

    /// The number of a place, new or known.
    pub fn intern(&mut self, place: &Place) -> PlaceIx {
        self.intern_bytes(
            place.account_id.as_bytes(),
            place.vpc_id.as_deref().map(str::as_bytes),
            place.interface_id.as_bytes(),
        )
    }

    /// The number of a place given as a record gives it. Allocates only for a place never seen before; lines of one
    /// interface tend to follow each other, so the last answer is tried first.
    pub fn intern_bytes(&mut self, account: &[u8], vpc: Option<&[u8]>, interface: &[u8]) -> PlaceIx {
        let same = |place: &Place| {
            place.interface_id.as_bytes() == interface
                && place.account_id.as_bytes() == account
                && place.vpc_id.as_deref().map(str::as_bytes) == vpc
        };
        if self.all.get(self.last as usize).is_some_and(same) {
            return PlaceIx(self.last);
        }
        let hash = hash_of(&self.hasher, account, vpc, interface);
        if let Some(&found) = self.index.find(hash, |&ix| same(&self.all[ix as usize])) {
            self.last = found;
            return PlaceIx(found);
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into_boxed_str();
        let new = self.all.len() as u32;
        self.all.push(Place { account_id: text(account), vpc_id: vpc.map(text), interface_id: text(interface) });
        let (all, hasher) = (&self.all, &self.hasher);
        self.index.insert_unique(hash, new, |&ix| {
            let place = &all[ix as usize];
            hash_of(
                hasher,
                place.account_id.as_bytes(),
                place.vpc_id.as_deref().map(str::as_bytes),
                place.interface_id.as_bytes(),
            )
        });
        self.last = new;
        PlaceIx(new)
    }
}

fn hash_of(hasher: &foldhash::fast::FixedState, account: &[u8], vpc: Option<&[u8]>, interface: &[u8]) -> u64 {
    let mut state = hasher.build_hasher();
    state.write(interface);
    state.write(account);
    state.write(vpc.unwrap_or_default());
    state.finish()
}
