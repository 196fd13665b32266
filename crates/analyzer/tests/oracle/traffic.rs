//! Random records: flows of one record or many, as servers, clients, balancers and scanners make them, and sheer nonsense.

use crate::network::{ACCOUNT, ICMP, ICMPV6, LogFormat, Network, Record, Rule, TCP, UDP};
use crate::random::{ADDRESSES, ADDRESSES_OF_SECOND_VPC, DAWN, NAMED_PORTS, Random, SECONDS};
use std::net::IpAddr;

/// Where a record is made.
#[derive(Clone)]
struct Place {
    interface: String,
    account: String,
    vpc: String,
    own: Vec<IpAddr>,
}

const WORLD: [&str; 9] = [
    "10.0.9.4",
    "198.51.100.7",
    "52.95.1.1",
    "52.10.0.9",
    "203.0.113.9",
    "192.168.5.5",
    "100.64.1.1",
    "10.0.0.99",
    "2a05:d018::1",
];

pub fn records(network: &mut Network, random: &mut Random) {
    let places = places(network, random);
    let wanted = random.between(20, 120) as usize;
    let has_raw_flags = random.chance(8);
    let has_nonsense = random.chance(30);
    let mut records = Vec::new();
    while records.len() < wanted {
        let first = records.len();
        let place = random.pick(&places).clone();
        match random.below(12) {
            0 => fan_in(&place, random, &mut records),
            1 if has_nonsense => records.push(nonsense(&place, random)),
            2..=6 => {
                if let Some(request) = wanted_by_a_rule(network, &place, random) {
                    flow(request, random, &mut records);
                }
            }
            _ => flow(any_request(&place, random), random, &mut records),
        }
        let flow_log = random.below(network.flow_logs.len());
        for record in &mut records[first..] {
            record.flow_log = flow_log;
        }
    }
    for record in &mut records {
        if has_raw_flags && record.protocol == TCP && random.chance(30) {
            record.flags = record.flags.map(|flags| flags | *random.pick(&[8, 16, 24, 32]));
        }
        let format = network.flow_logs[record.flow_log];
        // In the default format the interface's side is always its primary address.
        if !format.pkt_addresses
            && random.chance(80)
            && let Some(place) = places.iter().find(|place| place.interface == record.interface)
        {
            let is_own = |address: &IpAddr| place.own.contains(address) && address.is_ipv4();
            record.src = if is_own(&record.src) { place.own[0] } else { record.src };
            record.dst = if is_own(&record.dst) { place.own[0] } else { record.dst };
        }
        leave_out(record, format, random);
    }
    network.records = records;
}

/// What the format lacks, and now and then a value that could not be computed.
fn leave_out(record: &mut Record, format: LogFormat, random: &mut Random) {
    if !format.tcp_flags || random.chance(2) {
        record.flags = None;
    }
    if !format.flow_direction || random.chance(2) {
        record.egress = None;
    }
    if !format.ports {
        record.ports = None;
    }
    if !format.vpc_id {
        record.vpc = None;
    }
    record.pkt_src = record.pkt_src.filter(|pkt| format.pkt_addresses && *pkt != record.src);
    record.pkt_dst = record.pkt_dst.filter(|pkt| format.pkt_addresses && *pkt != record.dst);
}

