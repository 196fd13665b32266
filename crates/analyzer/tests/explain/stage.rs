//! A small network made by hand, and its logs: one VPC, 10.0.0.0/16, whose `eni-1` (10.0.0.5) carries `sg-1`.

use analyzer::assemble::ReportOptions;
use analyzer::explain::model::{Explanation, Missing, RuleExplained};
use analyzer::explain::subject::Subject;
use analyzer::explain::{Question, explain};
use analyzer::names::Names;
use analyzer::rollup::{KeptPorts, Slice};
use analyzer::scan::{ScanOptions, Unwatched, objects, scan};
use analyzer::verdict::Thresholds;
use inventory::Inventory;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

pub const ACCOUNT: &str = "123456789012";
/// 2026-03-01T00:00:00Z.
pub const MARCH: i64 = 20_513 * 86_400;
pub const HOUR: i64 = 3600;

const HEADER: &str = "account-id vpc-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action \
                      log-status";

/// A record; the fields that matter.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    pub interface: &'static str,
    pub from: (&'static str, u16),
    pub to: (&'static str, u16),
    pub protocol: u8,
    /// Seconds after the start of March.
    pub at: i64,
    /// Where the log has them.
    pub flags: Option<u16>,
}

/// From a stranger to `eni-1`.
pub const STRANGER: Record = Record {
    interface: "eni-1",
    from: ("192.0.2.7", 40_000),
    to: ("10.0.0.5", 443),
    protocol: 6,
    at: HOUR,
    flags: None,
};

pub struct Stage {
    pub folder: TempDir,
    pub inventory: Value,
    /// More snapshots.
    pub more: Vec<Value>,
    /// Minutes in which interfaces reported, as lines without data.
    reports: String,
    records: Vec<Record>,
    /// Name of the object, where it matters.
    pub object: String,
}

pub fn interface(id: &str, address: &str, groups: &[&str]) -> Value {
    let groups: Vec<Value> = groups.iter().map(|id| json!({"GroupId": id, "GroupName": ""})).collect();
    json!({
        "NetworkInterfaceId": id, "OwnerId": ACCOUNT, "VpcId": "vpc-1", "SubnetId": "subnet-1", "InterfaceType": "interface",
        "RequesterManaged": false, "PrivateIpAddress": address, "Groups": groups
    })
}

pub fn group(id: &str) -> Value {
    json!({"GroupId": id, "GroupName": format!("{id}-name"), "OwnerId": ACCOUNT, "VpcId": "vpc-1", "Description": "by hand"})
}

/// A rule to or from a CIDR.
pub fn rule(id: &str, group: &str, egress: bool, protocol: &str, ports: (i32, i32), peer: &str) -> Value {
    json!({
        "SecurityGroupRuleId": id, "GroupId": group, "GroupOwnerId": ACCOUNT, "IsEgress": egress, "IpProtocol": protocol,
        "FromPort": ports.0, "ToPort": ports.1, "CidrIpv4": peer, "Description": ""
    })
}

/// `sgr-used` is used in every log; `sgr-idle` is the one that is asked about.
pub fn idle(ports: (i32, i32)) -> Value {
    rule("sgr-idle", "sg-1", false, "tcp", ports, "192.0.2.0/24")
}

impl Stage {
    /// Two days of complete logs with one record, and nothing that keeps `sgr-idle` from being proven unused.
    pub fn new() -> Stage {
        let inventory = json!({
            "NetworkInterfaces": [interface("eni-1", "10.0.0.5", &["sg-1"])],
            "SecurityGroups": [group("sg-1")],
            "SecurityGroupRules": [rule("sgr-used", "sg-1", false, "tcp", (443, 443), "0.0.0.0/0"), idle((8443, 8443))],
            "Vpcs": [{"VpcId": "vpc-1", "OwnerId": ACCOUNT, "CidrBlock": "10.0.0.0/16",
                "CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}}]}],
            "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "OwnerId": ACCOUNT, "CidrBlock": "10.0.0.0/24"}],
        });
        let mut stage = Stage {
            folder: tempfile::tempdir().unwrap(),
            inventory,
            more: Vec::new(),
            reports: String::new(),
            records: vec![STRANGER],
            object: "a.log".to_owned(),
        };
        stage.report("eni-1", 0, 48);
        stage
    }

    /// The same without any line that says that an interface reported.
    pub fn without_reports() -> Stage {
        let mut stage = Stage::new();
        stage.reports.clear();
        stage
    }

    /// An interface reports in these hours, every ten minutes.
    pub fn report(&mut self, interface: &str, from: i64, to: i64) -> &mut Stage {
        for slot in from * 6..to * 6 {
            let start = MARCH + slot * 600;
            let end = start + 599;
            writeln!(self.reports, "{ACCOUNT} vpc-1 {interface} - - - - - - - {start} {end} - NODATA").unwrap();
        }
        self
    }

    /// AWS skipped records of an interface in the ten minutes after that hour.
    pub fn skip(&mut self, interface: &str, hour: i64) -> &mut Stage {
        let start = MARCH + hour * HOUR;
        let end = start + 599;
        writeln!(self.reports, "{ACCOUNT} vpc-1 {interface} - - - - - - - {start} {end} - SKIPDATA").unwrap();
        self
    }

    pub fn record(&mut self, record: Record) -> &mut Stage {
        self.records.push(record);
        self
    }

    /// Adds to a list of the inventory.
    pub fn add(&mut self, list: &str, item: Value) -> &mut Stage {
        let lists = self.inventory.as_object_mut().unwrap();
        lists.entry(list).or_insert_with(|| json!([])).as_array_mut().unwrap().push(item);
        self
    }

    /// Puts another rule in the place of `sgr-idle`.
    pub fn idle(&mut self, rule: Value) -> &mut Stage {
        let rules = self.inventory["SecurityGroupRules"].as_array_mut().unwrap();
        rules.retain(|rule| rule["SecurityGroupRuleId"] != "sgr-idle");
        rules.push(rule);
        self
    }

    /// Gives the inventory its date, in hours after the start of March.
    pub fn captured(inventory: &mut Value, hour: i64) {
        let at = jiff::Timestamp::from_second(MARCH + hour * HOUR).unwrap().to_string();
        let facts = inventory.as_object_mut().unwrap();
        facts.insert("CapturedAt".to_owned(), json!(at));
        facts.insert("AccountId".to_owned(), json!(ACCOUNT));
        facts.insert("Region".to_owned(), json!("eu-west-1"));
    }

    /// The log as one text.
    fn log(&self) -> String {
        let has_flags = self.records.iter().any(|record| record.flags.is_some());
        let mut text = format!("{HEADER}{}\n", if has_flags { " tcp-flags" } else { "" });
        for line in self.reports.lines() {
            writeln!(text, "{line}{}", if has_flags { " -" } else { "" }).unwrap();
        }
        for record in &self.records {
            let Record { interface, from, to, protocol, at, flags } = record;
            let (start, end) = (MARCH + at, MARCH + at + 50);
            write!(
                text,
                "{ACCOUNT} vpc-1 {interface} {} {} {} {} {protocol} 2 100 {start} {end} ACCEPT OK",
                from.0, to.0, from.1, to.1
            )
            .unwrap();
            if has_flags {
                write!(text, " {}", flags.unwrap_or(0)).unwrap();
            }
            text.push('\n');
        }
        text
    }

    /// Writes everything; where the logs and where the inventory is.
    pub fn write(&self) -> (PathBuf, PathBuf) {
        let (logs, inventory) = (self.folder.path().join("logs"), self.folder.path().join("inventory"));
        fs::create_dir_all(&logs).unwrap();
        fs::create_dir_all(&inventory).unwrap();
        fs::write(logs.join(&self.object), self.log()).unwrap();
        for (number, snapshot) in [&self.inventory].into_iter().chain(&self.more).enumerate() {
            fs::write(inventory.join(format!("{number}.json")), snapshot.to_string()).unwrap();
        }
        (logs, inventory)
    }

    pub fn explain(&self, subject: &str, min_days: f64) -> Explanation {
        let (logs, inventory) = self.write();
        let inventory = Inventory::load(&[inventory]).unwrap().inventory;
        let options = ScanOptions {
            log_format: None,
            since: None,
            until: None,
            slice: Slice::Hour,
            kept_ports: KeptPorts::new(inventory.kept_ports()),
            threads: 1,
        };
        let scanned = scan(&objects::find(&[logs.display().to_string()]).unwrap(), &options, &Unwatched);
        let asked = ReportOptions {
            thresholds: Thresholds { min_days, ..Thresholds::default() },
            threads: 2,
            ..ReportOptions::default()
        };
        let subject = Subject::find(&inventory, subject).unwrap();
        let question = Question { options: &asked, names: &Names::default(), peers: 10 };
        explain(&scanned.rollup, &inventory, &subject, question)
    }

    /// What is told about a rule where a day of observation is enough.
    pub fn rule(&self, id: &str) -> RuleExplained {
        let mut explanation = self.explain(id, 1.0);
        assert_eq!((explanation.rules.len(), explanation.group.is_some()), (1, false));
        explanation.rules.remove(0)
    }
}

/// The one gate of that name.
#[track_caller]
pub fn gate<'a>(rule: &'a RuleExplained, name: &str) -> &'a Missing {
    let found: Vec<&Missing> = rule.missing.iter().filter(|missing| missing.gate == name).collect();
    assert_eq!(found.len(), 1, "{name} in {:?}", gates(rule));
    found[0]
}

pub fn gates(rule: &RuleExplained) -> Vec<&'static str> {
    rule.missing.iter().map(|missing| missing.gate).collect()
}
