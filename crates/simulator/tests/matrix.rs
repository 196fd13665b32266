//! The five networks of the matrix: same bytes for the same seed, every trap somewhere, and logs that agree with the
//! truth and the inventory as an outsider reads them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ipnet::IpNet;
use serde_json::Value;
use simulator::{Options, Scenario, Totals, simulate, trap_names};

use reading::{Record, files, text_records};

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    files(folder)
        .into_iter()
        .map(|path| (path.strip_prefix(folder).unwrap().display().to_string(), fs::read(&path).unwrap()))
        .collect()
}

#[test]
fn equal_options_give_equal_bytes_and_another_seed_gives_others() {
    for scenario in Scenario::MATRIX.into_iter().chain([Scenario::Samples]) {
        let [first, again, other] = [5, 5, 6].map(|seed| {
            let folder = tempfile::tempdir().unwrap();
            simulate(&Options::new(scenario, seed), folder.path()).unwrap();
            contents(folder.path())
        });
        assert!(first == again, "{}", scenario.name());
        assert!(first != other, "{}", scenario.name());
    }
}

#[test]
fn every_trap_is_in_some_network_and_every_network_is_of_a_sensible_size() {
    for scenario in Scenario::MATRIX {
        let mut missing: BTreeSet<&str> = trap_names(scenario).into_iter().collect();
        assert!(missing.len() > 30);
        let (mut unneeded, mut findable) = (0, 0);
        for seed in 1..=25 {
            let folder = tempfile::tempdir().unwrap();
            let truth = simulate(&Options::new(scenario, seed), folder.path()).unwrap();
            for name in &truth.traps {
                missing.remove(name);
            }
            assert!((25_000..150_000).contains(&truth.records.records), "{:?}", truth.records);
            assert!(truth.records.accepted > 1_000, "{:?}", truth.records);
            assert!((7..=40).contains(&truth.interfaces.len()), "{}", truth.interfaces.len());
            let groups: BTreeSet<&str> = truth.rules.iter().map(|rule| rule.group_id.as_str()).collect();
            assert!((5..=25).contains(&groups.len()), "{}", groups.len());
            unneeded += truth.rules.iter().filter(|rule| !rule.needed).count();
            findable += truth.rules.iter().filter(|rule| !rule.needed && rule.hard.is_empty()).count();
            for rule in &truth.rules {
                assert!(rule.needed || rule.requests == 0, "{}", rule.text);
                assert!(!rule.needed || rule.hard.is_empty(), "{}", rule.text);
            }
        }
        assert!(missing.is_empty(), "{}: {missing:?}", scenario.name());
        let share = findable as f64 / unneeded as f64;
        println!("{}: {findable} of {unneeded} unneeded rules must be found", scenario.name());
        assert!(share > 0.4, "{}: only {findable} of {unneeded} must be found", scenario.name());
    }
}

fn count(records: &[Record]) -> Totals {
    let mut totals = Totals::default();
    for record in records {
        totals.records += 1;
        match (record["log-status"].as_str(), record["action"].as_str()) {
            ("NODATA", "-") => totals.no_data += 1,
            ("SKIPDATA", "-") => totals.skipped += 1,
            ("OK", "ACCEPT") => totals.accepted += 1,
            ("OK", "REJECT") => totals.rejected += 1,
            other => panic!("{other:?}"),
        }
    }
    totals
}

#[test]
fn totals_are_what_is_in_the_files_and_no_record_is_older_or_younger_than_the_window() {
    for scenario in Scenario::MATRIX {
        for seed in [11, 12] {
            let folder = tempfile::tempdir().unwrap();
            let options = Options::new(scenario, seed);
            let truth = simulate(&options, folder.path()).unwrap();
            let records = text_records(&folder.path().join("logs"));
            assert_eq!(count(&records), truth.records);
            for record in &records {
                let (start, end): (i64, i64) = (record["start"].parse().unwrap(), record["end"].parse().unwrap());
                assert!(options.start <= start && start <= end && end <= options.start + 35 * 86_400, "{record:?}");
                assert!(end - start <= 600, "{record:?}");
            }
        }
    }
}

