//! Logs that are damaged, and what is said of each.

use crate::program::{Ran, run};
use crate::samples::{INVENTORY, copies, packed, unpacked, whole_object};
use serde_json::Value;
use simulator::{Format, Options, Scenario, simulate};
use std::fs;
use std::path::{Path, PathBuf};

fn report(logs: &Path, more: &[&str]) -> Ran {
    let arguments = ["report", logs.to_str().unwrap(), "--inventory", INVENTORY, "--output", "json"];
    run(arguments.iter().chain(more))
}

/// The report on one object with this content.
fn report_on(content: &[u8]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let object = folder.path().join("object.log.gz");
    fs::write(&object, content).unwrap();
    report(&object, &[])
}

fn total(report: &Value, key: &str) -> u64 {
    report["logs"][key].as_u64().unwrap()
}

/// Bytes that are neither text nor gzip nor anything else.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes = vec![0, 0xff];
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes
}

/// Ten objects, one of which is damaged; the report on all, and on the other nine.
fn one_of_ten(damage: impl Fn(&PathBuf)) -> (TempDirAnd, Ran, Value) {
    let (folder, objects) = copies(10);
    let whole = fs::read(&objects[4]).unwrap();
    fs::remove_file(&objects[4]).unwrap();
    let nine = report(folder.path(), &[]).json();
    fs::write(&objects[4], whole).unwrap();
    damage(&objects[4]);
    let ran = report(folder.path(), &[]);
    let broken = objects[4].clone();
    (TempDirAnd { folder, broken }, ran, nine)
}

struct TempDirAnd {
    folder: tempfile::TempDir,
    broken: PathBuf,
}

