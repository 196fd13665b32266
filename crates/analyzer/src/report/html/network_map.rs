//! Who may talk to whom: groups and the world around them, and the rules between them.

use super::summary::Tone;
use super::{Page, rule_data, shown};
use crate::report::model::RuleReport;
use crate::report::wording;
use inventory::Inventory;
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};

/// At most so many lines are in the table beside the picture.
const LISTED: usize = 300;
/// At most so many services of a line are named.
const SERVICES: usize = 6;

/// One end of a line. The order is that of drawing before anything better is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// Public addresses.
    Internet,
    /// Private addresses, given by their range.
    Private,
    /// A prefix list, by id.
    PrefixList(String),
    /// A group that is not in the report, by id.
    ForeignGroup(String),
    /// A group of the report, by id.
    Group(String),
}

impl End {
    /// What a rule names.
    fn of_peer(peer: &str, page: &Page<'_>, known: &BTreeSet<&str>) -> End {
        if peer.starts_with("sg-") {
            return if known.contains(peer) { End::Group(peer.to_owned()) } else { End::ForeignGroup(peer.to_owned()) };
        }
        match peer.parse::<IpNet>() {
            Ok(net) if is_private(net, page.analysis.inventory) => End::Private,
            Ok(_) => End::Internet,
            Err(_) => End::PrefixList(peer.to_owned()),
        }
    }

    /// What it is, where it has no name.
    fn kind(&self) -> &'static str {
        match self {
            End::Internet => "Internet",
            End::Private => "Private networks",
            End::PrefixList(_) => "Prefix list",
            End::ForeignGroup(_) => "Group elsewhere",
            End::Group(_) => "Group",
        }
    }

    /// Whether it is a group that the report judges.
    pub fn is_own(&self) -> bool {
        matches!(self, End::Group(_))
    }
}

/// Whether no public address can be meant. A private block begins and ends with private addresses, and no range that
/// does is so large that public ones lie between.
fn is_private(net: IpNet, inventory: &Inventory) -> bool {
    net.prefix_len() >= 7 && !inventory.is_public(net.network()) && !inventory.is_public(net.broadcast())
}

/// The rules that let one end open connections to another.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Rules by [`Tone`].
    pub rules: [u64; Tone::ALL.len()],
    /// Protocols and ports by [`Tone`], sorted.
    pub services: [BTreeSet<String>; Tone::ALL.len()],
}

impl Line {
    fn add(&mut self, rule: &RuleReport) {
        let tone = Tone::of(rule) as usize;
        self.rules[tone] += 1;
        self.services[tone].insert(wording::protocol_and_ports(rule));
    }

    /// Of all tones.
    pub fn count(&self) -> u64 {
        self.rules.iter().sum()
    }

    /// The first few services of one tone, or of all.
    pub fn services_in_words(&self, tone: Option<Tone>) -> String {
        let all: BTreeSet<&String> = match tone {
            Some(tone) => self.services[tone as usize].iter().collect(),
            None => self.services.iter().flatten().collect(),
        };
        let mut words: Vec<String> = all.iter().take(SERVICES).map(|service| shown(service)).collect();
        if all.len() > SERVICES {
            words.push(format!("and {} more", all.len() - SERVICES));
        }
        words.join(", ")
    }
}

/// All lines, by where they begin and end.
pub struct NetworkMap {
    /// From whom connections are opened, and to whom.
    pub lines: BTreeMap<(End, End), Line>,
    names: BTreeMap<String, String>,
}

/// A line of the table.
pub struct ListedLine {
    pub from: String,
    pub to: String,
    pub rules: [u64; Tone::ALL.len()],
    pub services: String,
}

impl NetworkMap {
    /// Adds up a report. An ingress rule is a line to its group, an egress rule one from it.
    pub fn of(page: &Page<'_>) -> NetworkMap {
        let known: BTreeSet<&str> = page.report.groups.iter().map(|group| group.group_id.as_str()).collect();
        let mut lines: BTreeMap<(End, End), Line> = BTreeMap::new();
        for group in &page.report.groups {
            for rule in &group.rules {
                let own = End::Group(group.group_id.clone());
                let peer = End::of_peer(&rule.peer, page, &known);
                let key = if rule.direction == "egress" { (own, peer) } else { (peer, own) };
                lines.entry(key).or_default().add(rule);
            }
        }
        NetworkMap { lines, names: rule_data::peer_names(page) }
    }

    /// What an end is called, and its id if it has one.
    pub fn name(&self, end: &End) -> (String, String) {
        match end {
            End::Internet | End::Private => (end.kind().to_owned(), String::new()),
            End::PrefixList(id) | End::ForeignGroup(id) | End::Group(id) => match self.names.get(id) {
                Some(name) => (shown(name), shown(id)),
                None => (end.kind().to_owned(), shown(id)),
            },
        }
    }

    /// Every line for the table, as far as somebody may read; and how many are left out.
    pub fn listed(&self) -> (Vec<ListedLine>, usize) {
        let name = |end: &End| match self.name(end) {
            (name, id) if id.is_empty() => name,
            (name, id) => format!("{name} ({id})"),
        };
        let mut listed = Vec::new();
        for ((from, to), line) in self.lines.iter().take(LISTED) {
            listed.push(ListedLine {
                from: name(from),
                to: name(to),
                rules: line.rules,
                services: line.services_in_words(None),
            });
        }
        (listed, self.lines.len().saturating_sub(LISTED))
    }

    /// Ends by how many rules are between them and others: the most connected first.
    pub fn most_connected(&self) -> Vec<End> {
        let mut rules: BTreeMap<&End, u64> = BTreeMap::new();
        for ((from, to), line) in &self.lines {
            let weight = if from == to { 0 } else { line.count() };
            *rules.entry(from).or_default() += weight;
            *rules.entry(to).or_default() += weight;
        }
        let mut ends: Vec<(&End, u64)> = rules.into_iter().collect();
        ends.sort_by_key(|(end, rules)| (std::cmp::Reverse(*rules), *end));
        ends.into_iter().map(|(end, _)| end.clone()).collect()
    }
}
