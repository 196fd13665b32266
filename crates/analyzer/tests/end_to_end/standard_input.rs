//! `zcat FILE | sg-audit report -` is the report on the file.

use crate::program::{Ran, program, run};
use crate::samples::{INVENTORY, objects, unpacked, whole_object};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const REST: [&str; 7] = ["--inventory", INVENTORY, "--output", "json", "--min-days", "0", "--strict"];

fn on_file(path: &Path) -> Ran {
    run(["report", path.to_str().unwrap()].iter().chain(&REST))
}

fn on_input(content: &[u8]) -> Ran {
    let mut child = program()
        .args(["report", "-"])
        .args(REST)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let content = content.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&content));
    let ran = child.wait_with_output().unwrap().into();
    writer.join().unwrap().unwrap();
    ran
}

#[test]
fn whether_packed_or_not() {
    let object = whole_object();
    let expected = on_file(&object);
    assert_eq!(expected.code, Some(0), "{}", expected.stderr);
    for content in [unpacked(&object).into_bytes(), std::fs::read(&object).unwrap()] {
        let found = on_input(&content);
        assert_eq!(found.stdout, expected.stdout);
        assert_eq!(found.stderr, expected.stderr);
    }
}

/// Every object, broken lines included: only the name in the samples of those differs.
#[test]
fn of_every_object() {
    for object in objects() {
        let without_names = |ran: Ran| {
            let mut report: Value = ran.json();
            for sample in report["logs"]["unparsed_samples"].as_array_mut().unwrap() {
                sample["file"] = json!("");
            }
            report
        };
        let bytes = std::fs::read(&object).unwrap();
        assert_eq!(without_names(on_input(&bytes)), without_names(on_file(&object)), "{}", object.display());
    }
}

#[test]
fn through_a_shell() {
    let object = whole_object();
    let script = r#"zcat "$1" | "$2" report - --inventory "$3" --output json --min-days 0"#;
    let ran: Ran = Command::new("bash")
        .args(["-c", script, "bash"])
        .args([object.to_str().unwrap(), env!("CARGO_BIN_EXE_sg-audit"), INVENTORY])
        .output()
        .expect("this test needs bash and zcat")
        .into();
    assert_eq!(ran.stdout, on_file(&object).stdout);
}

#[test]
fn nothing_at_all_is_an_error() {
    on_input(b"").assert_says(1, &["no flow log record could be read"]).assert_nothing_written();
}

#[test]
fn twice_is_a_mistake() {
    let ran = run(["report", "-", "-", "--inventory", INVENTORY]);
    ran.assert_says(2, &["standard input (-) is given twice"]).assert_nothing_written();
}
