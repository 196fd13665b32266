//! A replay for a person at a terminal.
//!
//! First a sentence with the outcome; then rule by rule what would be denied, and at last what would be let in:
//!
//! ```text
//! 1 group changes: web (sg-00000000000000001)
//!
//! 1,204 requests by 1 rule would be denied.
//! Replayed: 8,310 records from 2024-05-01T00:00:09Z to 2024-05-30T23:59:58Z. What is not in them was not replayed.
//!
//! Would be denied (1 rule)
//!
//! web in tcp 443 from 0.0.0.0/0 "shop"
//!   sg-00000000000000001 sgr-0000000000000011
//!   tcp 443  1,204 requests  last 2024-05-30T11:00:00Z  from 198.51.100.7, 203.0.113.5, 203.0.113.9 and 14 more peers
//! ```

use super::json::rfc3339;
use super::model::{Certainty, DeniedPort, Replay, Requests, Traffic};
use crate::report::model::PortSpan;
use crate::report::printable::printable;
use crate::report::table::Style;
use crate::report::wording::{self, counted};
use crate::rollup::Ledger;
use clap::builder::styling::{AnsiColor, Style as Ansi};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use inventory::{Direction, Inventory, Peer, Proposal, Rule, RulePorts};
use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Write};
use std::net::IpAddr;

/// More ports of one rule are counted, not listed.
const PORTS: usize = 50;
/// So many peers are named.
const PEERS: usize = 3;
/// A narrower terminal wraps by itself.
const LEAST_WIDTH: usize = 60;

const HEADING: Ansi = Ansi::new().bold();
const FAINT: Ansi = Ansi::new().dimmed();
const DENIED: Ansi = AnsiColor::Red.on_default().bold();
const DOUBTFUL: Ansi = AnsiColor::Yellow.on_default();
const PASSED: Ansi = AnsiColor::Green.on_default();

/// What the table names beside the replay itself.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// Rules that go.
    pub inventory: &'a Inventory,
    /// Rules that come.
    pub proposal: &'a Proposal,
    /// What was replayed.
    pub ledger: &'a Ledger,
}

/// Requests of one rule to one port, of any number of peers, most first.
struct Line<'a> {
    protocol: &'a str,
    port: DeniedPort,
    traffic: Traffic,
    peers: Vec<IpAddr>,
}

/// Writes the replay. Escape sequences are written only if the style allows colours, and are then only our own.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(replay: &Replay, names: Names<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let style = Style { width: style.width.max(LEAST_WIDTH), ..style };
    if !replay.changed_groups.is_empty() {
        let groups: Vec<String> = replay.changed_groups.iter().map(|id| names.group(id)).collect();
        let verb = if groups.len() == 1 { "changes" } else { "change" };
        writeln!(out, "{} {verb}: {}", counted(groups.len() as u64, "group"), groups.join(", "))?;
        writeln!(out)?;
    }
    let lost = if replay.changed_groups.is_empty() { None } else { lost(names.ledger) };
    let unsure = unsure(replay);
    let color = match (replay.denied.is_empty(), lost.is_some() || !unsure.is_empty()) {
        (true, false) => PASSED,
        (true, true) => DOUBTFUL,
        (false, _) => DENIED,
    };
    writeln!(out, "{}", painted(&outcome(replay), color, style))?;
    if let (Some(first), Some(last)) = (names.ledger.first, names.ledger.last)
        && !replay.changed_groups.is_empty()
    {
        let (records, first, last) = (counted(names.ledger.records(), "record"), rfc3339(first), rfc3339(last));
        let limits = format!("Replayed: {records} from {first} to {last}. What is not in them was not replayed.");
        writeln!(out, "{}", painted(&limits, FAINT, style))?;
    }
    for line in unsure.iter().chain(&lost) {
        writeln!(out, "{}", painted(line, DOUBTFUL, style))?;
    }

    let of = |list: &'_ [Requests], certainty| -> Vec<Requests> {
        list.iter().filter(|requests| requests.certainty == certainty).cloned().collect()
    };
    for (title, list, certainty, is_new) in [
        ("Would be denied", &replay.denied, Certainty::Surely, false),
        ("Would possibly be denied", &replay.denied, Certainty::Possibly, false),
        ("Was rejected and would be accepted", &replay.admitted, Certainty::Surely, true),
        ("Was rejected and would possibly be accepted", &replay.admitted, Certainty::Possibly, true),
    ] {
        write_part(title, &of(list, certainty), is_new, names, style, out)?;
    }
    Ok(())
}

