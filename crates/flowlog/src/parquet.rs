//! Flow logs stored as Parquet: one column a field, named with underscores, typed (VPC User Guide, "Flow log files").
//!
//! AWS writes 32-bit and 64-bit integers and strings; other programs that copy such logs (Spark, pandas, DuckDB) write wider integers,
//! floats where a column had nulls, or text throughout. All are understood. Rows are read in slices of one row group, only the columns that a
//! record needs, so memory stays flat however large the file is.

use std::any::Any;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use polars::prelude::{DataFrame, ParallelStrategy, ParquetReader, PolarsResult, SerReader};

mod cells;
mod pages;

use self::cells::{Cell, Cells};
use crate::bytes::{Bytes, CHUNK, Stop};
use crate::error::ReadError;
use crate::field::Field;
use crate::format::{Column, Format};
use crate::record::Record;
use crate::source::{LeftOut, ObjectSummary, ReadOptions, Shape, Sink};
use crate::unparsed::Unparsed;
use crate::value::{self, Needed};

/// Rows decoded at once: some 20 MB of strings and numbers.
const SLICE: usize = 64 * 1024;

/// Reads a Parquet file.
///
/// # Errors
/// [`ReadError::Parquet`] if it cannot be decoded (rows before that are delivered), [`ReadError::LacksField`] if a needed column is
/// missing, and what opening a file can give.
pub fn read_parquet_file(path: &Path, options: &ReadOptions, sink: &mut impl Sink) -> Result<ObjectSummary, ReadError> {
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => read_open_file(file, &name, options, sink),
        Err(source) => Err(ReadError::Open { name, source }),
    }
}

/// Parquet's directory is at its end, so a stream is first copied to a temporary file.
pub(crate) fn read_stream<R: Read>(
    mut bytes: Bytes<R>,
    name: &str,
    options: &ReadOptions,
    sink: &mut impl Sink,
) -> Result<ObjectSummary, ReadError> {
    let failed = |source| ReadError::Read { name: name.to_owned(), source };
    let (mut file, _removed_at_the_end) = Spool::create().map_err(failed)?;
    let mut buffer = vec![0; CHUNK];
    loop {
        match bytes.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => file.write_all(&buffer[..count]).map_err(failed)?,
            Err(Stop::Io(source)) => return Err(failed(source)),
            Err(_) => break,
        }
    }
    read_open_file(file, name, options, sink)
}

/// A temporary file, removed when this is dropped.
struct Spool {
    path: PathBuf,
}

impl Spool {
    fn create() -> std::io::Result<(File, Spool)> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("sgflow-{}-{number}.parquet", std::process::id()));
        let mut options = OpenOptions::new();
        // `create_new`: never through a link that someone laid in a shared folder.
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        Ok((file, Spool { path }))
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // Nothing depends on it; the operating system clears its folder of temporary files.
        let _ = std::fs::remove_file(&self.path);
    }
}

pub(crate) fn read_open_file(
    mut file: File,
    name: &str,
    options: &ReadOptions,
    sink: &mut impl Sink,
) -> Result<ObjectSummary, ReadError> {
    let unreadable = |reason: String| ReadError::Parquet { name: name.to_owned(), reason };
    let bytes_read = match file.metadata() {
        Ok(metadata) => metadata.len(),
        Err(source) => {
            return Err(ReadError::Read { name: name.to_owned(), source });
        }
    };

    let (names, metadata) = guarded(|| {
        let mut reader = ParquetReader::new(&mut file);
        let names: Vec<String> = reader.schema()?.iter_names().map(|column| column.to_string()).collect();
        Ok((names, reader.get_metadata()?.clone()))
    })
    .map_err(unreadable)?;

    let mut columns = Vec::new();
    for column in &names {
        columns.push(match Field::from_parquet_column(column) {
            Some(field) => Column::Known(field),
            None => Column::Unknown(column.replace('_', "-")),
        });
    }
    let format = Format::new(columns);
    let rows = metadata.num_rows as u64;
    let mut summary = ObjectSummary {
        shape: Some(Shape::Parquet),
        lines: rows,
        bytes_read,
        damage: None,
        format: Some(format.clone()),
    };
    if format.is_transit_gateway() {
        for _ in 0..rows {
            sink.left_out(LeftOut::TransitGatewayRecord);
        }
        return Ok(summary);
    }
    if let Some(field) = format.missing_for_verdicts()
        && !options.allow_missing_fields
    {
        return Err(ReadError::LacksField { name: name.to_owned(), field });
    }

    let mut wanted: Vec<(Field, String)> = Vec::new();
    for name in &names {
        if let Some(field) = Field::from_parquet_column(name)
            && field.is_in_record()
            && !wanted.iter().any(|(known, _)| *known == field)
        {
            wanted.push((field, name.clone()));
        }
    }
    let needed = Needed::of(|field| format.has(field));
    let selection: Vec<String> = wanted.iter().map(|(_, name)| name.clone()).collect();

    // The reader skips to a slice by walking over all row groups before it; given a directory of one group it starts right there.
    let mut directory = (*metadata).clone();
    let groups = std::mem::take(&mut directory.row_groups);
    let mut line = 0;
    for group in groups {
        let group_rows = group.num_rows();
        let columns: Vec<Range<u64>> = group.parquet_columns().iter().map(|column| column.byte_range()).collect();
        match check_columns(&mut file, &columns, group_rows) {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => return Err(unreadable(reason)),
            Err(source) => return Err(ReadError::Read { name: name.to_owned(), source }),
        }
        directory.num_rows = group_rows;
        directory.row_groups = vec![group];
        let mut from = 0;
        while from < group_rows {
            let count = SLICE.min(group_rows - from);
            let slice = guarded(|| {
                let mut reader = ParquetReader::new(&mut file)
                    .with_columns(Some(selection.clone()))
                    .with_slice(Some((from, count)))
                    .read_parallel(ParallelStrategy::None);
                reader.set_metadata(directory.clone().into());
                reader.finish()
            })
            .map_err(unreadable)?;
            deliver(&slice, &wanted, &needed, &mut line, sink).map_err(unreadable)?;
            from += count;
        }
    }
    summary.lines = line;
    Ok(summary)
}

