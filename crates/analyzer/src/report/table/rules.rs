//! One part of the report: its rules, each a line of facts with the ids and the reason below.

use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style as Ansi};
use comfy_table::{CellAlignment, ColumnConstraint, Table};

use super::layout::{CAUTION, FAINT, Style, painted, plain_table, wrapped};
use super::{GroupNames, write_heading};
use crate::report::model::{GroupReport, Verdict};
use crate::report::printable::printable;
use crate::report::ranking::{Part, Ranked};
use crate::report::wording::{self, count};

pub(super) fn write_part(
    rules: &[Ranked<'_>],
    part: Part,
    names: &GroupNames<'_>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    write_heading(&format!("{} ({})", part.title(), count(rules.len() as u64)), style, out)?;
    for line in wrapped(part.advice(), style.width) {
        writeln!(out, "{}", painted(&line, FAINT, style))?;
    }
    writeln!(out)?;

    let lines: Vec<String> = facts_table(rules, names, style.width).lines().collect();
    // The details are indented to the second column, wherever the layout has put it.
    let indent = lines.first().and_then(|header| header.find("GROUP")).unwrap_or(2);
    let mut waiting = rules.iter();
    let mut current: Option<&Ranked<'_>> = None;
    for (position, line) in lines.iter().enumerate() {
        let line = line.trim_end();
        if position == 0 {
            writeln!(out, "{}", painted(line, FAINT, style))?;
            continue;
        }
        // The verdict is never wrapped and never empty: only the first line of a rule does not begin with a space.
        let begins_rule = !line.is_empty() && !line.starts_with(' ');
        if !begins_rule {
            writeln!(out, "{line}")?;
            continue;
        }
        if let Some(ranked) = current {
            write_details(ranked, indent, style, out)?;
        }
        current = waiting.next();
        let (verdict, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
        let ansi = current.map_or(Ansi::new(), |ranked| color_of(ranked.rule.verdict));
        writeln!(out, "{}{rest}", painted(verdict, ansi, style))?;
    }
    if let Some(ranked) = current {
        write_details(ranked, indent, style, out)?;
    }
    Ok(())
}

/// The facts of rules, laid out to a width. The first column holds the verdict alone.
fn facts_table(rules: &[Ranked<'_>], names: &GroupNames<'_>, width: usize) -> Table {
    let mut table = plain_table(width);
    table.set_header(["VERDICT", "GROUP", "DIR", "PORTS", "PEER", "EXPOSURE", "EVIDENCE"]);
    for ranked in rules {
        let rule = ranked.rule;
        table.add_row([
            wording::verdict(rule).to_owned(),
            printable(name_of(ranked.group)).into_owned(),
            wording::direction(rule).to_owned(),
            printable(&wording::protocol_and_ports(rule)).into_owned(),
            peer(&rule.peer, names),
            wording::exposure(&rule.exposure),
            wording::evidence(rule),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    // What must stay in one piece: the verdict, because lines are told apart by it, and short columns.
    for index in [0, 2, 5] {
        if let Some(column) = table.column_mut(index) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    if let Some(exposure) = table.column_mut(5) {
        exposure.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn write_details(ranked: &Ranked<'_>, indent: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let rule = ranked.rule;
    let mut ids = format!("{} {}", ranked.group.group_id, rule.rule_id);
    if !rule.description.is_empty() {
        ids.push_str(&format!(" \"{}\"", rule.description));
    }
    let margin = " ".repeat(indent);
    let room = style.width - indent;
    for line in wrapped(&ids, room) {
        writeln!(out, "{margin}{}", painted(&line, FAINT, style))?;
    }
    for line in wrapped(&rule.reason, room) {
        writeln!(out, "{margin}{line}")?;
    }
    if let Some(advice) = wording::recommendation(rule) {
        for line in wrapped(&advice, room) {
            writeln!(out, "{margin}{}", painted(&line, CAUTION, style))?;
        }
    }
    Ok(())
}

/// A group's name, or its id where it has none.
fn name_of(group: &GroupReport) -> &str {
    if group.group_name.is_empty() { &group.group_id } else { &group.group_name }
}

/// A rule's peer; a group of the report is named, too.
fn peer(peer: &str, names: &GroupNames<'_>) -> String {
    let named = match names.get(peer) {
        Some(name) if !name.is_empty() => format!("{peer} ({name})"),
        _ => peer.to_owned(),
    };
    printable(&named).into_owned()
}

pub(super) fn color_of(verdict: Verdict) -> Ansi {
    match verdict {
        Verdict::Unused => AnsiColor::Red.on_default().bold(),
        Verdict::Redundant => AnsiColor::Magenta.on_default().bold(),
        Verdict::LikelyUnused => AnsiColor::Yellow.on_default().bold(),
        Verdict::Used => AnsiColor::Green.on_default(),
        Verdict::NoEvidence | Verdict::NotLogged | Verdict::Unresolved => AnsiColor::Cyan.on_default(),
    }
}
