//! `sg-audit plan` as a person types it.

use crate::small::Small;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const LOGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/logs");
const INVENTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/inventory");

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sg-audit"));
    let output =
        command.env_remove("NO_COLOR").env_remove("COLUMNS").env("TERM", "xterm").args(arguments).output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// On the samples, where two days are enough for a proof.
fn plan(more: &[&str]) -> Ran {
    let ran = run(["plan", LOGS, "--inventory", INVENTORY, "--min-days", "2"].iter().chain(more));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran
}

fn json_of(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

fn rule_ids(items: &Value) -> BTreeSet<String> {
    items.as_array().unwrap().iter().map(|item| item["RuleId"].as_str().unwrap().to_owned()).collect()
}

/// What goes and what is replaced, over all groups.
fn changed(plan: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut removed, mut replaced) = (BTreeSet::new(), BTreeSet::new());
    for group in plan["Changes"].as_array().unwrap() {
        removed.extend(rule_ids(&group["Removed"]));
        replaced.extend(rule_ids(&group["Replaced"]));
    }
    (removed, replaced)
}

/// Verdict by rule, and rules with a recommendation, by the report.
fn reported() -> (Vec<(String, String)>, BTreeSet<String>) {
    let ran = run(["report", LOGS, "--inventory", INVENTORY, "--min-days", "2", "--output", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let (mut verdicts, mut recommended) = (Vec::new(), BTreeSet::new());
    for group in json_of(&ran)["groups"].as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            let id = rule["rule_id"].as_str().unwrap().to_owned();
            if !rule["recommendation"].is_null() {
                recommended.insert(id.clone());
            }
            verdicts.push((id, rule["verdict"].as_str().unwrap().to_owned()));
        }
    }
    (verdicts, recommended)
}

#[test]
fn the_plan_does_what_the_report_says() {
    let (verdicts, recommended) = reported();
    let with = |words: &[&str]| -> BTreeSet<String> {
        verdicts.iter().filter(|(_, verdict)| words.contains(&verdict.as_str())).map(|(id, _)| id.clone()).collect()
    };
    for (more, words) in [
        (&["--output", "json"][..], &["unused", "redundant"][..]),
        (&["--output", "json", "--include-likely"], &["unused", "redundant", "likely-unused"]),
    ] {
        let plan = json_of(&plan(more));
        let (removed, replaced) = changed(&plan);
        let kept: BTreeSet<String> = plan["SecurityGroupRules"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|rule| rule["SecurityGroupRuleId"].as_str().map(str::to_owned))
            .collect();
        assert!(!removed.is_empty() && !replaced.is_empty());
        // What would go stays only where a new rule would be the same one.
        for id in with(words) {
            assert!(removed.contains(&id) || kept.contains(&id), "{id}");
        }
        assert!(with(&["unused"]).is_subset(&removed));
        assert!(removed.is_subset(&with(words)), "{removed:?}");
        assert!(replaced.is_subset(&recommended), "{replaced:?}");
    }
}

#[test]
fn every_form_is_written_the_same_way_twice_and_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for form in ["table", "json", "aws-cli", "terraform"] {
        let first = plan(&["--output", form]);
        assert_eq!(first.stdout, plan(&["--output", form, "--threads", "1"]).stdout, "{form}");
        let file = folder.path().join(form);
        let ran = plan(&["--output", form, "--out", file.to_str().unwrap(), "--quiet"]);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
        assert_eq!(fs::read_to_string(&file).unwrap(), first.stdout, "{form}");
        assert_eq!(plan(&["--output", form, "--quiet"]).stderr, "");
    }
}

#[test]
fn the_table_names_what_changes() {
    let table = plan(&[]).stdout;
    let (removed, replaced) = changed(&json_of(&plan(&["--output", "json"])));
    for id in removed.iter().chain(&replaced) {
        assert!(table.contains(id.as_str()), "{id}");
    }
    let lines = |word: &str| table.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!((lines("remove "), lines("replace ")), (removed.len(), replaced.len()));
    assert!(!table.contains('\x1b'));
    assert!(table.lines().all(|line| line.chars().count() <= 160));
}

