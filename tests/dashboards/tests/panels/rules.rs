//! Which rules allow a request of the samples: plain loops over `describe-security-group-rules`.
//!
//! The samples hold IPv4 and TCP only, one VPC, and one undated snapshot; a peer is in a group when its address is an interface's of
//! that group, attached before the record.

use super::records::{Record, inventory};
use ipnet::IpNet;
use serde_json::Value;
use std::collections::HashMap;
use std::net::IpAddr;

pub struct Rules {
    rules: Vec<Value>,
    lists: HashMap<String, Vec<IpNet>>,
    members: Vec<Member>,
}

struct Member {
    address: IpAddr,
    groups: Vec<String>,
    since: Option<u64>,
}

impl Rules {
    pub fn read() -> Rules {
        let rules = inventory("security-group-rules")["SecurityGroupRules"].as_array().unwrap().clone();
        let mut lists = HashMap::new();
        for list in inventory("prefix-lists")["PrefixLists"].as_array().unwrap() {
            let Some(entries) = list["Entries"].as_array() else { continue };
            let nets = entries.iter().map(|entry| entry["Cidr"].as_str().unwrap().parse().unwrap()).collect();
            lists.insert(list["PrefixListId"].as_str().unwrap().to_owned(), nets);
        }
        let mut members = Vec::new();
        for interface in inventory("network-interfaces")["NetworkInterfaces"].as_array().unwrap() {
            let groups = interface["Groups"].as_array().unwrap();
            let groups: Vec<String> =
                groups.iter().map(|group| group["GroupId"].as_str().unwrap().to_owned()).collect();
            let since = interface["Attachment"]["AttachTime"].as_str();
            let since = since.map(|time| time.parse::<jiff::Timestamp>().unwrap().as_second().unsigned_abs());
            for address in interface["PrivateIpAddresses"].as_array().unwrap() {
                let address = address["PrivateIpAddress"].as_str().unwrap().parse().unwrap();
                members.push(Member { address, groups: groups.clone(), since });
            }
        }
        Rules { rules, lists, members }
    }

    /// Ids of the rules that surely allow an accepted request.
    pub fn allowing(&self, record: &Record) -> Vec<String> {
        if !record.is_request() || !record.accepted() {
            return Vec::new();
        }
        self.matching(record)
    }

    /// The same without regard to who asked.
    pub fn matching(&self, record: &Record) -> Vec<String> {
        let mut ids = Vec::new();
        for rule in &self.rules {
            if self.allows(rule, record) {
                ids.push(rule["SecurityGroupRuleId"].as_str().unwrap().to_owned());
            }
        }
        ids
    }

    fn allows(&self, rule: &Value, record: &Record) -> bool {
        let is_of_the_interface = record.group_ids.iter().any(|group| rule["GroupId"] == group.as_str());
        if !is_of_the_interface || rule["IsEgress"] == record.inbound() {
            return false;
        }
        let is_tcp = ["-1", "tcp", "6"].contains(&rule["IpProtocol"].as_str().unwrap());
        if !is_tcp || record.number("protocol") != Some(6) {
            return false;
        }
        let port = record.number("dstport").unwrap().cast_signed();
        let from = rule["FromPort"].as_i64().unwrap_or(-1);
        let to = rule["ToPort"].as_i64().unwrap_or(-1);
        let has_port = rule["IpProtocol"] == "-1" || from == -1 || (from..=to).contains(&port);
        let peer = if record.inbound() { record.source() } else { record.destination() };
        has_port && self.lets_in(rule, peer.unwrap(), record)
    }

    fn lets_in(&self, rule: &Value, peer: IpAddr, record: &Record) -> bool {
        for key in ["CidrIpv4", "CidrIpv6"] {
            if let Some(cidr) = rule[key].as_str() {
                return cidr.parse::<IpNet>().unwrap().contains(&peer);
            }
        }
        if let Some(list) = rule["PrefixListId"].as_str() {
            return self.lists.get(list).is_some_and(|nets| nets.iter().any(|net| net.contains(&peer)));
        }
        let group = rule["ReferencedGroupInfo"]["GroupId"].as_str().unwrap();
        let start = record.number("start").unwrap();
        self.members.iter().any(|member| {
            let is_there = member.since.is_none_or(|since| since <= start.saturating_sub(60));
            member.address == peer && is_there && member.groups.iter().any(|carried| carried == group)
        })
    }
}
