//! A function under test with everything around it.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use servers::{Answer, AwsStub, Ec2World, Function, RuntimeApi, events};

/// Long enough for a busy machine; no test waits for it to pass.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The stream of all events here.
pub const STREAM: &str = "flows";

pub struct Running {
    pub api: RuntimeApi,
    pub aws: AwsStub,
    pub function: Function,
}

/// Id, result, data.
pub type Answered = (String, String, Vec<u8>);

impl Running {
    /// With 20 interfaces in EC2 and these settings.
    pub fn start(settings: &[(&str, &str)]) -> Running {
        let aws = AwsStub::start();
        aws.set_ec2(Ec2World::with_interfaces(20));
        Running::with_aws(aws, settings)
    }

    pub fn with_aws(aws: AwsStub, settings: &[(&str, &str)]) -> Running {
        let api = RuntimeApi::start();
        let environment = aws.environment();
        let mut all: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend_from_slice(settings);
        let function = Function::start(Path::new(env!("CARGO_BIN_EXE_flow-decorate")), &api, &all);
        Running { api, aws, function }
    }

    /// The answers to these records, which must come in their order.
    #[track_caller]
    pub fn transform(&self, records: &[Vec<u8>]) -> Vec<Answered> {
        self.transform_event(&event(records, false), records.len())
    }

    #[track_caller]
    pub fn transform_event(&self, event: &[u8], count: usize) -> Vec<Answered> {
        let answers = events::read_firehose_answer(&self.body(event));
        let ids: Vec<&str> = answers.iter().map(|(id, _, _)| id.as_str()).collect();
        let expected: Vec<String> = (0..count).map(id).collect();
        assert_eq!(ids, expected, "every record is answered once, in order");
        answers
    }

    #[track_caller]
    pub fn body(&self, event: &[u8]) -> Vec<u8> {
        match self.api.invoke(event, DEADLINE) {
            Answer::Response(body) => body,
            other => panic!("{other:?}\n{}", self.function.output()),
        }
    }

    /// Kind and message of a failed invocation.
    #[track_caller]
    pub fn error(&self, event: &[u8]) -> (String, String) {
        match self.api.invoke(event, DEADLINE) {
            Answer::Error { kind, message, .. } => (kind, message),
            other => panic!("{other:?}\n{}", self.function.output()),
        }
    }

    /// The metrics of the last invocation. They are printed before the answer, but read by another thread.
    pub fn metrics(&self, invocations: usize) -> Value {
        for _ in 0..500 {
            let mut metrics = self.function.metrics();
            if metrics.len() >= invocations {
                return metrics.remove(invocations - 1);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no metrics of invocation {invocations}:\n{}", self.function.output());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.api.violations(), [] as [String; 0]);
        }
    }
}

pub fn id(number: usize) -> String {
    format!("{number:056}")
}

pub fn event(records: &[Vec<u8>], from_kinesis: bool) -> Vec<u8> {
    let ids: Vec<String> = (0..records.len()).map(id).collect();
    let pairs: Vec<(&str, &[u8])> = ids.iter().map(String::as_str).zip(records.iter().map(Vec::as_slice)).collect();
    events::firehose(&pairs, &events::stream_arn(STREAM), from_kinesis)
}

/// A record on the interface with that number, by default format; `bytes` tells it from others.
pub fn line(interface: usize, bytes: usize) -> String {
    let (id, address) = (Ec2World::interface_id(interface), Ec2World::address(interface));
    format!("2 123456789012 {id} 203.0.113.9 {address} 49152 443 6 8 {bytes} 1772323100 1772323160 ACCEPT OK")
}

pub fn document(data: &[u8]) -> Value {
    assert_eq!(data.last(), Some(&b'\n'));
    serde_json::from_slice(data).unwrap()
}

pub fn results(answers: &[Answered]) -> Vec<&str> {
    answers.iter().map(|(_, result, _)| result.as_str()).collect()
}
