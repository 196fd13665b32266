//! The report as GitHub-flavoured Markdown, for a pull request or a wiki page.
//!
//! The same parts in the same order as the table for the terminal. Text from elsewhere cannot leave its cell, make a
//! link or an image, call a person or bring HTML along.

use std::io::{self, Write};

use super::baseline::Changes;
use super::model::{GroupVerdict, Report, RuleReport};
use super::printable::printable;
use super::ranking::{self, Part, Ranked};
use super::totals::Totals;
use super::warnings::warnings;
use super::wording::{self, count, counted};

/// Lines of one kind of change that are shown; a longer list is for the JSON form.
const MOST_CHANGES: usize = 20;

/// Writes the report as one Markdown page, with what has changed since an earlier one.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_header(report, out)?;
    if let Some(changes) = &report.changes {
        write_changes(changes, out)?;
    }
    for part in Part::ALL {
        write_part(&ranking::rules_of(report, part), part, out)?;
    }
    write_groups(report, out)?;
    let found = warnings(report);
    if !found.is_empty() {
        write!(out, "\n## Warnings\n\n")?;
        for warning in found {
            writeln!(out, "- {} **Cure:** {}.", escaped(&warning.what), escaped(warning.cure))?;
            for sample in &warning.samples {
                writeln!(out, "  - {}", code(sample))?;
            }
        }
    }
    if !report.assumptions.is_empty() {
        write!(out, "\n## Assumptions\n\n")?;
        for assumption in &report.assumptions {
            writeln!(out, "- {}", escaped(&assumption.text))?;
        }
    }
    Ok(())
}

fn write_header(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let totals = Totals::of(report);
    writeln!(out, "# Security group rules and their use\n")?;
    writeln!(out, "**{}.**", escaped(&totals.rules_line()))?;
    if let Some(line) = totals.exposure_line() {
        writeln!(out, "{}", escaped(&line))?;
    }
    let logs = &report.logs;
    writeln!(
        out,
        "\nFrom {} to {}, {} with {}: {} accepted, {} rejected.",
        escaped(&report.window.start),
        escaped(&report.window.end),
        counted(logs.files, "file"),
        counted(logs.records, "record"),
        count(logs.accepted),
        count(logs.rejected),
    )
}

fn write_changes(changes: &Changes, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## {}\n", escaped(&changes.heading()))?;
    writeln!(out, "{}.", changes.summary())?;
    for part in changes.parts() {
        writeln!(out, "\n**{}** ({})\n", part.title, count(part.lines.len() as u64))?;
        for line in part.lines.iter().take(MOST_CHANGES) {
            writeln!(out, "- {}", escaped(line))?;
        }
        let rest = part.lines.len().saturating_sub(MOST_CHANGES);
        if rest > 0 {
            writeln!(out, "- and {} more", count(rest as u64))?;
        }
    }
    Ok(())
}

