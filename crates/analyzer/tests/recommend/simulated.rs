//! Simulated networks with every trap: whatever a rule was, or may have been, used for, the rules recommended in its place surely allow.
//!
//! The check asks for each record by plain loops; of the program under test it takes who used which rule, and who is in which group.

use analyzer::analysis::Analysis;
use analyzer::assemble::ReportOptions;
use analyzer::attribute::Careless;
use analyzer::attribute::attribute_before;
use analyzer::attribute::witness::{Seen, Witness};
use analyzer::recommend::{Limits, Narrower, for_group};
use analyzer::report::model::Verdict;
use analyzer::rollup::{KeptPorts, Rollup, Slice};
use analyzer::scan::{ScanOptions, Unwatched, objects, scan};
use analyzer::verdict::{RuleVerdict, Thresholds};
use ethnum::U256;
use inventory::{Answer, Inventory, Loaded, Peer, Rule, RulePorts};
use ipnet::IpNet;
use simulator::{Options, Scenario, simulate};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Short windows keep the test quick; the scenarios need twelve days.
const DAYS: u32 = 14;
const SEEDS: std::ops::RangeInclusive<u64> = 1..=10;

/// Of nearly all public addresses of the simulator, so that it is recommended where nobody else calls.
const LISTS: &str = r#"{"PrefixLists": [{"PrefixListId": "pl-aws", "OwnerId": "AWS",
    "PrefixListName": "com.amazonaws.global.cloudfront.origin-facing",
    "Entries": [{"Cidr": "192.0.2.0/24"}, {"Cidr": "198.18.0.0/15"}, {"Cidr": "198.51.100.0/24"}, {"Cidr": "203.0.113.0/24"}]}]}"#;

fn read(logs: &Path, inventory: &Inventory) -> Rollup {
    let options = ScanOptions {
        log_format: None,
        since: None,
        until: None,
        slice: Slice::Hour,
        kept_ports: KeptPorts::new(inventory.kept_ports()),
        threads: 2,
    };
    let scanned = scan(&objects::find(&[logs.display().to_string()]).unwrap(), &options, &Unwatched);
    assert_eq!(scanned.troubles, []);
    scanned.rollup
}

/// The rules that come in place of others, by group and position.
type Replacements = Vec<Vec<Option<Vec<Rule>>>>;

/// Looks at each use of a rule that is to be replaced.
struct Checker<'a> {
    inventory: &'a Inventory,
    variants: &'a [Replacements],
    uses: u64,
    faults: BTreeSet<String>,
}

impl Witness for Checker<'_> {
    fn see(&mut self, seen: &Seen<'_>) {
        if !seen.effect.is_use() {
            return;
        }
        let old = &self.inventory.group(seen.group).rules[seen.rule];
        let reading = seen.reading;
        for (number, variant) in self.variants.iter().enumerate() {
            let Some(new) = &variant[seen.group.0 as usize][seen.rule] else { continue };
            self.uses += 1;
            let mut addresses = vec![reading.peer];
            addresses.extend(reading.other_peer);
            for address in addresses {
                let span = seen.flow.span;
                if self.inventory.is_peer(old, address, span) == Answer::No {
                    continue;
                }
                let mut is_allowed = false;
                for rule in new {
                    assert_eq!((rule.direction, rule.protocol), (old.direction, old.protocol));
                    let means = rule.peer == old.peer || self.inventory.is_peer(rule, address, span) == Answer::Surely;
                    let fits = rule.ports == old.ports || rule.fits(seen.flow.protocol, reading.port) == Answer::Surely;
                    is_allowed |= means && fits;
                }
                if !is_allowed {
                    let new: Vec<String> = new.iter().map(|rule| format!("{:?} {}", rule.ports, rule.peer)).collect();
                    self.faults.insert(format!(
                        "variant {number}: {} of {} ({:?} {}) was used by {address} to {:?} and would become {new:?}",
                        old.id,
                        self.inventory.group(seen.group).name,
                        old.ports,
                        old.peer,
                        reading.port
                    ));
                }
            }
        }
    }

    fn absorb(&mut self, other: Self) {
        self.uses += other.uses;
        self.faults.extend(other.faults);
    }
}

/// What was recommended, by kind.
#[derive(Debug, Default)]
struct Counts {
    recommendations: u64,
    fewer_cidrs: u64,
    ports_alone: u64,
    groups: u64,
    lists_of_aws: u64,
    lists_of_customers: u64,
    uses: u64,
}

fn drafted(inventory: &Inventory, old: &Rule, narrower: &Narrower) -> Vec<Rule> {
    let mut rules = Vec::new();
    for peer in &narrower.peers {
        let mut ports: Vec<RulePorts> =
            narrower.ports.iter().map(|range| RulePorts::Range { from: range.from, to: range.to }).collect();
        if ports.is_empty() || old.protocol.is_none() {
            ports = vec![old.ports];
        }
        for ports in ports {
            rules.push(inventory.draft(old.group, old.direction, old.protocol, ports, peer.clone()));
        }
    }
    rules
}

