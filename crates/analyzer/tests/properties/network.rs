//! A simulated network that is judged again and again, with changed logs or a changed inventory.

use crate::logs::{self, LogFile};
use analyzer::assemble::{self, ReportOptions};
use analyzer::report::model::{GroupVerdict, Report, Verdict};
use analyzer::rollup::{KeptPorts, Rollup, Slice};
use analyzer::scan::{ScanOptions, Unwatched, objects, scan};
use analyzer::verdict::Thresholds;
use inventory::Loaded;
use serde_json::{Value, json};
use simulator::{Options, Scenario, simulate};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Short windows keep the tests quick; the scenarios need twelve days.
const DAYS: u32 = 14;

pub struct Network {
    /// Scenario and seed, for messages.
    pub name: String,
    pub folder: TempDir,
    pub files: Vec<LogFile>,
    /// The inventory's files by name.
    pub documents: BTreeMap<String, Value>,
    pub loaded: Loaded,
    pub rollup: Rollup,
    pub report: Report,
    min_days: f64,
}

impl Network {
    pub fn new(scenario: Scenario, seed: u64) -> Network {
        let mut options = Options::new(scenario, seed);
        let is_samples = scenario == Scenario::Samples;
        if !is_samples {
            options.days = DAYS;
        }
        let folder = tempfile::tempdir().unwrap();
        simulate(&options, folder.path()).unwrap();
        let mut documents = BTreeMap::new();
        for entry in fs::read_dir(folder.path().join("inventory")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            documents.insert(name, serde_json::from_slice(&fs::read(path).unwrap()).unwrap());
        }
        // With it more rules are unused, and so more could become so by mistake.
        if !seed.is_multiple_of(3) {
            documents.insert("mirror-targets.json".to_owned(), json!({"TrafficMirrorTargets": []}));
        }
        let loaded = load(&documents);
        let rollup = read(&folder.path().join("logs"), &scan_options(&loaded));
        let mut network = Network {
            name: format!("{}, seed {seed}", scenario.name()),
            files: logs::load(&folder.path().join("logs")),
            folder,
            documents,
            report: assemble::report(&rollup, &loaded.inventory, &loaded.notes, &ReportOptions::default()),
            loaded,
            rollup,
            min_days: if is_samples { 2.0 } else { f64::from(DAYS) - 4.0 },
        };
        network.report = network.judge(&network.rollup, &network.loaded);
        network
    }

    /// Every network of the test matrix, and the samples, by seed.
    pub fn all(seeds: std::ops::RangeInclusive<u64>) -> impl Iterator<Item = Network> {
        let scenarios = Scenario::MATRIX.into_iter().chain([Scenario::Samples]);
        scenarios.flat_map(move |scenario| seeds.clone().map(move |seed| Network::new(scenario, seed)))
    }

    /// Judges in the window of the unchanged logs, whatever a change left of them.
    pub fn judge(&self, rollup: &Rollup, loaded: &Loaded) -> Report {
        let options = ReportOptions {
            since: self.rollup.ledger.first,
            until: self.rollup.ledger.last,
            thresholds: Thresholds { min_days: self.min_days, ..Thresholds::default() },
            threads: 1,
            ..ReportOptions::default()
        };
        assemble::report(rollup, &loaded.inventory, &loaded.notes, &options)
    }

    /// The report on changed logs.
    pub fn with_files(&self, files: &[LogFile]) -> Report {
        let folder = tempfile::tempdir().unwrap();
        logs::store(&logs::by_flow_log(files), folder.path());
        self.judge(&read(folder.path(), &scan_options(&self.loaded)), &self.loaded)
    }

    /// The report with further objects beside the unchanged ones.
    pub fn with_more(&self, files: &[LogFile]) -> Report {
        let folder = tempfile::tempdir().unwrap();
        logs::store(files, folder.path());
        let mut rollup = self.rollup.clone();
        rollup.merge(read(folder.path(), &scan_options(&self.loaded)));
        self.judge(&rollup, &self.loaded)
    }

    /// The report with a changed inventory.
    pub fn with_documents(&self, documents: &BTreeMap<String, Value>) -> Report {
        let loaded = load(documents);
        let (kept, known) = (loaded.inventory.kept_ports(), self.loaded.inventory.kept_ports());
        assert_eq!(kept, known, "the rules did not change, so the same ports must be kept");
        self.judge(&self.rollup, &loaded)
    }

    /// Tells of rules that are unused in this report, or groups that are idle, and were not before; nothing if there are none.
    pub fn newly_unused(&self, what: &str, after: &Report) -> Option<String> {
        let before = verdicts(&self.report);
        let mut found = Vec::new();
        for group in &after.groups {
            for rule in &group.rules {
                let known = before.get(&(group.group_id.as_str(), rule.rule_id.as_str()));
                if rule.verdict != Verdict::Unused || known.is_some_and(|(verdict, _)| *verdict == Verdict::Unused) {
                    continue;
                }
                let (verdict, reason) = known.map_or(("missing", ""), |(verdict, reason)| (verdict.name(), reason));
                let (from, to) = (rule.from_port, rule.to_port);
                found.push(format!(
                    "{} of {} ({} {} {from:?}-{to:?} {}) was {verdict}: {reason}",
                    rule.rule_id, group.group_name, rule.direction, rule.protocol, rule.peer,
                ));
            }
        }
        let known: BTreeMap<&str, GroupVerdict> =
            self.report.groups.iter().map(|group| (group.group_id.as_str(), group.verdict)).collect();
        for group in after.groups.iter().filter(|group| group.verdict == GroupVerdict::Idle) {
            let before = known.get(group.group_id.as_str());
            if before != Some(&GroupVerdict::Idle) {
                found.push(format!("{} itself, now idle, was {before:?}", group.group_name));
            }
        }
        let first = found.first()?;
        Some(format!("{}: {what}: {} became unused, the first {first}", self.name, found.len()))
    }
}

/// Verdict and reason by group and rule.
pub fn verdicts(report: &Report) -> BTreeMap<(&str, &str), (Verdict, &str)> {
    let mut verdicts = BTreeMap::new();
    for group in &report.groups {
        for rule in &group.rules {
            verdicts.insert((group.group_id.as_str(), rule.rule_id.as_str()), (rule.verdict, rule.reason.as_str()));
        }
    }
    verdicts
}

pub fn load(documents: &BTreeMap<String, Value>) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    for (name, document) in documents {
        fs::write(folder.path().join(name), document.to_string()).unwrap();
    }
    inventory::Inventory::load(&[folder.path().to_owned()]).unwrap()
}

/// What `sg-audit report` would ask a scan for.
pub fn scan_options(loaded: &Loaded) -> ScanOptions {
    ScanOptions {
        log_format: None,
        since: None,
        until: None,
        slice: Slice::Hour,
        kept_ports: KeptPorts::new(loaded.inventory.kept_ports()),
        threads: 1,
    }
}

pub fn read(logs: &Path, options: &ScanOptions) -> Rollup {
    read_all(&[logs.display().to_string()], options)
}

pub fn read_all(logs: &[String], options: &ScanOptions) -> Rollup {
    let scanned = scan(&objects::find(logs).unwrap(), options, &Unwatched);
    assert_eq!(scanned.troubles, []);
    scanned.rollup
}

/// Fails with all that was found, if anything was.
pub fn assert_none(found: &[String], tried: usize) {
    println!("{tried} changes tried");
    let shown: Vec<&str> = found.iter().take(40).map(String::as_str).collect();
    assert!(found.is_empty(), "{} of {tried} changes:\n{}", found.len(), shown.join("\n"));
}
