//! Plain loops over the records and the inventory of a simulated network, as its files have them: what every rule
//! would have been used for if each accepted record were a request. Nothing of the program takes part.

use flate2::read::MultiGzDecoder;
use ipnet::IpNet;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::Path;

/// Records, bytes, first and last second.
pub type Use = (u64, u64, i64, i64);

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Uses {
    pub by_peer: BTreeMap<IpAddr, Use>,
    /// By the start of the part of time.
    pub by_time: BTreeMap<i64, u64>,
}

impl Uses {
    fn add(&mut self, peer: IpAddr, record: &Record, part: i64) {
        let new = (0, 0, record.start, record.end);
        let known = self.by_peer.entry(peer).or_insert(new);
        *known = (known.0 + 1, known.1 + record.bytes, known.2.min(record.start), known.3.max(record.end));
        *self.by_time.entry(record.start - record.start % part).or_default() += 1;
    }
}

pub struct Rule {
    pub id: String,
    pub group: String,
    egress: bool,
    protocol: Option<u8>,
    ports: Option<(u16, u16)>,
    /// None: not a CIDR.
    peer: Option<IpNet>,
}

impl Rule {
    /// Whether these loops can tell its uses from the records alone: it names a CIDR, and no port that was dropped
    /// leaves open whether it was one of its.
    pub fn is_plain(&self) -> bool {
        let is_cut = self.ports.is_some_and(|(from, to)| from <= 32_768 && (60_999..65_535).contains(&to));
        self.peer.is_some() && !is_cut
    }

    fn allows(&self, egress: bool, protocol: u8, port: u16, peer: IpAddr) -> bool {
        let protocol_fits = self.protocol.is_none_or(|named| named == protocol);
        let port_fits = self.ports.is_none_or(|(from, to)| from <= port && port <= to);
        self.egress == egress && protocol_fits && port_fits && self.peer.is_some_and(|net| net.contains(&peer))
    }
}

struct Interface {
    addresses: Vec<IpNet>,
    groups: BTreeSet<String>,
}

struct Record {
    interface: String,
    source: IpAddr,
    destination: IpAddr,
    port: u16,
    protocol: u8,
    bytes: u64,
    start: i64,
    end: i64,
}

pub struct Loops {
    pub rules: Vec<Rule>,
    interfaces: BTreeMap<String, Interface>,
    records: Vec<Record>,
}

impl Loops {
    pub fn read(folder: &Path) -> Loops {
        let mut rules = Vec::new();
        let mut interfaces = BTreeMap::new();
        for file in files(&folder.join("inventory")) {
            let document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
            for rule in document["SecurityGroupRules"].as_array().into_iter().flatten() {
                rules.push(read_rule(rule));
            }
            for interface in document["NetworkInterfaces"].as_array().into_iter().flatten() {
                interfaces.insert(text(&interface["NetworkInterfaceId"]), read_interface(interface));
            }
        }
        let mut records = Vec::new();
        for file in files(&folder.join("logs")) {
            read_log(&file, &mut records);
        }
        Loops { rules, interfaces, records }
    }

    /// What a rule was used for.
    pub fn of_rule(&self, rule: &Rule, part: i64) -> Uses {
        let mut uses = Uses::default();
        for record in &self.records {
            for (egress, peer) in self.ways(record, &rule.group) {
                if rule.allows(egress, record.protocol, record.port, peer) {
                    uses.add(peer, record, part);
                }
            }
        }
        uses
    }

    /// What any rule of a group was used for, each record once for each peer.
    pub fn of_group(&self, group: &str, part: i64) -> Uses {
        let rules: Vec<&Rule> = self.rules.iter().filter(|rule| rule.group == group).collect();
        let mut uses = Uses::default();
        for record in &self.records {
            for (egress, peer) in self.ways(record, group) {
                if rules.iter().any(|rule| rule.allows(egress, record.protocol, record.port, peer)) {
                    uses.add(peer, record, part);
                }
            }
        }
        uses
    }