fn opened(inventory: &Inventory, rules: &[Rule]) -> U256 {
    let mut sum = U256::ZERO;
    for rule in rules {
        let parts = rule.exposure_parts(inventory);
        let addresses = (U256::from(parts.address_overflows) << 128) + U256::from(parts.addresses);
        sum += addresses * U256::from(parts.ports);
    }
    sum
}

fn count_for_quota(rules: &[&Rule], v6: bool) -> u32 {
    let mut count = 0;
    for rule in rules {
        count += match &rule.peer {
            Peer::Cidr(IpNet::V4(_)) => u32::from(!v6),
            Peer::Cidr(IpNet::V6(_)) => u32::from(v6),
            Peer::Group { .. } => 1,
            Peer::PrefixList(id) if id == "pl-aws" => 55,
            Peer::PrefixList(_) => 2,
        };
    }
    count
}

fn check_shape(
    inventory: &Inventory,
    old: &Rule,
    narrower: &Narrower,
    new: &[Rule],
    limits: &Limits,
    counts: &mut Counts,
) {
    assert_eq!(opened(inventory, std::slice::from_ref(old)), narrower.before);
    assert_eq!(opened(inventory, new), narrower.after, "{new:?}");
    assert!(narrower.after < narrower.before);
    assert!(!new.iter().any(|rule| rule.has_content_of(old)));
    assert!(narrower.ports.len() <= limits.max_port_ranges && narrower.peers.len() <= limits.max_cidrs);
    counts.recommendations += 1;
    for peer in &narrower.peers {
        match peer {
            same if *same == old.peer => counts.ports_alone += 1,
            Peer::Cidr(net) => {
                let Peer::Cidr(own) = &old.peer else { panic!("{old:?} became {net}") };
                let longest = if matches!(net, IpNet::V4(_)) { limits.min_prefix_v4 } else { limits.min_prefix_v6 };
                assert!(own.contains(net) && net.prefix_len() <= longest.max(own.prefix_len()), "{own} became {net}");
                counts.fewer_cidrs += 1;
            }
            Peer::Group { .. } => counts.groups += 1,
            Peer::PrefixList(id) if id == "pl-aws" => counts.lists_of_aws += 1,
            Peer::PrefixList(_) => counts.lists_of_customers += 1,
        }
    }
}

/// The rules that come in place of others; every used rule counts as proven where `all_used`.
fn replacements(analysis: &Analysis<'_>, limits: &Limits, all_used: bool, counts: &mut Counts) -> Replacements {
    let inventory = analysis.inventory;
    let mut replacements: Replacements = Vec::new();
    for (ix, group) in inventory.groups().iter().enumerate() {
        let mut of_group = vec![None; group.rules.len()];
        if let Some(judged) = &analysis.groups[ix] {
            let mut verdicts: Vec<RuleVerdict> = judged.judgement.rules.clone();
            for verdict in verdicts.iter_mut().filter(|_| all_used) {
                verdict.proven |= verdict.verdict == Verdict::Used;
            }
            let group_ix = inventory::GroupIx(ix as u32);
            let found = for_group(inventory, group_ix, &analysis.attribution.tallies[ix], &verdicts, limits, None);
            for (position, narrower) in found.into_iter().enumerate() {
                let old = &group.rules[position];
                let Some(narrower) = narrower else { continue };
                assert!(verdicts[position].proven && verdicts[position].verdict == Verdict::Used);
                let new = drafted(inventory, old, &narrower);
                check_shape(inventory, old, &narrower, &new, limits, counts);
                of_group[position] = Some(new);
            }
            check_quota(&group.rules, &verdicts, &of_group, limits);
        }
        replacements.push(of_group);
    }
    replacements
}

/// The rules that no plan removes first, with what comes in place of some, and the widest of these beside them: the quota holds to
/// the last step.
fn check_quota(rules: &[Rule], verdicts: &[RuleVerdict], replaced: &[Option<Vec<Rule>>], limits: &Limits) {
    for direction in [inventory::Direction::Ingress, inventory::Direction::Egress] {
        for v6 in [false, true] {
            let (mut after, mut added, mut last) = (Vec::new(), Vec::new(), 0);
            for ((rule, verdict), new) in rules.iter().zip(verdicts).zip(replaced) {
                if rule.direction != direction || verdict.verdict == Verdict::Unused {
                    continue;
                }
                match new {
                    None => after.push(rule),
                    Some(new) => {
                        added.extend(new);
                        last = last.max(count_for_quota(&[rule], v6));
                    }
                }
            }
            let (after, added) = (count_for_quota(&after, v6), count_for_quota(&added, v6));
            assert!(added == 0 || after + added + last <= limits.max_rules as u32, "{after} + {added} + {last}");
        }
    }
}

