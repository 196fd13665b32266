//! The real program on the samples of the project.

use serde_json::Value;
use std::ffi::OsStr;
use std::process::{Command, Output};

pub const LOGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/logs");
pub const INVENTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/inventory");
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");

pub fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sg-audit"));
    command.env_remove("NO_COLOR").env("COLUMNS", "120").env("TERM", "xterm");
    command.args(arguments).output().unwrap()
}

fn told(arguments: &[&str]) -> String {
    let output = run(arguments.iter().copied());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn explained(subject: &str, more: &[&str]) -> String {
    told(&[&["explain", subject, LOGS, "--inventory", INVENTORY, "--min-days", "2", "--quiet"], more].concat())
}

fn report() -> Value {
    let arguments = ["report", LOGS, "--inventory", INVENTORY, "--min-days", "2", "--quiet", "--output", "json"];
    serde_json::from_str(&told(&arguments)).unwrap()
}

#[test]
fn every_rule_and_group_of_the_samples_is_told_as_the_report_judges_it() {
    let report = report();
    // A rule of each verdict is enough: each takes a run.
    let mut seen = Vec::new();
    for group in report["groups"].as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            if seen.contains(&&rule["verdict"]) {
                continue;
            }
            seen.push(&rule["verdict"]);
            let id = rule["rule_id"].as_str().unwrap();
            let explained: Value = serde_json::from_str(&explained(id, &["--output", "json"])).unwrap();
            assert_eq!(explained["schema"], "sgflow.explain/1");
            assert_eq!(explained["window"], report["window"]);
            assert_eq!(explained["group"], Value::Null);
            assert_eq!(explained["rules"].as_array().unwrap().len(), 1);
            assert_eq!(explained["rules"][0]["rule"], *rule, "the rule as the report has it");
            assert_eq!(explained["rules"][0]["group"]["group_id"], group["group_id"]);
        }
    }
    assert_eq!(seen.len(), 7, "every verdict");
    let group = &report["groups"][0];
    let explained: Value =
        serde_json::from_str(&explained(group["group_id"].as_str().unwrap(), &["--output", "json"])).unwrap();
    assert_eq!(explained["group"]["rules"], group["rules"]);
    assert_eq!(explained["group"]["verdict"], group["verdict"]);
    assert_eq!(explained["rules"], Value::Array(Vec::new()));
}

#[test]
fn the_table_names_peers_and_fits_its_width() {
    let geo = format!("{SAMPLES}/geo.mmdb");
    let ranges = format!("{SAMPLES}/geo/ip-ranges.json");
    let table = explained("web", &["--geo", &geo, "--ip-ranges", &ranges, "--peers", "5"]);
    assert_eq!(table, explained("web", &["--geo", &geo, "--ip-ranges", &ranges, "--peers", "5"]), "same bytes");
    assert!(table.lines().all(|line| line.chars().count() <= 120), "{table}");
    for part in
        ["Verdict    used", "Peers (the busiest 5 of ", "Rules that name it as their peer", "Australia, Harbour Net"]
    {
        assert!(table.contains(part), "`{part}` is not in\n{table}");
    }
    assert!(!table.contains('\u{1b}'), "no colours for a pipe");
}

#[test]
fn a_missing_flow_log_time_is_told_with_its_cure() {
    // The samples lose nine hours of eni-06c3ebd3419649bb3 (samples: the batch host).
    let report = report();
    let groups = report["groups"].as_array().unwrap();
    let batch = groups.iter().find(|group| group["group_name"] == "batch").unwrap();
    let is_undecided = |rule: &&Value| rule["verdict"] == "no-evidence";
    let rule = batch["rules"].as_array().unwrap().iter().find(is_undecided).unwrap();
    let table = explained(rule["rule_id"].as_str().unwrap(), &[]);
    let text = table.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in
        ["What is missing for a proof", "gaps: 2026-03-02T06:00:00Z to 2026-03-02T15:00:00Z", "cure: add the log files"]
    {
        assert!(text.contains(part), "`{part}` is not in\n{table}");
    }
}

#[test]
fn what_does_not_exist_is_refused_with_what_is_near() {
    for (subject, parts) in [
        ("webb", &["no rule and no group of the inventory is called webb", "nearly so: web"][..]),
        ("sgr-ffffffffffffffff0", &["ids of rules and groups are in `sg-audit report`"]),
        ("\u{1b}[2J", &["called \\x1b[2J"]),
    ] {
        let output = run(["explain", subject, LOGS, "--inventory", INVENTORY]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{said}");
        for part in parts {
            assert!(said.contains(part), "`{part}` is not in {said}");
        }
    }
}

#[test]
fn results_go_to_a_file_and_a_wrong_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("web.txt");
    assert_eq!(explained("web", &["--out", file.to_str().unwrap()]), "");
    assert!(std::fs::read_to_string(&file).unwrap().contains("Verdict    used"));

    let output = run(["explain", "web", LOGS, "--inventory", INVENTORY, "--geo", file.to_str().unwrap()]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("web.txt"), "{said}");
}
