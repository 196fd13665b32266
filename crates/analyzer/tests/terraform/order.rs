//! Terraform changes things in any order that dependencies allow. In each of them, no rule goes before what stands in for it is there,
//! AWS never meets the same rule twice, and in the end the group has what the plan says.

use crate::chance::{GROUP, draw};
use crate::document::{Document, Resource, read};
use analyzer::plan::model::{GroupPlan, Plan};
use analyzer::plan::terraform::configuration;
use inventory::{Direction, Peer, Rule};
use ipnet::IpNet;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};

/// What makes a TCP rule of a group the same rule to AWS, written as [`Resource::content`] writes it.
fn content(group: &str, rule: &Rule) -> String {
    let kind = match rule.direction {
        Direction::Ingress => crate::document::INGRESS,
        Direction::Egress => crate::document::EGRESS,
    };
    let inventory::RulePorts::Range { from, to } = rule.ports else { panic!("{rule:?}") };
    let mut arguments = BTreeMap::from([
        ("security_group_id", format!("\"{group}\"")),
        ("ip_protocol", "\"tcp\"".to_owned()),
        ("from_port", from.to_string()),
        ("to_port", to.to_string()),
    ]);
    let peer = match &rule.peer {
        Peer::Cidr(IpNet::V4(_)) => "cidr_ipv4",
        Peer::Cidr(IpNet::V6(_)) => "cidr_ipv6",
        Peer::PrefixList(_) => "prefix_list_id",
        Peer::Group { .. } => "referenced_security_group_id",
    };
    arguments.insert(peer, format!("\"{}\"", rule.peer));
    let listed: Vec<String> = arguments.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    format!("{kind}{}", listed.concat())
}

/// A group in AWS: content by id.
type Group = BTreeMap<String, String>;

fn before(group: &GroupPlan) -> Group {
    let removed = group.removals.iter().map(|removal| &removal.rule);
    let replaced = group.replacements.iter().map(|replacement| &replacement.rule);
    let all = group.kept.iter().chain(removed).chain(replaced);
    all.map(|rule| (rule.id.clone(), content(&group.group_id, rule))).collect()
}

/// What the plan forbids: a replaced rule is gone, and something that stands in for it is not there.
fn check(group: &GroupPlan, state: &Group) {
    let there: BTreeSet<&String> = state.values().collect();
    assert_eq!(there.len(), state.len(), "AWS refuses a rule that is there: {state:#?}");
    for replacement in &group.replacements {
        if there.contains(&content(&group.group_id, &replacement.rule)) {
            continue;
        }
        for rule in replacement.by.iter().chain(&replacement.shared) {
            let needed = content(&group.group_id, rule);
            assert!(there.contains(&needed), "{} went before {needed} came: {state:#?}", replacement.rule.id);
        }
    }
}

fn peer_argument(content: &str) -> String {
    let arguments = content.split(' ').skip(1).map(|argument| argument.split('=').next().unwrap());
    let own = ["security_group_id", "ip_protocol", "from_port", "to_port"];
    arguments.filter(|name| !own.contains(name)).collect()
}

/// Applies a configuration, drawing the order; checks after every call to AWS.
fn apply(document: &Document, group: &GroupPlan, random: &mut StdRng) -> Group {
    let mut state = before(group);
    check(group, &state);
    let mut open: Vec<(&String, &Resource)> = document.resources.iter().collect();
    let mut done: BTreeSet<&String> = BTreeSet::new();
    while !open.is_empty() {
        let ready: Vec<usize> =
            (0..open.len()).filter(|at| open[*at].1.depends_on.iter().all(|other| done.contains(other))).collect();
        assert!(!ready.is_empty(), "each of these waits for another: {open:?}");
        let (address, resource) = open.swap_remove(ready[random.random_range(0..ready.len())]);
        let content = resource.content();
        match document.imports.get(address) {
            None => {
                state.insert(format!("new {address}"), content);
            }
            Some(id) => {
                let old = state.get(id).unwrap_or_else(|| panic!("{id} is not there to be imported")).clone();
                // The provider: another kind of peer, group or direction means another rule.
                if peer_argument(&old) == resource.peer_argument() {
                    state.insert(id.clone(), content);
                } else {
                    assert!(resource.create_before_destroy, "{address} would be deleted before it is made");
                    state.insert(format!("new {address}"), content);
                    check(group, &state);
                    state.remove(id);
                }
            }
        }
        check(group, &state);
        done.insert(address);
    }
    state
}

