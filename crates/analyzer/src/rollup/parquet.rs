//! Rollups as Parquet: `NAME.parquet` with the rows, and beside it `NAME.coverage.parquet`.
//!
//! The columns are those of a table that SQL could make from flow logs: addresses and words are text, times are epoch
//! seconds. What SQL cannot know (the ledger, the kept ports) lies in the file's metadata under [`METADATA_KEY`]; a file
//! without it is read too, as rows of one-hour slices of which no port was kept.
//!
//! A port is null where its number was dropped and -1 where the format has none.

use super::coverage::Reported;
use super::row::{Addr, Key, KeyParts, Slice, Totals};
use super::table::{Row, Table};
use super::{KeptPorts, Ledger, Place, Places, Rollup, RowPort};
use flowlog::Action;
use flowlog::opener::Opener;
use inventory::Direction;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Key of the metadata in both files.
pub const METADATA_KEY: &str = "sgflow";
const SCHEMA: &str = "sgflow.rollup/1";
const COVERAGE_SCHEMA: &str = "sgflow.coverage/1";

/// Rows that are turned into columns, or back, at a time: what bounds the memory for it.
const CHUNK: usize = 1 << 17;

/// What a Parquet file turned out to be.
#[derive(Debug)]
pub enum Loaded {
    /// A rollup, with its coverage.
    Rollup(Box<Rollup>),
    /// The coverage of a rollup.
    Coverage,
    /// Not of ours: flow logs, perhaps.
    SomethingElse,
}

/// Why a rollup could not be stored or read.
#[derive(Debug, Error)]
pub enum RollupError {
    /// The file cannot be opened, made or renamed.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// From the system.
        source: std::io::Error,
    },
    /// Not Parquet, cut short, or of another type than it should be.
    #[error("{path} is not a readable rollup: {source}; make it again with `sg-audit rollup`")]
    Content {
        /// The file.
        path: PathBuf,
        /// From polars.
        source: PolarsError,
    },
    /// A value that no rollup holds.
    #[error("{path}, row {row}: {what}; make it again with `sg-audit rollup`")]
    Value {
        /// The file.
        path: PathBuf,
        /// Row, from 1.
        row: usize,
        /// What is wrong.
        what: String,
    },
    /// Made by a version that this one does not know.
    #[error("{path} has the schema {found}, and this version reads {SCHEMA}; make it again, or use a newer sg-audit")]
    Schema {
        /// The file.
        path: PathBuf,
        /// What it says it is.
        found: String,
    },
    /// The coverage is cut short or damaged.
    #[error("{0} is broken: without its coverage a rollup proves nothing; make it again with `sg-audit rollup`")]
    BrokenCoverage(PathBuf),
    /// The coverage is not where it should be.
    #[error("{0} is missing: without its coverage a rollup proves nothing; keep the two files together")]
    NoCoverage(PathBuf),
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    schema: String,
    slice_seconds: u32,
    kept_ports: Vec<(u16, u16)>,
    ledger: Ledger,
}

/// Where the coverage of a rollup lies.
pub fn coverage_path(rollup: &Path) -> PathBuf {
    rollup.with_extension("coverage.parquet")
}

/// Stores a rollup and its coverage. Both are written aside and renamed, the coverage first, so that a rollup that can be
/// seen is whole.
pub fn store(rollup: &Rollup, path: &Path) -> Result<(), RollupError> {
    let metadata = Metadata {
        schema: SCHEMA.to_owned(),
        slice_seconds: rollup.slice.seconds(),
        kept_ports: rollup.kept_ports.ranges().iter().map(|range| (*range.start(), *range.end())).collect(),
        ledger: sorted(&rollup.ledger),
    };
    let metadata = serde_json::to_string(&metadata).unwrap_or_default();
    let rank = place_ranks(&rollup.places);

    let coverage = coverage_frame(rollup, &rank);
    let coverage = coverage.map_err(|source| RollupError::Content { path: path.to_owned(), source })?;
    write_aside(&coverage_path(path), COVERAGE_SCHEMA.to_owned(), &coverage.schema().clone(), [Ok(coverage)])?;

    let mut order: Vec<u32> = (0..rollup.table.rows().len() as u32).collect();
    let rows = rollup.table.rows();
    order.sort_unstable_by(|&a, &b| compare(&rows[a as usize].key, &rows[b as usize].key, &rollup.table, &rank));
    let schema = rows_frame(rollup, &[]).map_err(|source| RollupError::Content { path: path.to_owned(), source })?;
    let frames = order.chunks(CHUNK).map(|chunk| rows_frame(rollup, chunk));
    write_aside(path, metadata, &schema.schema().clone(), frames)
}

