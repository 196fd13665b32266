//! Attribution against a brute-force oracle: plain loops over all rules and all records, on random small networks.
//!
//! The oracle knows no rollup, no cache and no index, and shares no code with what it judges. It is also the attribution in its
//! plainest form, to be read in this order:
//!
//! - `network`: what there is to know: snapshots, rules, records;
//! - `matching`: whether a rule allows a request;
//! - `evidence`: who started a flow;
//! - `attribution`: which rules each record used, or may have used.
//!
//! `random` and `traffic` make the networks up, and `export` writes them as the program reads them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "oracle/attribution.rs"]
mod attribution;
#[path = "oracle/evidence.rs"]
mod evidence;
#[path = "oracle/export.rs"]
mod export;
#[path = "oracle/matching.rs"]
mod matching;
#[path = "oracle/network.rs"]
mod network;
#[path = "oracle/random.rs"]
mod random;
#[path = "oracle/shrinking.rs"]
mod shrinking;
#[path = "oracle/traffic.rs"]
mod traffic;

use analyzer::assemble::{self, ReportOptions};
use analyzer::report::model::{Report, RuleReport, Verdict};
use analyzer::rollup::{KeptPorts, Slice};
use analyzer::scan::{ScanOptions, Unwatched, objects, scan};
use analyzer::verdict::Thresholds;
use attribution::{Count, Totals, attribute};
use inventory::Inventory;
use network::Network;
use std::path::Path;

fn report(folder: &Path) -> Report {
    let loaded = Inventory::load(&[folder.join("inventory")]).unwrap();
    let options = ScanOptions {
        log_format: None,
        since: None,
        until: None,
        slice: Slice::Hour,
        kept_ports: KeptPorts::new(loaded.inventory.kept_ports()),
        threads: 1,
    };
    let objects = objects::find(&[folder.join("logs.txt").display().to_string()]).unwrap();
    let scanned = scan(&objects, &options, &Unwatched);
    assert_eq!(scanned.troubles, []);
    let thresholds = Thresholds { min_days: 0.0, min_coverage: 0.0 };
    let options = ReportOptions { thresholds, threads: 1, ..ReportOptions::default() };
    assemble::report(&scanned.rollup, &loaded.inventory, &loaded.notes, &options)
}

/// What differs, one sentence each.
fn differences(network: &Network) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    network.write(folder.path());
    let report = report(folder.path());
    let expected = attribute(network);

    let mut differences = Vec::new();
    let logs = &report.logs;
    let totals = Totals {
        undetermined_direction: logs.undetermined_direction,
        ambiguous: logs.ambiguous,
        contradictions: logs.contradictions,
        unknown_interfaces: logs.unknown_interfaces,
    };
    if totals != expected.totals {
        differences.push(format!("in total: {totals:?}, expected {:?}", expected.totals));
    }
    let reported: Vec<&RuleReport> = report.groups.iter().flat_map(|group| &group.rules).collect();
    let expected_rules = &network.last_snapshot().rules;
    assert_eq!(reported.len(), expected_rules.len());
    for number in expected_rules {
        let rule = &network.rules[*number];
        let found = reported.iter().find(|reported| reported.description == rule.name).unwrap();
        let evidence = &found.evidence;
        // What answers prove is shown where it is all there is.
        let is_proof_shown = evidence.requests == 0 && expected.of(*number, Count::Ambiguous).records == 0;
        let ambiguous = if is_proof_shown { Count::Implied } else { Count::Ambiguous };
        for (name, count, counted) in [
            ("requests", Count::Request, evidence.requests),
            ("ambiguous", ambiguous, evidence.ambiguous),
            ("assumed_replies", Count::AssumedReply, evidence.assumed_replies),
            ("unplaced", Count::Unplaced, evidence.unplaced),
            ("untracked_answers", Count::UntrackedAnswer, evidence.untracked_answers),
        ] {
            let expected = expected.of(*number, count);
            if !(expected.records..=expected.readings).contains(&counted) {
                differences.push(format!("{rule:?}: {counted} {name}, expected {expected:?}"));
            }
        }
        let (is_used, verdict) = (expected.is_used(*number), found.verdict);
        let says_used = matches!(verdict, Verdict::Used | Verdict::Redundant);
        if verdict != Verdict::Unresolved && is_used != says_used {
            differences.push(format!("{rule:?} is {verdict:?}, expected use: {is_used}"));
        }
    }
    differences
}

/// For a person who looks for the cause of a difference.
fn shown(network: &Network) -> String {
    let Network { vpcs, interfaces, groups, rules, snapshots, format, records, .. } = network;
    let mut text = String::new();
    for vpc in vpcs {
        text += &format!("  {vpc:?}\n");
    }
    for interface in interfaces {
        text += &format!("  {interface:?}\n");
    }
    for (number, group) in groups.iter().enumerate() {
        text += &format!("  {number} {group:?}\n");
    }
    for rule in rules {
        text += &format!("  {rule:?}\n");
    }
    for snapshot in snapshots {
        text += &format!("  {snapshot:?}\n");
    }
    text += &format!("  {format:?}\n");
    for record in records {
        text += &format!("  {record:?}\n");
    }
    text
}

#[test]
fn attribution_equals_the_oracle() {
    let mut faults = Vec::new();
    let only: Option<u64> = std::env::var("SEED").ok().map(|seed| seed.parse().unwrap());
    for seed in 0..600 {
        if only.is_some_and(|only| only != seed) {
            continue;
        }
        let network = random::network(seed);
        let found = differences(&network);
        if !found.is_empty() {
            if faults.len() < 8 {
                let smallest = shrinking::smallest(&network, |candidate| !differences(candidate).is_empty());
                println!("seed {seed}\n{}  {}\n", shown(&smallest), differences(&smallest).join("\n  "));
            }
            faults.push(format!("seed {seed}: {}", found.join("\n  ")));
        }
    }
    assert!(faults.is_empty(), "{} networks differ\n{}", faults.len(), faults.join("\n"));
}
