//! Reading a whole object: whatever its shape, every record in it goes to a [`Sink`].

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::bytes::{Bytes, Stop};
use crate::error::{Damage, ReadError};
use crate::format::Format;
use crate::record::Record;
use crate::sorting::Sorting;
use crate::units::{Unit, Units};
use crate::unparsed::Unparsed;

/// What an object was recognised as, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Lines below a header that names the fields: flow logs delivered to S3.
    Text,
    /// No header, an ISO 8601 timestamp before each record: an export of a CloudWatch Logs group to S3.
    CloudWatchExport,
    /// No header: raw lines through Firehose or a subscription.
    Headerless,
    /// JSON objects with a record in `message`: flow logs sent straight to Firehose; or with records in `logEvents`: messages of a
    /// CloudWatch Logs subscription as Firehose stores them.
    JsonMessage,
    /// JSON objects with one key a field: decorated output.
    Decorated,
    /// Parquet.
    Parquet,
}

/// How to read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The format of lines without a header, in text, CloudWatch exports and `message`s. A header in the file still wins. `None`: the
    /// default format of version 2, where a line bears its marks.
    pub log_format: Option<Format>,
    /// Read logs that lack a field which verdicts need, instead of refusing them.
    pub allow_missing_fields: bool,
}

/// What is recognised and yet is not for verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeftOut {
    /// A record of a transit gateway flow log, unless [`Sink::takes_transit_gateways`]: no interface, no security group.
    TransitGatewayRecord,
    /// A whole object `aws-logs-write-test`, by which CloudWatch Logs tries whether it may write to a bucket.
    WriteTest,
}

