//! A network that fits on a screen: a web server that everybody may call, and a database, watched for one day.

use crate::network::read;
use analyzer::analysis::Analysis;
use analyzer::assemble::ReportOptions;
use analyzer::plan::model::{Plan, WarningKind};
use analyzer::plan::{self, PlanOptions};
use analyzer::verdict::Thresholds;
use inventory::Inventory;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;

const DAY: u32 = 1_772_323_200; // 2026-03-01T00:00:00Z
const SLOT: u32 = 600;
const SLOTS: u32 = 144;
pub const OWN: &str = "111122223333";

pub const WEB: &str = "eni-00000000000000001";
pub const DB: &str = "eni-00000000000000002";

pub struct Small {
    pub interfaces: Vec<Value>,
    pub groups: Vec<Value>,
    pub rules: Vec<Value>,
    /// Interface, slot, and `srcaddr dstaddr srcport dstport protocol`.
    pub accepted: Vec<(&'static str, u32, &'static str)>,
    pub include_likely: bool,
}

pub fn interface(id: &str, address: &str, groups: &[&str]) -> Value {
    let groups: Vec<Value> = groups.iter().map(|id| json!({"GroupId": id})).collect();
    json!({"NetworkInterfaceId": id, "VpcId": "vpc-1", "OwnerId": OWN, "InterfaceType": "interface", "RequesterManaged": false,
           "PrivateIpAddress": address, "Groups": groups, "Attachment": {"InstanceId": "i-1", "AttachTime": "2026-01-01T00:00:00Z"}})
}

pub fn group(id: &str) -> Value {
    json!({"GroupId": id, "GroupName": id.trim_start_matches("sg-"), "Description": "by hand", "VpcId": "vpc-1", "OwnerId": OWN})
}

/// A TCP rule for a CIDR.
pub fn rule(group: &str, id: &str, is_egress: bool, ports: (u16, u16), cidr: &str) -> Value {
    let key = if cidr.contains(':') { "CidrIpv6" } else { "CidrIpv4" };
    json!({"SecurityGroupRuleId": id, "GroupId": group, "GroupOwnerId": OWN, "IsEgress": is_egress, "IpProtocol": "tcp",
           "FromPort": ports.0, "ToPort": ports.1, key: cidr})
}

/// A rule for a group.
pub fn rule_for_group(group: &str, id: &str, port: u16, peer: &str) -> Value {
    json!({"SecurityGroupRuleId": id, "GroupId": group, "GroupOwnerId": OWN, "IsEgress": false, "IpProtocol": "tcp",
           "FromPort": port, "ToPort": port, "ReferencedGroupInfo": {"GroupId": peer, "UserId": OWN}})
}

impl Small {
    /// The web server was called on 443 in either half of the day, the database on 5432. Nobody called 8443 or 3306.
    pub fn new() -> Small {
        Small {
            interfaces: vec![interface(WEB, "10.0.0.1", &["sg-web"]), interface(DB, "10.0.0.2", &["sg-db"])],
            groups: vec![group("sg-web"), group("sg-db")],
            rules: vec![
                rule("sg-web", "sgr-443", false, (443, 443), "0.0.0.0/0"),
                rule("sg-web", "sgr-8443", false, (8443, 8443), "10.0.0.0/16"),
                rule("sg-db", "sgr-5432", false, (5432, 5432), "10.0.0.1/32"),
                rule("sg-db", "sgr-3306", false, (3306, 3306), "10.0.0.0/16"),
            ],
            accepted: vec![
                (WEB, 50, "203.0.113.5 10.0.0.1 40000 443 6"),
                (WEB, 100, "203.0.113.5 10.0.0.1 40000 443 6"),
                (DB, 60, "10.0.0.1 10.0.0.2 40001 5432 6"),
                (DB, 110, "10.0.0.1 10.0.0.2 40001 5432 6"),
            ],
            include_likely: false,
        }
    }

    pub fn inventory(&self) -> Value {
        json!({
            "NetworkInterfaces": self.interfaces, "SecurityGroups": self.groups, "SecurityGroupRules": self.rules,
            "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "OwnerId": OWN}], "TrafficMirrorTargets": [],
        })
    }

    pub fn logs(&self) -> String {
        let mut lines = String::from(
            "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n",
        );
        for slot in 0..SLOTS {
            let (start, end) = (DAY + slot * SLOT, DAY + slot * SLOT + SLOT - 1);
            for id in [WEB, DB] {
                let records: Vec<_> = self.accepted.iter().filter(|(of, at, _)| *of == id && *at == slot).collect();
                for (_, _, record) in &records {
                    writeln!(lines, "2 {OWN} {id} {record} 3 180 {start} {end} ACCEPT OK").unwrap();
                }
                if records.is_empty() {
                    writeln!(lines, "2 {OWN} {id} - - - - - - - {start} {end} - NODATA").unwrap();
                }
            }
        }
        lines
    }

    pub fn plan(&self) -> Plan {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a_fl-00000000000000001_b.log"), self.logs()).unwrap();
        let text = self.inventory().to_string();
        let loaded = Inventory::from_texts(&[("inventory.json", &text)]).unwrap();
        let rollup = read(folder.path(), &loaded.inventory);
        let options = ReportOptions {
            since: Some(DAY),
            until: Some(DAY + SLOTS * SLOT - 1),
            thresholds: Thresholds { min_days: 0.9, ..Thresholds::default() },
            ..ReportOptions::default()
        };
        let analysis = Analysis::new(&rollup, &loaded.inventory, &options);
        let options = PlanOptions { include_likely: self.include_likely, ..PlanOptions::default() };
        plan::build(&analysis, &options).unwrap()
    }

    /// Ids of rules that go, and of those that are replaced.
    pub fn changed(&self) -> (Vec<String>, Vec<String>) {
        let plan = self.plan();
        let removals = plan.groups.iter().flat_map(|group| &group.removals);
        let replacements = plan.groups.iter().flat_map(|group| &group.replacements);
        (
            removals.map(|removal| removal.rule.id.clone()).collect(),
            replacements.map(|replacement| replacement.rule.id.clone()).collect(),
        )
    }

    /// Warnings of one kind: group, and rule or "".
    pub fn warned(&self, kind: WarningKind) -> Vec<(String, String)> {
        let warnings = self.plan().warnings.into_iter().filter(|warning| warning.kind == kind);
        warnings.map(|warning| (warning.group_id, warning.rule_id.unwrap_or_default())).collect()
    }
}
