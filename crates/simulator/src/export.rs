//! Storing records the way AWS stores them: object names, gzip, Parquet, and the shapes that other services make of them.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use polars::prelude::{Column as FrameColumn, DataFrame, NamedFrom, ParquetCompression, ParquetWriter, Series};
use serde_json::json;

use crate::columns::{Layout, Type};
use crate::network::Network;
use crate::options::Format;
use crate::rows::{Row, Status};

/// What was written, by kind of record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    /// Records of every kind.
    pub records: u64,
    /// Records with action ACCEPT.
    pub accepted: u64,
    /// Records with action REJECT.
    pub rejected: u64,
    /// NODATA records.
    pub no_data: u64,
    /// SKIPDATA records.
    pub skipped: u64,
    /// Lines that are no records, written on purpose.
    pub unparsed: u64,
}

impl Totals {
    pub(crate) fn count(&mut self, row: &Row) {
        self.records += 1;
        match row.status {
            Status::NoData => self.no_data += 1,
            Status::SkipData => self.skipped += 1,
            Status::Ok if row.accepted => self.accepted += 1,
            Status::Ok => self.rejected += 1,
        }
    }

    pub(crate) fn add(&mut self, other: Totals) {
        self.records += other.records;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.no_data += other.no_data;
        self.skipped += other.skipped;
        self.unparsed += other.unparsed;
    }
}

/// Where an object lies and which flow log it belongs to.
pub(crate) struct ObjectName<'a> {
    pub network: &'a Network,
    pub flow_log: usize,
    /// Epoch seconds of the period it holds.
    pub at: i64,
    /// A number that makes its hash differ from its siblings'.
    pub number: u64,
}

impl ObjectName<'_> {
    /// The path under `logs/`. Sources: "Flow log files" in the VPC user guide (S3), "Export log data to Amazon S3" in
    /// the CloudWatch Logs user guide, Firehose's default object names.
    pub fn path(&self, format: Format) -> PathBuf {
        let network = self.network;
        let (account, region) = (&network.account, network.region);
        let log = &network.flow_logs[self.flow_log].id;
        let time = Timestamp::from_second(self.at).unwrap_or_default().to_zoned(TimeZone::UTC);
        let (year, month, day) = (time.year(), time.month(), time.day());
        let stamp = format!("{year:04}{month:02}{day:02}T{:02}{:02}Z", time.hour(), time.minute());
        let hash = fnv1a(&format!("{log}/{stamp}/{}", self.number));
        let stem = format!("{account}_vpcflowlogs_{region}_{log}_{stamp}_{:08x}.log", hash as u32);
        match format {
            Format::Text | Format::Headerless => {
                format!("AWSLogs/{account}/vpcflowlogs/{region}/{year:04}/{month:02}/{day:02}/{stem}.gz").into()
            }
            Format::Parquet => format!(
                "AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/year={year:04}/\
                 month={month:02}/day={day:02}/{stem}.parquet"
            )
            .into(),
            Format::CloudWatchExport => format!("exportedlogs/{hash:016x}/{log}-all/{:06}.gz", self.number).into(),
            Format::JsonMessage => format!(
                "firehose/{year:04}/{month:02}/{day:02}/{:02}/flow-logs-1-{year:04}-{month:02}-{day:02}-{:02}-{:02}-00-{hash:016x}.gz",
                time.hour(), time.hour(), time.minute()
            )
            .into(),
        }
    }
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo): small, and the same on every machine.
pub(crate) fn fnv1a(text: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in text.bytes() {
        hash ^= u64::from(byte);
        hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

/// One object that is being written, record by record.
pub(crate) struct Object<'a> {
    network: &'a Network,
    layout: &'a Layout,
    format: Format,
    path: PathBuf,
    body: Body,
    line: Vec<u8>,
    pub totals: Totals,
}

enum Body {
    Lines(Box<GzEncoder<BufWriter<File>>>),
    /// Values by column, as text; turned into typed columns at the end.
    Table(Vec<Cells>),
}

enum Cells {
    Int(Vec<Option<i32>>),
    Long(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
}

impl Cells {
    fn push(&mut self, text: &str) {
        let present = (text != "-").then_some(text);
        match self {
            Cells::Int(cells) => cells.push(present.and_then(|text| text.parse().ok())),
            Cells::Long(cells) => cells.push(present.and_then(|text| text.parse().ok())),
            Cells::Text(cells) => cells.push(present.map(str::to_owned)),
        }
    }
}

impl<'a> Object<'a> {
    /// Creates the object below `folder`, with its header where the format has one.
    pub fn create(folder: &Path, name: &ObjectName<'a>, layout: &'a Layout, format: Format) -> Result<Object<'a>> {
        let path = folder.join(name.path(format));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make folder {}", parent.display()))?;
        }
        let body = if format == Format::Parquet {
            let cells = |kind: Type| match kind {
                Type::Int => Cells::Int(Vec::new()),
                Type::Long => Cells::Long(Vec::new()),
                Type::Text => Cells::Text(Vec::new()),
            };
            Body::Table(layout.columns.iter().map(|column| cells(column.kind)).collect())
        } else {
            let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
            Body::Lines(Box::new(GzEncoder::new(BufWriter::new(file), Compression::default())))
        };
        let mut object =
            Object { network: name.network, layout, format, path, body, line: Vec::new(), totals: Totals::default() };
        if format == Format::Text {
            let header = format!("{}\n", layout.header());
            object.bytes(header.as_bytes())?;
        }
        Ok(object)
    }

    /// Appends bytes as they are.
    fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        if let Body::Lines(gzip) = &mut self.body {
            gzip.write_all(bytes).with_context(|| format!("cannot write {}", self.path.display()))?;
        }
        Ok(())
    }

    /// Appends a line that is not a record.
    pub fn broken_line(&mut self, text: &[u8]) -> Result<()> {
        self.totals.unparsed += 1;
        self.bytes(text)?;
        self.bytes(b"\n")
    }

    pub fn push(&mut self, row: &Row) -> Result<()> {
        self.totals.count(row);
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        if let Body::Table(columns) = &mut self.body {
            for (column, cells) in self.layout.columns.iter().zip(columns) {
                line.clear();
                self.layout.value(*column, self.network, row, &mut line);
                cells.push(std::str::from_utf8(&line).unwrap_or("-"));
            }
            self.line = line;
            return Ok(());
        }
        if self.format == Format::CloudWatchExport {
            let time = Timestamp::from_second(row.start).unwrap_or_default();
            write!(line, "{time:.3} ")?;
        }
        self.layout.line(self.network, row, &mut line);
        if self.format == Format::JsonMessage {
            let message = json!({"message": String::from_utf8_lossy(&line)}).to_string();
            line.clear();
            line.extend_from_slice(message.as_bytes());
        }
        line.push(b'\n');
        self.bytes(&line)?;
        self.line = line;
        Ok(())
    }

    /// Closes the object and tells what is in it.
    pub fn finish(self) -> Result<Totals> {
        match self.body {
            Body::Lines(gzip) => {
                let mut file = gzip.finish().with_context(|| format!("cannot write {}", self.path.display()))?;
                file.flush().with_context(|| format!("cannot write {}", self.path.display()))?;
            }
            Body::Table(cells) => {
                let columns: Vec<FrameColumn> =
                    self.layout.columns.iter().zip(cells).map(|(column, cells)| typed(column.name, cells)).collect();
                let mut frame = DataFrame::new_infer_height(columns)?;
                let file = File::create(&self.path).with_context(|| format!("cannot write {}", self.path.display()))?;
                ParquetWriter::new(file).with_compression(ParquetCompression::Uncompressed).finish(&mut frame)?;
            }
        }
        Ok(self.totals)
    }
}

