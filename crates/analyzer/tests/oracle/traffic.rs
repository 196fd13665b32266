//! Random records: flows of one record or many, as servers, clients, balancers and scanners make them, and sheer nonsense.

use crate::network::{ACCOUNT, Network, Record, TCP, UDP};
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

const WORLD: [&str; 8] =
    ["198.51.100.7", "52.95.1.1", "52.10.0.9", "203.0.113.9", "192.168.5.5", "100.64.1.1", "10.0.0.99", "2a05:d018::1"];

pub fn records(network: &mut Network, random: &mut Random) {
    let places = places(network, random);
    let wanted = random.between(20, 120) as usize;
    let has_raw_flags = random.chance(8);
    let mut records = Vec::new();
    while records.len() < wanted {
        let place = random.pick(&places).clone();
        match random.below(12) {
            0 => fan_in(&place, random, &mut records),
            1 => records.push(nonsense(&place, random)),
            _ => flow(&place, random, &mut records),
        }
    }
    for record in &mut records {
        if has_raw_flags && record.protocol == TCP && random.chance(30) {
            record.flags = record.flags.map(|flags| flags | *random.pick(&[8, 16, 24, 32]));
        }
        if !network.format.tcp_flags || random.chance(2) {
            record.flags = None;
        }
        if !network.format.flow_direction || random.chance(2) {
            record.egress = None;
        }
        if !network.format.vpc_id {
            record.vpc = None;
        }
        let is_kept = network.format.pkt_addresses;
        record.pkt_src = record.pkt_src.filter(|pkt| is_kept && *pkt != record.src);
        record.pkt_dst = record.pkt_dst.filter(|pkt| is_kept && *pkt != record.dst);
        // In the default format the interface's side is always its primary address.
        if !is_kept && let Some(place) = places.iter().find(|place| place.interface == record.interface) {
            let primary = |own: IpAddr| match place.own.contains(&own) && own.is_ipv4() {
                true => place.own[0],
                false => own,
            };
            if random.chance(80) {
                record.src = primary(record.src);
                record.dst = primary(record.dst);
            }
        }
    }
    network.records = records;
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
            own: state.addresses.clone(),
        });
    }
    for number in 0..random.below(3) {
        let vpc = random.below(network.vpcs.len());
        let account = *random.pick(&[ACCOUNT, ACCOUNT, "unknown"]);
        let own = match random.chance(80) {
            true => format!("10.{vpc}.0.{}", 99 + number),
            false => (*random.pick(&ADDRESSES)).to_owned(),
        };
        places.push(Place {
            interface: format!("eni-gone-{number}"),
            account: account.to_owned(),
            vpc: network.vpcs[vpc].id.clone(),
            own: vec![own.parse().expect("an address")],
        });
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
        1 => random.between(1024, 32767) as u16,
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
        account: place.account.clone(),
        vpc: Some(place.vpc.clone()),
        interface: place.interface.clone(),
        egress: Some(false),
        protocol: TCP,
        src: peer,
        dst: own,
        pkt_src: random.chance(8).then(|| somebody(own, random)),
        pkt_dst: random.chance(8).then(|| somebody(own, random)),
        src_port: client_port(random),
        dst_port: server_port(random),
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
        src_port: record.dst_port,
        dst_port: record.src_port,
        ..record.clone()
    }
}

fn flow(place: &Place, random: &mut Random, records: &mut Vec<Record>) {
    let mut request = template(place, random);
    match random.below(20) {
        0 => request.src_port = request.dst_port,
        1 | 2 => {
            request.protocol = UDP;
            request.dst_port = *random.pick(&[123, 500, 53, 40000, 8080]);
            if random.chance(50) {
                request.src_port = request.dst_port;
            }
        }
        3 => {
            request.protocol = if request.src.is_ipv6() { 58 } else { 1 };
            (request.src_port, request.dst_port) = (0, 0);
        }
        4 => {
            request.protocol = 47;
            (request.src_port, request.dst_port) = (0, 0);
        }
        _ => {}
    }
    if random.chance(40) {
        // The interface calls.
        let calls = reversed(&request);
        request = Record { src_port: request.src_port, dst_port: request.dst_port, ..calls };
    }
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
    request.dst_port = *random.pick(&[33000, 45000, 2049, 5000]);
    request.accepted = true;
    if random.chance(30) {
        request.protocol = UDP;
    }
    let first = if request.dst_port < 32768 { 1100 } else { 46000 };
    for number in 0..random.between(7, 10) {
        request.src_port = first + number as u16;
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
