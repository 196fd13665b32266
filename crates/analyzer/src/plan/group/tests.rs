#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::assemble::ReportOptions;
use crate::attribute::cover::Draft;
use crate::report::model::PortSpan;
use crate::rollup::{KeptPorts, Rollup, Slice};
use crate::verdict::RuleVerdict;
use inventory::Peer;
use serde_json::{Value, json};

/// A group with these rules: port, CIDR, verdict, and what would do in its place: ports and CIDRs.
struct Case {
    rules: Vec<Value>,
    verdicts: Vec<(Verdict, bool)>,
    narrower: Vec<Option<Narrower>>,
    /// Rules that a request uses, and rules that surely allow it.
    covers: Vec<(Vec<usize>, Vec<usize>)>,
}

fn spans(ports: &[(u16, u16)]) -> Vec<PortSpan> {
    ports.iter().map(|&(from, to)| PortSpan { from, to }).collect()
}

impl Case {
    fn new() -> Case {
        Case { rules: Vec::new(), verdicts: Vec::new(), narrower: Vec::new(), covers: Vec::new() }
    }

    /// Rules must be given in the order of their content: the inventory sorts them so.
    fn rule(mut self, ports: (u16, u16), cidr: &str, verdict: Verdict) -> Case {
        let id = format!("sgr-{}", self.rules.len());
        self.rules.push(json!({"SecurityGroupRuleId": id, "GroupId": "sg-1", "IsEgress": false, "IpProtocol": "tcp",
            "FromPort": ports.0, "ToPort": ports.1, "CidrIpv4": cidr, "Description": format!("rule {id}"),
            "Tags": [{"Key": "team", "Value": "a"}, {"Key": "AWS:made-by", "Value": "b"}]}));
        self.verdicts.push((verdict, true));
        self.narrower.push(None);
        self
    }

    fn but(mut self, ports: &[(u16, u16)], cidrs: &[&str]) -> Case {
        let peers = cidrs.iter().map(|cidr| Peer::Cidr(cidr.parse().unwrap())).collect();
        let narrower = Narrower { ports: spans(ports), peers, before: U256::ZERO, after: U256::ZERO };
        *self.narrower.last_mut().unwrap() = Some(narrower);
        self
    }

    fn unproven(mut self) -> Case {
        self.verdicts.last_mut().unwrap().1 = false;
        self
    }

