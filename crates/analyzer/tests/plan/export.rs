//! The files of a simulated network, read by plain loops that share nothing with the program: what each line says, who carried
//! which group when, and what a rule allows.

use flate2::read::MultiGzDecoder;
use ipnet::IpNet;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// An accepted record.
pub struct Record {
    pub interface: String,
    /// What the other end may be called: its address in the record, and the packet-level one where it differs.
    pub peers: Vec<IpAddr>,
    pub is_egress: bool,
    pub protocol: u8,
    pub from_port: u16,
    pub to_port: u16,
    /// None where the format has no flags.
    pub flags: Option<u8>,
    pub start: i64,
    pub end: i64,
}

impl Record {
    /// SYN without ACK: TCP flags of a record are OR-ed, and a SYN+ACK shows both.
    pub fn surely_opens(&self) -> bool {
        self.protocol == 6 && self.flags.is_some_and(|flags| flags & 2 != 0 && flags & 16 == 0)
    }

    /// SYN with ACK: an answer.
    pub fn surely_answers(&self) -> bool {
        self.protocol == 6 && self.flags.is_some_and(|flags| flags & 18 == 18)
    }
}

type Interfaces = BTreeMap<String, (Vec<IpNet>, BTreeSet<String>)>;

/// What one snapshot, or the undated inventory, says of interfaces.
struct Snapshot {
    at: Option<i64>,
    /// Addresses, delegated prefixes among them, and groups by interface.
    interfaces: Interfaces,
}

pub struct Export {
    pub records: Vec<Record>,
    snapshots: Vec<Snapshot>,
    lists: BTreeMap<String, Vec<IpNet>>,
}

/// A rule as `describe-security-group-rules` prints it.
pub struct PlainRule {
    pub id: String,
    pub group: String,
    is_egress: bool,
    protocol: Option<u8>,
    ports: Option<(i64, i64)>,
    cidr: Option<IpNet>,
    list: Option<String>,
    peer_group: Option<String>,
}

impl PlainRule {
    pub fn read(item: &Value) -> PlainRule {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let protocol = match item["IpProtocol"].as_str().unwrap() {
            "-1" => None,
            "icmp" => Some(1),
            "tcp" => Some(6),
            "udp" => Some(17),
            "icmpv6" => Some(58),
            number => Some(number.parse().unwrap()),
        };
        let has_ports = matches!(protocol, Some(6 | 17));
        let (from, to) = (item["FromPort"].as_i64().unwrap_or(-1), item["ToPort"].as_i64().unwrap_or(-1));
        let cidr = text(&item["CidrIpv4"]).or_else(|| text(&item["CidrIpv6"]));
        PlainRule {
            id: text(&item["SecurityGroupRuleId"]).unwrap_or_default(),
            group: text(&item["GroupId"]).unwrap(),
            is_egress: item["IsEgress"].as_bool().unwrap(),
            protocol,
            ports: (has_ports && from >= 0).then_some((from, to)),
            cidr: cidr.map(|cidr| cidr.parse().unwrap()),
            list: text(&item["PrefixListId"]),
            peer_group: text(&item["ReferencedGroupInfo"]["GroupId"]),
        }
    }

    pub fn fits(&self, is_egress: bool, protocol: u8, port: u16) -> bool {
        if self.is_egress != is_egress || self.protocol.is_some_and(|own| own != protocol) {
            return false;
        }
        self.ports.is_none_or(|(from, to)| from <= i64::from(port) && i64::from(port) <= to)
    }

    /// Whether a guess may have set its traffic aside.
    pub fn covers_ephemeral(&self) -> bool {
        matches!(self.protocol, None | Some(6 | 17)) && self.ports.is_none_or(|(from, to)| from <= 32768 && to >= 60999)
    }
}

impl Export {
    pub fn read(folder: &Path) -> Export {
        let mut export = Export { records: Vec::new(), snapshots: Vec::new(), lists: BTreeMap::new() };
        let mut files = Vec::new();
        list(&folder.join("inventory"), &mut files);
        let mut undated = Snapshot { at: None, interfaces: BTreeMap::new() };
        for file in &files {
            let document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
            for list in document["PrefixLists"].as_array().into_iter().flatten() {
                let entries = list["Entries"].as_array().into_iter().flatten();
                let nets = entries.map(|entry| entry["Cidr"].as_str().unwrap().parse().unwrap()).collect();
                export.lists.insert(list["PrefixListId"].as_str().unwrap().to_owned(), nets);
            }
            let interfaces = interfaces(&document);
            match document["CapturedAt"].as_str() {
                Some(time) => {
                    let at = Some(time.parse::<jiff::Timestamp>().unwrap().as_second());
                    export.snapshots.push(Snapshot { at, interfaces });
                }
                None => undated.interfaces.extend(interfaces),
            }
        }
        if export.snapshots.is_empty() {
            export.snapshots.push(undated);
        }
        export.snapshots.sort_by_key(|snapshot| snapshot.at);
        let mut logs = Vec::new();
        list(&folder.join("logs"), &mut logs);
        for log in logs {
            export.read_log(&log);
        }
        export
    }

