//! The rules as data for the script of the page: a row of the table each, and what stands behind it.
//!
//! Every text is printable already, and every number for people is worded; the script sorts, filters and draws. What
//! one rule brings along is bounded, so that ten thousand of them stay a file that opens at once.

use super::evidence::{bytes, facts, ground_in_words, name_in_words};
use super::summary::Tone;
use super::{Page, clock, shown};
use crate::attribute::witness::Ground;
use crate::explain::details::Details;
use crate::report::model::{GroupReport, GroupVerdict, RuleReport};
use crate::report::ranking::{self, Part};
use crate::report::wording::{self, count, exposure_value};
use ethnum::U256;
use inventory::{GroupIx, Span};
use ipnet::IpNet;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// At most so many peers of a rule are shown.
const PEERS: usize = 20;
/// At most so many ranges of ports of a rule are shown.
const PORTS: usize = 30;
/// A timeline has at most so many parts.
const PARTS: i64 = 120;
/// At most so many interfaces of a group are named.
const INTERFACES: usize = 20;

/// What the script reads.
#[derive(Serialize)]
pub struct RuleData {
    timeline: Axis,
    groups: Vec<GroupRow>,
    rules: Vec<RuleRow>,
}

/// The time that all timelines share: `parts` of so many seconds each.
#[derive(Clone, Copy, Serialize)]
struct Axis {
    start: i64,
    seconds: i64,
    parts: i64,
}

#[derive(Serialize)]
struct GroupRow {
    id: String,
    name: String,
    vpc: String,
    owner: String,
    description: String,
    verdict: &'static str,
    interfaces: Vec<String>,
    interface_count: String,
    same_rules_as: Vec<String>,
    tags: Vec<[String; 2]>,
}

#[derive(Serialize)]
struct RuleRow {
    group: usize,
    id: String,
    direction: &'static str,
    protocol: String,
    from: Option<u16>,
    to: Option<u16>,
    ports: String,
    peer: String,
    peer_name: String,
    description: String,
    /// Word of the badge.
    verdict: &'static str,
    /// Which chip it belongs to.
    kind: &'static str,
    tone: &'static str,
    reason: String,
    requests: u64,
    /// `1,204`, or what there is in place of sure requests.
    requests_text: String,
    last_seen: String,
    exposure: String,
    exposure_digits: String,
    exposure_rank: usize,
    peer_rank: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<Advice>,
    facts: Vec<(&'static str, String)>,
    grounds: Vec<(&'static str, u64)>,
    uses: Vec<(u16, u16, u64)>,
    more_uses: usize,
    line: Vec<(i64, u64)>,
    peers: Vec<PeerRow>,
    more_peers: usize,
    tags: Vec<[String; 2]>,
}

#[derive(Serialize)]
struct Advice {
    opens: String,
    peers: Vec<String>,
    before: String,
    after: String,
    text: String,
}

#[derive(Serialize)]
struct PeerRow {
    address: String,
    name: String,
    records: u64,
    bytes: String,
    last_seen: String,
}

/// The chips of the table, which part the rules: each rule belongs to just one.
pub const KINDS: [(&str, &str, &str); 8] = [
    ("unused", "Unused", "Nothing it allows was accepted, and the logs would have shown it: a proof for this window."),
    (
        "redundant",
        "Redundant",
        "Used, but everything it was or may have been used for is allowed by other rules that stay.",
    ),
    ("likely-unused", "Likely unused", "No use but by an assumption, which the reason names: check it before you act."),
    ("too-wide", "Can be narrowed", "Used, and less would have done for everything that was seen."),
    ("no-evidence", "No evidence", "The logs could not have shown its use. It is not unused."),
    ("not-logged", "Not logged", "It may serve traffic that flow logs never show, or serves only that."),
    ("unresolved", "Unresolved", "Its peer cannot be resolved from the inventory."),
    ("used", "Used", "An accepted request needed it, or (used?) may have needed it."),
];

/// The name of the chip of a rule.
pub fn kind(rule: &RuleReport) -> &'static str {
    match Part::of(rule) {
        Part::TooWide => "too-wide",
        _ => rule.verdict.name(),
    }
}

/// The word for a group's verdict.
pub fn group_verdict(verdict: GroupVerdict) -> &'static str {
    match verdict {
        GroupVerdict::Used => "used",
        GroupVerdict::Idle => "idle",
        GroupVerdict::Unattached => "unattached",
        GroupVerdict::NoEvidence => "no-evidence",
    }
}

