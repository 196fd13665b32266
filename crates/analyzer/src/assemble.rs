//! From a rollup and an inventory to a [`Report`]: attribution, verdicts, recommendations, put in order.

use crate::analysis::{Analysis, JudgedGroup};
use crate::attribute::tally::{ANY_PORT, HIGH_PORT, Tally};
use crate::attribute::{Attribution, Careless};
use crate::exposure;
use crate::recommend::Limits;
use crate::report::model::{
    Assumption, Evidence, GroupReport, InterfaceReport, InventorySummary, Logs, PortUse, Report, RuleReport, SCHEMA,
    SnapshotSummary, Window,
};
use crate::rollup::Rollup;
use crate::verdict::{Bench, Thresholds};
use inventory::{Direction, GroupIx, InterfaceIx, Inventory, Peer, Rule, RulePorts, Span};
use std::collections::{BTreeMap, BTreeSet};

/// What a report is asked for.
#[derive(Clone, Debug, Default)]
pub struct ReportOptions {
    /// Start of the window, epoch seconds; the first record's start where not given.
    pub since: Option<u32>,
    /// End of the window, epoch seconds; the last record's end where not given.
    pub until: Option<u32>,
    /// What a proof asks for.
    pub thresholds: Thresholds,
    /// How far recommendations may be cut up.
    pub limits: Limits,
    /// Threads that share the work; at least one is used.
    pub threads: usize,
    /// For tests.
    pub careless: Careless,
}

/// More ranges of ports than this are joined at the narrowest gaps: nobody reads more.
const PORT_RANGES: usize = 256;

/// Judges everything.
pub fn report(rollup: &Rollup, inventory: &Inventory, notes: &[inventory::Note], options: &ReportOptions) -> Report {
    report_of(&Analysis::new(rollup, inventory, options), notes)
}

/// Puts a judgement in order.
pub fn report_of(analysis: &Analysis<'_>, notes: &[inventory::Note]) -> Report {
    let (inventory, rollup, window) = (analysis.inventory, analysis.rollup, analysis.window);
    let bench = analysis.bench();
    let same_rules = same_rules(inventory);
    let mut groups = Vec::new();
    for (group_ix, judged) in analysis.judged() {
        groups.push(group_report(&bench, group_ix, judged, &same_rules));
    }
    groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));

    Report {
        schema: SCHEMA,
        window: Window { start: rfc3339(window.from), end: rfc3339(window.to) },
        logs: logs(rollup, &analysis.attribution),
        tool_version: env!("CARGO_PKG_VERSION"),
        inventory: snapshots(inventory),
        assumptions: assumptions(inventory, notes, &groups),
        interfaces: interfaces(&bench),
        changes: None,
        groups,
    }
}

/// Epoch seconds as people and programs read them.
pub(crate) fn rfc3339(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}

/// Reasons are put together from parts; here they become sentences. What is a name (`eni-...`) keeps its small letter.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first_word = text.split(' ').next().unwrap_or_default();
    let is_word = first_word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b',');
    let mut sentence: String = match letters.next() {
        Some(first) if is_word => first.to_uppercase().chain(letters).collect(),
        _ => text.to_owned(),
    };
    if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

fn logs(rollup: &Rollup, attribution: &Attribution) -> Logs {
    let ledger = &rollup.ledger;
    Logs {
        files: ledger.files.len() as u64,
        records: ledger.records(),
        accepted: ledger.accepted,
        rejected: ledger.rejected,
        no_data: ledger.no_data,
        skipped: ledger.skipped,
        unparsed: ledger.unparsed_lines(),
        unparsed_samples: ledger.unparsed_samples.iter().map(Into::into).collect(),
        undetermined_direction: attribution.undetermined_direction,
        ambiguous: attribution.ambiguous,
        contradictions: attribution.contradictions,
        unknown_interfaces: attribution.unknown_interfaces.len() as u64,
        unknown_interface_records: attribution.unknown_interfaces.values().sum(),
        incomplete: ledger.incomplete(),
    }
}

fn snapshots(inventory: &Inventory) -> InventorySummary {
    let snapshots = inventory
        .snapshots()
        .iter()
        .map(|snapshot| SnapshotSummary {
            captured_at: snapshot.captured_at.map(rfc3339),
            account_id: snapshot.account_id.clone(),
            region: snapshot.region.clone(),
        })
        .collect();
    InventorySummary { snapshots }
}

