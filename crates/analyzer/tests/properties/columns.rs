//! A flow log with fewer fields never makes a rule unused that was not: what a format does not say is not known.

use crate::chance::Chance;
use crate::logs::LogFile;
use crate::network::{Network, assert_none};
use analyzer::report::model::Logs;
use simulator::Scenario;

/// Fields that a custom format may lack and that verdicts make use of.
const OPTIONAL: &[&str] = &[
    "account-id",
    "vpc-id",
    "srcport",
    "dstport",
    "tcp-flags",
    "flow-direction",
    "log-status",
    "subnet-id",
    "packets",
    "bytes",
    "version",
];

fn without(files: &[LogFile], left_out: &[&str]) -> Vec<LogFile> {
    files.iter().map(|file| file.without(left_out)).collect()
}

#[test]
fn a_field_less_proves_nothing() {
    let (mut found, mut tried) = (Vec::new(), 0);
    for scenario in [Scenario::V5, Scenario::V5Timeline, Scenario::Samples] {
        for seed in 1..=3 {
            let network = Network::new(scenario, seed);
            let mut chance = Chance::new(seed);
            let mut sets: Vec<Vec<&str>> = OPTIONAL.iter().map(|field| vec![*field]).collect();
            for _ in 0..3 {
                sets.push(OPTIONAL.iter().copied().filter(|_| chance.one_in(3)).collect());
            }
            for left_out in sets {
                let report = network.with_files(&without(&network.files, &left_out));
                let lines = |logs: &Logs| logs.records + logs.unparsed;
                let what = format!("{}, without {left_out:?}", network.name);
                assert_eq!(lines(&report.logs), lines(&network.report.logs), "{what}");
                tried += 1;
                found.extend(network.newly_unused(&format!("without {left_out:?}"), &report));
            }
        }
    }
    assert_none(&found, tried);
}