/// Names of groups and prefix lists, by id; those without one are not in it.
pub fn peer_names(page: &Page<'_>) -> BTreeMap<String, String> {
    let inventory = page.analysis.inventory;
    let mut names = BTreeMap::new();
    for (id, facts) in inventory.prefix_lists() {
        names.insert(id.to_owned(), facts.name);
    }
    for group in inventory.groups() {
        names.insert(group.id.clone(), group.name.clone());
    }
    for group in &page.report.groups {
        names.insert(group.group_id.clone(), group.group_name.clone());
    }
    names.retain(|_, name| !name.is_empty());
    names
}

impl RuleData {
    /// Everything, rules in the order of reading: what can be acted on first, widest first.
    pub fn of(page: &Page<'_>) -> RuleData {
        let report = page.report;
        let axis = Axis::of(page.analysis.window, page.details.bucket());
        let names = peer_names(page);
        let numbers: HashMap<&str, usize> =
            report.groups.iter().enumerate().map(|(number, group)| (group.group_id.as_str(), number)).collect();
        let places = Places::of(page);
        let exposures =
            ranks(report.groups.iter().flat_map(|group| &group.rules).map(|rule| exposure_value(&rule.exposure)));
        let peers = ranks(report.groups.iter().flat_map(|group| &group.rules).map(|rule| peer_order(&rule.peer)));
        let mut rules = Vec::new();
        for part in Part::ALL {
            for ranked in ranking::rules_of(report, part) {
                let rule = ranked.rule;
                let mut row = row(rule, &names);
                row.group = numbers.get(ranked.group.group_id.as_str()).copied().unwrap_or_default();
                row.exposure_rank = exposures.binary_search(&exposure_value(&rule.exposure)).unwrap_or_default();
                row.peer_rank = peers.binary_search(&peer_order(&rule.peer)).unwrap_or_default();
                if let Some((group, position)) = places.of_rule(ranked.group, rule) {
                    let tags = &page.analysis.inventory.group(group).rules[position].tags;
                    row.tags = tags.iter().map(|(key, value)| [shown(key), shown(value)]).collect();
                    if let Some(details) = page.details.of((group, position)) {
                        row.add_details(details, axis, page);
                    }
                }
                rules.push(row);
            }
        }
        RuleData { timeline: axis, groups: report.groups.iter().map(|group| group_row(page, group)).collect(), rules }
    }
}

impl Axis {
    /// Whole parts of `bucket` seconds around the window, joined until there are few enough.
    fn of(window: Span, bucket: u32) -> Axis {
        let bucket = i64::from(bucket);
        let start = window.from - window.from.rem_euclid(bucket);
        let buckets = ((window.to - start) / bucket + 1).max(1);
        let joined = (buckets + PARTS - 1) / PARTS;
        Axis { start, seconds: bucket * joined, parts: (buckets + joined - 1) / joined }
    }

    fn part(self, time: u32) -> i64 {
        ((i64::from(time) - self.start).div_euclid(self.seconds)).clamp(0, self.parts - 1)
    }
}

/// Where the rules of the report stand in the inventory.
struct Places<'a> {
    positions: HashMap<(&'a str, &'a str), (GroupIx, usize)>,
}

