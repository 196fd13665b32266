//! Reading rollups back, our own and those that SQL made elsewhere.

use super::{CHUNK, Loaded, METADATA_KEY, Metadata, RollupError, SCHEMA, coverage_path};
use crate::rollup::coverage::Reported;
use crate::rollup::row::{KeyParts, Slice, Totals};
use crate::rollup::{KeptPorts, Ledger, Place, Rollup, RowPort, ledger};
use flowlog::Action;
use flowlog::opener::Opener;
use inventory::Direction;
use polars::prelude::*;
use std::fs::File;
use std::net::IpAddr;
use std::path::Path;

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
        rollup.ledger.files.push(ledger::FileRead { name, size });
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