/// In the default format an interface's own side is always its primary private address.
#[test]
fn default_format_shows_the_primary_address() {
    for seed in 1..=6 {
        let folder = tempfile::tempdir().unwrap();
        simulate(&Options::new(Scenario::V2, seed), folder.path()).unwrap();
        let interfaces = inventory(folder.path(), "network-interfaces");
        let mut own: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for interface in interfaces["NetworkInterfaces"].as_array().unwrap() {
            let addresses = own.entry(interface["NetworkInterfaceId"].as_str().unwrap()).or_default();
            addresses.push(interface["PrivateIpAddress"].as_str().unwrap());
            for v6 in interface["Ipv6Addresses"].as_array().unwrap() {
                addresses.push(v6["Ipv6Address"].as_str().unwrap());
            }
        }
        for record in text_records(&folder.path().join("logs")) {
            if record["log-status"] == "OK" {
                let own = &own[record["interface-id"].as_str()];
                let sides = [record["srcaddr"].as_str(), record["dstaddr"].as_str()];
                assert_eq!(sides.iter().filter(|side| own.contains(side)).count(), 1, "{record:?}");
            }
        }
    }
}

fn inventory(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(format!("inventory/{name}.json"))).unwrap()).unwrap()
}

/// Reads the inventory as an outsider does and asks of every accepted SYN whether some rule lets it pass.
#[test]
fn accepted_requests_are_allowed_by_the_inventory() {
    for seed in 1..=8 {
        let folder = tempfile::tempdir().unwrap();
        simulate(&Options::new(Scenario::V5, seed), folder.path()).unwrap();
        let rules = inventory(folder.path(), "security-group-rules");
        let interfaces = inventory(folder.path(), "network-interfaces");
        let lists = inventory(folder.path(), "prefix-lists");
        let mut seen = 0;
        for record in text_records(&folder.path().join("logs")) {
            if record["action"] != "ACCEPT" || !["2", "3"].contains(&record["tcp-flags"].as_str()) {
                continue;
            }
            seen += 1;
            assert!(is_allowed(&record, &rules, &interfaces, &lists), "seed {seed}: {record:?}");
        }
        assert!(seen > 300, "only {seen} requests");
    }
}

fn is_allowed(record: &Record, rules: &Value, interfaces: &Value, lists: &Value) -> bool {
    let all = interfaces["NetworkInterfaces"].as_array().unwrap();
    let own = all.iter().find(|each| each["NetworkInterfaceId"] == record["interface-id"].as_str()).unwrap();
    if own["InterfaceType"] == "nat_gateway" {
        return true;
    }
    let groups = |interface: &Value| -> Vec<String> {
        let groups = interface["Groups"].as_array().unwrap();
        groups.iter().map(|group| group["GroupId"].as_str().unwrap().to_owned()).collect()
    };
    let egress = record["flow-direction"] == "egress";
    let peers = if egress { ["dstaddr", "pkt-dstaddr"] } else { ["srcaddr", "pkt-srcaddr"] };
    let port: i64 = record["dstport"].parse().unwrap();
    rules["SecurityGroupRules"].as_array().unwrap().iter().any(|rule| {
        let protocol = rule["IpProtocol"].as_str().unwrap();
        let (from, to) = (rule["FromPort"].as_i64().unwrap(), rule["ToPort"].as_i64().unwrap());
        let content = rule["IsEgress"] == egress
            && groups(own).iter().any(|group| rule["GroupId"] == group.as_str())
            && (protocol == "-1" || (protocol == "tcp" && from <= port && port <= to));
        content && peers.iter().any(|peer| peer_matches(rule, record[*peer].parse().unwrap(), all, lists, &groups))
    })
}