impl<'a> Places<'a> {
    fn of(page: &Page<'a>) -> Places<'a> {
        let mut positions = HashMap::new();
        let inventory = page.analysis.inventory;
        for (group, _) in page.analysis.judged() {
            let facts = inventory.group(group);
            for (position, rule) in facts.rules.iter().enumerate() {
                positions.insert((facts.id.as_str(), rule.id.as_str()), (group, position));
            }
        }
        Places { positions }
    }

    fn of_rule(&self, group: &GroupReport, rule: &RuleReport) -> Option<(GroupIx, usize)> {
        self.positions.get(&(group.group_id.as_str(), rule.rule_id.as_str())).copied()
    }
}

fn ranks<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut ranks: Vec<T> = values.collect();
    ranks.sort_unstable();
    ranks.dedup();
    ranks
}

/// Addresses by number, IPv4 first, then prefix lists and groups by id.
fn peer_order(peer: &str) -> (u8, U256, u8, String) {
    match peer.parse::<IpNet>() {
        Ok(IpNet::V4(net)) => (0, U256::from(u32::from(net.network())), net.prefix_len(), String::new()),
        Ok(IpNet::V6(net)) => (1, U256::from(u128::from(net.network())), net.prefix_len(), String::new()),
        Err(_) => (2, U256::ZERO, 0, peer.to_owned()),
    }
}

fn group_row(page: &Page<'_>, group: &GroupReport) -> GroupRow {
    let inventory = page.analysis.inventory;
    let facts = inventory.group_ix(&group.group_id).map(|number| inventory.group(number));
    let tags = facts.map(|facts| facts.tags.as_slice()).unwrap_or_default();
    GroupRow {
        id: shown(&group.group_id),
        name: shown(&group.group_name),
        vpc: shown(&group.vpc_id),
        owner: shown(&group.owner_id),
        description: facts.map(|facts| shown(&facts.description)).unwrap_or_default(),
        verdict: group_verdict(group.verdict),
        interfaces: group.interfaces.iter().take(INTERFACES).map(|id| shown(id)).collect(),
        interface_count: wording::counted(group.interfaces.len() as u64, "interface"),
        same_rules_as: group.same_rules_as.iter().map(|id| shown(id)).collect(),
        tags: tags.iter().map(|(key, value)| [shown(key), shown(value)]).collect(),
    }
}

fn row(rule: &RuleReport, names: &BTreeMap<String, String>) -> RuleRow {
    let evidence = &rule.evidence;
    let time = |time: &Option<String>| time.as_deref().map(clock::minute).unwrap_or_default();
    let mut uses: Vec<(u16, u16, u64)> =
        evidence.ports.iter().map(|port| (port.from, port.to, port.requests)).collect();
    uses.sort_by_key(|(from, _, records)| (std::cmp::Reverse(*records), *from));
    let more_uses = uses.len().saturating_sub(PORTS);
    uses.truncate(PORTS);
    RuleRow {
        group: 0,
        id: shown(&rule.rule_id),
        direction: wording::direction(rule),
        protocol: shown(&rule.protocol),
        from: rule.from_port,
        to: rule.to_port,
        ports: shown(&wording::protocol_and_ports(rule)),
        peer: shown(&rule.peer),
        peer_name: names.get(&rule.peer).map(|name| shown(name)).unwrap_or_default(),
        description: shown(&rule.description),
        verdict: wording::verdict(rule),
        kind: kind(rule),
        tone: Tone::of(rule).class(),
        reason: shown(&rule.reason),
        requests: evidence.requests,
        requests_text: match (evidence.requests, evidence.ambiguous) {
            (0, 0) => "0".to_owned(),
            (0, possible) => format!("{}?", count(possible)),
            (requests, _) => count(requests),
        },
        last_seen: time(&evidence.last_seen),
        exposure: wording::exposure(&rule.exposure),
        exposure_digits: shown(&rule.exposure),
        exposure_rank: 0,
        peer_rank: 0,
        advice: advice(rule),
        facts: facts(rule),
        grounds: Vec::new(),
        uses,
        more_uses,
        line: Vec::new(),
        peers: Vec::new(),
        more_peers: 0,
        tags: Vec::new(),
    }
}

