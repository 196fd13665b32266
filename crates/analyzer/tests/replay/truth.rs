//! What a simulator knows of every flow: which rules let it pass, and how often it is in the logs.

use analyzer::assemble::{self, ReportOptions};
use analyzer::replay::model::{Certainty, DeniedPort, Replay};
use analyzer::replay::replay;
use analyzer::report::model::Verdict;
use analyzer::rollup::{KeptPorts, Rollup, Slice};
use analyzer::scan::{ScanOptions, Unwatched, objects, scan};
use inventory::{GroupIx, Inventory, Loaded, Proposal, Rule};
use simulator::{Options, Scenario, Truth, simulate};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const SCENARIOS: [Scenario; 5] =
    [Scenario::V2, Scenario::V5, Scenario::V2Deleted, Scenario::V5Timeline, Scenario::V2Gaps];

struct Network {
    truth: Truth,
    loaded: Loaded,
    rollup: Rollup,
}

impl Network {
    fn new(scenario: Scenario, seed: u64) -> Network {
        let folder = tempfile::tempdir().unwrap();
        let truth = simulate(&Options::new(scenario, seed), folder.path()).unwrap();
        let loaded = Inventory::load(&[folder.path().join("inventory")]).unwrap();
        let options = ScanOptions {
            log_format: None,
            since: None,
            until: None,
            slice: Slice::Hour,
            kept_ports: KeptPorts::new(loaded.inventory.kept_ports()),
            threads: 2,
        };
        let objects = objects::find(&[folder.path().join("logs").display().to_string()]).unwrap();
        let scanned = scan(&objects, &options, &Unwatched);
        assert_eq!(scanned.troubles, []);
        Network { truth, loaded, rollup: scanned.rollup }
    }

    fn replay(&self, proposal: &Proposal) -> Replay {
        replay(&self.rollup, &self.loaded.inventory, proposal, 2)
    }

    /// All groups of the last snapshot with the rules that are wanted.
    fn proposal(&self, is_wanted: impl Fn(&Rule) -> bool) -> Proposal {
        let mut proposal = Proposal::default();
        for (number, group) in self.loaded.inventory.groups().iter().enumerate() {
            if group.in_last_snapshot {
                let rules = group.rules.iter().filter(|rule| is_wanted(rule)).cloned().collect();
                proposal.groups.insert(GroupIx(number as u32), rules);
            }
        }
        proposal
    }

    fn verdicts(&self) -> HashMap<String, Verdict> {
        let options = ReportOptions { threads: 2, ..ReportOptions::default() };
        let report = assemble::report(&self.rollup, &self.loaded.inventory, &self.loaded.notes, &options);
        let rules = report.groups.into_iter().flat_map(|group| group.rules);
        rules.map(|rule| (rule.rule_id, rule.verdict)).collect()
    }

    fn name(&self) -> String {
        format!("{}, seed {}", self.truth.scenario, self.truth.seed)
    }
}

/// Denied records by rule and port, surely and in all.
fn denied_records(replay: &Replay) -> BTreeMap<(&str, DeniedPort), (u64, u64)> {
    let mut records: BTreeMap<(&str, DeniedPort), (u64, u64)> = BTreeMap::new();
    for denial in &replay.denied {
        let (surely, all) = records.entry((&denial.rule_id, denial.port)).or_default();
        *surely += if denial.certainty == Certainty::Surely { denial.traffic.records } else { 0 };
        *all += denial.traffic.records;
    }
    records
}

#[test]
fn without_any_rule_all_that_was_let_pass_is_denied() {
    let (mut rules, mut openings) = (0, 0);
    for scenario in SCENARIOS {
        for seed in 1..=3 {
            let network = Network::new(scenario, seed);
            let replay = network.replay(&network.proposal(|_| false));
            let denied = denied_records(&replay);
            for rule in &network.truth.rules {
                let of_rule = denied.iter().filter(|((id, _), _)| *id == rule.rule_id);
                let all: u64 = of_rule.map(|(_, (_, all))| all).sum();
                let (name, text) = (network.name(), &rule.text);
                assert!(all >= rule.requests, "{name}: {text}: {all} of {} requests denied", rule.requests);
                rules += u64::from(rule.requests > 0);
                // TCP flags show these, so their number and port are known to the record.
                let mut by_port: BTreeMap<u16, (u64, u64)> = BTreeMap::new();
                for opening in &rule.openings {
                    let (sure, records) = by_port.entry(opening.port).or_default();
                    *sure += opening.sure;
                    *records += opening.records;
                }
                for (port, (sure, records)) in by_port {
                    let key = (rule.rule_id.as_str(), DeniedPort::Known(port));
                    let (surely, all) = denied.get(&key).copied().unwrap_or_default();
                    assert!(surely >= sure, "{name}: {text}: {surely} of {sure} surely denied at {port}");
                    assert!(all >= records, "{name}: {text}: {all} of {records} denied at {port}");
                    openings += records;
                }
            }
        }
    }
    assert!(rules > 500 && openings > 5_000, "{rules} rules, {openings} openings");
}

