//! `flow-decorate` as a command: its face, its exit codes, pipes and damaged input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

const INVENTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/inventory");
const LOGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/logs");
const DATABASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/geo.mmdb");

/// The first record of the VPC User Guide's examples ("Flow log record examples").
const SSH: &str = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK";

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    #[track_caller]
    fn assert_says(&self, code: i32, parts: &[&str]) -> &Ran {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not in: {}", self.stderr);
        }
        assert_eq!(self.stderr.contains("error: "), code != 0, "{}", self.stderr);
        self
    }

    fn documents(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flow-decorate"));
    command.env_remove("AWS_LAMBDA_RUNTIME_API").env_remove("NO_COLOR").env_remove("COLUMNS");
    command
}

fn run(arguments: &[&str]) -> Ran {
    program().args(arguments).output().unwrap().into()
}

fn on_input(arguments: &[&str], content: &[u8]) -> Ran {
    let mut child =
        program().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let content = content.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&content));
    let ran = child.wait_with_output().unwrap().into();
    let _ = writer.join().unwrap();
    ran
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn help_version_and_usage() {
    let help = run(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for part in ["Usage: flow-decorate", "--inventory <PATH>", "--threat-list <NAME=FILE>", "Exit status: 0 fine"] {
        assert!(help.stdout.contains(part), "{part}");
    }
    assert_eq!(run(&["--version"]).stdout, concat!("flow-decorate ", env!("CARGO_PKG_VERSION"), "\n"));
    for arguments in [
        &[][..],
        &["--inventory", "x"],
        &["logs", "--output-schema", "xml"],
        &["logs", "--threat-list", "drop.txt"],
        &["logs", "--log-format", "     "],
        &["logs", "--no-such-option"],
    ] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ran.stderr.contains("Usage:") || ran.stderr.starts_with("error: "), "{}", ran.stderr);
    }
}

#[test]
fn the_samples_become_documents() {
    let ran = run(&[LOGS, "--inventory", INVENTORY, "--geo", DATABASE]);
    ran.assert_says(0, &["records decorated", "lines unparsed", "are no records and were left out"]);
    let documents = ran.documents();
    assert!(documents.len() > 10_000);
    let has = |key: &str| documents.iter().filter(|document| document.get(key).is_some()).count();
    assert!(has("security-group-ids") > documents.len() * 9 / 10);
    assert!(has("direction") > documents.len() / 2);
    assert!(has("source-country-code") > 0 && has("destination-city") > 0);
    // Again, and with a file for output: the same.
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("documents.ndjson");
    let again = run(&[LOGS, "-i", INVENTORY, "--geo", DATABASE, "--quiet", "--out", text(&out)]);
    assert_eq!((again.code, again.stdout.as_str(), again.stderr.as_str()), (Some(0), "", ""));
    assert!(fs::read_to_string(&out).unwrap() == ran.stdout);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left there");
}

#[test]
fn a_record_without_any_facts() {
    let ran = on_input(&["-"], SSH.as_bytes());
    ran.assert_says(0, &["warning: no inventory", "1 records decorated"]);
    let [document] = &ran.documents()[..] else { panic!("one document") };
    // 1418530070 is 2014-12-14T04:07:50Z.
    assert_eq!(document["@timestamp"], "2014-12-14T04:07:50Z");
    assert_eq!(document["bytes"], 4249);
    assert_eq!(document.get("security-group-ids"), None);
}

/// Whatever is read is read from a pipe as well.
#[test]
fn shapes_through_a_pipe() {
    let message = serde_json::json!({ "message": SSH }).to_string();
    let header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
    let expected = on_input(&["-", "--quiet"], SSH.as_bytes()).stdout;
    for content in [
        gzip(SSH.as_bytes()),
        message.into_bytes(),
        format!("{header}\n{SSH}\n").into_bytes(),
        format!("2014-12-14T04:08:00.000Z {SSH}\n").into_bytes(),
        format!("{SSH}\r\n").into_bytes(),
    ] {
        let ran = on_input(&["-", "--quiet"], &content);
        assert_eq!((ran.code, &ran.stdout), (Some(0), &expected), "{}", ran.stderr);
    }
    let ran = on_input(&["-", "--quiet", "--log-format", "${interface-id} ${bytes}"], b"eni-1 5\n");
    assert_eq!(ran.documents()[0]["bytes"], 5, "a format with few fields is fine");
}