    fn read_log(&mut self, path: &Path) {
        let mut text = String::new();
        MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap().split(' ').collect();
        let column = |name: &str| header.iter().position(|field| *field == name);
        for line in lines {
            let fields: Vec<&str> = line.split(' ').collect();
            let get = |name: &str| column(name).and_then(|at| fields.get(at)).copied().filter(|text| *text != "-");
            if get("log-status") != Some("OK") || get("action") != Some("ACCEPT") {
                continue;
            }
            let address = |name: &str| get(name).and_then(|text| text.parse::<IpAddr>().ok());
            let (Some(source), Some(target)) = (address("srcaddr"), address("dstaddr")) else { continue };
            let interface = get("interface-id").unwrap().to_owned();
            let (start, end) = (get("start").unwrap().parse().unwrap(), get("end").unwrap().parse().unwrap());
            let own = |address: IpAddr| self.around(start, end).any(|snapshot| snapshot.owns(&interface, address));
            let is_egress = match (get("flow-direction"), own(source), own(target)) {
                (Some(direction), ..) => direction == "egress",
                (None, true, false) => true,
                (None, false, true) => false,
                // Nothing tells.
                (None, ..) => continue,
            };
            let (peer, packet_level) =
                if is_egress { (target, address("pkt-dstaddr")) } else { (source, address("pkt-srcaddr")) };
            let mut peers = vec![peer];
            peers.extend(packet_level.filter(|other| *other != peer));
            self.records.push(Record {
                peers,
                is_egress,
                protocol: get("protocol").unwrap().parse().unwrap(),
                from_port: get("srcport").unwrap().parse().unwrap(),
                to_port: get("dstport").unwrap().parse().unwrap(),
                flags: get("tcp-flags").and_then(|flags| flags.parse().ok()),
                start,
                end,
                interface,
            });
        }
    }

    /// The snapshots between which the record lies, and those inside it.
    fn around(&self, start: i64, end: i64) -> impl Iterator<Item = &Snapshot> {
        let before =
            self.snapshots.iter().rposition(|snapshot| snapshot.at.is_none_or(|at| at <= start - 60)).unwrap_or(0);
        let after = self.snapshots.iter().position(|snapshot| snapshot.at.is_none_or(|at| at >= end));
        self.snapshots[before..=after.unwrap_or(self.snapshots.len() - 1)].iter()
    }

    /// Whether the interface surely carried the group when the record was made: all snapshots around it say so.
    pub fn carried(&self, record: &Record, group: &str) -> bool {
        self.around(record.start, record.end).all(|snapshot| {
            snapshot.interfaces.get(&record.interface).is_some_and(|(_, groups)| groups.contains(group))
        })
    }

    /// Whether the rule's peer surely meant an address of the record then.
    pub fn means(&self, rule: &PlainRule, address: IpAddr, record: &Record) -> bool {
        if let Some(cidr) = &rule.cidr {
            return cidr.contains(&address);
        }
        if let Some(list) = &rule.list {
            return self.lists.get(list).is_some_and(|nets| nets.iter().any(|net| net.contains(&address)));
        }
        let group = rule.peer_group.as_deref().unwrap();
        self.around(record.start, record.end).all(|snapshot| {
            let mut interfaces = snapshot.interfaces.values();
            interfaces.any(|(addresses, groups)| has(addresses, address) && groups.contains(group))
        })
    }
}

impl Snapshot {
    fn owns(&self, interface: &str, address: IpAddr) -> bool {
        self.interfaces.get(interface).is_some_and(|(addresses, _)| has(addresses, address))
    }
}

fn has(nets: &[IpNet], address: IpAddr) -> bool {
    nets.iter().any(|net| net.contains(&address))
}

fn interfaces(document: &Value) -> Interfaces {
    let mut found = BTreeMap::new();
    for interface in document["NetworkInterfaces"].as_array().into_iter().flatten() {
        let items = |key: &str| interface[key].as_array().into_iter().flatten();
        let private = items("PrivateIpAddresses").map(|item| &item["PrivateIpAddress"]);
        let texts = private.chain(items("Ipv6Addresses").map(|item| &item["Ipv6Address"]));
        let mut addresses: Vec<IpNet> =
            texts.map(|text| IpNet::from(text.as_str().unwrap().parse::<IpAddr>().unwrap())).collect();
        let v4 = items("Ipv4Prefixes").map(|item| &item["Ipv4Prefix"]);
        let prefixes = v4.chain(items("Ipv6Prefixes").map(|item| &item["Ipv6Prefix"]));
        addresses.extend(prefixes.map(|text| text.as_str().unwrap().parse::<IpNet>().unwrap()));
        let groups = items("Groups").map(|group| group["GroupId"].as_str().unwrap().to_owned()).collect();
        found.insert(interface["NetworkInterfaceId"].as_str().unwrap().to_owned(), (addresses, groups));
    }
    found
}

fn list(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, found);
        } else {
            found.push(path);
        }
    }
}
