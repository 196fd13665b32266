//! A rollup stands in for the logs that it was made of.

use crate::program::{Ran, run, verdicts};
use crate::samples::{INVENTORY, LOGS, copies, objects};
use inventory::Inventory;
use std::fs;
use std::path::Path;

fn report(logs: &[&str]) -> Ran {
    let rest = ["--inventory", INVENTORY, "--output", "json", "--min-days", "2"];
    run(["report"].iter().chain(logs).chain(&rest))
}

/// What `report` keeps by itself for this inventory, as `--keep-ports` takes it.
fn kept_ports() -> String {
    let loaded = Inventory::load(&[INVENTORY.into()]).unwrap();
    let ports = loaded.inventory.kept_ports();
    let high = ports.iter().filter(|range| *range.end() >= 32_768);
    high.map(|range| format!("{}-{}", range.start(), range.end())).collect::<Vec<_>>().join(",")
}

fn rollup(logs: &[&str], out: &Path, more: &[&str]) -> Ran {
    let mut arguments = vec!["rollup", "--out", out.to_str().unwrap()];
    arguments.extend_from_slice(logs);
    arguments.extend_from_slice(more);
    let ports = kept_ports();
    if !ports.is_empty() && !more.contains(&"--slice") {
        arguments.extend(["--keep-ports", ports.as_str()]);
    }
    run(arguments)
}

#[test]
fn the_report_on_a_rollup_is_the_report_on_its_logs() {
    let folder = tempfile::tempdir().unwrap();
    let stored = folder.path().join("all.parquet");
    let made = rollup(&[LOGS], &stored, &[]);
    assert_eq!((made.code, made.stdout.as_str()), (Some(0), ""), "{}", made.stderr);
    assert!(folder.path().join("all.coverage.parquet").is_file());
    let expected = report(&[LOGS]);
    assert_eq!(expected.code, Some(0));
    assert_eq!(report(&[stored.to_str().unwrap()]).stdout, expected.stdout);
    // The folder holds the coverage too, which is not read twice.
    assert_eq!(report(&[folder.path().to_str().unwrap()]).stdout, expected.stdout);
    // A rollup of the rollup is that rollup.
    let again = folder.path().join("again/all.parquet");
    fs::create_dir(folder.path().join("again")).unwrap();
    assert_eq!(rollup(&[stored.to_str().unwrap()], &again, &[]).code, Some(0));
    assert!(fs::read(&again).unwrap() == fs::read(&stored).unwrap());
}

#[test]
fn rollups_of_parts_and_the_rest_of_the_logs_are_all_logs() {
    let folder = tempfile::tempdir().unwrap();
    let objects = objects();
    let names: Vec<&str> = objects.iter().map(|path| path.to_str().unwrap()).collect();
    let (first, second) = (folder.path().join("first.parquet"), folder.path().join("second.parquet"));
    assert_eq!(rollup(&names[..5], &first, &[]).code, Some(0));
    assert_eq!(rollup(&names[5..11], &second, &[]).code, Some(0));
    let mut inputs = names[11..].to_vec();
    inputs.extend([second.to_str().unwrap(), first.to_str().unwrap()]);
    assert_eq!(report(&inputs).stdout, report(&names).stdout);
}

#[test]
fn a_rollup_of_days_without_ports_proves_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let stored = folder.path().join("days.parquet");
    assert_eq!(rollup(&[LOGS], &stored, &["--slice", "1d"]).code, Some(0));
    let on_logs = verdicts(&report(&[LOGS]).json());
    let mut proven = 0;
    for (rule, verdict) in verdicts(&report(&[stored.to_str().unwrap()]).json()) {
        let known = on_logs[&rule].as_str();
        match verdict.as_str() {
            "unused" => assert_eq!(known, "unused", "{rule}"),
            "likely-unused" => assert!(["unused", "likely-unused"].contains(&known), "{rule}: {known}"),
            _ => continue,
        }
        proven += 1;
    }
    assert!(proven > 0);
}

/// What could not be read when the rollup was made is missing ever after, and the report says so.
#[test]
fn a_rollup_remembers_what_was_lost() {
    let (folder, objects) = copies(usize::MAX);
    let bytes = fs::read(&objects[7]).unwrap();
    fs::write(&objects[7], &bytes[..bytes.len() / 2]).unwrap();
    let logs = folder.path().to_str().unwrap();
    let place = tempfile::tempdir().unwrap();
    let stored = place.path().join("stored.parquet");
    rollup(&[logs], &stored, &[]).assert_says(0, &["warning: ", "truncated gzip"]);
    let (on_logs, on_rollup) = (report(&[logs]), report(&[stored.to_str().unwrap()]));
    assert_eq!(on_rollup.json()["logs"]["incomplete"], true);
    assert_eq!(on_rollup.stdout, on_logs.stdout);
    let strict = run(["rollup", logs, "--strict", "--out", place.path().join("strict.parquet").to_str().unwrap()]);
    strict.assert_says(1, &["--strict"]);
    assert!(!place.path().join("strict.parquet").exists());
}

#[test]
fn a_rollup_without_its_coverage_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let stored = folder.path().join("all.parquet");
    assert_eq!(rollup(&[LOGS], &stored, &[]).code, Some(0));
    fs::remove_file(folder.path().join("all.coverage.parquet")).unwrap();
    let ran = report(&[stored.to_str().unwrap()]);
    ran.assert_says(1, &["all.coverage.parquet is missing", "keep the two files together"]).assert_nothing_written();
}

#[test]
fn a_damaged_rollup_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let stored = folder.path().join("all.parquet");
    assert_eq!(rollup(&[LOGS], &stored, &[]).code, Some(0));
    let bytes = fs::read(&stored).unwrap();
    fs::write(&stored, &bytes[..bytes.len() / 2]).unwrap();
    report(&[stored.to_str().unwrap()]).assert_says(1, &["all.parquet"]).assert_nothing_written();
}

#[test]
fn where_it_cannot_be_written() {
    let ran = rollup(&[LOGS], Path::new("/proc/none/all.parquet"), &[]);
    ran.assert_says(1, &["error: ", "/proc/none/"]).assert_nothing_written();
}