fn peer_matches(
    rule: &Value,
    peer: std::net::IpAddr,
    interfaces: &[Value],
    lists: &Value,
    groups: &dyn Fn(&Value) -> Vec<String>,
) -> bool {
    let within = |net: &Value| net.as_str().unwrap().parse::<IpNet>().unwrap().contains(&peer);
    for key in ["CidrIpv4", "CidrIpv6"] {
        if rule[key].is_string() {
            return within(&rule[key]);
        }
    }
    if rule["PrefixListId"].is_string() {
        let lists = lists["PrefixLists"].as_array().unwrap();
        let list = lists.iter().find(|list| list["PrefixListId"] == rule["PrefixListId"]).unwrap();
        return list["Entries"].as_array().is_none_or(|entries| entries.iter().any(|entry| within(&entry["Cidr"])));
    }
    let wanted = rule["ReferencedGroupInfo"]["GroupId"].as_str().unwrap();
    interfaces.iter().any(|interface| {
        let carries = groups(interface).iter().any(|group| group == wanted);
        let text = peer.to_string();
        let plain = interface["PrivateIpAddresses"]
            .as_array()
            .unwrap()
            .iter()
            .any(|own| own["PrivateIpAddress"] == text.as_str());
        let v6 = interface["Ipv6Addresses"].as_array().unwrap().iter().any(|own| own["Ipv6Address"] == text.as_str());
        let delegated = interface["Ipv4Prefixes"]
            .as_array()
            .is_some_and(|prefixes| prefixes.iter().any(|prefix| within(&prefix["Ipv4Prefix"])));
        carries && (plain || v6 || delegated || interface["InterfaceType"] == "network_load_balancer")
    })
}

/// Without holes, deletions or filters in the logs, a needed rule shows in them, except for traffic that AWS never logs.
#[test]
fn needed_rules_show_in_complete_logs() {
    for seed in 1..=20 {
        let folder = tempfile::tempdir().unwrap();
        let truth = simulate(&Options::new(Scenario::V2, seed), folder.path()).unwrap();
        let blind = ["legacy", "hpc", "mirrored"];
        for rule in truth.rules.iter().filter(|rule| rule.needed && rule.requests == 0) {
            assert!(blind.iter().any(|word| rule.text.contains(word)), "seed {seed}: {}", rule.text);
        }
    }
}

#[test]
fn deleted_interfaces_are_in_the_logs_and_not_in_the_inventory() {
    let mut deleted = 0;
    for seed in 1..=10 {
        let folder = tempfile::tempdir().unwrap();
        simulate(&Options::new(Scenario::V2Deleted, seed), folder.path()).unwrap();
        let interfaces = inventory(folder.path(), "network-interfaces").to_string();
        let logged: BTreeSet<String> = text_records(&folder.path().join("logs"))
            .into_iter()
            .map(|record| record["interface-id"].clone())
            .collect();
        deleted += logged.iter().filter(|id| !interfaces.contains(id.as_str())).count();
    }
    assert!(deleted >= 10, "{deleted}");
}

#[test]
fn snapshots_differ_in_what_an_interface_carries() {
    let mut changes = 0;
    for seed in 1..=5 {
        let folder = tempfile::tempdir().unwrap();
        simulate(&Options::new(Scenario::V5Timeline, seed), folder.path()).unwrap();
        let mut carried: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let snapshots = files(&folder.path().join("inventory"));
        assert!(snapshots.len() >= 9);
        for path in snapshots {
            let snapshot: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            assert!(snapshot["CapturedAt"].as_str().unwrap().starts_with("2026-"));
            for interface in snapshot["NetworkInterfaces"].as_array().unwrap() {
                let id = interface["NetworkInterfaceId"].as_str().unwrap().to_owned();
                carried.entry(id).or_default().insert(interface["Groups"].to_string());
            }
        }
        changes += carried.values().filter(|states| states.len() > 1).count();
    }
    assert!(changes >= 3, "{changes}");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(Scenario::V2, 1);
    options.interval = 300;
    assert!(simulate(&options, folder.path()).unwrap_err().to_string().contains("take 60 or 600"));
    let mut options = Options::new(Scenario::V2, 1);
    options.days = 3;
    assert!(simulate(&options, folder.path()).unwrap_err().to_string().contains("at least 12 days"));
}