/// Checks every page header of a Parquet file, whatever it holds, so that no decoder is led to ask for memory without end.
///
/// # Errors
/// A sentence that tells what is wrong.
pub fn check_parquet(path: &Path) -> Result<(), String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let metadata = guarded(|| ParquetReader::new(&mut file).get_metadata().cloned())?;
    for group in &metadata.row_groups {
        let columns: Vec<Range<u64>> = group.parquet_columns().iter().map(|column| column.byte_range()).collect();
        let checked = guarded(|| Ok(check_columns(&mut file, &columns, group.num_rows())))?;
        checked.map_err(|error| error.to_string())??;
    }
    Ok(())
}

/// Checks the columns of one row group, given where they lie.
fn check_columns(file: &mut File, columns: &[Range<u64>], rows: usize) -> std::io::Result<Result<(), String>> {
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    for column in columns {
        if let Err(reason) = pages::check(file, column.clone(), rows)? {
            return Ok(Err(reason));
        }
    }
    Ok(Ok(()))
}

/// Runs the Parquet decoder. It panics on some corrupt files (asserts on sizes that the file itself states), and one broken file among
/// thousands must not end a run.
fn guarded<T>(decode: impl FnOnce() -> PolarsResult<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => Err(panic_text(panic.as_ref())),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        return (*text).to_owned();
    }
    match panic.downcast_ref::<String>() {
        Some(text) => text.clone(),
        None => "the decoder gave up".to_owned(),
    }
}

fn deliver(
    slice: &DataFrame,
    wanted: &[(Field, String)],
    needed: &Needed,
    line: &mut u64,
    sink: &mut impl Sink,
) -> Result<(), String> {
    let mut columns = Vec::with_capacity(wanted.len());
    for (field, name) in wanted {
        columns.push((*field, Cells::of(slice, name).map_err(|error| error.to_string())?));
    }
    for row in 0..slice.height() {
        *line += 1;
        let mut record = Record::default();
        match fill(&mut record, &columns, row).and_then(|()| value::complete(&record, needed)) {
            Ok(()) => sink.record(&record),
            Err(reason) => sink.unparsed(*line, reason, row_as_text(&columns, row).as_bytes()),
        }
    }
    Ok(())
}

fn fill<'d>(record: &mut Record<'d>, columns: &[(Field, Cells<'d>)], row: usize) -> Result<(), Unparsed> {
    for (field, cells) in columns {
        match cells.at(row) {
            Cell::Absent => {}
            Cell::Number(number) => value::set_number(record, *field, number)?,
            Cell::Text(text) => value::set_text(record, *field, text)?,
            Cell::Unreadable => value::unreadable(*field)?,
        }
    }
    Ok(())
}

fn row_as_text(columns: &[(Field, Cells<'_>)], row: usize) -> String {
    let mut text = String::new();
    for (index, (_, cells)) in columns.iter().enumerate() {
        let space = if index > 0 { " " } else { "" };
        // Writing to a string does not fail.
        let _ = match cells.at(row) {
            Cell::Number(number) => write!(text, "{space}{number}"),
            Cell::Text(value) => write!(text, "{space}{}", String::from_utf8_lossy(value)),
            Cell::Absent | Cell::Unreadable => write!(text, "{space}-"),
        };
    }
    text
}
