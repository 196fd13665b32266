//! What was read, what was lost, and what is known of each source.

use super::coverage::SourceIx;
use crate::report::model::UnparsedSample;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many unparsed lines are kept as samples.
const SAMPLES: usize = 10;

/// The books of a rollup: every record, line and object is counted here once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// Objects that were read, in part or whole; sorted.
    pub files: Vec<FileRead>,
    /// Objects that could not be read to their end, and why; sorted.
    pub damaged: Vec<Damaged>,
    /// Objects or parts that were recognised and left out, by kind.
    pub left_out: BTreeMap<String, u64>,
    /// Records with action ACCEPT.
    pub accepted: u64,
    /// Records with action REJECT.
    pub rejected: u64,
    /// Records with log status NODATA.
    pub no_data: u64,
    /// Records with log status SKIPDATA.
    pub skipped: u64,
    /// Lines that could not be parsed, by the interface that they name; "" where they name none, or more than one.
    pub unparsed: BTreeMap<String, u64>,
    /// Lines that could not be parsed, by reason.
    pub unparsed_reasons: BTreeMap<String, u64>,
    /// The first few of them by file and line.
    pub unparsed_samples: Vec<Sample>,
    /// Some input came through a subscription or a stream, which may filter.
    pub may_be_filtered: bool,
    /// Least `start` of any record, epoch seconds.
    pub first: Option<u32>,
    /// Greatest `end` of any record, epoch seconds.
    pub last: Option<u32>,
    /// Flow logs by id; the one named "" stands for objects whose name tells none.
    pub sources: Vec<Source>,
}

/// An object that was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileRead {
    /// As it was given, or below the folder that was given.
    pub name: String,
    /// Bytes as stored.
    pub size: u64,
}

/// An object that was not read to its end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Damaged {
    /// As it was given.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// A line that could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sample {
    /// The object.
    pub file: String,
    /// Line, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

impl From<&Sample> for UnparsedSample {
    fn from(sample: &Sample) -> Self {
        UnparsedSample { file: sample.file.clone(), line: sample.line, reason: sample.reason.clone() }
    }
}

/// What is known of one flow log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Source {
    /// `fl-...`, or "".
    pub name: String,
    /// Records with action ACCEPT: a source without any proves nothing (it may record REJECT alone).
    pub accepted: u64,
    /// The longest span of one record, seconds.
    pub longest_span: u32,
    /// Whether some record shows that the TCP flags are raw, not those that AWS writes.
    pub raw_flags: bool,
}

impl Ledger {
    /// Records of every kind.
    pub fn records(&self) -> u64 {
        self.accepted.saturating_add(self.rejected).saturating_add(self.no_data).saturating_add(self.skipped)
    }

    /// Lines that could not be parsed.
    pub fn unparsed_lines(&self) -> u64 {
        self.unparsed.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether some input could not be read to its end.
    pub fn incomplete(&self) -> bool {
        !self.damaged.is_empty()
    }

    /// The number of a source, new or known.
    pub fn source(&mut self, name: &str) -> SourceIx {
        let found = self.sources.iter().position(|source| source.name == name);
        let ix = found.unwrap_or_else(|| {
            self.sources.push(Source { name: name.to_owned(), ..Source::default() });
            self.sources.len() - 1
        });
        SourceIx(ix as u32)
    }

    /// Notes the time of a record.
    pub fn note_time(&mut self, start: u32, end: u32) {
        self.first = Some(self.first.map_or(start, |first| first.min(start)));
        self.last = Some(self.last.map_or(end, |last| last.max(end)));
    }

    /// Keeps why a line could not be parsed.
    pub fn note_unparsed(&mut self, kind: &str, sample: impl FnOnce() -> Sample) {
        *self.unparsed_reasons.entry(kind.to_owned()).or_default() += 1;
        self.keep_sample(sample());
    }

    fn keep_sample(&mut self, sample: Sample) {
        if let Err(place) = self.unparsed_samples.binary_search(&sample)
            && place < SAMPLES
        {
            self.unparsed_samples.insert(place, sample);
            self.unparsed_samples.truncate(SAMPLES);
        }
    }

    /// Adds another ledger and tells under which number each of its sources goes on.
    pub fn merge(&mut self, other: Ledger) -> Vec<SourceIx> {
        self.files.extend(other.files);
        self.files.sort_unstable();
        self.damaged.extend(other.damaged);
        self.damaged.sort_unstable();
        add_up(&mut self.left_out, other.left_out);
        self.accepted = self.accepted.saturating_add(other.accepted);
        self.rejected = self.rejected.saturating_add(other.rejected);
        self.no_data = self.no_data.saturating_add(other.no_data);
        self.skipped = self.skipped.saturating_add(other.skipped);
        add_up(&mut self.unparsed, other.unparsed);
        add_up(&mut self.unparsed_reasons, other.unparsed_reasons);
        for sample in other.unparsed_samples {
            self.keep_sample(sample);
        }
        self.may_be_filtered |= other.may_be_filtered;
        if let (Some(first), Some(last)) = (other.first, other.last) {
            self.note_time(first, last);
        }
        let mut renamed = Vec::with_capacity(other.sources.len());
        for theirs in other.sources {
            let ix = self.source(&theirs.name);
            let mine = &mut self.sources[ix.0 as usize];
            mine.accepted = mine.accepted.saturating_add(theirs.accepted);
            mine.longest_span = mine.longest_span.max(theirs.longest_span);
            mine.raw_flags |= theirs.raw_flags;
            renamed.push(ix);
        }
        renamed
    }
}

/// Counts from a file's metadata may be anything: they stop at the largest number.
fn add_up(sums: &mut BTreeMap<String, u64>, more: BTreeMap<String, u64>) {
    for (key, count) in more {
        let sum = sums.entry(key).or_default();
        *sum = sum.saturating_add(count);
    }
}
