//! `sg-audit report --baseline`, as a program on the project's samples.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn report(arguments: &[&str]) -> Ran {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sg-audit"));
    command.env_remove("NO_COLOR").env_remove("COLUMNS").env("TERM", "xterm");
    // The samples are of one day.
    command
        .args(["report", "--min-days", "0"])
        .arg(samples.join("logs"))
        .arg("--inventory")
        .arg(samples.join("inventory"));
    let output = command.args(arguments).output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn folder_with(name: &str, text: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn a_report_has_not_changed_since_itself() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.json");
    let old = old.to_str().unwrap();
    let ran = report(&["--output", "json", "--out", old]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let plain: Value = serde_json::from_str(&fs::read_to_string(old).unwrap()).unwrap();
    assert_eq!(plain.get("changes"), None, "only where it was asked for");

    let ran = report(&["--output", "json", "--baseline", old]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let mut compared: Value = serde_json::from_str(&ran.stdout).unwrap();
    let changes = compared.as_object_mut().unwrap().remove("changes").unwrap();
    assert_eq!(compared, plain);
    assert_eq!(changes["since"], plain["window"]);
    for (name, list) in changes.as_object().unwrap().iter().filter(|(name, _)| *name != "since") {
        assert_eq!(list, &json!([]), "{name}");
    }
    // A report with changes is a baseline, too.
    fs::write(folder.path().join("new.json"), &ran.stdout).unwrap();
    let new = folder.path().join("new.json");
    let table = report(&["--baseline", new.to_str().unwrap()]).stdout;
    assert!(table.contains("No rule has another verdict, none came and none went."), "{table}");
}

#[test]
fn every_form_tells_what_has_changed() {
    let mut old: Value = serde_json::from_str(&report(&["--output", "json"]).stdout).unwrap();
    // What was used is unused now: so it looks if the earlier report had it the other way round.
    let mut turned = None;
    for group in old["groups"].as_array_mut().unwrap() {
        for rule in group["rules"].as_array_mut().unwrap() {
            if rule["verdict"] == "unused" && turned.is_none() {
                rule["verdict"] = json!("used");
                turned = Some(rule["rule_id"].as_str().unwrap().to_owned());
            }
        }
    }
    let turned = turned.unwrap();
    // A rule that is no longer there, with a name that a terminal would obey.
    let mut gone = old["groups"][0]["rules"][0].clone();
    gone["rule_id"] = json!("sgr-\u{1b}[2Jgone");
    gone["peer"] = json!("192.0.2.77/32");
    old["groups"][0]["rules"].as_array_mut().unwrap().push(gone);
    let (_folder, path) = folder_with("old.json", old.to_string().as_bytes());
    let path = path.to_str().unwrap();

    let table = report(&["--baseline", path]);
    assert_eq!(table.code, Some(0), "{}", table.stderr);
    assert!(table.stdout.contains("Since the report of "), "{}", table.stdout);
    assert!(table.stdout.contains("1 newly unused or redundant, 1 gone rule."), "{}", table.stdout);
    assert!(table.stdout.contains(&turned));
    assert!(table.stdout.contains("sgr-\\x1b[2Jgone") && !table.stdout.contains('\u{1b}'));

    let markdown = report(&["--baseline", path, "--output", "markdown"]).stdout;
    assert!(markdown.contains("\n## Since the report of "), "{markdown}");
    assert!(markdown.contains(": used -&gt; unused\n"), "{markdown}");

    let parsed: Value = serde_json::from_str(&report(&["--baseline", path, "--output", "json"]).stdout).unwrap();
    let schema = include_str!("../../schema/sgflow.report.1.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
    let problems: Vec<String> = validator.iter_errors(&parsed).map(|error| error.to_string()).collect();
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(parsed["changes"]["newly_unused"][0]["rule_id"], turned.as_str());
    assert_eq!(parsed["changes"]["newly_unused"][0]["from"], "used");

    let csv = report(&["--baseline", path, "--output", "csv"]).stdout;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let headers = rows.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (id, now, before) = (column("rule_id"), column("verdict"), column("verdict_before"));
    assert_eq!(before, headers.len() - 1);
    for row in rows.records() {
        let row = row.unwrap();
        let expected = if row[id] == turned { "used" } else { &row[now] };
        assert_eq!(&row[before], expected, "{}", &row[id]);
    }
}

#[test]
fn a_file_that_is_no_report_is_told_with_its_place_and_the_cure() {
    let sound = json!({"schema": "sgflow.report/1", "window": {"start": "2024-05-01T00:00:00Z", "end": "2024-05-02T00:00:00Z"},
        "groups": [{"group_id": "sg-1", "rules": [{"rule_id": "sgr-1", "direction": "ingress", "protocol": "tcp",
            "from_port": 22, "to_port": 22, "peer": "10.0.0.0/8", "verdict": "used"}]}]});
    let pretty = serde_json::to_string_pretty(&sound).unwrap();
    let cases: [(String, &str); 9] = [
        (String::new(), "line 1, column 0: EOF while parsing a value"),
        ("not json".to_owned(), "line 1, column 2: expected ident"),
        ("[]".to_owned(), "line 1, column 2: invalid length 0"),
        ("{\n  \"SecurityGroups\": []\n}\n".to_owned(), "line 3, column 1: missing field `schema`"),
        (pretty.replace("report/1", "plan/1"), "its schema is `sgflow.plan/1`, not `sgflow.report/1`"),
        (pretty.replace("\"used\"", "\"\\u001b[2Jgone\""), "unknown variant `\\x1b[2Jgone`"),
        (pretty.replace("\"peer\"", "\"per\""), "missing field `peer`"),
        (pretty.replace("2024-05-02T", "2024-05-99T"), "its window has `2024-05-99T00:00:00Z`, which is no time"),
        (pretty[..pretty.len() / 2].to_owned(), "EOF while parsing"),
    ];
    for (text, problem) in cases {
        let (_folder, path) = folder_with("old.json", text.as_bytes());
        let ran = report(&["--baseline", path.to_str().unwrap()]);
        let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{said}");
        assert!(said.contains(&format!("{} is no report of sg-audit: line ", path.display())), "{said}");
        assert!(said.contains(problem), "{problem} is not in: {said}");
        assert!(
            said.contains("hint: give --baseline an earlier report; make it with `sg-audit report --output json"),
            "{said}"
        );
        assert!(!ran.stderr.contains('\u{1b}'));
    }
    let ran = report(&["--baseline", "/nowhere/old.json"]);
    let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ran.code, Some(1));
    assert!(said.contains("error: cannot read the earlier report /nowhere/old.json caused by: "), "{said}");
    assert!(said.contains("hint: "), "{said}");
}

/// Logs may take minutes; a wrong file is told before.
#[test]
fn the_baseline_is_looked_at_before_the_logs() {
    let (_folder, path) = folder_with("old.json", b"{}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sg-audit"));
    let output = command
        .args(["report", "/nowhere/logs", "--inventory", "/nowhere/inventory", "--baseline"])
        .arg(&path)
        .output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(said.contains("is no report of sg-audit") && !said.contains("nowhere"), "{said}");
}