fn group_report(
    bench: &Bench<'_>,
    group_ix: GroupIx,
    judged: &JudgedGroup,
    same_rules: &BTreeMap<GroupIx, Vec<String>>,
) -> GroupReport {
    let inventory = bench.inventory;
    let group = inventory.group(group_ix);
    let judgement = &judged.judgement;
    let name = |ix: &InterfaceIx| inventory.interfaces()[ix.0 as usize].id.clone();
    let mut interfaces: Vec<String> = inventory.carried_now(group_ix).iter().map(name).collect();
    interfaces.sort();
    let tallies = &bench.attribution.tallies[group_ix.0 as usize];
    let observed_hours = (judgement.gates.observed_seconds as f64 / 360.0).floor() / 10.0;

    let mut rules = Vec::new();
    for (position, rule) in group.rules.iter().enumerate() {
        let (tally, verdict) = (&tallies[position], &judgement.rules[position]);
        let recommendation = judged.narrower[position].as_ref().map(Into::into);
        let sole_cover = sole_cover(bench, group_ix, group.rules.len(), position);
        let (from_port, to_port) = ports_of(rule);
        rules.push(RuleReport {
            rule_id: rule.id.clone(),
            direction: match rule.direction {
                Direction::Ingress => "ingress",
                Direction::Egress => "egress",
            },
            protocol: rule.protocol.map_or_else(|| "all".to_owned(), |protocol| protocol.name()),
            from_port,
            to_port,
            peer: rule.peer.to_string(),
            description: rule.description.clone(),
            verdict: verdict.verdict,
            reason: sentence(&verdict.reason),
            evidence: evidence(rule, tally, sole_cover, observed_hours),
            recommendation,
            exposure: exposure::of_rule(inventory, rule).to_string(),
        });
    }
    rules.sort_by(|a, b| {
        let place = |rule: &RuleReport| {
            (rule.direction == "egress", rule.protocol.clone(), rule.from_port, rule.to_port, rule.peer.clone())
        };
        place(a).cmp(&place(b)).then_with(|| a.rule_id.cmp(&b.rule_id))
    });
    GroupReport {
        group_id: group.id.clone(),
        group_name: group.name.clone(),
        vpc_id: group.vpc.clone().unwrap_or_default(),
        owner_id: group.owner.clone().unwrap_or_default(),
        verdict: judgement.verdict,
        interfaces,
        same_rules_as: same_rules.get(&group_ix).cloned().unwrap_or_default(),
        rules,
    }
}

/// First and last port, or ICMP type and code; none for all.
pub(crate) fn ports_of(rule: &Rule) -> (Option<u16>, Option<u16>) {
    match rule.ports {
        RulePorts::All => (None, None),
        RulePorts::Range { from, to } => (Some(from), Some(to)),
        RulePorts::Icmp { ty, code } => (ty.map(u16::from), code.map(u16::from)),
    }
}

/// Uses that only this rule of its group surely allows.
fn sole_cover(bench: &Bench<'_>, group: GroupIx, rules: usize, position: usize) -> u64 {
    let mut sum = 0_u64;
    for cover in bench.attribution.covers[group.0 as usize].iter() {
        if cover.uses(position) && !(0..rules).any(|other| other != position && cover.surely(other)) {
            sum = sum.saturating_add(cover.records);
        }
    }
    sum
}

fn evidence(rule: &Rule, tally: &Tally, sole_cover: u64, observed_hours: f64) -> Evidence {
    // What only follows from answers is shown where it is all there is; else the requests themselves are in the logs.
    let ambiguous = if tally.requests == 0 && tally.ambiguous == 0 { tally.implied } else { tally.ambiguous };
    Evidence {
        requests: tally.requests,
        packets: tally.packets,
        bytes: tally.bytes,
        first_seen: tally.seen.map(|(first, _)| rfc3339(i64::from(first))),
        last_seen: tally.seen.map(|(_, last)| rfc3339(i64::from(last))),
        peers: tally.peers.len() as u64,
        ports: port_uses(rule, tally),
        ambiguous,
        assumed_replies: tally.assumed_replies,
        unplaced: tally.unplaced,
        untracked_answers: tally.untracked_answers,
        sole_cover,
        observed_hours,
    }
}

/// Ports of uses as ranges: neighbours are joined, and beyond [`PORT_RANGES`] the narrowest gaps are too.
fn port_uses(rule: &Rule, tally: &Tally) -> Vec<PortUse> {
    let within = |from: u16, to: u16| match rule.ports {
        RulePorts::Range { from: low, to: high } => (from.max(low), to.min(high)),
        RulePorts::All | RulePorts::Icmp { .. } => (from, to),
    };
    let mut found: Vec<PortUse> = Vec::new();
    for (&key, uses) in &tally.ports {
        let (from, to) = match key {
            HIGH_PORT => within(32_768, u16::MAX),
            ANY_PORT => within(0, u16::MAX),
            port => (port as u16, port as u16),
        };
        found.push(PortUse { from, to, requests: uses.records });
    }
    found.sort_by_key(|port| (port.from, port.to));
    let mut joined: Vec<PortUse> = Vec::new();
    for port in found {
        match joined.last_mut() {
            Some(last) if u32::from(port.from) <= u32::from(last.to) + 1 => {
                last.to = last.to.max(port.to);
                last.requests = last.requests.saturating_add(port.requests);
            }
            _ => joined.push(port),
        }
    }
    while joined.len() > PORT_RANGES {
        let narrowest = (1..joined.len()).min_by_key(|&ix| joined[ix].from - joined[ix - 1].to).unwrap_or(1);
        let merged = joined.remove(narrowest);
        joined[narrowest - 1].to = merged.to;
        joined[narrowest - 1].requests = joined[narrowest - 1].requests.saturating_add(merged.requests);
    }
    joined
}