/// What stands by an assumption alone, and what could not be judged.
fn unsure(replay: &Replay) -> Vec<String> {
    let mut lines = Vec::new();
    if replay.assumed_replies > 0 {
        let records = counted(replay.assumed_replies, "record");
        lines.push(format!(
            "By a guess {records} that these rules let in are answers; if they are requests, they would be denied."
        ));
    }
    if replay.untracked_answers > 0 {
        let records = counted(replay.untracked_answers, "answer");
        lines.push(format!(
            "{records} of untracked connections passed by these rules: such connections are cut at once when they go."
        ));
    }
    if !replay.unknown_groups.is_empty() {
        let groups = printable(&replay.unknown_groups.join(", ")).into_owned();
        lines.push(format!("Not judged, for the inventory does not know what rules they have: {groups}."));
    }
    lines
}

/// What was in the logs and could not be replayed; `None` if nothing was lost.
fn lost(ledger: &Ledger) -> Option<String> {
    let mut parts = Vec::new();
    if ledger.unparsed_lines() > 0 {
        parts.push(format!("{} could not be parsed", counted(ledger.unparsed_lines(), "line")));
    }
    if ledger.incomplete() {
        parts.push("some input could not be read to its end".to_owned());
    }
    if ledger.skipped > 0 {
        parts
            .push(format!("{} of flows that AWS could not record (SKIPDATA)", counted(ledger.skipped, "record tells")));
    }
    if parts.is_empty() {
        return None;
    }
    Some(format!("Not replayed: {}. Requests may have been in them.", parts.join(", ")))
}

/// The outcome in a sentence.
pub fn outcome(replay: &Replay) -> String {
    if replay.changed_groups.is_empty() {
        return "Nothing changes: the proposed groups have the rules that they have now.".to_owned();
    }
    let (rules, requests) = (replay.replayed_rules, replay.replayed_requests);
    let surely = Sum::of(replay, Certainty::Surely);
    let possibly = Sum::of(replay, Certainty::Possibly);
    match (surely.rules, possibly.rules) {
        (0, 0) if rules == 0 => "Nothing would be denied: no rule is taken away.".to_owned(),
        (0, 0) if requests == 0 => {
            let unused = if rules == 1 {
                "goes, and no request in these logs used it"
            } else {
                "go, and no request in these logs used them"
            };
            format!("Nothing would be denied: {} {unused}.", counted(rules, "rule"))
        }
        (0, 0) => {
            let go = if rules == 1 { "goes" } else { "go" };
            let (requests, rules) = (counted(requests, "request"), counted(rules, "rule"));
            format!("Nothing would be denied: {requests} by {rules} that {go} would all pass by others.")
        }
        (_, 0) => format!("{surely} would be denied."),
        (0, _) => format!("{possibly} would possibly be denied."),
        (_, _) => format!("{surely} would be denied, and {possibly} possibly."),
    }
}

/// Denied requests and the rules that allowed them. One that two rules allowed counts for both.
struct Sum {
    requests: u64,
    rules: usize,
}

impl Sum {
    fn of(replay: &Replay, certainty: Certainty) -> Sum {
        let (mut requests, mut rules) = (0_u64, BTreeSet::new());
        for denial in replay.denied.iter().filter(|denial| denial.certainty == certainty) {
            requests = requests.saturating_add(denial.traffic.records);
            rules.insert((&denial.group_id, &denial.rule_id));
        }
        Sum { requests, rules: rules.len() }
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} by {}", counted(self.requests, "request"), counted(self.rules as u64, "rule"))
    }
}

fn write_part(
    title: &str,
    list: &[Requests],
    is_new: bool,
    names: Names<'_>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut by_rule: BTreeMap<(&str, &str), Ports<'_>> = BTreeMap::new();
    for requests in list {
        let ids = (requests.group_id.as_str(), requests.rule_id.as_str());
        add(by_rule.entry(ids).or_default(), requests);
    }
    let mut rules: Vec<((&str, &str), Vec<Line<'_>>)> = Vec::with_capacity(by_rule.len());
    for (ids, ports) in by_rule {
        rules.push((ids, ports.into_values().collect()));
    }
    let records = |lines: &[Line<'_>]| lines.iter().fold(0_u64, |sum, line| sum.saturating_add(line.traffic.records));
    rules.sort_by_key(|(_, lines)| Reverse(records(lines)));
    if rules.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "{}", painted(&format!("{title} ({})", counted(rules.len() as u64, "rule")), HEADING, style))?;
    for ((group_id, rule_id), lines) in &mut rules {
        writeln!(out)?;
        let rule = names.rule(group_id, rule_id, is_new);
        match rule {
            Some(rule) => writeln!(out, "{} {}", names.group_name(group_id), names.in_words(rule))?,
            None => writeln!(out, "{}", names.group_name(group_id))?,
        }
        writeln!(out, "  {}", painted(&printable(&format!("{group_id} {rule_id}")), FAINT, style))?;
        lines.sort_by_key(|line| (Reverse(line.traffic.records), line.protocol, line.port));
        let preposition = rule.map_or("with", |rule| preposition(rule.direction));
        let shown = &lines[..lines.len().min(PORTS)];
        for line in laid_out(shown, preposition, style.width - 2).lines() {
            writeln!(out, "  {}", line.trim_end())?;
        }
        if lines.len() > PORTS {
            let more = counted((lines.len() - PORTS) as u64, "more port");
            writeln!(out, "  {}", painted(&format!("and {more}; --output json has them all"), FAINT, style))?;
        }
    }
    Ok(())
}

/// Lines of one rule while they are gathered: a port scan has tens of thousands.
type Ports<'a> = BTreeMap<(&'a str, DeniedPort), Line<'a>>;

