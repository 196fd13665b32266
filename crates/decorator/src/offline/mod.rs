//! The same documents without a Lambda function: from files or standard input to newline-delimited JSON.
//!
//! One object after another goes through `flowlog` into a [`documents::Documents`] sink; memory stays flat whatever their size. Documents
//! go to standard output or `--out`, everything else to standard error. What cannot be read is said and the rest is done.
//!
//! With `--bulk` the output is the body of a `_bulk` request ([`bulk`]); with `--inventory-index` it is the inventory itself
//! ([`inventory_index`]).

mod bulk;
pub mod cli;
mod documents;
mod inventory_index;
mod logs;
mod message;
mod output;

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use clap::Parser;
use enrich::{Atlas, Sources};
use flowlog::{Damage, ObjectSummary, ReadOptions, Shape};
use inventory::Inventory;

use crate::decorate::{DecorateOptions, Decorator};
use bulk::IndexName;
use cli::{Arguments, Exit};
use documents::Documents;
use logs::{Log, Logs};
use message::Message;
use output::Output;

/// Unparsed lines that are named; the others are counted.
const SAMPLES: usize = 5;

/// The cure for [`documents::SeenCounts::transit_gateway`].
const FOR_TRANSIT_GATEWAYS: &str =
    "transit gateway records become documents with --output-schema ecs; lines without a header also need --log-format";

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse().and_then(Arguments::checked) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no failure.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Fine.into() };
        }
    };
    match run(&arguments) {
        Ok(exit) => exit.into(),
        Err(message) => {
            message.print();
            Exit::Failure.into()
        }
    }
}

fn run(arguments: &Arguments) -> Result<Exit, Box<Message>> {
    if let Some(index) = &arguments.inventory_index {
        return inventory_index::run(arguments, index);
    }
    let logs = logs::find(&arguments.logs);
    if let Some(out) = &arguments.out {
        check_is_no_input(out, arguments, &logs)?;
    }
    let sources = Sources {
        geo: arguments.geo.clone(),
        threat_lists: arguments.threat_list.clone(),
        ip_ranges: arguments.ip_ranges.clone(),
    };
    let atlas = Atlas::open(&sources).map_err(|error| Box::new(Message::from_error(&error)))?;
    let inventory = load_inventory(arguments)?;
    let schema = arguments.output_schema.into();
    let options = DecorateOptions { schema, rule_ids: arguments.rule_ids };
    let decorator = Decorator::new(options, Arc::new(inventory), Arc::new(atlas));
    let output = Output::open(arguments.out.as_deref()).map_err(|error| cannot_write(arguments, &error))?;
    let index = arguments.bulk.as_ref().map(|index| index.clone().unwrap_or_else(|| IndexName::of_flows(schema)));
    let action = index.map_or(Vec::new(), |index| index.create_line());
    let read_options = ReadOptions { log_format: arguments.log_format.clone(), allow_missing_fields: true };

    let documents = Documents::new(decorator, output, action);
    let mut run = Run { documents, options: read_options, is_failed: false, is_cure_told: false };
    for message in &logs.missing {
        run.fail(message);
    }
    for message in logs.warnings().iter().filter(|_| !arguments.quiet) {
        message.print();
    }
    for log in &logs.logs {
        run.read(log);
        if run.documents.has_stopped() {
            break;
        }
    }
    run.check_that_logs_were_read();
    if run.is_failed && run.documents.counts().records == 0 {
        run.documents.give_up();
    }
    let closed_early = run.documents.finish().map_err(|error| cannot_write(arguments, &error))?;
    if !closed_early {
        run.say_what_was_done(arguments);
    }
    // `flow-decorate ... | head -1`: what was asked for was given, unless something failed before.
    Ok(if run.is_failed { Exit::Failure } else { Exit::Fine })
}

fn cannot_write(arguments: &Arguments, error: &io::Error) -> Box<Message> {
    let place = arguments.out.as_ref().map_or("standard output".to_owned(), |path| path.display().to_string());
    Box::new(Message::error(format!("cannot write {place}")).caused_by(error.to_string()))
}

/// The output may not replace what it is made of.
fn check_is_no_input(out: &Path, arguments: &Arguments, logs: &Logs) -> Result<(), Box<Message>> {
    let is_file = fs::metadata(out).is_ok_and(|metadata| metadata.is_file());
    // What is not there is no input, and a device is not replaced.
    let (true, Ok(real)) = (is_file, fs::canonicalize(out)) else {
        return Ok(());
    };
    let threat_lists = arguments.threat_list.iter().map(|(_, path)| path);
    let facts = arguments.inventory.iter().chain(&arguments.geo).chain(threat_lists).chain(&arguments.ip_ranges);
    let mut real_facts = facts.filter_map(|path| fs::canonicalize(path).ok());
    // The inventory may be a folder.
    if logs.contain(&real) || real_facts.any(|path| real.starts_with(path)) {
        let message = Message::error(format!("{} is both to be read and to be written", out.display()));
        return Err(Box::new(message.hint("give --out a name that is not among the inputs")));
    }
    Ok(())
}

