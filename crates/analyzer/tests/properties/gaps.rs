//! A gap in the logs never makes a rule unused that was not.

use crate::chance::Chance;
use crate::logs::{Columns, LogFile, interfaces, is_whole};
use crate::network::{Network, assert_none};

/// How the records of some hours are lost.
#[derive(Clone, Copy, Debug)]
enum Gap {
    /// All of them, of one interface.
    Dropped,
    /// All of them, of one interface, and SKIPDATA says so.
    Skipped,
    /// SKIPDATA where NODATA was, of one interface; what was recorded stays.
    Silence,
    /// All of them, of every interface.
    Everything,
}

const GAPS: &[Gap] = &[Gap::Dropped, Gap::Dropped, Gap::Skipped, Gap::Skipped, Gap::Silence, Gap::Everything];

impl Gap {
    /// What becomes of a line that the gap meets.
    fn change(self, columns: &Columns, line: &[u8]) -> Option<Vec<u8>> {
        match self {
            Gap::Dropped | Gap::Everything => None,
            Gap::Silence if columns.get(line, "log-status") != "NODATA" => Some(line.to_vec()),
            Gap::Skipped | Gap::Silence => Some(skipped(columns, line)),
        }
    }
}

/// The same line as AWS writes it for an interval in which records were skipped.
fn skipped(columns: &Columns, line: &[u8]) -> Vec<u8> {
    const KEPT: &[&str] =
        &["version", "account-id", "vpc-id", "subnet-id", "instance-id", "interface-id", "start", "end"];
    let text = std::str::from_utf8(line).unwrap();
    let mut fields: Vec<String> = vec!["-".to_owned(); text.split(' ').count()];
    for name in KEPT {
        if columns.at(name).is_some() {
            columns.set(&mut fields, name, columns.get(line, name));
        }
    }
    columns.set(&mut fields, "log-status", "SKIPDATA");
    fields.join(" ").into_bytes()
}

fn with_gap(files: &[LogFile], gap: Gap, interface: &str, from: u32, to: u32) -> Vec<LogFile> {
    let mut changed = Vec::new();
    for file in files {
        let mut lines = Vec::new();
        for line in &file.lines {
            let is_met = is_whole(file, line) && {
                let (start, end) = file.columns.span(line);
                let of_it = matches!(gap, Gap::Everything) || file.columns.get(line, "interface-id") == interface;
                of_it && end >= from && start <= to
            };
            lines.extend(if is_met { gap.change(&file.columns, line) } else { Some(line.clone()) });
        }
        changed.push(LogFile { lines, ..file.clone() });
    }
    changed
}

/// When an interface accepted something.
fn accepted(files: &[LogFile], interface: &str) -> Vec<u32> {
    let mut times = Vec::new();
    for file in files {
        let columns = &file.columns;
        for line in file.lines.iter().filter(|line| is_whole(file, line)) {
            if columns.get(line, "interface-id") == interface && columns.get(line, "action") == "ACCEPT" {
                times.push(columns.span(line).0);
            }
        }
    }
    times
}

#[test]
fn a_gap_proves_nothing() {
    let (mut found, mut tried) = (Vec::new(), 0);
    for network in Network::all(1..=4) {
        let mut chance = Chance::new(tried as u64 + 1);
        let mut ids = interfaces(&network.files);
        // Those that the inventory does not know are few, and the ones to worry about.
        let unknown = |id: &String| network.loaded.inventory.interface_ix(id.as_bytes()).is_none();
        let few: Vec<String> = ids.iter().filter(|id| unknown(id)).cloned().collect();
        for _ in 0..3 {
            ids.extend_from_slice(&few);
        }
        let (first, last) = (network.rollup.ledger.first.unwrap(), network.rollup.ledger.last.unwrap());
        for _ in 0..12 {
            let gap = *chance.pick(GAPS);
            let interface = chance.pick(&ids);
            let hours = *chance.pick(&[1, 2, 5, 12, 48]);
            // Anywhere, or where something is lost that may have been the only use of a rule.
            let uses = if chance.one_in(2) { Vec::new() } else { accepted(&network.files, interface) };
            let middle = if uses.is_empty() {
                first + chance.below(0..(last - first) as usize) as u32
            } else {
                *chance.pick(&uses)
            };
            let (from, to) = (middle.saturating_sub(hours * 1800), middle + hours * 1800);
            let report = network.with_files(&with_gap(&network.files, gap, interface, from, to));
            tried += 1;
            // A known limit: that the inventory was wrong about a known interface is told by the records that contradict it
            // alone, and once they are lost nothing tells it.
            if report.logs.contradictions < network.report.logs.contradictions {
                continue;
            }
            let what = format!("{gap:?} on {interface}, {from} to {to}");
            found.extend(network.newly_unused(&what, &report));
        }
    }
    assert_none(&found, tried);
}
