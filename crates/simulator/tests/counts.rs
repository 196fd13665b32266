//! The table of counts against a count of the text that was written, with groups from the inventory that was written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reading;

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use simulator::{Fields, Options, Scenario, simulate};

use reading::text_records;

/// Action, status, groups, port and direction, `-` where there is none.
type Kind = [String; 5];

fn expected(scenario: Scenario, seed: u64) -> (BTreeMap<Kind, u64>, BTreeMap<Kind, u64>) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(scenario, seed);
    options.days = options.days.min(12);
    options.fields = Fields::V5;
    let truth = simulate(&options, folder.path()).unwrap();
    let path = folder.path().join("inventory/network-interfaces.json");
    let listed: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let mut groups: BTreeMap<&str, String> = BTreeMap::new();
    for interface in listed["NetworkInterfaces"].as_array().unwrap() {
        let carried = interface["Groups"].as_array().unwrap().iter().map(|group| group["GroupId"].as_str().unwrap());
        groups.insert(interface["NetworkInterfaceId"].as_str().unwrap(), carried.collect::<Vec<_>>().join(","));
    }
    let mut read: BTreeMap<Kind, u64> = BTreeMap::new();
    for record in text_records(&folder.path().join("logs")) {
        let direction = match record["flow-direction"].as_str() {
            "ingress" => "inbound",
            "egress" => "outbound",
            none => none,
        };
        let (action, status, port) =
            (record["action"].as_str(), record["log-status"].as_str(), record["dstport"].as_str());
        let carried = groups[record["interface-id"].as_str()].as_str();
        *read.entry([action, status, carried, port, direction].map(str::to_owned)).or_default() += 1;
    }
    let mut told: BTreeMap<Kind, u64> = BTreeMap::new();
    for count in &truth.counts {
        let text = |part: Option<&str>| part.unwrap_or("-").to_owned();
        let port = count.port.map(|port| port.to_string());
        let kind = [
            text(count.action),
            count.status.to_owned(),
            count.groups.join(","),
            text(port.as_deref()),
            text(count.direction),
        ];
        let before = told.insert(kind, count.records);
        assert_eq!(before, None, "a kind is there twice: {count:?}");
    }
    // As truth.json tells it too.
    let saved: Value = serde_json::from_slice(&fs::read(folder.path().join("truth.json")).unwrap()).unwrap();
    assert_eq!(saved["counts"], serde_json::to_value(&truth.counts).unwrap());
    (read, told)
}

#[test]
fn counts_are_those_of_the_written_records() {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for (scenario, seed) in [(Scenario::V2Gaps, 3), (Scenario::V5, 2), (Scenario::V5, 3)] {
        let (read, told) = expected(scenario, seed);
        assert!(read == told, "{}, seed {seed}", scenario.name());
        for ([action, status, groups, _, direction], records) in read {
            let grouped = match groups.split(',').count() {
                _ if groups.is_empty() => "without group",
                1 => "in a group",
                _ => "in several groups",
            };
            for what in [action, status, direction, grouped.to_owned()] {
                *seen.entry(what).or_default() += records;
            }
        }
    }
    let whats: Vec<&str> = seen.keys().map(String::as_str).collect();
    let all = [
        "-",
        "ACCEPT",
        "NODATA",
        "OK",
        "REJECT",
        "SKIPDATA",
        "in a group",
        "in several groups",
        "inbound",
        "outbound",
        "without group",
    ];
    assert_eq!(whats, all);
}
