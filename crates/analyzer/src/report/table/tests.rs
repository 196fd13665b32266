//! The table on reports made by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::layout::CAUTION;
use super::rules::color_of;
use super::*;
use crate::report::baseline::Changes;
use crate::report::baseline::example::{changes, hostile_changes};
use crate::report::example::{example, nasty};
use crate::report::model::Verdict;
use crate::report::printable::printable;

fn written(report: &Report, color: bool, width: usize) -> String {
    let mut bytes = Vec::new();
    write(report, Style { color, width }, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Our own colours taken out; what remains of escape characters came from the input.
fn without_own_colors(text: &str) -> String {
    let mut ours: Vec<Ansi> = Verdict::ALL.map(color_of).to_vec();
    ours.extend([HEADING.fg_color(Some(AnsiColor::Yellow.into())), HEADING, FAINT, CAUTION]);
    // The longest first: bold and red begins like bold.
    let mut sequences: Vec<String> = ours.iter().map(ToString::to_string).collect();
    sequences.push(format!("{HEADING:#}"));
    sequences.sort_by_key(|sequence| std::cmp::Reverse(sequence.len()));
    let mut plain = text.to_owned();
    for sequence in sequences {
        plain = plain.replace(&sequence, "");
    }
    plain
}

#[test]
fn every_rule_stands_with_its_verdict_ids_and_reason() {
    let report = example();
    for width in [80, 100, 160] {
        let text = written(&report, false, width);
        for group in &report.groups {
            for rule in &group.rules {
                let ids = format!("{} {}", group.group_id, rule.rule_id);
                let at = text.find(&ids).unwrap_or_else(|| panic!("{ids} is not there at {width}"));
                let reason = text[at..].lines().nth(1).unwrap_or_default().trim_start();
                assert_eq!(reason, rule.reason);
                let above = text[..at].lines().rev().find(|line| !line.starts_with(' '));
                let facts = above.unwrap_or_default();
                assert!(facts.starts_with(wording::verdict(rule)), "{facts} is not about {ids}");
            }
        }
    }
}

#[test]
fn nothing_is_cut_on_a_narrow_terminal() {
    let report = nasty();
    let without_space = |text: &str| text.split_whitespace().collect::<String>();
    let text = without_space(&written(&report, false, 60));
    for rule in report.groups.iter().flat_map(|group| &group.rules) {
        for part in [&rule.rule_id, &rule.reason, &rule.description] {
            assert!(text.contains(&without_space(&printable(part))), "{part}");
        }
    }
}

#[test]
fn worst_exposure_first_and_totals_last() {
    let text = written(&example(), false, 120);
    let mut from = 0;
    for expected in [
        "Window     2024-05-01T00:00:00Z to 2024-05-31T23:59:59Z (31.0 days)",
        "Logs       16 files, 4,000,000 records: 3,800,000 accepted, 150,000 rejected",
        "Inventory  1 snapshot (1 undated), 2 interfaces",
        "Rules to act on, worst exposure first (3)",
        "sgr-0000000000000021",
        "sgr-0000000000000011",
        "sgr-0000000000000022",
        "Rules wider than their traffic (1)",
        "tcp 443 from 198.51.100.0/24, 203.0.113.7/32 would do",
        "Rules that these logs cannot judge (3)",
        "Rules in use (2)",
        "used?",
        "Groups",
        "old-a (sg-00000000000000003) idle",
        "old-b (sg-00000000000000004) unattached",
        "equal rules: old-a (sg-00000000000000003), old-b (sg-00000000000000004)",
        "Warnings",
        "logs/a.log.gz:17: 13 fields where the header names 14",
        "Assumptions",
        "Totals     9 rules in 4 groups: 1 unused",
        "Exposure   2.8e14 of 5.6e14",
    ] {
        let found = text[from..].find(expected).unwrap_or_else(|| panic!("{expected} is missing or too early"));
        from += found + expected.len();
    }
}

#[test]
fn a_peer_that_is_a_group_is_named() {
    assert!(written(&example(), false, 160).contains("sg-00000000000000002 (db)"));
}

#[test]
fn lines_fit_the_width() {
    for width in [60, 80, 100, 160] {
        for line in written(&example(), false, width).lines() {
            assert!(line.chars().count() <= width, "{} columns of {width}: {line}", line.chars().count());
            assert_eq!(line, line.trim_end());
        }
    }
}

#[test]
fn without_color_no_escape_is_written_and_with_it_only_our_own() {
    for report in [example(), nasty()] {
        let plain = written(&report, false, 100);
        assert!(!plain.contains('\x1b'));
        let colored = written(&report, true, 100);
        assert!(colored.contains("\x1b[1m"));
        assert_eq!(without_own_colors(&colored), plain);
    }
}

#[test]
fn hostile_text_never_reaches_the_terminal() {
    let mut report = nasty();
    report.changes = Some(hostile_changes());
    let text = written(&report, false, 160);
    assert!(text.contains("\\x1b[2Jweb"));
    let unsafe_characters: Vec<char> =
        text.chars().filter(|character| character.is_control() && *character != '\n').collect();
    assert_eq!(unsafe_characters, Vec::<char>::new());
    assert!(!text.contains('\u{202e}'));
    assert!(text.contains("\\x1b]0;owned\\x07.gz:17"));
}

#[test]
fn changes_stand_behind_the_head_and_are_cut_after_twenty_lines() {
    let mut report = example();
    report.changes = Some(changes());
    for (color, width) in [(false, 60), (false, 100), (true, 160)] {
        let text = written(&report, color, width);
        assert!(text.find("Since the report of 2024-04-30T23:59:59Z").unwrap() < text.find("Rules to act on").unwrap());
        assert_eq!(text.matches("- sg-gone sgr-gone").count(), 20);
        assert!(text.contains("- and 5 more"));
        for line in without_own_colors(&text).lines() {
            assert!(line.chars().count() <= width, "{line}");
        }
    }
    let text = written(&report, false, 160);
    assert!(text.contains("1 newly unused or redundant, 1 new rule, 25 gone rules, 1 gone group."));
    let line = "- web (sg-00000000000000001) sgr-0000000000000011, in tcp 22 from 0.0.0.0/0: used -> likely-unused\n";
    assert!(text.contains(line));
    report.changes = Some(Changes::default());
    assert!(written(&report, false, 160).contains("\nNo rule has another verdict, none came and none went.\n"));
}

#[test]
fn an_empty_report_still_says_its_window_and_totals() {
    let mut report = example();
    report.groups.clear();
    report.interfaces.clear();
    report.assumptions.clear();
    report.logs = crate::report::model::Logs::default();
    let text = written(&report, false, 0);
    assert!(text.starts_with("Window"));
    assert!(text.ends_with("Totals     0 rules in 0 groups\n"));
    assert!(!text.contains("Warnings"));
}

#[test]
fn wide_characters_take_two_columns() {
    let mut report = example();
    report.groups[0].group_name = "日本語のとても長い名前".repeat(4);
    let text = written(&report, false, 100);
    // Each of these takes two columns, so a line with n of them has at most 100 - n characters.
    for line in text.lines() {
        let wide = line.chars().filter(|character| *character > '\u{3000}').count();
        assert!(line.chars().count() + wide <= 100, "{line}");
    }
}
