//! One thread's reader: objects one after another into one rollup.

use super::objects::Object;
use super::{ScanOptions, Scanned, Trouble, Watcher};
use crate::rollup::coverage::SourceIx;
use crate::rollup::ledger::{Damaged, FileRead, Sample};
use crate::rollup::row::{Addr, KeyParts, Totals};
use crate::rollup::{Rollup, RowPort, parquet};
use flowlog::{
    Action, Field, FlowDirection, Format, LeftOut, LogStatus, ObjectSummary, ReadOptions, Record, Shape, Sink,
    Unparsed, opener,
};
use inventory::Direction;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Coverage of an object whose name tells no flow log waits under this number until the object is read: without any
/// accepted record it may come from a flow log that records REJECT alone, and then proves nothing.
const WAITING: SourceIx = SourceIx(u32::MAX);

const TCP: u8 = 6;

pub(super) struct Reader<'a> {
    options: &'a ScanOptions,
    watcher: &'a dyn Watcher,
    rollup: Rollup,
    troubles: Vec<Trouble>,
    current: Current,
}

/// The object that is being read.
#[derive(Default)]
struct Current {
    name: String,
    source: Option<SourceIx>,
    accepted: u64,
    longest_span: u32,
    raw_flags: bool,
    records: u64,
    told: u64,
    /// Unparsed lines by the one interface that they name.
    unparsed: BTreeMap<String, u64>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(options: &'a ScanOptions, watcher: &'a dyn Watcher) -> Self {
        Reader {
            options,
            watcher,
            rollup: Rollup::new(options.slice, options.kept_ports.clone()),
            troubles: Vec::new(),
            current: Current::default(),
        }
    }

    pub(super) fn finish(self) -> Scanned {
        Scanned { rollup: self.rollup, troubles: self.troubles }
    }

    /// Reads one object. Trouble is noted and what came before it stays.
    ///
    /// A fault of ours, or of a library that trusts a broken file, costs this object and not the run.
    pub(super) fn read(&mut self, object: &Object, options: &ReadOptions) {
        let read = catch_unwind(AssertUnwindSafe(|| self.read_unguarded(object, options)));
        if read.is_err() {
            let reason = "reading it failed inside the program; it may be broken: copy it again".to_owned();
            self.rollup.coverage.forget(WAITING);
            self.rollup.ledger.damaged.push(Damaged { name: object.name(), reason: reason.clone() });
            self.troubles.push(Trouble { object: object.name(), message: reason });
        }
    }

    fn read_unguarded(&mut self, object: &Object, options: &ReadOptions) {
        let name = object.name();
        let flow_log = flow_log_id(&name).map(str::to_owned);
        let source = flow_log.as_deref().map(|id| self.rollup.ledger.source(id));
        self.current = Current { name: name.clone(), source, ..Current::default() };

        let read = match object {
            Object::File { path, size } => {
                let read = self.read_file(path, &name, options);
                if !matches!(read, Ok(Outcome::Rollup)) {
                    self.rollup.ledger.files.push(FileRead { name: name.clone(), size: *size });
                }
                read
            }
            Object::Stdin => {
                let read = self.read_stream(io::stdin().lock(), &name, options);
                let size = read.as_ref().map(|outcome| outcome.bytes()).unwrap_or_default();
                self.rollup.ledger.files.push(FileRead { name: name.clone(), size });
                read
            }
        };
        // A format with `next-hop-interface-id` names two interfaces, and of a broken line nobody knows which one is left.
        let names_one = match &read {
            Ok(Outcome::Read { format: Some(format), .. }) => !format.has(Field::NextHopInterfaceId),
            _ => false,
        };
        self.close(names_one);

        let trouble = match read {
            Ok(Outcome::Read { damage, shape, .. }) => {
                if matches!(shape, Some(Shape::Headerless | Shape::JsonMessage | Shape::Decorated)) {
                    self.rollup.ledger.may_be_filtered = true;
                }
                damage
            }
            Ok(Outcome::Rollup) => None,
            Err(reason) => Some(reason),
        };
        if let Some(reason) = trouble {
            self.rollup.ledger.damaged.push(Damaged { name: name.clone(), reason: reason.clone() });
            self.troubles.push(Trouble { object: name, message: reason });
        }
    }

    fn read_file(&mut self, path: &Path, name: &str, options: &ReadOptions) -> Result<Outcome, String> {
        let mut file = File::open(path).map_err(|error| format!("cannot open it: {error}; check its permissions"))?;
        let mut magic = Vec::with_capacity(4);
        let sniffed = file.by_ref().take(4).read_to_end(&mut magic);
        sniffed.map_err(|error| format!("cannot read it: {error}"))?;
        if magic == b"PAR1" {
            return self.read_parquet(path, options);
        }
        // Not sought back: a pipe (`<(zcat ...)`) cannot.
        let whole = io::Cursor::new(magic).chain(file);
        self.read_stream(Watched { inner: whole, watcher: self.watcher }, name, options)
    }

