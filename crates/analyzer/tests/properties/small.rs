//! The first law on networks that fit on a screen: each case is one way in which knowing less could prove more.

use crate::network::{load, read, scan_options};
use analyzer::assemble::{self, ReportOptions};
use analyzer::report::model::{GroupVerdict, Report, Verdict};
use analyzer::verdict::Thresholds;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

const DAY: u32 = 1_772_323_200; // 2026-03-01T00:00:00Z
const SLOT: u32 = 600;
const SLOTS: u32 = 144;
const OWN: &str = "111122223333";

const WEB: &str = "eni-00000000000000001";
const DB: &str = "eni-00000000000000002";
/// In no inventory.
const GONE: &str = "eni-00000000000000009";

/// One day of one VPC. Interfaces report in every slot, with data where there is some.
#[derive(Clone)]
struct Small {
    interfaces: Vec<Value>,
    rules: Vec<Value>,
    further: Value,
    logged: Vec<&'static str>,
    /// Interface, slot, and `srcaddr dstaddr srcport dstport protocol`.
    accepted: Vec<(&'static str, u32, &'static str)>,
    /// Interface and slots that are missing.
    gap: Option<(&'static str, std::ops::Range<u32>)>,
}

fn interface(id: &str, address: &str, groups: &[&str]) -> Value {
    let groups: Vec<Value> = groups.iter().map(|id| json!({"GroupId": id})).collect();
    json!({"NetworkInterfaceId": id, "VpcId": "vpc-1", "OwnerId": OWN, "InterfaceType": "interface", "RequesterManaged": false,
           "PrivateIpAddress": address, "Groups": groups, "Attachment": {"InstanceId": "i-1", "AttachTime": "2026-01-01T00:00:00Z"}})
}

fn ingress(group: &str, id: &str, port: u16, cidr: &str) -> Value {
    json!({"SecurityGroupRuleId": id, "GroupId": group, "GroupOwnerId": OWN, "IsEgress": false, "IpProtocol": "tcp",
           "FromPort": port, "ToPort": port, "CidrIpv4": cidr})
}

impl Small {
    /// A web server and a database; the web server was called once on 443, the database once on 5432.
    fn new() -> Small {
        Small {
            interfaces: vec![interface(WEB, "10.0.0.1", &["sg-web"]), interface(DB, "10.0.0.2", &["sg-db"])],
            rules: vec![
                ingress("sg-web", "sgr-443", 443, "0.0.0.0/0"),
                ingress("sg-web", "sgr-8443", 8443, "10.0.0.0/16"),
                ingress("sg-db", "sgr-5432", 5432, "10.0.0.0/16"),
                ingress("sg-db", "sgr-3306", 3306, "10.0.0.0/16"),
                ingress("sg-idle", "sgr-22", 22, "10.0.0.0/16"),
            ],
            further: json!({"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "OwnerId": OWN}], "TrafficMirrorTargets": []}),
            logged: vec![WEB, DB],
            accepted: vec![(WEB, 50, "203.0.113.5 10.0.0.1 40000 443 6"), (DB, 60, "10.0.0.1 10.0.0.2 40001 5432 6")],
            gap: None,
        }
    }

    fn documents(&self) -> BTreeMap<String, Value> {
        let group = |id: &str| json!({"GroupId": id, "GroupName": id, "VpcId": "vpc-1", "OwnerId": OWN});
        let mut whole = json!({
            "NetworkInterfaces": self.interfaces,
            "SecurityGroups": [group("sg-web"), group("sg-db"), group("sg-idle")],
            "SecurityGroupRules": self.rules,
        });
        for (key, value) in self.further.as_object().unwrap() {
            whole[key] = value.clone();
        }
        BTreeMap::from([("inventory.json".to_owned(), whole)])
    }

    fn logs(&self) -> String {
        let mut lines = String::from(
            "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n",
        );
        for slot in 0..SLOTS {
            let (start, end) = (DAY + slot * SLOT, DAY + slot * SLOT + SLOT - 1);
            for &id in &self.logged {
                if self.gap.as_ref().is_some_and(|(gapped, slots)| *gapped == id && slots.contains(&slot)) {
                    continue;
                }
                let mut is_silent = true;
                for (_, _, record) in self.accepted.iter().filter(|(of, at, _)| *of == id && *at == slot) {
                    writeln!(lines, "2 {OWN} {id} {record} 3 180 {start} {end} ACCEPT OK").unwrap();
                    is_silent = false;
                }
                if is_silent {
                    writeln!(lines, "2 {OWN} {id} - - - - - - - {start} {end} - NODATA").unwrap();
                }
            }
        }
        lines
    }

    fn report_on(&self, logs: &str) -> Report {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a_fl-00000000000000001_b.log"), logs).unwrap();
        let loaded = load(&self.documents());
        let rollup = read(folder.path(), &scan_options(&loaded));
        let options = ReportOptions {
            since: Some(DAY),
            until: Some(DAY + SLOTS * SLOT - 1),
            thresholds: Thresholds { min_days: 0.9, ..Thresholds::default() },
            ..ReportOptions::default()
        };
        assemble::report(&rollup, &loaded.inventory, &loaded.notes, &options)
    }

    /// Rules that are unused, and groups that are idle.
    fn unused(&self) -> Vec<String> {
        self.unused_on(&self.logs())
    }

    fn unused_on(&self, logs: &str) -> Vec<String> {
        let mut unused = Vec::new();
        for group in self.report_on(logs).groups {
            if group.verdict == GroupVerdict::Idle {
                unused.push(group.group_id);
            }
            let rules = group.rules.into_iter().filter(|rule| rule.verdict == Verdict::Unused);
            unused.extend(rules.map(|rule| rule.rule_id));
        }
        unused.sort();
        unused
    }
}

#[test]
fn with_all_known_what_nobody_called_is_unused() {
    assert_eq!(Small::new().unused(), ["sgr-3306", "sgr-8443"]);
}

/// Fails if a change made a rule unused.
fn assert_proves_nothing(before: &Small, after: &Small) {
    let before = before.unused();
    for rule in after.unused() {
        assert!(before.contains(&rule), "{rule} became unused");
    }
}

/// Somebody called a deleted server on 8443: whatever group that was in. The logs of just that hour are lost.
#[test]
fn a_gap_of_an_unknown_interface_proves_nothing() {
    let mut small = Small::new();
    small.logged.push(GONE);
    small.accepted.push((GONE, 70, "10.0.0.1 10.0.0.9 40002 8443 6"));
    assert_eq!(small.unused(), ["sgr-3306"]);
    assert_proves_nothing(&small, &Small { gap: Some((GONE, 65..75)), ..small.clone() });
}

/// A second web server, whose logs have a gap, is not in the inventory any more.
#[test]
fn an_interface_with_a_gap_that_is_not_known_proves_nothing() {
    let mut small = Small::new();
    small.interfaces.push(interface(GONE, "10.0.0.9", &["sg-web"]));
    small.logged.push(GONE);
    small.gap = Some((GONE, 40..100));
    assert_eq!(small.unused(), ["sgr-3306"]);
    let mut less = small.clone();
    less.interfaces.pop();
    assert_proves_nothing(&small, &less);
}

/// The database's port 8443 answered once, although none of its rules allows that: it carried another group then.
#[test]
#[ignore = "known limit: once the only record that contradicts the inventory is lost, nothing tells that it was wrong; \
            to hold, every gap would have to weaken every group of its VPC"]
fn a_gap_where_the_inventory_was_wrong_proves_nothing() {
    let mut small = Small::new();
    small.accepted.push((DB, 71, "10.0.0.1 10.0.0.2 40002 8443 6"));
    assert_eq!(small.unused(), ["sgr-3306"]);
    assert_proves_nothing(&small, &Small { gap: Some((DB, 65..75)), ..small.clone() });
}

/// Nobody knows what the database carries: the group on no interface perhaps, or not. Nor is its own group idle now.
#[test]
fn groups_that_are_not_known_prove_nothing_of_a_group_on_no_interface() {
    let small = Small::new();
    let mut less = small.clone();
    less.interfaces[1].as_object_mut().unwrap().remove("Groups");
    assert_proves_nothing(&small, &less);
}

/// The only interface that surely carries the group is too young; another one may carry it.
#[test]
fn groups_that_are_not_known_add_no_days() {
    let mut small = Small::new();
    let mut young = interface(GONE, "10.0.0.9", &["sg-idle"]);
    young["Attachment"] = json!({"InstanceId": "i-9", "DeviceIndex": 0, "DeleteOnTermination": true, "AttachTime": "2026-03-01T18:00:00Z"});
    small.interfaces.push(young);
    small.logged.push(GONE);
    small.gap = Some((GONE, 0..108));
    let mut less = small.clone();
    less.interfaces[1].as_object_mut().unwrap().remove("Groups");
    assert_proves_nothing(&small, &less);
}

/// The resolver's address hangs on the range of the VPC.
#[test]
fn a_rule_for_the_resolver_is_not_unused_where_the_range_of_the_vpc_is_not_known() {
    let mut small = Small::new();
    small.rules.push(
        json!({"SecurityGroupRuleId": "sgr-dns", "GroupId": "sg-web", "GroupOwnerId": OWN, "IsEgress": true, "IpProtocol": "udp",
               "FromPort": 53, "ToPort": 53, "CidrIpv4": "10.0.0.2/32"}),
    );
    small.interfaces[1]["PrivateIpAddress"] = json!("10.0.0.3");
    let mut less = small.clone();
    less.further.as_object_mut().unwrap().remove("Vpcs");
    assert_proves_nothing(&small, &less);
}

/// What an Elastic Fabric Adapter or a Network Load Balancer is sent is not all logged; what an interface of unknown type
/// is sent may not be either.
#[test]
fn an_interface_whose_type_is_not_known_may_not_log_everything() {
    for kind in ["efa", "efa-only", "network_load_balancer", "gateway_load_balancer_endpoint", "lambda"] {
        let mut small = Small::new();
        small.rules.push(
            json!({"SecurityGroupRuleId": "sgr-self", "GroupId": "sg-web", "GroupOwnerId": OWN, "IsEgress": false,
                   "IpProtocol": "-1", "ReferencedGroupInfo": {"GroupId": "sg-web", "UserId": OWN}}),
        );
        small.interfaces[0]["InterfaceType"] = json!(kind);
        let mut less = small.clone();
        less.interfaces[0].as_object_mut().unwrap().remove("InterfaceType");
        assert_proves_nothing(&small, &less);
    }
}

/// Every single fact of the small network, left out one at a time, at every depth.
#[test]
fn no_fact_left_out_proves_anything() {
    let mut small = Small::new();
    small.rules.push(
        json!({"SecurityGroupRuleId": "sgr-9090", "GroupId": "sg-web", "GroupOwnerId": OWN, "IsEgress": false,
               "IpProtocol": "tcp", "FromPort": 9090, "ToPort": 9090, "ReferencedGroupInfo": {"GroupId": "sg-db", "UserId": OWN}}),
    );
    small.further["FlowLogs"] =
        json!([{"FlowLogId": "fl-00000000000000001", "TrafficType": "ALL", "MaxAggregationInterval": 600}]);
    small.further["Subnets"] =
        json!([{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "OwnerId": OWN}]);
    // What an item is and when it was, rather than a fact about it.
    const NOT_FACTS: &[&str] = &["NetworkInterfaceId", "Attachment", "InstanceId", "PrivateIpAddress"];
    for item in 0..small.interfaces.len() {
        let keys: Vec<String> = small.interfaces[item].as_object().unwrap().keys().cloned().collect();
        for key in keys.iter().filter(|key| !NOT_FACTS.contains(&key.as_str())) {
            let mut less = small.clone();
            less.interfaces[item].as_object_mut().unwrap().remove(key);
            println!("without {key} of {item}");
            assert_proves_nothing(&small, &less);
        }
    }
    for key in ["Vpcs", "FlowLogs", "Subnets", "TrafficMirrorTargets"] {
        let mut less = small.clone();
        less.further.as_object_mut().unwrap().remove(key);
        println!("without {key}");
        assert_proves_nothing(&small, &less);
    }
}

/// A NAT gateway inside the VPC called the web server for somebody outside. The rule sees the gateway's address, and a format
/// with packet-level addresses alone does not tell it.
#[test]
fn packet_level_addresses_alone_prove_nothing() {
    let mut small = Small::new();
    small.accepted.push((WEB, 70, "10.0.0.200 10.0.0.1 50000 8443 6"));
    let (mut both, mut packet_level_alone) = (String::new(), String::new());
    for line in small.logs().lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (src, dst) = match fields[3] {
            "srcaddr" => ("pkt-srcaddr", "pkt-dstaddr"),
            "10.0.0.200" => ("203.0.113.77", fields[4]),
            other => (other, fields[4]),
        };
        writeln!(both, "{line} {src} {dst}").unwrap();
        let (before, after) = (fields[..3].join(" "), fields[5..].join(" "));
        writeln!(packet_level_alone, "{before} {after} {src} {dst}").unwrap();
    }
    assert_eq!(small.unused_on(&both), ["sgr-3306"]);
    let header = packet_level_alone.lines().next().unwrap();
    let format = flowlog::Format::from_header(header.as_bytes()).unwrap();
    assert_eq!(format.missing_for_verdicts(), Some("srcaddr"), "such a log is left out whole");
}