fn places(network: &Network, random: &mut Random) -> Vec<Place> {
    let mut places = Vec::new();
    for (number, interface) in network.interfaces.iter().enumerate() {
        let states: Vec<_> = network.snapshots.iter().filter_map(|snapshot| snapshot.state_of(number)).collect();
        let Some(state) = states.first() else { continue };
        places.push(Place {
            interface: interface.id.clone(),
            account: ACCOUNT.to_owned(),
            vpc: network.vpcs[interface.vpc].id.clone(),
            own: state.addresses.iter().copied().chain(state.prefix.and_then(|prefix| prefix.hosts().nth(3))).collect(),
        });
    }
    for number in 0..random.below(3) {
        let vpc = random.below(network.vpcs.len());
        // Of this account, of an AWS service, or of somebody who shares the VPC, or who has another one.
        let account = *random.pick(&[ACCOUNT, ACCOUNT, "unknown", "999988887777"]);
        let is_elsewhere = account != ACCOUNT && random.chance(30);
        let own = match random.chance(80) {
            true => format!("10.{vpc}.0.{}", 99 + number),
            false => (*random.pick(&ADDRESSES)).to_owned(),
        };
        places.push(Place {
            interface: format!("eni-gone-{number}"),
            account: account.to_owned(),
            vpc: if is_elsewhere { "vpc-elsewhere".to_owned() } else { network.vpcs[vpc].id.clone() },
            own: vec![own.parse().expect("an address")],
        });
    }
    if random.chance(10) {
        let vpc = network.vpcs[0].id.clone();
        let own = vec!["10.0.0.77".parse().expect("an address")];
        places.push(Place { interface: "-".to_owned(), account: ACCOUNT.to_owned(), vpc, own });
    }
    places
}

fn somebody(like: IpAddr, random: &mut Random) -> IpAddr {
    loop {
        let text = match random.below(10) {
            0..=5 => *random.pick(&ADDRESSES),
            6 => *random.pick(&ADDRESSES_OF_SECOND_VPC),
            _ => *random.pick(&WORLD),
        };
        let address: IpAddr = text.parse().expect("an address");
        if address.is_ipv6() == like.is_ipv6() {
            return address;
        }
    }
}

fn client_port(random: &mut Random) -> u16 {
    match random.below(10) {
        0 => random.between(512, 1023) as u16,
        1 => *random.pick(&[0, 1024, 1592, 25558, 32767]),
        2 => *random.pick(&[20, 800, 443, 50051, 60000, 60005]),
        3 => random.between(61000, 65535) as u16,
        _ => *random.pick(&[32768, 40000, 40001, 50051, 50052, 60999]),
    }
}

fn server_port(random: &mut Random) -> u16 {
    match random.below(10) {
        0 => random.between(32768, 61000) as u16,
        1 => *random.pick(&[53, 111, 389, 3306]),
        _ => *random.pick(&NAMED_PORTS),
    }
}

fn template(place: &Place, random: &mut Random) -> Record {
    let start = DAWN + random.between(0, SECONDS - 1);
    let own = *random.pick(&place.own);
    let peer = somebody(own, random);
    Record {
        flow_log: 0,
        account: place.account.clone(),
        vpc: Some(place.vpc.clone()),
        interface: place.interface.clone(),
        egress: Some(false),
        protocol: TCP,
        src: peer,
        dst: own,
        pkt_src: random.chance(8).then(|| somebody(own, random)),
        pkt_dst: random.chance(8).then(|| somebody(own, random)),
        ports: Some((client_port(random), server_port(random))),
        flags: Some(0),
        start,
        end: start + *random.pick(&[0, 10, 59, 59, 300]),
        accepted: !random.chance(8),
    }
}

/// The same packets' way back.
fn reversed(record: &Record) -> Record {
    Record {
        egress: record.egress.map(|egress| !egress),
        src: record.dst,
        dst: record.src,
        pkt_src: record.pkt_dst,
        pkt_dst: record.pkt_src,
        ports: record.ports.map(|(src, dst)| (dst, src)),
        ..record.clone()
    }
}

/// A request of any protocol, in or out.
fn any_request(place: &Place, random: &mut Random) -> Record {
    let mut request = template(place, random);
    match random.below(20) {
        0 => {
            let port = server_port(random);
            request.ports = Some((port, port));
        }
        1 | 2 => {
            request.protocol = UDP;
            let port = *random.pick(&[123, 500, 53, 40000, 8080]);
            request.ports = Some((if random.chance(50) { port } else { client_port(random) }, port));
        }
        3 => {
            request.protocol = if request.src.is_ipv6() { ICMPV6 } else { ICMP };
            request.ports = Some((0, 0));
        }
        4 => {
            request.protocol = 47;
            request.ports = Some((0, 0));
        }
        _ => {}
    }
    if random.chance(40) {
        // The interface calls.
        request = Record { ports: request.ports, ..reversed(&request) };
    }
    request
}