/// Takes what is read, in the order of the object.
pub trait Sink {
    /// A record: accepted, rejected, NODATA and SKIPDATA alike; `log_status` and `action` tell.
    fn record(&mut self, record: &Record<'_>);
    /// The same for a record that was read from a line: `line` is its text and `format` names the columns in it
    /// ([`Format::columns_of`]), for those who want the fields too that [`Record`] does not hold. Parquet and decorated JSON have no line.
    fn line(&mut self, record: &Record<'_>, format: &Format, line: &[u8]) {
        let _ = (format, line);
        self.record(record);
    }
    /// A line that is no record. `line` counts from 1 (Parquet: rows; several JSON objects on a line count one each, whatever they hold). `text` is the raw
    /// line, cut at 64 KiB, in which the caller may look for an interface id.
    fn unparsed(&mut self, line: u64, reason: Unparsed, text: &[u8]);
    /// Something that is recognised and left out.
    fn left_out(&mut self, what: LeftOut);
    /// Whether lines of a transit gateway flow log whose columns are known, by the header above them or by [`ReadOptions::log_format`], are
    /// to come to [`Sink::line`] too. [`Format::is_transit_gateway`] tells them from others there. Else they are left out, having no
    /// interface and no security group.
    fn takes_transit_gateways(&self) -> bool {
        false
    }
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectSummary {
    /// What the object was recognised as first; `None`: empty, or nothing but a write test.
    pub shape: Option<Shape>,
    /// The format of its lines; the last one where a stream has several. `None` for decorated records and empty objects.
    pub format: Option<Format>,
    /// Lines, headers and bad ones included; rows of Parquet.
    pub lines: u64,
    /// Bytes read from the input, before decompression.
    pub bytes_read: u64,
    /// Set when part of the object was lost. The records before it were delivered.
    pub damage: Option<Damage>,
}

/// Reads an object, whatever its shape; `name` is its path, for messages and to know the write test.
///
/// Memory is bounded whatever the input: 1 MiB a line, 32 MiB a message of a subscription, and for Parquet, which needs its end first, a temporary file.
///
/// # Errors
/// See [`ReadError`]. Damaged gzip is an error only if nothing could be read before the damage.
pub fn read(
    input: impl Read,
    name: &str,
    options: &ReadOptions,
    sink: &mut impl Sink,
) -> Result<ObjectSummary, ReadError> {
    if is_write_test(name) {
        sink.left_out(LeftOut::WriteTest);
        return Ok(ObjectSummary::default());
    }
    let failed = |source| ReadError::Read { name: name.to_owned(), source };
    let bytes = Bytes::open(input).map_err(failed)?;
    if bytes.begins_with(PARQUET_MAGIC) {
        return read_parquet_stream(bytes, name, options, sink);
    }
    read_units(Units::new(bytes), name, options, sink)
}

/// Opens a file and reads it, recognised by its content.
///
/// # Errors
/// See [`ReadError`].
pub fn read_file(path: &Path, options: &ReadOptions, sink: &mut impl Sink) -> Result<ObjectSummary, ReadError> {
    let name = path.display().to_string();
    let open = |source| ReadError::Open { name: name.clone(), source };
    let mut file = File::open(path).map_err(open)?;
    if is_write_test(&name) {
        sink.left_out(LeftOut::WriteTest);
        return Ok(ObjectSummary::default());
    }
    let mut magic = [0; 4];
    let mut filled = 0;
    while filled < magic.len() {
        match file.read(&mut magic[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(ReadError::Read { name, source }),
        }
    }
    // A pipe cannot be read from its end, where Parquet keeps its directory.
    #[cfg(feature = "parquet")]
    if magic == *PARQUET_MAGIC && file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return crate::parquet::read_open_file(file, &name, options, sink);
    }
    read(magic[..filled].chain(file), &name, options, sink)
}

/// Parquet's first (and last) four bytes (Apache Parquet, "File Format").
const PARQUET_MAGIC: &[u8; 4] = b"PAR1";

/// The object that CloudWatch Logs writes when an export to S3 begins (CloudWatch Logs User Guide, "Export log data to Amazon S3").
fn is_write_test(name: &str) -> bool {
    name.rsplit(['/', '\\']).next() == Some("aws-logs-write-test")
}

#[cfg(feature = "parquet")]
fn read_parquet_stream<R: Read>(
    bytes: Bytes<R>,
    name: &str,
    options: &ReadOptions,
    sink: &mut impl Sink,
) -> Result<ObjectSummary, ReadError> {
    crate::parquet::read_stream(bytes, name, options, sink)
}

#[cfg(not(feature = "parquet"))]
fn read_parquet_stream<R: Read>(
    _bytes: Bytes<R>,
    name: &str,
    _options: &ReadOptions,
    _sink: &mut impl Sink,
) -> Result<ObjectSummary, ReadError> {
    let why = "this build does not read; use one with the feature `parquet`";
    Err(ReadError::ParquetUnsupported { name: name.to_owned(), why })
}

fn read_units<R: Read>(
    mut units: Units<R>,
    name: &str,
    options: &ReadOptions,
    sink: &mut impl Sink,
) -> Result<ObjectSummary, ReadError> {
    units.skip_byte_order_mark();
    let mut sorting = Sorting::new(name, options, sink);
    loop {
        match units.next() {
            Unit::Line(text) => sorting.line(text)?,
            Unit::Object(text) => sorting.object(text)?,
            Unit::BrokenObject(text) => sorting.bad(Unparsed::NotJson, text)?,
            Unit::TooLong(text) => sorting.bad(Unparsed::LineTooLong, text)?,
            Unit::CutShort(text) => sorting.cut_short(text),
            Unit::End => break,
        }
    }
    let stop = units.take_stop();
    let is_gzip = units.bytes().is_gzip();
    let mut summary = sorting.finish(stop.is_some())?;
    summary.bytes_read = units.bytes().raw_bytes();
    let lines = summary.lines;
    summary.damage = match stop {
        None => None,
        Some(Stop::Io(source)) => {
            return Err(ReadError::Read { name: name.to_owned(), source });
        }
        Some(Stop::Corrupt(reason)) if is_gzip && lines == 0 => {
            return Err(ReadError::Gzip { name: name.to_owned(), reason });
        }
        Some(Stop::Corrupt(reason)) => Some(Damage::Corrupt { lines, reason }),
        Some(Stop::Truncated) => Some(Damage::Truncated { lines }),
        Some(Stop::TrailingGarbage) => Some(Damage::TrailingGarbage { lines }),
    };
    Ok(summary)
}
