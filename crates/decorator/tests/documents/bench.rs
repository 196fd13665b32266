//! A decorator with an inventory and databases of a test's own.

use std::sync::Arc;

use decorator::decorate::{DecorateOptions, Decorated, Decorator, Schema};
use enrich::{Atlas, Sources};
use flowlog::Format;
use inventory::Inventory;
use serde_json::Value;

use crate::strict_json;

/// The format of the default records.
pub const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
                           action log-status";

/// An inventory with nothing in it.
pub const NOTHING: &str = r#"{"NetworkInterfaces": [], "SecurityGroups": []}"#;

/// The interface of the guide's examples of accepted and rejected traffic, with two groups.
pub const BASTION: &str = r#"{
    "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1235b8ca123456789", "OwnerId": "123456789010", "VpcId": "vpc-1",
        "InterfaceType": "interface", "Description": "bastion \"one\"", "PrivateIpAddress": "172.31.16.21",
        "PrivateIpAddresses": [{"PrivateIpAddress": "172.31.16.21", "Primary": true},
                               {"PrivateIpAddress": "172.31.16.22", "Primary": false}],
        "Ipv6Addresses": [{"Ipv6Address": "2001:db8:1234:a102:3304:8879:34cf:4071"}],
        "Ipv4Prefixes": [{"Ipv4Prefix": "172.31.20.16/28"}],
        "Groups": [{"GroupId": "sg-bastion", "GroupName": "bastion"}, {"GroupId": "sg-all", "GroupName": "everyone"}]}],
    "SecurityGroups": [
        {"GroupId": "sg-bastion", "GroupName": "bastion", "OwnerId": "123456789010", "VpcId": "vpc-1"},
        {"GroupId": "sg-all", "GroupName": "everyone", "OwnerId": "123456789010", "VpcId": "vpc-1"}],
    "SecurityGroupRules": [
        {"SecurityGroupRuleId": "sgr-ssh", "GroupId": "sg-bastion", "IsEgress": false, "IpProtocol": "tcp",
         "FromPort": 22, "ToPort": 22, "CidrIpv4": "172.31.0.0/16"},
        {"SecurityGroupRuleId": "sgr-ssh6", "GroupId": "sg-bastion", "IsEgress": false, "IpProtocol": "tcp",
         "FromPort": 22, "ToPort": 22, "CidrIpv6": "2001:db8::/32"},
        {"SecurityGroupRuleId": "sgr-out", "GroupId": "sg-all", "IsEgress": true, "IpProtocol": "tcp",
         "FromPort": 443, "ToPort": 443, "CidrIpv4": "0.0.0.0/0"},
        {"SecurityGroupRuleId": "sgr-db", "GroupId": "sg-all", "IsEgress": true, "IpProtocol": "tcp",
         "FromPort": 5432, "ToPort": 5432, "CidrIpv4": "10.0.0.0/8"}]}"#;

/// Decorates lines one after another.
pub struct Bench {
    decorator: Decorator,
}

impl Bench {
    pub fn new(schema: Schema, rule_ids: bool, inventory: &str, sources: &Sources) -> Bench {
        let atlas = Arc::new(Atlas::open(sources).unwrap());
        let options = DecorateOptions { schema, rule_ids };
        Bench { decorator: Decorator::new(options, load(&[inventory]), atlas) }
    }

    pub fn classic(inventory: &str) -> Bench {
        Bench::new(Schema::Classic, false, inventory, &Sources::default())
    }

    pub fn with_rules(inventory: &str) -> Bench {
        Bench::new(Schema::Classic, true, inventory, &Sources::default())
    }

    pub fn ecs(inventory: &str) -> Bench {
        Bench::new(Schema::Ecs, true, inventory, &Sources::default())
    }

    /// With snapshots, each a text.
    pub fn over_time(snapshots: &[&str]) -> Bench {
        let mut bench = Bench::with_rules(NOTHING);
        bench.decorator.set_inventory(load(snapshots));
        bench
    }

    pub fn decorator(&mut self) -> &mut Decorator {
        &mut self.decorator
    }

    /// The document as it is written, and what was found missing.
    pub fn write(&mut self, columns: &str, line: &[u8], arrived: Option<i64>) -> (String, Decorated) {
        let format = Format::from_template(columns).unwrap();
        let record = format.parse(line).unwrap();
        // What is there already stays.
        let mut out = b"before".to_vec();
        let decorated = self.decorator.decorate(&record, &format, line, arrived, &mut out);
        let document = String::from_utf8(out.strip_prefix(b"before").unwrap().to_vec()).unwrap();
        (document, decorated)
    }

    /// The document, read.
    pub fn read(&mut self, columns: &str, line: &str) -> Value {
        strict_json::read(self.write(columns, line.as_bytes(), None).0.as_bytes())
    }
}

pub fn load(texts: &[&str]) -> Arc<Inventory> {
    let names: Vec<String> = (0..texts.len()).map(|number| format!("{number}.json")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().copied()).collect();
    Arc::new(Inventory::from_texts(&files).unwrap().inventory)
}
