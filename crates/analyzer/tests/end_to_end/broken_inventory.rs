//! Inventories that are damaged or lack something, and what is said of each.

use crate::program::{Ran, run, verdicts};
use crate::samples::{INVENTORY, LOGS};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn report(inventory: &Path) -> Ran {
    run(["report", LOGS, "--output", "json", "--min-days", "2", "--inventory", inventory.to_str().unwrap()])
}

/// The inventory of the samples, without some files.
fn without(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(INVENTORY).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !names.contains(&name) {
            fs::copy(&path, folder.path().join(name)).unwrap();
        }
    }
    folder
}

#[test]
fn what_is_no_inventory() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inventory.json");
    let cases: [(&[u8], &[&str]); 6] = [
        (b"<html>", &["is not JSON", "inventory.json"]),
        (b"", &["is not JSON"]),
        (b"{\"SecurityGroups\": [", &["is not JSON"]),
        (b"{\"Reservations\": []}", &["JSON but not an inventory", "describe-security-groups"]),
        (b"{\"SecurityGroups\": 7}", &["has not the shape"]),
        (b"{\"SecurityGroups\": [{\"GroupName\": \"a\"}]}", &["SecurityGroups[0]", "GroupId"]),
    ];
    for (content, said) in cases {
        fs::write(&file, content).unwrap();
        report(&file).assert_says(1, said).assert_nothing_written();
        // One such file spoils the whole folder: what it should have said is missing.
        let spoilt = without(&[]);
        fs::copy(&file, spoilt.path().join("zz.json")).unwrap();
        report(spoilt.path()).assert_says(1, &["zz.json"]).assert_nothing_written();
    }
}

#[test]
fn where_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    report(folder.path()).assert_says(1, &["holds no .json file", "describe-security-groups"]).assert_nothing_written();
    report(&folder.path().join("absent")).assert_says(1, &["cannot read inventory", "absent"]).assert_nothing_written();
}

/// Nothing is known of what carries which group, so nothing is proven, and nothing is called unattached.
#[test]
fn without_interfaces() {
    let folder = without(&["network-interfaces.json"]);
    let ran = report(folder.path());
    ran.assert_says(0, &["warning: ", "describe-network-interfaces"]);
    let report = ran.json();
    for (rule, verdict) in verdicts(&report) {
        assert!(!["unused", "likely-unused", "redundant"].contains(&verdict.as_str()), "{rule} is {verdict}");
    }
    for group in report["groups"].as_array().unwrap() {
        assert!(!["unattached", "idle"].contains(&group["verdict"].as_str().unwrap()), "{group}");
    }
}

#[test]
fn without_groups() {
    let folder = without(&["security-groups.json", "security-group-rules.json"]);
    report(folder.path())
        .assert_says(1, &["lacks security groups", "aws ec2 describe-security-groups"])
        .assert_nothing_written();
}

/// Rules without their ids are the same rules: content decides.
#[test]
fn groups_alone_or_rules_alone_give_the_same_verdicts() {
    let sorted = |ran: Ran| {
        let report = ran.json();
        let mut rules: Vec<String> = Vec::new();
        for group in report["groups"].as_array().unwrap() {
            for rule in group["rules"].as_array().unwrap() {
                let part = |key: &str| rule[key].to_string();
                rules.push(format!(
                    "{} {} {} {} {} {} {}",
                    group["group_id"],
                    part("direction"),
                    part("protocol"),
                    part("from_port"),
                    part("to_port"),
                    part("peer"),
                    part("verdict")
                ));
            }
        }
        rules.sort();
        rules
    };
    let whole = sorted(report(without(&[]).path()));
    assert_eq!(sorted(report(without(&["security-group-rules.json"]).path())), whole);
    assert_eq!(sorted(report(without(&["security-groups.json"]).path())), whole);
}

/// One page of a longer list may lack what matters.
#[test]
fn a_page_of_a_longer_list() {
    let folder = without(&[]);
    let path = folder.path().join("network-interfaces.json");
    let mut page: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    page["NextToken"] = "more".into();
    fs::write(&path, page.to_string()).unwrap();
    report(folder.path()).assert_says(0, &["warning: ", "NextToken", "network-interfaces.json"]);
}