#[test]
fn one_object_of_noise_among_ten() {
    let (place, ran, nine) = one_of_ten(|object| fs::write(object, noise(5_000)).unwrap());
    let name = place.broken.to_str().unwrap();
    ran.assert_says(0, &["warning: ", name, "binary file and no flow log"]);
    let ten = ran.json();
    assert_eq!(ten["logs"]["incomplete"], true);
    for key in ["records", "accepted", "rejected", "no_data", "skipped", "unparsed"] {
        assert_eq!(total(&ten, key), total(&nine, key), "{key}");
    }
    assert_eq!(total(&ten, "files"), 10);
    let strict = report(place.folder.path(), &["--strict"]);
    strict.assert_says(1, &["--strict", name]);
    let quiet = report(place.folder.path(), &["--quiet"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
    assert_eq!(quiet.stdout, ran.stdout);
}

#[test]
fn one_object_cut_short_among_ten() {
    let (place, ran, nine) = one_of_ten(|object| {
        let bytes = fs::read(object).unwrap();
        fs::write(object, &bytes[..bytes.len() / 2]).unwrap();
    });
    let name = place.broken.to_str().unwrap();
    ran.assert_says(0, &["warning: ", name, "truncated gzip after line"]);
    let ten = ran.json();
    assert_eq!(ten["logs"]["incomplete"], true);
    // What came before the damage counts.
    assert!(total(&ten, "accepted") > total(&nine, "accepted"));
    report(place.folder.path(), &["--strict"]).assert_says(1, &["--strict", name]);
}

#[test]
fn no_rule_is_unused_where_an_object_is_damaged() {
    let (folder, objects) = copies(usize::MAX);
    let options = ["--min-days", "2"];
    let unused =
        |ran: &Ran| crate::program::verdicts(&ran.json()).into_values().filter(|verdict| verdict == "unused").count();
    assert!(unused(&report(folder.path(), &options)) > 0);
    let bytes = fs::read(&objects[7]).unwrap();
    for broken in [&bytes[..bytes.len() - 9], &bytes[..100], b"\x1f\x8b", &noise(100)] {
        fs::write(&objects[7], broken).unwrap();
        assert_eq!(unused(&report(folder.path(), &options)), 0);
    }
}

#[test]
fn noise_alone() {
    report_on(&noise(5_000))
        .assert_says(
            1,
            &["no flow log record could be read", "object.log.gz is a binary file and no flow log; leave it out"],
        )
        .assert_nothing_written();
}

#[test]
fn gzip_that_breaks_off() {
    let bytes = fs::read(whole_object()).unwrap();
    // After a part, the records of that part count.
    let ran = report_on(&bytes[..bytes.len() * 2 / 3]);
    ran.assert_says(0, &["truncated gzip after line", "copy the object again from its bucket"]);
    assert!(total(&ran.json(), "records") > 0);
    // Without its end, nothing tells whether all is there.
    assert_eq!(report_on(&bytes[..bytes.len() - 4]).json()["logs"]["incomplete"], true);
    // After its head there is nothing.
    report_on(&bytes[..6]).assert_says(1, &["no flow log record could be read", "gzip"]).assert_nothing_written();
}

#[test]
fn gzip_that_is_corrupt() {
    let mut bytes = fs::read(whole_object()).unwrap();
    let end = bytes.len();
    bytes[end - 6] ^= 0xff; // in the checksum
    let ran = report_on(&bytes);
    ran.assert_says(0, &["corrupt gzip after line", "copy the object again"]);
    assert_eq!(ran.json()["logs"]["incomplete"], true);
}

#[test]
fn something_behind_the_gzip() {
    let mut bytes = fs::read(whole_object()).unwrap();
    bytes.extend(b"trailing");
    report_on(&bytes).assert_says(0, &["bytes after the gzip data were ignored"]);
}

#[test]
fn members_one_after_another_are_one_object() {
    let object = whole_object();
    let text = unpacked(&object);
    let middle = text.len() / 2;
    let members = [packed(&text.as_bytes()[..middle]), packed(&text.as_bytes()[middle..])].concat();
    let (whole, parts) = (report_on(&fs::read(object).unwrap()), report_on(&members));
    assert_eq!((parts.stdout, parts.stderr), (whole.stdout, whole.stderr));
}

#[test]
fn an_empty_object() {
    for content in [Vec::new(), packed(b"")] {
        report_on(&content).assert_says(1, &["no flow log record could be read"]).assert_nothing_written();
    }
    // Among others it is nothing special.
    let (folder, _) = copies(3);
    fs::write(folder.path().join("empty.log.gz"), "").unwrap();
    let ran = report(folder.path(), &["--strict"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_header_without_a_field_that_a_verdict_needs() {
    let text = unpacked(&whole_object());
    let header: Vec<&str> = text.lines().next().unwrap().split(' ').collect();
    for field in ["interface-id", "action", "protocol", "start", "end", "srcaddr", "dstaddr"] {
        // A packet-level address would stand in for the address that is missing.
        let is_left_out = |at: usize| header[at] == field || header[at] == format!("pkt-{field}");
        let mut without = String::new();
        for line in text.lines() {
            let fields: Vec<&str> =
                line.split(' ').enumerate().filter(|(at, _)| !is_left_out(*at)).map(|(_, f)| f).collect();
            without.push_str(&fields.join(" "));
            without.push('\n');
        }
        let what = format!("lacks the field `{field}`");
        let ran = report_on(&packed(without.as_bytes()));
        ran.assert_says(1, &[&what, "create the flow log with a format that has it"]).assert_nothing_written();

        // Once an object, not once a line.
        let (folder, _) = copies(2);
        fs::write(folder.path().join("lacking.log"), &without).unwrap();
        let ran = report(folder.path(), &[]);
        ran.assert_says(0, &["warning: ", "lacking.log", &what]);
        assert_eq!(ran.stderr.matches("lacks the field").count(), 1, "{}", ran.stderr);
        let with = ran.json();
        assert_eq!(with["logs"]["incomplete"], true);
        fs::remove_file(folder.path().join("lacking.log")).unwrap();
        let others = report(folder.path(), &[]).json();
        for key in ["records", "unparsed"] {
            assert_eq!(total(&with, key), total(&others, key), "its lines are no bad lines, and no records");
        }
    }
}

/// Lines that are no records: counted, shown, and no reason to stop.
#[test]
fn lines_that_are_no_records() {
    const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
    const GOOD: &str =
        "2 123456789012 eni-0123456789abcdef0 10.0.0.1 10.0.0.2 40000 443 6 10 840 1772323200 1772323260 ACCEPT OK";
    let cases = [
        (GOOD.replace(" OK", ""), "13 fields where the format has 14"),
        (format!("{GOOD} more"), "15 fields where the format has 14"),
        (GOOD.replace("840", "99999999999999999999999"), "`bytes` is too large a number"),
        (GOOD.replace("10 840", "18446744073709551616 840"), "`packets` is too large a number"),
        (GOOD.replace("40000", "65536"), "`srcport`"),
        (GOOD.replace("1772323200", "4294967296000"), "`start`"),
        (GOOD.replace("10.0.0.2", "10.0.0.256"), "`dstaddr`"),
        (GOOD.replace("ACCEPT", "MAYBE"), "`action`"),
        (GOOD.replace(" 6 ", " 256 "), "`protocol`"),
    ];
    for (line, reason) in cases {
        let ran = report_on(format!("{HEADER}\n{GOOD}\n{line}\n{GOOD}\n").as_bytes());
        let report = ran.json();
        assert_eq!((total(&report, "accepted"), total(&report, "unparsed")), (2, 1), "{line}");
        let sample = &report["logs"]["unparsed_samples"][0];
        assert_eq!(sample["line"], 3, "{line}");
        assert!(sample["reason"].as_str().unwrap().contains(reason), "{line}: {sample}");
        assert!(sample["file"].as_str().unwrap().ends_with("object.log.gz"));
    }
    // Nothing but such lines is an error that shows the first.
    report_on(format!("{HEADER}\n{GOOD} more\n").as_bytes())
        .assert_says(1, &["no flow log record could be read", "line 2: 15 fields where the format has 14"])
        .assert_nothing_written();
}

#[test]
fn lines_without_a_header_in_a_format_that_nobody_told() {
    let text = unpacked(&whole_object());
    let body = &text[text.find('\n').unwrap() + 1..];
    report_on(&packed(body.as_bytes())).assert_says(1, &["has no header", "--log-format"]).assert_nothing_written();

    // With the format it is read, but whatever has no header may have been filtered on its way.
    let folder = tempfile::tempdir().unwrap();
    let object = folder.path().join("body.log.gz");
    fs::write(&object, packed(body.as_bytes())).unwrap();
    let told = report(&object, &["--log-format", &crate::samples::log_format()]).json();
    let expected = report(&whole_object(), &[]).json();
    assert_eq!(total(&told, "records"), total(&expected, "records"));
}

#[test]
fn other_things_in_the_folder() {
    report_on(b"{\"NetworkInterfaces\": []}").assert_says(1, &["JSON but no flow log"]).assert_nothing_written();
    report_on(b"Dear all,\nthe logs are in the other bucket.\n")
        .assert_says(1, &["--log-format"])
        .assert_nothing_written();
    report_on(b"PAR1 and no more").assert_says(1, &["parquet"]).assert_nothing_written();
}

/// It is a flow log and no rollup, so another rollup is no cure.
#[test]
fn parquet_that_breaks_off() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(Scenario::Samples, 7);
    options.format = Format::Parquet;
    simulate(&options, folder.path()).unwrap();
    let logs = folder.path().join("logs");
    let whole = report(&logs, &[]).json();
    let mut objects = Vec::new();
    crate::samples::list(&logs, &mut objects);
    let object = objects.iter().find(|path| path.to_str().unwrap().ends_with(".log.parquet")).unwrap();
    let bytes = fs::read(object).unwrap();
    fs::write(object, &bytes[..bytes.len() / 2]).unwrap();
    let ran = report(&logs, &[]);
    ran.assert_says(0, &["warning: ", object.to_str().unwrap(), "copy it again"]);
    assert!(!ran.stderr.contains("sg-audit rollup"), "{}", ran.stderr);
    assert_eq!(ran.json()["logs"]["incomplete"], true);
    assert!(total(&ran.json(), "records") < total(&whole, "records"));
}

/// A line that says who and what once is read; one that repeats itself is not.
#[test]
fn a_warning_names_its_object_once() {
    let (folder, objects) = copies(2);
    for content in [noise(100), b"interface-id srcaddr\n".to_vec(), b"[1]".to_vec(), b"\x1f\x8b".to_vec()] {
        fs::write(&objects[0], content).unwrap();
        let ran = report(folder.path(), &[]);
        let name = objects[0].to_str().unwrap();
        assert_eq!(ran.stderr.matches(name).count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn logs_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent");
    report(&absent, &[]).assert_says(1, &["no such file or folder", absent.to_str().unwrap()]).assert_nothing_written();
    report(folder.path(), &[]).assert_says(1, &["holds no file"]).assert_nothing_written();
    let pattern = folder.path().join("*.gz");
    report(&pattern, &[]).assert_says(1, &["nothing matches"]).assert_nothing_written();
    report(Path::new("s3://bucket/prefix"), &[]).assert_says(1, &["aws s3 sync"]).assert_nothing_written();
}
