//! Explanations of every rule of simulated networks: their numbers equal plain loops over the records, agree with the
//! truth, and with the verdicts.

use crate::loops::{Loops, Use, Uses};
use analyzer::assemble::ReportOptions;
use analyzer::attribute::Careless;
use analyzer::explain::model::{Explanation, PeerExplained};
use analyzer::explain::subject::Subject;
use analyzer::explain::{Question, explain};
use analyzer::names::Names;
use analyzer::report::model::Verdict;
use analyzer::rollup::{KeptPorts, Rollup, Slice};
use analyzer::scan::{ScanOptions, Unwatched, objects, scan};
use inventory::{GroupIx, Inventory};
use simulator::{Options, Scenario, Truth, simulate};
use std::collections::BTreeMap;
use tempfile::TempDir;

struct Network {
    folder: TempDir,
    truth: Truth,
    inventory: Inventory,
    rollup: Rollup,
}

impl Network {
    fn new(scenario: Scenario, seed: u64) -> Network {
        let folder = tempfile::tempdir().unwrap();
        let truth = simulate(&Options::new(scenario, seed), folder.path()).unwrap();
        let inventory = Inventory::load(&[folder.path().join("inventory")]).unwrap().inventory;
        let options = ScanOptions {
            log_format: None,
            since: None,
            until: None,
            slice: Slice::Hour,
            kept_ports: KeptPorts::new(inventory.kept_ports()),
            threads: 2,
        };
        let logs = objects::find(&[folder.path().join("logs").display().to_string()]).unwrap();
        let rollup = scan(&logs, &options, &Unwatched).rollup;
        Network { folder, truth, inventory, rollup }
    }

    fn explain(&self, subject: &Subject, careless: Careless) -> Explanation {
        let options = ReportOptions { threads: 3, careless, ..ReportOptions::default() };
        let question = Question { options: &options, names: &Names::default(), peers: usize::MAX };
        explain(&self.rollup, &self.inventory, subject, question)
    }

    /// All rules at once.
    fn rules(&self, careless: Careless) -> Explanation {
        let mut rules = Vec::new();
        for (number, group) in self.inventory.groups().iter().enumerate().filter(|(_, group)| group.in_last_snapshot) {
            rules.extend((0..group.rules.len()).map(|position| (GroupIx(number as u32), position)));
        }
        self.explain(&Subject::Rules(rules), careless)
    }
}

fn seconds(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().unwrap().as_second()
}

fn by_peer(peers: &[PeerExplained]) -> BTreeMap<std::net::IpAddr, Use> {
    let used = |peer: &PeerExplained| (peer.records, peer.bytes, seconds(&peer.first_seen), seconds(&peer.last_seen));
    peers.iter().map(|peer| (peer.address, used(peer))).collect()
}

/// Taken as requests, the records can be told by plain loops, with no evidence of who opened what.
#[test]
fn peers_and_times_equal_plain_loops() {
    let careless = Careless { no_evidence: true, ..Careless::default() };
    let (mut plain, mut used, mut peers) = (0, 0, 0);
    for seed in [1, 2] {
        let network = Network::new(Scenario::V2, seed);
        let loops = Loops::read(network.folder.path());
        let explanation = network.rules(careless);
        for rule in loops.rules.iter().filter(|rule| rule.is_plain()) {
            let explained = explanation.rules.iter().find(|explained| explained.rule.rule_id == rule.id).unwrap();
            let expected = loops.of_rule(rule, i64::from(explained.timeline.part_seconds));
            let by_time = explained.timeline.parts.iter().map(|part| (i64::from(part.at), part.records)).collect();
            let found = Uses { by_peer: by_peer(&explained.peers), by_time };
            assert_eq!(found, expected, "seed {seed}, {}", rule.id);
            for part in &explained.timeline.parts {
                assert_eq!(seconds(&part.start), i64::from(part.at));
            }
            let order = |peer: &PeerExplained| (u64::MAX - peer.records, u64::MAX - peer.bytes, peer.address);
            assert!(explained.peers.is_sorted_by_key(order), "the busiest first");
            plain += 1;
            used += u32::from(!expected.by_time.is_empty());
            peers += expected.by_peer.len();
        }
    }
    println!("{plain} rules, {used} with records, {peers} peers");
    assert!(plain > 60 && used > 20 && peers > 100, "too little to mean anything: {plain}, {used}, {peers}");
}

