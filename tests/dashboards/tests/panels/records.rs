//! The samples as plain facts, read by other means than the product's: gzip and a split at spaces, JSON, and the sources that the geo
//! database was made from.

use flate2::read::MultiGzDecoder;
use ipnet::IpNet;
use serde_json::Value;
use stack::project;
use std::collections::HashMap;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// One line of the logs that is a record.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// By the name in the header; what has no value (`-`) is not in it.
    values: HashMap<String, String>,
    /// Names and ids of the interface's security groups.
    pub groups: Vec<String>,
    pub group_ids: Vec<String>,
}

impl Record {
    pub fn text(&self, field: &str) -> Option<&str> {
        self.values.get(field).map(String::as_str)
    }

    pub fn number(&self, field: &str) -> Option<u64> {
        self.text(field).map(|text| text.parse().unwrap())
    }

    pub fn action(&self) -> &str {
        self.text("action").unwrap_or_default()
    }

    pub fn accepted(&self) -> bool {
        self.action() == "ACCEPT"
    }

    pub fn rejected(&self) -> bool {
        self.action() == "REJECT"
    }

    /// `ingress` is inbound, as AWS's page "Flow log records" says.
    pub fn inbound(&self) -> bool {
        self.text("flow-direction") == Some("ingress")
    }

    pub fn has_traffic(&self) -> bool {
        self.text("log-status") == Some("OK")
    }

    /// SYN without ACK opens a connection (the first evidence). The samples hold TCP only, and nobody writes raw flags in them.
    pub fn is_request(&self) -> bool {
        self.number("tcp-flags").is_some_and(|flags| flags & 2 != 0 && flags & 16 == 0)
    }

    /// SYN with ACK answers one.
    pub fn is_answer(&self) -> bool {
        self.number("tcp-flags").is_some_and(|flags| flags & 18 == 18)
    }

    pub fn source(&self) -> Option<IpAddr> {
        self.text("srcaddr").map(|text| text.parse().unwrap())
    }

    pub fn destination(&self) -> Option<IpAddr> {
        self.text("dstaddr").map(|text| text.parse().unwrap())
    }

    /// Epoch seconds.
    pub fn end(&self) -> u64 {
        self.number("end").unwrap()
    }
}

/// Every record of samples/logs with the groups of its interface. Three lines of the samples are broken on purpose, and are none.
pub fn samples() -> Vec<Record> {
    let interfaces = interfaces();
    let mut files = Vec::new();
    find(&project("samples/logs"), &mut files);
    files.sort();
    let mut records = Vec::new();
    for file in files {
        let mut bytes = Vec::new();
        MultiGzDecoder::new(std::fs::File::open(&file).unwrap()).read_to_end(&mut bytes).unwrap();
        // One of the broken lines is no text.
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap().split(' ').collect();
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            if let Some(record) = record(&header, &words, &interfaces) {
                records.push(record);
            }
        }
    }
    records
}

fn record(header: &[&str], words: &[&str], interfaces: &HashMap<String, Interface>) -> Option<Record> {
    let is_whole = words.len() == header.len();
    let mut record = Record::default();
    for (name, word) in header.iter().zip(words) {
        if *word != "-" {
            record.values.insert((*name).to_owned(), (*word).to_owned());
        }
    }
    let fits = record.text("bytes").is_none_or(|bytes| bytes.parse::<u64>().is_ok());
    if !is_whole || !fits {
        return None;
    }
    if let Some(interface) = record.text("interface-id").and_then(|id| interfaces.get(id)) {
        record.groups.clone_from(&interface.groups);
        record.group_ids.clone_from(&interface.group_ids);
    }
    Some(record)
}

struct Interface {
    groups: Vec<String>,
    group_ids: Vec<String>,
}

