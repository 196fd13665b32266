//! What is missing, and how to get it.

use super::super::model::{Gapped, Missing, UnplacedRecords};
use super::sheet::Sheet;
use crate::report::model::{RuleReport, Verdict};
use crate::report::wording::{self, count, counted};
use std::io;

/// What gates that do not hold mean for a rule with this verdict.
pub(super) fn title(rule: &RuleReport) -> &'static str {
    match rule.verdict {
        Verdict::Used | Verdict::Redundant => "What keeps it from being narrowed by proof",
        _ => "What is missing for a proof",
    }
}

pub(super) fn write(title: &str, missing: &[Missing], sheet: &mut Sheet<'_>) -> io::Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    sheet.heading(title)?;
    for gate in missing {
        sheet.item(&format!("{}: {}.", gate.verdict.name(), gate.what))?;
        for interface in &gate.interfaces {
            sheet.below(&gaps(interface))?;
        }
        for records in &gate.unplaced {
            sheet.below(&unplaced(records))?;
        }
        for sample in &gate.samples {
            sheet.below(sample)?;
        }
        for cure in &gate.cures {
            sheet.cure(cure)?;
        }
    }
    Ok(())
}

fn gaps(interface: &Gapped) -> String {
    let mut parts = Vec::new();
    for gap in &interface.gaps {
        let skipped = if gap.skipped { " (SKIPDATA)" } else { "" };
        parts.push(format!("{} to {}{skipped}", gap.from, gap.to));
    }
    if interface.more_gaps > 0 {
        parts.push(format!("and {}", counted(interface.more_gaps, "shorter gap")));
    }
    let gaps = if parts.is_empty() { String::new() } else { format!("; gaps: {}", parts.join(", ")) };
    format!("{}: {} covered{gaps}", interface.interface_id, wording::share(interface.coverage))
}

fn unplaced(records: &UnplacedRecords) -> String {
    let vpc = records.vpc_id.as_deref().map_or(String::new(), |vpc| format!(" in {vpc}"));
    format!(
        "{} of {}{vpc}, {} to {}, such as with {}",
        count(records.records),
        records.interface_id,
        records.first_seen,
        records.last_seen,
        records.peer
    )
}
