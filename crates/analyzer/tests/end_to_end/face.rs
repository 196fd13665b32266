//! How the program behaves towards shells, terminals and spreadsheets.

use crate::program::{Ran, program, run};
use crate::samples::{INVENTORY, LOGS};
use serde_json::Value;
use std::fs;
use std::process::Command;

fn report(more: &[&str]) -> Ran {
    run(["report", LOGS, "--inventory", INVENTORY, "--min-days", "2"].iter().chain(more))
}

#[test]
fn a_verdict_that_is_asked_for_ends_with_3() {
    assert_eq!(report(&["--fail-on", "unused"]).code, Some(3));
    assert_eq!(report(&["--fail-on", "likely-unused,redundant"]).code, Some(3));
    // The report is written all the same.
    assert_eq!(report(&["--fail-on", "unused"]).stdout, report(&[]).stdout);
    // Nothing is proven in so short a time.
    assert_eq!(
        report(&["--fail-on", "unused,redundant,likely-unused", "--min-days", "30"]).code,
        Some(2),
        "given twice"
    );
    let ran = run(["report", LOGS, "--inventory", INVENTORY, "--fail-on", "unused,redundant,likely-unused"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    report(&["--fail-on", "unsued"]).assert_says(2, &["unsued", "unused"]).assert_nothing_written();
}

#[test]
fn the_window_can_be_narrowed() {
    let whole = report(&["--output", "json"]).json();
    let day = report(&["--output", "json", "--since", "2026-03-02", "--until", "2026-03-02"]).json();
    assert_eq!(day["window"]["start"], "2026-03-02T00:00:00Z");
    assert_eq!(day["window"]["end"], "2026-03-02T23:59:59Z");
    let records = |report: &Value| report["logs"]["records"].as_u64().unwrap();
    assert!(records(&day) > 0 && records(&day) < records(&whole));
    let hours =
        report(&["--output", "json", "--since", "2026-03-02T06:00:00Z", "--until", "2026-03-02T08:00:00+02:00"]);
    assert_eq!(hours.json()["window"]["start"], "2026-03-02T06:00:00Z");
    assert_eq!(hours.json()["window"]["end"], "2026-03-02T06:00:00Z");
    // Whole windows of other times hold nothing.
    for nothing in [["--since", "2027-01-01"], ["--until", "2020-01-01"]] {
        report(&nothing).assert_says(1, &["no flow log record", "--since and --until"]).assert_nothing_written();
    }
    report(&["--since", "2026-03-03", "--until", "2026-03-01"]).assert_says(2, &["--since is after --until"]);
    // The three days together are the whole.
    let mut sum = 0;
    for date in ["2026-03-01", "2026-03-02", "2026-03-03"] {
        sum += records(&report(&["--output", "json", "--since", date, "--until", date]).json());
    }
    // A record across midnight counts on both days.
    assert!(sum >= records(&whole) && sum < records(&whole) + 200, "{sum} of {}", records(&whole));
}

/// The cells of a CSV, by the rules of RFC 4180.
fn cells(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                rows.last_mut().unwrap().last_mut().unwrap().push('"');
                letters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => rows.last_mut().unwrap().push(String::new()),
            '\r' if !quoted => {}
            '\n' if !quoted => rows.push(vec![String::new()]),
            other => rows.last_mut().unwrap().last_mut().unwrap().push(other),
        }
    }
    rows.pop();
    rows
}

#[test]
fn no_cell_is_a_formula() {
    // Names and descriptions are anybody's: here they are all formulas.
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(INVENTORY).unwrap() {
        let path = entry.unwrap().path();
        let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\"=1", "a\n=1", "=HYPERLINK(\"x\",\"y\")"];
        let mut turn = 0;
        for key in ["SecurityGroups", "SecurityGroupRules"] {
            for item in document.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
                turn += 1;
                for name in ["GroupName", "Description"] {
                    if item.get(name).is_some() {
                        item[name] = evil[turn % evil.len()].into();
                    }
                }
            }
        }
        fs::write(folder.path().join(path.file_name().unwrap()), document.to_string()).unwrap();
    }
    let ran =
        run(["report", LOGS, "--inventory", folder.path().to_str().unwrap(), "--output", "csv", "--min-days", "2"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let rows = cells(&ran.stdout);
    let json = report(&["--output", "json"]).json();
    assert_eq!(rows.len(), 1 + crate::program::verdicts(&json).len(), "one row a rule, and the header");
    let mut guarded = 0;
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        guarded += usize::from(cell.starts_with('\''));
    }
    assert!(guarded > 5);
    for row in &rows {
        assert_eq!(row.len(), rows[0].len());
    }
}

