//! What really happened, for tests to compare a verdict with.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::build::Builder;
use crate::columns::Layout;
use crate::counts::{self, RecordCount};
use crate::export::Totals;
use crate::hard;
use crate::inventory::rfc3339;
use crate::network::{Direction, Network, Peer, Rule};
use crate::openings::{self, Openings};
use crate::rows::{Row, Status};
use crate::traffic::Flow;

/// The truth about one simulation.
#[derive(Debug, Clone, Serialize)]
pub struct Truth {
    /// Name of the scenario.
    pub scenario: &'static str,
    /// The seed it was made from.
    pub seed: u64,
    /// First and last second of the window, RFC 3339.
    pub window: (String, String),
    /// Names of the traps that it holds.
    pub traps: Vec<&'static str>,
    /// What the logs hold.
    pub records: Totals,
    /// The same records by action, groups, port and direction; empty for the benchmark.
    pub counts: Vec<RecordCount>,
    /// Every rule of the (last) inventory.
    pub rules: Vec<RuleTruth>,
    /// Every interface that ever lived in the window.
    pub interfaces: Vec<InterfaceTruth>,
}

/// The truth about one security group rule.
#[derive(Debug, Clone, Serialize)]
pub struct RuleTruth {
    /// `sgr-...`.
    pub rule_id: String,
    /// `sg-...`.
    pub group_id: String,
    /// The rule in words, for messages of failing tests.
    pub text: String,
    /// Did a real request, logged or not, pass an interface that carried the group and is it allowed by this content?
    pub needed: bool,
    /// Logged request records that it allows.
    pub requests: u64,
    /// Those of them whose TCP flags say so, by interface and port; each record counts once.
    pub openings: Vec<Openings>,
    /// Why a rule that is not needed need not be found: empty if it must be.
    pub hard: Vec<&'static str>,
}

/// The truth about one interface.
#[derive(Debug, Clone, Serialize)]
pub struct InterfaceTruth {
    /// `eni-...`.
    pub interface_id: String,
    /// What it is, in a word or two.
    pub name: String,
    /// Does the (last) inventory know it?
    pub in_inventory: bool,
    /// Groups it carried last.
    pub groups: Vec<String>,
    /// Records of it in the logs, of every kind.
    pub records: u64,
}

/// Fails if a connection that the scenario means to succeed is refused: then the scenario, not the network, is wrong.
pub(crate) fn check_permitted(network: &Network, flows: &[Flow]) -> Result<()> {
    for flow in flows {
        let passes = flow.passes(network);
        if flow.must_pass && passes < flow.views.len() {
            let view = &flow.views[passes];
            bail!(
                "the simulated network refuses what it should let pass: {:?} at {} of protocol {} to port {} at {}",
                view.direction,
                network.interfaces[view.interface].name,
                flow.protocol,
                flow.target_port,
                rfc3339(flow.start)
            );
        }
    }
    Ok(())
}

/// Judges every rule of the network.
pub(crate) fn judge(b: &Builder, layout: &Layout, rows: &[Row], scenario: &'static str, seed: u64) -> Truth {
    let network = &b.network;
    let needed = needed_rules(network, &b.flows);
    let requests = logged_requests(network, &b.flows, rows);
    let mut openings = openings::count(network, layout, &b.flows, rows);
    let doubts = hard::Doubts::new(network, layout, rows);
    let mut rules = Vec::new();
    for (number, group) in network.groups.iter().enumerate() {
        for (position, rule) in group.rules.iter().enumerate() {
            let needed = needed[number][position];
            rules.push(RuleTruth {
                rule_id: rule.id.clone(),
                group_id: group.id.clone(),
                text: in_words(network, number, rule),
                needed,
                requests: requests[number][position],
                openings: std::mem::take(&mut openings[number][position]),
                hard: if needed { Vec::new() } else { doubts.about(number, rule) },
            });
        }
    }
    let mut interfaces = Vec::new();
    let last = network.snapshots.last().copied();
    for (number, interface) in network.interfaces.iter().enumerate() {
        interfaces.push(InterfaceTruth {
            interface_id: interface.id.clone(),
            name: interface.name.clone(),
            in_inventory: crate::inventory::is_shown(interface, last),
            groups: interface.groups_at(network.end).iter().map(|group| network.groups[*group].id.clone()).collect(),
            records: rows.iter().filter(|row| row.interface == number).count() as u64,
        });
    }
    Truth {
        scenario,
        seed,
        window: (rfc3339(network.start), rfc3339(network.end)),
        traps: b.traps.iter().copied().collect(),
        records: Totals::default(),
        counts: counts::count(network, rows),
        rules,
        interfaces,
    }
}

/// By group and rule: did any real request pass through it?
fn needed_rules(network: &Network, flows: &[Flow]) -> Vec<Vec<bool>> {
    let mut needed: Vec<Vec<bool>> = network.groups.iter().map(|group| vec![false; group.rules.len()]).collect();
    for flow in flows {
        if flow.end < network.start || flow.start >= network.end {
            continue;
        }
        let at = flow.judged_at(network);
        for view in flow.views.iter().take(flow.passes(network)) {
            for group in network.interfaces[view.interface].groups_at(at) {
                for (position, rule) in network.groups[*group].rules.iter().enumerate() {
                    needed[*group][position] |= flow.allowed_by(network, view, rule);
                }
            }
        }
    }
    needed
}

/// By group and rule: how many logged records of accepted requests does it allow?
fn logged_requests(network: &Network, flows: &[Flow], rows: &[Row]) -> Vec<Vec<u64>> {
    let mut requests: Vec<Vec<u64>> = network.groups.iter().map(|group| vec![0; group.rules.len()]).collect();
    for row in rows {
        if row.status != Status::Ok || !row.accepted || !row.is_request {
            continue;
        }
        let Some(flow) = flows.get(row.flow as usize) else { continue };
        let Some(view) = flow.views.get(row.view as usize) else { continue };
        for group in network.interfaces[row.interface].groups_at(flow.judged_at(network)) {
            for (position, rule) in network.groups[*group].rules.iter().enumerate() {
                requests[*group][position] += u64::from(flow.allowed_by(network, view, rule));
            }
        }
    }
    requests
}

fn in_words(network: &Network, group: usize, rule: &Rule) -> String {
    let direction = if rule.direction == Direction::Ingress { "ingress" } else { "egress" };
    let protocol = crate::inventory::protocol_name(rule.protocol);
    let ports = rule.ports.map_or("all".to_owned(), |(from, to)| format!("{from}-{to}"));
    let peer = match &rule.peer {
        Peer::Cidr(net) => net.to_string(),
        Peer::PrefixList(list) => network.prefix_lists[*list].name.clone(),
        Peer::Group(peer) => network.groups[*peer].name.clone(),
        Peer::Foreign { group_id, account } => format!("{account}/{group_id}"),
    };
    format!("{} {direction} {protocol} {ports} {peer} ({})", network.groups[group].name, rule.description)
}

/// Writes `truth.json`.
pub(crate) fn save(truth: &Truth, path: &Path) -> Result<()> {
    let mut text = serde_json::to_string_pretty(truth)?;
    text.push('\n');
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
