//! The binary as a person calls it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reading;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use reading::{files, text_records};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flow-simulate")).args(arguments).output().unwrap()
}

/// Three hundred records of the benchmark, in two objects, of a day that begins then.
fn day(start: &str, out: &Path) {
    let output = run(&[
        "--scenario",
        "bench",
        "--records",
        "300",
        "--files",
        "2",
        "--start",
        start,
        "--out",
        out.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn bytes(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    files(folder).iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

#[test]
fn help_tells_every_option_in_the_order_of_use() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    let mut shown = Vec::new();
    for line in help.lines() {
        let option = line.trim_start().trim_start_matches("-h, ").trim_start_matches("-V, ");
        if let Some(rest) = option.strip_prefix("--") {
            shown.push(rest.split_whitespace().next().unwrap());
        }
    }
    let expected = [
        "scenario", "seed", "start", "days", "fields", "format", "interval", "records", "files", "out", "help",
        "version",
    ];
    assert_eq!(shown, expected, "{help}");
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let about_start =
        "First second of the window, as 2026-03-01T00:00:00Z or epoch seconds [default: 2026-03-01T00:00:00Z]";
    assert!(words.contains(&format!("--start <TIME> {about_start}")), "{help}");
}

/// 2026-05-17T09:12:34Z is 1,779,009,154 (`date -u -d 2026-05-17T09:12:34Z +%s`), and no multiple of ten minutes.
#[test]
fn a_window_begins_when_asked_however_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let written = ["1779009154", "2026-05-17T09:12:34Z", "2026-05-17T11:12:34.9+02:00"];
    for (number, start) in written.into_iter().enumerate() {
        day(start, &folder.path().join(number.to_string()));
    }
    let first = folder.path().join("0");
    for other in ["1", "2"] {
        assert!(bytes(&folder.path().join(other)) == bytes(&first), "{other}");
    }

    let truth: serde_json::Value = serde_json::from_slice(&fs::read(first.join("truth.json")).unwrap()).unwrap();
    assert_eq!(truth["window"], serde_json::json!(["2026-05-17T09:12:34Z", "2026-05-18T09:12:34Z"]));
    let records = text_records(&first.join("logs"));
    assert_eq!(records.len(), 300);
    let window = 1_779_009_154..1_779_009_154 + 86_400;
    for record in &records {
        let (start, end): (i64, i64) = (record["start"].parse().unwrap(), record["end"].parse().unwrap());
        assert!(window.contains(&start) && window.contains(&end) && start <= end, "{record:?}");
    }
    // Both objects hold some, so the day is not all in its first half.
    assert!(records.iter().any(|record| record["start"].parse::<i64>().unwrap() > window.start + 12 * 3_600));
}

#[test]
fn a_time_that_is_none_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let refused = |start: &str| {
        let output = run(&["--scenario", "bench", &format!("--start={start}"), "--out", out.to_str().unwrap()]);
        assert!(!output.status.success(), "{start}");
        String::from_utf8(output.stderr).unwrap()
    };
    for start in ["yesterday", "", "2026-13-01T00:00:00Z", "2026-03-01", "1e9"] {
        let said = refused(start);
        assert!(said.contains(&format!("`{start}` is no time; write 2026-03-01T00:00:00Z or epoch seconds")), "{said}");
    }
    for start in ["-1", "9999999999", "9999-01-01T00:00:00Z"] {
        let said = refused(start);
        assert!(said.contains("begin between 1970 and 2096"), "{said}");
    }
    assert!(!out.exists());
}