fn advice(rule: &RuleReport) -> Option<Advice> {
    let advice = rule.recommendation.as_ref()?;
    let opens = match rule.protocol.as_str() {
        "tcp" | "udp" if !advice.ports.is_empty() => {
            format!("{} {}", rule.protocol, wording::port_spans(&advice.ports))
        }
        _ => wording::protocol_and_ports(rule),
    };
    Some(Advice {
        opens: shown(&opens),
        peers: advice.peers.iter().map(|peer| shown(peer)).collect(),
        before: wording::exposure(&advice.exposure_before),
        after: wording::exposure(&advice.exposure_after),
        text: wording::recommendation(rule).map(|text| shown(&text)).unwrap_or_default(),
    })
}

impl RuleRow {
    fn add_details(&mut self, details: &Details, axis: Axis, page: &Page<'_>) {
        for (ground, records) in Ground::ALL.into_iter().zip(details.grounds) {
            if records > 0 {
                self.grounds.push((ground_in_words(ground), records));
            }
        }
        if details.implied > 0 {
            self.grounds.push(("answers, each proof of a request", details.implied));
        }
        let mut parts: BTreeMap<i64, u64> = BTreeMap::new();
        for (&start, &records) in &details.timeline {
            *parts.entry(axis.part(start)).or_default() += records;
        }
        self.line = parts.into_iter().collect();

        let mut peers: Vec<(IpAddr, _)> = details.peers.iter().map(|(address, seen)| (*address, *seen)).collect();
        peers.sort_by_key(|(address, seen)| (std::cmp::Reverse(seen.records), *address));
        self.more_peers = peers.len().saturating_sub(PEERS);
        for (address, seen) in peers.into_iter().take(PEERS) {
            let span = Span { from: i64::from(seen.first_seen), to: i64::from(seen.last_seen.max(seen.first_seen)) };
            self.peers.push(PeerRow {
                address: address.to_string(),
                name: name_in_words(&page.names.of(page.analysis.inventory, address, span)),
                records: seen.records,
                bytes: bytes(seen.bytes),
                last_seen: clock::minute_of(i64::from(seen.last_seen)),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_has_few_parts_and_holds_the_whole_window() {
        // Three days by hours; a hundred days by days; a year by days, four days a part: 366 / 4 = 91.5.
        for (from, to, bucket, seconds, parts) in [
            (1_772_323_200, 1_772_323_200 + 3 * 86_400 - 1, 3600, 3600, 72),
            (1_772_323_205, 1_772_323_200 + 100 * 86_400 - 1, 86_400, 86_400, 100),
            (1_772_323_200, 1_772_323_200 + 366 * 86_400 - 1, 86_400, 4 * 86_400, 92),
            (0, 0, 3600, 3600, 1),
        ] {
            let axis = Axis::of(Span { from, to }, bucket);
            assert_eq!((axis.seconds, axis.parts), (seconds, parts));
            assert!(axis.start <= from && to < axis.start + axis.seconds * axis.parts);
            assert_eq!(axis.part(u32::try_from(from).unwrap_or_default()), 0);
            assert_eq!(axis.part(u32::MAX), parts - 1);
            assert_eq!(axis.part(0), 0);
        }
    }

    #[test]
    fn addresses_are_sorted_as_numbers() {
        let mut peers = ["sg-1", "::/0", "10.0.0.0/8", "9.0.0.0/8", "pl-1", "10.0.0.0/16", "0.0.0.0/0"];
        peers.sort_by_key(|peer| peer_order(peer));
        assert_eq!(peers, ["0.0.0.0/0", "9.0.0.0/8", "10.0.0.0/8", "10.0.0.0/16", "::/0", "pl-1", "sg-1"]);
    }
}