/// A request that some rule of the interface is there for.
fn wanted_by_a_rule(network: &Network, place: &Place, random: &mut Random) -> Option<Record> {
    let interface = network.interface_by_id(&place.interface)?;
    let is_carried = |rule: &&Rule| network.interfaces_ever_with(rule.group).contains(&interface);
    let rules: Vec<&Rule> = network.rules.iter().filter(is_carried).collect();
    if rules.is_empty() {
        return None;
    }
    let rule = *random.pick(&rules);
    let mut request = any_request(place, random);
    let is_egress = request.egress == Some(true);
    if is_egress != rule.egress {
        request = Record { ports: request.ports, ..reversed(&request) };
    }
    let peers = ADDRESSES.iter().chain(&ADDRESSES_OF_SECOND_VPC).chain(&WORLD);
    let peers = peers.map(|text| text.parse::<IpAddr>().expect("an address"));
    let is_v6 = request.src.is_ipv6();
    let allowed: Vec<IpAddr> =
        peers.filter(|peer| peer.is_ipv6() == is_v6 && network.ever_allows_peer(rule, *peer)).collect();
    if allowed.is_empty() {
        return None;
    }
    let peer = if rule.egress { &mut request.dst } else { &mut request.src };
    *peer = *random.pick(&allowed);
    if let Some(protocol) = rule.protocol {
        request.protocol = protocol;
        match rule.ports {
            Some((from, to)) if matches!(protocol, TCP | UDP) => {
                let port = random.between(i64::from(from), i64::from(to)) as u16;
                request.ports = Some((client_port(random), port));
            }
            _ if matches!(protocol, TCP | UDP) => {
                request.ports = Some((client_port(random), server_port(random)));
            }
            _ => request.ports = Some((0, 0)),
        }
    }
    Some(request)
}

/// A request and its reply, of which one may be missing.
fn flow(mut request: Record, random: &mut Random, records: &mut Vec<Record>) {
    let mut reply = reversed(&request);
    if request.protocol == TCP {
        (request.flags, reply.flags) = match random.below(8) {
            0..=3 => (Some(*random.pick(&[2, 3, 7])), Some(*random.pick(&[18, 19]))),
            4 => (Some(18), Some(18)),
            5 => (Some(1), Some(1)),
            _ => (Some(0), Some(0)),
        };
    }
    // Rows that are added up, or that cross an hour.
    if random.chance(15) {
        let later = random.between(0, 900);
        records.push(Record { start: request.start + later, end: request.end + later, ..request.clone() });
    }
    if !random.chance(30) {
        records.push(request);
    }
    if !random.chance(40) {
        records.push(reply);
    }
}

/// Many ports of one address to the same port of another.
fn fan_in(place: &Place, random: &mut Random, records: &mut Vec<Record>) {
    let mut request = template(place, random);
    let server = *random.pick(&[33000, 45000, 2049, 5000, 20]);
    request.accepted = true;
    if random.chance(30) {
        request.protocol = UDP;
    }
    let first = if server < 32768 { 1100 } else { 46000 };
    for number in 0..random.between(7, 10) {
        request.ports = Some((first + number as u16, server));
        let record = if random.chance(50) { reversed(&request) } else { request.clone() };
        records.push(record);
    }
}

/// A record that makes no sense: neither side is the interface's, or both are.
fn nonsense(place: &Place, random: &mut Random) -> Record {
    let mut record = template(place, random);
    record.egress = Some(random.chance(50));
    record.dst = match random.chance(50) {
        true => somebody(record.src, random),
        false => record.src,
    };
    record.flags = Some(*random.pick(&[0, 1, 2, 18]));
    record
}