#[test]
fn peers_of_groups_equal_plain_loops() {
    let careless = Careless { no_evidence: true, ..Careless::default() };
    let network = Network::new(Scenario::V2, 3);
    let loops = Loops::read(network.folder.path());
    let mut compared = 0;
    for (number, group) in network.inventory.groups().iter().enumerate() {
        let mut rules = loops.rules.iter().filter(|rule| rule.group == group.id);
        if !group.in_last_snapshot || !rules.all(|rule| rule.is_plain()) {
            continue;
        }
        let expected = loops.of_group(&group.id, 3600);
        if expected.by_peer.is_empty() {
            continue;
        }
        let explained = network.explain(&Subject::Group(GroupIx(number as u32)), careless).group.unwrap();
        assert_eq!(by_peer(&explained.peers), expected.by_peer, "{}", group.id);
        compared += 1;
        if compared == 6 {
            break;
        }
    }
    assert!(compared >= 2, "too few groups to mean anything: {compared}");
}

/// TCP flags prove requests: at least those that anybody must attribute to the rule, at most those that it truly
/// allows.
#[test]
fn flags_agree_with_the_truth() {
    let mut opened = 0;
    for scenario in [Scenario::V5, Scenario::V5Timeline] {
        let network = Network::new(scenario, 1);
        let explanation = network.rules(Careless::default());
        for truth in &network.truth.rules {
            let explained = explanation.rules.iter().find(|explained| explained.rule.rule_id == truth.rule_id).unwrap();
            let by_flags: u64 = explained
                .opened_by
                .iter()
                .filter(|ground| ground.ground == "tcp-flags")
                .map(|ground| ground.records)
                .sum();
            let sure: u64 = truth.openings.iter().map(|opening| opening.sure).sum();
            let all: u64 = truth.openings.iter().map(|opening| opening.records).sum();
            assert!(by_flags >= sure, "{}: {by_flags} by flags, {sure} in truth", truth.text);
            if explained.rule.evidence.ambiguous == 0 {
                assert!(by_flags <= all, "{}: {by_flags} by flags, at most {all} in truth", truth.text);
            }
            opened += sure;
        }
    }
    assert!(opened > 1000, "too few openings to mean anything: {opened}");
}

/// What is told of each use adds up to the sums of the report, and every gate that does not hold is told: the gravest
/// is the verdict's own.
#[test]
fn explanations_agree_with_verdicts() {
    let mut undecided = 0;
    for scenario in Scenario::MATRIX {
        let network = Network::new(scenario, 4);
        for explained in network.rules(Careless::default()).rules {
            let (rule, evidence) = (&explained.rule, &explained.rule.evidence);
            let what = format!("{}, {}: {} {}", scenario.name(), rule.rule_id, rule.verdict.name(), rule.reason);
            let opened: u64 = explained.opened_by.iter().map(|ground| ground.records).sum();
            let possible = if opened == 0 { 0 } else { evidence.ambiguous };
            assert_eq!(opened, evidence.requests + possible, "{what}");
            assert_eq!(explained.timeline.parts.iter().map(|part| part.records).sum::<u64>(), opened, "{what}");
            let aside: u64 = explained.assumed_replies_by.iter().map(|ground| ground.records).sum();
            assert_eq!(aside, evidence.assumed_replies, "{what}");
            assert_eq!(explained.peers.len() as u64, evidence.peers, "{what}");
            assert_eq!(explained.covered.only_this, evidence.sole_cover, "{what}");

            let gravest = explained.missing.first().map(|missing| missing.verdict);
            match rule.verdict {
                Verdict::Used => {}
                Verdict::Unused | Verdict::Redundant => assert_eq!(gravest, None, "{what}"),
                verdict => {
                    assert_eq!(gravest, Some(verdict), "{what}");
                    undecided += 1;
                }
            }
            for missing in &explained.missing {
                assert!(!missing.cures.is_empty() && !missing.what.is_empty(), "{what}: {missing:?}");
            }
        }
    }
    assert!(undecided > 50, "too few to mean anything: {undecided}");
}