fn add<'a>(lines: &mut Ports<'a>, requests: &'a Requests) {
    match lines.entry((&requests.protocol, requests.port)) {
        Entry::Occupied(mut known) => {
            let line = known.get_mut();
            line.traffic.add(&requests.traffic);
            line.peers.push(requests.peer);
        }
        Entry::Vacant(free) => {
            free.insert(Line {
                protocol: &requests.protocol,
                port: requests.port,
                traffic: requests.traffic,
                peers: vec![requests.peer],
            });
        }
    }
}

fn laid_out(lines: &[Line<'_>], preposition: &str, width: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    for line in lines {
        let mut peers: Vec<String> = line.peers.iter().take(PEERS).map(IpAddr::to_string).collect();
        if line.peers.len() > PEERS {
            let more = counted((line.peers.len() - PEERS) as u64, "more peer");
            let last = peers.pop().unwrap_or_default();
            peers.push(format!("{last} and {more}"));
        }
        table.add_row([
            port(line.protocol, line.port),
            counted(line.traffic.records, "request"),
            format!("last {}", rfc3339(line.traffic.last_seen)),
            format!("{preposition} {}", peers.join(", ")),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    if let Some(requests) = table.column_mut(1) {
        requests.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn port(protocol: &str, port: DeniedPort) -> String {
    let protocol = if protocol.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("protocol {protocol}")
    } else {
        protocol.to_owned()
    };
    match port {
        DeniedPort::Known(port) => format!("{protocol} {port}"),
        DeniedPort::High => format!("{protocol} 32768-65535"),
        DeniedPort::None => protocol,
    }
}

impl Names<'_> {
    fn rule(&self, group_id: &str, rule_id: &str, is_new: bool) -> Option<&Rule> {
        let group = self.inventory.group_ix(group_id)?;
        let rules = if is_new { self.proposal.groups.get(&group)? } else { &self.inventory.group(group).rules };
        rules.iter().find(|rule| rule.id == rule_id)
    }

    /// Its name, or its id where it has none.
    fn group_name(&self, id: &str) -> String {
        let group = self.inventory.group_ix(id).map(|group| self.inventory.group(group).name.as_str());
        printable(group.filter(|name| !name.is_empty()).unwrap_or(id)).into_owned()
    }

    /// Its name and its id.
    fn group(&self, id: &str) -> String {
        let name = self.group_name(id);
        if name == id { name } else { format!("{name} ({})", printable(id)) }
    }

    /// A rule without its group and id.
    fn in_words(&self, rule: &Rule) -> String {
        let direction = match rule.direction {
            Direction::Ingress => "in",
            Direction::Egress => "out",
        };
        let peer = match &rule.peer {
            Peer::Group { id, .. } => self.group(id),
            peer => printable(&peer.to_string()).into_owned(),
        };
        let mut words = format!("{direction} {} {} {peer}", protocol_and_ports(rule), preposition(rule.direction));
        if !rule.description.is_empty() {
            words.push_str(&format!(" \"{}\"", printable(&rule.description)));
        }
        words
    }
}

fn preposition(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    }
}

/// As the report puts it: `tcp 443`, `icmp type 8 code 0`, `protocol 47`, `all`.
fn protocol_and_ports(rule: &Rule) -> String {
    let Some(protocol) = rule.protocol else {
        return "all".to_owned();
    };
    let name = protocol.name();
    match rule.ports {
        RulePorts::Range { from: 0, to: u16::MAX } => format!("{name} all"),
        RulePorts::Range { from, to } => format!("{name} {}", wording::port_span(PortSpan { from, to })),
        RulePorts::Icmp { ty: Some(ty), code: Some(code) } => format!("{name} type {ty} code {code}"),
        RulePorts::Icmp { ty: Some(ty), code: None } => format!("{name} type {ty}"),
        RulePorts::Icmp { ty: None, .. } => format!("{name} all"),
        RulePorts::All if protocol.has_ports() => format!("{name} all"),
        RulePorts::All => port(&name, DeniedPort::None),
    }
}

fn painted(text: &str, ansi: Ansi, style: Style) -> String {
    if style.color { format!("{ansi}{text}{ansi:#}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests;
