//! The scan: objects in, one [`Rollup`] out.
//!
//! Every thread takes the next object that nobody has taken, reads it record by record into a rollup of its own, and the
//! rollups are merged at the end. Nothing is allocated for a record; memory grows with the distinct rows, not with the
//! number of objects or records.

pub mod objects;
mod reader;

use crate::rollup::{KeptPorts, Rollup, Slice};
use flowlog::{Format, ReadOptions};
use objects::Object;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What a scan is asked to do.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// Fields of lines without a header.
    pub log_format: Option<Format>,
    /// Records that end before this are left out, epoch seconds.
    pub since: Option<u32>,
    /// Records that start after this are left out, epoch seconds.
    pub until: Option<u32>,
    /// Width of a slice.
    pub slice: Slice,
    /// High ports to keep.
    pub kept_ports: KeptPorts,
    /// Threads; at least one is used.
    pub threads: usize,
}

/// Something that happened to one object and that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    /// The object.
    pub object: String,
    /// What happened and what to do.
    pub message: String,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.message.contains(&self.object) {
            return formatter.write_str(&self.message);
        }
        write!(formatter, "{}: {}", self.object, self.message)
    }
}

/// What came of a scan.
#[derive(Debug)]
pub struct Scanned {
    /// All that was read.
    pub rollup: Rollup,
    /// Objects with trouble, sorted. The rest was read all the same.
    pub troubles: Vec<Trouble>,
}

/// Told about bytes and records as they are read; called from every thread.
pub trait Watcher: Sync {
    /// So many more stored bytes and records were read.
    fn advance(&self, bytes: u64, records: u64);
    /// An object was read, or given up.
    fn file_done(&self) {}
}

/// A watcher that does not look.
pub struct Unwatched;

impl Watcher for Unwatched {
    fn advance(&self, _bytes: u64, _records: u64) {}
}

/// Reads all objects.
pub fn scan(objects: &[Object], options: &ScanOptions, watcher: &dyn Watcher) -> Scanned {
    let next = AtomicUsize::new(0);
    let read_options = ReadOptions { log_format: options.log_format.clone(), ..ReadOptions::default() };
    let threads = options.threads.clamp(1, objects.len().max(1));

    let work = || {
        let mut reader = reader::Reader::new(options, watcher);
        loop {
            let Some(object) = objects.get(next.fetch_add(1, Ordering::Relaxed)) else {
                return reader.finish();
            };
            reader.read(object, &read_options);
            watcher.file_done();
        }
    };

    let mut parts: Vec<Scanned> = Vec::new();
    let lost_thread = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        parts.push(work());
        for handle in handles {
            match handle.join() {
                Ok(part) => parts.push(part),
                Err(_) => lost_thread.store(true, Ordering::Relaxed),
            }
        }
    });

    // The largest goes first: merging costs by the row of the smaller one.
    parts.sort_by_key(|part| std::cmp::Reverse(part.rollup.table.rows().len()));
    let mut parts = parts.into_iter();
    let mut merged = parts.next().unwrap_or_else(|| Scanned {
        rollup: Rollup::new(options.slice, options.kept_ports.clone()),
        troubles: Vec::new(),
    });
    for part in parts {
        merged.rollup.merge(part.rollup);
        merged.troubles.extend(part.troubles);
    }
    if lost_thread.into_inner() {
        let message = "a reading thread stopped early; this is a fault of sg-audit, please report it".to_owned();
        merged
            .rollup
            .ledger
            .damaged
            .push(crate::rollup::ledger::Damaged { name: String::new(), reason: message.clone() });
        merged.troubles.push(Trouble { object: "sg-audit".to_owned(), message });
    }
    merged.troubles.sort();
    merged
}
