//! Makes a network that fails smaller, so that a person can see why.

use crate::network::Network;

/// Leaves out whatever can be left out while `fails` holds.
pub fn smallest(network: &Network, fails: impl Fn(&Network) -> bool) -> Network {
    let mut best = network.clone();
    loop {
        let mut is_smaller = false;
        for step in [without_record, without_rule, without_snapshot, without_state] {
            let mut number = 0;
            while let Some(candidate) = step(&best, number) {
                if fails(&candidate) {
                    best = candidate;
                    is_smaller = true;
                } else {
                    number += 1;
                }
            }
        }
        if !is_smaller {
            return best;
        }
    }
}

fn without_record(network: &Network, number: usize) -> Option<Network> {
    let mut smaller = network.clone();
    (number < smaller.records.len()).then(|| smaller.records.remove(number))?;
    Some(smaller)
}

fn without_rule(network: &Network, number: usize) -> Option<Network> {
    let mut smaller = network.clone();
    (number < smaller.rules.len()).then(|| smaller.rules.remove(number))?;
    for snapshot in &mut smaller.snapshots {
        let others = snapshot.rules.iter().filter(|rule| **rule != number);
        snapshot.rules = others.map(|rule| if *rule > number { rule - 1 } else { *rule }).collect();
    }
    Some(smaller)
}

fn without_snapshot(network: &Network, number: usize) -> Option<Network> {
    let mut smaller = network.clone();
    if smaller.snapshots.len() < 2 || number >= smaller.snapshots.len() {
        return None;
    }
    smaller.snapshots.remove(number);
    let is_in_some = |rule: usize| smaller.snapshots.iter().any(|snapshot| snapshot.rules.contains(&rule));
    let is_shown = |interface: usize| smaller.snapshots.iter().any(|snapshot| snapshot.state_of(interface).is_some());
    let is_listed = |group: usize| smaller.snapshots.iter().any(|snapshot| snapshot.groups.contains(&group));
    let is_whole = (0..smaller.groups.len()).all(is_listed)
        && (0..smaller.rules.len()).all(is_in_some)
        && (0..smaller.interfaces.len()).all(is_shown);
    // One that cannot go is stepped over by giving back what was there.
    Some(if is_whole { smaller } else { Network { records: Vec::new(), ..network.clone() } })
}

/// The last interface, where no snapshot and no record needs it.
fn without_state(network: &Network, number: usize) -> Option<Network> {
    let interface = network.interfaces.len().checked_sub(1 + number)?;
    if number > 0 {
        return None;
    }
    let mut smaller = network.clone();
    for snapshot in &mut smaller.snapshots {
        snapshot.states.retain(|state| state.interface != interface);
    }
    smaller.interfaces.pop();
    smaller.records.retain(|record| record.interface != network.interfaces[interface].id);
    Some(smaller)
}