/// Sources are numbered as they are met, which depends on threads; the file names them.
fn sorted(ledger: &Ledger) -> Ledger {
    let mut ledger = ledger.clone();
    ledger.sources.sort_by(|a, b| a.name.cmp(&b.name));
    ledger
}

fn place_ranks(places: &Places) -> Vec<u32> {
    let mut order: Vec<(&Place, usize)> = places.iter().enumerate().map(|(ix, place)| (place, ix)).collect();
    order.sort();
    let mut rank = vec![0; order.len()];
    for (position, (_, ix)) in order.into_iter().enumerate() {
        rank[ix] = position as u32;
    }
    rank
}

fn compare(a: &Key, b: &Key, table: &Table, rank: &[u32]) -> std::cmp::Ordering {
    let sortable = |key: &Key| {
        let parts = key.parts();
        (
            (parts.slice, rank[parts.place.at()], parts.direction.map(|direction| direction == Direction::Egress)),
            (parts.protocol, table.ip(parts.src), table.ip(parts.dst)),
            (parts.src_port, parts.dst_port, parts.action == Action::Accept, parts.opener.map(opener_word)),
            (parts.pkt_src.map(|addr| table.ip(addr)), parts.pkt_dst.map(|addr| table.ip(addr))),
        )
    };
    sortable(a).cmp(&sortable(b))
}

fn write_aside(
    path: &Path,
    metadata: String,
    schema: &Schema,
    frames: impl IntoIterator<Item = PolarsResult<DataFrame>>,
) -> Result<(), RollupError> {
    let aside = path.with_extension(format!("parquet.{}.tmp", std::process::id()));
    let file_error = |source| RollupError::File { path: path.to_owned(), source };
    let content_error = |source| RollupError::Content { path: path.to_owned(), source };
    let file = File::create(&aside).map_err(file_error)?;
    let write = || -> PolarsResult<()> {
        let pairs = vec![(METADATA_KEY.to_owned(), metadata)];
        let mut writer = ParquetWriter::new(file)
            .with_key_value_metadata(Some(KeyValueMetadata::from_static(pairs)))
            .set_parallel(false)
            .batched(schema)?;
        for frame in frames {
            writer.write_batch(&frame?)?;
        }
        writer.finish()?;
        Ok(())
    };
    let written = write().map_err(content_error).and_then(|()| std::fs::rename(&aside, path).map_err(file_error));
    if written.is_err() {
        // Leaving the half-written file would be worse than failing to remove it.
        let _ = std::fs::remove_file(&aside);
    }
    written
}

fn rows_frame(rollup: &Rollup, order: &[u32]) -> PolarsResult<DataFrame> {
    let rows = rollup.table.rows();
    let chosen: Vec<(KeyParts, &Totals)> = order
        .iter()
        .map(|&ix| {
            let row: &Row = &rows[ix as usize];
            (row.key.parts(), &row.totals)
        })
        .collect();
    let ip = |addr: Addr| rollup.table.ip(addr).to_string();
    let place = |parts: &KeyParts| rollup.places.get(parts.place);
    let texts = |name: &str, value: &dyn Fn(&KeyParts) -> Option<String>| {
        Column::new(name.into(), chosen.iter().map(|(parts, _)| value(parts)).collect::<Vec<Option<String>>>())
    };
    let numbers = |name: &str, value: &dyn Fn(&KeyParts, &Totals) -> Option<i64>| {
        Column::new(
            name.into(),
            chosen.iter().map(|(parts, totals)| value(parts, totals)).collect::<Vec<Option<i64>>>(),
        )
    };
    let amounts = |name: &str, value: &dyn Fn(&Totals) -> u64| {
        Column::new(name.into(), chosen.iter().map(|(_, totals)| value(totals)).collect::<Vec<u64>>())
    };
    let port = |port: RowPort| match port {
        RowPort::Known(port) => Some(i64::from(port)),
        RowPort::High => None,
        RowPort::Missing => Some(-1),
    };
    DataFrame::new(
        chosen.len(),
        vec![
            numbers("slice", &|parts, _| Some(i64::from(parts.slice))),
            texts("account_id", &|parts| Some(place(parts).account_id.to_string())),
            texts("vpc_id", &|parts| place(parts).vpc_id.as_deref().map(str::to_owned)),
            texts("interface_id", &|parts| Some(place(parts).interface_id.to_string())),
            texts("flow_direction", &|parts| parts.direction.map(|direction| direction_word(direction).to_owned())),
            numbers("protocol", &|parts, _| Some(i64::from(parts.protocol))),
            texts("src_addr", &|parts| Some(ip(parts.src))),
            texts("dst_addr", &|parts| Some(ip(parts.dst))),
            texts("pkt_src_addr", &|parts| parts.pkt_src.map(ip)),
            texts("pkt_dst_addr", &|parts| parts.pkt_dst.map(ip)),
            numbers("src_port", &|parts, _| port(parts.src_port)),
            numbers("dst_port", &|parts, _| port(parts.dst_port)),
            texts("opener", &|parts| parts.opener.map(|opener| opener_word(opener).to_owned())),
            texts("action", &|parts| Some(action_word(parts.action).to_owned())),
            amounts("flows", &|totals| u64::from(totals.flows)),
            amounts("packets", &|totals| totals.packets),
            amounts("bytes", &|totals| totals.bytes),
            numbers("first_seen", &|_, totals| Some(i64::from(totals.first_seen))),
            numbers("last_seen", &|_, totals| Some(i64::from(totals.last_seen))),
        ],
    )
}