fn write_part(rules: &[Ranked<'_>], part: Part, out: &mut dyn Write) -> io::Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {} ({})\n", part.title(), count(rules.len() as u64))?;
    writeln!(out, "{}\n", escaped(part.advice()))?;
    writeln!(out, "| Verdict | Group | Rule | Dir | Ports | Peer | Exposure | Evidence | Why |")?;
    writeln!(out, "|---|---|---|---|---|---|--:|---|---|")?;
    for ranked in rules {
        let rule = ranked.rule;
        let mut why = escaped(&rule.reason);
        if let Some(advice) = wording::recommendation(rule) {
            why.push_str("<br>");
            why.push_str(&escaped(&advice));
        }
        writeln!(
            out,
            "| **{}** | {} | {} | {} | {} | {} | {} | {} | {why} |",
            wording::verdict(rule),
            group(&ranked.group.group_name, &ranked.group.group_id),
            rule_cell(rule),
            wording::direction(rule),
            escaped(&wording::protocol_and_ports(rule)),
            code(&rule.peer),
            wording::exposure(&rule.exposure),
            escaped(&wording::evidence(rule)),
        )?;
    }
    Ok(())
}

fn rule_cell(rule: &RuleReport) -> String {
    if rule.description.is_empty() {
        return code(&rule.rule_id);
    }
    format!("{} {}", code(&rule.rule_id), code(&rule.description))
}

fn write_groups(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let equal = ranking::equal_groups(report);
    let quiet: Vec<_> = report.groups.iter().filter(|group| group.verdict != GroupVerdict::Used).collect();
    if equal.is_empty() && quiet.is_empty() {
        return Ok(());
    }
    write!(out, "\n## Groups\n\n")?;
    for quiet in quiet {
        let finding = match quiet.verdict {
            GroupVerdict::Used => continue,
            GroupVerdict::Unattached => "**unattached**: on no interface",
            GroupVerdict::NoEvidence => "**no-evidence**: the logs could not have shown its use",
            GroupVerdict::Idle => "**idle**: its interfaces accepted nothing",
        };
        writeln!(out, "- {} {finding}", group(&quiet.group_name, &quiet.group_id))?;
    }
    for set in equal {
        let members: Vec<String> = set.iter().map(|id| code(id)).collect();
        writeln!(out, "- equal rules: {}", members.join(", "))?;
    }
    Ok(())
}

fn group(name: &str, id: &str) -> String {
    if name.is_empty() { code(id) } else { format!("{} {}", code(name), code(id)) }
}

/// Text from elsewhere as code. HTML's element rather than backticks, because a code span cannot hold every text, and
/// because GitHub makes no links to people and issues inside.
fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// Text in which nothing is markup: backslashes before Markdown's own characters, entities for HTML's, and links that
/// GitHub would make of addresses broken. Line breaks are shown as escapes, so a table keeps its rows.
fn escaped(text: &str) -> String {
    let text = printable(text);
    let mut safe = String::with_capacity(text.len() + 16);
    for (position, character) in text.char_indices() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '@' => safe.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '|' | '#' | '!' | '$' => {
                safe.push('\\');
                safe.push(character);
            }
            ':' if text[position..].starts_with("://") => safe.push_str("&#58;"),
            '.' if text[..position].to_ascii_lowercase().ends_with("www") => safe.push_str("&#46;"),
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::report::baseline::example::{changes, hostile_changes};
    use crate::report::example::{example, nasty};

    fn written(report: &Report) -> String {
        let mut bytes = Vec::new();
        write(report, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Cells of a line of a table: parted by pipes without a backslash before them.
    fn cells(line: &str) -> usize {
        line.replace("\\|", "").matches('|').count() - 1
    }

    #[test]
    fn every_rule_is_one_row_of_nine_cells() {
        for report in [example(), nasty()] {
            let text = written(&report);
            let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| **")).collect();
            assert_eq!(rows.len(), 9);
            for row in rows {
                assert_eq!(cells(row), 9, "{row}");
            }
        }
    }

    #[test]
    fn parts_come_in_the_order_of_the_table() {
        let text = written(&example());
        let headings: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(
            headings,
            [
                "# Security group rules and their use",
                "## Rules to act on, worst exposure first (3)",
                "## Rules wider than their traffic (1)",
                "## Rules that these logs cannot judge (3)",
                "## Rules in use (2)",
                "## Groups",
                "## Warnings",
                "## Assumptions",
            ]
        );
        assert!(text.contains("**9 rules in 4 groups: 1 unused"));
    }

    #[test]
    fn markup_from_elsewhere_is_text() {
        assert_eq!(escaped("a|b"), "a\\|b");
        assert_eq!(escaped("`x` *y* _z_"), "\\`x\\` \\*y\\* \\_z\\_");
        assert_eq!(escaped("<b>&amp;"), "&lt;b&gt;&amp;amp;");
        assert_eq!(escaped("a\nb\x1b"), "a\\\\nb\\\\x1b");
        assert_eq!(escaped("![x](https://e.example) @me #1"), "\\!\\[x\\](https&#58;//e.example) &#64;me \\#1");
        assert_eq!(escaped("WWW.e.example"), "WWW&#46;e.example");
        assert_eq!(escaped("\\|"), "\\\\\\|");
        assert_eq!(escaped("10.0.0.0/8, tcp 22-25"), "10.0.0.0/8, tcp 22-25");
    }

    #[test]
    fn changes_stand_first_and_say_how_many_more_there_are() {
        let mut report = example();
        report.changes = Some(changes());
        let text = written(&report);
        let heading = text.find("## Since the report of 2024-04-30T23:59:59Z").unwrap();
        assert!(heading < text.find("## Rules to act on").unwrap());
        assert!(text.contains("1 newly unused or redundant, 1 new rule, 25 gone rules, 1 gone group."));
        assert!(text.contains(
            "- web (sg-00000000000000001) sgr-0000000000000011, in tcp 22 from 0.0.0.0/0: used -&gt; likely-unused"
        ));
        assert_eq!(text.matches(": was unused\n").count(), 20);
        assert!(text.contains("- and 5 more\n"));
    }

    #[test]
    fn no_html_but_our_own() {
        let mut report = nasty();
        report.changes = Some(hostile_changes());
        let text = written(&report).replace("<code>", "").replace("</code>", "").replace("<br>", "");
        assert!(!text.contains('<'));
        assert!(!text.contains("://"));
        assert!(text.chars().all(|character| character == '\n' || !character.is_control()));
    }
}
