//! The plan for a person at a terminal.
//!
//! Group by group, what goes and what comes, each rule a line of facts with the ids and the reason below:
//!
//! ```text
//! web (sg-00000000000000001)  exposure 2.8e14 -> 257
//!
//! CHANGE   DIR  PORTS    PEER            EXPOSURE
//! remove   in   tcp 22   0.0.0.0/0         4.3e9
//!          sgr-0000000000000021 "ssh for everybody"
//!          unused: Nothing that it allows was accepted ...
//! replace  in   tcp all  10.0.0.0/8       1.1e12
//!          sgr-0000000000000022
//! add      in   tcp 443  10.1.2.0/24         256
//! ```

use super::model::{GroupPlan, LeftAlone, Plan, PlanWarning, Removal, Replacement};
use crate::assemble::ports_of;
use crate::exposure;
use crate::report::printable::printable;
use crate::report::table::Style;
use crate::report::table::layout::{CAUTION, FAINT, HEADING, LEAST_WIDTH, painted, plain_table, wrapped};
use crate::report::wording::{self, count, counted};
use clap::builder::styling::{AnsiColor, Style as Ansi};
use comfy_table::{CellAlignment, ColumnConstraint, Table};
use ethnum::U256;
use inventory::{Direction, Inventory, Peer, Rule};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes the plan as tables for people. Escape sequences are written only if the style allows colours, and are then only our own.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(plan: &Plan, inventory: &Inventory, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let page =
        Page { inventory, style: Style { width: style.width.max(LEAST_WIDTH), ..style }, names: names(inventory) };
    page.write_summary(plan, out)?;
    for group in &plan.groups {
        page.write_group(group, out)?;
    }
    page.write_warnings(&plan.warnings, out)?;
    page.write_left_alone(&plan.left_alone, out)?;
    if !plan.is_empty() {
        let next = "Nothing of what was read would have been denied. --output aws-cli --out plan.sh makes the script that does it, and \
                    beside it plan-undo.sh, which takes it back.";
        page.write_heading("Next", HEADING, out)?;
        page.write_item(next, out)?;
    }
    Ok(())
}

/// Names of groups and prefix lists by id, so that peers can be named.
fn names(inventory: &Inventory) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for group in inventory.groups() {
        names.insert(group.id.clone(), group.name.clone());
    }
    for (id, facts) in inventory.prefix_lists() {
        names.insert(id.to_owned(), facts.name);
    }
    names
}