fn contents(group: &GroupPlan) -> BTreeSet<String> {
    group.rules_after().map(|rule| content(&group.group_id, rule)).collect()
}

#[test]
fn no_order_leaves_a_moment_without_a_rule() {
    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..4000 {
        let plan: Plan = draw(seed);
        let group = &plan.groups[0];
        let text = configuration(&plan);
        let document = read(&text);
        document.check();
        assert_eq!(document.resources.len(), group.rules_after().count());
        let taken: BTreeSet<&String> = document.imports.values().collect();
        for (round, rule) in group.kept.iter().enumerate() {
            assert!(taken.contains(&rule.id), "{seed}, {round}: {} stays, but is not imported", rule.id);
        }
        let mut random = StdRng::seed_from_u64(seed);
        for _ in 0..3 {
            let after = apply(&document, group, &mut random);
            // What the plan wants, and what Terraform leaves for somebody else to delete.
            let wanted = contents(group);
            let found: BTreeSet<String> = after.values().cloned().collect();
            assert!(found.is_superset(&wanted), "{seed}");
            for (id, content) in &after {
                if !wanted.contains(content) {
                    assert!(!taken.contains(id), "{seed}: {id} was taken over and not changed");
                    assert!(text.contains(&format!("# - {id} ")), "{seed}: {id} is left over and not named");
                    *met.entry("left over").or_default() += 1;
                }
            }
        }
        for resource in document.resources.values() {
            *met.entry("remade").or_default() += usize::from(resource.create_before_destroy);
            *met.entry("waits").or_default() += usize::from(!resource.depends_on.is_empty());
        }
        *met.entry("not taken over").or_default() += text.matches(": narrower rules stand in for it").count();
    }
    assert!(met.len() == 4 && met.values().all(|times| *times > 50), "{met:?}");
    assert_eq!(GROUP.len(), 20);
}

/// Two replacements of which each needs the other's first rule: both cannot wait for each other.
#[test]
fn rules_that_need_each_other_do_not_wait_in_a_circle() {
    use crate::workshop::{group, group_plan, inventory, plan, rule, tcp, v4};
    let rules = [
        rule("sgr-a", GROUP, false, ("tcp", 1, 10), v4("10.0.0.0/8")),
        rule("sgr-b", GROUP, false, ("tcp", 5, 20), v4("10.0.0.0/8")),
    ];
    let known = inventory(&[group(GROUP, "web", "111122223333", "eu-west-1")], &rules);
    let new = |port: u16| tcp(&known, GROUP, Direction::Ingress, (port, port), "10.0.0.0/8");
    let replaced = vec![("sgr-a", vec![new(6)], vec![new(7)]), ("sgr-b", vec![new(7)], vec![new(6)])];
    let plan = plan(vec![group_plan(&known, GROUP, &[], replaced)]);
    let text = configuration(&plan);
    let document = read(&text);
    document.check();
    let group = &plan.groups[0];
    for seed in 0..8 {
        let after = apply(&document, group, &mut StdRng::seed_from_u64(seed));
        assert_eq!(after.len(), 3, "one of the two is left for somebody to delete");
    }
    assert_eq!(document.imports.len(), 1);
    assert!(text.contains("# - sgr-b in tcp 5-20 from 10.0.0.0/8: narrower rules stand in for it\n"));
}
