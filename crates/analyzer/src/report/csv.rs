//! The report as comma-separated values: one row a rule, all of its evidence, safe to open in a spreadsheet.
//!
//! A spreadsheet computes a cell that begins with `=`, `+`, `-` or `@` (OWASP, "CSV Injection"), and names and
//! descriptions are written by whoever may edit a security group. Such a cell gets an apostrophe in front, which
//! spreadsheets take for "this is text".

use std::borrow::Cow;
use std::io::{self, Write};

use super::baseline::Changes;
use super::model::{GroupReport, GroupVerdict, Report, RuleReport, Verdict};
use super::wording;

/// The columns, in order. Times are RFC 3339, counts are flow log records, lists are separated by a comma and a space.
const COLUMNS: [&str; 36] = [
    "group_id",
    "group_name",
    "vpc_id",
    "owner_id",
    "group_verdict",
    "group_interfaces",
    "same_rules_as",
    "rule_id",
    "direction",
    "protocol",
    "from_port",
    "to_port",
    "peer",
    "description",
    "verdict",
    "reason",
    "exposure",
    "requests",
    "packets",
    "bytes",
    "first_seen",
    "last_seen",
    "peers",
    "ports",
    "ambiguous",
    "assumed_replies",
    "unplaced",
    "untracked_answers",
    "sole_cover",
    "observed_hours",
    "recommended_ports",
    "recommended_peers",
    "exposure_before",
    "exposure_after",
    "window_start",
    "window_end",
];

/// The last column, where an earlier report is compared with: the verdict there, empty for a rule that was not there.
const VERDICT_BEFORE: &str = "verdict_before";

/// Writes a header and one row for every rule, in the order of the report. Groups without rules have no row; nor have rules that only an
/// earlier report has.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = csv::Writer::from_writer(out);
    let before = report.changes.as_ref().map(Changes::verdicts_before);
    rows.write_record(COLUMNS.into_iter().chain(before.as_ref().map(|_| VERDICT_BEFORE)))?;
    for group in &report.groups {
        for rule in &group.rules {
            let cells = cells(report, group, rule);
            let verdict_before = before.as_ref().map(|before| {
                let changed = before.get(&(group.group_id.as_str(), rule.rule_id.as_str()));
                changed.copied().unwrap_or(Some(rule.verdict)).map_or("", Verdict::name)
            });
            let cells = cells.iter().map(String::as_str).chain(verdict_before);
            rows.write_record(cells.map(|cell| inert(cell).into_owned()))?;
        }
    }
    rows.flush()
}

fn cells(report: &Report, group: &GroupReport, rule: &RuleReport) -> [String; COLUMNS.len()] {
    let evidence = &rule.evidence;
    let advice = rule.recommendation.as_ref();
    [
        group.group_id.clone(),
        group.group_name.clone(),
        group.vpc_id.clone(),
        group.owner_id.clone(),
        group_verdict(group.verdict).to_owned(),
        group.interfaces.join(", "),
        group.same_rules_as.join(", "),
        rule.rule_id.clone(),
        rule.direction.to_owned(),
        rule.protocol.clone(),
        rule.from_port.map(|port| port.to_string()).unwrap_or_default(),
        rule.to_port.map(|port| port.to_string()).unwrap_or_default(),
        rule.peer.clone(),
        rule.description.clone(),
        rule.verdict.name().to_owned(),
        rule.reason.clone(),
        rule.exposure.clone(),
        evidence.requests.to_string(),
        evidence.packets.to_string(),
        evidence.bytes.to_string(),
        evidence.first_seen.clone().unwrap_or_default(),
        evidence.last_seen.clone().unwrap_or_default(),
        evidence.peers.to_string(),
        wording::ports_in_use(&evidence.ports),
        evidence.ambiguous.to_string(),
        evidence.assumed_replies.to_string(),
        evidence.unplaced.to_string(),
        evidence.untracked_answers.to_string(),
        evidence.sole_cover.to_string(),
        evidence.observed_hours.to_string(),
        advice.map(|advice| wording::port_spans(&advice.ports)).unwrap_or_default(),
        advice.map(|advice| advice.peers.join(", ")).unwrap_or_default(),
        advice.map(|advice| advice.exposure_before.clone()).unwrap_or_default(),
        advice.map(|advice| advice.exposure_after.clone()).unwrap_or_default(),
        report.window.start.clone(),
        report.window.end.clone(),
    ]
}

