//! Made-up AWS networks whose truth is known.
//!
//! A program that reads VPC Flow Logs can only be trusted if somebody knows what the logs do not say. This crate makes
//! networks of interfaces, security groups and rules, lets them talk (who opens connections to whom, when and how), and
//! writes what AWS would have written: the flow log records of an S3 export, the inventory as `aws ec2 describe-*` prints
//! it, and, beside them, `truth.json`: which rules were really needed.
//!
//! ```no_run
//! use std::path::Path;
//! use simulator::{Options, Scenario, simulate};
//!
//! let truth = simulate(&Options::new(Scenario::V2, 7), Path::new("/tmp/network-7"))?;
//! let needed = truth.rules.iter().filter(|rule| rule.needed).count();
//! println!("{} records, {needed} of {} rules are needed", truth.records.records, truth.rules.len());
//! # Ok::<(), anyhow::Error>(())
//! ```
//!
//! It knows nothing of the other crates on purpose: an oracle must not share its judge's mistakes. Read it in this order:
//! `network` (what there is), `traffic` (what happens), `rows` (what AWS records of it), `traps` (why that misleads),
//! `truth` and `hard` (what a reader of the logs may be held to).

mod bench;
mod build;
mod calls;
mod columns;
mod counts;
mod export;
mod hard;
mod inventory;
mod matrix;
mod network;
mod openings;
mod options;
mod rows;
mod samples;
mod traffic;
mod traps;
mod truth;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::columns::Layout;

pub use crate::counts::RecordCount;
pub use crate::export::Totals;
pub use crate::openings::Openings;
pub use crate::options::{Fields, Format, Options, Scenario, first_second};
pub use crate::truth::{InterfaceTruth, RuleTruth, Truth};

/// Names of all traps that networks of a scenario may hold; which of them one holds, by seed, is in [`Truth::traps`].
pub fn trap_names(scenario: Scenario) -> Vec<&'static str> {
    traps::names(scenario)
}

/// Makes the network that the options ask for and writes `logs/`, `inventory/` and `truth.json` below `out`.
///
/// Equal options give equal bytes.
///
/// # Errors
///
/// If the options contradict each other, a file cannot be written, or (a mistake in a scenario) the network's rules
/// refuse a connection that is meant to succeed.
pub fn simulate(options: &Options, out: &Path) -> Result<Truth> {
    options.check()?;
    let layout = Layout::new(&options.fields)?;
    let logs = out.join("logs");
    fs::create_dir_all(&logs).with_context(|| format!("cannot make folder {}", logs.display()))?;
    if let Scenario::Bench { records, files } = options.scenario {
        let truth = bench::write(options, &layout, records, files, out)?;
        truth::save(&truth, &out.join("truth.json"))?;
        return Ok(truth);
    }

    let (mut builder, broken, period) = match options.scenario {
        Scenario::Samples => samples::build(options, &layout),
        _ => (matrix::build(options, &layout), Vec::new(), 86_400),
    };
    builder.flows.sort_by_key(|flow| flow.start);
    truth::check_permitted(&builder.network, &builder.flows)?;
    let rows = rows::rows(&builder.network, &builder.flows);
    let mut truth = truth::judge(&builder, &layout, &rows, options.scenario.name(), options.seed);
    truth.records = export::write(&builder.network, &layout, options.format, &rows, &broken, period, &logs)?;
    if options.scenario == Scenario::Samples {
        samples::write_test_object(&logs)?;
    }
    inventory::write(&builder.network, &layout, &out.join("inventory"))?;
    truth::save(&truth, &out.join("truth.json"))?;
    Ok(truth)
}
