//! Putting records back into the stream that sent them.
//!
//! Two tries, then a record is refused and answered `ProcessingFailed`; never is the invocation failed, since Firehose would call again
//! with the same event and everything that was put back would be put back again.
//!
//! **No double**: a record goes into as few puts as possible, its parts side by side. When some parts of a record were taken and others
//! not, those others are joined into one for the second try, so that they are taken or refused together. What remains: if that is refused
//! as well, or if a put succeeds and its answer is lost on the way, then the record is `ProcessingFailed` with all its lines although some
//! of them (or all) are in the stream. Firehose keeps it in S3, so a line may be there twice, but never nowhere.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use aws_sdk_firehose::Client;
use aws_sdk_firehose::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_firehose::operation::put_record_batch::PutRecordBatchOutput;
use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::Record;
use base64::Engine;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::event::Event;
use crate::base64_engine;

/// Most bytes of one record: 1,000 KiB (Data Firehose developer guide, "Amazon Data Firehose Quota").
pub const RECORD_LIMIT: usize = 1000 * 1024;

/// Most records of one PutRecordBatch (same page).
const BATCH_RECORDS: usize = 500;

/// Most bytes of one PutRecordBatch: 4 MiB (same page).
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Calls under way at a time.
const CONCURRENT: usize = 4;

/// Longest that one call may take.
const CALL_TIME: Duration = Duration::from_secs(10);

/// Longest pause before the second try; the pause is random, so that functions that were throttled together do not come back together.
const LONGEST_PAUSE: Duration = Duration::from_millis(300);

/// What is to be put back of one record of the event.
#[derive(Debug)]
pub struct PutBack {
    /// Number of the record in the event.
    pub record: usize,
    /// What of it.
    pub what: What,
}

/// What is put back of a record.
#[derive(Debug)]
pub enum What {
    /// Its data as it came.
    Whole,
    /// Lines of it.
    Parts(Vec<Vec<u8>>),
}

/// Records refused, by number, with the reason in kebab-case.
pub type Refused = BTreeMap<usize, &'static str>;

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Records that the stream took.
    pub accepted: u64,
    /// Records of the event of which anything was refused.
    pub refused: Refused,
}

/// One record for the stream.
#[derive(Clone, Debug)]
struct Entry {
    record: usize,
    data: Blob,
}

/// Puts back, and is done before `deadline`.
pub async fn put_back(client: &Client, event: &Event<'_>, put_backs: &[PutBack], deadline: Instant) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(stream) = event.stream_for_put_back() else {
        debug_assert!(put_backs.is_empty(), "nothing can be put back");
        return outcome;
    };
    let entries = entries(event, put_backs, &mut outcome.refused);
    let mut parts: BTreeMap<usize, usize> = BTreeMap::new();
    for entry in &entries {
        *parts.entry(entry.record).or_default() += 1;
    }
    let left = put_all(client, stream, entries, deadline, &mut outcome.accepted).await;
    if left.is_empty() {
        return outcome;
    }
    let pause = LONGEST_PAUSE.mul_f64(fastrand::f64());
    tokio::time::sleep_until(deadline.min(Instant::now() + pause)).await;
    let again = join_rest(left, &parts);
    for entry in put_all(client, stream, again, deadline, &mut outcome.accepted).await {
        outcome.refused.insert(entry.record, "put-back-refused");
    }
    outcome
}

fn entries(event: &Event<'_>, put_backs: &[PutBack], refused: &mut Refused) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(put_backs.len());
    for PutBack { record, what } in put_backs {
        match what {
            What::Parts(parts) => {
                for part in parts {
                    entries.push(Entry { record: *record, data: Blob::new(part.clone()) });
                }
            }
            What::Whole => match base64_engine().decode(event.records[*record].data()) {
                // An empty record is not accepted by PutRecordBatch, and has nothing to lose.
                Ok(data) if data.is_empty() => {}
                Ok(data) if data.len() <= RECORD_LIMIT => {
                    entries.push(Entry { record: *record, data: Blob::new(data) });
                }
                Ok(_) => {
                    refused.insert(*record, "too-large-to-put-back");
                }
                Err(_) => {
                    refused.insert(*record, "not-base64");
                }
            },
        }
    }
    entries
}

