//! A simulated network, scanned once and planned for as often as needed.

use analyzer::analysis::Analysis;
use analyzer::assemble::ReportOptions;
use analyzer::plan::model::Plan;
use analyzer::plan::{self, PlanOptions};
use analyzer::rollup::{KeptPorts, Rollup, Slice};
use analyzer::scan::{ScanOptions, Unwatched, objects, scan};
use analyzer::verdict::Thresholds;
use inventory::{Inventory, Loaded};
use simulator::{Options, Scenario, Truth, simulate};
use std::path::Path;
use tempfile::TempDir;

/// Short windows keep the tests quick; the scenarios need twelve days.
const DAYS: u32 = 14;

pub struct Network {
    pub truth: Truth,
    pub folder: TempDir,
    pub loaded: Loaded,
    pub rollup: Rollup,
}

impl Network {
    pub fn new(scenario: Scenario, seed: u64) -> Network {
        let mut options = Options::new(scenario, seed);
        if scenario != Scenario::Samples {
            options.days = DAYS;
        }
        let folder = tempfile::tempdir().unwrap();
        let truth = simulate(&options, folder.path()).unwrap();
        let loaded = Inventory::load(&[folder.path().join("inventory")]).unwrap();
        let rollup = read(&folder.path().join("logs"), &loaded.inventory);
        Network { truth, folder, loaded, rollup }
    }

    /// Asks for so little that most of what is used is proven.
    pub fn report_options(&self) -> ReportOptions {
        let thresholds = Thresholds { min_days: 2.0, ..Thresholds::default() };
        ReportOptions { thresholds, threads: 2, ..ReportOptions::default() }
    }

    pub fn analysis(&self) -> Analysis<'_> {
        Analysis::new(&self.rollup, &self.loaded.inventory, &self.report_options())
    }

    pub fn plan(&self, include_likely: bool) -> Plan {
        let options = PlanOptions { include_likely, threads: 2, ..PlanOptions::default() };
        plan::build(&self.analysis(), &options)
            .unwrap_or_else(|error| panic!("{}, seed {}: {error}: {error:#?}", self.truth.scenario, self.truth.seed))
    }
}

pub fn read(logs: &Path, inventory: &Inventory) -> Rollup {
    let options = ScanOptions {
        log_format: None,
        since: None,
        until: None,
        slice: Slice::Hour,
        kept_ports: KeptPorts::new(inventory.kept_ports()),
        threads: 2,
    };
    scan(&objects::find(&[logs.display().to_string()]).unwrap(), &options, &Unwatched).rollup
}