fn coverage_frame(rollup: &Rollup, rank: &[u32]) -> PolarsResult<DataFrame> {
    let mut rows: Vec<(u32, &str, i64, i64, bool, &Place)> = Vec::new();
    for (place, source, reported) in rollup.coverage.iter() {
        let Reported { reported, skipped } = reported;
        let source = rollup.ledger.sources.get(source.0 as usize).map_or("", |source| source.name.as_str());
        for (minutes, is_skipped) in [(reported, false), (skipped, true)] {
            for (from, to) in minutes.runs() {
                let of = rollup.places.get(place);
                rows.push((rank[place.at()], source, i64::from(from), i64::from(to), is_skipped, of));
            }
        }
    }
    rows.sort();
    let texts = |name: &str, values: Vec<&str>| Column::new(name.into(), values);
    DataFrame::new(
        rows.len(),
        vec![
            texts("account_id", rows.iter().map(|row| &*row.5.account_id).collect()),
            Column::new("vpc_id".into(), rows.iter().map(|row| row.5.vpc_id.as_deref()).collect::<Vec<_>>()),
            texts("interface_id", rows.iter().map(|row| &*row.5.interface_id).collect()),
            texts("source", rows.iter().map(|row| row.1).collect()),
            Column::new("from".into(), rows.iter().map(|row| row.2).collect::<Vec<_>>()),
            Column::new("to".into(), rows.iter().map(|row| row.3).collect::<Vec<_>>()),
            Column::new("skipped".into(), rows.iter().map(|row| row.4).collect::<Vec<_>>()),
        ],
    )
}

