//! Takes records and writes documents.

use std::cell::Cell;
use std::collections::HashSet;
use std::io;
use std::rc::Rc;

use flowlog::{Format, LeftOut, Record, Sink, Unparsed};
use foldhash::fast::RandomState;

use super::SAMPLES;
use super::output::Output;
use crate::decorate::Decorator;

/// Bytes after which documents are written: large enough that the system call does not show, small enough to stay in the cache.
const BATCH: usize = 128 * 1024;

/// Unknown interfaces that are told apart; beyond, they are "more than".
const UNKNOWN_LIMIT: usize = 100_000;

/// A line that is no record.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its file.
    pub file: String,
    /// Counted from 1.
    pub line: u64,
    /// Why.
    pub reason: Unparsed,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct SeenCounts {
    /// Documents written.
    pub records: u64,
    /// Lines that are no records.
    pub unparsed: u64,
    /// The first of them.
    pub samples: Vec<Sample>,
    /// Documents without `@timestamp`: the record has neither end nor start.
    pub undated: u64,
    /// Records of transit gateways that were left out: of those only the ones whose columns are known become documents, and only in ECS.
    pub transit_gateway: u64,
    unknown_records: u64,
    unknown: HashSet<Box<[u8]>, RandomState>,
}

impl SeenCounts {
    /// For the end.
    pub fn sentence(&self) -> String {
        let mut sentence = format!("{} records decorated", self.records);
        if !self.unknown.is_empty() {
            let more = if self.unknown.len() >= UNKNOWN_LIMIT { "more than " } else { "" };
            let count = self.unknown.len();
            let plural = if count == 1 { "" } else { "s" };
            let records = self.unknown_records;
            sentence +=
                &format!(", {records} of them on {more}{count} interface{plural} that the inventory does not know");
        }
        if self.unparsed > 0 {
            sentence += &format!(", {} lines unparsed", self.unparsed);
        }
        if self.transit_gateway > 0 {
            sentence += &format!(", {} transit gateway records left out", self.transit_gateway);
        }
        sentence
    }
}

/// See the module.
pub struct Documents {
    decorator: Decorator,
    output: Output,
    /// The line before each document, with its end; nothing if there is none.
    action: Vec<u8>,
    batch: Vec<u8>,
    counts: SeenCounts,
    file: String,
    /// Records of the present object that came without a line.
    without_line: u64,
    error: Option<io::Error>,
    stop: Rc<Cell<bool>>,
}

impl Documents {
    /// Nothing is written yet. `action` is a line that is to go before each document, with its end, or nothing.
    pub fn new(decorator: Decorator, output: Output, action: Vec<u8>) -> Documents {
        Documents {
            decorator,
            output,
            action,
            batch: Vec::with_capacity(BATCH + BATCH / 8),
            counts: SeenCounts::default(),
            file: String::new(),
            without_line: 0,
            error: None,
            stop: Rc::default(),
        }
    }

    /// The next object.
    pub fn begin(&mut self, file: &str) {
        file.clone_into(&mut self.file);
        self.without_line = 0;
    }

    /// True once writing has failed: nobody needs to read on.
    pub fn stop(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.stop)
    }

    /// Whether writing has failed.
    pub fn has_stopped(&self) -> bool {
        self.stop.get()
    }

    /// Records of the object that are not decorated: they have no line.
    pub fn without_line(&self) -> u64 {
        self.without_line
    }

    /// What was seen so far.
    pub fn counts(&self) -> &SeenCounts {
        &self.counts
    }

    fn write(&mut self) {
        if self.error.is_none()
            && let Err(error) = self.output.write(&self.batch)
        {
            self.error = Some(error);
            self.stop.set(true);
        }
        self.batch.clear();
    }

    /// Leaves the place of the output as it was. Only what was written to a pipe or a device stays written.
    pub fn give_up(&mut self) {
        self.batch.clear();
        self.output = Output::Standard(io::stdout());
    }

    /// Writes what is left and puts the file in its place. True if the reader of the output has gone, which is no failure.
    ///
    /// # Errors
    /// If anything could not be written.
    pub fn finish(&mut self) -> io::Result<bool> {
        if !self.batch.is_empty() {
            self.write();
        }
        match self.error.take() {
            None => {}
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(true),
            Some(error) => return Err(error),
        }
        std::mem::replace(&mut self.output, Output::Standard(io::stdout())).finish()?;
        Ok(false)
    }
}

impl Sink for Documents {
    fn record(&mut self, _record: &Record<'_>) {
        self.without_line += 1;
    }

    fn line(&mut self, record: &Record<'_>, format: &Format, line: &[u8]) {
        // The batch is written only whole, so no line is ever without the other of its pair.
        self.batch.extend_from_slice(&self.action);
        let decorated = self.decorator.decorate(record, format, line, None, &mut self.batch);
        self.batch.push(b'\n');
        self.counts.records += 1;
        if record.end.is_none() && record.start.is_none() {
            self.counts.undated += 1;
        }
        if decorated.unknown_interface {
            self.counts.unknown_records += 1;
            let id = record.interface_id.unwrap_or_default();
            if self.counts.unknown.len() < UNKNOWN_LIMIT && !self.counts.unknown.contains(id) {
                self.counts.unknown.insert(id.into());
            }
        }
        if self.batch.len() >= BATCH {
            self.write();
        }
    }

    fn unparsed(&mut self, line: u64, reason: Unparsed, _text: &[u8]) {
        if self.stop.get() {
            // The last line is cut because nobody reads on.
            return;
        }
        self.counts.unparsed += 1;
        if self.counts.samples.len() < SAMPLES {
            self.counts.samples.push(Sample { file: self.file.clone(), line, reason });
        }
    }

    fn left_out(&mut self, what: LeftOut) {
        match what {
            LeftOut::TransitGatewayRecord => self.counts.transit_gateway += 1,
            LeftOut::WriteTest => {}
        }
    }

    fn takes_transit_gateways(&self) -> bool {
        self.decorator.takes_transit_gateways()
    }
}
