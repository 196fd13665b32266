//! `--bulk`: every document after a line that says where it goes.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use crate::program::{INVENTORY, LOGS, SSH, on_input, program, run, text};

#[test]
fn the_same_documents_each_after_its_action() {
    for (schema, option, index) in [
        ("classic", "--bulk", "sgflow-flows"),
        ("ecs", "--bulk", "sgflow-ecs"),
        ("classic", "--bulk=sgflow-flows-2026-03-01", "sgflow-flows-2026-03-01"),
        ("ecs", "--bulk=.caf\u{e9}", ".caf\u{e9}"),
    ] {
        let arguments = [LOGS, "-i", INVENTORY, "--rule-ids", "--quiet", "--output-schema", schema];
        let plain = run(&arguments).stdout;
        let bulk = run(&[&arguments[..], &[option]].concat());
        assert_eq!((bulk.code, bulk.stderr.as_str()), (Some(0), ""));
        let action = format!("{{\"create\":{{\"_index\":\"{index}\"}}}}\n");
        let expected: String = plain.lines().map(|document| format!("{action}{document}\n")).collect();
        assert!(plain.lines().count() > 10_000 && bulk.stdout == expected, "{schema} {option}");
        assert_eq!(bulk.documents().len(), 2 * plain.lines().count(), "every line is JSON");
    }
}

/// What is no record leaves no action behind, and a file holds the same.
#[test]
fn only_documents_have_an_action() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("bulk.ndjson");
    let content = format!("{SSH}\n2 123456789010 eni-1\n\n{SSH}\n");
    let ran = on_input(&["-", "--bulk", "--out", text(&out)], content.as_bytes());
    ran.assert_says(0, &["1 line is no record", "2 records decorated"]);
    let written = fs::read_to_string(&out).unwrap();
    let starts: Vec<&str> = written.lines().map(|line| &line[..10]).collect();
    assert_eq!(starts, ["{\"create\":", "{\"@timesta", "{\"create\":", "{\"@timesta"]);
    assert_eq!(on_input(&["-", "--bulk", "--quiet"], content.as_bytes()).stdout, written);
    assert_eq!(on_input(&["-", "--bulk", "--quiet"], b"").stdout, "");
}

/// Whatever a reader got before it went: whole lines of it are actions and documents in turn.
#[test]
fn lines_come_in_pairs_also_where_the_pipe_closes() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("a.log");
    fs::write(&log, format!("{SSH}\n").repeat(100_000)).unwrap();
    let mut child = program()
        .args([text(&log), "--bulk", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut got = Vec::new();
    child.stdout.take().unwrap().take(1_000_000).read_to_end(&mut got).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    let got = String::from_utf8(got).unwrap();
    let whole = got.matches('\n').count();
    assert!(whole > 1_000);
    for (number, line) in got.lines().take(whole).enumerate() {
        let key = if number % 2 == 0 { "create" } else { "@timestamp" };
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value.get(key).is_some(), "line {number}: {line}");
    }
}

#[test]
fn names_that_opensearch_refuses_are_refused_here() {
    let too_long = "a".repeat(256);
    for name in
        ["", "Flows", "-a", "_a", "+a", "a b", "a,b", "a/b", "a\\b", "a*", "a?", "a\"b", "<a>", "a|b", "a#b", "a:b"]
            .into_iter()
            .chain([".", "..", &too_long])
    {
        for option in ["--bulk", "--inventory-index"] {
            let ran = run(&["-i", INVENTORY, &format!("{option}={name}")]);
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{name:?}");
            assert!(ran.stderr.contains("OpenSearch takes no index whose name"), "{}", ran.stderr);
        }
    }
}

/// A path after `--bulk` is a log, not a name.
#[test]
fn a_name_needs_an_equals_sign() {
    let ran = run(&["--bulk", LOGS, "-i", INVENTORY, "--quiet"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("{\"create\":{\"_index\":\"sgflow-flows\"}}\n"));
}

/// Nothing tells when a record was if the format has neither `end` nor `start`.
#[test]
fn documents_without_a_time() {
    let undated = "interface-id srcaddr dstaddr\neni-1 10.0.0.1 10.0.0.2\neni-1 10.0.0.1 10.0.0.3\n";
    let ran = on_input(&["-", "--bulk"], undated.as_bytes());
    ran.assert_says(
        0,
        &[
            "warning: 2 documents have no @timestamp, which a data stream refuses",
            "hint: make a flow log that has the field end",
        ],
    );
    assert!(ran.documents()[1].get("@timestamp").is_none());
    let one = "interface-id bytes\neni-1 1\n";
    on_input(&["-", "--bulk"], one.as_bytes()).assert_says(0, &["warning: 1 document has no @timestamp"]);
    for (arguments, content) in [
        (&["-", "--bulk"][..], "interface-id start\neni-1 1418530010\n"),
        (&["-", "--bulk"][..], "interface-id end\neni-1 1418530010\n"),
        (&["-"][..], undated),
        (&["-", "--bulk", "--quiet"][..], undated),
    ] {
        let ran = on_input(arguments, content.as_bytes());
        ran.assert_says(0, &[]);
        assert!(!ran.stderr.contains("@timestamp"), "{}", ran.stderr);
    }
}

/// A shell would take `?` and `*` of an address without quotes for the pattern of a file name.
#[test]
fn the_example_of_the_help_quotes_the_address() {
    let help = run(&["--help"]).stdout;
    assert!(
        help.contains("split -l 20000 --filter \"curl -sS --fail-with-body -H Content-Type:application/x-ndjson \\\n"),
        "{help}"
    );
    assert!(help.contains("'http://localhost:9200/_bulk?filter_path=errors,items.*.error'\"\n"), "{help}");
    assert!(help.contains("a data stream refuses documents without @timestamp"), "{help}");
}