fn simulated(scenario: Scenario, seed: u64) -> (Inventory, Rollup) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(scenario, seed);
    if scenario != Scenario::Samples {
        options.days = DAYS;
    }
    simulate(&options, folder.path()).unwrap();
    std::fs::write(folder.path().join("inventory/aws-lists.json"), LISTS).unwrap();
    let Loaded { inventory, .. } = Inventory::load(&[folder.path().join("inventory")]).unwrap();
    let rollup = read(&folder.path().join("logs"), &inventory);
    (inventory, rollup)
}

/// So few days are asked for that most used rules are proven.
fn report_options() -> ReportOptions {
    let thresholds = Thresholds { min_days: 1.0, ..Thresholds::default() };
    ReportOptions { thresholds, threads: 2, ..ReportOptions::default() }
}

/// Uses that were looked at, and what would be lost.
fn looked_at(inventory: &Inventory, rollup: &Rollup, variants: &[Replacements]) -> (u64, BTreeSet<String>) {
    let witness = || Checker { inventory, variants, uses: 0, faults: BTreeSet::new() };
    let (_, seen) = attribute_before(rollup, inventory, 2, Careless::default(), witness);
    (seen.uses, seen.faults)
}

fn checked(scenario: Scenario) -> Counts {
    let mut counts = Counts::default();
    for seed in SEEDS {
        let (inventory, rollup) = simulated(scenario, seed);
        let analysis = Analysis::new(&rollup, &inventory, &report_options());

        let usual = Limits { max_rules: 500, ..Limits::default() };
        let variants = [
            (Limits::default(), false),
            (usual, true),
            (Limits { exact_peers: true, ..usual }, true),
            (Limits { max_cidrs: 1, max_port_ranges: 1, ..usual }, true),
            (
                Limits {
                    max_cidrs: 3,
                    max_port_ranges: 2,
                    min_prefix_v4: 26,
                    min_prefix_v6: 48,
                    exact_peers: true,
                    ..usual
                },
                true,
            ),
        ];
        let made: Vec<Replacements> =
            variants.iter().map(|(limits, all_used)| replacements(&analysis, limits, *all_used, &mut counts)).collect();
        let (uses, faults) = looked_at(&inventory, &rollup, &made);
        counts.uses += uses;
        let few: Vec<&String> = faults.iter().take(10).collect();
        assert!(faults.is_empty(), "{}, seed {seed}: {} uses lost: {few:#?}", scenario.name(), faults.len());
    }
    println!("{}: {counts:?}", scenario.name());
    counts
}

#[test]
fn every_use_is_still_surely_allowed() {
    let mut all: BTreeMap<&str, Counts> = BTreeMap::new();
    for scenario in Scenario::MATRIX.into_iter().chain([Scenario::Samples]) {
        all.insert(scenario.name(), checked(scenario));
    }
    let sum = |of: fn(&Counts) -> u64| all.values().map(of).sum::<u64>();
    let recommendations = sum(|counts| counts.recommendations);
    println!("{recommendations} recommendations checked on {} uses", sum(|counts| counts.uses));
    assert!(recommendations > 5000, "{all:?}");
    assert!(sum(|counts| counts.groups) > 100, "{all:?}");
    assert!(sum(|counts| counts.lists_of_aws) > 100, "{all:?}");
    assert!(sum(|counts| counts.ports_alone) > 100, "{all:?}");
    assert!(all.values().all(|counts| counts.recommendations > 100 && counts.uses > 1000), "{all:?}");
}

/// One rule less is noticed where several come in the place of one, mostly: not every port of a product need have been used by every peer.
#[test]
fn a_rule_too_few_is_noticed() {
    let (mut all, mut noticed) = (0, 0);
    for seed in 1..=6 {
        let (inventory, rollup) = simulated(Scenario::V2, seed);
        let analysis = Analysis::new(&rollup, &inventory, &report_options());
        let limits = Limits { max_rules: 500, exact_peers: true, ..Limits::default() };
        let whole = replacements(&analysis, &limits, true, &mut Counts::default());
        let mut variants = Vec::new();
        for (group, rules) in whole.iter().enumerate() {
            for (position, new) in rules.iter().enumerate() {
                let Some(new) = new.as_ref().filter(|new| new.len() > 1) else { continue };
                let mut without: Replacements = whole.iter().map(|rules| vec![None; rules.len()]).collect();
                // The one that allows least: a lone peer or port.
                let fewest = new.iter().min_by_key(|rule| opened(&inventory, std::slice::from_ref(*rule))).unwrap();
                let kept = new.iter().filter(|rule| rule.id != fewest.id).cloned().collect();
                without[group][position] = Some(kept);
                variants.push(without);
            }
        }
        let (_, faults) = looked_at(&inventory, &rollup, &variants);
        let is_noticed = |number: &usize| faults.iter().any(|fault| fault.starts_with(&format!("variant {number}:")));
        noticed += (0..variants.len()).filter(is_noticed).count();
        all += variants.len();
    }
    println!("{noticed} of {all} noticed");
    assert!(all > 20 && noticed * 2 > all, "{noticed} of {all}");
}