/// Parquet columns are named with underscores.
fn typed(name: &str, cells: Cells) -> FrameColumn {
    let name = name.replace('-', "_");
    match cells {
        Cells::Int(cells) => Series::new(name.as_str().into(), cells).into(),
        Cells::Long(cells) => Series::new(name.as_str().into(), cells).into(),
        Cells::Text(cells) => Series::new(name.as_str().into(), cells).into(),
    }
}

/// Writes rows in the order of time into objects of `period` seconds for each flow log. `broken` holds lines to be put
/// in at some moment, by flow log.
pub(crate) fn write(
    network: &Network,
    layout: &Layout,
    format: Format,
    rows: &[Row],
    broken: &[(i64, usize, Vec<u8>)],
    period: i64,
    folder: &Path,
) -> Result<Totals> {
    let place = |row: &Row| {
        let log = network.interfaces[row.interface].flow_log;
        let slot = (row.window_end - 1 - network.start).max(0).div_euclid(period);
        (slot, log)
    };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|index| {
        let row = &rows[*index];
        (place(row), row.window_end, row.interface, row.start, row.is_reply, *index)
    });
    let mut totals = Totals::default();
    let mut position = 0;
    while position < order.len() {
        let (slot, log) = place(&rows[order[position]]);
        let at = network.start + slot * period;
        let name = ObjectName { network, flow_log: log, at, number: slot.unsigned_abs() };
        let mut object = Object::create(folder, &name, layout, format)?;
        let mut waiting: Vec<&Vec<u8>> = broken
            .iter()
            .filter(|(when, whose, _)| *whose == log && at <= *when && *when < at + period)
            .map(|(_, _, text)| text)
            .collect();
        let mut written = 0;
        while position < order.len() && place(&rows[order[position]]) == (slot, log) {
            object.push(&rows[order[position]])?;
            position += 1;
            written += 1;
            if written % 20 == 0
                && let Some(text) = waiting.pop()
            {
                object.broken_line(text)?;
            }
        }
        for text in waiting {
            object.broken_line(text)?;
        }
        totals.add(object.finish()?);
    }
    Ok(totals)
}
