//! Inventories and logs made up for one test: one VPC, one interface that carries every group, and a few flows to it.

use crate::stage::Stage;
use serde_json::{Value, json};
use std::fs;

const START: u64 = 1_772_323_200;
const ADDRESS: &str = "10.0.0.10";

/// A group and its rules.
pub struct Group {
    pub id: String,
    pub name: String,
    pub description: String,
    pub tags: Vec<(String, String)>,
    pub rules: Vec<Rule>,
}

/// An ingress rule of TCP.
pub struct Rule {
    pub id: String,
    pub from: u16,
    pub to: u16,
    pub cidr: String,
    pub description: String,
    pub tags: Vec<(String, String)>,
}

fn tags(tags: &[(String, String)]) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

/// The page of these groups: four days, and in each hour one connection to each of these ports.
pub fn page(groups: &[Group], interface_description: &str, ports: &[u16]) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let mut listed = Vec::new();
    let mut rules = Vec::new();
    for group in groups {
        listed.push(json!({
            "GroupId": group.id, "GroupName": group.name, "Description": group.description, "OwnerId": "123456789012",
            "VpcId": "vpc-00000000000000001", "Tags": tags(&group.tags),
        }));
        for rule in &group.rules {
            rules.push(json!({
                "SecurityGroupRuleId": rule.id, "GroupId": group.id, "GroupOwnerId": "123456789012", "IsEgress": false,
                "IpProtocol": "tcp", "FromPort": rule.from, "ToPort": rule.to, "CidrIpv4": rule.cidr,
                "Description": rule.description, "Tags": tags(&rule.tags),
            }));
        }
    }
    let carried: Vec<Value> =
        groups.iter().map(|group| json!({"GroupId": group.id, "GroupName": group.name})).collect();
    let inventory = json!({
        "SecurityGroups": listed,
        "SecurityGroupRules": rules,
        "NetworkInterfaces": [{
            "NetworkInterfaceId": "eni-00000000000000001", "VpcId": "vpc-00000000000000001", "OwnerId": "123456789012",
            "SubnetId": "subnet-00000000000000001", "InterfaceType": "interface", "Description": interface_description,
            "PrivateIpAddress": ADDRESS, "PrivateIpAddresses": [{"Primary": true, "PrivateIpAddress": ADDRESS}], "Groups": carried,
        }],
        "Subnets": [{"SubnetId": "subnet-00000000000000001", "VpcId": "vpc-00000000000000001", "CidrBlock": "10.0.0.0/24"}],
        "Vpcs": [{"VpcId": "vpc-00000000000000001", "OwnerId": "123456789012", "CidrBlock": "10.0.0.0/16",
            "CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}}]}],
    });
    let mut lines = String::from(
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags\n",
    );
    for slot in 0..4 * 24 * 6 {
        let (start, end) = (START + slot * 600, START + slot * 600 + 600);
        lines.push_str(&format!("2 123456789012 eni-00000000000000001 - - - - - - - {start} {end} - NODATA -\n"));
        for port in ports.iter().filter(|_| slot % 6 == 0) {
            let peer = format!("203.0.113.{}", 1 + slot % 40);
            lines.push_str(&format!(
                "2 123456789012 eni-00000000000000001 {peer} {ADDRESS} 50123 {port} 6 9 1200 {start} {end} ACCEPT OK 2\n"
            ));
        }
    }
    let (logs, path) = (folder.path().join("flows.log"), folder.path().join("inventory.json"));
    fs::write(&logs, lines).unwrap();
    fs::write(&path, inventory.to_string()).unwrap();
    Stage::of(&logs, &path, &["--min-days", "2"])
}