    fn read_stream(&mut self, input: impl Read, name: &str, options: &ReadOptions) -> Result<Outcome, String> {
        let summary = flowlog::read(input, name, options, self).map_err(|error| error.to_string())?;
        Ok(summary.into())
    }

    fn read_parquet(&mut self, path: &Path, options: &ReadOptions) -> Result<Outcome, String> {
        match parquet::load(path, self.options.since, self.options.until) {
            Ok(parquet::Loaded::Rollup(rollup)) => {
                self.watcher.advance(0, rollup.ledger.records());
                self.rollup.merge(*rollup);
                return Ok(Outcome::Rollup);
            }
            // It is read with the rollup that it lies beside.
            Ok(parquet::Loaded::Coverage) => return Ok(Outcome::Rollup),
            Ok(parquet::Loaded::SomethingElse) => {}
            Err(error) => return Err(error.to_string()),
        }
        let summary = flowlog::read_parquet_file(path, options, self).map_err(|error| error.to_string())?;
        self.watcher.advance(summary.bytes_read, 0);
        Ok(summary.into())
    }

    /// Books what the object as a whole told.
    fn close(&mut self, lines_name_one_interface: bool) {
        for (interface, lines) in std::mem::take(&mut self.current.unparsed) {
            let interface = if lines_name_one_interface { interface } else { String::new() };
            let sum = self.rollup.ledger.unparsed.entry(interface).or_default();
            *sum = sum.saturating_add(lines);
        }
        let current = &self.current;
        self.watcher.advance(0, current.records - current.told);
        let source = match current.source {
            Some(source) => source,
            None if current.accepted == 0 => {
                self.rollup.coverage.forget(WAITING);
                return;
            }
            None => {
                let unnamed = self.rollup.ledger.source("");
                self.rollup.coverage.hand_over(WAITING, unnamed);
                unnamed
            }
        };
        let known = &mut self.rollup.ledger.sources[source.0 as usize];
        known.accepted = known.accepted.saturating_add(current.accepted);
        known.longest_span = known.longest_span.max(current.longest_span);
        known.raw_flags |= current.raw_flags;
    }

    fn outside(&self, start: u32, end: u32) -> bool {
        self.options.since.is_some_and(|since| end < since) || self.options.until.is_some_and(|until| start > until)
    }
}

/// Bytes are told to the watcher as they are read, not when a large object is done.
struct Watched<'a, R> {
    inner: R,
    watcher: &'a dyn Watcher,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.watcher.advance(read as u64, 0);
        Ok(read)
    }
}

enum Outcome {
    Read { shape: Option<Shape>, format: Option<Format>, damage: Option<String>, bytes: u64 },
    Rollup,
}

impl From<ObjectSummary> for Outcome {
    fn from(summary: ObjectSummary) -> Self {
        Outcome::Read {
            shape: summary.shape,
            format: summary.format,
            damage: summary.damage.map(|damage| damage.to_string()),
            bytes: summary.bytes_read,
        }
    }
}

impl Outcome {
    fn bytes(&self) -> u64 {
        match self {
            Outcome::Read { bytes, .. } => *bytes,
            Outcome::Rollup => 0,
        }
    }
}

