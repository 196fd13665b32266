//! Plans for simulated networks, held against what really happened there.

use crate::export::{Export, PlainRule, Record};
use crate::network::Network;
use analyzer::plan::json;
use analyzer::plan::model::Plan;
use analyzer::report::model::Verdict;
use serde_json::Value;
use simulator::{RuleTruth, Scenario};
use std::collections::BTreeMap;

const SEEDS: std::ops::RangeInclusive<u64> = 1..=6;

/// What was checked, so that a test that checks nothing does not pass.
#[derive(Debug, Default)]
struct Checked {
    removed: u32,
    replaced: u32,
    needed_rules: u32,
    records: u64,
    openings: u64,
}

/// The plan as others read it: old rules by id and new ones by group, from its JSON.
struct PlainPlan {
    after: BTreeMap<String, Vec<PlainRule>>,
    /// Ids of rules that go or are replaced.
    changed: Vec<String>,
}

fn plain(plan: &Plan, network: &Network) -> PlainPlan {
    let mut bytes = Vec::new();
    json::write(plan, &network.loaded.inventory, &mut bytes).unwrap();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    let mut after: BTreeMap<String, Vec<PlainRule>> = BTreeMap::new();
    for group in document["SecurityGroups"].as_array().unwrap() {
        after.insert(group["GroupId"].as_str().unwrap().to_owned(), Vec::new());
    }
    for item in document["SecurityGroupRules"].as_array().unwrap() {
        let rule = PlainRule::read(item);
        after.get_mut(&rule.group).unwrap().push(rule);
    }
    let mut changed = Vec::new();
    for group in document["Changes"].as_array().unwrap() {
        for key in ["Removed", "Replaced"] {
            let items = group[key].as_array().unwrap().iter();
            changed.extend(items.map(|item| item["RuleId"].as_str().unwrap().to_owned()));
        }
    }
    PlainPlan { after, changed }
}

