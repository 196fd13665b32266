//! A whole group.

use super::super::model::GroupExplained;
use super::super::rule::words;
use super::sheet::Sheet;
use super::{missing, write_group_facts, write_peers, write_tags};
use crate::report::model::GroupVerdict;
use crate::report::wording::{self, count};
use std::io;

pub(super) fn write(group: &GroupExplained, sheet: &mut Sheet<'_>) -> io::Result<()> {
    write_group_facts(&group.group, sheet)?;
    write_tags(&group.group.tags, sheet)?;
    let verdict = match group.verdict {
        GroupVerdict::Used => "used: some traffic passed, or may have passed, an interface that carries it",
        GroupVerdict::Idle => "idle: its interfaces accepted nothing, and the logs would have shown it",
        GroupVerdict::Unattached => "unattached: on no interface",
        GroupVerdict::NoEvidence => "no-evidence: the logs could not have shown its use",
    };
    sheet.labelled("Verdict", verdict)?;
    if !group.same_rules_as.is_empty() {
        sheet.labelled("Equal to", &group.same_rules_as.join(", "))?;
    }
    write_rules(group, sheet)?;
    write_interfaces(group, sheet)?;
    write_named_by(group, sheet)?;
    write_peers(&group.peers, group.more_peers, sheet)?;
    missing::write("What is missing for a proof of any of its rules", &group.missing, sheet)
}

fn write_rules(group: &GroupExplained, sheet: &mut Sheet<'_>) -> io::Result<()> {
    sheet.heading(&format!("Rules ({})", count(group.rules.len() as u64)))?;
    if group.rules.is_empty() {
        return sheet.item("it has none, and so allows nothing");
    }
    let mut rows = Vec::new();
    for rule in &group.rules {
        rows.push(vec![
            wording::verdict(rule).to_owned(),
            rule.rule_id.clone(),
            count(rule.evidence.requests),
            count(rule.evidence.ambiguous),
            rule.evidence.last_seen.clone().unwrap_or_else(|| "-".to_owned()),
            words(rule),
        ]);
    }
    sheet.table(&["VERDICT", "RULE", "REQUESTS", "POSSIBLE", "LAST SEEN", "ALLOWS"], &[2, 3], &rows)
}

fn write_interfaces(group: &GroupExplained, sheet: &mut Sheet<'_>) -> io::Result<()> {
    if group.interfaces.is_empty() {
        return Ok(());
    }
    sheet.heading(&format!("Interfaces ({})", count(group.interfaces.len() as u64)))?;
    let mut rows = Vec::new();
    for interface in &group.interfaces {
        rows.push(vec![
            interface.interface_id.clone(),
            if interface.carries_now { "now" } else { "not now" }.to_owned(),
            interface.coverage.map_or_else(|| "-".to_owned(), wording::share),
            count(interface.records),
            interface.description.clone(),
        ]);
    }
    sheet.table(&["INTERFACE", "CARRIES IT", "COVERED", "RECORDS", "DESCRIPTION"], &[2, 3], &rows)
}

fn write_named_by(group: &GroupExplained, sheet: &mut Sheet<'_>) -> io::Result<()> {
    if group.named_by.is_empty() {
        return Ok(());
    }
    sheet.heading(&format!("Rules that name it as their peer ({})", count(group.named_by.len() as u64)))?;
    let mut rows = Vec::new();
    for rule in &group.named_by {
        let of = if rule.group_name.is_empty() { &rule.group_id } else { &rule.group_name };
        rows.push(vec![rule.verdict.name().to_owned(), rule.rule_id.clone(), rule.rule.clone(), of.clone()]);
    }
    sheet.table(&["VERDICT", "RULE", "ALLOWS", "OF GROUP"], &[], &rows)
}