/// Reads a Parquet file if it is one of ours. Rows outside the span are left out.
pub fn load(path: &Path, since: Option<u32>, until: Option<u32>) -> Result<Loaded, RollupError> {
    let content = |source| RollupError::Content { path: path.to_owned(), source };
    // A broken file may ask the decoder for any amount of memory.
    if flowlog::check_parquet(path).is_err() {
        return Ok(Loaded::SomethingElse);
    }
    let mut reader = open(path)?;
    // What cannot even be opened as Parquet need not be a rollup: reading it as flow logs finds the better words.
    let Ok(schema) = reader.schema() else {
        return Ok(Loaded::SomethingElse);
    };
    let has = |names: &[&str]| names.iter().all(|name| schema.contains(name));
    if has(&["interface_id", "source", "from", "to", "skipped"]) {
        return Ok(Loaded::Coverage);
    }
    if !has(&["slice", "interface_id", "flows", "first_seen", "last_seen", "action"]) {
        return Ok(Loaded::SomethingElse);
    }
    let total_rows = reader.num_rows().map_err(content)?;
    let metadata = read_metadata(&mut reader, path)?;
    let known = metadata.is_some();
    let (slice, kept, ledger) = match metadata {
        Some(metadata) => {
            let slice = if metadata.slice_seconds == Slice::Day.seconds() { Slice::Day } else { Slice::Hour };
            let kept = KeptPorts::new(metadata.kept_ports.into_iter().map(|(from, to)| from..=to));
            (slice, kept, metadata.ledger)
        }
        None => (Slice::Hour, KeptPorts::default(), Ledger::default()),
    };
    let mut rollup = Rollup::new(slice, kept);
    rollup.ledger = ledger;

    let mut from_row = 0;
    while from_row < total_rows {
        let frame = open(path)?
            .with_slice(Some((from_row, CHUNK)))
            .read_parallel(ParallelStrategy::None)
            .finish()
            .map_err(content)?;
        let read = frame.height();
        if read == 0 {
            break;
        }
        add_rows(&mut rollup, &frame, path, from_row, known, (since, until))?;
        from_row += read;
    }
    if !known {
        // Nothing tells what was lost on the way, or left out.
        rollup.ledger.may_be_filtered = true;
        let name = path.display().to_string();
        let size = std::fs::metadata(path).map(|metadata| metadata.len()).unwrap_or_default();
        rollup.ledger.files.push(super::ledger::FileRead { name, size });
    }
    if let (Some(first), Some(since)) = (rollup.ledger.first, since) {
        rollup.ledger.first = Some(first.max(since));
    }
    if let (Some(last), Some(until)) = (rollup.ledger.last, until) {
        rollup.ledger.last = Some(last.min(until));
    }
    load_coverage(&mut rollup, &coverage_path(path))?;
    let cut = since.is_some() || until.is_some();
    if cut || !known {
        count_again(&mut rollup, cut && known);
    }
    Ok(Loaded::Rollup(Box::new(rollup)))
}

/// Counts accepted and rejected records of the rows that are there, in all and by source: what was read elsewhere, or outside
/// the span, proves nothing here. Rows name no source, so a source gets the accepted records of the interfaces that it covers.
fn count_again(rollup: &mut Rollup, totals_too: bool) {
    let (mut accepted, mut rejected) = (0_u64, 0_u64);
    let mut by_place = vec![0_u64; rollup.places.len()];
    for row in rollup.table.rows() {
        let flows = u64::from(row.totals.flows);
        match row.key.action() {
            Action::Accept => {
                accepted = accepted.saturating_add(flows);
                by_place[row.key.place().at()] += flows;
            }
            Action::Reject => rejected = rejected.saturating_add(flows),
        }
    }
    if totals_too {
        rollup.ledger.accepted = accepted;
        rollup.ledger.rejected = rejected;
    }
    let mut by_source = vec![0_u64; rollup.ledger.sources.len()];
    for (place, source, _) in rollup.coverage.iter() {
        by_source[source.0 as usize] = by_source[source.0 as usize].saturating_add(by_place[place.at()]);
    }
    for (source, accepted) in rollup.ledger.sources.iter_mut().zip(by_source) {
        source.accepted = accepted;
    }
}

fn open(path: &Path) -> Result<ParquetReader<File>, RollupError> {
    let file = File::open(path).map_err(|source| RollupError::File { path: path.to_owned(), source })?;
    Ok(ParquetReader::new(file))
}

fn read_metadata(reader: &mut ParquetReader<File>, path: &Path) -> Result<Option<Metadata>, RollupError> {
    let content = |source| RollupError::Content { path: path.to_owned(), source };
    let pairs = reader.get_metadata().map_err(content)?.key_value_metadata().clone().unwrap_or_default();
    let Some(text) = pairs.into_iter().find(|pair| pair.key == METADATA_KEY).and_then(|pair| pair.value) else {
        return Ok(None);
    };
    let wrong = |found: String| RollupError::Schema { path: path.to_owned(), found };
    let metadata: Metadata = serde_json::from_str(&text).map_err(|error| wrong(format!("unreadable ({error})")))?;
    if metadata.schema != SCHEMA {
        return Err(wrong(metadata.schema));
    }
    Ok(Some(metadata))
}

/// A column as text or as whole numbers, whatever width it was stored in.
struct Columns<'a> {
    frame: &'a DataFrame,
    path: &'a Path,
}

