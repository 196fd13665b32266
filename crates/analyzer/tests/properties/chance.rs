//! Seeded chance.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::ops::Range;

pub struct Chance(StdRng);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(StdRng::seed_from_u64(seed))
    }

    /// One of the numbers of a range that is not empty.
    pub fn below(&mut self, range: Range<usize>) -> usize {
        self.0.random_range(range)
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(0..times) == 0
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(0..items.len())]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(0..last + 1));
        }
    }
}
