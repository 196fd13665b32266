//! The report on the samples: whole, valid, and with every verdict in it.

use crate::program::{run, verdicts};
use crate::samples::{INVENTORY, LOGS};
use serde_json::Value;
use std::collections::BTreeSet;

const SCHEMA: &str = include_str!("../../schema/sgflow.report.1.schema.json");

fn assert_valid(report: &Value) {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
    let problems: Vec<String> =
        validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn json_keeps_the_contract() {
    for more in [&[][..], &["--min-days", "2"], &["--min-days", "2", "--since", "2026-03-02", "--max-cidrs", "1"]] {
        let arguments = ["report", LOGS, "--inventory", INVENTORY, "--output", "json"];
        assert_valid(&run(arguments.iter().chain(more)).json());
    }
}

#[test]
fn every_verdict_occurs_on_the_samples() {
    let report = run(["report", LOGS, "--inventory", INVENTORY, "--output", "json", "--min-days", "2"]).json();
    let found: BTreeSet<String> = verdicts(&report).into_values().collect();
    let all = ["likely-unused", "no-evidence", "not-logged", "redundant", "unresolved", "unused", "used"];
    assert_eq!(found, all.map(str::to_owned).into());
    assert!(report["logs"]["unparsed"].as_u64() > Some(0), "the samples hold lines that are no records");
    assert_eq!(report["logs"]["incomplete"], false);
    let recommended =
        |group: &Value| group["rules"].as_array().unwrap().iter().any(|rule| !rule["recommendation"].is_null());
    assert!(report["groups"].as_array().unwrap().iter().any(recommended));
}

/// Three days are less than the thirty that a proof asks for.
#[test]
fn three_days_prove_nothing_by_themselves() {
    let report = run(["report", LOGS, "--inventory", INVENTORY, "--output", "json"]).json();
    let proven: Vec<String> = verdicts(&report)
        .into_values()
        .filter(|verdict| ["unused", "likely-unused", "redundant"].contains(&verdict.as_str()))
        .collect();
    assert_eq!(proven, Vec::<String>::new());
}

#[test]
fn totals_add_up() {
    let report = run(["report", LOGS, "--inventory", INVENTORY, "--output", "json"]).json();
    let logs = |key: &str| report["logs"][key].as_u64().unwrap();
    assert_eq!(logs("records"), logs("accepted") + logs("rejected") + logs("no_data") + logs("skipped"));
    // Counted by hand: every line but headers, and but those that are no records.
    let mut lines = 0;
    for object in crate::samples::objects() {
        lines += crate::samples::unpacked(&object).lines().count() as u64 - 1;
    }
    assert_eq!(logs("records") + logs("unparsed"), lines);
}