/// Joins the refused parts of each record of which other parts were taken. A record refused as a whole stays in its parts: joined, it would
/// come back as it was.
fn join_rest(left: Vec<Entry>, parts: &BTreeMap<usize, usize>) -> Vec<Entry> {
    let mut refused: BTreeMap<usize, usize> = BTreeMap::new();
    for entry in &left {
        *refused.entry(entry.record).or_default() += 1;
    }
    let mut joined: Vec<Entry> = Vec::new();
    for entry in left {
        let is_rest = refused.get(&entry.record) < parts.get(&entry.record);
        match joined.last_mut() {
            Some(last)
                if is_rest
                    && last.record == entry.record
                    && last.data.as_ref().len() + entry.data.as_ref().len() <= RECORD_LIMIT =>
            {
                let mut data = std::mem::take(&mut last.data).into_inner();
                data.extend_from_slice(entry.data.as_ref());
                last.data = Blob::new(data);
            }
            _ => joined.push(entry),
        }
    }
    joined
}

/// Where the entries of these lengths are cut into batches.
fn cut(lengths: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut batches: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0_usize;
    for (index, length) in lengths.enumerate() {
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH_RECORDS && bytes + length <= BATCH_BYTES => {
                batch.end = index + 1;
                bytes += length;
            }
            _ => {
                batches.push(index..index + 1);
                bytes = length;
            }
        }
    }
    batches
}

/// One try for all; gives what was not taken, in order.
async fn put_all(
    client: &Client,
    stream: &str,
    entries: Vec<Entry>,
    deadline: Instant,
    accepted: &mut u64,
) -> Vec<Entry> {
    let mut taken = vec![false; entries.len()];
    let mut calls: JoinSet<(Range<usize>, Vec<bool>)> = JoinSet::new();
    for range in cut(entries.iter().map(|entry| entry.data.as_ref().len())) {
        if Instant::now() >= deadline {
            break;
        }
        if calls.len() >= CONCURRENT
            && let Some(Ok(call)) = calls.join_next().await
        {
            note(&mut taken, call);
        }
        let mut records = Vec::with_capacity(range.len());
        for entry in &entries[range.clone()] {
            // `data` is the one field that a record needs.
            if let Ok(record) = Record::builder().data(entry.data.clone()).build() {
                records.push(record);
            }
        }
        let request = client.put_record_batch().delivery_stream_name(stream).set_records(Some(records));
        let until = deadline.min(Instant::now() + CALL_TIME);
        calls.spawn(async move {
            let count = range.len();
            match tokio::time::timeout_at(until, request.send()).await {
                Ok(Ok(output)) => (range, taken_of(&output, count)),
                Ok(Err(error)) => {
                    tracing::warn!(records = count, code = error.code(), error = %DisplayErrorContext(&error), "put back failed");
                    (range, vec![false; count])
                }
                Err(_) => {
                    tracing::warn!(records = count, "put back took too long");
                    (range, vec![false; count])
                }
            }
        });
    }
    while let Some(call) = calls.join_next().await {
        if let Ok(call) = call {
            note(&mut taken, call);
        }
    }
    let mut left = Vec::new();
    for (entry, taken) in entries.into_iter().zip(taken) {
        if taken {
            *accepted += 1;
        } else {
            left.push(entry);
        }
    }
    left
}

fn note(taken: &mut [bool], (range, of_call): (Range<usize>, Vec<bool>)) {
    if let Some(place) = taken.get_mut(range) {
        place.copy_from_slice(&of_call);
    }
}

