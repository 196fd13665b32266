//! The same records in every form in which AWS stores them give the same verdicts.

use crate::program::{run, verdicts};
use crate::samples::{INVENTORY, copies, packed, unpacked};
use serde_json::Value;
use simulator::{Format, Options, Scenario, simulate};
use std::fs;
use std::path::Path;

fn report(folder: &Path, inventory: &Path) -> Value {
    let (logs, inventory) = (folder.join("logs"), inventory.join("inventory"));
    let paths = [logs.to_str().unwrap(), "--inventory", inventory.to_str().unwrap()];
    run(["report", "--output", "json", "--min-days", "10", "--strict"].iter().chain(&paths)).json()
}

#[test]
fn every_form_gives_the_same_verdicts() {
    let (mut uncovered, mut proven) = (0, 0);
    for (scenario, seed) in [(Scenario::V2, 1), (Scenario::V2, 2), (Scenario::V2Deleted, 3), (Scenario::V2Gaps, 4)] {
        let as_text = tempfile::tempdir().unwrap();
        let mut options = Options::new(scenario, seed);
        options.days = 14;
        simulate(&options, as_text.path()).unwrap();
        let expected = report(as_text.path(), as_text.path());
        for format in [Format::Parquet, Format::CloudWatchExport, Format::Headerless, Format::JsonMessage] {
            let folder = tempfile::tempdir().unwrap();
            simulate(&Options { format, ..options.clone() }, folder.path()).unwrap();
            let found = report(folder.path(), as_text.path());
            let what = format!("{}, seed {seed}, {format:?}", scenario.name());
            for key in ["records", "accepted", "rejected", "no_data", "skipped", "ambiguous", "contradictions"] {
                assert_eq!(found["logs"][key], expected["logs"][key], "{what}: {key}");
            }
            let may_be_filtered = matches!(format, Format::Headerless | Format::JsonMessage);
            let known = verdicts(&expected);
            proven += known.values().filter(|verdict| *verdict == "unused" || *verdict == "likely-unused").count();
            for (rule, verdict) in verdicts(&found) {
                let known = &known[&rule];
                // Names of these objects tell no flow log, and one without any accepted record may be of a flow log that records
                // rejected traffic alone: on a quiet day it covers nothing.
                let is_unnamed = matches!(format, Format::CloudWatchExport | Format::JsonMessage);
                let was_proven = ["unused", "likely-unused", "redundant"].contains(&known.as_str());
                if is_unnamed && was_proven && (verdict == "no-evidence" || verdict == "used") {
                    uncovered += 1;
                } else if may_be_filtered {
                    // What a subscription or a stream left out may have been the use; and a rule that is kept for want of
                    // proof cannot be redundant.
                    assert!(verdict != "unused" && verdict != "redundant", "{what}: {rule}");
                    let weaker = match known.as_str() {
                        "unused" => "likely-unused",
                        "redundant" => "used",
                        same => same,
                    };
                    assert_eq!(verdict, weaker, "{what}: {rule}");
                } else {
                    assert_eq!(&verdict, known, "{what}: {rule}");
                }
            }
        }
    }
    println!("{uncovered} of {proven} proven rules are not proven by objects whose names tell no flow log");
    assert!(uncovered * 5 < proven, "{uncovered} of {proven}");
}

/// Version 5 fields through Parquet, where every one of them has a type.
#[test]
fn parquet_of_version_5_is_the_text() {
    let text = tempfile::tempdir().unwrap();
    let mut options = Options::new(Scenario::V5, 5);
    options.days = 14;
    simulate(&options, text.path()).unwrap();
    let parquet = tempfile::tempdir().unwrap();
    simulate(&Options { format: Format::Parquet, ..options }, parquet.path()).unwrap();
    assert_eq!(report(parquet.path(), text.path()), report(text.path(), text.path()));
}

/// AWS adds fields every year; one whose name flow logs of transit gateways have too makes no gateway's of an interface's.
#[test]
fn a_field_that_gateways_have_changes_nothing() {
    let (folder, objects) = copies(usize::MAX);
    let report =
        || run(["report", folder.path().to_str().unwrap(), "--inventory", INVENTORY, "--output", "json"]).json();
    let expected = report();
    for object in &objects {
        let text = unpacked(object);
        let (header, records) = text.split_once('\n').unwrap();
        let mut wider = format!("{header} resource-type\n");
        for record in records.lines() {
            wider += &format!("{record} NetworkInterface\n");
        }
        fs::write(object, packed(wider.as_bytes())).unwrap();
    }
    let found = report();
    assert_eq!(found["groups"], expected["groups"]);
    for key in ["records", "accepted", "rejected", "no_data", "skipped", "unparsed", "ambiguous", "contradictions"] {
        assert_eq!(found["logs"][key], expected["logs"][key], "{key}");
    }
}
