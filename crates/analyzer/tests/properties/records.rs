//! A record more, inside a minute in which its interface reports anyway, never makes a rule unused that was not.

use crate::chance::Chance;
use crate::logs::{LogFile, is_whole};
use crate::network::{Network, assert_none};
use std::collections::BTreeMap;

const PORTS: &[u16] = &[
    0, 20, 22, 53, 80, 123, 443, 500, 511, 512, 514, 600, 1023, 1024, 2049, 3306, 5432, 8080, 9300, 20_000, 32_767,
    32_768, 40_000, 49_152, 50_051, 60_000, 60_010, 60_999, 61_000, 65_535,
];
/// AWS's own sums (2 to 23), and bits that only raw flags have.
const FLAGS: &[&str] = &["0", "1", "2", "3", "4", "6", "7", "16", "18", "19", "22", "23", "8", "24", "34", "64", "-"];
const PROTOCOLS: &[u8] = &[6, 6, 6, 6, 6, 6, 17, 17, 17, 1, 58, 47, 50, 0, 132, 255];

/// What records are made of: everything that occurs in a network, and some that does not.
struct Makings {
    addresses: Vec<String>,
    ports: Vec<u16>,
    /// Places of whole lines by interface; only in files of flow logs that record accepted traffic.
    by_interface: BTreeMap<String, Vec<(usize, usize)>>,
    with_data: Vec<(usize, usize)>,
}

impl Makings {
    fn of(network: &Network) -> Makings {
        let mut makings = Makings {
            addresses: ["203.0.113.99", "8.8.8.8", "10.99.0.7", "169.254.169.253", "2001:db8:77::1", "224.0.0.251"]
                .map(str::to_owned)
                .to_vec(),
            ports: PORTS.to_vec(),
            by_interface: BTreeMap::new(),
            with_data: Vec::new(),
        };
        for (number, file) in network.files.iter().enumerate() {
            let records_accepted =
                |line: &Vec<u8>| is_whole(file, line) && file.columns.get(line, "action") == "ACCEPT";
            if !file.lines.iter().any(records_accepted) {
                continue;
            }
            for (line_number, line) in file.lines.iter().enumerate() {
                if is_whole(file, line) {
                    makings.learn(file, line, (number, line_number));
                }
            }
        }
        for rule in network.loaded.inventory.groups().iter().flat_map(|group| &group.rules) {
            if let inventory::RulePorts::Range { from, to } = rule.ports {
                makings.ports.extend([from, to, from.saturating_sub(1), to.saturating_add(1)]);
            }
        }
        makings.addresses.sort();
        makings.addresses.dedup();
        makings.ports.sort_unstable();
        makings.ports.dedup();
        makings
    }

    fn learn(&mut self, file: &LogFile, line: &[u8], place: (usize, usize)) {
        if file.columns.get(line, "log-status") == "SKIPDATA" {
            return;
        }
        self.by_interface.entry(file.columns.get(line, "interface-id").to_owned()).or_default().push(place);
        if file.columns.get(line, "log-status") == "OK" {
            self.with_data.push(place);
            for end in ["srcaddr", "dstaddr"] {
                self.addresses.push(file.columns.get(line, end).to_owned());
            }
        }
    }

    /// A line of a random interface, and the number of the file that it would stand in.
    fn line(&self, network: &Network, chance: &mut Chance) -> (usize, String) {
        // Time, interface and file are of one line, all else of another and of chance.
        let ids: Vec<&String> = self.by_interface.keys().collect();
        let interface = *chance.pick(&ids);
        let (file_number, line) = *chance.pick(&self.by_interface[interface]);
        let file = &network.files[file_number];
        let (columns, covered) = (&file.columns, &file.lines[line]);
        let (other_file, other_line) = *chance.pick(&self.with_data);
        let model = &network.files[other_file].lines[other_line];
        let mut fields: Vec<String> = std::str::from_utf8(model).unwrap().split(' ').map(str::to_owned).collect();

        let (start, end) = columns.span(covered);
        let start = start + chance.below(0..(end - start + 1) as usize) as u32;
        let end = end.min(start - start % 60 + 59);
        columns.set(&mut fields, "start", start);
        columns.set(&mut fields, "end", end);
        for same in ["account-id", "interface-id", "vpc-id", "subnet-id", "instance-id"] {
            if columns.at(same).is_some() {
                columns.set(&mut fields, same, columns.get(covered, same));
            }
        }
        if chance.one_in(10) {
            columns.set(&mut fields, "interface-id", format!("eni-0{:016x}", chance.below(1..9)));
        }
        self.change(columns, &mut fields, chance);
        (file_number, fields.join(" "))
    }

    /// Makes something else of a record; what stays is as likely as what changes.
    fn change(&self, columns: &crate::logs::Columns, fields: &mut [String], chance: &mut Chance) {
        let src = if chance.one_in(2) { Some(chance.pick(&self.addresses).clone()) } else { None };
        let dst = if chance.one_in(2) { Some(chance.pick(&self.addresses).clone()) } else { None };
        for (end, value) in [("srcaddr", src), ("dstaddr", dst)] {
            if let Some(value) = value {
                columns.set(fields, end, &value);
                let packet_level = if chance.one_in(5) { chance.pick(&self.addresses) } else { &value };
                columns.set(fields, &format!("pkt-{end}"), packet_level);
            }
        }
        if chance.one_in(3) {
            let (a, b) = (columns.at("srcport").unwrap(), columns.at("dstport").unwrap());
            fields.swap(a, b);
        }
        for end in ["srcport", "dstport"] {
            if chance.one_in(2) {
                columns.set(fields, end, chance.pick(&self.ports));
            }
        }
        if chance.one_in(3) {
            columns.set(fields, "protocol", chance.pick(PROTOCOLS));
        }
        if chance.one_in(2) {
            columns.set(fields, "tcp-flags", chance.pick(FLAGS));
        }
        if chance.one_in(2) {
            columns.set(fields, "flow-direction", chance.pick(&["ingress", "egress", "-"]));
        }
        columns.set(fields, "action", if chance.one_in(5) { "REJECT" } else { "ACCEPT" });
    }
}

#[test]
fn a_record_more_proves_nothing() {
    let (mut found, mut tried) = (Vec::new(), 0);
    for network in Network::all(1..=5) {
        let mut chance = Chance::new(tried as u64);
        let makings = Makings::of(&network);
        for _ in 0..20 {
            let count = *chance.pick(&[1, 1, 2, 5, 25]);
            let mut files: BTreeMap<usize, LogFile> = BTreeMap::new();
            let mut told = String::new();
            for _ in 0..count {
                let (number, line) = makings.line(&network, &mut chance);
                let model = &network.files[number];
                // An object of the same flow log, beside those that are there.
                let name = model.name.replace(".log", "-more.log");
                let more = files.entry(number).or_insert_with(|| LogFile { name, lines: Vec::new(), ..model.clone() });
                told = format!("{told}\n  + {line}");
                more.lines.push(line.into_bytes());
            }
            let files: Vec<LogFile> = files.into_values().collect();
            let report = network.with_more(&files);
            assert_eq!(report.logs.unparsed, network.report.logs.unparsed, "{told}");
            tried += 1;
            found.extend(network.newly_unused(&format!("with{told}\n  "), &report));
        }
    }
    assert_none(&found, tried);
}