fn load_inventory(arguments: &Arguments) -> Result<Inventory, Box<Message>> {
    if arguments.inventory.is_empty() {
        if !arguments.quiet {
            Message::warning("no inventory: documents lack security groups, and the direction unless the log has it")
                .hint("name the output of `aws ec2 describe-network-interfaces` and `describe-security-groups` with --inventory")
                .print();
        }
        return Ok(Inventory::default());
    }
    let loaded = Inventory::load(&arguments.inventory).map_err(|error| Box::new(Message::from_error(&error)))?;
    for note in loaded.notes.iter().filter(|note| !arguments.quiet && !note.kind.is_assumption()) {
        Message::warning(note.text.trim_end_matches('.')).print();
    }
    Ok(loaded.inventory)
}

struct Run {
    documents: Documents,
    options: ReadOptions,
    is_failed: bool,
    /// Whether an error has said [`FOR_TRANSIT_GATEWAYS`].
    is_cure_told: bool,
}

impl Run {
    fn fail(&mut self, message: &Message) {
        self.is_failed = true;
        message.print();
    }

    fn read(&mut self, log: &Log) {
        let name = log.name();
        self.documents.begin(&name);
        let read = match log {
            Log::StandardInput => self.read_stream(io::stdin().lock(), &name),
            Log::File(path) => match File::open(path) {
                Ok(file) => self.read_stream(file, &name),
                Err(error) => Err(Message::error(format!("cannot open {name}"))
                    .caused_by(error.to_string())
                    .hint("check the path and its permissions")),
            },
        };
        if self.documents.has_stopped() {
            return;
        }
        match read {
            Err(message) => self.fail(&message),
            Ok(summary) => self.judge(&name, &summary),
        }
    }

    fn read_stream(&mut self, mut input: impl Read, name: &str) -> Result<ObjectSummary, Message> {
        let cannot_read = |error: io::Error| Message::error(format!("cannot read {name}")).caused_by(error.to_string());
        let mut magic = Vec::with_capacity(4);
        input.by_ref().take(4).read_to_end(&mut magic).map_err(cannot_read)?;
        if magic == b"PAR1" {
            return Err(Message::error(format!("{name} is Parquet, which is not decorated"))
                .hint("deliver the flow log as plain text, or query the Parquet files with sg-audit or Athena"));
        }
        let input = Until { input: io::Cursor::new(magic).chain(input), stop: self.documents.stop() };
        flowlog::read(input, name, &self.options, &mut self.documents).map_err(|error| Message::from_error(&error))
    }

    /// What is to be said of an object that was read.
    fn judge(&mut self, name: &str, summary: &ObjectSummary) {
        match &summary.damage {
            None => {}
            Some(damage @ Damage::TrailingGarbage { .. }) => Message::warning(format!("{name}: {damage}")).print(),
            Some(damage) => {
                self.fail(&Message::error(format!("{name} was not read to its end")).caused_by(damage.to_string()))
            }
        }
        let without_line = self.documents.without_line();
        if without_line == 0 {
            return;
        }
        let what = match summary.shape {
            Some(Shape::Parquet) => "rows of Parquet, which are not decorated",
            _ => "documents that are decorated already",
        };
        self.fail(
            &Message::error(format!("{name} holds {without_line} {what}"))
                .hint("name the flow logs that they were made of"),
        );
    }

    /// Logs without a line are fine: a network may be quiet. Lines of which none is a record are not.
    fn check_that_logs_were_read(&mut self) {
        let counts = self.documents.counts();
        let saw_lines = counts.unparsed > 0 || counts.transit_gateway > 0;
        if counts.records == 0 && saw_lines && !self.is_failed {
            let hint = match counts.transit_gateway {
                0 => {
                    "check that the files are VPC flow logs; if their lines have no header, give their fields with --log-format"
                }
                _ => FOR_TRANSIT_GATEWAYS,
            };
            self.is_cure_told = counts.transit_gateway > 0;
            self.fail(&Message::error("no flow log record could be read").hint(hint));
        }
    }

    fn say_what_was_done(&self, arguments: &Arguments) {
        let quiet = arguments.quiet;
        let counts = self.documents.counts();
        if counts.unparsed > 0 && !quiet {
            let mut message = Message::warning(match counts.unparsed {
                1 => "1 line is no record and was left out".to_owned(),
                count => format!("{count} lines are no records and were left out"),
            });
            for sample in &counts.samples {
                message = message.caused_by(format!("{}:{}: {}", sample.file, sample.line, sample.reason));
            }
            if counts.unparsed > counts.samples.len() as u64 {
                message = message.caused_by("and more");
            }
            message.print();
        }
        if counts.undated > 0 && arguments.bulk.is_some() && !quiet {
            let count = counts.undated;
            let documents = if count == 1 { "1 document has".to_owned() } else { format!("{count} documents have") };
            Message::warning(format!("{documents} no @timestamp, which a data stream refuses and no dashboard shows"))
                .hint("make a flow log that has the field end; without it and start nothing tells when a record was")
                .print();
        }
        if counts.transit_gateway > 0 && !self.is_cure_told && !quiet {
            let records = if counts.transit_gateway == 1 { "record was" } else { "records were" };
            Message::warning(format!("{} transit gateway {records} left out", counts.transit_gateway))
                .hint(FOR_TRANSIT_GATEWAYS)
                .print();
        }
        if !quiet {
            Message::note(counts.sentence()).print();
        }
    }
}

/// An input that ends as soon as nobody wants more of it.
struct Until<R> {
    input: R,
    stop: Rc<Cell<bool>>,
}

impl<R: Read> Read for Until<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.get() { Ok(0) } else { self.input.read(buffer) }
    }
}
