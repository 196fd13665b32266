//! Small random worlds: two accounts, three VPCs of which two overlap, a handful of interfaces that fight for few
//! addresses.

use inventory::{Direction, Port, Protocol, Query, Span};
use std::net::IpAddr;

/// A generator of its own, so that worlds are the same everywhere (xorshift64*).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF1);
        for _ in 0..4 {
            random.next();
        }
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    Absent,
    /// Attached, neither instance nor time: a service's.
    Service,
    /// To an instance since then.
    Instance(Option<i64>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceState {
    pub addresses: Vec<String>,
    pub prefix: Option<String>,
    pub groups: Option<Vec<String>>,
    pub attachment: Attachment,
}

#[derive(Debug, Clone)]
pub struct Interface {
    pub id: String,
    pub owner: String,
    pub vpc: String,
    pub kind: Option<String>,
    /// Scopes that list it: its owner's, and sometimes the other (a shared VPC).
    pub listed_in: Vec<usize>,
}

#[derive(Debug, Clone)]
pub struct Group {
    pub id: String,
    pub owner: String,
    pub vpc: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    Cidr(String),
    List(String),
    Group { id: String, owner: Option<String>, vpc: Option<String> },
}

#[derive(Debug, Clone)]
pub struct Rule {
    pub name: String,
    pub group: String,
    pub egress: bool,
    pub protocol: i64,
    /// As AWS prints them; ICMP type and code.
    pub ports: Option<(i64, i64)>,
    pub peer: Peer,
}

#[derive(Debug, Clone)]
pub struct Snapshot {
    pub time: Option<i64>,
    /// By number of interface; none: the key is missing.
    pub interfaces: Option<Vec<(usize, InterfaceState)>>,
    /// Prefix lists with entries, where read.
    pub lists: Vec<(String, Option<Vec<String>>)>,
}

/// One account, or all of them where nothing has a date.
#[derive(Debug, Clone)]
pub struct Scope {
    pub account: Option<String>,
    pub snapshots: Vec<Snapshot>,
}

#[derive(Debug, Clone)]
pub struct World {
    pub scopes: Vec<Scope>,
    pub interfaces: Vec<Interface>,
    pub groups: Vec<Group>,
    pub rules: Vec<Rule>,
    /// VPC, owner, its blocks.
    pub vpcs: Vec<(String, Vec<String>)>,
    pub vpcs_read: bool,
    pub subnets_read: bool,
    pub associations: Vec<(String, String)>,
    pub as_rules: bool,
}

pub const A: &str = "111111111111";
pub const B: &str = "222222222222";
const TIMES: [i64; 5] = [1_000, 2_000, 3_000, 4_000, 5_000];

impl World {
    pub fn random(random: &mut Random) -> World {
        let mut vpcs = vec![
            ("vpc-1".to_string(), vec!["10.0.0.0/16".to_string(), "2001:db8:10::/56".to_string()]),
            ("vpc-2".to_string(), vec!["10.0.0.0/16".to_string(), "100.64.0.0/16".to_string()]),
            ("vpc-3".to_string(), vec!["10.9.0.0/16".to_string()]),
        ];
        if random.chance(30) {
            vpcs.remove(2);
        }
        let owner_of = |vpc: &str| if vpc == "vpc-3" { B } else { A }.to_string();
        let mut groups = Vec::new();
        for number in 0..2 + random.below(3) {
            let vpc = random.pick(&vpcs).0.clone();
            groups.push(Group { id: format!("sg-{number}"), owner: owner_of(&vpc), vpc });
        }
        let mut associations = Vec::new();
        if random.chance(15) {
            associations.push((random.pick(&groups).id.clone(), random.pick(&vpcs).0.clone()));
        }
        let undated = random.chance(40);
        let mut interfaces = Vec::new();
        let kinds = ["interface", "interface", "interface", "interface", "lambda", "network_load_balancer"];
        for number in 0..1 + random.below(6) {
            let vpc = random.pick(&vpcs).0.clone();
            let owner = owner_of(&vpc);
            let mut listed_in = vec![if undated || owner == A { 0 } else { 1 }];
            if !undated && random.chance(15) {
                listed_in = vec![0, 1];
            }
            let kind = if random.chance(5) { None } else { Some(random.pick(&kinds).to_string()) };
            interfaces.push(Interface { id: format!("eni-{number}"), owner, vpc, kind, listed_in });
        }
        let mut world = World {
            scopes: Vec::new(),
            interfaces,
            groups,
            rules: Vec::new(),
            vpcs,
            vpcs_read: random.chance(60),
            subnets_read: random.chance(60),
            associations,
            as_rules: random.chance(50),
        };
        let accounts: &[Option<&str>] = if undated { &[None] } else { &[Some(A), Some(B)] };
        for (number, account) in accounts.iter().enumerate() {
            let snapshots = world.random_snapshots(random, number, undated);
            world.scopes.push(Scope { account: account.map(str::to_string), snapshots });
        }
        world.add_rules(random);
        world
    }

    fn random_snapshots(&self, random: &mut Random, scope: usize, undated: bool) -> Vec<Snapshot> {
        let mut times: Vec<Option<i64>> = vec![None];
        if !undated {
            times = TIMES.iter().filter(|_| random.chance(60)).map(|time| Some(time + scope as i64 * 300)).collect();
        }
        let mut snapshots: Vec<Snapshot> = Vec::new();
        for time in times {
            let mut interfaces = Vec::new();
            for (number, interface) in self.interfaces.iter().enumerate() {
                if !interface.listed_in.contains(&scope) || random.chance(25) {
                    continue;
                }
                let earlier = snapshots.last().and_then(|snapshot| snapshot.interfaces.as_ref());
                let earlier = earlier.and_then(|all| all.iter().find(|(other, _)| *other == number));
                let state = match earlier {
                    Some((_, state)) if random.chance(70) => state.clone(),
                    _ => self.random_state(random, interface),
                };
                interfaces.push((number, state));
            }
            let mut lists = Vec::new();
            for id in ["pl-1", "pl-3"] {
                let entries = match (id, random.below(4)) {
                    ("pl-3", _) => Some(Vec::new()),
                    (_, 0) => None,
                    (_, 1) => continue,
                    (_, 2) => Some(vec!["10.0.0.0/29".to_string(), "203.0.113.0/25".to_string()]),
                    _ => Some(vec!["10.0.0.4/30".to_string(), "2001:db8:10::/64".to_string()]),
                };
                lists.push((id.to_string(), entries));
            }
            let interfaces = if random.chance(10) { None } else { Some(interfaces) };
            snapshots.push(Snapshot { time, interfaces, lists });
        }
        snapshots
    }

    fn random_state(&self, random: &mut Random, interface: &Interface) -> InterfaceState {
        let base = if interface.vpc == "vpc-3" { "10.9.0" } else { "10.0.0" };
        let mut addresses = vec![format!("{base}.{}", 4 + random.below(4))];
        if random.chance(25) {
            addresses.push(format!("{base}.{}", 8 + random.below(2)));
        }
        if interface.vpc == "vpc-1" && random.chance(40) {
            addresses.push(format!("2001:db8:10::{}", 1 + random.below(2)));
        }
        let prefix = if random.chance(20) { Some(format!("{base}.0/28")) } else { None };
        let usable: Vec<String> =
            self.groups.iter().filter(|group| group.vpc == interface.vpc).map(|group| group.id.clone()).collect();
        let mut groups: Vec<String> = usable.into_iter().filter(|_| random.chance(50)).collect();
        if random.chance(5) {
            groups.push("sg-unlisted".to_string());
        }
        groups.sort();
        let attachment = match random.below(6) {
            0 => Attachment::Absent,
            1 => Attachment::Service,
            2 => Attachment::Instance(None),
            3 => Attachment::Instance(Some(0)),
            _ => Attachment::Instance(Some(random.below(12) as i64 * 500 + 100)),
        };
        let groups = if random.chance(8) { None } else { Some(groups) };
        InterfaceState { addresses, prefix, groups, attachment }
    }

    fn add_rules(&mut self, random: &mut Random) {
        for number in 0..6 {
            let group = random.pick(&self.groups).clone();
            let protocol = *random.pick(&[6, 6, 6, 17, -1, 1, 58, 47]);
            let ports = match protocol {
                6 | 17 => *random.pick(&[
                    Some((443, 443)),
                    Some((0, 65535)),
                    Some((1024, 65535)),
                    Some((40000, 40010)),
                    Some((32768, 65535)),
                    Some((-1, -1)),
                    None,
                ]),
                1 | 58 => *random.pick(&[Some((-1, -1)), Some((8, -1)), Some((3, 4)), None]),
                _ => None,
            };
            let peer = self.random_peer(random);
            let egress = random.chance(40);
            let same = |other: &Rule| {
                let (one, two) = (&other.peer, &peer);
                let same_peer = match (one, two) {
                    (Peer::Group { id, .. }, Peer::Group { id: other, .. }) => id == other,
                    _ => one == two,
                };
                other.group == group.id && same_peer && other.protocol == protocol && other.egress == egress
            };
            if self.rules.iter().any(same) {
                continue;
            }
            self.rules.push(Rule { name: format!("rule {number}"), group: group.id, egress, protocol, ports, peer });
        }
    }

    fn random_peer(&self, random: &mut Random) -> Peer {
        match random.below(10) {
            0 => Peer::Cidr(random.pick(&["0.0.0.0/0", "::/0", "10.0.0.6/31", "203.0.113.0/24"]).to_string()),
            1 => Peer::List(random.pick(&["pl-1", "pl-1", "pl-2", "pl-3"]).to_string()),
            2 => {
                let owner =
                    if random.chance(80) { Some(random.pick(&[A, B, "333333333333"]).to_string()) } else { None };
                let vpc = if random.chance(50) { Some(random.pick(&["vpc-1", "vpc-9"]).to_string()) } else { None };
                let id = random.pick(&["sg-gone", "sg-unlisted"]).to_string();
                // All rules say the same of one group.
                let said =
                    self.rules.iter().find(|rule| matches!(&rule.peer, Peer::Group { id: other, .. } if *other == id));
                said.map_or(Peer::Group { id, owner, vpc }, |rule| rule.peer.clone())
            }
            _ => {
                let group = random.pick(&self.groups);
                Peer::Group { id: group.id.clone(), owner: Some(group.owner.clone()), vpc: None }
            }
        }
    }

    pub fn random_span(&self, random: &mut Random) -> Span {
        let from = random.below(13) as i64 * 500;
        let length = *random.pick(&[0, 100, 600, 2_500]);
        Span { from, to: from + length }
    }

    /// A query that has a chance to match the rule.
    pub fn random_query(&self, random: &mut Random, rule: usize) -> Query {
        let rule = &self.rules[rule];
        let addresses = [
            "10.0.0.4",
            "10.0.0.5",
            "10.0.0.6",
            "10.0.0.7",
            "10.0.0.8",
            "10.0.0.15",
            "10.0.0.200",
            "10.9.0.4",
            "10.9.0.5",
            "10.9.0.6",
            "10.9.0.9",
            "10.9.3.3",
            "10.77.0.1",
            "100.64.0.9",
            "203.0.113.9",
            "203.0.113.200",
            "2001:db8:10::1",
            "2001:db8:10::2",
            "2001:db8:10:0:9::1",
            "2600::1",
        ];
        let mut address = || -> IpAddr { random.pick(&addresses).parse().unwrap() };
        let (peer, other) = (address(), address());
        let other_peer = if random.chance(20) { Some(other) } else { None };
        let protocols = if rule.protocol == -1 || random.chance(8) { 6 } else { rule.protocol as u8 };
        let port = match random.below(8) {
            0 => Port::High,
            1 => Port::Unknown,
            _ => Port::Known(*random.pick(&[443, 443, 443, 443, 40005, 50000, 80])),
        };
        let is_egress = if random.chance(5) { !rule.egress } else { rule.egress };
        let direction = if is_egress { Direction::Egress } else { Direction::Ingress };
        Query { span: self.random_span(random), direction, protocol: Protocol(protocols), port, peer, other_peer }
    }

    /// Turns one known fact into an unknown one and says which.
    pub fn forget_something(&mut self, random: &mut Random) -> String {
        let interface = random.below(self.interfaces.len());
        let scope = random.below(self.scopes.len());
        let everywhere = random.chance(50);
        // An interface whose groups are not known anyway may be in any group, in any VPC: to forget it altogether
        // is to forget a doubt, not a fact.
        let all_states =
            self.scopes.iter().flat_map(|scope| &scope.snapshots).flat_map(|s| s.interfaces.iter().flatten());
        let has_doubts = all_states.into_iter().any(|(_, state)| state.groups.is_none());
        // And an interface that two accounts list differently loses a snapshot, which is a state and not a fact.
        let any_shared = self.interfaces.iter().any(|interface| interface.listed_in.len() > 1);
        let choice = random.below(if has_doubts || any_shared { 6 } else { 8 });
        let mut states = |change: &mut dyn FnMut(&mut InterfaceState)| {
            for scope in &mut self.scopes {
                for snapshot in &mut scope.snapshots {
                    for (number, state) in snapshot.interfaces.iter_mut().flatten() {
                        if *number == interface && (everywhere || random.chance(50)) {
                            change(state);
                        }
                    }
                }
            }
        };
        match choice {
            0 => {
                states(&mut |state| state.groups = None);
                format!("Groups of eni-{interface}")
            }
            1 => {
                states(&mut |state| {
                    if let Attachment::Instance(time) = &mut state.attachment {
                        *time = None;
                    }
                });
                format!("AttachTime of eni-{interface}")
            }
            2 => {
                self.interfaces[interface].kind = None;
                format!("InterfaceType of eni-{interface}")
            }
            3 => {
                self.vpcs_read = false;
                "Vpcs".to_string()
            }
            4 => {
                self.subnets_read = false;
                "Subnets".to_string()
            }
            5 => {
                for snapshot in self.scopes.iter_mut().flat_map(|scope| &mut scope.snapshots) {
                    if everywhere || random.chance(50) {
                        snapshot.lists.iter_mut().for_each(|(_, entries)| *entries = None);
                    }
                }
                "Entries".to_string()
            }
            6 => {
                for snapshot in &mut self.scopes[scope].snapshots {
                    snapshot.interfaces = None;
                }
                format!("NetworkInterfaces of scope {scope}")
            }
            _ => {
                let owner = self.interfaces[interface].owner.clone();
                // One file lists all accounts: its items go, and the list itself if it would be empty.
                for scope in self.scopes.iter_mut().filter(|scope| scope.account.is_none()) {
                    for listing in scope.snapshots.iter_mut().map(|snapshot| &mut snapshot.interfaces) {
                        if let Some(all) = listing {
                            all.retain(|(number, _)| self.interfaces[*number].owner != owner);
                        }
                        if listing.as_ref().is_some_and(Vec::is_empty) {
                            *listing = None;
                        }
                    }
                }
                for scope in self.scopes.iter_mut().filter(|scope| scope.account.as_ref() == Some(&owner)) {
                    scope.snapshots.iter_mut().for_each(|snapshot| snapshot.interfaces = None);
                }
                format!("all interfaces of {owner}")
            }
        }
    }

    pub fn subnets(&self) -> Vec<(String, String)> {
        let mut subnets = Vec::new();
        for (id, blocks) in &self.vpcs {
            for block in blocks {
                subnets.push((id.clone(), block.replace("/16", "/24").replace("/56", "/64")));
            }
        }
        subnets
    }
}
