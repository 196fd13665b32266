//! Pairs of reports, made by hand and at random.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::report::example::{example, nasty, rule};
use crate::report::model::GroupVerdict;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

/// The report as a file would hold it, read back.
fn stored(report: &Value) -> Result<Baseline, BaselineError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), serde_json::to_vec_pretty(report).unwrap()).unwrap();
    Baseline::load(file.path())
}

fn since(earlier: &Report, later: &Report) -> Changes {
    stored(&serde_json::to_value(earlier).unwrap()).unwrap().changes(later)
}

fn lines(changes: &[RuleChange]) -> Vec<String> {
    changes.iter().map(RuleChange::line).collect()
}

#[test]
fn a_report_has_not_changed_since_itself() {
    for report in [example(), nasty()] {
        let changes = since(&report, &report);
        assert!(changes.is_empty());
        assert_eq!(changes, Changes { since: report.window.clone(), ..Changes::default() });
        assert!(changes.verdicts_before().is_empty());
    }
}

#[test]
fn every_change_stands_in_the_list_that_is_meant() {
    let earlier = example();
    let mut later = example();
    later.window.start = "2024-06-01T00:00:00Z".to_owned();
    // web: 11 likely-unused, 12 used; db: 21 unused, 22 redundant, 23 not-logged, by the example.
    let web = &mut later.groups[0];
    web.rules[1].verdict = Verdict::Unused;
    web.rules[0].verdict = Verdict::Used;
    // Another id is no other rule.
    web.rules[0].rule_id = "sgr-renamed".to_owned();
    let database = &mut later.groups[1];
    let position = |id: &str| earlier.groups[1].rules.iter().position(|rule| rule.rule_id.ends_with(id)).unwrap();
    // From unused to likely-unused: it could go before, too.
    database.rules[position("21")].verdict = Verdict::LikelyUnused;
    // Another port is another rule.
    database.rules[position("22")].from_port = Some(1);
    later.groups.remove(3);
    later.groups[2].group_id = "sg-00000000000000009".to_owned();

    let changes = since(&earlier, &later);
    assert_eq!(changes.since.end, "2024-05-31T23:59:59Z");
    assert_eq!(
        lines(&changes.newly_unused),
        ["web (sg-00000000000000001) sgr-0000000000000012, in tcp all from 0.0.0.0/0: used -> unused"]
    );
    assert_eq!(
        lines(&changes.newly_used),
        ["web (sg-00000000000000001) sgr-renamed, in tcp 22 from 0.0.0.0/0: likely-unused -> used"]
    );
    assert_eq!(changes.other_verdicts.len(), 1);
    assert!(lines(&changes.other_verdicts)[0].ends_with(": unused -> likely-unused"));
    assert_eq!(changes.new_rules.len(), 1);
    assert!(lines(&changes.new_rules)[0].ends_with(": redundant"));
    assert_eq!(changes.gone_rules.len(), 1);
    assert!(lines(&changes.gone_rules)[0].ends_with(": was redundant"));
    let ids = |changes: &[GroupChange]| changes.iter().map(GroupChange::line).collect::<Vec<_>>();
    assert_eq!(ids(&changes.new_groups), ["old-a (sg-00000000000000009), 0 rules"]);
    assert_eq!(
        ids(&changes.gone_groups),
        ["old-a (sg-00000000000000003), 0 rules", "old-b (sg-00000000000000004), 0 rules"]
    );
    assert_eq!(
        changes.summary(),
        "1 newly unused or redundant, 1 newly used, 1 other verdict, 1 new rule, 1 gone rule, 1 new group, 2 gone groups"
    );
    assert_eq!(changes.verdicts_before()[&("sg-00000000000000001", "sgr-renamed")], Some(Verdict::LikelyUnused));
}

/// What the comparison has to say, by loops over lists and one table of words.
mod expected {
    use super::*;

    pub struct Lists {
        pub by_name: BTreeMap<&'static str, Vec<(String, String)>>,
    }

