//! Rollups of parts, merged in any order and grouping, are the rollup of the whole.

use crate::chance::Chance;
use crate::logs::{self, LogFile};
use crate::network::{Network, read, scan_options};
use analyzer::rollup::{KeptPorts, Rollup, Slice, parquet};
use simulator::Scenario;
use std::fs;
use std::path::Path;

/// Both files of a stored rollup.
fn stored(rollup: &Rollup, folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let path = folder.join("rollup.parquet");
    parquet::store(rollup, &path).unwrap();
    (fs::read(&path).unwrap(), fs::read(parquet::coverage_path(&path)).unwrap())
}

/// Merges two at a time, any two, until one is left.
fn merged(mut parts: Vec<Rollup>, chance: &mut Chance) -> Rollup {
    while parts.len() > 1 {
        let mut into = parts.swap_remove(chance.below(0..parts.len()));
        let from = parts.swap_remove(chance.below(0..parts.len()));
        into.merge(from);
        parts.push(into);
    }
    parts.pop().unwrap()
}

#[test]
fn parts_merged_in_any_order_are_the_whole() {
    let kept: Vec<KeptPorts> = vec![
        KeptPorts::new([32_768..=65_535]),
        KeptPorts::new([50_000..=50_100, 60_000..=60_010]),
        KeptPorts::new([40_000..=55_000]),
        KeptPorts::default(),
    ];
    for network in Network::all(1..=2) {
        let mut chance = Chance::new(7);
        for round in 0..4 {
            // Every part is scanned on its own, with ports and slices of its own.
            let count = chance.below(2..7);
            let mut parts = Vec::new();
            let (mut slice, mut both) = (Slice::Hour, kept[0].clone());
            let folder = tempfile::tempdir().unwrap();
            let mut files = network.files.clone();
            chance.shuffle(&mut files);
            for chunk in files.chunks(files.len().div_ceil(count)) {
                let place = folder.path().join(format!("logs/{}", parts.len()));
                let mut options = scan_options(&network.loaded);
                options.kept_ports = if round == 0 { kept[0].clone() } else { chance.pick(&kept).clone() };
                options.slice = if chance.one_in(4) { Slice::Day } else { Slice::Hour };
                logs::store(chunk, &place);
                (slice, both) = (slice.max(options.slice), both.intersection(&options.kept_ports));
                parts.push(read(&place, &options));
            }
            let mut options = scan_options(&network.loaded);
            (options.slice, options.kept_ports) = (slice, both);
            let whole = read(&folder.path().join("logs"), &options);
            let expected = stored(&whole, folder.path());
            for _ in 0..3 {
                let found = merged(parts.clone(), &mut chance);
                assert_same(&found, &whole, &network.name);
                assert!(stored(&found, folder.path()) == expected, "{}, round {round}: other bytes", network.name);
            }
        }
    }
}

/// Says where two rollups differ, before their bytes do.
fn assert_same(found: &Rollup, whole: &Rollup, name: &str) {
    assert_eq!(found.slice, whole.slice, "{name}");
    assert_eq!(found.kept_ports, whole.kept_ports, "{name}");
    // The numbers of the sources are no part of what a rollup says.
    let sorted = |rollup: &Rollup| {
        let mut ledger = rollup.ledger.clone();
        ledger.sources.sort_by(|a, b| a.name.cmp(&b.name));
        ledger
    };
    assert_eq!(sorted(found), sorted(whole), "{name}");
    assert_eq!(found.table.rows().len(), whole.table.rows().len(), "{name}");
}

/// One object in two parts: the same rows from both sides add up.
#[test]
fn a_file_cut_in_two_is_the_file() {
    let network = Network::new(Scenario::V5, 1);
    let folder = tempfile::tempdir().unwrap();
    let mut chance = Chance::new(8);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for file in &network.files {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for line in &file.lines {
            if chance.one_in(2) { &mut one } else { &mut other }.push(line.clone());
        }
        left.push(LogFile { lines: one, ..file.clone() });
        right.push(LogFile { lines: other, ..file.clone() });
    }
    let options = scan_options(&network.loaded);
    let mut parts = Vec::new();
    for (name, files) in [("left", &left), ("right", &right)] {
        logs::store(files, &folder.path().join(name));
        parts.push(read(&folder.path().join(name), &options));
    }
    let found = merged(parts, &mut chance);
    let report = network.judge(&found, &network.loaded);
    // Twice as many objects, and nothing else.
    let mut expected = network.report.clone();
    expected.logs.files *= 2;
    assert_eq!(serde_json::to_string(&report).unwrap(), serde_json::to_string(&expected).unwrap());
}
