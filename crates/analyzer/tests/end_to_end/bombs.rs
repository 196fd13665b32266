//! Objects that are small on disk and endless when unpacked: memory stays bounded whatever they hold.

use crate::program::program;
use crate::samples::INVENTORY;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const MIB: usize = 1 << 20;
const LIMIT_KIB: u64 = 200 * 1024;

/// One gzip member with a beginning and then so many MiB of one pattern.
fn bomb(beginning: &str, pattern: &[u8], mib: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(beginning.as_bytes()).unwrap();
    let block = pattern.repeat(MIB / pattern.len());
    for _ in 0..mib {
        encoder.write_all(&block).unwrap();
    }
    encoder.finish().unwrap()
}

/// Exit code, standard error, and the most memory that the process held, in KiB (Linux: `VmHWM`).
fn watched(logs: &Path) -> (Option<i32>, String, u64) {
    let mut child = program()
        .args(["report", logs.to_str().unwrap(), "--inventory", INVENTORY, "--output", "json"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let (mut peak, mut looks) = (0, 0);
    while child.try_wait().unwrap().is_none() {
        // A process that has just ended has no memory any more.
        let text = fs::read_to_string(&status).unwrap_or_default();
        if let Some(line) = text.lines().find(|line| line.starts_with("VmHWM:")) {
            peak = peak.max(line.split_whitespace().nth(1).unwrap().parse().unwrap());
            looks += 1;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(looks > 0, "nobody looked at its memory");
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap(), peak)
}

#[test]
fn memory_stays_bounded() {
    const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n";
    const RECORD: &str =
        "2 123456789012 eni-0123456789abcdef0 10.0.0.1 10.0.0.2 40000 443 6 10 840 1772323200 1772323260 ACCEPT OK\n";
    let begun = format!("{HEADER}{RECORD}");
    // (what, content, whether any record is in it)
    let cases = [
        ("zeros", bomb("", b"\0", 1024), false),
        ("zeros after records", bomb(&begun, b"\0", 256), true),
        ("one endless line after records", bomb(&begun, b"a", 256), true),
        ("one endless line of digits", bomb("", b"7", 256), false),
        ("empty lines after records", bomb(&begun, b"\n", 64), true),
        ("short lines after records", bomb(&begun, b"x\n", 64), true),
        ("an endless header", bomb("version ", b"field ", 64), false),
        ("endless JSON", bomb("{\"message\": \"", b"2 ", 256), false),
        ("deep JSON", bomb("", b"[", 64), false),
    ];
    for (what, content, has_records) in cases {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("bomb.log.gz"), &content).unwrap();
        assert!(content.len() < 8 * MIB, "{what} is no bomb: {} bytes", content.len());
        let (code, stderr, peak) = watched(folder.path());
        println!("{what}: {} bytes, peak {} MiB, exit {code:?}: {}", content.len(), peak / 1024, stderr.trim());
        assert_eq!(code, Some(if has_records { 0 } else { 1 }), "{what}: {stderr}");
        assert!(peak < LIMIT_KIB, "{what}: {peak} KiB");
    }
}
