//! The same records in every format, and the benchmark's stream.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reading;

use std::path::PathBuf;

use simulator::{Fields, Format, Options, Scenario, simulate};

use reading::{Record, bare_records, files, parquet_records, text_records};

/// The default format, copied from "Flow log records" in the VPC user guide.
const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

fn logs(format: Format, fields: Fields) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(Scenario::V2Gaps, 3);
    options.days = 14;
    options.format = format;
    options.fields = fields;
    simulate(&options, folder.path()).unwrap();
    let logs = folder.path().join("logs");
    (folder, logs)
}

fn sorted(mut records: Vec<Record>) -> Vec<Record> {
    records.sort();
    records
}

#[test]
fn every_format_holds_the_same_records() {
    let (_kept, text) = logs(Format::Text, Fields::V2Default);
    let expected = sorted(text_records(&text));
    assert!(expected.len() > 10_000);
    let names: Vec<&str> = DEFAULT.split(' ').collect();

    let (_kept, folder) = logs(Format::Headerless, Fields::V2Default);
    assert!(sorted(bare_records(&folder, &names, str::to_owned)) == expected);

    let (_kept, folder) = logs(Format::CloudWatchExport, Fields::V2Default);
    let without_time = |line: &str| {
        let (time, record) = line.split_once(' ').unwrap();
        assert!(time.starts_with("2026-03-") && time.ends_with(".000Z"), "{time}");
        record.to_owned()
    };
    assert!(sorted(bare_records(&folder, &names, without_time)) == expected);

    let (_kept, folder) = logs(Format::JsonMessage, Fields::V2Default);
    let message = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        object["message"].as_str().unwrap().to_owned()
    };
    assert!(sorted(bare_records(&folder, &names, message)) == expected);

    let (_kept, folder) = logs(Format::Parquet, Fields::V2Default);
    assert!(files(&folder).iter().all(|path| path.to_str().unwrap().contains("aws-service=vpcflowlogs/")));
    assert!(sorted(parquet_records(&folder)) == expected);
}

#[test]
fn every_field_is_there_and_a_format_string_is_obeyed() {
    let (_kept, folder) = logs(Format::Text, Fields::All);
    let records = text_records(&folder);
    // 14 of version 2, 7 of 3, 4 of 4, 4 of 5, 10 of 7, one each of 8, 9 and 10, 12 of 11.
    assert!(records.iter().all(|record| record.len() == 54 && record["version"] == "11"));

    let (_kept, parquet) = logs(Format::Parquet, Fields::All);
    assert!(sorted(parquet_records(&parquet)) == sorted(records));

    let (_kept, folder) =
        logs(Format::Text, Fields::Custom("${dstport} ${interface-id} ${log-status} ${action}".to_owned()));
    let first = reading::lines(&files(&folder)[0])[0].clone();
    assert_eq!(first, b"dstport interface-id log-status action");
}

#[test]
fn unknown_fields_are_refused_with_the_cure() {
    let mut options = Options::new(Scenario::V2, 1);
    options.fields = Fields::Custom("${srcadr}".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let error = simulate(&options, folder.path()).unwrap_err().to_string();
    assert_eq!(error, "`${srcadr}` is not a flow log field; write fields as ${srcaddr}");
}

#[test]
fn the_benchmark_writes_as_many_records_and_files_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = Scenario::Bench { records: 30_001, files: 4 };
    let truth = simulate(&Options::new(scenario, 1), folder.path()).unwrap();
    let logs = folder.path().join("logs");
    assert_eq!(files(&logs).len(), 4);
    let records = text_records(&logs);
    assert_eq!(records.len(), 30_001);
    assert_eq!(truth.records.records, 30_001);
    let again = tempfile::tempdir().unwrap();
    simulate(&Options::new(scenario, 1), again.path()).unwrap();
    for path in files(&logs) {
        let other = again.path().join("logs").join(path.strip_prefix(&logs).unwrap());
        assert!(std::fs::read(&path).unwrap() == std::fs::read(other).unwrap());
    }
}
