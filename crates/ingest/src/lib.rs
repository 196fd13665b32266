//! From a CloudWatch Logs subscription into a Firehose stream, one flow log record after another, none lost in silence.
//!
//! CloudWatch Logs invokes the function with a batch of log events, gzip in base64 in JSON. They are opened, cut into calls that
//! Firehose accepts, put a few calls at a time, and put again where Firehose refused them, until the invocation's time is nearly over:
//!
//! ```
//! use ingest::{Destination, Limits, cut};
//!
//! let lines = (1..=501).map(|number| format!("2 123456789010 eni-0a1 10.0.0.5 10.0.0.9 49152 443 6 {number} 4249 1 61 ACCEPT OK"));
//! let cut = cut(lines, Destination::OpenSearch, Limits::FIREHOSE);
//! assert_eq!(cut.batches.iter().map(Vec::len).collect::<Vec<_>>(), [500, 1]);
//! assert!(cut.batches[1][0].data.ends_with(b"ACCEPT OK\n"));
//! assert!(cut.oversize.is_empty());
//! ```
//!
//! The way of an event: `subscription` (open it, within a bound) → `batch` (records and calls) → `delivery` (Firehose) → `leftovers`
//! (S3, for what Firehose did not take) → `metrics` (one line). `ingest` is that way itself.
//!
//! Invariants:
//! - Every record of an event is accepted by Firehose, or kept as a leftover, or the invocation fails and says how many are not. An
//!   event that cannot be opened is kept whole, or the invocation fails.
//! - Delivery is at least once, never at most once: a record whose fate is unknown is sent again.
//! - Lambda tries a failed invocation twice more with the whole event, so records that did arrive then arrive again.
//! - Memory is bounded by the event: [`JSON_LIMIT`] bytes of JSON and what is made of them.

mod aws;
mod batch;
mod call;
mod deadline;
mod delivery;
mod ingest;
mod leftovers;
mod metrics;
mod settings;
mod subscription;

pub use aws::connect;
pub use batch::{Cut, Destination, Limits, Record, cut};
pub use deadline::Deadline;
pub use delivery::{Delivery, Stream, Undelivered};
pub use ingest::{Failure, Ingest, Invocation, NotKept, Outcome};
pub use leftovers::{KeepError, Kind, Leftovers, Location, LocationError};
pub use metrics::{Metrics, RecordCounts};
pub use settings::{Settings, SettingsError};
pub use subscription::{DecodeError, JSON_LIMIT, Lines, LogEvents, Message, decode};
