//! Makers of the events that AWS hands to the two functions, and a reader of the answer that Firehose expects.
//!
//! Shapes: "Using subscription filters" in the CloudWatch Logs guide, "Transform source data in Amazon Data Firehose"
//! in the Firehose guide.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

/// The log group that the events name.
pub const LOG_GROUP: &str = "/vpc/flow-logs";
/// Of the first log event, in epoch milliseconds; each later one is a millisecond later.
pub const FIRST_TIMESTAMP: i64 = 1_772_323_200_000;
/// When Firehose took every record, in epoch milliseconds.
pub const ARRIVAL: i64 = 1_772_323_260_000;

/// A subscription event with one log event for each line.
pub fn subscription<L: AsRef<str>>(lines: &[L]) -> Vec<u8> {
    wrap(&gzip(data_message(lines).to_string().as_bytes()))
}

/// What CloudWatch Logs sends to see whether the function is there.
pub fn control_message() -> Vec<u8> {
    let message = json!({"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "",
        "subscriptionFilters": [], "logEvents": [{"id": "", "timestamp": FIRST_TIMESTAMP,
        "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose."}]});
    wrap(&gzip(message.to_string().as_bytes()))
}

/// The message inside a subscription event, before it is packed.
pub fn data_message<L: AsRef<str>>(lines: &[L]) -> Value {
    let mut events = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let id = format!("{index:056}");
        events.push(json!({"id": id, "timestamp": FIRST_TIMESTAMP + index as i64, "message": line.as_ref()}));
    }
    json!({"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": LOG_GROUP, "logStream": "eni-1-all",
        "subscriptionFilters": ["to-firehose"], "logEvents": events})
}

/// A subscription event around any bytes, good or bad.
pub fn wrap(packed: &[u8]) -> Vec<u8> {
    json!({"awslogs": {"data": STANDARD.encode(packed)}}).to_string().into_bytes()
}

/// One gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("gzip into memory");
    encoder.finish().expect("gzip into memory")
}

/// A gzip bomb: so many megabytes of zeros in about a thousandth of that.
pub fn bomb(megabytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..megabytes {
        encoder.write_all(&zeros).expect("gzip into memory");
    }
    encoder.finish().expect("gzip into memory")
}

/// A Firehose event; `kinesis` as if the stream read from a Kinesis data stream.
pub fn firehose(records: &[(&str, &[u8])], stream_arn: &str, kinesis: bool) -> Vec<u8> {
    let mut list = Vec::new();
    for (id, data) in records {
        let mut record = json!({"recordId": id, "approximateArrivalTimestamp": ARRIVAL, "data": STANDARD.encode(data)});
        if kinesis {
            record["kinesisRecordMetadata"] = json!({
                "sequenceNumber": "49590338271490256608559692538361571095921575989136588898", "subsequenceNumber": 0,
                "partitionKey": "key", "shardId": "shardId-000000000000",
                "approximateArrivalTimestamp": ARRIVAL});
        }
        list.push(record);
    }
    let mut event = json!({"invocationId": "2b4d1ad9-2f48-94bd-a088-767c317e994a", "deliveryStreamArn": stream_arn,
        "region": "us-east-1", "records": list});
    if kinesis {
        event["sourceKinesisStreamArn"] = json!("arn:aws:kinesis:us-east-1:123456789012:stream/source");
    }
    event.to_string().into_bytes()
}

/// The ARN of a delivery stream in the account of the tests.
pub fn stream_arn(name: &str) -> String {
    format!("arn:aws:firehose:us-east-1:123456789012:deliverystream/{name}")
}

/// Record id, result and decoded data of each record of a function's answer, in its order.
pub fn read_firehose_answer(answer: &[u8]) -> Vec<(String, String, Vec<u8>)> {
    let parsed: Value = serde_json::from_slice(answer).unwrap_or_else(|error| panic!("the answer is no JSON: {error}"));
    let records = parsed["records"].as_array().unwrap_or_else(|| panic!("the answer has no list `records`"));
    let mut read = Vec::new();
    for record in records {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        let data = STANDARD.decode(text("data")).unwrap_or_else(|error| panic!("{}: data: {error}", text("recordId")));
        read.push((text("recordId"), text("result"), data));
    }
    read
}
