//! The ledger: what became of every record.

use crate::lines::Mark;
use std::collections::BTreeMap;

/// What became of one record; the numbers count copies.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The phase it came in.
    pub phase: &'static str,
    /// Accepted by the stream from `flow-ingest`, or put there by another producer.
    pub put: u32,
    /// Written to the leftovers.
    pub leftover: u32,
    /// In an event that Lambda gave to the OnFailure destination.
    pub on_failure: u32,
    /// In a document.
    pub delivered: u32,
    /// Answered `ProcessingFailed`: Firehose writes it under the error prefix.
    pub failed: u32,
    /// Answered so although it had been put back, since other lines of its record were refused.
    pub reported_and_put_back: u32,
}

/// The entries by mark, and how often what happened.
#[derive(Default)]
pub struct Book {
    entries: Vec<Entry>,
    counts: BTreeMap<String, u64>,
}

impl Book {
    /// A new record.
    pub fn open(&mut self, phase: &'static str) -> Mark {
        self.entries.push(Entry { phase, ..Entry::default() });
        self.entries.len() - 1
    }

    pub fn entry(&mut self, mark: Mark) -> &mut Entry {
        &mut self.entries[mark]
    }

    pub fn entries(&self) -> impl Iterator<Item = (Mark, &Entry)> {
        self.entries.iter().enumerate()
    }

    pub fn count(&mut self, what: &str) {
        self.add(what, 1);
    }

    pub fn add(&mut self, what: &str, times: u64) {
        *self.counts.entry(what.to_owned()).or_default() += times;
    }

    pub fn counted(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    /// The counts as a table.
    pub fn print(&self, title: &str) {
        println!("{title}");
        for (what, times) in &self.counts {
            println!("  {times:>8}  {what}");
        }
    }
}
