//! Puts batches into the Firehose stream, and sends again what was refused, and only that.
//!
//! PutRecordBatch answers with status 200 even when it refuses records: `FailedPutCount` is above zero then, and the entry of such a
//! record, at the record's own position, has an error code in place of an id (API reference, `PutRecordBatch`). Whatever an answer
//! leaves in doubt counts as refused, for a record that arrives twice does less harm than one that never arrives.

use std::sync::Arc;

use aws_sdk_firehose::Client;
use aws_sdk_firehose::operation::put_record_batch::PutRecordBatchOutput;
use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::Record as FirehoseRecord;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::batch::Record;
use crate::call::{self, CallFailure};

/// PutRecordBatch calls under way at once.
const CONCURRENCY: usize = 4;

/// A Firehose stream to put records into.
#[derive(Debug, Clone)]
pub struct Stream {
    client: Client,
    name: String,
}

/// What became of the batches of one invocation.
#[derive(Debug, Default)]
pub struct Delivery {
    /// Log lines that Firehose has accepted.
    pub delivered: u64,
    /// Log lines that were sent more than once, counted each time after the first.
    pub put_again: u64,
    /// What Firehose did not accept, or not surely.
    pub undelivered: Vec<Undelivered>,
    /// The last thing that went wrong with an undelivered record.
    pub reason: Option<String>,
}

/// Records of one batch that were not delivered.
#[derive(Debug)]
pub struct Undelivered {
    batch: Arc<Vec<Record>>,
    positions: Vec<usize>,
}

impl Undelivered {
    /// The records, in the order in which they came.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.positions.iter().filter_map(|position| self.batch.get(*position))
    }
}

impl Delivery {
    /// Log lines that were not delivered.
    pub fn undelivered_lines(&self) -> u64 {
        self.undelivered.iter().flat_map(Undelivered::records).map(|record| record.lines).sum()
    }
}

impl Stream {
    /// The stream of this name, through a client whose own retries are off.
    pub fn new(client: Client, name: String) -> Stream {
        Stream { client, name }
    }

    /// The stream's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts all batches, a few at a time, and tries until `until`.
    pub async fn put(&self, batches: Vec<Vec<Record>>, until: Instant) -> Delivery {
        let batches: Vec<Arc<Vec<Record>>> = batches.into_iter().map(Arc::new).collect();
        // A batch stays undelivered until its task says otherwise: should one ever die, its records are still accounted for.
        let mut outcomes: Vec<Option<BatchOutcome>> = batches.iter().map(|_| None).collect();

        let mut waiting = batches.iter().enumerate();
        let mut running = JoinSet::new();
        loop {
            while running.len() < CONCURRENCY {
                let Some((number, batch)) = waiting.next() else { break };
                let stream = self.clone();
                let batch = Arc::clone(batch);
                running.spawn(async move { (number, stream.put_batch(&batch, until).await) });
            }
            match running.join_next().await {
                None => break,
                Some(Ok((number, outcome))) => outcomes[number] = Some(outcome),
                Some(Err(error)) => tracing::error!(%error, "a batch was given up"),
            }
        }

        let mut delivery = Delivery::default();
        for (batch, outcome) in batches.into_iter().zip(outcomes) {
            delivery.add(batch, outcome);
        }
        delivery
    }

    /// Puts one batch until all of it is accepted, it will never be, or the time is over.
    async fn put_batch(&self, batch: &[Record], until: Instant) -> BatchOutcome {
        let mut outcome = BatchOutcome { refused: (0..batch.len()).collect(), put_again: 0, reason: None };
        let mut tried = 0;
        while call::time_left(until) {
            if tried > 0 {
                outcome.put_again += lines_at(batch, &outcome.refused);
            }
            tried += 1;
            match self.attempt(batch, &outcome.refused, until).await {
                Ok(answer) if answer.refused.is_empty() => {
                    return BatchOutcome { refused: Vec::new(), reason: None, ..outcome };
                }
                Ok(answer) => {
                    outcome.refused = answer.refused;
                    outcome.reason = answer.reason;
                }
                Err(failure) => {
                    outcome.reason = Some(failure.reason);
                    if !failure.transient {
                        break;
                    }
                }
            }
            tracing::debug!(tried, refused = outcome.refused.len(), reason = outcome.reason, "records were refused");
            if !call::back_off(tried, until).await {
                break;
            }
        }
        if outcome.reason.is_none() {
            outcome.reason = Some("no time was left before the invocation's deadline".to_owned());
        }
        outcome
    }

    async fn attempt(&self, batch: &[Record], positions: &[usize], until: Instant) -> Result<Answer, CallFailure> {
        let mut records = Vec::with_capacity(positions.len());
        for position in positions {
            let record = FirehoseRecord::builder().data(Blob::new(batch[*position].data.clone())).build();
            records.push(record.map_err(|error| CallFailure { transient: false, reason: error.to_string() })?);
        }
        let request = self.client.put_record_batch().delivery_stream_name(&self.name).set_records(Some(records));
        let output = call::attempt(until, request.send()).await?;
        Ok(Answer::read(&output, positions))
    }
}

#[derive(Debug)]
struct BatchOutcome {
    refused: Vec<usize>,
    put_again: u64,
    reason: Option<String>,
}

