//! Firehose: `PutRecord` and `PutRecordBatch` with the limits of its API reference.

use super::fault::FailRecords;
use super::{Question, Service};
use crate::http::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Records of one `PutRecordBatch`.
const MOST_RECORDS: usize = 500;
/// Bytes of one `PutRecordBatch`, decoded.
const MOST_BYTES: usize = 4 << 20;
/// Bytes of one record, decoded: 1,000 KiB.
const LARGEST_RECORD: usize = 1_000 << 10;

#[derive(Default)]
pub(crate) struct Firehose {
    streams: BTreeMap<String, Vec<Vec<u8>>>,
    count: u64,
}

impl Firehose {
    pub fn records(&self, stream: &str) -> &[Vec<u8>] {
        self.streams.get(stream).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn take(&mut self, stream: &str) -> Vec<Vec<u8>> {
        self.streams.remove(stream).unwrap_or_default()
    }

    pub fn answer(&mut self, question: &Question, fail: Option<&FailRecords>) -> Response {
        match self.put(question, fail) {
            Ok(body) => Response::new(200, "application/x-amz-json-1.1", body.to_string()),
            Err((code, message)) => Service::Firehose.refuse(400, code, &message),
        }
    }

    fn put(&mut self, question: &Question, fail: Option<&FailRecords>) -> Result<Value, (&'static str, String)> {
        let asked = &question.parameters;
        let stream = asked["DeliveryStreamName"].as_str().unwrap_or_default();
        if stream.is_empty() {
            return Err(("ValidationException", "DeliveryStreamName must not be empty".into()));
        }
        let single = question.operation == "PutRecord";
        let entries = match question.operation.as_str() {
            "PutRecord" => vec![asked["Record"].clone()],
            "PutRecordBatch" => asked["Records"].as_array().cloned().unwrap_or_default(),
            other => return Err(("UnknownOperationException", format!("{other} is not played"))),
        };
        let records = decode(&entries)?;
        let mut answers = Vec::new();
        let mut failed = 0;
        for (index, record) in records.into_iter().enumerate() {
            if fail.is_some_and(|fail| fail.strikes(index, entries.len())) {
                failed += 1;
                answers.push(json!({"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}));
                continue;
            }
            self.streams.entry(stream.to_owned()).or_default().push(record);
            self.count += 1;
            answers.push(json!({"RecordId": format!("{:056}", self.count)}));
        }
        if single && failed == 0 {
            return Ok(json!({"RecordId": answers[0]["RecordId"], "Encrypted": false}));
        }
        if single {
            return Err(("ServiceUnavailableException", "Slow down.".into()));
        }
        Ok(json!({"FailedPutCount": failed, "Encrypted": false, "RequestResponses": answers}))
    }
}

fn decode(entries: &[Value]) -> Result<Vec<Vec<u8>>, (&'static str, String)> {
    if entries.is_empty() || entries.len() > MOST_RECORDS {
        return Err(("ValidationException", format!("{} records: must be 1 to {MOST_RECORDS}", entries.len())));
    }
    let mut records = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        let data = entry["Data"].as_str().unwrap_or_default();
        let data = STANDARD.decode(data).map_err(|error| ("SerializationException", error.to_string()))?;
        if data.is_empty() || data.len() > LARGEST_RECORD {
            return Err((
                "InvalidArgumentException",
                format!("a record of {} bytes: must be 1 to {LARGEST_RECORD}", data.len()),
            ));
        }
        bytes += data.len();
        records.push(data);
    }
    if bytes > MOST_BYTES {
        return Err(("InvalidArgumentException", format!("{bytes} bytes: must be at most {MOST_BYTES}")));
    }
    Ok(records)
}
