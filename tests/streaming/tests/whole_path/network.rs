//! The simulated network: its log lines, its inventory and the truth about it.

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde_json::Value;
use servers::binary;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The fields of a record, in an order of our own. Neither `flow-direction` nor any other that names a group or a side.
pub const FORMAT: &str = "${version} ${account-id} ${vpc-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} \
    ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status} ${tcp-flags} ${pkt-srcaddr} \
    ${pkt-dstaddr} ${region}";
/// Places of fields in a line of that format.
const INTERFACE: usize = 3;
const END: usize = 12;

/// A network of which parts are skipped, with groups of several members, interfaces of several groups and of none, IPv6,
/// load balancers and whatever else seed 2 brings. Twelve days, the least that the scenario takes.
const ARGUMENTS: [&str; 8] = ["--scenario", "v2-gaps", "--seed", "2", "--days", "12", "--format", "cloudwatch"];
/// A time of which no other test has records, in case that they share an OpenSearch.
const START: &str = "2031-05-06T00:00:00Z";
/// The year of all records.
pub const YEAR: &str = "2031";

/// A record as CloudWatch Logs holds it.
pub struct Line {
    pub interface: String,
    /// Of the log event, in epoch milliseconds.
    pub timestamp: i64,
    pub text: String,
}

pub struct Network {
    folder: TempDir,
    /// In the order of interfaces and time.
    pub lines: Vec<Line>,
    /// `truth.json`.
    pub truth: Value,
}

impl Network {
    pub fn simulate() -> Network {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(binary("flow-simulate"));
        command.args(ARGUMENTS).args(["--start", START, "--fields", FORMAT, "--out"]).arg(folder.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let truth = fs::read(folder.path().join("truth.json")).unwrap();
        let mut lines = Vec::new();
        read_lines(&folder.path().join("logs"), &mut lines);
        lines.sort_by(|a, b| (&a.interface, a.timestamp, &a.text).cmp(&(&b.interface, b.timestamp, &b.text)));
        Network { truth: serde_json::from_slice(&truth).unwrap(), folder, lines }
    }

    /// What `aws ec2 describe-security-group-rules` would print.
    pub fn described_rules(&self) -> Value {
        let file = self.inventory().join("security-group-rules.json");
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
    }

    /// The folder with what `aws ec2 describe-*` would print.
    pub fn inventory(&self) -> PathBuf {
        self.folder.path().join("inventory")
    }
}

/// Every line of every object below the folder: a time, a space and the record.
fn read_lines(folder: &Path, lines: &mut Vec<Line>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_lines(&path, lines);
            continue;
        }
        let mut text = String::new();
        MultiGzDecoder::new(File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
        for line in text.lines() {
            let (time, record) = line.split_once(' ').unwrap();
            let timestamp = time.parse::<Timestamp>().unwrap().as_millisecond();
            let interface = record.split(' ').nth(INTERFACE).unwrap().to_owned();
            lines.push(Line { interface, timestamp, text: record.to_owned() });
        }
    }
}

/// `end` of a record, in epoch seconds; nothing for what is no record.
pub fn end_of(record: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(record).ok()?;
    text.split_whitespace().nth(END)?.parse().ok()
}