impl Sink for Reader<'_> {
    fn record(&mut self, record: &Record<'_>) {
        let (Some(start), Some(end)) = (record.start, record.end) else {
            return;
        };
        if self.outside(start, end) {
            return;
        }
        self.current.records += 1;
        if self.current.records - self.current.told >= 50_000 {
            self.watcher.advance(0, self.current.records - self.current.told);
            self.current.told = self.current.records;
        }
        let ledger = &mut self.rollup.ledger;
        ledger.note_time(start, end);
        let place = self.rollup.places.intern_bytes(
            record.account_id.unwrap_or_default(),
            record.vpc_id,
            record.interface_id.unwrap_or_default(),
        );
        let skipped = record.log_status == Some(LogStatus::SkipData);
        let source = self.current.source.unwrap_or(WAITING);
        self.rollup.coverage.note(place, source, start, end, skipped);
        self.current.longest_span = self.current.longest_span.max(end.saturating_sub(start));

        match record.log_status {
            Some(LogStatus::NoData) => {
                ledger.no_data += 1;
                return;
            }
            Some(LogStatus::SkipData) => {
                ledger.skipped += 1;
                return;
            }
            Some(LogStatus::Ok) | None => {}
        }
        let (Some(action), Some(protocol), Some(src), Some(dst)) =
            (record.action, record.protocol, record.src_addr, record.dst_addr)
        else {
            // The parser lets no other record through that lacks one of these.
            debug_assert!(false, "an OK record without action, protocol or addresses");
            return;
        };
        match action {
            Action::Accept => {
                ledger.accepted += 1;
                self.current.accepted += 1;
            }
            Action::Reject => ledger.rejected += 1,
        }

        let flags = record.tcp_flags.filter(|_| protocol == TCP).map(opener::from_tcp_flags);
        self.current.raw_flags |= flags.is_some_and(|flags| flags.raw);
        let opener = flags.map(|flags| flags.opener);
        let port = |port: Option<u16>| port.map_or(RowPort::Missing, RowPort::Known);
        let (src_port, dst_port) = self.rollup.kept_ports.thin(port(record.src_port), port(record.dst_port), opener);
        let [src, dst, pkt_src, pkt_dst] = self.rollup.table.pack_addresses([
            Some(src),
            Some(dst),
            record.pkt_src_addr.filter(|packet| *packet != src),
            record.pkt_dst_addr.filter(|packet| *packet != dst),
        ]);
        let (Some(src), Some(dst)): (Option<Addr>, Option<Addr>) = (src, dst) else {
            return;
        };
        let key = KeyParts {
            slice: self.rollup.slice.start_of(start),
            place,
            direction: record.flow_direction.map(|direction| match direction {
                FlowDirection::Ingress => Direction::Ingress,
                FlowDirection::Egress => Direction::Egress,
            }),
            protocol,
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
            packets: record.packets.unwrap_or_default(),
            bytes: record.bytes.unwrap_or_default(),
            flows: 1,
            first_seen: start,
            last_seen: end,
        };
        self.rollup.table.add(key.pack(), &totals);
    }

    fn unparsed(&mut self, line: u64, reason: Unparsed, text: &[u8]) {
        let interface = named_interface(text).unwrap_or_default();
        *self.current.unparsed.entry(interface).or_default() += 1;
        let name = &self.current.name;
        self.rollup.ledger.note_unparsed(reason.kind(), || Sample {
            file: name.clone(),
            line,
            reason: reason.to_string(),
        });
    }

    fn left_out(&mut self, what: LeftOut) {
        let kind = match what {
            LeftOut::TransitGatewayRecord => "transit-gateway-record",
            LeftOut::WriteTest => "write-test",
        };
        *self.rollup.ledger.left_out.entry(kind.to_owned()).or_default() += 1;
    }
}

/// The flow log that wrote an object, from its name:
/// `123456789012_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_20260301T0000Z_1a2b3c4d.log.gz`
/// (AWS, "Flow log files" in "Publish flow logs to Amazon S3").
fn flow_log_id(name: &str) -> Option<&str> {
    let file = name.rsplit('/').next()?;
    file.split('_').find(|part| {
        part.strip_prefix("fl-").is_some_and(|id| id.len() >= 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}

/// The interface that a broken line names, if it surely names just one: then only that interface lost a record. An id is 8 or
/// 17 hexadecimal digits; one that may have been cut short, or a line that holds two (two lines grown together), tells nothing.
fn named_interface(text: &[u8]) -> Option<String> {
    let mut found = None;
    for at in memchr::memmem::find_iter(text, b"eni-") {
        let digits = text[at + 4..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let end = at + 4 + digits;
        let before_is_free = at == 0 || matches!(text[at - 1], b' ' | b'\t' | b'"' | b':');
        let after_is_free = matches!(text.get(end), Some(b' ' | b'\t' | b'"' | b','));
        let whole = (digits == 17 && (after_is_free || end == text.len())) || (digits == 8 && after_is_free);
        if found.is_some() || !before_is_free || !whole {
            return None;
        }
        found = Some(String::from_utf8_lossy(&text[at..end]).into_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flow_log_is_in_the_name() {
        let name = "logs/AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/03/01/123456789012_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_20260301T0000Z_1a2b3c4d.log.gz";
        assert_eq!(flow_log_id(name), Some("fl-0123456789abcdef0"));
        assert_eq!(flow_log_id("fl-dir_fl-0/000000.gz"), None);
        assert_eq!(flow_log_id("-"), None);
    }

    #[test]
    fn a_broken_line_names_one_interface_or_none() {
        let named = |text: &str| named_interface(text.as_bytes());
        assert_eq!(named("2 1 eni-0123456789abcdef0 10.0.0.1").as_deref(), Some("eni-0123456789abcdef0"));
        assert_eq!(named("2 1 eni-0123456789abcdef0").as_deref(), Some("eni-0123456789abcdef0"));
        assert_eq!(named("2 1 eni-01234567 x").as_deref(), Some("eni-01234567"));
        assert_eq!(named("2 1 eni-01234567"), None, "may have been cut short");
        assert_eq!(named("2 1 eni-0123456789ab 10.0.0.1"), None);
        assert_eq!(named("2 1 eni-01234567 x eni-01234568 y"), None, "two lines grown together");
        assert_eq!(named("\u{1}\u{2}"), None);
    }
}