    fn same(one: &RuleReport, other: &RuleReport) -> bool {
        one.direction == other.direction
            && one.protocol == other.protocol
            && one.from_port == other.from_port
            && one.to_port == other.to_port
            && one.peer == other.peer
    }

    fn list(from: &str, to: &str) -> Option<&'static str> {
        let goes = |verdict: &str| ["unused", "redundant", "likely-unused"].contains(&verdict);
        if from == to {
            None
        } else if goes(to) && !goes(from) {
            Some("newly_unused")
        } else if to == "used" {
            Some("newly_used")
        } else {
            Some("other_verdicts")
        }
    }

    /// Group and rule id of what is in each list, sorted.
    pub fn lists(earlier: &Report, later: &Report) -> Lists {
        let mut by_name: BTreeMap<&'static str, Vec<(String, String)>> = BTreeMap::new();
        let mut put = |name, group: &GroupReport, rule_id: &str| {
            by_name.entry(name).or_default().push((group.group_id.clone(), rule_id.to_owned()));
        };
        for group in &later.groups {
            let Some(old) = earlier.groups.iter().find(|old| old.group_id == group.group_id) else {
                put("new_groups", group, "");
                group.rules.iter().for_each(|rule| put("new_rules", group, &rule.rule_id));
                continue;
            };
            for rule in &group.rules {
                match old.rules.iter().find(|old| same(old, rule)) {
                    None => put("new_rules", group, &rule.rule_id),
                    Some(old) => {
                        if let Some(name) = list(old.verdict.name(), rule.verdict.name()) {
                            put(name, group, &rule.rule_id);
                        }
                    }
                }
            }
        }
        for old in &earlier.groups {
            let group = later.groups.iter().find(|group| group.group_id == old.group_id);
            if group.is_none() {
                put("gone_groups", old, "");
            }
            for rule in &old.rules {
                if !group.is_some_and(|group| group.rules.iter().any(|other| same(other, rule))) {
                    put("gone_rules", old, &rule.rule_id);
                }
            }
        }
        by_name.values_mut().for_each(|ids| ids.sort());
        Lists { by_name }
    }
}

/// A report with few groups, few contents and every verdict, so that two of them have much in common.
fn random_report(random: &mut StdRng, letter: char) -> Report {
    let mut report = example();
    let mut groups = Vec::new();
    for number in 0..4 {
        if random.random_bool(0.3) {
            continue;
        }
        let mut contents: BTreeMap<(u8, u8, u8), Verdict> = BTreeMap::new();
        for _ in 0..random.random_range(0..8) {
            let content = (random.random_range(0..2), random.random_range(0..3), random.random_range(0..2));
            contents.insert(content, Verdict::ALL[random.random_range(0..Verdict::ALL.len())]);
        }
        let mut rules = Vec::new();
        for ((way, port, peer), verdict) in contents {
            let mut drawn = rule(verdict);
            drawn.rule_id = format!("sgr-{letter}{number}{way}{port}{peer}");
            drawn.direction = ["ingress", "egress"][usize::from(way)];
            drawn.from_port = [None, Some(22), Some(443)][usize::from(port)];
            drawn.to_port = drawn.from_port;
            drawn.peer = ["0.0.0.0/0", "sg-0"][usize::from(peer)].to_owned();
            rules.push(drawn);
        }
        groups.push(GroupReport {
            group_id: format!("sg-{number}"),
            group_name: format!("{letter}{number}"),
            vpc_id: String::new(),
            owner_id: String::new(),
            verdict: GroupVerdict::Used,
            interfaces: Vec::new(),
            same_rules_as: Vec::new(),
            rules,
        });
    }
    report.groups = groups;
    report
}

