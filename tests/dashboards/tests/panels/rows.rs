//! What a panel shows, as rows: the keys of its buckets, and its numbers.

use super::records::Record;
use std::collections::{BTreeMap, HashSet};

/// Numbers by the keys of the buckets from the outermost in.
pub type Rows = BTreeMap<Vec<String>, Vec<f64>>;

/// One number of a row.
#[derive(Clone, Copy)]
pub enum Number {
    Count,
    Bytes,
    Packets,
    Distinct(fn(&Record) -> Option<&str>),
    /// The last `end`, in milliseconds since 1970, as OpenSearch counts times.
    LastSeen,
}

#[derive(Default)]
struct Tally {
    count: u64,
    bytes: u64,
    packets: u64,
    last: u64,
    distinct: Vec<HashSet<String>>,
}

impl Tally {
    fn add(&mut self, record: &Record, numbers: &[Number]) {
        self.count += 1;
        self.bytes += record.number("bytes").unwrap_or(0);
        self.packets += record.number("packets").unwrap_or(0);
        self.last = self.last.max(record.end());
        self.distinct.resize_with(numbers.len(), HashSet::new);
        for (number, seen) in numbers.iter().zip(&mut self.distinct) {
            if let Number::Distinct(of) = number
                && let Some(value) = of(record)
            {
                seen.insert(value.to_owned());
            }
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn numbers(&self, numbers: &[Number]) -> Vec<f64> {
        let one = |(position, number): (usize, &Number)| match number {
            Number::Count => self.count as f64,
            Number::Bytes => self.bytes as f64,
            Number::Packets => self.packets as f64,
            Number::LastSeen => (self.last * 1_000) as f64,
            Number::Distinct(_) => self.distinct[position].len() as f64,
        };
        numbers.iter().enumerate().map(one).collect()
    }
}

/// Rows by the keys that a record has: `keys` gives every path of keys that it counts at, and none if it does not.
pub fn rows<'a>(
    records: impl Iterator<Item = &'a Record>,
    keys: impl Fn(&Record) -> Vec<Vec<String>>,
    numbers: &[Number],
) -> Rows {
    let mut tallies: BTreeMap<Vec<String>, Tally> = BTreeMap::new();
    for record in records {
        for path in keys(record) {
            tallies.entry(path).or_default().add(record, numbers);
        }
    }
    tallies.into_iter().map(|(path, tally)| (path, tally.numbers(numbers))).collect()
}

/// The paths of one level.
pub fn one(keys: impl IntoIterator<Item = impl ToString>) -> Vec<Vec<String>> {
    keys.into_iter().map(|key| vec![key.to_string()]).collect()
}

/// The paths of two levels: every key of the outer with every key of the inner.
pub fn two(
    outer: impl IntoIterator<Item = impl ToString>,
    inner: impl IntoIterator<Item = impl ToString> + Clone,
) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for key in outer {
        for second in inner.clone() {
            paths.push(vec![key.to_string(), second.to_string()]);
        }
    }
    paths
}
