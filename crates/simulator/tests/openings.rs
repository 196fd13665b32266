//! Openings of every rule against plain loops over the text and the inventory that were written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use jiff::Timestamp;
use serde_json::Value;
use simulator::{Fields, Options, Scenario, simulate};

use reading::{Record, text_records};

/// Rule, interface and port.
type Kind = (String, String, u16);

/// The undated inventory, as a program that has nothing else reads it.
struct Inventory {
    interfaces: Vec<Value>,
    rules: Vec<Value>,
    lists: Vec<Value>,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn in_range(range: &str, address: IpAddr) -> bool {
    range.parse::<IpNet>().unwrap().contains(&address)
}

impl Inventory {
    fn read(folder: &Path) -> Inventory {
        let read = |name: &str, key: &str| {
            let document: Value = serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap();
            list(&document, key).to_vec()
        };
        Inventory {
            interfaces: read("network-interfaces.json", "NetworkInterfaces"),
            rules: read("security-group-rules.json", "SecurityGroupRules"),
            lists: read("prefix-lists.json", "PrefixLists"),
        }
    }

    fn carries(interface: &Value, group: &Value) -> bool {
        list(interface, "Groups").iter().any(|carried| carried["GroupId"] == *group)
    }

    /// The group's members, if the one owner of the address is one and was attached a minute before (`start` lags).
    fn is_surely_in(&self, address: IpAddr, group: &Value, start: i64) -> bool {
        let is = |value: &Value| text(value).parse::<IpAddr>().unwrap() == address;
        let owns = |interface: &&Value| {
            list(interface, "PrivateIpAddresses").iter().any(|own| is(&own["PrivateIpAddress"]))
                || list(interface, "Ipv6Addresses").iter().any(|own| is(&own["Ipv6Address"]))
                || list(interface, "Ipv4Prefixes").iter().any(|own| in_range(text(&own["Ipv4Prefix"]), address))
        };
        let owners: Vec<&Value> = self.interfaces.iter().filter(owns).collect();
        let [owner] = owners.as_slice() else { return false };
        let attached = owner["Attachment"]["AttachTime"].as_str();
        let attached = attached.map(|time| time.parse::<Timestamp>().unwrap().as_second());
        attached.is_none_or(|attached| attached <= start - 60) && Inventory::carries(owner, group)
    }

    fn names_peer(&self, rule: &Value, address: IpAddr, start: i64) -> bool {
        if let Some(range) = rule["CidrIpv4"].as_str().or(rule["CidrIpv6"].as_str()) {
            return in_range(range, address);
        }
        if let Some(id) = rule["PrefixListId"].as_str() {
            let list_of_id = self.lists.iter().find(|list| list["PrefixListId"] == id).unwrap();
            return list(list_of_id, "Entries").iter().any(|entry| in_range(text(&entry["Cidr"]), address));
        }
        self.is_surely_in(address, &rule["ReferencedGroupInfo"]["GroupId"], start)
    }
}

/// Which rules surely allow what: accepted TCP records with SYN (2) and without ACK (16).
fn read_sure(logs: &Path, inventory: &Inventory) -> BTreeMap<Kind, u64> {
    let mut sure = BTreeMap::new();
    for record in text_records(logs) {
        let get = |name: &str| record[name].as_str();
        let flags: u16 = get("tcp-flags").parse().unwrap_or_default();
        if get("action") != "ACCEPT" || get("protocol") != "6" || flags & 2 == 0 || flags & 16 != 0 {
            continue;
        }
        let Some(interface) =
            inventory.interfaces.iter().find(|interface| interface["NetworkInterfaceId"] == get("interface-id"))
        else {
            continue;
        };
        let port: u16 = get("dstport").parse().unwrap();
        for rule in &inventory.rules {
            if Inventory::carries(interface, &rule["GroupId"]) && surely_allows(inventory, rule, &record, port) {
                let kind = (text(&rule["SecurityGroupRuleId"]).to_owned(), get("interface-id").to_owned(), port);
                *sure.entry(kind).or_default() += 1;
            }
        }
    }
    sure
}

fn surely_allows(inventory: &Inventory, rule: &Value, record: &Record, port: u16) -> bool {
    let is_egress = record["flow-direction"] == "egress";
    let ports = rule["FromPort"].as_i64().unwrap()..=rule["ToPort"].as_i64().unwrap();
    let is_named = match text(&rule["IpProtocol"]) {
        "-1" => true,
        "tcp" => ports.contains(&i64::from(port)),
        _ => false,
    };
    let sides = if is_egress { ["dstaddr", "pkt-dstaddr"] } else { ["srcaddr", "pkt-srcaddr"] };
    let start: i64 = record["start"].parse().unwrap();
    rule["IsEgress"] == is_egress
        && is_named
        && sides.iter().all(|side| inventory.names_peer(rule, record[*side].parse().unwrap(), start))
}

#[test]
fn openings_are_those_of_the_written_records() {
    let mut sorts = BTreeSet::new();
    let mut hidden = 0;
    for (scenario, seed) in [(Scenario::V2Gaps, 2), (Scenario::V5, 2), (Scenario::V5, 3), (Scenario::V2Deleted, 4)] {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new(scenario, seed);
        options.days = options.days.min(12);
        options.fields = Fields::V5;
        let truth = simulate(&options, folder.path()).unwrap();
        let inventory = Inventory::read(&folder.path().join("inventory"));
        let read = read_sure(&folder.path().join("logs"), &inventory);
        let mut told = BTreeMap::new();
        for rule in &truth.rules {
            let mut records = 0;
            for opening in &rule.openings {
                assert!(opening.sure <= opening.records, "{opening:?}");
                records += opening.records;
                hidden += opening.records - opening.sure;
                if opening.sure > 0 {
                    let kind = (rule.rule_id.clone(), opening.interface_id.clone(), opening.port);
                    assert_eq!(told.insert(kind, opening.sure), None, "{opening:?} is there twice");
                }
            }
            assert!(records <= rule.requests, "{}: {records} openings, {} requests", rule.text, rule.requests);
        }
        let differ: Vec<_> = read.keys().chain(told.keys()).filter(|kind| read.get(kind) != told.get(kind)).collect();
        assert!(differ.is_empty(), "{}, seed {seed}: {} differ: {differ:#?}", scenario.name(), differ.len());
        for rule in &inventory.rules {
            let id = text(&rule["SecurityGroupRuleId"]);
            if told.keys().any(|(named, ..)| named == id) {
                sorts.extend(["CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupInfo"].map(|key| {
                    let is_there = !rule[key].is_null();
                    (key, is_there, rule["IsEgress"].as_bool().unwrap())
                }));
            }
        }
    }
    assert!(hidden > 0, "no opening was in doubt");
    for sort in [("CidrIpv4", false), ("CidrIpv4", true), ("CidrIpv6", false), ("PrefixListId", false)] {
        assert!(sorts.contains(&(sort.0, true, sort.1)), "no opening of {sort:?}");
    }
    for is_egress in [false, true] {
        assert!(sorts.contains(&("ReferencedGroupInfo", true, is_egress)), "no opening by a group");
    }
}

/// Without flags no record shows that it opens anything.
#[test]
fn no_flags_no_openings() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(Scenario::V2Gaps, 2);
    options.days = 12;
    let truth = simulate(&options, folder.path()).unwrap();
    assert!(truth.rules.iter().any(|rule| rule.requests > 0));
    assert!(truth.rules.iter().all(|rule| rule.openings.is_empty()));
}
