//! Much believable traffic, streamed: what `make bench` measures on.
//!
//! A few dozen interfaces, each with some tens of regular peers that make most of the records, and the wide world for the
//! rest: customers, crawlers, scanners. Objects follow each other in time; each is made from its own random numbers, so
//! they can be written side by side.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use anyhow::{Result, anyhow};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::build::{Builder, anywhere, net};
use crate::columns::Layout;
use crate::export::{Object, ObjectName, Totals};
use crate::inventory::{self, rfc3339};
use crate::network::*;
use crate::options::Options;
use crate::rows::{Row, Status};
use crate::truth::Truth;

const INTERFACES: usize = 60;
const NAMES: [&str; 6] = ["web", "app", "db", "cache", "queue", "batch"];
const SERVICES: [(u8, u16); 6] = [(TCP, 443), (TCP, 8_080), (TCP, 5_432), (TCP, 6_379), (TCP, 5_672), (UDP, 8_125)];

/// Somebody an interface talks to all day.
struct Regular {
    address: IpAddr,
    protocol: u8,
    port: u16,
    /// Does the interface call, or is it called?
    calls: bool,
}

/// Writes the logs and the inventory; the truth holds totals only.
pub(crate) fn write(options: &Options, layout: &Layout, records: u64, files: u32, out: &Path) -> Result<Truth> {
    let mut b = Builder::new(options, layout);
    b.aligned = true;
    let regulars = network(&mut b);
    inventory::write(&b.network, layout, &out.join("inventory"))?;
    let files = files.clamp(1, 10_000);
    let next = AtomicU32::new(0);
    let logs = out.join("logs");
    let work = || -> Result<Totals> {
        let mut totals = Totals::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= files {
                return Ok(totals);
            }
            let share = records / u64::from(files) + u64::from(u64::from(number) < records % u64::from(files));
            totals.add(object(&b.network, &regulars, options, layout, (number, files), share, &logs)?);
        }
    };
    let mut totals = Totals::default();
    thread::scope(|scope| -> Result<()> {
        let workers = [scope.spawn(work), scope.spawn(work)];
        for worker in workers {
            totals.add(worker.join().map_err(|_| anyhow!("a writer thread stopped"))??);
        }
        Ok(())
    })?;
    Ok(Truth {
        scenario: "bench",
        seed: options.seed,
        window: (rfc3339(b.network.start), rfc3339(b.network.end)),
        traps: Vec::new(),
        records: totals,
        counts: Vec::new(),
        rules: Vec::new(),
        interfaces: Vec::new(),
    })
}

/// Sixty interfaces of six kinds and their regular peers.
fn network(b: &mut Builder) -> Vec<Vec<Regular>> {
    let vpc = b.vpc(40);
    b.flow_log(b.network.vpcs[vpc].id.clone(), LogTraffic::All);
    let subnets: Vec<usize> = (0..6).map(|third| b.subnet(vpc, third)).collect();
    let mut groups = Vec::new();
    for (name, (protocol, port)) in NAMES.into_iter().zip(SERVICES) {
        let group = b.group(name, vpc);
        let peer = if name == "web" { anywhere() } else { Peer::Cidr(net("10.40.0.0/16")) };
        b.rule(group, Direction::Ingress, Some(protocol), Some((port, port)), peer, name);
        b.rule(group, Direction::Ingress, Some(TCP), Some((22, 22)), Peer::Cidr(net("10.40.5.0/24")), "administration");
        for port in [3_306, 8_443, 9_200, 27_017] {
            b.rule(
                group,
                Direction::Ingress,
                Some(TCP),
                Some((port, port)),
                Peer::Cidr(net("10.40.0.0/16")),
                "retired",
            );
        }
        b.egress_all(group);
        groups.push(group);
    }
    for number in 0..INTERFACES {
        let kind = number % NAMES.len();
        b.host(&format!("{}-{}", NAMES[kind], number / NAMES.len() + 1), subnets[kind], vec![groups[kind]]);
    }
    let mut regulars = Vec::new();
    for number in 0..INTERFACES {
        let mut peers = Vec::new();
        for _ in 0..b.between(20, 60) {
            let other = b.between(0, INTERFACES as i64 - 1) as usize;
            let public = other == number || b.chance(0.25);
            // Strangers call nobody but the web servers.
            let calls = b.chance(0.5) || (public && number % NAMES.len() != 0);
            let server = if calls { other } else { number };
            let (protocol, port) = if public && calls { (TCP, 443) } else { SERVICES[server % NAMES.len()] };
            let address =
                if public { IpAddr::V4(b.stranger()) } else { IpAddr::V4(b.network.interfaces[other].primary) };
            peers.push(Regular { address, protocol, port, calls });
        }
        regulars.push(peers);
    }
    regulars
}