#[test]
fn a_script_comes_with_its_way_back() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("plan.sh");
    let undo = folder.path().join("plan-undo.sh");
    plan(&["--output", "aws-cli", "--out", script.to_str().unwrap()]);
    for file in [&script, &undo] {
        assert!(file.is_file(), "{}", file.display());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_ne!(fs::metadata(file).unwrap().permissions().mode() & 0o100, 0, "{}", file.display());
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    // On standard output it stands alone, and a message says so.
    let ran = plan(&["--output", "aws-cli"]);
    assert_eq!(ran.stdout, fs::read_to_string(&script).unwrap());
    assert!(ran.stderr.contains("--out plan.sh") && ran.stderr.contains("plan-undo.sh"), "{}", ran.stderr);
    // Nothing can be put beside what is no file.
    plan(&["--output", "aws-cli", "--out", "/dev/null"]);
    assert!(!Path::new("/dev/null-undo").exists());
    // Where the place cannot be written to, the message names it.
    let nowhere = folder.path().join("no/such/plan.sh");
    let arguments = ["--min-days", "2", "--output", "aws-cli", "--quiet", "--out", nowhere.to_str().unwrap()];
    let ran = run(["plan", LOGS, "--inventory", INVENTORY].iter().chain(&arguments));
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("cannot write the plan to") && ran.stderr.contains("no/such/plan"), "{}", ran.stderr);
}

#[test]
fn what_a_script_does_not_show_is_said_beside_it() {
    let warnings = json_of(&plan(&["--output", "json"]))["Warnings"].as_array().unwrap().len();
    assert!(warnings > 0);
    for form in ["aws-cli", "terraform"] {
        let said = plan(&["--output", form]).stderr;
        assert!(said.matches("warning: group sg-").count() >= warnings, "{said}");
    }
}

#[test]
fn an_empty_plan_says_so_and_is_no_failure() {
    // Three days are less than the thirty that a proof asks for.
    let empty = |more: &[&str]| {
        let ran = run(["plan", LOGS, "--inventory", INVENTORY].iter().chain(more));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran
    };
    assert!(empty(&[]).stdout.starts_with("Nothing to change: "));
    let document = json_of(&empty(&["--output", "json"]));
    assert_eq!((&document["SecurityGroups"], &document["Changes"]), (&json!([]), &json!([])));
    empty(&["--output", "aws-cli"]);
    empty(&["--output", "terraform"]);
}

#[test]
fn strict_fails_on_what_could_not_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let small = Small::new();
    fs::write(folder.path().join("inventory.json"), small.inventory().to_string()).unwrap();
    fs::create_dir(folder.path().join("logs")).unwrap();
    fs::write(folder.path().join("logs/a.log"), small.logs()).unwrap();
    fs::write(folder.path().join("logs/b.log.gz"), [0x1f, 0x8b, 8, 0]).unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (logs, inventory) = (path("logs"), path("inventory.json"));
    let arguments = ["plan", &logs, "--inventory", &inventory, "--min-days", "0.5", "--quiet"];
    let ran = run(arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    // Something was lost, and so nothing is proven.
    assert!(ran.stdout.starts_with("Nothing to change: "), "{}", ran.stdout);
    let strict = run(arguments.iter().chain(&["--strict"]));
    assert_eq!(strict.code, Some(1));
    assert!(strict.stderr.contains("--strict"), "{}", strict.stderr);
}

#[test]
fn nothing_dangerous_reaches_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let mut small = Small::new();
    let evil = "a\u{1b}[2J\u{202e}\r\nb\u{9b}31m";
    small.groups[0]["GroupName"] = json!(evil);
    small.groups[0]["Tags"] = json!([{"Key": "aws:cloudformation:stack-name", "Value": evil}]);
    for rule in &mut small.rules {
        rule["Description"] = json!(evil);
    }
    fs::write(folder.path().join("inventory.json"), small.inventory().to_string()).unwrap();
    fs::write(folder.path().join("a.log"), small.logs()).unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let ran = run(["plan", &path("a.log"), "--inventory", &path("inventory.json"), "--min-days", "0.5"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("\\x1b[2J"), "{}", ran.stdout);
    for text in [&ran.stdout, &ran.stderr] {
        assert!(
            !text.chars().any(|letter| letter != '\n' && (letter.is_control() || letter == '\u{202e}')),
            "{text:?}"
        );
    }
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sg-audit"))
        .args(["plan", LOGS, "--inventory", INVENTORY, "--min-days", "2", "--output", "json", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