/// One rule goes. What no other rule lets in at the same interface and port has to be denied; what nobody needed has not.
#[test]
fn one_rule_less() {
    let (mut denied_alone, mut free) = (0, 0);
    for (scenario, seed) in [(Scenario::V5, 1), (Scenario::V5Timeline, 2), (Scenario::V2, 3), (Scenario::V2Deleted, 4)]
    {
        let network = Network::new(scenario, seed);
        let verdicts = network.verdicts();
        let all = network.replay(&network.proposal(|_| false));
        let all: BTreeSet<_> = all.denied.iter().map(|denial| (&denial.rule_id, denial.port, denial.peer)).collect();
        let mut users: BTreeMap<(&str, u16), u64> = BTreeMap::new();
        for opening in network.truth.rules.iter().flat_map(|rule| &rule.openings) {
            *users.entry((&opening.interface_id, opening.port)).or_default() += 1;
        }
        for rule in &network.truth.rules {
            let replay = network.replay(&network.proposal(|other| other.id != rule.rule_id));
            let (name, text) = (network.name(), &rule.text);
            assert_eq!(
                (replay.changed_groups.as_slice(), replay.replayed_rules),
                ([rule.group_id.clone()].as_slice(), 1)
            );
            for denial in &replay.denied {
                assert_eq!(denial.rule_id, rule.rule_id, "{name}: no other rule goes");
                assert!(all.contains(&(&denial.rule_id, denial.port, denial.peer)), "{name}: {denial:?}");
            }
            let records = denied_records(&replay);
            for opening in rule.openings.iter().filter(|one| users[&(one.interface_id.as_str(), one.port)] == 1) {
                let key = (rule.rule_id.as_str(), DeniedPort::Known(opening.port));
                let (surely, all) = records.get(&key).copied().unwrap_or_default();
                assert!(
                    surely >= opening.sure && all >= opening.records,
                    "{name}: {text}: {opening:?}: {surely}, {all}"
                );
                denied_alone += 1;
            }
            if matches!(verdicts[&rule.rule_id], Verdict::Unused | Verdict::LikelyUnused) {
                assert!(!rule.needed);
                assert_eq!(replay.denied, [], "{name}: {text}");
                free += 1;
            }
        }
    }
    assert!(denied_alone > 100 && free > 50, "{denied_alone} needed, {free} free");
}

#[test]
fn all_that_is_unused_can_go_at_once() {
    let mut gone = 0;
    for scenario in SCENARIOS {
        for seed in 5..=8 {
            let network = Network::new(scenario, seed);
            let verdicts = network.verdicts();
            let is_needed = |rule: &Rule| !matches!(verdicts[&rule.id], Verdict::Unused | Verdict::LikelyUnused);
            let replay = network.replay(&network.proposal(is_needed));
            assert_eq!((&replay.denied, &replay.admitted), (&Vec::new(), &Vec::new()), "{}", network.name());
            assert_eq!(replay.replayed_requests, 0);
            gone += replay.replayed_rules;
        }
    }
    assert!(gone > 200, "{gone}");
}

#[test]
fn what_stays_as_it_is_denies_nothing() {
    for scenario in SCENARIOS {
        let network = Network::new(scenario, 9);
        let replay = network.replay(&network.proposal(|_| true));
        assert_eq!((replay.changed_groups.len(), replay.replayed_rules, replay.replayed_requests), (0, 0, 0));
        assert_eq!((replay.denied, replay.admitted), (Vec::new(), Vec::new()), "{}", scenario.name());
    }
}

#[test]
fn threads_make_no_difference() {
    for scenario in [Scenario::V5Timeline, Scenario::V2Gaps] {
        let network = Network::new(scenario, 10);
        let mut proposal = network.proposal(|rule| rule.id.ends_with(['0', '2', '4', '6', 'a', 'c', 'e']));
        // And a rule for everybody, so that what was rejected is looked at.
        for (group, rules) in &mut proposal.groups {
            let peer = inventory::Peer::Cidr("0.0.0.0/0".parse().unwrap());
            let (direction, ports) = (inventory::Direction::Ingress, inventory::RulePorts::All);
            rules.push(network.loaded.inventory.draft(*group, direction, None, ports, peer));
        }
        let replayed =
            |threads| format!("{:?}", replay(&network.rollup, &network.loaded.inventory, &proposal, threads));
        let one = replay(&network.rollup, &network.loaded.inventory, &proposal, 1);
        assert!(!one.denied.is_empty());
        for threads in [2, 3, 7] {
            assert_eq!(replayed(threads), format!("{one:?}"));
        }
    }
}