/// The rules of the network as its inventory lists them last.
fn old_rules(network: &Network) -> BTreeMap<String, PlainRule> {
    let mut rules = BTreeMap::new();
    let mut files: Vec<_> = std::fs::read_dir(network.folder.path().join("inventory"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    // Snapshots are named by their time.
    files.sort();
    for file in files {
        let document: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        for item in document["SecurityGroupRules"].as_array().into_iter().flatten() {
            let rule = PlainRule::read(item);
            rules.insert(rule.id.clone(), rule);
        }
    }
    rules
}

/// Whether the record may have been a request that the rule was needed for, as far as its own ports and flags tell.
fn may_need(rule: &PlainRule, record: &Record) -> bool {
    if !rule.fits(record.is_egress, record.protocol, record.to_port) || record.surely_answers() {
        return false;
    }
    // A rule over the ephemeral ports need not be charged with what looks like an answer.
    !rule.covers_ephemeral() || record.surely_opens()
}

fn check(network: &Network, export: &Export, plan: &Plan, checked: &mut Checked, faults: &mut Vec<String>) {
    let plain = plain(plan, network);
    let old = old_rules(network);
    let truths: BTreeMap<&str, &RuleTruth> =
        network.truth.rules.iter().map(|rule| (rule.rule_id.as_str(), rule)).collect();
    let place = format!("{}, seed {}", network.truth.scenario, network.truth.seed);
    for group in &plan.groups {
        checked.removed += group.removals.len() as u32;
        checked.replaced += group.replacements.len() as u32;
        for removal in &group.removals {
            let truth = truths[removal.rule.id.as_str()];
            if truth.needed && removal.verdict != Verdict::Redundant {
                faults.push(format!("{place}: {} is needed and goes as {}", truth.text, removal.verdict.name()));
            }
        }
        for replacement in &group.replacements {
            if replacement.exposure_after >= replacement.exposure_before {
                faults.push(format!("{place}: {} is replaced by no less", replacement.rule.id));
            }
        }
        if group.exposure_after > group.exposure_before {
            faults.push(format!("{place}: {} opens more afterwards", group.group_id));
        }
    }
    for id in &plain.changed {
        let (rule, truth) = (&old[id], truths[id.as_str()]);
        let after = &plain.after[&rule.group];
        checked.needed_rules += u32::from(truth.needed);
        for opening in &truth.openings {
            checked.openings += 1;
            let is_open = [false, true].into_iter().any(|is_egress| {
                rule.fits(is_egress, 6, opening.port) && after.iter().any(|rule| rule.fits(is_egress, 6, opening.port))
            });
            if !is_open {
                faults.push(format!("{place}: {}: port {} is closed", truth.text, opening.port));
            }
        }
        for record in &export.records {
            if !may_need(rule, record) || !export.carried(record, &rule.group) {
                continue;
            }
            for &peer in record.peers.iter().filter(|peer| export.means(rule, **peer, record)) {
                checked.records += 1;
                let is_allowed = after.iter().any(|rule| {
                    rule.fits(record.is_egress, record.protocol, record.to_port) && export.means(rule, peer, record)
                });
                if !is_allowed {
                    faults.push(format!(
                        "{place}: {}: {peer} port {} -> {} of protocol {} at {} ({}) is denied",
                        truth.text, record.from_port, record.to_port, record.protocol, record.start, record.interface
                    ));
                    break;
                }
            }
        }
    }
}

fn planned(scenario: Scenario, at_least: Checked) {
    let (mut checked, mut faults) = (Checked::default(), Vec::new());
    for seed in SEEDS {
        let network = Network::new(scenario, seed);
        let export = Export::read(network.folder.path());
        for include_likely in [false, true] {
            check(&network, &export, &network.plan(include_likely), &mut checked, &mut faults);
        }
    }
    println!("{}: {checked:?}", scenario.name());
    let shown: Vec<&str> = faults.iter().take(20).map(String::as_str).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), shown.join("\n"));
    assert!(checked.removed >= at_least.removed, "{checked:?}");
    assert!(checked.replaced >= at_least.replaced, "{checked:?}");
    assert!(checked.needed_rules >= at_least.needed_rules, "{checked:?}");
    assert!(checked.records >= at_least.records, "{checked:?}");
    assert!(checked.openings >= at_least.openings, "{checked:?}");
}

const WITHOUT_FLAGS: Checked = Checked { removed: 150, replaced: 40, needed_rules: 60, records: 1500, openings: 0 };
const WITH_FLAGS: Checked = Checked { openings: 80, ..WITHOUT_FLAGS };

#[test]
fn default_format() {
    planned(Scenario::V2, WITHOUT_FLAGS);
}

#[test]
fn version_5() {
    planned(Scenario::V5, WITH_FLAGS);
}

#[test]
fn default_format_with_deleted_interfaces() {
    planned(Scenario::V2Deleted, WITHOUT_FLAGS);
}

#[test]
fn version_5_with_a_timeline() {
    planned(Scenario::V5Timeline, WITH_FLAGS);
}

#[test]
fn default_format_with_gaps() {
    planned(Scenario::V2Gaps, WITHOUT_FLAGS);
}

/// The check above notices a plan that takes too much away.
#[test]
fn a_plan_without_what_is_needed_is_noticed() {
    let network = Network::new(Scenario::V5, 1);
    let export = Export::read(network.folder.path());
    let mut plan = network.plan(false);
    let mut faults = Vec::new();
    check(&network, &export, &plan, &mut Checked::default(), &mut faults);
    assert_eq!(faults, Vec::<String>::new());
    for replacement in plan.groups.iter_mut().flat_map(|group| &mut group.replacements) {
        replacement.by.pop();
    }
    check(&network, &export, &plan, &mut Checked::default(), &mut faults);
    assert!(faults.iter().any(|fault| fault.ends_with("is denied")), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.ends_with("is closed")), "{faults:?}");
}
