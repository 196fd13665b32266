//! What became of the records of one invocation, in numbers.

use std::collections::BTreeMap;

/// Sums of one invocation; the metrics of the same names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records of the event.
    pub records_in: u64,
    /// Documents in answers of `Ok`.
    pub decorated: u64,
    /// Lines that are no record, in answers of `ProcessingFailed`.
    pub unparsed: u64,
    /// Lines of transit gateway flow logs though the format is none of theirs, in answers of `ProcessingFailed`: their data is kept. Those of a
    /// gateway's format become documents.
    pub transit_gateway: u64,
    /// Records answered `Dropped` because there is nothing in them: blank ones and control messages.
    pub dropped: u64,
    /// Records answered `ProcessingFailed`, whatever the reason.
    pub failed: u64,
    /// Records that the stream took back.
    pub put_back: u64,
    /// Records answered `ProcessingFailed` because the stream refused to take them, or part of them, back.
    pub put_back_failed: u64,
    /// Why records or lines failed, by a kebab-case reason.
    pub reasons: BTreeMap<&'static str, u64>,
}

impl Counts {
    /// Counts a reason.
    pub fn note(&mut self, reason: &'static str, times: u64) {
        let sum = self.reasons.entry(reason).or_default();
        *sum = sum.saturating_add(times);
    }
}