#[test]
fn the_comparison_equals_plain_loops() {
    let mut random = StdRng::seed_from_u64(6);
    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..300 {
        let earlier = random_report(&mut random, 'a');
        let later = random_report(&mut random, 'b');
        let changes = since(&earlier, &later);
        let said = serde_json::to_value(&changes).unwrap();
        let expected = expected::lists(&earlier, &later);
        for (name, listed) in said.as_object().unwrap() {
            if name == "since" {
                continue;
            }
            let mut found: Vec<(String, String)> = Vec::new();
            for entry in listed.as_array().unwrap() {
                let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                found.push((text("group_id"), text("rule_id")));
            }
            let in_order = found.clone();
            found.sort();
            let wanted = expected.by_name.get(name.as_str()).cloned().unwrap_or_default();
            assert_eq!(found, wanted, "{name}");
            // Ids are drawn so that their order is that of the contents.
            assert_eq!(in_order, found, "{name} is not sorted");
            *met.entry(expected.by_name.get_key_value(name.as_str()).map_or("", |(name, _)| name)).or_default() += 1;
        }
        let before = changes.verdicts_before();
        for group in &later.groups {
            for rule in &group.rules {
                let old = earlier.groups.iter().find(|old| old.group_id == group.group_id);
                let old = old.and_then(|old| old.rules.iter().find(|old| old.rule_id[5..] == rule.rule_id[5..]));
                let old = old.map(|old| old.verdict);
                let key = (group.group_id.as_str(), rule.rule_id.as_str());
                assert_eq!(before.get(&key).copied().unwrap_or(Some(rule.verdict)), old);
            }
        }
    }
    // Every list was put to the test.
    assert_eq!(met.len(), 8, "{met:?}");
}

#[test]
fn what_is_not_compared_may_be_missing_or_new() {
    let mut report = serde_json::to_value(example()).unwrap();
    let whole = report.as_object_mut().unwrap();
    whole.remove("logs");
    whole.remove("interfaces");
    whole.insert("from_the_future".to_owned(), Value::from(1));
    for group in report["groups"].as_array_mut().unwrap() {
        group.as_object_mut().unwrap().remove("group_name");
        for rule in group["rules"].as_array_mut().unwrap() {
            rule.as_object_mut().unwrap().remove("evidence");
            rule["extra"] = Value::from("x");
        }
    }
    assert!(stored(&report).unwrap().changes(&example()).is_empty());
}

#[test]
fn what_is_compared_must_be_there_and_well_formed() {
    let report = serde_json::to_value(example()).unwrap();
    for place in ["", "/window", "/groups/0", "/groups/0/rules/0"] {
        let keys = report.pointer(place).and_then(Value::as_object).unwrap().keys().cloned().collect::<Vec<_>>();
        let needed = ["schema", "window", "groups", "start", "end", "group_id", "rules", "rule_id", "direction"];
        let needed = [&needed[..], &["protocol", "from_port", "to_port", "peer", "verdict"]].concat();
        // A group has a verdict of its own, which is not compared.
        let is_needed = |key: &str| needed.contains(&key) && !(place == "/groups/0" && key == "verdict");
        for key in keys {
            let mut broken = report.clone();
            broken.pointer_mut(place).and_then(Value::as_object_mut).unwrap().remove(&key);
            assert_eq!(stored(&broken).is_err(), is_needed(&key), "{place}/{key}");
        }
    }
    for (pointer, value) in [
        ("/schema", Value::from("sgflow.report/2")),
        ("/window/end", Value::from("\x1b[2J")),
        ("/groups/0/rules/0/direction", Value::from("inbound")),
        ("/groups/0/rules/0/from_port", Value::from(65536)),
        ("/groups/0/rules/0/verdict", Value::from("Unused")),
        ("/groups", Value::Null),
    ] {
        let mut broken = report.clone();
        *broken.pointer_mut(pointer).unwrap() = value;
        assert!(stored(&broken).is_err(), "{pointer}");
    }
}

#[test]
fn a_rule_that_is_listed_twice_counts_once() {
    let mut report = serde_json::to_value(example()).unwrap();
    let group = report["groups"][0].clone();
    report["groups"].as_array_mut().unwrap().push(group);
    let mut later = example();
    later.groups.remove(0);
    let changes = stored(&report).unwrap().changes(&later);
    assert_eq!(changes.gone_groups.len(), 1);
    assert_eq!(changes.gone_rules.len(), example().groups[0].rules.len());
    assert_eq!(changes.gone_groups[0].rules, changes.gone_rules.len() as u64);
}