    /// Ways that a record may have gone through an interface with that group, with the peer of each.
    fn ways(&self, record: &Record, group: &str) -> Vec<(bool, IpAddr)> {
        let Some(interface) = self.interfaces.get(&record.interface).filter(|known| known.groups.contains(group))
        else {
            return Vec::new();
        };
        let owns = |address: &IpAddr| interface.addresses.iter().any(|own| own.contains(address));
        let (sends, receives) = (owns(&record.source), owns(&record.destination));
        let mut ways = Vec::new();
        if receives || !sends {
            ways.push((false, record.source));
        }
        if sends || !receives {
            ways.push((true, record.destination));
        }
        ways
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn read_rule(rule: &Value) -> Rule {
    let protocol = match rule["IpProtocol"].as_str().unwrap() {
        "-1" => None,
        "tcp" => Some(6),
        "udp" => Some(17),
        "icmp" => Some(1),
        "icmpv6" => Some(58),
        number => Some(number.parse().unwrap()),
    };
    let has_ports = matches!(protocol, Some(6 | 17));
    let port = |key: &str| u16::try_from(rule[key].as_i64().unwrap()).unwrap();
    let peer = rule["CidrIpv4"].as_str().or(rule["CidrIpv6"].as_str());
    Rule {
        id: text(&rule["SecurityGroupRuleId"]),
        group: text(&rule["GroupId"]),
        egress: rule["IsEgress"].as_bool().unwrap(),
        protocol,
        ports: has_ports.then(|| (port("FromPort"), port("ToPort"))),
        peer: peer.map(|net| net.parse().unwrap()),
    }
}

fn read_interface(interface: &Value) -> Interface {
    let list = |key: &str| interface[key].as_array().cloned().unwrap_or_default();
    let mut addresses: Vec<IpNet> = Vec::new();
    for (key, name) in [("PrivateIpAddresses", "PrivateIpAddress"), ("Ipv6Addresses", "Ipv6Address")] {
        let address = |item: &Value| IpNet::from(item[name].as_str().unwrap().parse::<IpAddr>().unwrap());
        addresses.extend(list(key).iter().map(address));
    }
    for (key, name) in [("Ipv4Prefixes", "Ipv4Prefix"), ("Ipv6Prefixes", "Ipv6Prefix")] {
        addresses.extend(list(key).iter().map(|item| item[name].as_str().unwrap().parse::<IpNet>().unwrap()));
    }
    addresses
        .extend(interface["PrivateIpAddress"].as_str().map(|address| IpNet::from(address.parse::<IpAddr>().unwrap())));
    Interface { addresses, groups: list("Groups").iter().map(|group| text(&group["GroupId"])).collect() }
}

/// Accepted records of a default-format log with a header.
fn read_log(file: &Path, records: &mut Vec<Record>) {
    let mut content = String::new();
    MultiGzDecoder::new(fs::File::open(file).unwrap()).read_to_string(&mut content).unwrap();
    let mut lines = content.lines();
    let header: Vec<&str> = lines.next().unwrap().split(' ').collect();
    let at = |name: &str| header.iter().position(|field| *field == name).unwrap();
    let places =
        ["interface-id", "srcaddr", "dstaddr", "dstport", "protocol", "bytes", "start", "end", "action"].map(at);
    for line in lines {
        let fields: Vec<&str> = line.split(' ').collect();
        let [interface, source, destination, port, protocol, bytes, start, end, action] = places.map(|at| fields[at]);
        if action != "ACCEPT" {
            continue;
        }
        records.push(Record {
            interface: interface.to_owned(),
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            port: port.parse().unwrap(),
            protocol: protocol.parse().unwrap(),
            bytes: bytes.parse().unwrap(),
            start: start.parse().unwrap(),
            end: end.parse().unwrap(),
        });
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
