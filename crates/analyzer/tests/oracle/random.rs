//! Random small networks, full of what makes attribution hard.

use crate::network::{
    Attachment, Group, Interface, LogFormat, Network, Peer, PrefixList, Rule, Snapshot, State, TCP, UDP, Vpc,
};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Where all records begin, the start of an hour.
pub const DAWN: i64 = 1_749_999_600;
/// Four hours.
pub const SECONDS: i64 = 4 * 3600;

/// A generator of its own, so that networks are the same everywhere (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// From `from` to `to`, both included.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from + 1) as usize) as i64
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn block(text: &str) -> IpNet {
    text.parse().expect("a block")
}

/// Few addresses, so that interfaces take over each other's.
pub const ADDRESSES: [&str; 7] =
    ["10.0.0.10", "10.0.0.11", "10.0.0.12", "10.0.1.13", "10.0.1.14", "2600:1f00:1::a", "2600:1f00:1::b"];
pub const ADDRESSES_OF_SECOND_VPC: [&str; 3] = ["10.1.0.10", "10.1.0.11", "52.10.0.7"];

pub fn network(seed: u64) -> Network {
    let random = &mut Random(seed);
    let mut network = Network { rules_have_ids: random.chance(50), ..Network::default() };
    for _ in 0..*random.pick(&[1, 1, 1, 2]) {
        network.flow_logs.push(format(random));
    }
    vpcs(&mut network, random);
    groups(&mut network, random);
    rules(&mut network, random);
    snapshots(&mut network, random);
    crate::traffic::records(&mut network, random);
    network
}

/// The default format, version 5 with everything, or anything in between.
fn format(random: &mut Random) -> LogFormat {
    match random.below(6) {
        0 | 1 => LogFormat { ports: true, ..LogFormat::default() },
        2 | 3 => LogFormat { ports: true, vpc_id: true, tcp_flags: true, flow_direction: true, pkt_addresses: true },
        _ => LogFormat {
            ports: random.chance(85),
            vpc_id: random.chance(50),
            tcp_flags: random.chance(70),
            flow_direction: random.chance(30),
            pkt_addresses: random.chance(50),
        },
    }
}

fn vpcs(network: &mut Network, random: &mut Random) {
    let first = vec![block("10.0.0.0/16"), block("2600:1f00:1::/56")];
    network.vpcs.push(Vpc { id: "vpc-0".to_owned(), blocks: first });
    if random.chance(40) {
        // Sometimes with the addresses of the first, sometimes with public ones of its owner's.
        let blocks = match random.below(3) {
            0 => vec![block("10.0.0.0/16")],
            1 => vec![block("10.1.0.0/16")],
            _ => vec![block("10.1.0.0/16"), block("52.10.0.0/16")],
        };
        network.vpcs.push(Vpc { id: "vpc-1".to_owned(), blocks });
    }
}

fn groups(network: &mut Network, random: &mut Random) {
    for number in 0..random.between(2, 4) as usize {
        let vpc = random.below(network.vpcs.len());
        network.groups.push(Group { id: format!("sg-{number}"), vpc });
        if network.vpcs.len() > 1 && random.chance(10) {
            network.associations.push((number, 1 - vpc));
        }
    }
    let entries = vec![block("203.0.113.0/24"), block("10.0.0.11/32")];
    network.lists.push(PrefixList { id: "pl-0".to_owned(), entries: Some(entries) });
    network.lists.push(PrefixList { id: "pl-1".to_owned(), entries: None });
}