fn interfaces(bench: &Bench<'_>) -> Vec<InterfaceReport> {
    let inventory = bench.inventory;
    let records = |id: &str| bench.attribution.interface_records.get(id).copied().unwrap_or_default();
    let mut all: BTreeMap<String, InterfaceReport> = BTreeMap::new();
    for (ix, interface) in inventory.interfaces().iter().enumerate() {
        let interface_ix = InterfaceIx(ix as u32);
        let covered = bench.coverage.of(inventory, interface_ix);
        if covered.is_none() && records(&interface.id) == 0 {
            continue;
        }
        let groups: BTreeSet<String> = inventory
            .carried(interface_ix, Span { from: bench.window.to, to: bench.window.to })
            .groups
            .iter()
            .map(|&(group, _)| inventory.group(group).id.clone())
            .collect();
        all.insert(
            interface.id.clone(),
            InterfaceReport {
                interface_id: interface.id.clone(),
                groups: groups.into_iter().collect(),
                coverage: rounded(covered.map_or(0.0, |covered| covered.share)),
                records: records(&interface.id),
            },
        );
    }
    let attribution = bench.attribution;
    for id in attribution.unknown_interfaces.keys().chain(attribution.foreign_interfaces.keys()) {
        let covered = bench.coverage.of_unknown(id);
        all.insert(
            id.clone(),
            InterfaceReport {
                interface_id: id.clone(),
                groups: Vec::new(),
                coverage: rounded(covered.share),
                records: records(id),
            },
        );
    }
    all.into_values().collect()
}

/// Four digits, rounded down, so that what is not whole never reads as 1.
pub(crate) fn rounded(share: f64) -> f64 {
    (share * 10_000.0).floor() / 10_000.0
}

/// Groups of one VPC whose rules have equal content; a rule for the group itself equals another's for itself.
fn same_rules(inventory: &Inventory) -> BTreeMap<GroupIx, Vec<String>> {
    type Content = BTreeSet<(bool, Option<u8>, RulePorts, String)>;
    let mut alike: BTreeMap<(Option<&str>, Content), Vec<GroupIx>> = BTreeMap::new();
    for (ix, group) in inventory.groups().iter().enumerate() {
        if !group.in_last_snapshot || group.rules.is_empty() {
            continue;
        }
        let content: Content = group
            .rules
            .iter()
            .map(|rule| {
                let peer = match &rule.peer {
                    Peer::Group { id, .. } if *id == group.id => "itself".to_owned(),
                    other => other.to_string(),
                };
                let egress = rule.direction == Direction::Egress;
                (egress, rule.protocol.map(|protocol| protocol.0), rule.ports, peer)
            })
            .collect();
        alike.entry((group.vpc.as_deref(), content)).or_default().push(GroupIx(ix as u32));
    }
    let mut same = BTreeMap::new();
    for groups in alike.values().filter(|groups| groups.len() > 1) {
        for &group in groups {
            let mut others: Vec<String> = groups
                .iter()
                .filter(|&&other| other != group)
                .map(|&other| inventory.group(other).id.clone())
                .collect();
            others.sort();
            same.insert(group, others);
        }
    }
    same
}

fn assumptions(inventory: &Inventory, notes: &[inventory::Note], groups: &[GroupReport]) -> Vec<Assumption> {
    let mut found: BTreeSet<Assumption> = BTreeSet::new();
    let mut assume = |id: &str, text: &str| {
        found.insert(Assumption { id: id.to_owned(), text: sentence(text) });
    };
    let snapshots = inventory.snapshots();
    let scopes: BTreeSet<_> = snapshots.iter().map(|snapshot| (&snapshot.account_id, &snapshot.region)).collect();
    if snapshots.len() <= scopes.len() {
        assume(
            "one-snapshot",
            "The inventory holds one snapshot of each account and region, and it is taken to hold for the whole window.",
        );
    } else {
        assume(
            "between-snapshots",
            "Between two snapshots that agree, what they say is taken to hold; before the first and after the last, what those say.",
        );
    }
    assume(
        "service-interfaces",
        "Interfaces of services and pods, which have no attach time, are taken to have owned their addresses at all times.",
    );
    assume(
        "records-delivered",
        "In an aggregation interval for which an interface reported, all its flows are taken to be in the logs.",
    );
    let rules = || groups.iter().flat_map(|group| &group.rules);
    if rules().any(|rule| rule.evidence.assumed_replies > 0) {
        assume(
            "guessed-openers",
            "Where TCP flags and rules do not tell who opened a flow, services seen elsewhere, named ports and port numbers decide; a rule that rests on this is at best likely-unused.",
        );
    }
    if rules().any(|rule| rule.evidence.untracked_answers > 0) {
        assume(
            "untracked-connections",
            "Replies of untracked connections pass by rules for everybody; such a rule is at best likely-unused, for removing it cuts connections that are open at that time.",
        );
    }
    for note in notes.iter().filter(|note| note.kind.is_assumption()) {
        assume(note.kind.id(), &note.text);
    }
    found.into_iter().collect()
}
