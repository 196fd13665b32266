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
//! `replays` asks the same of changed rules, which `proposals` makes up: what would have been denied.
//!
//! `random` and `traffic` make the networks up, and `export` writes them as the program reads them. What was found this way is
//! in `faults`, one small network each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "oracle/attribution.rs"]
mod attribution;
#[path = "oracle/evidence.rs"]
mod evidence;
#[path = "oracle/export.rs"]
mod export;
#[path = "oracle/faults.rs"]
mod faults;
#[path = "oracle/matching.rs"]
mod matching;
#[path = "oracle/network.rs"]
mod network;
#[path = "oracle/proposals.rs"]
mod proposals;
#[path = "oracle/random.rs"]
mod random;
#[path = "oracle/replaying.rs"]
mod replaying;
#[path = "oracle/replays.rs"]
mod replays;
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
use std::collections::BTreeMap;
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
    let objects = objects::find(&[folder.join("logs").display().to_string()]).unwrap();
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
        let is_proof_shown = evidence.requests == 0 && expected.of(*number, Count::Ambiguous) == 0;
        let ambiguous = if is_proof_shown { Count::Implied } else { Count::Ambiguous };
        for (name, count, counted) in [
            ("requests", Count::Request, evidence.requests),
            ("ambiguous", ambiguous, evidence.ambiguous),
            ("assumed_replies", Count::AssumedReply, evidence.assumed_replies),
            ("unplaced", Count::Unplaced, evidence.unplaced),
            ("untracked_answers", Count::UntrackedAnswer, evidence.untracked_answers),
        ] {
            let expected = expected.of(*number, count);
            if expected != counted {
                differences.push(format!("{rule:?}: {counted} {name}, expected {expected}"));
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
    let Network { vpcs, interfaces, groups, rules, snapshots, flow_logs, records, .. } = network;
    let mut lines: Vec<String> = vpcs.iter().map(|vpc| format!("{vpc:?}")).collect();
    lines.extend(interfaces.iter().map(|interface| format!("{interface:?}")));
    lines.extend(groups.iter().map(|group| format!("{group:?}")));
    lines.extend(rules.iter().map(|rule| format!("{rule:?}")));
    lines.extend(snapshots.iter().map(|snapshot| format!("{snapshot:?}")));
    lines.extend(flow_logs.iter().map(|flow_log| format!("{flow_log:?}")));
    lines.extend(records.iter().map(|record| format!("{record:?}")));
    lines.join("\n  ")
}

const NETWORKS: u64 = 1500;

#[test]
fn attribution_equals_the_oracle() {
    let mut faults = Vec::new();
    for seed in 0..NETWORKS {
        let network = random::network(seed);
        if !differences(&network).is_empty() {
            faults.push(seed);
        }
    }
    if let Some(seed) = faults.first() {
        let smallest = shrinking::smallest(&random::network(*seed), |network| !differences(network).is_empty());
        let text = differences(&smallest).join("\n  ");
        panic!("{} networks differ: {faults:?}\nseed {seed} in small:\n  {}\n  {text}", faults.len(), shown(&smallest));
    }
}

/// Where something never happens, nothing was tested.
#[test]
fn the_networks_are_full_of_everything() {
    let mut totals = Totals::default();
    let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..NETWORKS / 5 {
        let network = random::network(seed);
        let attribution = attribute(&network);
        totals.undetermined_direction += attribution.totals.undetermined_direction;
        totals.ambiguous += attribution.totals.ambiguous;
        totals.contradictions += attribution.totals.contradictions;
        totals.unknown_interfaces += attribution.totals.unknown_interfaces;
        for rule in &network.last_snapshot().rules {
            let has = |count: Count| attribution.of(*rule, count) > 0;
            for (name, is_so) in [
                ("requests", has(Count::Request)),
                ("only possibly", !has(Count::Request) && has(Count::Ambiguous)),
                ("only implied", !has(Count::Request) && !has(Count::Ambiguous) && has(Count::Implied)),
                ("only assumed replies", !attribution.is_used(*rule) && has(Count::AssumedReply)),
                ("only unplaced", !attribution.is_used(*rule) && has(Count::Unplaced)),
                ("untracked answers", has(Count::UntrackedAnswer)),
                ("nothing", Count::ALL.into_iter().all(|count| !has(count))),
            ] {
                *rules.entry(name).or_default() += u64::from(is_so);
            }
        }
    }
    println!("{totals:?}\n{rules:?}");
    assert!(rules.values().all(|count| *count >= 20), "{rules:?}");
    let Totals { undetermined_direction, ambiguous, contradictions, unknown_interfaces } = totals;
    for total in [undetermined_direction, ambiguous, contradictions, unknown_interfaces] {
        assert!(total >= 100, "{totals:?}");
    }
}