impl Columns<'_> {
    fn cast(&self, name: &str, to: &DataType) -> Result<Option<Series>, RollupError> {
        let Ok(column) = self.frame.column(name) else {
            return Ok(None);
        };
        let content = |source| RollupError::Content { path: self.path.to_owned(), source };
        Ok(Some(column.as_materialized_series().strict_cast(to).map_err(content)?))
    }

    fn texts(&self, name: &str) -> Result<Vec<Option<String>>, RollupError> {
        let Some(series) = self.cast(name, &DataType::String)? else {
            return Ok(vec![None; self.frame.height()]);
        };
        let content = |source| RollupError::Content { path: self.path.to_owned(), source };
        let texts = series.str().map_err(content)?;
        Ok(texts.iter().map(|text| text.map(str::to_owned)).collect())
    }

    fn numbers(&self, name: &str) -> Result<Vec<Option<i64>>, RollupError> {
        let Some(series) = self.cast(name, &DataType::Int64)? else {
            return Ok(vec![None; self.frame.height()]);
        };
        let content = |source| RollupError::Content { path: self.path.to_owned(), source };
        Ok(series.i64().map_err(content)?.iter().collect())
    }

    fn amounts(&self, name: &str) -> Result<Vec<Option<u64>>, RollupError> {
        let Some(series) = self.cast(name, &DataType::UInt64)? else {
            return Ok(vec![None; self.frame.height()]);
        };
        let content = |source| RollupError::Content { path: self.path.to_owned(), source };
        Ok(series.u64().map_err(content)?.iter().collect())
    }
}

fn add_rows(
    rollup: &mut Rollup,
    frame: &DataFrame,
    path: &Path,
    before: usize,
    counted: bool,
    (since, until): (Option<u32>, Option<u32>),
) -> Result<(), RollupError> {
    let columns = Columns { frame, path };
    let (slices, protocols) = (columns.numbers("slice")?, columns.numbers("protocol")?);
    let (accounts, vpcs) = (columns.texts("account_id")?, columns.texts("vpc_id")?);
    let (interfaces, directions) = (columns.texts("interface_id")?, columns.texts("flow_direction")?);
    let (srcs, dsts) = (columns.texts("src_addr")?, columns.texts("dst_addr")?);
    let (pkt_srcs, pkt_dsts) = (columns.texts("pkt_src_addr")?, columns.texts("pkt_dst_addr")?);
    let has_ports = frame.column("src_port").is_ok() && frame.column("dst_port").is_ok();
    let (src_ports, dst_ports) = (columns.numbers("src_port")?, columns.numbers("dst_port")?);
    let (openers, actions) = (columns.texts("opener")?, columns.texts("action")?);
    let (flows, packets, bytes) = (columns.amounts("flows")?, columns.amounts("packets")?, columns.amounts("bytes")?);
    let (firsts, lasts) = (columns.numbers("first_seen")?, columns.numbers("last_seen")?);

    for ix in 0..frame.height() {
        let wrong =
            |what: &str| RollupError::Value { path: path.to_owned(), row: before + ix + 1, what: what.to_owned() };
        let time = |value: Option<i64>, name: &str| {
            value.and_then(|value| u32::try_from(value).ok()).ok_or_else(|| wrong(&format!("{name} is no time")))
        };
        let (first, last) = (time(firsts[ix], "first_seen")?, time(lasts[ix], "last_seen")?);
        if last < first {
            return Err(wrong("last_seen lies before first_seen"));
        }
        if since.is_some_and(|since| last < since) || until.is_some_and(|until| first > until) {
            continue;
        }
        let address = |text: &Option<String>| match text.as_deref() {
            None => Ok(None),
            Some(text) => text.parse::<IpAddr>().map(Some).map_err(|_| wrong(&format!("{text} is no address"))),
        };
        let (Some(src), Some(dst)) = (address(&srcs[ix])?, address(&dsts[ix])?) else {
            return Err(wrong("src_addr or dst_addr is missing"));
        };
        let packed =
            rollup.table.pack_addresses([Some(src), Some(dst), address(&pkt_srcs[ix])?, address(&pkt_dsts[ix])?]);
        let [Some(src), Some(dst), pkt_src, pkt_dst] = packed else {
            return Err(wrong("src_addr or dst_addr is missing"));
        };
        let port = |value: Option<i64>| match value {
            // Without the column nothing was dropped: the format had none.
            None if !has_ports => Ok(RowPort::Missing),
            None => Ok(RowPort::High),
            Some(-1) => Ok(RowPort::Missing),
            Some(value) => u16::try_from(value).map(RowPort::Known).map_err(|_| wrong(&format!("{value} is no port"))),
        };
        let (src_port, dst_port) = (port(src_ports[ix])?, port(dst_ports[ix])?);
        let direction = match directions[ix].as_deref() {
            None | Some("") => None,
            Some("ingress") => Some(Direction::Ingress),
            Some("egress") => Some(Direction::Egress),
            Some(other) => return Err(wrong(&format!("{other} is no flow direction"))),
        };
        let opener = match openers[ix].as_deref() {
            None | Some("") => None,
            Some("source") => Some(Opener::Source),
            Some("destination") => Some(Opener::Destination),
            Some("both") => Some(Opener::Both),
            Some("unknown") => Some(Opener::Unknown),
            Some(other) => return Err(wrong(&format!("{other} is no opener"))),
        };
        let action = match actions[ix].as_deref() {
            Some("ACCEPT") => Action::Accept,
            Some("REJECT") => Action::Reject,
            _ => return Err(wrong("action is neither ACCEPT nor REJECT")),
        };
        let protocol = protocols[ix].and_then(|number| u8::try_from(number).ok());
        let Some(flow_count) = flows[ix] else {
            return Err(wrong("flows is missing"));
        };
        let place = Place {
            account_id: accounts[ix].clone().unwrap_or_default().into(),
            vpc_id: vpcs[ix].clone().map(Into::into),
            interface_id: interfaces[ix].clone().ok_or_else(|| wrong("interface_id is missing"))?.into(),
        };
        let parts = KeyParts {
            slice: rollup.slice.start_of(time(slices[ix], "slice")?),
            place: rollup.places.intern(&place),
            direction,
            protocol: protocol.ok_or_else(|| wrong("protocol is no protocol number"))?,
            src,
            dst,
            pkt_src,
            pkt_dst,
            src_port,
            dst_port,
            opener,
            action,
        };
        let totals = Totals {
            packets: packets[ix].unwrap_or_default(),
            bytes: bytes[ix].unwrap_or_default(),
            flows: u32::try_from(flow_count).unwrap_or(u32::MAX),
            first_seen: first,
            last_seen: last,
        };
        rollup.table.add(parts.pack(), &totals);
        if !counted {
            rollup.ledger.note_time(first, last);
            let sum = match action {
                Action::Accept => &mut rollup.ledger.accepted,
                Action::Reject => &mut rollup.ledger.rejected,
            };
            *sum = sum.saturating_add(flow_count);
        }
    }
    Ok(())
}