/// One line of a group's table, with what stands below it.
enum Line<'a> {
    Remove(&'a Removal),
    Replace(&'a Replacement),
    Add(&'a Rule),
    Keep(&'a Rule),
}

impl<'a> Line<'a> {
    fn of(group: &'a GroupPlan) -> Vec<Line<'a>> {
        let mut lines: Vec<Line<'a>> = group.removals.iter().map(Line::Remove).collect();
        for replacement in &group.replacements {
            lines.push(Line::Replace(replacement));
            lines.extend(replacement.by.iter().map(Line::Add));
            lines.extend(replacement.shared.iter().map(Line::Keep));
        }
        lines
    }

    fn rule(&self) -> &'a Rule {
        match *self {
            Line::Remove(removal) => &removal.rule,
            Line::Replace(replacement) => &replacement.rule,
            Line::Add(rule) | Line::Keep(rule) => rule,
        }
    }

    fn word(&self) -> (&'static str, Ansi) {
        match self {
            Line::Remove(_) => ("remove", AnsiColor::Red.on_default().bold()),
            Line::Replace(_) => ("replace", AnsiColor::Yellow.on_default().bold()),
            Line::Add(_) => ("add", AnsiColor::Green.on_default().bold()),
            Line::Keep(_) => ("keep", AnsiColor::Green.on_default()),
        }
    }
}

struct Page<'a> {
    inventory: &'a Inventory,
    style: Style,
    names: BTreeMap<String, String>,
}

impl Page<'_> {
    fn write_summary(&self, plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
        if plan.is_empty() {
            let sentence = "Nothing to change: no rule is proven unused, redundant or wider than its traffic in a group that could be \
                            changed. `sg-audit report` says why of each.";
            for line in wrapped(sentence, self.style.width) {
                writeln!(out, "{line}")?;
            }
            return Ok(());
        }
        let (mut removed, mut replaced, mut added, mut kept) = (0_u64, 0_u64, 0_u64, 0_u64);
        let (mut before, mut after) = (U256::ZERO, U256::ZERO);
        for group in &plan.groups {
            removed += group.removals.len() as u64;
            replaced += group.replacements.len() as u64;
            added += group.additions().count() as u64;
            kept += group.kept.len() as u64;
            before = before.saturating_add(group.exposure_before);
            after = after.saturating_add(group.exposure_after);
        }
        let groups = plan.groups.len() as u64;
        let verb = if groups == 1 { "changes" } else { "change" };
        let goes = if removed == 1 { "goes" } else { "go" };
        let is = if replaced == 1 { "is" } else { "are" };
        let stays = if kept == 1 { "stays" } else { "stay" };
        let summary = format!(
            "{} {verb}: {} {goes}, {} {is} replaced by {}, {} {stays}",
            counted(groups, "group"),
            counted(removed, "rule"),
            count(replaced),
            counted(added, "new one"),
            count(kept),
        );
        let gone = wording::percent(before.saturating_sub(after), before);
        let opened = format!("{}, {gone} less", change(before, after));
        for (label, text) in [("Plan", summary), ("Exposure", opened)] {
            const LABEL_WIDTH: usize = 11;
            for (position, line) in wrapped(&text, self.style.width - LABEL_WIDTH).iter().enumerate() {
                let label = if position == 0 { label } else { "" };
                let padding = " ".repeat(LABEL_WIDTH - label.len());
                writeln!(out, "{}{padding}{line}", painted(label, HEADING, self.style))?;
            }
        }
        Ok(())
    }

    fn write_group(&self, group: &GroupPlan, out: &mut dyn Write) -> io::Result<()> {
        let exposure = change(group.exposure_before, group.exposure_after);
        let title = format!("{}  exposure {exposure}", name_and_id(&group.group_name, &group.group_id));
        writeln!(out)?;
        for line in wrapped(&title, self.style.width) {
            writeln!(out, "{}", painted(&line, HEADING, self.style))?;
        }
        writeln!(out)?;

        let lines = Line::of(group);
        let table: Vec<String> = self.facts_table(&lines).lines().collect();
        // The details are indented to the second column, wherever the layout has put it.
        let indent = table.first().and_then(|header| header.find("DIR")).unwrap_or(2);
        let mut waiting = lines.iter();
        let mut current: Option<&Line<'_>> = None;
        for (position, line) in table.iter().enumerate() {
            let line = line.trim_end();
            if position == 0 {
                writeln!(out, "{}", painted(line, FAINT, self.style))?;
                continue;
            }
            // The word is never wrapped and never empty: only the first line of a rule does not begin with a space.
            let begins_rule = !line.is_empty() && !line.starts_with(' ');
            if !begins_rule {
                writeln!(out, "{line}")?;
                continue;
            }
            self.write_details(current, indent, out)?;
            current = waiting.next();
            let (word, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
            let ansi = current.map_or(Ansi::new(), |line| line.word().1);
            writeln!(out, "{}{rest}", painted(word, ansi, self.style))?;
        }
        self.write_details(current, indent, out)
    }

    fn facts_table(&self, lines: &[Line<'_>]) -> Table {
        let mut table = plain_table(self.style.width);
        table.set_header(["CHANGE", "DIR", "PORTS", "PEER", "EXPOSURE"]);
        for line in lines {
            let rule = line.rule();
            let protocol = rule.protocol.map_or_else(|| "all".to_owned(), |protocol| protocol.name());
            let (from, to) = ports_of(rule);
            table.add_row([
                line.word().0.to_owned(),
                if rule.direction == Direction::Egress { "out" } else { "in" }.to_owned(),
                printable(&wording::protocol_with_ports(&protocol, from, to)).into_owned(),
                self.peer(&rule.peer),
                wording::exposure(&exposure::of_rule(self.inventory, rule).to_string()),
            ]);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        // What must stay in one piece: the word, because lines are told apart by it, and short columns.
        for index in [0, 1, 4] {
            if let Some(column) = table.column_mut(index) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        if let Some(exposure) = table.column_mut(4) {
            exposure.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    /// A rule's peer; a group or prefix list that the inventory knows is named, too.
    fn peer(&self, peer: &Peer) -> String {
        let id = peer.to_string();
        let named = match self.names.get(&id) {
            Some(name) if !name.is_empty() => format!("{id} ({name})"),
            _ => id,
        };
        printable(&named).into_owned()
    }

    fn write_details(&self, line: Option<&Line<'_>>, indent: usize, out: &mut dyn Write) -> io::Result<()> {
        let (rule, reason) = match line {
            Some(Line::Remove(removal)) => {
                (&removal.rule, Some(format!("{}: {}", removal.verdict.name(), removal.reason)))
            }
            Some(Line::Replace(replacement)) => {
                let exposure = change(replacement.exposure_before, replacement.exposure_after);
                let reason = format!("used, and what follows allows all that it was used for: exposure {exposure}.");
                (&replacement.rule, Some(reason))
            }
            Some(Line::Keep(rule)) => (*rule, None),
            // What is new has neither an id nor a description of its own.
            Some(Line::Add(_)) | None => return Ok(()),
        };
        let mut ids = rule.id.clone();
        if !rule.description.is_empty() {
            ids.push_str(&format!(" \"{}\"", rule.description));
        }
        let margin = " ".repeat(indent);
        let room = self.style.width - indent;
        for line in wrapped(&ids, room) {
            writeln!(out, "{margin}{}", painted(&line, FAINT, self.style))?;
        }
        for line in reason.iter().flat_map(|reason| wrapped(reason, room)) {
            writeln!(out, "{margin}{line}")?;
        }
        Ok(())
    }

    fn write_warnings(&self, warnings: &[PlanWarning], out: &mut dyn Write) -> io::Result<()> {
        if warnings.is_empty() {
            return Ok(());
        }
        self.write_heading("Warnings", CAUTION.bold(), out)?;
        for warning in warnings {
            let about = match &warning.rule_id {
                Some(rule) => format!("{}, {rule}", warning.group_id),
                None => self.group(&warning.group_id),
            };
            self.write_item(&format!("{about}: {}", warning.text), out)?;
        }
        Ok(())
    }

    fn write_left_alone(&self, left: &[LeftAlone], out: &mut dyn Write) -> io::Result<()> {
        if left.is_empty() {
            return Ok(());
        }
        self.write_heading("Left alone", HEADING, out)?;
        for group in left {
            let name = name_and_id(&group.group_name, &group.group_id);
            let rules = counted(group.rules, "rule");
            self.write_item(&format!("{name}, of which {rules} could change: {}", group.reason), out)?;
        }
        Ok(())
    }

    fn group(&self, id: &str) -> String {
        name_and_id(self.names.get(id).map_or("", String::as_str), id)
    }

    fn write_heading(&self, title: &str, ansi: Ansi, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out)?;
        writeln!(out, "{}", painted(title, ansi, self.style))
    }

    /// One point of a list, two columns in.
    fn write_item(&self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        for (position, line) in wrapped(text, self.style.width - 4).iter().enumerate() {
            let bullet = if position == 0 { "- " } else { "  " };
            writeln!(out, "  {bullet}{line}")?;
        }
        Ok(())
    }
}

/// `2.8e14 -> 257`.
fn change(before: U256, after: U256) -> String {
    format!("{} -> {}", wording::exposure(&before.to_string()), wording::exposure(&after.to_string()))
}

fn name_and_id(name: &str, id: &str) -> String {
    if name.is_empty() { id.to_owned() } else { format!("{name} ({id})") }
}
