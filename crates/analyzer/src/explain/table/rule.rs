//! One rule.

use super::super::model::{GroundCount, RuleExplained};
use super::super::rule::words;
use super::chart::chart;
use super::missing;
use super::sheet::Sheet;
use super::{write_group_facts, write_peers, write_tags};
use crate::report::model::Verdict;
use crate::report::wording::{self, count, counted};
use std::io;

pub(super) fn write(explained: &RuleExplained, sheet: &mut Sheet<'_>) -> io::Result<()> {
    let rule = &explained.rule;
    let mut text = format!("{}: {}", rule.rule_id, words(rule));
    if !rule.description.is_empty() {
        text.push_str(&format!(", \"{}\"", rule.description));
    }
    sheet.labelled("Rule", &text)?;
    write_tags(&explained.tags, sheet)?;
    write_group_facts(&explained.group, sheet)?;
    sheet.labelled("Verdict", &format!("{}: {}", wording::verdict(rule), rule.reason))?;
    if rule.verdict != Verdict::Unresolved {
        sheet.labelled("Exposure", &format!("{} (addresses x ports)", wording::exposure(&explained.exposure)))?;
    }
    if let Some(since) = &explained.exists_since {
        sheet.labelled("Since", &format!("{since}; an earlier snapshot lacks it"))?;
    }
    sheet.labelled("Evidence", &wording::evidence(rule))?;
    let evidence = &rule.evidence;
    if let (Some(first), Some(last)) = (&evidence.first_seen, &evidence.last_seen) {
        let size = format!("{} and {}", counted(evidence.packets, "packet"), counted(evidence.bytes, "byte"));
        sheet.labelled("Seen", &format!("{first} to {last}: {size}, {}", counted(evidence.peers, "peer")))?;
    }
    if !evidence.ports.is_empty() {
        let answers = if explained.answers > 0 { "; records and answers" } else { "" };
        sheet.labelled("Ports", &format!("{}{answers}", wording::ports_in_use(&evidence.ports)))?;
    }
    write_grounds("Opened by", &explained.opened_by, sheet)?;
    if explained.answers > 0 {
        let records = counted(explained.answers, "record");
        let missing = if explained.opened_by.is_empty() { "; the requests themselves are not in the logs" } else { "" };
        sheet.labelled("Answers", &format!("{records} as answers to what it allows, or may allow{missing}"))?;
    }
    write_grounds("Set aside", &explained.assumed_replies_by, sheet)?;
    if let Some(advice) = wording::recommendation(rule) {
        sheet.labelled("Less", &advice)?;
    }
    write_peers(&explained.peers, explained.more_peers, sheet)?;
    write_timeline(explained, sheet)?;
    write_covered(explained, sheet)?;
    missing::write(missing::title(rule), &explained.missing, sheet)
}

fn write_grounds(label: &str, grounds: &[GroundCount], sheet: &mut Sheet<'_>) -> io::Result<()> {
    for (position, ground) in grounds.iter().enumerate() {
        let label = if position == 0 { label } else { "" };
        sheet.labelled(label, &format!("{} {}", count(ground.records), ground.meaning))?;
    }
    Ok(())
}

fn write_timeline(explained: &RuleExplained, sheet: &mut Sheet<'_>) -> io::Result<()> {
    let Some((length, lines)) = chart(&explained.timeline, sheet.width()) else {
        return Ok(());
    };
    sheet.heading(&format!("When it was used (each line is {length}, UTC)"))?;
    lines.iter().try_for_each(|line| sheet.line(line))
}

fn write_covered(explained: &RuleExplained, sheet: &mut Sheet<'_>) -> io::Result<()> {
    let covered = &explained.covered;
    // What only answers prove is not counted by what covers it.
    if explained.opened_by.is_empty() {
        return Ok(());
    }
    sheet.heading("What else allows its uses")?;
    for other in &covered.also {
        sheet.item(&format!("{} surely by {} ({})", count(other.records), other.rule_id, other.rule))?;
    }
    match covered.only_this {
        0 if covered.also.is_empty() => sheet.item("no other rule of the group surely does"),
        0 => sheet.item("none by this rule alone"),
        only => sheet.item(&format!("{} by no other rule of the group, as far as is sure", count(only))),
    }
}