impl Delivery {
    fn add(&mut self, batch: Arc<Vec<Record>>, outcome: Option<BatchOutcome>) {
        let outcome = outcome.unwrap_or_else(|| BatchOutcome {
            refused: (0..batch.len()).collect(),
            put_again: 0,
            reason: Some("the batch was given up".to_owned()),
        });
        let all: u64 = batch.iter().map(|record| record.lines).sum();
        let refused = lines_at(&batch, &outcome.refused);
        self.delivered += all - refused;
        self.put_again += outcome.put_again;
        if !outcome.refused.is_empty() {
            self.reason = outcome.reason.or(self.reason.take());
            self.undelivered.push(Undelivered { batch, positions: outcome.refused });
        }
    }
}

fn lines_at(batch: &[Record], positions: &[usize]) -> u64 {
    positions.iter().filter_map(|position| batch.get(*position)).map(|record| record.lines).sum()
}

/// What PutRecordBatch said about the records of one call.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    /// Positions in the batch, ascending, of records that were not surely accepted.
    refused: Vec<usize>,
    reason: Option<String>,
}

impl Answer {
    /// `positions` are those of the records that were sent, in order.
    fn read(output: &PutRecordBatchOutput, positions: &[usize]) -> Answer {
        let entries = output.request_responses();
        let mut refused = Vec::new();
        let mut reason = None;
        for (index, position) in positions.iter().enumerate() {
            let entry = entries.get(index);
            let error_code = entry.and_then(|entry| entry.error_code()).filter(|code| !code.is_empty());
            let record_id = entry.and_then(|entry| entry.record_id()).filter(|id| !id.is_empty());
            if error_code.is_none() && record_id.is_some() {
                continue;
            }
            refused.push(*position);
            let said = error_code.unwrap_or("the answer does not say what became of a record");
            reason.get_or_insert_with(|| said.to_owned());
        }
        // More entries than records, or more failures than the entries explain: nobody knows which records are meant.
        let failed = usize::try_from(output.failed_put_count()).unwrap_or(0);
        if entries.len() > positions.len() || failed > refused.len() {
            refused = positions.to_vec();
            reason = Some("the answer contradicts itself".to_owned());
        }
        Answer { refused, reason }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use aws_sdk_firehose::types::PutRecordBatchResponseEntry as Entry;

    use super::*;

    fn accepted() -> Entry {
        Entry::builder().record_id("id").build()
    }

    fn refused(code: &str) -> Entry {
        Entry::builder().error_code(code).error_message("slow down").build()
    }

    fn read(failed: i32, entries: Vec<Entry>, positions: &[usize]) -> Vec<usize> {
        let output = PutRecordBatchOutput::builder()
            .failed_put_count(failed)
            .set_request_responses(Some(entries))
            .build()
            .unwrap();
        Answer::read(&output, positions).refused
    }

    #[test]
    fn error_codes_name_their_records() {
        let busy = || refused("ServiceUnavailableException");
        assert_eq!(read(0, vec![accepted(), accepted()], &[0, 1]), [0_usize; 0]);
        assert_eq!(read(1, vec![busy(), accepted(), accepted()], &[0, 1, 2]), [0]);
        assert_eq!(read(1, vec![accepted(), accepted(), busy()], &[0, 1, 2]), [2]);
        assert_eq!(read(2, vec![busy(), busy()], &[0, 1]), [0, 1]);
        // The second call holds records 3, 7 and 9 of the batch.
        assert_eq!(read(2, vec![busy(), accepted(), busy()], &[3, 7, 9]), [3, 9]);
    }

    #[test]
    fn what_an_answer_leaves_open_is_refused() {
        // Fewer entries than records.
        assert_eq!(read(0, vec![accepted()], &[0, 1, 2]), [1, 2]);
        assert_eq!(read(0, vec![], &[0, 1]), [0, 1]);
        // An entry with neither id nor code; one with both.
        let both = Entry::builder().record_id("id").error_code("InternalFailure").build();
        assert_eq!(read(0, vec![Entry::builder().build(), accepted(), both], &[0, 1, 2]), [0, 2]);
        // A count above what the entries explain: any of them may be meant.
        assert_eq!(read(1, vec![accepted(), accepted()], &[4, 5]), [4, 5]);
        // A count below: the entries are clear.
        assert_eq!(read(0, vec![refused("InternalFailure"), accepted()], &[4, 5]), [4]);
        assert_eq!(read(-1, vec![accepted(), accepted()], &[4, 5]), [0_usize; 0]);
        // More entries than records: positions mean nothing.
        assert_eq!(read(0, vec![accepted(), accepted(), accepted()], &[4, 5]), [4, 5]);
    }

    fn record(lines: u64) -> Record {
        Record { data: b"line\n".repeat(usize::try_from(lines).unwrap()), lines }
    }

    #[test]
    fn lines_are_delivered_or_undelivered() {
        let mut delivery = Delivery::default();
        delivery.add(Arc::new(vec![record(2), record(3), record(5)]), {
            Some(BatchOutcome { refused: vec![1], put_again: 8, reason: Some("busy".to_owned()) })
        });
        delivery.add(Arc::new(vec![record(7)]), Some(BatchOutcome { refused: vec![], put_again: 0, reason: None }));
        delivery.add(Arc::new(vec![record(11)]), None);
        assert_eq!((delivery.delivered, delivery.undelivered_lines(), delivery.put_again), (14, 14, 8));
        let left: Vec<u64> =
            delivery.undelivered.iter().flat_map(Undelivered::records).map(|record| record.lines).collect();
        assert_eq!(left, [3, 11]);
    }
}
