//! Rollups as Parquet: `NAME.parquet` with the rows, and beside it `NAME.coverage.parquet`.
//!
//! The columns are those of a table that SQL could make from flow logs: addresses and words are text, times are epoch
//! seconds. What SQL cannot know (the ledger, the kept ports) lies in the file's metadata under [`METADATA_KEY`]; a file
//! without it is read too, as rows of one-hour slices of which no port was kept.
//!
//! A port is null where its number was dropped and -1 where the format has none.

mod reading;

use super::coverage::Reported;
use super::row::{Addr, Key, KeyParts, Totals};
use super::table::{Row, Table};
use super::{Ledger, Place, Places, Rollup, RowPort};
use flowlog::Action;
use flowlog::opener::Opener;
use inventory::Direction;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};
use thiserror::Error;

pub use reading::load;

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
