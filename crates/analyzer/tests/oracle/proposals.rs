//! Random changes to the rules of a network.

use crate::network::{Network, Peer, Rule, Snapshot, TCP};
use crate::random::{NAMED_PORTS, Random};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};

/// What is to become of some rules, by their names, so that it can be asked of a smaller network too; and rules that come.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub edits: BTreeMap<String, Edit>,
    pub added: Vec<Rule>,
}

/// What is to become of a rule.
#[derive(Debug, Clone)]
pub enum Edit {
    Drop,
    Peer(Peer),
    /// Protocol and ports.
    Ports(u8, Option<(u16, u16)>),
    /// To another group.
    Move(usize),
}

impl Changes {
    /// The rules that a group is to have.
    pub fn after(&self, network: &Network, group: usize) -> Vec<Rule> {
        let mut after = Vec::new();
        for (_, rule) in network.last_rules() {
            let mut rule = rule.clone();
            match self.edits.get(&rule.name) {
                None => {}
                Some(Edit::Drop) => continue,
                Some(Edit::Peer(peer)) => rule.peer = peer.clone(),
                Some(Edit::Ports(protocol, ports)) => (rule.protocol, rule.ports) = (Some(*protocol), *ports),
                Some(Edit::Move(group)) => rule.group = *group,
            }
            after.push(rule);
        }
        after.extend(self.added.iter().cloned());
        after.retain(|rule| rule.group == group);
        after
    }

    /// Groups that a rule is taken from or given to.
    pub fn groups(&self, network: &Network) -> BTreeSet<usize> {
        let mut groups: BTreeSet<usize> = self.added.iter().map(|rule| rule.group).collect();
        for (_, rule) in network.last_rules() {
            match self.edits.get(&rule.name) {
                None => {}
                Some(Edit::Move(group)) => groups.extend([rule.group, *group]),
                Some(_) => drop(groups.insert(rule.group)),
            }
        }
        groups
    }

    /// A network of nothing but the groups as they are to be, to be written as one that is proposed.
    pub fn proposed(&self, network: &Network) -> Network {
        let groups = self.groups(network);
        let rules: Vec<Rule> = groups.iter().flat_map(|group| self.after(network, *group)).collect();
        let numbers = (0..rules.len()).collect();
        let snapshot = Snapshot { time: None, states: Vec::new(), groups, rules: numbers };
        Network { rules, snapshots: vec![snapshot], records: Vec::new(), flow_logs: Vec::new(), ..network.clone() }
    }
}

const BLOCKS: [&str; 9] = [
    "10.0.0.10/32",
    "10.0.0.0/30",
    "10.0.0.0/24",
    "10.0.0.0/16",
    "52.0.0.0/8",
    "198.51.100.0/24",
    "203.0.113.8/30",
    "2600:1f00:1::a/128",
    "0.0.0.0/0",
];

pub fn changes(network: &Network, random: &mut Random) -> Changes {
    let mut changes = Changes::default();
    let names: Vec<&Rule> = network.last_rules().map(|(_, rule)| rule).collect();
    for _ in 0..random.between(1, 4) {
        if names.is_empty() {
            break;
        }
        let rule = *random.pick(&names);
        let edit = match random.below(10) {
            0..=3 => Edit::Drop,
            4 | 5 => Edit::Peer(peer(network, random)),
            6 | 7 => {
                let (protocol, ports) = ports(rule, random);
                Edit::Ports(protocol, ports)
            }
            _ => Edit::Move(random.below(network.groups.len())),
        };
        changes.edits.insert(rule.name.clone(), edit);
    }
    for number in 0..random.below(3) {
        let group = random.below(network.groups.len());
        let port = *random.pick(&NAMED_PORTS);
        let rule = Rule {
            name: format!("new {number}"),
            group,
            egress: random.chance(30),
            protocol: random.chance(80).then_some(TCP),
            ports: None,
            // Somebody opens it to the world.
            peer: if random.chance(50) { Peer::Cidr(block("0.0.0.0/0")) } else { peer(network, random) },
        };
        let ports = rule.protocol.and_then(|_| random.chance(70).then_some((port, port + 20)));
        changes.added.push(Rule { ports, ..rule });
    }
    changes
}

fn peer(network: &Network, random: &mut Random) -> Peer {
    match random.below(10) {
        0 | 1 => Peer::Group(random.below(network.groups.len())),
        2 => Peer::List(random.below(2)),
        _ => Peer::Cidr(block(random.pick::<&str>(&BLOCKS))),
    }
}

fn block(text: &str) -> IpNet {
    text.parse().expect("a block")
}

/// Mostly fewer ports than the rule has.
fn ports(rule: &Rule, random: &mut Random) -> (u8, Option<(u16, u16)>) {
    let protocol = rule.protocol.unwrap_or(*random.pick(&[6, 6, 6, 17, 1]));
    if !matches!(protocol, 6 | 17) {
        return (protocol, (protocol == 1).then_some((8, 0)));
    }
    let ranges = [
        (443, 443),
        (0, 1023),
        (1024, 65535),
        (30000, 45000),
        (32768, 65535),
        (31000, 61000),
        (40000, 41000),
        (0, 65535),
    ];
    match rule.ports {
        Some((from, to)) if to > from && random.chance(60) => {
            let from = random.between(i64::from(from), i64::from(to)) as u16;
            (protocol, Some((from, random.between(i64::from(from), i64::from(to)) as u16)))
        }
        _ => (protocol, Some(*random.pick(&ranges))),
    }
}