fn group_verdict(verdict: GroupVerdict) -> &'static str {
    match verdict {
        GroupVerdict::Used => "used",
        GroupVerdict::Idle => "idle",
        GroupVerdict::Unattached => "unattached",
        GroupVerdict::NoEvidence => "no-evidence",
    }
}

/// The cell with an apostrophe in front if a spreadsheet would compute it: the four signs, their full-width forms,
/// and the white space that some spreadsheets strip before they look.
fn inert(cell: &str) -> Cow<'_, str> {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            Cow::Owned(format!("'{cell}"))
        }
        _ => Cow::Borrowed(cell),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::report::baseline::example::changes;
    use crate::report::example::{example, nasty};

    fn rows(report: &Report) -> Vec<csv::StringRecord> {
        let mut bytes = Vec::new();
        write(report, &mut bytes).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
        reader.records().map(|record| record.unwrap()).collect()
    }

    fn cell<'row>(row: &'row csv::StringRecord, column: &str) -> &'row str {
        let place = COLUMNS.iter().position(|name| *name == column).unwrap_or_else(|| panic!("no column {column}"));
        &row[place]
    }

    #[test]
    fn one_row_a_rule_with_its_evidence() {
        let report = example();
        let rows = rows(&report);
        assert_eq!(rows.len(), 1 + 9);
        let wide = &rows[2];
        assert_eq!(cell(wide, "group_id"), "sg-00000000000000001");
        assert_eq!(cell(wide, "rule_id"), "sgr-0000000000000012");
        assert_eq!((cell(wide, "from_port"), cell(wide, "to_port")), ("0", "65535"));
        assert_eq!(cell(wide, "verdict"), "used");
        assert_eq!(cell(wide, "requests"), "120400");
        assert_eq!(cell(wide, "bytes"), "1234567890");
        assert_eq!(cell(wide, "first_seen"), "2024-05-01T00:00:10Z");
        assert_eq!(cell(wide, "ports"), "443 (120400)");
        assert_eq!(cell(wide, "observed_hours"), "744");
        assert_eq!(cell(wide, "recommended_ports"), "443");
        assert_eq!(cell(wide, "recommended_peers"), "198.51.100.0/24, 203.0.113.7/32");
        assert_eq!(cell(wide, "exposure_after"), "257");
        assert_eq!(cell(&rows[1], "last_seen"), "");
        assert_eq!(cell(&rows[5], "from_port"), "");
    }

    #[test]
    fn the_verdict_before_is_one_more_column() {
        let mut report = example();
        report.changes = Some(changes());
        let rows = rows(&report);
        assert_eq!(rows[0].len(), COLUMNS.len() + 1);
        assert_eq!(&rows[0][COLUMNS.len()], "verdict_before");
        let mut before: Vec<(String, String)> = Vec::new();
        for row in &rows[1..] {
            before.push((cell(row, "rule_id").to_owned(), row[COLUMNS.len()].to_owned()));
        }
        // By the list of changes: 11 was used, 23 is new; 12 is not listed, so it is what it was.
        assert!(before.contains(&("sgr-0000000000000011".to_owned(), "used".to_owned())));
        assert!(before.contains(&("sgr-0000000000000023".to_owned(), String::new())));
        assert!(before.contains(&("sgr-0000000000000012".to_owned(), "used".to_owned())));
        assert_eq!(before.len(), 9);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for row in rows(&nasty()) {
            for cell in &row {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']), "{cell:?}");
            }
        }
    }

    #[test]
    fn the_text_behind_the_apostrophe_is_whole() {
        let report = nasty();
        let rows = rows(&report);
        assert_eq!(cell(&rows[1], "group_name"), "'=HYPERLINK(\"http://x.example\",\"click\")");
        assert_eq!(cell(&rows[1], "rule_id"), "'@SUM(1+1)");
        assert_eq!(cell(&rows[1], "description"), "'=cmd|' /C calc'!A0");
        assert_eq!(cell(&rows[3], "description"), "'\t=1+1\r\n-2");
        // Line breaks inside a cell do not make another row.
        assert_eq!(rows.len(), 1 + 9);
        assert_eq!(cell(&rows[5], "group_name"), report.groups[1].group_name);
    }

    #[test]
    fn full_width_signs_count_as_signs() {
        assert_eq!(inert("＝1"), "'＝1");
        assert_eq!(inert("a=1"), "a=1");
        assert_eq!(inert(""), "");
    }
}
