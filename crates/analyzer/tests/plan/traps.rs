//! What a plan must not fall for: peers that still change, groups that do not count on the way, records of unknown direction.

use crate::small::{DB, Small, WEB, interface, rule, rule_for_group};
use inventory::{Peer, Rule, RulePorts};
use serde_json::json;

const CUSTOMER: &str = "203.0.113.5 10.0.0.1 40000 443 6";
const QUERY: &str = "10.0.0.1 10.0.0.2 40001 5432 6";

fn is_replaced(small: &Small, id: &str) -> bool {
    small.changed().1.iter().any(|replaced| replaced == id)
}

/// What comes in the place of a rule; none if it stays.
fn in_place_of(small: &Small, id: &str) -> Vec<Rule> {
    let groups = small.plan().groups;
    let replacement = groups.into_iter().flat_map(|group| group.replacements).find(|one| one.rule.id == id);
    replacement.map(|one| one.by.into_iter().chain(one.shared).collect()).unwrap_or_default()
}

#[test]
fn a_rule_is_narrowed_once_its_peers_have_settled() {
    let mut small = Small::new();
    assert!(is_replaced(&small, "sgr-443"), "the same customer in both halves of the day");
    small.accepted.push((WEB, 120, "198.51.100.77 10.0.0.1 40000 443 6"));
    assert!(!is_replaced(&small, "sgr-443"), "a new customer in the second half");
    small.accepted.last_mut().unwrap().1 = 20;
    assert!(is_replaced(&small, "sgr-443"), "both came in the first half, and one again");

    // Nothing is left to hold a choice against, or nothing to make it from.
    for slot in [50, 120] {
        small.accepted = vec![(WEB, slot, CUSTOMER), (DB, 60, QUERY), (DB, 110, QUERY)];
        assert!(!is_replaced(&small, "sgr-443"), "used in slot {slot} alone");
    }
}

#[test]
fn new_ports_keep_the_range_and_its_peers_may_be_narrowed_all_the_same() {
    let mut small = Small::new();
    small.rules[0] = rule("sg-web", "sgr-443", false, (400, 9000), "0.0.0.0/0");
    small.accepted.push((WEB, 120, "203.0.113.5 10.0.0.1 40000 8080 6"));
    let rules = in_place_of(&small, "sgr-443");
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0].ports, RulePorts::Range { from: 400, to: 9000 });
    assert_eq!(rules[0].peer.to_string(), "203.0.113.5/32");
}

/// Amazon's user guide for Network Load Balancers: targets cannot allow clients by the clients' groups, though their addresses are kept.
#[test]
fn no_group_stands_for_clients_where_a_load_balancer_keeps_their_addresses() {
    let group_of = |small: &Small| -> Vec<String> {
        let peers = in_place_of(small, "sgr-5432").into_iter().map(|rule| rule.peer);
        peers.filter(|peer| matches!(peer, Peer::Group { .. })).map(|peer| peer.to_string()).collect()
    };
    let mut small = Small::new();
    small.rules[2] = rule("sg-db", "sgr-5432", false, (5432, 5432), "10.0.0.0/16");
    assert_eq!(group_of(&small), ["sg-web"]);

    let mut balancer = interface("eni-00000000000000009", "10.0.9.9", &[]);
    for kind in ["network_load_balancer", "gateway_load_balancer_endpoint"] {
        balancer["InterfaceType"] = json!(kind);
        let mut behind = Small { interfaces: small.interfaces.clone(), rules: small.rules.clone(), ..Small::new() };
        behind.interfaces.push(balancer.clone());
        assert!(group_of(&behind).is_empty(), "{kind}");

        // Nor is the wide rule redundant for one that names the group.
        behind.rules.push(rule_for_group("sg-db", "sgr-by-group", 5432, "sg-web"));
        assert!(!behind.changed().0.contains(&"sgr-5432".to_owned()), "{kind}");
    }
    small.rules.push(rule_for_group("sg-db", "sgr-by-group", 5432, "sg-web"));
    assert!(small.changed().0.contains(&"sgr-5432".to_owned()), "without a load balancer it is");
}

/// A firewall forwards what is neither to nor from itself: each record may be a request to either port.
#[test]
fn both_ports_of_a_record_of_unknown_direction_stay_open() {
    let mut small = Small::new();
    small.rules[1] = rule("sg-web", "sgr-8443", false, (4900, 8000), "10.0.0.0/16");
    for slot in [30, 90] {
        small.accepted.push((WEB, slot, "10.0.2.5 10.0.3.7 5000 6000 6"));
    }
    let rules = in_place_of(&small, "sgr-8443");
    for port in [5000, 6000] {
        let is_open = |rule: &Rule| matches!(rule.ports, RulePorts::Range { from, to } if from <= port && port <= to);
        assert!(rules.is_empty() || rules.iter().any(is_open), "{port}");
    }
}