/// `flow-decorate ... | head -1`, with more to say than any pipe holds: quiet, 0, and soon.
#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("a.log");
    fs::write(&log, format!("{SSH}\n").repeat(200_000)).unwrap();
    let mut child =
        program().args([text(&log), "--quiet"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 20];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    assert_eq!(&first[..14], b"{\"@timestamp\":");
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    // The same before anything is read.
    let mut child =
        program().args([text(&log), "--quiet"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn lines_that_are_no_records_are_named_and_left_out() {
    let bad: String = (0..8).map(|number| format!("2 123456789010 eni-{number}\n")).collect();
    let ran = on_input(&["-"], format!("{SSH}\n{bad}{SSH}\n").as_bytes());
    ran.assert_says(
        0,
        &["8 lines are no records", "-:2: 3 fields where the format has 14", "and more", "2 records decorated"],
    );
    assert_eq!(ran.documents().len(), 2);
    assert!(!ran.stderr.contains("-:7:"), "the first five are named");
    let quiet = on_input(&["-", "--quiet"], format!("{SSH}\n{bad}").as_bytes());
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
}

#[test]
fn damaged_files_are_said_and_the_rest_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // Lines that differ, so that half of the gzip data is about half of the lines.
    let lines: String =
        (0..5_000).map(|number| SSH.replace("4249", &(number * 7919 % 100_003).to_string()) + "\n").collect();
    let packed = gzip(lines.as_bytes());
    fs::write(path("a.log.gz"), &packed[..packed.len() / 2]).unwrap();
    fs::write(path("b.log.gz"), &packed).unwrap();
    fs::write(path("c.txt"), "Dear diary,\ntoday nothing flowed.\n").unwrap();
    fs::write(path("d.log.gz"), [&b"\x1f\x8b\x08\x00"[..], &[0x55; 100]].concat()).unwrap();
    let ran = run(&[text(folder.path()), "/no/such/log", "s3://bucket/logs", "-i", INVENTORY]);
    ran.assert_says(
        1,
        &[
            "a.log.gz was not read to its end",
            "truncated gzip",
            "c.txt has no header",
            "d.log.gz is not readable as gzip",
            "no such file or folder: /no/such/log",
            "aws s3 sync s3://bucket/logs",
        ],
    );
    let count = ran.documents().len();
    assert!(count > 5_000 && count < 10_000, "{count}");
}

#[test]
fn what_cannot_be_decorated_says_what_to_do() {
    let decorated = on_input(&["-", "--quiet"], SSH.as_bytes()).stdout;
    let ran = on_input(&["-"], decorated.as_bytes());
    ran.assert_says(1, &["1 documents that are decorated already", "hint: name the flow logs"]);
    assert_eq!(ran.stdout, "");
    let ran = on_input(&["-"], b"PAR1\x00\x00PAR1");
    ran.assert_says(1, &["is Parquet, which is not decorated", "hint: "]);
    on_input(&["-"], b"").assert_says(1, &["no flow log record could be read", "hint: "]);
    run(&[text(tempfile::tempdir().unwrap().path())]).assert_says(1, &["holds no file"]);
    run(&["-", "-"]).assert_says(1, &["standard input (-) is given twice"]);
}

#[test]
fn facts_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken");
    fs::write(&broken, "neither JSON nor MMDB nor a list").unwrap();
    for arguments in [
        ["--inventory", text(&broken)],
        ["--geo", text(&broken)],
        ["--ip-ranges", text(&broken)],
        ["--threat-list", &format!("list={}", broken.display())],
        ["--inventory", "/no/such/inventory"],
    ] {
        let ran = on_input(&[&["-"][..], &arguments].concat(), SSH.as_bytes());
        let file = if arguments[1].starts_with("/no") { arguments[1] } else { "broken" };
        ran.assert_says(1, &[file]);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn a_file_that_cannot_be_written_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    on_input(&["-", "--out", text(folder.path())], SSH.as_bytes()).assert_says(1, &["cannot write", "it is a folder"]);
    on_input(&["-", "--out", "/no/such/folder/x"], SSH.as_bytes()).assert_says(1, &["cannot write /no/such/folder/x"]);
    // /dev/full takes nothing.
    on_input(&["-", "--out", "/dev/full"], SSH.as_bytes()).assert_says(1, &["cannot write /dev/full"]);
    on_input(&["-", "--quiet", "--out", "/dev/null"], SSH.as_bytes()).assert_says(0, &[]);
}