fn load_coverage(rollup: &mut Rollup, path: &Path) -> Result<(), RollupError> {
    if !path.exists() {
        return Err(RollupError::NoCoverage(path.to_owned()));
    }
    let content = |source| RollupError::Content { path: path.to_owned(), source };
    if flowlog::check_parquet(path).is_err() {
        return Err(RollupError::BrokenCoverage(path.to_owned()));
    }
    let frame = open(path)?.finish().map_err(content)?;
    let columns = Columns { frame: &frame, path };
    let (accounts, vpcs) = (columns.texts("account_id")?, columns.texts("vpc_id")?);
    let (interfaces, sources) = (columns.texts("interface_id")?, columns.texts("source")?);
    let (froms, tos) = (columns.numbers("from")?, columns.numbers("to")?);
    let Some(skips) = columns.cast("skipped", &DataType::Boolean)? else {
        return Ok(());
    };
    let skips = skips.bool().map_err(content)?;
    for ix in 0..frame.height() {
        let time = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
        let (Some(from), Some(to), Some(skipped)) = (time(froms[ix]), time(tos[ix]), skips.get(ix)) else {
            return Err(RollupError::Value {
                path: path.to_owned(),
                row: ix + 1,
                what: "from, to or skipped is missing or no time".to_owned(),
            });
        };
        let place = rollup.places.intern(&Place {
            account_id: accounts[ix].clone().unwrap_or_default().into(),
            vpc_id: vpcs[ix].clone().map(Into::into),
            interface_id: interfaces[ix].clone().unwrap_or_default().into(),
        });
        let source = rollup.ledger.source(sources[ix].as_deref().unwrap_or_default());
        let mut reported = Reported::default();
        let minutes = if skipped { &mut reported.skipped } else { &mut reported.reported };
        minutes.add_run(from, to);
        rollup.coverage.add(place, source, &reported);
    }
    Ok(())
}

fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    }
}

fn opener_word(opener: Opener) -> &'static str {
    match opener {
        Opener::Source => "source",
        Opener::Destination => "destination",
        Opener::Both => "both",
        Opener::Unknown => "unknown",
    }
}

fn action_word(action: Action) -> &'static str {
    match action {
        Action::Accept => "ACCEPT",
        Action::Reject => "REJECT",
    }
}
