//! Its face, its exit codes, pipes and damaged input.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::{INVENTORY, LOGS, Ran, SSH, gzip, on_input, program, run, text};

const DATABASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/geo.mmdb");

#[test]
fn help_version_and_usage() {
    let help = run(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for part in [
        "Usage: flow-decorate",
        "--inventory <PATH>",
        "--threat-list <NAME=FILE>",
        "--bulk[=<INDEX>]",
        "--inventory-index[=<INDEX>]",
        "Exit status: 0 fine",
    ] {
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
    // A header and nothing that fits it.
    let ran = on_input(&["-"], b"interface-id srcaddr dstaddr\nno record\n");
    ran.assert_says(1, &["no flow log record could be read", "hint: ", "-:2: 2 fields where the format has 3"]);
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

/// A network may be quiet for an hour.
#[test]
fn empty_logs_are_fine() {
    let header = "version account-id interface-id srcaddr dstaddr\n";
    let control = serde_json::json!({"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "checking"}]});
    for content in [vec![], gzip(b""), b"\n\n".to_vec(), header.into(), gzip(control.to_string().as_bytes())] {
        let ran = on_input(&["-"], &content);
        ran.assert_says(0, &["0 records decorated"]);
        assert_eq!(ran.stdout, "");
        assert!(!ran.stderr.contains("--log-format"), "{}", ran.stderr);
    }
}

/// What a subscription of CloudWatch Logs sends, as Firehose stores it: the same documents as from its lines.
#[test]
fn messages_of_a_subscription() {
    let expected = on_input(&["-", "--quiet"], format!("{SSH}\n{SSH}\n").as_bytes()).stdout;
    let event = |id: &str| serde_json::json!({"id": id, "timestamp": 1_418_530_010_000_u64, "message": SSH});
    let message = |events: Vec<Value>| {
        serde_json::json!({"messageType": "DATA_MESSAGE", "owner": "123456789010", "logGroup": "flows",
            "logStream": "eni-1", "subscriptionFilters": ["all"], "logEvents": events})
        .to_string()
    };
    let both = message(vec![event("1"), event("2")]);
    let (first, second) = (message(vec![event("1")]), message(vec![event("2")]));
    for content in [
        both.clone().into_bytes(),
        gzip(both.as_bytes()),
        format!("{first}{second}").into_bytes(),
        [gzip(first.as_bytes()), gzip(second.as_bytes())].concat(),
    ] {
        let ran = on_input(&["-", "--quiet"], &content);
        assert_eq!((ran.code, &ran.stdout, ran.stderr.as_str()), (Some(0), &expected, ""));
    }
}

#[test]
fn a_good_file_outlives_a_run_without_documents() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("good.ndjson");
    let names = || fs::read_dir(folder.path()).unwrap().count();
    fs::write(&out, "good").unwrap();
    run(&["/no/such/log", "--out", text(&out)]).assert_says(1, &["no such file or folder: /no/such/log"]);
    on_input(&["-", "--out", text(&out)], b"Dear diary,\n").assert_says(1, &["- has no header"]);
    on_input(&["-", "--out", text(&out)], b"interface-id srcaddr\nx\n").assert_says(1, &["no flow log record"]);
    assert_eq!((fs::read_to_string(&out).unwrap().as_str(), names()), ("good", 1));
    // Where nothing was there, nothing appears.
    let other = folder.path().join("other.ndjson");
    run(&["/no/such/log", "--out", text(&other)]).assert_says(1, &[]);
    assert_eq!(names(), 1);
    // What could be read is kept, and so is who may read it.
    #[cfg(unix)]
    fs::set_permissions(&out, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    on_input(&["-", "/no/such/log", "--out", text(&out)], SSH.as_bytes()).assert_says(1, &["1 records decorated"]);
    assert_eq!((fs::read_to_string(&out).unwrap().lines().count(), names()), (1, 1));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&out).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o640);
    }
    // No records, but nothing failed either.
    on_input(&["-", "--out", text(&out)], b"").assert_says(0, &["0 records decorated"]);
    assert_eq!((fs::read_to_string(&out).unwrap().as_str(), names()), ("", 1));
}

#[test]
fn the_output_is_none_of_the_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("a.log");
    fs::write(&log, SSH).unwrap();
    let says = ["is both to be read and to be written", "hint: "];
    run(&[text(&log), "--out", text(&log)]).assert_says(1, &says);
    run(&[text(folder.path()), "--out", text(&log)]).assert_says(1, &says);
    on_input(&["-", "-i", text(&log), "--out", text(&log)], SSH.as_bytes()).assert_says(1, &says);
    #[cfg(unix)]
    {
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&log, &link).unwrap();
        run(&[text(&log), "--out", text(&link)]).assert_says(1, &says);
        fs::remove_file(link).unwrap();
    }
    assert_eq!(fs::read_to_string(&log).unwrap(), SSH);
    // A file that is not there yet is not read, even in a folder that is.
    let out = folder.path().join("out.ndjson");
    run(&[text(folder.path()), "--out", text(&out)]).assert_says(0, &["1 records decorated"]);
}

