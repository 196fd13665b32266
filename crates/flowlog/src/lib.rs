//! VPC Flow Logs, from bytes to records: fields, formats, parsing, direction, and who opened a flow. Pure: no network, no AWS.
//!
//! ```
//! use flowlog::{LeftOut, ReadOptions, Record, Sink, Unparsed};
//!
//! /// Counts accepted bytes by nothing at all.
//! #[derive(Default)]
//! struct Total { bytes: u64, bad_lines: u64 }
//!
//! impl Sink for Total {
//!     fn record(&mut self, record: &Record<'_>) { self.bytes += record.bytes.unwrap_or(0); }
//!     fn unparsed(&mut self, _line: u64, _reason: Unparsed, _text: &[u8]) { self.bad_lines += 1; }
//!     fn left_out(&mut self, _what: LeftOut) {}
//! }
//!
//! let object = b"interface-id srcaddr dstaddr protocol bytes start end action\n\
//!                eni-0a1 10.0.0.5 10.0.0.9 6 4249 1418530010 1418530070 ACCEPT\n\
//!                eni-0a1 10.0.0.5 10.0.0.9 6\n";
//! let mut total = Total::default();
//! let summary = flowlog::read(&object[..], "example.log", &ReadOptions::default(), &mut total)?;
//! assert_eq!((summary.lines, total.bytes, total.bad_lines), (3, 4249, 1));
//! # Ok::<(), flowlog::ReadError>(())
//! ```
//!
//! An object may be text with a header, an export of CloudWatch Logs, lines without a header, JSON or Parquet, plain or gzip; [`read`]
//! and [`read_file`] tell by its content. The way of a line: `bytes` (inflate) → `units` (lines, JSON objects) →
//! `sorting` (what is it?) → [`Format::parse`] → [`Record`] → the caller's [`Sink`].
//!
//! What a record *means* for security groups is told by [`direction`] (in or out of the interface?) and [`opener`] (which side opened
//! the flow, and how sure is that?): small pure functions, one for each piece of evidence, strongest first.
//!
//! Invariants:
//! - A bad line never stops a run, and is never silently dropped: it is a record, an [`Unparsed`] with its reason, or [`LeftOut`].
//! - What a verdict needs is never made up: `-` is absent, not zero, and an unreadable port or address makes the line a bad one.
//! - Memory is bounded whatever the input, and the text formats allocate nothing per record.

mod bytes;
pub mod direction;
mod error;
mod field;
mod format;
mod headerless;
mod json;
mod log_events;
pub mod opener;
#[cfg(feature = "parquet")]
mod parquet;
mod record;
mod sorting;
mod source;
mod spelling;
mod tag;
mod units;
mod unparsed;
mod value;

pub use direction::{CommonAddress, Family};
pub use error::{Damage, ReadError};
pub use field::{Field, FieldType};
pub use format::{Column, Format, TemplateError};
pub use headerless::Headerless;
pub use opener::{FanIn, FlagEvidence, FlowPort, Opener, PairSide, Side};
#[cfg(feature = "parquet")]
pub use parquet::{check_parquet, read_parquet_file};
pub use record::{Action, FlowDirection, LogStatus, Record};
pub use source::{LeftOut, ObjectSummary, ReadOptions, Shape, Sink, read, read_file};
pub use tag::decode_tag;
pub use units::{LINE_LIMIT, MESSAGE_LIMIT};
pub use unparsed::Unparsed;
