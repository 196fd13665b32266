//! The replay against plain loops, on random networks and random changes; and what holds for any change.

use crate::network::Network;
use crate::proposals::{self, Changes};
use crate::random::{self, Random};
use crate::replays::{Told, admitted, denied};
use crate::shrinking;
use analyzer::replay::model::{Certainty, DeniedPort, Replay, Requests};
use analyzer::replay::replay;
use analyzer::rollup::{KeptPorts, Rollup, Slice};
use analyzer::scan::{ScanOptions, Unwatched, objects, scan};
use inventory::{GroupIx, Inventory, Proposal, Protocol, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// A network as the program has read it.
struct Read {
    inventory: Inventory,
    rollup: Rollup,
    /// Keeps the files of proposals.
    folder: tempfile::TempDir,
}

impl Read {
    fn new(network: &Network) -> Read {
        let folder = tempfile::tempdir().unwrap();
        network.write(folder.path());
        let inventory = Inventory::load(&[folder.path().join("inventory")]).unwrap().inventory;
        let options = ScanOptions {
            log_format: None,
            since: None,
            until: None,
            slice: Slice::Hour,
            // As for a rollup that was made before anybody proposed anything.
            kept_ports: KeptPorts::new(inventory.kept_ports()),
            threads: 1,
        };
        let objects = objects::find(&[folder.path().join("logs").display().to_string()]).unwrap();
        let scanned = scan(&objects, &options, &Unwatched);
        assert_eq!(scanned.troubles, []);
        Read { inventory, rollup: scanned.rollup, folder }
    }

    fn proposal(&self, network: &Network, changes: &Changes) -> Proposal {
        if changes.groups(network).is_empty() {
            return Proposal::default();
        }
        let proposed = tempfile::tempdir_in(self.folder.path()).unwrap();
        changes.proposed(network).write(proposed.path());
        Proposal::load(&[proposed.path().join("inventory")], &self.inventory).unwrap()
    }

    fn replay(&self, proposal: &Proposal) -> Replay {
        replay(&self.rollup, &self.inventory, proposal, 2)
    }
}

/// What was found, with rules by name: of the last snapshot if denied, of the proposal if admitted.
fn told(list: &[Requests], rules_of: impl Fn(GroupIx) -> Vec<Rule>, inventory: &Inventory) -> BTreeSet<Told> {
    let mut told = BTreeSet::new();
    for requests in list {
        assert!(requests.traffic.records > 0 && requests.traffic.first_seen <= requests.traffic.last_seen);
        let rules = rules_of(inventory.group_ix(&requests.group_id).unwrap());
        let rule = rules.iter().find(|rule| rule.id == requests.rule_id).unwrap();
        assert_eq!(rule.direction, requests.direction);
        let port = match requests.port {
            DeniedPort::Known(port) => port.to_string(),
            DeniedPort::High => "high".to_owned(),
            DeniedPort::None => "-".to_owned(),
        };
        let protocol = Protocol::from_text(&requests.protocol).unwrap().0;
        let is_sure = requests.certainty == Certainty::Surely;
        let is_first = told.insert((is_sure, rule.description.clone(), protocol, port, requests.peer));
        assert!(is_first, "told twice: {requests:?}");
    }
    told
}

/// What differs, one sentence each.
fn differences(network: &Network, changes: &Changes) -> Vec<String> {
    let read = Read::new(network);
    let inventory = &read.inventory;
    let proposal = read.proposal(network, changes);
    let replay = read.replay(&proposal);
    let before = |group: GroupIx| inventory.group(group).rules.clone();
    let after = |group: GroupIx| proposal.groups[&group].clone();
    let mut differences = Vec::new();
    for (what, found, expected) in [
        ("denied", told(&replay.denied, before, inventory), denied(network, changes)),
        ("admitted", told(&replay.admitted, after, inventory), admitted(network, changes)),
    ] {
        differences.extend(found.difference(&expected).map(|one| format!("{what} without reason: {one:?}")));
        differences.extend(expected.difference(&found).map(|one| format!("not {what}: {one:?}")));
    }
    differences
}

const NETWORKS: u64 = 1200;

fn random_case(seed: u64) -> (Network, Changes) {
    let mut network = random::network(seed);
    let random = &mut Random(seed ^ 0x5EED);
    let changes = proposals::changes(&network, random);
    if random.chance(40) {
        // A network where much is turned away, or where an ACL does it.
        for record in &mut network.records {
            record.accepted = random.chance(40);
        }
    }
    (network, changes)
}

#[test]
fn replays_equal_the_oracle() {
    let mut faults = Vec::new();
    for seed in 0..NETWORKS {
        let (network, changes) = random_case(seed);
        if !differences(&network, &changes).is_empty() {
            faults.push(seed);
        }
    }
    if let Some(seed) = faults.first() {
        let (network, changes) = random_case(*seed);
        let smallest = shrinking::smallest(&network, |network| !differences(network, &changes).is_empty());
        let text = differences(&smallest, &changes).join("\n  ");
        let shown = crate::shown(&smallest);
        panic!(
            "{} replays differ: {faults:?}\nseed {seed} in small:\n  {shown}\n  {changes:?}\n  {text}",
            faults.len()
        );
    }
}

/// Where something never happens, nothing was tested.
#[test]
fn the_replays_are_full_of_everything() {
    let mut seen: BTreeMap<(&str, bool, &str), u64> = BTreeMap::new();
    for seed in 0..NETWORKS {
        let (network, changes) = random_case(seed);
        for (what, told) in [("denied", denied(&network, &changes)), ("admitted", admitted(&network, &changes))] {
            for (is_sure, _, protocol, port, _) in told {
                let port = match port.as_str() {
                    "high" => "high",
                    "-" if protocol == 6 => "no port",
                    "-" => "without ports",
                    _ => "known",
                };
                *seen.entry((what, is_sure, port)).or_default() += 1;
            }
        }
    }
    println!("{seen:?}");
    for what in ["denied", "admitted"] {
        for (is_sure, port) in [(true, "known"), (false, "known"), (false, "without ports"), (false, "no port")] {
            let count = seen.get(&(what, is_sure, port)).copied().unwrap_or_default();
            assert!(count >= 20, "{what}, {is_sure}, {port}: {seen:?}");
        }
    }
    assert!(seen.get(&("denied", false, "high")).copied().unwrap_or_default() >= 20, "{seen:?}");
}

/// Whom, what and by which rule, whether surely or not; and the sure part of it.
fn keys(replay: &Replay) -> [BTreeSet<(String, String, DeniedPort, std::net::IpAddr)>; 2] {
    let key = |denial: &Requests| (denial.rule_id.clone(), denial.protocol.clone(), denial.port, denial.peer);
    let sure = replay.denied.iter().filter(|denial| denial.certainty == Certainty::Surely);
    [replay.denied.iter().map(key).collect(), sure.map(key).collect()]
}

#[test]
fn another_rule_never_adds_a_denial_and_one_less_never_removes_one() {
    let mut compared = 0;
    for seed in 0..NETWORKS / 4 {
        let (network, changes) = random_case(seed);
        let read = Read::new(&network);
        let mut proposal = read.proposal(&network, &changes);
        let mut random = Random(seed ^ 0xADD);
        let mut more = keys(&read.replay(&proposal));
        // One rule after another is taken away, until none is left.
        let order: Vec<GroupIx> = proposal.groups.keys().copied().collect();
        for group in order {
            while let Some(count) = proposal.groups.get(&group).map(Vec::len).filter(|count| *count > 0) {
                proposal.groups.get_mut(&group).unwrap().remove(random.below(count));
                let less = keys(&read.replay(&proposal));
                for (more, less) in more.iter().zip(&less) {
                    assert!(more.is_subset(less), "seed {seed}: {more:?}\n{less:?}");
                    compared += more.len();
                }
                more = less;
            }
        }
    }
    assert!(compared > 1000, "{compared}");
}

#[test]
fn nothing_changes_where_the_proposal_is_what_there_is() {
    for seed in 0..NETWORKS / 4 {
        let network = random::network(seed);
        let read = Read::new(&network);
        // The last snapshot's own file, and every group once more as it stands.
        let mut changes = Changes::default();
        for (_, rule) in network.last_rules() {
            changes.edits.insert(rule.name.clone(), proposals::Edit::Move(rule.group));
        }
        let replay = read.replay(&read.proposal(&network, &changes));
        assert_eq!((replay.changed_groups.len(), replay.replayed_rules), (0, 0));
        assert_eq!((replay.denied, replay.admitted), (Vec::new(), Vec::new()));
    }
}