    fn plan(&self, include_likely: bool) -> Option<GroupPlan> {
        let document =
            json!({"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "one"}], "SecurityGroupRules": self.rules});
        let loaded = Inventory::from_texts(&[("a.json", &document.to_string())]).unwrap();
        let rollup = Rollup::new(Slice::Hour, KeptPorts::default());
        let mut analysis = Analysis::new(&rollup, &loaded.inventory, &ReportOptions::default());
        let mut draft = Draft::default();
        for (uses, surely) in &self.covers {
            draft.clear(self.rules.len());
            uses.iter().for_each(|&rule| draft.uses(rule));
            surely.iter().for_each(|&rule| draft.surely(rule));
            analysis.attribution.covers[0].add(&draft, 1);
        }
        let mut judged = analysis.groups[0].clone().unwrap();
        let verdicts = self.verdicts.iter();
        judged.judgement.rules =
            verdicts.map(|&(verdict, proven)| RuleVerdict { verdict, reason: "because".to_owned(), proven }).collect();
        judged.narrower.clone_from(&self.narrower);
        changes(&analysis, GroupIx(0), &judged, &PlanOptions { include_likely, ..PlanOptions::default() })
    }
}

fn ids<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Vec<&'a str> {
    rules.into_iter().map(|rule| rule.id.as_str()).collect()
}

/// Ports and peer.
fn words<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Vec<String> {
    let word = |rule: &Rule| match rule.ports {
        RulePorts::Range { from, to } => format!("{from}-{to} {}", rule.peer),
        other => format!("{other:?} {}", rule.peer),
    };
    rules.into_iter().map(word).collect()
}

#[test]
fn what_the_logs_cannot_judge_stays() {
    let mut case = Case::new();
    for (port, verdict) in (1..).zip(Verdict::ALL) {
        case = case.rule((port, port), "10.0.0.0/8", verdict);
    }
    let plan = case.plan(false).unwrap();
    let gone = |plan: &GroupPlan| plan.removals.iter().map(|removal| removal.verdict).collect::<Vec<_>>();
    assert_eq!(gone(&plan), [Verdict::Redundant, Verdict::Unused]);
    assert_eq!(plan.removals[0].reason, "Because.");
    assert_eq!(plan.kept.len(), 5);
    assert_eq!(gone(&case.plan(true).unwrap()), [Verdict::Redundant, Verdict::LikelyUnused, Verdict::Unused]);
    // Seven rules of 2^24 addresses and one port; two of them go.
    assert_eq!(plan.exposure_before, U256::from(7_u32 << 24));
    assert_eq!(plan.exposure_after, U256::from(5_u32 << 24));
}

#[test]
fn a_recommendation_counts_only_for_what_is_used_and_proven() {
    for verdict in Verdict::ALL {
        let case = Case::new().rule((1, 9), "10.0.0.0/8", verdict).but(&[(1, 1)], &["10.0.0.0/9"]);
        let replaced = case.plan(false).map_or(0, |plan| plan.replacements.len());
        assert_eq!(replaced, usize::from(verdict == Verdict::Used), "{}", verdict.name());
        assert!(case.unproven().plan(false).is_none_or(|plan| plan.replacements.is_empty()));
    }
    assert!(Case::new().rule((1, 9), "10.0.0.0/8", Verdict::Used).plan(true).is_none());
}

#[test]
fn every_range_comes_for_every_peer_with_description_and_tags() {
    let case =
        Case::new().rule((1, 999), "10.0.0.0/8", Verdict::Used).but(&[(1, 1), (5, 7)], &["10.0.0.0/16", "10.9.0.0/16"]);
    let plan = case.plan(false).unwrap();
    let [replacement] = plan.replacements.as_slice() else { panic!("{plan:?}") };
    assert_eq!(words(&replacement.by), ["1-1 10.0.0.0/16", "5-7 10.0.0.0/16", "1-1 10.9.0.0/16", "5-7 10.9.0.0/16"]);
    for rule in &replacement.by {
        assert_eq!(rule.description, "rule sgr-0");
        // Nobody can set a tag that begins with aws:, however it is written.
        assert_eq!(rule.tags, [("team".to_owned(), "a".to_owned())]);
        assert!(!rule.has_own_id());
    }
    // 999 ports of 2^24 addresses before; four ports for two /16 afterwards.
    assert_eq!(replacement.exposure_before, U256::from(999_u64 << 24));
    assert_eq!(replacement.exposure_after, U256::from(8_u64 << 16));
    assert_eq!((plan.exposure_before, plan.exposure_after), (replacement.exposure_before, replacement.exposure_after));
}

#[test]
fn what_stays_is_not_added_and_nothing_is_added_twice() {
    let case = Case::new()
        .rule((1, 1), "10.1.0.0/16", Verdict::NoEvidence)
        .rule((1, 9), "10.0.0.0/8", Verdict::Used)
        .but(&[(1, 1), (2, 2)], &["10.1.0.0/16"])
        .rule((1, 99), "10.0.0.0/8", Verdict::Used)
        .but(&[(1, 1), (2, 2), (3, 3)], &["10.1.0.0/16"]);
    let plan = case.plan(false).unwrap();
    assert_eq!(ids(&plan.kept), ["sgr-0"]);
    let [first, second] = plan.replacements.as_slice() else { panic!("{plan:?}") };
    assert_eq!(words(&first.by), ["2-2 10.1.0.0/16"]);
    assert_eq!(ids(&first.shared), ["sgr-0"]);
    assert_eq!(words(&second.by), ["3-3 10.1.0.0/16"]);
    assert_eq!(words(&second.shared), ["1-1 10.1.0.0/16", "2-2 10.1.0.0/16"]);
    assert_eq!(words(plan.additions()), ["2-2 10.1.0.0/16", "3-3 10.1.0.0/16"]);
    assert_eq!(plan.rules_after().count(), 3);
    // Three single ports for a /16.
    assert_eq!(plan.exposure_after, U256::from(3_u32 << 16));
}

#[test]
fn a_rule_that_would_come_again_is_not_revoked() {
    for verdict in [Verdict::Redundant, Verdict::Unused, Verdict::LikelyUnused] {
        let case = Case::new()
            .rule((1, 1), "10.1.0.0/16", verdict)
            .rule((1, 9), "10.0.0.0/8", Verdict::Used)
            .but(&[(1, 1)], &["10.1.0.0/16"]);
        let plan = case.plan(true).unwrap();
        assert!(plan.removals.is_empty(), "{plan:?}");
        assert_eq!(ids(&plan.kept), ["sgr-0"]);
        assert_eq!(ids(&plan.replacements[0].shared), ["sgr-0"]);
        assert!(plan.replacements[0].by.is_empty());
    }
}

#[test]
fn a_replaced_rule_that_another_one_needs_stays_whole() {
    // The second needs the first, and the third needs what only the first would have brought.
    let case = Case::new()
        .rule((1, 9), "10.1.0.0/16", Verdict::Used)
        .but(&[(1, 1)], &["10.1.0.0/24"])
        .rule((1, 99), "10.0.0.0/8", Verdict::Used)
        .but(&[(1, 9)], &["10.1.0.0/16"])
        .rule((1, 999), "10.0.0.0/8", Verdict::Used)
        .but(&[(1, 1)], &["10.1.0.0/24"]);
    let plan = case.plan(false).unwrap();
    assert_eq!(ids(&plan.kept), ["sgr-0"]);
    assert_eq!(words(plan.additions()), ["1-1 10.1.0.0/24"]);
    assert_eq!(ids(plan.replacements.iter().map(|replacement| &replacement.rule)), ["sgr-1", "sgr-2"]);
    // Where nothing is left to do the group is not changed at all.
    let case = Case::new().rule((1, 9), "10.1.0.0/16", Verdict::Used).but(&[(1, 9)], &["10.1.0.0/16"]);
    assert!(case.plan(false).is_none());
}

#[test]
fn a_redundant_rule_stays_where_what_it_leans_on_goes() {
    let mut case = Case::new()
        .rule((1, 1), "10.0.0.0/8", Verdict::Redundant)
        .rule((2, 2), "10.0.0.0/8", Verdict::Redundant)
        .rule((9, 9), "10.0.0.0/8", Verdict::Used)
        .rule((10, 60999), "10.0.0.0/8", Verdict::LikelyUnused);
    // A guess took what the first was used for as answers, and so as no use of the last.
    case.covers = vec![(vec![0], vec![0, 3]), (vec![1, 2], vec![1, 2])];
    let gone = |include_likely| {
        let plan = case.plan(include_likely).unwrap();
        plan.removals.into_iter().map(|removal| removal.rule.id).collect::<Vec<_>>()
    };
    assert_eq!(gone(false), ["sgr-0", "sgr-1"]);
    assert_eq!(gone(true), ["sgr-1", "sgr-3"]);
}