fn rules(network: &mut Network, random: &mut Random) {
    for number in 0..random.between(3, 10) as usize {
        let group = random.below(network.groups.len());
        let (protocol, ports) = match random.below(20) {
            0..=3 => (None, None),
            4 => (Some(TCP), None),
            5 => (Some(TCP), Some((1024, 65535))),
            6 => (Some(TCP), Some((30000, 61000))),
            7 => (Some(UDP), Some((0, 65535))),
            8 => (Some(1), None),
            9 => (Some(1), Some((8, 0))),
            10 => (Some(47), None),
            11 | 12 => {
                let range = [(123, 123), (500, 500), (53, 53), (40000, 45000)];
                (Some(UDP), Some(*random.pick(&range)))
            }
            _ => {
                let port = *random.pick(&NAMED_PORTS);
                let width = *random.pick(&[0, 0, 0, 10]);
                (Some(TCP), Some((port, port + width)))
            }
        };
        let peer = match random.below(20) {
            0..=3 => Peer::Cidr(block("0.0.0.0/0")),
            4 => Peer::Cidr(block("::/0")),
            5 | 6 => Peer::Cidr(block("10.0.0.0/16")),
            7 => Peer::Cidr(block("10.0.0.0/24")),
            8 => Peer::Cidr(block("10.0.0.10/32")),
            9 => Peer::Cidr(block("192.168.0.0/16")),
            10 => Peer::Cidr(block("2600:1f00:1::/64")),
            11 => Peer::List(0),
            12 => Peer::List(random.below(2)),
            13 if random.chance(30) => Peer::StaleGroup("sg-stale".to_owned()),
            14 | 15 => Peer::Group(group),
            _ => Peer::Group(random.below(network.groups.len())),
        };
        let rule = Rule { name: format!("rule {number}"), group, egress: random.chance(40), protocol, ports, peer };
        add_rule(network, rule);
    }
    if random.chance(40) {
        // A public web server with the default egress rule.
        let group = random.below(network.groups.len());
        for (egress, protocol, ports) in [(false, Some(TCP), Some((443, 443))), (true, None, None)] {
            let (name, peer) = (format!("public {egress}"), Peer::Cidr(block("0.0.0.0/0")));
            add_rule(network, Rule { name, group, egress, protocol, ports, peer });
        }
    }
}

/// The same content is the same rule.
fn add_rule(network: &mut Network, rule: Rule) {
    if !network.rules.iter().any(|other| *other == Rule { name: other.name.clone(), ..rule.clone() }) {
        network.rules.push(rule);
    }
}

/// Ports that rules name and that servers listen on.
pub const NAMED_PORTS: [u16; 9] = [22, 443, 443, 800, 2049, 8080, 50051, 60000, 33000];

fn snapshots(network: &mut Network, random: &mut Random) {
    let count = match random.below(4) {
        0 => 0,
        1 => 1,
        2 => 2,
        _ => 3,
    };
    let mut times: Vec<i64> = (0..count).map(|_| random.between(DAWN - 1800, DAWN + SECONDS + 1800)).collect();
    // Half of them between the hours, where no row of a rollup is.
    for time in &mut times {
        if random.chance(50) {
            *time = (*time / 3600) * 3600 - 60;
        }
    }
    times.sort_unstable();
    times.dedup();

    let all_groups: BTreeSet<usize> = (0..network.groups.len()).collect();
    let mut states: Vec<State> = Vec::new();
    for _ in 0..random.between(2, 5) {
        new_interface(network, &mut states, random);
    }
    if times.is_empty() {
        let rules = (0..network.rules.len()).collect();
        network.snapshots.push(Snapshot { time: None, states, groups: all_groups, rules });
        return;
    }
    for (number, time) in times.into_iter().enumerate() {
        if number > 0 {
            change(network, &mut states, random);
        }
        let mut groups = all_groups.clone();
        if number > 0 && random.chance(10) {
            // Nobody carries it then, for a group that is carried cannot be deleted.
            let deleted = random.below(network.groups.len());
            groups.remove(&deleted);
            for state in &mut states {
                state.groups.remove(&deleted);
            }
        }
        let rules = (0..network.rules.len())
            .filter(|rule| groups.contains(&network.rules[*rule].group) && !random.chance(15))
            .collect();
        network.snapshots.push(Snapshot { time: Some(time), states: states.clone(), groups, rules });
    }
    // What no snapshot shows is not there.
    let seen: BTreeSet<usize> = network.snapshots.iter().flat_map(|snapshot| &snapshot.rules).copied().collect();
    let kept: Vec<usize> = seen.iter().copied().collect();
    network.rules = kept.iter().map(|rule| network.rules[*rule].clone()).collect();
    for snapshot in &mut network.snapshots {
        let renumbered = |rule: &usize| kept.iter().position(|other| other == rule).expect("it was seen");
        snapshot.rules = snapshot.rules.iter().map(renumbered).collect();
    }
}

