//! Verdicts against the truth of simulated networks: no rule that was needed is ever called unused, and what can be found is
//! found. Each of the three kinds of care that the verdicts take is left out once, to show that the networks would notice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use analyzer::assemble::{self, ReportOptions};
use analyzer::attribute::Careless;
use analyzer::report::model::{Report, Verdict};
use analyzer::rollup::{KeptPorts, Rollup, Slice};
use analyzer::scan::{ScanOptions, Unwatched, objects, scan};
use inventory::{Inventory, Loaded};
use simulator::{Options, Scenario, Truth, simulate};
use std::collections::HashMap;
use std::path::Path;

const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;

/// A simulated network, scanned once: judging it again costs little.
struct Network {
    truth: Truth,
    loaded: Loaded,
    rollup: Rollup,
}

impl Network {
    fn new(scenario: Scenario, seed: u64) -> Network {
        let folder = tempfile::tempdir().unwrap();
        let truth = simulate(&Options::new(scenario, seed), folder.path()).unwrap();
        let loaded = Inventory::load(&[folder.path().join("inventory")]).unwrap();
        let rollup = read(&folder.path().join("logs"), &loaded.inventory);
        Network { truth, loaded, rollup }
    }

    fn report(&self, careless: Careless) -> Report {
        let options = ReportOptions { threads: 2, careless, ..ReportOptions::default() };
        assemble::report(&self.rollup, &self.loaded.inventory, &self.loaded.notes, &options)
    }
}

fn read(logs: &Path, inventory: &Inventory) -> Rollup {
    let options = ScanOptions {
        log_format: None,
        since: None,
        until: None,
        slice: Slice::Hour,
        kept_ports: KeptPorts::new(inventory.kept_ports()),
        threads: 2,
    };
    let objects = objects::find(&[logs.display().to_string()]).unwrap();
    let scanned = scan(&objects, &options, &Unwatched);
    assert_eq!(scanned.troubles, []);
    scanned.rollup
}

/// What verdicts are worth, held against the truth.
#[derive(Debug, Default, Clone, Copy)]
struct Score {
    needed: u32,
    false_unused: u32,
    false_likely: u32,
    free: u32,
    free_found: u32,
    must_find: u32,
    found: u32,
}

impl Score {
    fn add(&mut self, network: &Network, report: &Report, faults: &mut Vec<String>) {
        let mut verdicts: HashMap<&str, (Verdict, &str)> = HashMap::new();
        for rule in report.groups.iter().flat_map(|group| &group.rules) {
            verdicts.insert(&rule.rule_id, (rule.verdict, &rule.reason));
        }
        let truth = &network.truth;
        for rule in &truth.rules {
            let (verdict, reason) = verdicts[rule.rule_id.as_str()];
            let is_found = matches!(verdict, Verdict::Unused | Verdict::LikelyUnused);
            let fault = |what: &str| {
                let Truth { scenario, seed, .. } = truth;
                format!("{scenario}, seed {seed}: {what}: {} is {}: {reason}", rule.text, verdict.name())
            };
            if rule.needed {
                self.needed += 1;
                self.false_unused += u32::from(verdict == Verdict::Unused);
                self.false_likely += u32::from(verdict == Verdict::LikelyUnused);
                if is_found {
                    faults.push(fault("needed"));
                }
                continue;
            }
            self.free += 1;
            self.free_found += u32::from(is_found);
            if rule.hard.is_empty() {
                self.must_find += 1;
                self.found += u32::from(is_found);
                if !is_found {
                    faults.push(fault("not found"));
                }
            }
        }
    }
}

fn judged(scenario: Scenario) {
    let mut score = Score::default();
    let mut faults = Vec::new();
    for seed in SEEDS {
        let network = Network::new(scenario, seed);
        let report = network.report(Careless::default());
        let logs = &report.logs;
        let records = &network.truth.records;
        assert_eq!(logs.records, records.records);
        assert_eq!(logs.accepted, records.accepted);
        assert_eq!(logs.rejected, records.rejected);
        assert_eq!(logs.no_data, records.no_data);
        assert_eq!(logs.skipped, records.skipped);
        score.add(&network, &report, &mut faults);
    }
    let rest = score.free - score.must_find;
    println!(
        "{}: {} needed rules, {} falsely unused, {} falsely likely-unused; of {} free ones {} must be found and {} are, \
         and of the other {} are {}",
        scenario.name(),
        score.needed,
        score.false_unused,
        score.false_likely,
        score.free,
        score.must_find,
        score.found,
        rest,
        score.free_found - score.found,
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(score.needed > 500 && score.must_find > 300, "too few rules to mean anything: {score:?}");
}

#[test]
fn default_format() {
    judged(Scenario::V2);
}

#[test]
fn version_5() {
    judged(Scenario::V5);
}

#[test]
fn default_format_with_deleted_interfaces() {
    judged(Scenario::V2Deleted);
}

#[test]
fn version_5_with_a_timeline() {
    judged(Scenario::V5Timeline);
}

#[test]
fn default_format_with_gaps() {
    judged(Scenario::V2Gaps);
}

/// How a careless program fares: false alarms, and the share found of what must be found.
fn careless(scenario: Scenario, careless: Careless) -> Score {
    let mut score = Score::default();
    for seed in SEEDS {
        let network = Network::new(scenario, seed);
        score.add(&network, &network.report(careless), &mut Vec::new());
    }
    println!("{} with {careless:?}: {score:?}", scenario.name());
    score
}

#[test]
fn without_the_evidence_of_who_opened_a_flow_too_little_is_found() {
    let score = careless(Scenario::V2, Careless { no_evidence: true, ..Careless::default() });
    assert!(score.found < score.must_find, "{score:?}");
}

#[test]
fn without_coverage_needed_rules_are_called_unused() {
    let score = careless(Scenario::V2Gaps, Careless { no_coverage: true, ..Careless::default() });
    assert!(score.false_unused > 0, "{score:?}");
}

#[test]
fn without_unplaced_traffic_needed_rules_are_called_unused() {
    for scenario in [Scenario::V2Deleted, Scenario::V5Timeline] {
        let score = careless(scenario, Careless { no_unplaced: true, ..Careless::default() });
        assert!(score.false_unused > 0, "{score:?}");
    }
}