/// Which of the records were taken. PutRecordBatch answers with status 200 even when it refuses records; the entry of such a record, at
/// its own position, has an error code in place of an id (API reference, `PutRecordBatch`). A record of which the answer says nothing, or
/// both, counts as refused, and so do all if the answer contradicts itself: twice is better than never.
fn taken_of(output: &PutRecordBatchOutput, count: usize) -> Vec<bool> {
    let entries = output.request_responses();
    let mut taken = vec![false; count];
    let mut refused = 0_usize;
    for (index, place) in taken.iter_mut().enumerate() {
        let entry = entries.get(index);
        let error_code = entry.and_then(|entry| entry.error_code()).filter(|code| !code.is_empty());
        let record_id = entry.and_then(|entry| entry.record_id()).filter(|id| !id.is_empty());
        *place = error_code.is_none() && record_id.is_some();
        refused += usize::from(!*place);
    }
    // More entries than records, or more failures than the entries explain: nobody knows which records are meant.
    let failed = usize::try_from(output.failed_put_count()).unwrap_or(0);
    if entries.len() > count || failed > refused {
        tracing::warn!(records = count, entries = entries.len(), failed, "the answer to a put contradicts itself");
        taken.fill(false);
    }
    taken
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use aws_sdk_firehose::types::PutRecordBatchResponseEntry;

    #[test]
    fn batches_are_cut_by_records_and_by_bytes() {
        let of = |lengths: &[usize]| {
            let batches = cut(lengths.iter().copied());
            batches.iter().map(|batch| (batch.start, batch.end)).collect::<Vec<(usize, usize)>>()
        };
        assert_eq!(of(&[]), []);
        assert_eq!(of(&[1; 500]), [(0, 500)]);
        assert_eq!(of(&[1; 1001]), [(0, 500), (500, 1000), (1000, 1001)]);
        // 4 MiB = 4,194,304 bytes = 4 records of 1,000 KiB (1,024,000) and 98,304 bytes more.
        let mut lengths = [RECORD_LIMIT; 5];
        lengths[4] = 98_304;
        assert_eq!(of(&lengths), [(0, 5)]);
        lengths[4] += 1;
        assert_eq!(of(&lengths), [(0, 4), (4, 5)]);
    }

    fn entry(record: usize, data: &str) -> Entry {
        Entry { record, data: Blob::new(data) }
    }

    #[test]
    fn the_rest_of_a_record_is_joined_but_not_a_whole_one() {
        let parts = BTreeMap::from([(0, 3), (1, 2), (2, 1)]);
        let left = vec![entry(0, "b\n"), entry(0, "c\n"), entry(1, "d\n"), entry(1, "e\n"), entry(2, "f\n")];
        let joined: Vec<(usize, Vec<u8>)> =
            join_rest(left, &parts).into_iter().map(|entry| (entry.record, entry.data.into_inner())).collect();
        let expected = [(0, "b\nc\n"), (1, "d\n"), (1, "e\n"), (2, "f\n")];
        assert_eq!(joined, expected.map(|(record, data)| (record, data.as_bytes().to_vec())));
    }

    #[test]
    fn what_an_answer_does_not_say_was_not_taken() {
        let good = || PutRecordBatchResponseEntry::builder().record_id("1").build();
        let bad = || PutRecordBatchResponseEntry::builder().error_code("ServiceUnavailableException").build();
        let output = |failed: i32, responses: Vec<PutRecordBatchResponseEntry>| {
            PutRecordBatchOutput::builder()
                .failed_put_count(failed)
                .set_request_responses(Some(responses))
                .build()
                .unwrap()
        };
        assert_eq!(taken_of(&output(1, vec![good(), bad(), good()]), 3), [true, false, true]);
        // Fewer entries than records, with and without a count that agrees.
        assert_eq!(taken_of(&output(0, vec![good()]), 3), [true, false, false]);
        assert_eq!(taken_of(&output(2, vec![good()]), 3), [true, false, false]);
        assert_eq!(taken_of(&output(0, vec![]), 1), [false]);
        // More entries than records: positions mean nothing.
        assert_eq!(taken_of(&output(0, vec![good(), good(), good()]), 2), [false, false]);
        // A count above what the entries explain: any of them may be meant. One below: the entries are clear.
        assert_eq!(taken_of(&output(2, vec![good(), good()]), 2), [false, false]);
        assert_eq!(taken_of(&output(1, vec![good(), good()]), 2), [false, false]);
        assert_eq!(taken_of(&output(0, vec![bad(), good()]), 2), [false, true]);
        assert_eq!(taken_of(&output(-1, vec![good(), good()]), 2), [true, true]);
        // An entry with neither id nor code, with both, and with empty ones.
        let entry = PutRecordBatchResponseEntry::builder;
        let odd = vec![
            entry().build(),
            entry().record_id("1").error_code("InternalFailure").build(),
            entry().record_id("").build(),
            entry().record_id("1").error_code("").build(),
        ];
        assert_eq!(taken_of(&output(0, odd), 4), [false, false, false, true]);
    }
}
