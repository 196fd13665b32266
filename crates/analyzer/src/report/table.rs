//! The report for a person at a terminal.
//!
//! What can be acted on stands first, widest exposure first; what the logs cannot judge and what is simply in use
//! follow. Each rule is a line of facts, with the ids that one needs to act on it and the reason below:
//!
//! ```text
//! Rules to act on, worst exposure first (1)
//!
//! VERDICT  GROUP  DIR  PORTS    PEER       EXPOSURE  EVIDENCE
//! unused   db     in   tcp all  0.0.0.0/0  2.8e14    no use seen
//!          sg-00000000000000002 sgr-0000000000000021
//!          Nothing it allows was accepted in 31 days of complete logs.
//! ```
//!
//! The reason has lines of its own because a sentence squeezed into an eighth column cannot be read at 100 columns.

mod changes;
pub(crate) mod layout;
mod rules;

use std::collections::BTreeMap;
use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style as Ansi};

use super::model::{GroupVerdict, Report};
use super::ranking::{self, Part};
use super::totals::Totals;
use super::warnings::{Warning, warnings};
use super::wording::{self, count, counted};
use changes::write_changes;
pub use layout::Style;
use layout::{FAINT, HEADING, LEAST_WIDTH, painted, wrapped};
use rules::write_part;

/// Names of groups by id, so that a peer that is a group can be named.
type GroupNames<'report> = BTreeMap<&'report str, &'report str>;

/// Writes the report as tables for people, with what has changed since an earlier one. Escape sequences are written only if the style allows colours, and are
/// then only our own.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let style = Style { width: style.width.max(LEAST_WIDTH), ..style };
    write_header(report, style, out)?;
    if let Some(changes) = &report.changes {
        write_changes(changes, style, out)?;
    }
    let names: GroupNames =
        report.groups.iter().map(|group| (group.group_id.as_str(), group.group_name.as_str())).collect();
    for part in Part::ALL {
        write_part(&ranking::rules_of(report, part), part, &names, style, out)?;
    }
    write_groups(report, &names, style, out)?;
    write_warnings(&warnings(report), style, out)?;
    write_assumptions(report, style, out)?;
    write_totals(report, style, out)
}

fn write_header(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let window = &report.window;
    let length = match wording::days_between(&window.start, &window.end) {
        Some(days) => format!(" ({days})"),
        None => String::new(),
    };
    let logs = &report.logs;
    let mut records = format!(
        "{}, {}: {} accepted, {} rejected",
        counted(logs.files, "file"),
        counted(logs.records, "record"),
        count(logs.accepted),
        count(logs.rejected)
    );
    for (number, name) in [(logs.no_data, "without data"), (logs.skipped, "skipped")] {
        if number > 0 {
            records.push_str(&format!(", {} {name}", count(number)));
        }
    }
    if logs.ambiguous > 0 {
        records.push_str(&format!("; who opened {} of the accepted is unknown", count(logs.ambiguous)));
    }
    let snapshots = &report.inventory.snapshots;
    let undated = snapshots.iter().filter(|snapshot| snapshot.captured_at.is_none()).count() as u64;
    let mut inventory = counted(snapshots.len() as u64, "snapshot");
    if undated > 0 {
        inventory.push_str(&format!(" ({} undated)", count(undated)));
    }
    inventory.push_str(&format!(", {}", counted(report.interfaces.len() as u64, "interface")));

    let lines = [
        ("Window", format!("{} to {}{length}", window.start, window.end)),
        ("Logs", records),
        ("Inventory", inventory),
    ];
    for (label, text) in lines {
        write_labelled(label, &text, HEADING, style, out)?;
    }
    Ok(())
}

/// A label, and beside it a text that goes on below itself.
fn write_labelled(label: &str, text: &str, ansi: Ansi, style: Style, out: &mut dyn Write) -> io::Result<()> {
    const LABEL_WIDTH: usize = 11;
    for (position, line) in wrapped(text, style.width - LABEL_WIDTH).iter().enumerate() {
        let label = if position == 0 { label } else { "" };
        let padding = " ".repeat(LABEL_WIDTH.saturating_sub(label.len()));
        writeln!(out, "{}{padding}{line}", painted(label, ansi, style))?;
    }
    Ok(())
}

/// Groups as a whole: those that do nothing, and those that are equal.
fn write_groups(report: &Report, names: &GroupNames<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = Vec::new();
    for group in &report.groups {
        let finding = match group.verdict {
            GroupVerdict::Used => continue,
            GroupVerdict::Unattached => "unattached: on no interface",
            GroupVerdict::NoEvidence => "no-evidence: the logs could not have shown its use",
            GroupVerdict::Idle => "idle: its interfaces accepted nothing",
        };
        lines.push(format!("{} {finding}", name_and_id(&group.group_id, names)));
    }
    for set in ranking::equal_groups(report) {
        let members: Vec<String> = set.iter().map(|id| name_and_id(id, names)).collect();
        lines.push(format!("equal rules: {}", members.join(", ")));
    }
    if lines.is_empty() {
        return Ok(());
    }
    write_heading("Groups", style, out)?;
    for line in &lines {
        write_item(line, style, out)?;
    }
    Ok(())
}

fn write_warnings(found: &[Warning], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "{}", painted("Warnings", HEADING.fg_color(Some(AnsiColor::Yellow.into())), style))?;
    for warning in found {
        write_item(&warning.what, style, out)?;
        for sample in &warning.samples {
            for line in wrapped(sample, style.width - 6) {
                writeln!(out, "      {}", painted(&line, FAINT, style))?;
            }
        }
        for line in wrapped(&format!("cure: {}", warning.cure), style.width - 4) {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

fn write_assumptions(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if report.assumptions.is_empty() {
        return Ok(());
    }
    write_heading("Assumptions", style, out)?;
    for assumption in &report.assumptions {
        write_item(&assumption.text, style, out)?;
    }
    Ok(())
}

fn write_totals(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let totals = Totals::of(report);
    writeln!(out)?;
    write_labelled("Totals", &totals.rules_line(), HEADING, style, out)?;
    if let Some(line) = totals.exposure_line() {
        write_labelled("Exposure", &line, HEADING, style, out)?;
    }
    Ok(())
}

/// One point of a list, two columns in.
fn write_item(text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (position, line) in wrapped(text, style.width - 4).iter().enumerate() {
        let bullet = if position == 0 { "- " } else { "  " };
        writeln!(out, "  {bullet}{line}")?;
    }
    Ok(())
}

fn name_and_id(group_id: &str, names: &GroupNames<'_>) -> String {
    match names.get(group_id) {
        Some(name) if !name.is_empty() => format!("{name} ({group_id})"),
        _ => group_id.to_owned(),
    }
}

fn write_heading(title: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "{}", painted(title, HEADING, style))
}

#[cfg(test)]
mod tests;
