//! The small company: what each verdict needs is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reading;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use simulator::{Options, Scenario, Truth, simulate};

use reading::{files, lines};

fn company() -> (tempfile::TempDir, Truth) {
    let folder = tempfile::tempdir().unwrap();
    let truth = simulate(&Options::new(Scenario::Samples, 1), folder.path()).unwrap();
    (folder, truth)
}

fn log_files(folder: &Path) -> Vec<std::path::PathBuf> {
    files(&folder.join("logs")).into_iter().filter(|path| path.extension().is_some_and(|end| end == "gz")).collect()
}

fn interface_id(truth: &Truth, name: &str) -> String {
    truth.interfaces.iter().find(|interface| interface.name == name).unwrap().interface_id.clone()
}

#[test]
fn small_enough_to_be_checked_in() {
    let (folder, _) = company();
    // truth.json is not checked in.
    let kept = files(folder.path()).into_iter().filter(|path| !path.ends_with("truth.json"));
    let total: u64 = kept.map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(total < 400_000, "{total} bytes");
    assert!(log_files(folder.path()).len() >= 12);
}

#[test]
fn bad_lines_name_the_bastion_and_nothing_else_is_bad() {
    let (folder, truth) = company();
    let bastion = interface_id(&truth, "bastion");
    let mut bad = 0;
    for path in log_files(folder.path()) {
        for line in &lines(&path)[1..] {
            let text = String::from_utf8_lossy(line).into_owned();
            let fields: Vec<&str> = text.split(' ').collect();
            let good = fields.len() == 19 && (fields[10] == "-" || fields[10].parse::<u64>().is_ok());
            if !good {
                bad += 1;
                assert_eq!(fields[3], bastion, "{text}");
            }
        }
    }
    assert_eq!(bad, 3);
    assert_eq!(truth.records.unparsed, 3);
    let test = folder.path().join("logs/AWSLogs/aws-logs-write-test");
    assert_eq!(fs::read_to_string(test).unwrap(), "Permissions Check");
}

/// Slots of ten minutes in which an interface reported, out of three days' 432.
fn slots(folder: &Path, interface: &str) -> usize {
    let mut slots = BTreeSet::new();
    for path in log_files(folder) {
        for line in lines(&path) {
            let text = String::from_utf8_lossy(&line).into_owned();
            let fields: Vec<&str> = text.split(' ').collect();
            if fields.len() == 19 && fields[3] == interface {
                slots.insert(fields[11].parse::<i64>().unwrap() / 600);
            }
        }
    }
    slots.len()
}

#[test]
fn logs_are_whole_except_for_the_batch_host() {
    let (folder, truth) = company();
    for interface in truth.interfaces.iter().filter(|interface| interface.in_inventory) {
        let reported = slots(folder.path(), &interface.interface_id);
        // Nine hours of six slots are missing there.
        let expected = if interface.name == "batch-1" { 432 - 54 } else { 432 };
        assert_eq!(reported, expected, "{}", interface.name);
    }
}

#[test]
fn every_verdict_has_its_rule() {
    let (_folder, truth) = company();
    let rule = |start: &str| {
        let found = truth.rules.iter().find(|rule| rule.text.starts_with(start));
        found.unwrap_or_else(|| panic!("no rule {start}"))
    };
    for provable in ["db ingress tcp 3306", "cache ingress tcp 11211"] {
        assert!(!rule(provable).needed && rule(provable).hard.is_empty(), "{:?}", rule(provable));
    }
    for assumed in ["app ingress tcp 32768-65535", "status egress -1", "bastion ingress tcp 3389"] {
        assert!(!rule(assumed).needed && rule(assumed).hard.is_empty(), "{:?}", rule(assumed));
    }
    for used in
        ["web ingress tcp 443-443 0.0.0.0/0", "web ingress tcp 443-443 203.0.113.0/24", "db ingress tcp 5432-5432 app"]
    {
        assert!(rule(used).needed && rule(used).requests > 0, "{:?}", rule(used));
    }
    assert!(rule("search ingress tcp 9300").needed);
    assert_eq!(rule("batch ingress tcp 9000").hard, ["coverage"]);
    assert_eq!(rule("legacy-etl ingress tcp 1521").hard, ["unattached"]);
    assert_eq!(rule("app egress udp 123").hard, ["unlogged"]);
    for open in ["monitor ingress tcp 3000", "web ingress tcp 8443"] {
        assert_eq!(rule(open).hard, ["unresolved"], "{:?}", rule(open));
    }
}

#[test]
fn the_inventory_says_that_nothing_is_mirrored() {
    let (folder, _) = company();
    let text = fs::read(folder.path().join("inventory/traffic-mirror-targets.json")).unwrap();
    let targets: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(targets, serde_json::json!({"TrafficMirrorTargets": []}));
}
