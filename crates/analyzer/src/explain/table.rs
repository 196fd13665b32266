//! The explanation for a person at a terminal.
//!
//! ```text
//! Rule       sgr-0123456789abcdef0: in tcp 443 from 0.0.0.0/0
//! Verdict    used: 1,204 requests passed by it.
//!
//! Peers (2)
//!
//! ADDRESS       RECORDS  BYTES      FIRST                 LAST                  NAME
//! 198.51.100.7    1,200  3,600,000  2026-03-01T00:00:10Z  2026-03-31T23:00:00Z  EC2 eu-west-1, Ireland
//! 10.0.1.20           4      9,000  2026-03-02T08:00:00Z  2026-03-02T08:09:00Z  eni-0a1b "ELB app/web" (front)
//! ```

mod chart;
mod group;
mod missing;
mod rule;
mod sheet;

use super::model::{Explanation, GroupFacts, PeerExplained, Tag};
use crate::report::table::Style;
use crate::report::wording::{self, count};
use sheet::Sheet;
use std::io::{self, Write};

/// Writes the explanation for people. Escape sequences are written only if the style allows colours, and are then only
/// our own.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(explanation: &Explanation, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::new(style, out);
    let window = &explanation.window;
    let length = wording::days_between(&window.start, &window.end);
    let length = length.map_or(String::new(), |days| format!(" ({days})"));
    sheet.labelled("Window", &format!("{} to {}{length}", window.start, window.end))?;
    if let Some(group) = &explanation.group {
        group::write(group, &mut sheet)?;
    }
    for (number, rule) in explanation.rules.iter().enumerate() {
        if number > 0 {
            sheet.blank()?;
        }
        rule::write(rule, &mut sheet)?;
    }
    Ok(())
}

fn write_group_facts(facts: &GroupFacts, sheet: &mut Sheet<'_>) -> io::Result<()> {
    let mut text = facts.group_id.clone();
    if !facts.group_name.is_empty() {
        text = format!("{} ({})", facts.group_name, facts.group_id);
    }
    if !facts.vpc_id.is_empty() {
        text.push_str(&format!(" in {}", facts.vpc_id));
    }
    if !facts.owner_id.is_empty() {
        text.push_str(&format!(" of account {}", facts.owner_id));
    }
    if !facts.description.is_empty() {
        text.push_str(&format!(": \"{}\"", facts.description));
    }
    sheet.labelled("Group", &text)
}

fn write_tags(tags: &[Tag], sheet: &mut Sheet<'_>) -> io::Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    let tags: Vec<String> = tags.iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect();
    sheet.labelled("Tags", &tags.join(", "))
}

fn write_peers(peers: &[PeerExplained], more: u64, sheet: &mut Sheet<'_>) -> io::Result<()> {
    if peers.is_empty() {
        return Ok(());
    }
    let all = peers.len() as u64 + more;
    let title = match more {
        0 => format!("Peers ({})", count(all)),
        _ => format!("Peers (the busiest {} of {}; --peers shows more)", count(peers.len() as u64), count(all)),
    };
    sheet.heading(&title)?;
    let mut rows = Vec::new();
    for peer in peers {
        rows.push(vec![
            peer.address.to_string(),
            count(peer.records),
            count(peer.bytes),
            peer.first_seen.clone(),
            peer.last_seen.clone(),
            peer.name.words(),
        ]);
    }
    sheet.table(&["ADDRESS", "RECORDS", "BYTES", "FIRST", "LAST", "NAME"], &[1, 2], &rows)?;
    if peers.iter().any(|peer| peer.records == 0) {
        sheet.note("0 records: nothing but answers proves that there was a request.")?;
    }
    Ok(())
}
