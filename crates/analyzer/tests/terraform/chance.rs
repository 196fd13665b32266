//! Plans by chance: one group, few ports and peers, so that rules come to need each other.

use crate::workshop::{group, group_plan, inventory, plan, rule, tcp, v4};
use analyzer::plan::model::Plan;
use inventory::Rule;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use serde_json::json;

pub const GROUP: &str = "sg-0a1b2c3d4e5f60718";
const PEERS: [&str; 6] = ["10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32", "2001:db8:1::/48", "pl-0a", "sg-0b"];

/// The plan of a seed.
pub fn draw(seed: u64) -> Plan {
    let mut random = StdRng::seed_from_u64(seed);
    let mut contents: Vec<(bool, i64, usize)> = Vec::new();
    for egress in [false, true] {
        for port in [22, 443] {
            contents.extend((0..PEERS.len()).map(|peer| (egress, port, peer)));
        }
    }
    contents.shuffle(&mut random);
    contents.truncate(random.random_range(1..=8));
    let mut rules = Vec::new();
    for (number, (egress, port, peer)) in contents.iter().enumerate() {
        let peer = match PEERS[*peer] {
            list if list.starts_with("pl-") => ("PrefixListId", json!(list)),
            group if group.starts_with("sg-") => ("ReferencedGroupInfo", json!({"GroupId": group})),
            cidr if cidr.contains(':') => ("CidrIpv6", json!(cidr)),
            cidr => v4(cidr),
        };
        rules.push(rule(&format!("sgr-{number:02}"), GROUP, *egress, ("tcp", *port, *port), peer));
    }
    let known = inventory(&[group(GROUP, "web", "111122223333", "eu-west-1")], &rules);

    let (mut removed, mut replaced, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    let group = known.group(known.group_ix(GROUP).unwrap());
    for rule in &group.rules {
        match random.random_range(0..6) {
            0 => removed.push(rule.id.as_str()),
            1 => kept.push(rule.clone()),
            _ => replaced.push(rule),
        }
    }
    let mut made: Vec<Rule> = Vec::new();
    let mut replacements = Vec::new();
    for rule in replaced {
        let (mut by, mut shared): (Vec<Rule>, Vec<Rule>) = (Vec::new(), Vec::new());
        for _ in 0..random.random_range(1..=3) {
            let port = [22, 80, 443][random.random_range(0..3)];
            let new = tcp(&known, GROUP, rule.direction, (port, port), PEERS[random.random_range(0..PEERS.len())]);
            if by.iter().chain(&shared).any(|other| other.has_content_of(&new)) {
                continue;
            }
            if made.iter().chain(&kept).any(|other| other.has_content_of(&new)) {
                shared.push(new);
            } else {
                made.push(new.clone());
                by.push(new);
            }
        }
        replacements.push((rule.id.as_str(), by, shared));
    }
    plan(vec![group_plan(&known, GROUP, &removed, replacements)])
}