fn new_interface(network: &mut Network, states: &mut Vec<State>, random: &mut Random) {
    let number = network.interfaces.len();
    let vpc = random.below(network.vpcs.len());
    let kinds = [
        ("interface", false),
        ("interface", false),
        ("interface", false),
        ("interface", true),
        ("network_load_balancer", true),
        ("nat_gateway", true),
        ("lambda", true),
    ];
    let (kind, requester_managed) = *random.pick(&kinds);
    let attachment = match random.below(6) {
        0 => Attachment::Since(random.between(DAWN - 3600, DAWN + SECONDS)),
        1 => Attachment::Since(DAWN - 86_400),
        2 if random.chance(50) => Attachment::SinceUnknown,
        _ => Attachment::Always,
    };
    let mut addresses = Vec::new();
    for _ in 0..*random.pick(&[1, 1, 2, 3]) {
        if let Some(free) = free_address(network, states, vpc, random)
            && !addresses.contains(&free)
        {
            addresses.push(free);
        }
    }
    addresses.sort_by_key(IpAddr::is_ipv6);
    if addresses.first().is_none_or(IpAddr::is_ipv6) {
        // A primary address is IPv4.
        let spare = format!("10.{vpc}.7.{}", number + 10);
        addresses.insert(0, address(&spare));
    }
    let prefix = random.chance(10).then(|| block(&format!("10.{vpc}.9.{}/28", 16 * (number % 15))));
    let groups = random_groups(network, vpc, random);
    network.interfaces.push(Interface { id: format!("eni-{number}"), vpc, kind, requester_managed, attachment });
    states.push(State { interface: number, addresses, prefix, groups });
}

fn free_address(network: &Network, states: &[State], vpc: usize, random: &mut Random) -> Option<IpAddr> {
    let all = ADDRESSES.iter().chain(&ADDRESSES_OF_SECOND_VPC).map(|text| address(text));
    let is_taken = |address: IpAddr| {
        states.iter().any(|state| network.interfaces[state.interface].vpc == vpc && state.owns(address))
    };
    let free: Vec<IpAddr> = all.filter(|own| network.vpc_holds(vpc, *own) && !is_taken(*own)).collect();
    if free.is_empty() { None } else { Some(*random.pick(&free)) }
}

fn random_groups(network: &Network, vpc: usize, random: &mut Random) -> BTreeSet<usize> {
    let usable: Vec<usize> = (0..network.groups.len()).filter(|group| network.is_usable_in(*group, vpc)).collect();
    let mut groups = BTreeSet::new();
    if !usable.is_empty() && !random.chance(6) {
        groups.insert(*random.pick(&usable));
        if random.chance(30) {
            groups.insert(*random.pick(&usable));
        }
    }
    groups
}

/// What happens between two snapshots.
fn change(network: &mut Network, states: &mut Vec<State>, random: &mut Random) {
    for _ in 0..random.between(0, 3) {
        if states.is_empty() {
            return;
        }
        let chosen = random.below(states.len());
        match random.below(5) {
            0 | 1 => {
                let vpc = network.interfaces[states[chosen].interface].vpc;
                states[chosen].groups = random_groups(network, vpc, random);
            }
            2 => {
                states.remove(chosen);
            }
            3 => {
                // Its secondary address goes, perhaps to the next one.
                if states[chosen].addresses.len() > 1 {
                    states[chosen].addresses.pop();
                }
            }
            _ => {
                // Deleted, and its address taken over.
                states.remove(chosen);
                new_interface(network, states, random);
            }
        }
    }
    if random.chance(30) {
        new_interface(network, states, random);
    }
}