fn interfaces() -> HashMap<String, Interface> {
    let described = inventory("network-interfaces");
    let mut interfaces = HashMap::new();
    for interface in described["NetworkInterfaces"].as_array().unwrap() {
        let texts = |key: &str| -> Vec<String> {
            let groups = interface["Groups"].as_array().unwrap();
            groups.iter().map(|group| group[key].as_str().unwrap().to_owned()).collect()
        };
        let id = interface["NetworkInterfaceId"].as_str().unwrap().to_owned();
        interfaces.insert(id, Interface { groups: texts("GroupName"), group_ids: texts("GroupId") });
    }
    interfaces
}

/// A file of samples/inventory.
pub fn inventory(name: &str) -> Value {
    let path = project("samples/inventory").join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, files);
        } else if path.to_string_lossy().ends_with(".log.gz") {
            files.push(path);
        }
    }
}

/// What samples/geo says of public addresses.
pub struct Places {
    countries: Vec<(IpNet, &'static str, &'static str)>,
    services: Vec<(IpNet, String)>,
    listed: Vec<IpNet>,
}

/// Network, country and network owner, as in samples/geo/make.py.
const PLACES: [(&str, &str, &str); 11] = [
    ("203.0.113.0/25", "Australia", "Harbour Net"),
    ("203.0.113.128/26", "Japan", "Example Telecom"),
    ("203.0.113.192/26", "Singapore", "Straits Hosting"),
    ("198.51.100.0/25", "United States", "Example Cloud"),
    ("198.51.100.128/26", "Brazil", "Rede Exemplo"),
    ("198.51.100.192/26", "Canada", "Lakeside Networks"),
    ("192.0.2.0/25", "Germany", "Beispielnetz"),
    ("192.0.2.128/26", "United Kingdom", "Example Broadband"),
    ("192.0.2.192/26", "South Africa", "Highveld Online"),
    ("2001:db8::/33", "Netherlands", "Voorbeeldnet"),
    ("2001:db8:8000::/33", "India", "Udaharan Cloud"),
];

impl Places {
    pub fn read() -> Places {
        let geo = project("samples/geo");
        let countries = PLACES.iter().map(|(net, country, owner)| (net.parse().unwrap(), *country, *owner)).collect();
        let ranges: Value =
            serde_json::from_str(&std::fs::read_to_string(geo.join("ip-ranges.json")).unwrap()).unwrap();
        let mut services = Vec::new();
        for (list, key) in [("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix")] {
            for range in ranges[list].as_array().into_iter().flatten() {
                let service = range["service"].as_str().unwrap().to_owned();
                services.push((range[key].as_str().unwrap().parse().unwrap(), service));
            }
        }
        let drop = std::fs::read_to_string(geo.join("drop.txt")).unwrap();
        let entries = drop.lines().map(|line| line.split(';').next().unwrap().trim()).filter(|entry| !entry.is_empty());
        Places { countries, services, listed: entries.map(|entry| entry.parse().unwrap()).collect() }
    }

    pub fn country(&self, address: IpAddr) -> Option<&'static str> {
        self.countries.iter().find(|(net, _, _)| net.contains(&address)).map(|(_, country, _)| *country)
    }

    pub fn owner(&self, address: IpAddr) -> Option<&'static str> {
        self.countries.iter().find(|(net, _, _)| net.contains(&address)).map(|(_, _, owner)| *owner)
    }

    /// The narrowest range; of equally narrow ones any service that is more than `AMAZON`, which all ranges are beside their own.
    pub fn service(&self, address: IpAddr) -> Option<&str> {
        let mut best: Option<(u8, bool, &str)> = None;
        for (net, service) in self.services.iter().filter(|(net, _)| net.contains(&address)) {
            let rank = (net.prefix_len(), service != "AMAZON", service.as_str());
            if best.is_none_or(|best| (rank.0, rank.1) > (best.0, best.1)) {
                best = Some(rank);
            }
        }
        best.map(|(_, _, service)| service)
    }

    pub fn is_listed(&self, address: IpAddr) -> bool {
        self.listed.iter().any(|net| net.contains(&address))
    }
}
