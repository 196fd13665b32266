//! One function under test with everything around it, and the ledger of what became of its records.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use servers::{Answer, AwsStub, Function, RuntimeApi, events};

pub const STREAM: &str = "flows";
pub const LEFTOVERS: (&str, &str) = ("LEFTOVERS", "s3://leftovers/flow");
/// Enough for any answer that does not have to wait for its deadline.
pub const LONG: Duration = Duration::from_secs(60);

/// The function's binary.
pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_flow-ingest"))
}

/// The accepted record of AWS's page "Flow log record examples", made unique by its packet count.
pub fn lines(count: usize) -> Vec<String> {
    let line = |number: usize| {
        format!(
            "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 {number} 4249 1418530010 \
             1418530070 ACCEPT OK"
        )
    };
    (0..count).map(line).collect()
}

pub struct Rig {
    pub aws: AwsStub,
    pub api: RuntimeApi,
    pub function: Function,
}

impl Rig {
    /// A function that puts into the stub, with these settings besides.
    pub fn start(settings: &[(&str, &str)]) -> Rig {
        let aws = AwsStub::start();
        let api = RuntimeApi::start();
        let environment = aws.environment();
        let mut all: Vec<(&str, &str)> = vec![("DELIVERY_STREAM_NAME", STREAM)];
        all.extend(environment.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        all.extend(settings);
        let function = Function::start(binary(), &api, &all);
        Rig { aws, api, function }
    }

    /// Has the function invoked with these lines, one log event each.
    pub fn send(&self, lines: &[String], deadline: Duration) -> Answer {
        self.api.invoke(&events::subscription(lines), deadline)
    }

    /// Log lines that the stream has accepted, in order.
    pub fn delivered(&self) -> Vec<String> {
        let records = self.aws.firehose_records(STREAM);
        for record in &records {
            assert_eq!(record.last(), Some(&b'\n'), "a record does not end in a line feed");
        }
        split(&records.concat())
    }

    /// Log lines of the leftovers of one kind, in the order of their objects.
    pub fn kept(&self, kind: &str) -> Vec<String> {
        let suffix = format!("-{kind}.log.gz");
        let mut text = Vec::new();
        for (name, body) in self.aws.objects() {
            if name.ends_with(&suffix) {
                check_name(&name);
                MultiGzDecoder::new(body.as_slice()).read_to_end(&mut text).unwrap();
            }
        }
        split(&text)
    }

    /// The metrics of the `number`th invocation, counted from 1, and no more than that many.
    pub fn metrics(&self, number: usize) -> Value {
        // The line is written before the answer is given, but comes by another way.
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            let mut all = self.function.metrics();
            assert!(all.len() <= number, "more than one line of metrics an invocation");
            if all.len() == number {
                return all.remove(number - 1);
            }
            assert!(Instant::now() < patience, "no metrics: {}", self.function.output());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many records each PutRecordBatch call carried.
    pub fn call_sizes(&self) -> Vec<usize> {
        let calls = self.aws.calls("PutRecordBatch");
        calls.iter().map(|call| call.parameters["Records"].as_array().unwrap().len()).collect()
    }

    /// The ledger of the function's only invocation: every line is delivered or kept or counted as failed; the metrics say
    /// the same; and no record shows in the log.
    pub fn check_ledger(&self, lines: &[String]) -> Ledger {
        let delivered = tally(self.delivered());
        let undelivered = tally(self.kept("undelivered"));
        let oversize = tally(self.kept("oversize"));
        let mut missing = 0;
        for line in lines {
            let places = [&delivered, &undelivered, &oversize];
            missing += u64::from(!places.iter().any(|place| place.contains_key(line)));
        }
        let metrics = self.metrics(1);
        let count = |name: &str| metrics[name].as_u64().unwrap_or_else(|| panic!("{name} is missing: {metrics}"));
        let ledger = Ledger {
            put: count("RecordsPut"),
            put_again: count("PutAgain"),
            leftovers: count("Leftovers"),
            oversize: count("Oversize"),
            failed: count("Failed"),
        };
        assert_eq!(count("RecordsIn"), lines.len() as u64);
        assert_eq!(count("RecordsIn"), ledger.put + ledger.leftovers + ledger.failed);
        assert!(missing <= ledger.failed, "{missing} records are lost in silence: {ledger:?}");
        let kept: u64 = undelivered.values().chain(oversize.values()).sum();
        assert_eq!(kept, ledger.leftovers);
        assert!(!self.function.output().contains("172.31.16.139"), "a record is in the log");
        ledger
    }
}

/// The counts of one invocation's metrics.
#[derive(Debug, PartialEq, Eq)]
pub struct Ledger {
    pub put: u64,
    pub put_again: u64,
    pub leftovers: u64,
    pub oversize: u64,
    pub failed: u64,
}

/// The message of a failed invocation of the kind that Lambda tries again.
pub fn error(answer: Answer, wanted: &str) -> String {
    match answer {
        Answer::Error { kind, message, .. } => {
            assert_eq!(kind, wanted, "{message}");
            message
        }
        other => panic!("not an error: {other:?}"),
    }
}

/// The body of a successful answer.
pub fn response(answer: Answer) -> Value {
    match answer {
        Answer::Response(body) => serde_json::from_slice(&body).unwrap(),
        other => panic!("not a response: {other:?}"),
    }
}

/// Whole lines of a text that ends in a line feed.
pub fn split(text: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(text).unwrap();
    text.split_inclusive('\n').map(|line| line.strip_suffix('\n').unwrap().to_owned()).collect()
}

fn tally(lines: Vec<String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(line).or_insert(0) += 1;
    }
    counts
}

/// `leftovers/flow/YYYY/MM/DD/HH/REQUEST-KIND`.
pub fn check_name(name: &str) {
    let parts: Vec<&str> = name.split('/').collect();
    assert_eq!(parts[..2], ["leftovers", "flow"], "{name}");
    let digits: Vec<usize> = parts[2..6].iter().map(|part| part.len()).collect();
    assert_eq!((digits, parts.len()), (vec![4, 2, 2, 2], 7), "{name}");
    assert!(parts[2..6].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())), "{name}");
    // The request ids of the Runtime API server are UUIDs of version 4.
    let marks: String =
        parts[6].chars().take(36).map(|digit| if digit.is_ascii_hexdigit() { 'x' } else { digit }).collect();
    assert_eq!(marks, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "{name}");
}
