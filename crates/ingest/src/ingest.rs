//! One invocation from event to answer: open, cut, put, keep what is left, count.

use std::time::Duration;

use serde_json::Value;
use thiserror::Error;
use tokio::time::Instant;

use crate::batch::{self, Cut, Destination, Limits};
use crate::deadline::Deadline;
use crate::delivery::{Delivery, Stream, Undelivered};
use crate::leftovers::{self, KeepError, Kind, Leftovers};
use crate::metrics::{Metrics, RecordCounts};
use crate::subscription::{self, DecodeError, Lines, Message};

/// The function, ready to be invoked any number of times.
#[derive(Debug, Clone)]
pub struct Ingest {
    stream: Stream,
    destination: Destination,
    leftovers: Option<Leftovers>,
}

/// What Lambda says about an invocation.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// `Lambda-Runtime-Aws-Request-Id`; the same when Lambda tries an event again.
    pub request_id: String,
    /// From now to the deadline.
    pub remaining: Duration,
}

/// What an invocation comes to. The counts are there whether it failed or not.
#[derive(Debug)]
pub struct Outcome {
    /// For the log.
    pub metrics: Metrics,
    /// A failure makes Lambda try the event again.
    pub result: Result<(), Failure>,
}

/// Why an invocation fails: something is neither delivered nor kept.
#[derive(Debug, Error)]
pub enum Failure {
    /// The event could not be opened, nor kept as it is.
    #[error("the event cannot be opened: {reason}; it was not kept: {not_kept}")]
    Undecodable {
        /// What is wrong with the event.
        reason: DecodeError,
        /// Why it is not among the leftovers.
        not_kept: NotKept,
    },
    /// Some records were not delivered, and not kept.
    #[error(
        "{failed} of {records_in} records were not delivered to stream {stream} ({reason}) and not kept: {not_kept}; the \
         event will be tried again as a whole, so records that did arrive may arrive twice"
    )]
    Undelivered {
        /// Records that are neither delivered nor kept.
        failed: u64,
        /// Records of the event.
        records_in: u64,
        /// The stream's name.
        stream: String,
        /// What Firehose said last.
        reason: String,
        /// Why they are not among the leftovers.
        not_kept: NotKept,
    },
}

impl Failure {
    /// `errorType` of the invocation's answer.
    pub fn kind(&self) -> &'static str {
        match self {
            Failure::Undecodable { .. } => "UndecodableEvent",
            Failure::Undelivered { .. } => "RecordsNotDelivered",
        }
    }
}

