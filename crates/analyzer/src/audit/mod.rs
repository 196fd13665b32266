//! The commands: read, judge, write, and say on standard error what a person should know.

use crate::assemble;
use crate::cli::Exit;
use crate::cli::destination::{is_closed_pipe, write_results};
use crate::cli::message::Message;
use crate::cli::options::{InputOptions, ReportOptions, RollupOptions};
use crate::cli::progress::Progress;
use crate::cli::terminal::style_of_output;
use crate::cli::values::{OutputFormat, Slice as SliceChoice};
use crate::recommend::Limits;
use crate::report::baseline::{Baseline, BaselineError};
use crate::report::{csv, json, markdown, table};
use crate::rollup::{KeptPorts, Rollup, Slice, parquet};
use crate::scan::objects::{Object, find};
use crate::scan::{ScanOptions, Scanned, Watcher, scan};
use crate::verdict::Thresholds;
use inventory::{Inventory, Loaded};
use std::path::{Path, PathBuf};

pub mod explain;
pub mod page;
pub mod plan;
pub mod replay;

pub use explain::explain;
pub use plan::plan;
pub use replay::replay;

/// How a command ended.
pub type Done = Result<Exit, Box<Message>>;

/// `sg-audit report`.
pub fn report(options: &ReportOptions) -> Done {
    if options.output == OutputFormat::Html {
        return page::page(options);
    }
    let baseline = load_baseline(options)?;
    let loaded = load_inventory(&options.inventory, &options.input)?;
    let kept_ports = KeptPorts::new(loaded.inventory.kept_ports());
    let scanned = read(&options.input, Slice::Hour, kept_ports)?;
    let asked = asked(&options.input, options.thresholds, options.limits);
    let mut report = assemble::report(&scanned.rollup, &loaded.inventory, &loaded.notes, &asked);
    report.changes = baseline.map(|baseline| baseline.changes(&report));
    // The rows are no longer needed, and giving back millions of them takes longer than ending does.
    std::mem::forget(scanned);

    let out = options.out.as_deref();
    let written = write_results(out, |to| match options.output {
        OutputFormat::Table => table::write(&report, style_of_output(out.is_some()), to),
        OutputFormat::Json => json::write(&report, to),
        OutputFormat::Csv => csv::write(&report, to),
        OutputFormat::Markdown => markdown::write(&report, to),
        // A page needs more than a report, and was written above.
        OutputFormat::Html => Ok(()),
    });
    match written {
        Ok(()) => {}
        Err(error) if is_closed_pipe(&error) => {}
        Err(error) => return Err(not_written(out, &error)),
    }
    if options.input.strict && report.logs.incomplete {
        return Err(strict());
    }
    Ok(options.exit_after(&report))
}

/// `sg-audit rollup`.
pub fn rollup(options: &RollupOptions) -> Done {
    let slice = match options.slice {
        SliceChoice::Hour => Slice::Hour,
        SliceChoice::Day => Slice::Day,
    };
    let kept_ports = KeptPorts::new(options.keep_ports.iter().map(|range| range.from..=range.to));
    let scanned = read(&options.input, slice, kept_ports)?;
    let incomplete = scanned.rollup.ledger.incomplete();
    if options.input.strict && incomplete {
        return Err(strict());
    }
    parquet::store(&scanned.rollup, &options.out).map_err(|error| Box::new(Message::from_error(&error)))?;
    Ok(Exit::Fine)
}

/// Before the logs, which may take long: a wrong file is told at once.
fn load_baseline(options: &ReportOptions) -> Result<Option<Baseline>, Box<Message>> {
    let baseline = options.baseline.as_deref().map(Baseline::load).transpose();
    baseline.map_err(|error| Box::new(Message::from_error(&error).hint(BaselineError::CURE)))
}

fn load_inventory(paths: &[PathBuf], input: &InputOptions) -> Result<Loaded, Box<Message>> {
    let loaded = Inventory::load(paths).map_err(|error| Box::new(Message::from_error(&error)))?;
    if !input.quiet {
        for note in loaded.notes.iter().filter(|note| !note.kind.is_assumption()) {
            Message::warning(note.text.clone()).print();
        }
    }
    Ok(loaded)
}

fn asked(input: &InputOptions, thresholds: Thresholds, limits: Limits) -> assemble::ReportOptions {
    assemble::ReportOptions {
        since: epoch_u32(input.window.since),
        until: epoch_u32(input.window.until),
        thresholds,
        limits,
        threads: input.threads,
        ..assemble::ReportOptions::default()
    }
}

fn read(options: &InputOptions, slice: Slice, kept_ports: KeptPorts) -> Result<Scanned, Box<Message>> {
    let logs: Vec<String> = options.logs.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let objects = find(&logs).map_err(|error| Box::new(Message::from_error(&error)))?;
    let log_format = options.log_format.as_deref().map(flowlog::Format::from_template).transpose();
    let scan_options = ScanOptions {
        log_format: log_format.map_err(|error| Box::new(Message::from_error(&error)))?,
        since: epoch_u32(options.window.since),
        until: epoch_u32(options.window.until),
        slice,
        kept_ports,
        threads: options.threads,
    };
    let sizes = objects.iter().map(|object| match object {
        Object::File { size, .. } => Some(*size),
        Object::Stdin => None,
    });
    // With standard input among them the sum is not known.
    let total = sizes.sum::<Option<u64>>().unwrap_or(0);
    let progress = Progress::new(options.quiet, objects.len() as u64, total);
    let scanned = scan(&objects, &scan_options, &Bar(&progress));
    progress.finish();

    if !options.quiet {
        for trouble in &scanned.troubles {
            Message::warning(trouble.to_string()).print();
        }
    }
    nothing_read(&scanned, options)?;
    Ok(scanned)
}

/// A report on nothing would look like a finding.
fn nothing_read(scanned: &Scanned, options: &InputOptions) -> Result<(), Box<Message>> {
    let Rollup { ledger, .. } = &scanned.rollup;
    if ledger.records() > 0 {
        return Ok(());
    }
    let mut message = Message::error("no flow log record could be read from the logs that were named");
    // Otherwise they stand above, as warnings.
    if options.quiet {
        for trouble in scanned.troubles.iter().take(3) {
            message = message.caused_by(trouble.to_string());
        }
    }
    for sample in ledger.unparsed_samples.iter().take(3) {
        message = message.caused_by(format!("{}, line {}: {}", sample.file, sample.line, sample.reason));
    }
    let hint = if options.window.since.is_some() || options.window.until.is_some() {
        "check --since and --until, and that the files are VPC flow logs"
    } else {
        "check that the files are VPC flow logs; lines without a header may need --log-format"
    };
    Err(Box::new(message.hint(hint)))
}

struct Bar<'a>(&'a Progress);

impl Watcher for Bar<'_> {
    fn advance(&self, bytes: u64, records: u64) {
        self.0.advance(bytes, records);
    }

    fn file_done(&self) {
        self.0.file_done();
    }
}

fn epoch_u32(time: Option<i64>) -> Option<u32> {
    time.map(|seconds| u32::try_from(seconds.max(0)).unwrap_or(u32::MAX))
}

fn not_written(out: Option<&Path>, error: &std::io::Error) -> Box<Message> {
    let place = out.map_or("standard output".to_owned(), |path| path.display().to_string());
    Box::new(Message::error(format!("cannot write the report to {place}")).caused_by(error.to_string()))
}

fn strict() -> Box<Message> {
    let what = "some input could not be read to its end, and --strict asks that all of it is";
    Box::new(Message::error(what).hint("read the warnings above; without --strict the rest is used"))
}
