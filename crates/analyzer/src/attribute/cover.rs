//! Which rules of a group stand in for each other: every distinct pair (rules that a request uses, rules that surely
//! allow it), counted. What is redundant follows from these pairs alone.

use hashbrown::HashTable;
use std::hash::{BuildHasher, Hasher};

/// The pairs of one group. Bits are positions in the group's list of rules.
#[derive(Clone, Debug, Default)]
pub struct Covers {
    pairs: Vec<Cover>,
    index: HashTable<usize>,
    hasher: foldhash::fast::FixedState,
}

/// One distinct pair.
#[derive(Clone, Debug)]
pub struct Cover {
    words: Box<[u64]>,
    /// Requests and records that may be some.
    pub records: u64,
}

impl Cover {
    /// Whether the rule at this position is or may be used.
    pub fn uses(&self, rule: usize) -> bool {
        bit(&self.words[..self.words.len() / 2], rule)
    }

    /// Whether the rule at this position surely allows it.
    pub fn surely(&self, rule: usize) -> bool {
        bit(&self.words[self.words.len() / 2..], rule)
    }
}

fn bit(words: &[u64], position: usize) -> bool {
    words.get(position / 64).is_some_and(|word| word >> (position % 64) & 1 == 1)
}

/// A pair in the making.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    words: Vec<u64>,
    used: bool,
}

impl Draft {
    /// Starts anew for a group of so many rules.
    pub fn clear(&mut self, rules: usize) {
        self.words.clear();
        self.words.resize(rules.div_ceil(64) * 2, 0);
        self.used = false;
    }

    /// The rule is or may be used.
    pub fn uses(&mut self, rule: usize) {
        self.words[rule / 64] |= 1 << (rule % 64);
        self.used = true;
    }

    /// The rule surely allows it.
    pub fn surely(&mut self, rule: usize) {
        let half = self.words.len() / 2;
        self.words[half + rule / 64] |= 1 << (rule % 64);
    }
}

impl Covers {
    /// Counts a pair, if it has a use.
    pub fn add(&mut self, draft: &Draft, records: u64) {
        if draft.used {
            self.add_words(&draft.words, records);
        }
    }

    fn add_words(&mut self, words: &[u64], records: u64) {
        let hash = hash_of(&self.hasher, words);
        if let Some(&known) = self.index.find(hash, |&ix| *self.pairs[ix].words == *words) {
            self.pairs[known].records += records;
            return;
        }
        let (pairs, hasher) = (&mut self.pairs, &self.hasher);
        pairs.push(Cover { words: words.into(), records });
        self.index.insert_unique(hash, pairs.len() - 1, |&ix| hash_of(hasher, &pairs[ix].words));
    }

    /// Adds what another thread found.
    pub fn merge(&mut self, other: &Covers) {
        for pair in &other.pairs {
            self.add_words(&pair.words, pair.records);
        }
    }

    /// The distinct pairs.
    pub fn iter(&self) -> std::slice::Iter<'_, Cover> {
        self.pairs.iter()
    }
}

fn hash_of(hasher: &foldhash::fast::FixedState, words: &[u64]) -> u64 {
    let mut state = hasher.build_hasher();
    for word in words {
        state.write_u64(*word);
    }
    state.finish()
}