/// Why something is not among the leftovers.
#[derive(Debug, Error)]
pub enum NotKept {
    /// `LEFTOVERS` is not set.
    #[error("LEFTOVERS is not set (give it s3://bucket/prefix)")]
    NoPlace,
    /// S3 did not take it.
    #[error(transparent)]
    Refused(#[from] KeepError),
    /// It could not be packed.
    #[error("it could not be compressed: {0}")]
    Packing(#[from] std::io::Error),
}

impl Ingest {
    /// A function that puts into `stream`.
    pub fn new(stream: Stream, destination: Destination, leftovers: Option<Leftovers>) -> Ingest {
        Ingest { stream, destination, leftovers }
    }

    /// Handles one event. Delivery is at least once: an answer that got lost makes a record arrive twice, and so does a failed
    /// invocation, for Lambda tries it again as a whole.
    pub async fn handle(&self, event: &Value, invocation: &Invocation) -> Outcome {
        let start = Instant::now();
        let deadline = Deadline::new(start, invocation.remaining, self.leftovers.is_some());
        let mut outcome = match subscription::decode(event) {
            Err(reason) => self.keep_event(reason, event, invocation, deadline).await,
            Ok(Message::Control) => {
                tracing::info!("control message acknowledged");
                let records = Some(RecordCounts::default());
                Outcome { metrics: Metrics { records, control_messages: 1, ..Metrics::default() }, result: Ok(()) }
            }
            Ok(Message::Data(data)) => {
                tracing::debug!(log_group = data.log_group, log_stream = data.log_stream, "opened");
                self.forward(data.lines, invocation, deadline).await
            }
        };
        outcome.metrics.elapsed = start.elapsed();
        outcome
    }

    async fn keep_event(
        &self,
        reason: DecodeError,
        event: &Value,
        invocation: &Invocation,
        deadline: Deadline,
    ) -> Outcome {
        let kept = self.keep(Kind::Event, event.to_string().into_bytes(), invocation, deadline).await;
        let result = match kept {
            Ok(()) => {
                tracing::warn!(%reason, "the event cannot be opened and was kept whole");
                Ok(())
            }
            Err(not_kept) => Err(Failure::Undecodable { reason, not_kept }),
        };
        Outcome { metrics: Metrics { undecodable_events: 1, ..Metrics::default() }, result }
    }

    async fn forward(&self, lines: Lines, invocation: &Invocation, deadline: Deadline) -> Outcome {
        let mut counts = RecordCounts { records_in: count(lines.len()), ..RecordCounts::default() };
        let Cut { batches, oversize } = batch::cut(lines.iter(), self.destination, Limits::FIREHOSE);
        drop(lines);
        counts.oversize = count(oversize.len());
        // Packed now, for it takes time that is not reckoned with once the puts are over.
        let oversize = self.pack_oversize(oversize);

        let delivery = self.stream.put(batches, deadline.puts_end).await;
        counts.put = delivery.delivered;
        counts.put_again = delivery.put_again;
        let undelivered = delivery.undelivered_lines();

        let (kept, oversize_kept) = tokio::join!(
            self.keep_undelivered(&delivery, invocation, deadline),
            self.keep_oversize(oversize, invocation, deadline),
        );
        let mut not_kept = None;
        for (records, result) in [(counts.oversize, oversize_kept), (undelivered, kept)] {
            match result {
                Ok(()) => counts.leftovers += records,
                Err(error) => {
                    counts.failed += records;
                    not_kept = Some(error);
                }
            }
        }
        debug_assert_eq!(counts.records_in, counts.put + counts.leftovers + counts.failed);

        let reason = delivery.reason.unwrap_or_else(|| "a record is larger than 1,000 KiB".to_owned());
        if counts.leftovers > 0 {
            tracing::warn!(
                leftovers = counts.leftovers,
                records_in = counts.records_in,
                oversize = counts.oversize,
                stream = self.stream.name(),
                reason,
                "records were not delivered and went to the leftovers"
            );
        }
        tracing::info!(
            records_in = counts.records_in,
            put = counts.put,
            put_again = counts.put_again,
            leftovers = counts.leftovers,
            failed = counts.failed,
            stream = self.stream.name(),
            "done"
        );
        let result = match not_kept {
            None => Ok(()),
            Some(not_kept) => Err(Failure::Undelivered {
                failed: counts.failed,
                records_in: counts.records_in,
                stream: self.stream.name().to_owned(),
                reason,
                not_kept,
            }),
        };
        Outcome { metrics: Metrics { records: Some(counts), ..Metrics::default() }, result }
    }

    async fn keep_undelivered(
        &self,
        delivery: &Delivery,
        invocation: &Invocation,
        deadline: Deadline,
    ) -> Result<(), NotKept> {
        if delivery.undelivered.is_empty() {
            return Ok(());
        }
        if self.leftovers.is_none() {
            return Err(NotKept::NoPlace);
        }
        let records = delivery.undelivered.iter().flat_map(Undelivered::records);
        let object = leftovers::gzip(records.map(|record| record.data.as_slice()))?;
        self.keep(Kind::Undelivered, object, invocation, deadline).await
    }

    /// The object of the lines that no record can hold, if there are any.
    fn pack_oversize(&self, lines: Vec<Vec<u8>>) -> Result<Option<Vec<u8>>, NotKept> {
        if lines.is_empty() {
            return Ok(None);
        }
        if self.leftovers.is_none() {
            return Err(NotKept::NoPlace);
        }
        Ok(Some(leftovers::gzip(lines.iter().map(Vec::as_slice))?))
    }

    async fn keep_oversize(
        &self,
        packed: Result<Option<Vec<u8>>, NotKept>,
        invocation: &Invocation,
        deadline: Deadline,
    ) -> Result<(), NotKept> {
        match packed? {
            None => Ok(()),
            Some(object) => self.keep(Kind::Oversize, object, invocation, deadline).await,
        }
    }

    async fn keep(
        &self,
        kind: Kind,
        body: Vec<u8>,
        invocation: &Invocation,
        deadline: Deadline,
    ) -> Result<(), NotKept> {
        let Some(leftovers) = &self.leftovers else { return Err(NotKept::NoPlace) };
        let object = leftovers.keep(kind, body, &invocation.request_id, deadline.leftovers_end).await?;
        tracing::info!(object, "leftovers were written");
        Ok(())
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
