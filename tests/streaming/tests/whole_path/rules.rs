//! Rules by the records that name them: as the simulator tells, and as OpenSearch finds them.
//!
//! A document names every rule that surely allows its record, if the record shows that it opens a connection. The
//! simulator tells how many such records each rule truly allows at which interface and port, and of how many of them the
//! inventory leaves no doubt: no fewer and no more may be found, and a rule that none may name is not found at all.

use crate::counts;
use serde_json::Value;
use servers::OpenSearch;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// Rule, interface and port.
type Kind = [String; 3];

/// Rules whose count is known exactly, in each part of the network that the test is to speak of.
const LEAST: [(&str, usize); 7] = [
    ("ingress", 20),
    ("egress", 15),
    ("IPv4 ranges", 20),
    ("IPv6 ranges", 2),
    ("groups", 10),
    ("prefix lists", 1),
    ("at several interfaces", 1),
];

/// How many records have to name a rule, and how many may.
pub fn of_truth(truth: &Value) -> BTreeMap<Kind, RangeInclusive<u64>> {
    let mut expected = BTreeMap::new();
    for rule in truth["rules"].as_array().unwrap() {
        for opening in rule["openings"].as_array().unwrap() {
            let kind = [&rule["rule_id"], &opening["interface_id"], &opening["port"]].map(Value::to_string);
            let bounds = opening["sure"].as_u64().unwrap()..=opening["records"].as_u64().unwrap();
            assert!(!bounds.is_empty(), "{rule}");
            expected.insert(kind, bounds);
        }
    }
    expected
}

/// Every rule of the truth, by its own count and by its counts at each interface and port.
pub fn compare(what: &str, truth: &Value, search: &OpenSearch, indices: &str, fields: [&str; 3]) {
    let by_kind = of_truth(truth);
    let mut by_rule: BTreeMap<String, RangeInclusive<u64>> = BTreeMap::new();
    for ([rule, ..], bounds) in &by_kind {
        let sum = by_rule.entry(rule.clone()).or_insert(0..=0);
        *sum = sum.start() + bounds.start()..=sum.end() + bounds.end();
    }

    // Records that name none are no rule.
    let none = Value::Null.to_string();
    let mut found = counts::by_value(search, indices, fields[0]);
    assert!(found.remove(&none).is_some(), "{what}: every record names a rule");
    assert_within(&format!("{what}, {}", fields[0]), &by_rule, &found);
    let mut found: BTreeMap<Kind, u64> = counts::by_all(search, indices, fields);
    found.retain(|[rule, ..], _| *rule != none);
    assert_within(&format!("{what}, rules by interface and port"), &by_kind, &found);

    let exact = by_rule.values().filter(|bounds| bounds.start() == bounds.end()).count();
    println!("{what}: {} rules at {} interfaces and ports, {exact} known exactly", by_rule.len(), by_kind.len());
}

fn assert_within<K: Ord + std::fmt::Debug>(
    what: &str,
    expected: &BTreeMap<K, RangeInclusive<u64>>,
    found: &BTreeMap<K, u64>,
) {
    let mut differences = Vec::new();
    for key in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
        let (expected, found) = (expected.get(key).cloned().unwrap_or(0..=0), found.get(key).copied());
        if !expected.contains(&found.unwrap_or(0)) {
            differences.push(format!("{key:?}: {expected:?} simulated, {found:?} found"));
        }
    }
    assert!(differences.is_empty(), "{what}: {} differ, such as {:#?}", differences.len(), &differences[..1]);
}

/// The test is worth nothing if the counts of few rules are known exactly, or all those are of one sort.
pub fn check_variety(truth: &Value, described: &Value) {
    let mut described_rules = BTreeMap::new();
    for rule in described["SecurityGroupRules"].as_array().unwrap() {
        described_rules.insert(rule["SecurityGroupRuleId"].to_string(), rule);
    }
    let mut interfaces: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for ([rule, interface, _], bounds) in of_truth(truth) {
        if bounds.start() == bounds.end() {
            interfaces.entry(rule).or_default().insert(interface);
        }
    }
    let mut sorts: BTreeMap<&str, usize> = BTreeMap::new();
    for (rule, interfaces) in &interfaces {
        let rule = described_rules[rule];
        let is_egress = rule["IsEgress"].as_bool().unwrap();
        *sorts.entry(if is_egress { "egress" } else { "ingress" }).or_default() += 1;
        for (key, sort) in [
            ("CidrIpv4", "IPv4 ranges"),
            ("CidrIpv6", "IPv6 ranges"),
            ("ReferencedGroupInfo", "groups"),
            ("PrefixListId", "prefix lists"),
        ] {
            *sorts.entry(sort).or_default() += usize::from(!rule[key].is_null());
        }
        *sorts.entry("at several interfaces").or_default() += usize::from(interfaces.len() > 1);
    }
    for (sort, least) in LEAST {
        let found = sorts.get(sort).copied().unwrap_or_default();
        assert!(found >= least, "{sort}: {found} rules of which the counts are known exactly: {sorts:?}");
    }
}
