#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::plan::model::Replacement;
use ethnum::U256;
use inventory::RulePorts;
use serde_json::json;

/// A group with three rules for IPv4 (one of them for a group), one for IPv6 and one for a list of at most five entries.
fn inventory() -> Inventory {
    let rule = |id: &str, key: &str, peer: serde_json::Value| {
        json!({"SecurityGroupRuleId": id, "GroupId": "sg-1", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 1,
               "ToPort": 9, key: peer})
    };
    let document = json!({
        "SecurityGroups": [{"GroupId": "sg-1"}, {"GroupId": "sg-2"}, {"GroupId": "sg-3"}],
        "SecurityGroupRules": [
            rule("sgr-1", "CidrIpv4", json!("10.0.0.0/8")),
            rule("sgr-2", "CidrIpv4", json!("192.168.0.0/16")),
            rule("sgr-3", "ReferencedGroupInfo", json!({"GroupId": "sg-2"})),
            rule("sgr-4", "CidrIpv6", json!("2001:db8::/32")),
            rule("sgr-5", "PrefixListId", json!("pl-1")),
        ],
        "PrefixLists": [{"PrefixListId": "pl-1", "MaxEntries": 5, "Entries": [{"Cidr": "10.0.0.0/8"}]}],
    });
    Inventory::from_texts(&[("a.json", &document.to_string())]).unwrap().inventory
}

/// Rule sgr-1 is replaced by rules for these peers.
fn plan(inventory: &Inventory, peers: &[Peer]) -> GroupPlan {
    let group = inventory.group_ix("sg-1").unwrap();
    let rules = &inventory.group(group).rules;
    let ports = RulePorts::Range { from: 1, to: 1 };
    let draft = |peer: &Peer| inventory.draft(group, Direction::Ingress, Some(Protocol::TCP), ports, peer.clone());
    let (replaced, kept): (Vec<_>, Vec<_>) = rules.iter().cloned().partition(|rule| rule.id == "sgr-1");
    GroupPlan {
        group,
        group_id: "sg-1".to_owned(),
        group_name: String::new(),
        vpc_id: String::new(),
        owner_id: String::new(),
        region: None,
        removals: Vec::new(),
        replacements: vec![Replacement {
            rule: replaced[0].clone(),
            by: peers.iter().map(draft).collect(),
            shared: Vec::new(),
            exposure_before: U256::ZERO,
            exposure_after: U256::ZERO,
        }],
        kept,
        exposure_before: U256::ZERO,
        exposure_after: U256::ZERO,
    }
}

fn cidrs(list: &[&str]) -> Vec<Peer> {
    list.iter().map(|cidr| Peer::Cidr(cidr.parse().unwrap())).collect()
}

#[test]
fn the_quota_counts_both_families_and_the_entries_of_lists() {
    let inventory = inventory();
    let lists: BTreeMap<&str, PrefixListFacts> = inventory.prefix_lists().collect();
    let warned = |peers: &[Peer], max_rules: usize| {
        let mut found = BTreeSet::new();
        let limits = Limits { max_rules, ..Limits::default() };
        quota(&inventory, &plan(&inventory, peers), &limits, &lists, &mut found);
        assert!(found.iter().all(|warning| warning.kind == WarningKind::Quota));
        found.into_iter().map(|warning| warning.text).collect::<Vec<_>>()
    };
    // Now IPv4 counts 2 CIDRs, 1 group and 5 entries; IPv6 1 CIDR, 1 group and 5 entries.
    let two = cidrs(&["10.1.0.0/16", "10.2.0.0/16"]);
    assert_eq!(warned(&two, 10), Vec::<String>::new());
    let texts = warned(&two, 9);
    assert_eq!(texts.len(), 1);
    assert!(texts[0].contains("inbound") && texts[0].contains("10 together for IPv4"), "{texts:?}");
    let mut three = cidrs(&["2001:db8::/48", "2001:db8:1::/48"]);
    three.push(Peer::Group { id: "sg-3".to_owned(), owner: None, vpc: None });
    assert_eq!(warned(&three, 10), Vec::<String>::new());
    assert!(warned(&three, 9)[0].contains("10 together for IPv6"));
    assert_eq!(warned(&three, 8).len(), 2);
    // Nothing new: nothing to add to.
    assert_eq!(warned(&[], 1), Vec::<String>::new());
}

#[test]
fn a_group_that_is_named_anew_is_told_once() {
    let inventory = inventory();
    let named = |ids: &[&str]| {
        let peers: Vec<Peer> =
            ids.iter().map(|id| Peer::Group { id: (*id).to_owned(), owner: None, vpc: None }).collect();
        let mut found = BTreeSet::new();
        names_others(&inventory, &plan(&inventory, &peers), &mut found);
        found.into_iter().map(|warning| warning.text).collect::<Vec<_>>()
    };
    // Rule sgr-3 names sg-2 already, and a group can always name itself.
    assert_eq!(named(&["sg-1", "sg-2"]), Vec::<String>::new());
    let told = named(&["sg-3", "sg-3"]);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("sg-3"));
}

#[test]
fn ids_are_listed_and_the_rest_counted() {
    let ids = |count: usize| ["a", "b", "c", "d", "e", "f", "g"].into_iter().take(count).collect::<BTreeSet<_>>();
    assert_eq!(listed(&ids(1), "group"), "group a");
    assert_eq!(listed(&ids(5), "group"), "groups a, b, c, d, e");
    assert_eq!(listed(&ids(7), "account"), "accounts a, b, c, d, e and 2 more");
}
