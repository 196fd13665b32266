//! What has changed since an earlier report.

use std::io::{self, Write};

use super::layout::{FAINT, Style, painted, wrapped};
use super::{write_heading, write_item};
use crate::report::baseline::Changes;
use crate::report::wording::count;

/// Lines of one kind that are shown; a longer list is for the JSON form.
const MOST_LINES: usize = 20;

pub(super) fn write_changes(changes: &Changes, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (position, line) in wrapped(&changes.heading(), style.width).iter().enumerate() {
        if position == 0 {
            write_heading(line, style, out)?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    for line in wrapped(&format!("{}.", changes.summary()), style.width) {
        writeln!(out, "{}", painted(&line, FAINT, style))?;
    }
    for part in changes.parts() {
        writeln!(out)?;
        writeln!(out, "  {} ({})", part.title, count(part.lines.len() as u64))?;
        for line in part.lines.iter().take(MOST_LINES) {
            write_item(line, style, out)?;
        }
        let rest = part.lines.len().saturating_sub(MOST_LINES);
        if rest > 0 {
            write_item(&format!("and {} more", count(rest as u64)), style, out)?;
        }
    }
    Ok(())
}