/// One object: its share of the day, window by window, every interface in each.
fn object(
    network: &Network,
    regulars: &[Vec<Regular>],
    options: &Options,
    layout: &Layout,
    (number, files): (u32, u32),
    records: u64,
    logs: &Path,
) -> Result<Totals> {
    let mut rng = StdRng::seed_from_u64(options.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(number) + 1));
    let length = (network.end - network.start) / i64::from(files);
    let into_window = i64::from(number) * length;
    let from = network.start + into_window - into_window.rem_euclid(network.interval);
    let windows = (length / network.interval).max(1);
    let name = ObjectName { network, flow_log: 0, at: from, number: u64::from(number) };
    let mut object = Object::create(logs, &name, layout, options.format)?;
    let turns = windows * INTERFACES as i64;
    let mut left = records;
    for turn in 0..turns {
        let interface = (turn % INTERFACES as i64) as usize;
        let window = from + turn / INTERFACES as i64 * network.interval;
        let last_turn = turn + 1 == turns;
        let mean = left / (turns - turn).unsigned_abs();
        let count = if last_turn { left } else { rng.random_range(mean / 2..=mean + mean / 2).min(left) };
        for _ in 0..count {
            object.push(&record(network, &mut rng, &regulars[interface], interface, window))?;
        }
        left -= count;
    }
    object.finish()
}

/// A record: five in six belong to regular peers, the rest is the wide world.
fn record(network: &Network, rng: &mut StdRng, regulars: &[Regular], interface: InterfaceIx, window: i64) -> Row {
    let own = IpAddr::V4(network.interfaces[interface].primary);
    let world = rng.random_range(0..6u8) == 0;
    let regular = &regulars[rng.random_range(0..regulars.len())];
    let (service_protocol, service_port) = SERVICES[interface % NAMES.len()];
    let (peer, protocol, port, calls) = if world {
        let peer = IpAddr::V4(public_address(rng));
        (peer, service_protocol, service_port, false)
    } else {
        (regular.address, regular.protocol, regular.port, regular.calls)
    };
    let reply = rng.random_bool(0.5);
    let first = rng.random_range(0..network.interval - 60);
    let lasts = rng.random_range(0..60i64);
    let mut row =
        Row::bare(interface, Status::Ok, 0, window + first, window + first + lasts, window + network.interval);
    let public_service = interface.is_multiple_of(NAMES.len());
    row.accepted = !world || public_service;
    let port = if row.accepted { port } else { rng.random_range(1..10_000) };
    let client_port: u16 = rng.random_range(32_768..=60_999);
    let reply = reply && row.accepted;
    row.protocol = protocol;
    row.packets = 1 + u64::from(rng.random_range(0..40u32)) * u64::from(row.accepted);
    row.bytes = row.packets * u64::from(rng.random_range(52..1_400u32));
    let outward = calls != reply;
    row.direction = if outward { Direction::Egress } else { Direction::Ingress };
    (row.source, row.target) = if outward { (own, peer) } else { (peer, own) };
    (row.source_port, row.target_port) = if reply { (port, client_port) } else { (client_port, port) };
    row.flags = match (protocol, reply) {
        (TCP, false) => [2, 3, 0][rng.random_range(0..3usize)],
        (TCP, true) => [18, 19, 0][rng.random_range(0..3usize)],
        _ => 0,
    };
    (row.is_request, row.is_reply) = (!reply, reply);
    row
}

/// Any address that is neither private nor special.
fn public_address(rng: &mut StdRng) -> Ipv4Addr {
    loop {
        let address = Ipv4Addr::from(rng.random::<u32>());
        let first = address.octets()[0];
        let special = address.is_private() || address.is_link_local() || first == 0 || first == 100 || first == 127;
        if !special && first < 224 {
            return address;
        }
    }
}
