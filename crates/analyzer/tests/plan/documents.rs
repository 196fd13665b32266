//! A plan's JSON, read back by those who read inventories.

use crate::network::Network;
use analyzer::plan::json;
use analyzer::plan::model::Plan;
use inventory::{Inventory, Peer, Proposal, Rule};
use serde_json::Value;
use simulator::Scenario;
use std::collections::BTreeSet;

/// All that makes a rule, but the number of its group.
type Words = (String, String, String, String, Vec<(String, String)>, Option<String>, Option<String>, Option<String>);

fn words(rule: &Rule) -> Words {
    let (owner, vpc) = match &rule.peer {
        Peer::Group { owner, vpc, .. } => (owner.clone(), vpc.clone()),
        _ => (None, None),
    };
    (
        format!("{:?} {:?}", rule.direction, rule.protocol),
        format!("{:?}", rule.ports),
        rule.peer.to_string(),
        rule.description.clone(),
        rule.tags.clone(),
        rule.has_own_id().then(|| rule.id.clone()),
        owner,
        vpc,
    )
}

fn set<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> BTreeSet<Words> {
    rules.into_iter().map(words).collect()
}

fn written(plan: &Plan, inventory: &Inventory) -> String {
    let mut bytes = Vec::new();
    json::write(plan, inventory, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn check(network: &Network) -> usize {
    let plan = network.plan(true);
    let inventory = &network.loaded.inventory;
    let text = written(&plan, inventory);
    assert_eq!(text, written(&network.plan(true), inventory), "the same plan gives the same bytes");
    if plan.is_empty() {
        return 0;
    }
    let proposal = plan.proposal();
    let read = Proposal::from_texts(&[("plan.json", &text)], inventory).unwrap();
    assert_eq!(read.unknown_groups, Vec::<String>::new());
    assert!(read.groups.keys().eq(proposal.groups.keys()));
    for (group, rules) in &proposal.groups {
        assert_eq!(set(&read.groups[group]), set(rules));
        assert_eq!(read.groups[group].len(), rules.len(), "no rule is there twice");
    }

    // But never as an inventory: what does not exist yet may not be judged by.
    let refused = Inventory::from_texts(&[("plan.json", &text)]).unwrap_err().to_string();
    assert!(refused.contains("plan.json is a plan, not an inventory"), "{refused}");
    plan.groups.len()
}

#[test]
fn a_plan_read_back_is_the_plan() {
    let mut groups = 0;
    for scenario in Scenario::MATRIX.into_iter().chain([Scenario::Samples]) {
        for seed in 1..=2 {
            groups += check(&Network::new(scenario, seed));
        }
    }
    assert!(groups > 20, "{groups} groups are too few to mean anything");
}

#[test]
fn an_empty_plan_is_lists_without_items() {
    let text = written(&Plan::default(), &Inventory::default());
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["Schema"], "sgflow.plan/1");
    for key in ["SecurityGroups", "SecurityGroupRules", "Changes", "LeftAlone", "Warnings"] {
        assert_eq!(document[key], serde_json::json!([]), "{key}");
    }
}