#[test]
fn a_file_named_twice_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("a.log");
    fs::write(&log, SSH).unwrap();
    let dotted = format!("{}/./a.log", folder.path().display());
    for arguments in [[text(&log), text(&log)], [text(folder.path()), text(&log)], [&dotted, text(folder.path())]] {
        let ran = run(&arguments);
        ran.assert_says(0, &["warning: 1 path is named more than once, but read only once", "a.log"]);
        assert_eq!(ran.documents().len(), 1);
        let quiet = program().args(arguments).arg("--quiet").output().unwrap();
        assert_eq!((quiet.status.code(), quiet.stderr.as_slice()), (Some(0), &b""[..]));
    }
}

/// One bad entry costs itself, not the folder.
#[cfg(unix)]
#[test]
fn bad_entries_of_a_folder() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("b/deep")).unwrap();
    fs::create_dir(path("locked")).unwrap();
    for log in ["a.log", "b/deep/b.log", "z.log", "locked/c.log"] {
        fs::write(path(log), SSH).unwrap();
    }
    symlink("/no/such/target", path("dangling.log")).unwrap();
    symlink("me@host.1234", path(".#a.log")).unwrap();
    symlink(folder.path(), path("b/deep/loop")).unwrap();
    assert!(Command::new("mkfifo").arg(path("pipe.log")).status().unwrap().success());
    fs::set_permissions(path("locked"), PermissionsExt::from_mode(0o000)).unwrap();
    // For the superuser no folder is locked.
    let is_locked = fs::read_dir(path("locked")).is_err();
    let ran = run(&[text(folder.path())]);
    fs::set_permissions(path("locked"), PermissionsExt::from_mode(0o755)).unwrap();
    ran.assert_says(
        1,
        &[
            "dangling.log is a link to nowhere",
            "loop is a link to",
            "warning: 1 path is neither file nor folder and left out",
            "pipe.log",
        ],
    );
    assert_eq!(ran.stderr.matches("error: ").count(), if is_locked { 3 } else { 2 }, "{}", ran.stderr);
    assert_eq!(ran.documents().len(), if is_locked { 3 } else { 4 });
    // Named, a pipe is read.
    let pipe = path("pipe.log");
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, SSH)
    });
    run(&[text(&pipe)]).assert_says(0, &["1 records decorated"]);
    writer.join().unwrap().unwrap();
}

/// Only where nothing failed before, a reader that has gone means success.
#[test]
fn a_reader_that_has_gone_hides_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("a.log");
    fs::write(&log, format!("{SSH}\n").repeat(200_000)).unwrap();
    let mut child =
        program().args(["/no/such/log", text(&log)]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    Ran::from(child.wait_with_output().unwrap()).assert_says(1, &["no such file or folder: /no/such/log"]);
}

#[test]
fn damaged_gzip_says_what_is_wrong() {
    let mut packed = gzip(format!("{SSH}\n").as_bytes());
    let checksum = packed.len() - 8;
    packed[checksum] ^= 0xff;
    let ran = on_input(&["-"], &packed);
    ran.assert_says(1, &["corrupt gzip after line 1", "incorrect data check"]);
}