#[test]
fn nothing_dangerous_reaches_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(INVENTORY).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let evil = text.replace("\"Description\": \"", "\"Description\": \"\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m");
        fs::write(folder.path().join(path.file_name().unwrap()), evil).unwrap();
    }
    for form in ["table", "markdown"] {
        let ran = run(["report", LOGS, "--inventory", folder.path().to_str().unwrap(), "--output", form]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stdout.contains("owned"));
        let control = |letter: &char| letter.is_control() && *letter != '\n';
        assert_eq!(ran.stdout.chars().find(control), None, "{form}");
    }
}

#[test]
fn a_reader_that_has_enough() {
    for form in ["table", "json", "csv", "markdown"] {
        let script =
            r#""$0" report "$1" --inventory "$2" --output "$3" | head -1 > /dev/null; echo "${PIPESTATUS[0]}""#;
        let ran: Ran = Command::new("bash")
            .args(["-c", script, env!("CARGO_BIN_EXE_sg-audit"), LOGS, INVENTORY, form])
            .output()
            .expect("this test needs bash")
            .into();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("0\n", ""), "{form}");
    }
}

/// What the program prints when its output is a terminal, 100 columns wide.
fn on_terminal(variables: &[(&str, &str)]) -> String {
    let line = format!("'{}' report '{LOGS}' --inventory '{INVENTORY}' --quiet", env!("CARGO_BIN_EXE_sg-audit"));
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .env("COLUMNS", "100")
        .envs(variables.iter().copied())
        .output()
        .expect("this test needs `script` (package bsdutils or util-linux)");
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn colours_are_for_terminals() {
    assert!(on_terminal(&[]).contains("\x1b["));
    assert!(!on_terminal(&[("NO_COLOR", "1")]).contains('\x1b'));
    assert!(!on_terminal(&[("TERM", "dumb")]).contains('\x1b'));
    assert!(on_terminal(&[("NO_COLOR", "")]).contains("\x1b["), "empty counts as not set");
    assert!(!report(&[]).stdout.contains('\x1b'));
    for line in on_terminal(&[("NO_COLOR", "1")]).lines() {
        assert!(line.trim_end().chars().count() <= 100, "{line}");
    }
}

#[test]
fn quiet_says_nothing_beside_the_result() {
    for form in ["table", "json", "csv", "markdown"] {
        let ran = report(&["--quiet", "--output", form]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        assert!(!ran.stdout.is_empty());
    }
}

#[test]
fn a_report_into_a_file_appears_whole() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report.json");
    let ran = report(&["--output", "json", "--out", out.to_str().unwrap()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&out).unwrap(), report(&["--output", "json"]).stdout);
    // Nothing else is left beside it, and a run that fails leaves it as it was.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    report(&["--since", "2030-01-01", "--out", out.to_str().unwrap()]).assert_says(1, &[]);
    assert_eq!(fs::read_to_string(&out).unwrap(), report(&["--output", "json"]).stdout);
    report(&["--out", "/proc/none/report"]).assert_says(1, &["cannot write the report to /proc/none/report"]);
}

#[test]
fn the_order_of_arguments_and_threads_changes_nothing() {
    let objects = crate::samples::objects();
    let mut names: Vec<&str> = objects.iter().map(|path| path.to_str().unwrap()).collect();
    for form in ["table", "json", "csv", "markdown"] {
        let report = |names: &[&str], threads: &str| {
            let rest = ["--inventory", INVENTORY, "--output", form, "--threads", threads];
            let ran = run(["report"].iter().chain(names).chain(&rest));
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            ran.stdout
        };
        let expected = report(&names, "1");
        names.reverse();
        assert_eq!(report(&names, "2"), expected);
        names.rotate_left(7);
        assert_eq!(report(&names, "3"), expected);
        // Named twice, read once.
        let twice = [names.clone(), names.clone()].concat();
        assert_eq!(report(&twice, "2"), expected);
    }
}

#[test]
fn completions_and_manual_come_from_the_same_definitions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = program().args(["completions", shell]).output().unwrap();
        assert_eq!(script.status.code(), Some(0), "{shell}");
        let script = String::from_utf8(script.stdout).unwrap();
        for word in ["report", "rollup", "min-coverage", "fail-on"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(["man", "--out", folder.path().to_str().unwrap()]).code, Some(0));
    let page = fs::read_to_string(folder.path().join("sg-audit-report.1")).unwrap();
    for option in ["inventory", "min\\-coverage", "fail\\-on", "since"] {
        assert!(page.contains(option), "{option}");
    }
    let errors = Command::new("man").args(["--warnings", "-l"]).arg(folder.path().join("sg-audit.1")).output();
    if let Ok(errors) = errors {
        assert_eq!(String::from_utf8(errors.stderr).unwrap(), "");
    }
}
