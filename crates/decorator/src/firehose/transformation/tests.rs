#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ledger;
mod transit_gateways;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use enrich::{Atlas, Sources};
use inventory::Inventory;
use serde_json::{Value, json};

use super::super::put_back::{Outcome, Refused};
use super::*;
use crate::decorate::{DecorateOptions, Schema};

fn decorator() -> Decorator {
    decorator_of(Schema::Classic)
}

fn decorator_of(schema: Schema) -> Decorator {
    let options = DecorateOptions { schema, rule_ids: false };
    let atlas = Atlas::open(&Sources::default()).unwrap();
    Decorator::new(options, Arc::new(Inventory::default()), Arc::new(atlas))
}

fn rules(destination: Destination, limit: usize) -> Transformation {
    Transformation { destination, limit, headerless: Headerless::new(None) }
}

/// A record of flow log number `number`, by which its document is known again.
fn line(number: u64) -> String {
    format!(
        "2 123456789010 eni-{:03x} 10.0.0.5 10.0.0.9 49152 443 6 8 {number} 1418530010 1418530070 ACCEPT OK",
        number % 7
    )
}

fn bad_line(number: u64) -> String {
    format!("2 123456789010 bad {number}")
}

fn subscription(lines: &[String]) -> Vec<u8> {
    let events: Vec<Value> = lines.iter().map(|line| json!({"id": "3", "timestamp": 1, "message": line})).collect();
    let message = json!({"messageType": "DATA_MESSAGE", "logGroup": "g", "logEvents": events}).to_string();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(message.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn event(records: &[(String, Vec<u8>)], from_kinesis: bool) -> String {
    let records: Vec<Value> = records
        .iter()
        .map(|(id, data)| {
            json!({"recordId": id, "approximateArrivalTimestamp": 1_510_772_160_000_i64, "data": base64_engine().encode(data)})
        })
        .collect();
    let mut event = json!({"invocationId": "i", "region": "us-east-1", "records": records,
        "deliveryStreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/flows"});
    if from_kinesis {
        event["sourceKinesisStreamArn"] = json!("arn:aws:kinesis:us-east-1:123456789012:stream/source");
    }
    event.to_string()
}

/// Id, result and data of every answer.
fn answers(body: &[u8]) -> Vec<(String, String, Vec<u8>)> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let records = body["records"].as_array().unwrap();
    let answer = |record: &Value| {
        let data = base64_engine().decode(record["data"].as_str().unwrap()).unwrap();
        (text(&record["recordId"]), text(&record["result"]), data)
    };
    records.iter().map(answer).collect()
}

fn numbered(data: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    data.iter().enumerate().map(|(number, data)| (format!("{number:056}"), data.clone())).collect()
}

struct Once {
    body: Vec<u8>,
    counts: Counts,
    put_back: Vec<(usize, Vec<Vec<u8>>)>,
}

fn once(rules: &Transformation, data: &[Vec<u8>], from_kinesis: bool) -> Once {
    once_with(rules, data, from_kinesis, &mut decorator())
}

fn once_with(rules: &Transformation, data: &[Vec<u8>], from_kinesis: bool, decorator: &mut Decorator) -> Once {
    let text = event(&numbered(data), from_kinesis);
    let event = Event::read(&text).unwrap();
    let transformed = rules.transform(&event, decorator, &mut Scratch::default());
    let put_back = put_back_of(&event, &transformed);
    let (body, counts) = transformed.settle(&event, rules.limit, &Outcome::default());
    Once { body, counts, put_back }
}

/// What goes into the stream, by record.
fn put_back_of(event: &Event<'_>, transformed: &Transformed) -> Vec<(usize, Vec<Vec<u8>>)> {
    let data = |put_back: &PutBack| match &put_back.what {
        What::Whole => vec![base64_engine().decode(event.records[put_back.record].data()).unwrap()],
        What::Parts(parts) => parts.clone(),
    };
    transformed.put_backs.iter().map(|put_back| (put_back.record, data(put_back))).collect()
}

fn results(once: &Once) -> Vec<String> {
    answers(&once.body).into_iter().map(|(_, result, _)| result).collect()
}

#[test]
fn every_kind_of_record() {
    let data = vec![
        line(1).into_bytes(),
        format!("{}\r\n", line(2)).into_bytes(),
        json!({"message": line(3)}).to_string().into_bytes(),
        subscription(&[line(4)]),
        b" \n".to_vec(),
        Vec::new(),
        b"nonsense".to_vec(),
        b"2 ab TransitGateway 1".to_vec(),
        b"\x1f\x8b\x08\x00".to_vec(),
        json!({"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "checking"}]}).to_string().into_bytes(),
        b"2 123456789010 eni-1 - - - - - - - 1418530010 1418530070 - NODATA".to_vec(),
    ];
    for destination in [Destination::OpenSearch, Destination::S3] {
        let once = once(&rules(destination, 1_000_000), &data, false);
        let (ok, dropped, failed) = ("Ok", "Dropped", "ProcessingFailed");
        assert_eq!(results(&once), [ok, ok, ok, ok, dropped, dropped, failed, failed, failed, dropped, ok]);
        for ((_, result, answered), data) in answers(&once.body).into_iter().zip(&data) {
            match result.as_str() {
                "Ok" => assert!(answered.ends_with(b"}\n") && answered.starts_with(b"{\"@timestamp\":\"2014-")),
                "Dropped" => assert!(answered.is_empty()),
                _ => assert_eq!(&answered, data),
            }
        }
        assert!(once.put_back.is_empty());
        let counts = &once.counts;
        assert_eq!((counts.records_in, counts.decorated, counts.dropped, counts.failed), (11, 5, 3, 3));
        assert_eq!((counts.unparsed, counts.transit_gateway), (1, 1));
        assert_eq!(counts.reasons, BTreeMap::from([("unknown-format", 1), ("damaged-gzip", 1)]));
    }
}

#[test]
fn data_that_is_no_base64_is_echoed() {
    let text = r#"{"deliveryStreamArn": "arn:aws:firehose:us-east-1:1:deliverystream/flows",
        "records": [{"recordId": "a", "data": "%%\"\\"}, {"recordId": "b"}]}"#;
    let event = Event::read(text).unwrap();
    let transformed = rules(Destination::S3, 10_000).transform(&event, &mut decorator(), &mut Scratch::default());
    let (body, _) = transformed.settle(&event, 10_000, &Outcome::default());
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["records"][0], json!({"recordId": "a", "result": "ProcessingFailed", "data": "%%\"\\"}));
    assert_eq!(body["records"][1], json!({"recordId": "b", "result": "Dropped", "data": ""}));
}

#[test]
fn several_lines_for_s3() {
    let text = format!("{}\n{}\n{}\n{}\n", line(1), bad_line(2), line(3), bad_line(4));
    let once = once(&rules(Destination::S3, 1_000_000), &[text.into_bytes()], false);
    assert_eq!(results(&once), ["Ok"]);
    let (_, _, documents) = answers(&once.body).remove(0);
    let documents = String::from_utf8(documents).unwrap();
    let bytes: Vec<u64> = documents
        .lines()
        .map(|document| serde_json::from_str::<Value>(document).unwrap()["bytes"].as_u64().unwrap())
        .collect();
    assert_eq!(bytes, [1, 3]);
    // The bad ones together, without the good ones.
    let bad = format!("{}\n{}\n", bad_line(2), bad_line(4)).into_bytes();
    assert_eq!(once.put_back, [(0, vec![bad])]);
    assert_eq!((once.counts.decorated, once.counts.unparsed), (2, 0));
}

#[test]
fn several_lines_for_opensearch() {
    let lines = [line(1), bad_line(2), line(3)];
    for data in [lines.join("\n").into_bytes(), subscription(&lines)] {
        let once = once(&rules(Destination::OpenSearch, 1_000_000), &[line(0).into_bytes(), data], false);
        assert_eq!(results(&once), ["Ok", "Dropped"]);
        let parts: Vec<Vec<u8>> = lines.iter().map(|line| format!("{line}\n").into_bytes()).collect();
        assert_eq!(once.put_back, [(1, parts)]);
    }
}

#[test]
fn nothing_is_put_back_into_a_stream_that_reads_from_kinesis() {
    let lines = [line(1), bad_line(2)].join("\n").into_bytes();
    for destination in [Destination::OpenSearch, Destination::S3] {
        let once = once(&rules(destination, 1_000_000), &[line(0).into_bytes(), lines.clone()], true);
        assert_eq!(results(&once), ["Ok", "ProcessingFailed"]);
        assert_eq!(answers(&once.body)[1].2, lines);
        assert!(once.put_back.is_empty());
    }
    // Nor if there is no room: then the documents that fit beside the echo of the rest are answered.
    let data: Vec<Vec<u8>> = (0..50).map(|number| line(number).into_bytes()).collect();
    let full = once(&rules(Destination::OpenSearch, 1_000_000), &data, true);
    assert_eq!(full.counts.decorated, 50);
    for limit in [full.body.len() - 1, full.body.len() * 3 / 4] {
        let once = once(&rules(Destination::OpenSearch, limit), &data, true);
        assert!(once.body.len() <= limit);
        assert!(once.put_back.is_empty());
        assert!(once.counts.decorated > 10 && once.counts.decorated + once.counts.failed == 50);
        assert_eq!(once.counts.reasons, BTreeMap::from([("does-not-fit", once.counts.failed)]));
    }
}

/// Where even the echo of everything is too long, nothing may make the response longer than that: it is shorter than the event, which
/// Lambda has taken.
#[test]
fn a_limit_below_the_echo_of_everything_from_kinesis() {
    let data: Vec<Vec<u8>> = (0..50).map(|number| line(number).into_bytes()).collect();
    // `{"records":[` and `]}`; of each record `{"recordId":"` and 56 digits, `","result":"ProcessingFailed","data":"`, base64 and `"}`, with a
    // comma between two.
    let base64: usize = data.iter().map(|data| data.len().div_ceil(3) * 4).sum();
    let echo = 14 + 50 * (13 + 56 + 38 + 2) + 49 + base64;
    for destination in [Destination::OpenSearch, Destination::S3] {
        for limit in [echo - 1, echo / 2, 1_000] {
            let once = once(&rules(destination, limit), &data, true);
            assert_eq!(results(&once), ["ProcessingFailed"; 50]);
            assert_eq!((once.body.len(), once.counts.failed), (echo, 50));
            assert!(once.put_back.is_empty());
        }
        // What is dropped gives its room to others.
        let blank: Vec<Vec<u8>> = [vec![b" ".repeat(3_000); 2], data.clone()].concat();
        let once = once(&rules(destination, echo + 2_000), &blank, true);
        assert_eq!(results(&once)[..3], ["Dropped", "Dropped", "Ok"]);
        assert!(once.body.len() <= echo + 2_000);
    }
}

#[test]
fn the_limit_is_counted_to_the_byte() {
    let data: Vec<Vec<u8>> = (0..20).map(|number| line(number).into_bytes()).collect();
    for destination in [Destination::OpenSearch, Destination::S3] {
        let whole = once(&rules(destination, 1_000_000), &data, false);
        let exact = once(&rules(destination, whole.body.len()), &data, false);
        assert_eq!(exact.body, whole.body);
        let less = once(&rules(destination, whole.body.len() - 1), &data, false);
        assert_eq!(less.put_back, [(19, vec![data[19].clone()])]);
        assert_eq!(results(&less)[18..], ["Ok", "Dropped"]);
        assert_eq!(less.counts.decorated, 19);
    }
}

#[test]
fn one_that_does_not_fit_alone() {
    let limit = 2_000;
    let many: Vec<String> = (0..9).map(line).collect();
    let once_of = |data: &[Vec<u8>]| once(&rules(Destination::S3, limit), data, false);
    // Several lines: halves.
    let halves = once_of(&[many.join("\n").into_bytes()]);
    assert_eq!(results(&halves), ["Dropped"]);
    let put_back: Vec<Vec<u8>> = halves.put_back[0].1.clone();
    assert_eq!(put_back.len(), 2);
    let back = String::from_utf8(put_back.concat()).unwrap();
    assert_eq!(back.lines().collect::<Vec<&str>>(), many);
    // One line: ProcessingFailed, even where the stream would take it back.
    let mut long = line(1);
    long.push_str(&" ".repeat(3));
    let format = flowlog::Format::from_template("${interface-id} ${instance-id}").unwrap();
    let rules = Transformation { destination: Destination::S3, limit, headerless: Headerless::new(Some(format)) };
    let data = [format!("eni-1 {}", "x".repeat(1_500)).into_bytes(), b"eni-1 i-1".to_vec()];
    let alone = once(&rules, &data, false);
    assert_eq!(results(&alone)[0], "ProcessingFailed");
    assert_eq!(alone.counts.reasons, BTreeMap::from([("does-not-fit", 1)]));
    // After another one it may fit when it comes first.
    let data = [data[1].clone(), data[0].clone()];
    let second = once(&rules, &data, false);
    assert_eq!(results(&second), ["Ok", "Dropped"]);
    assert_eq!(second.put_back, [(1, vec![data[1].clone()])]);
}

#[test]
fn a_limit_that_no_response_can_keep_still_lets_one_through() {
    let data: Vec<Vec<u8>> = (0..50).map(|number| line(number).into_bytes()).collect();
    let once = once(&rules(Destination::OpenSearch, 1_200), &data, false);
    assert_eq!(once.counts.decorated, 1);
    assert_eq!(once.put_back.len(), 49);
}

#[test]
fn what_the_stream_refuses_is_failed_and_takes_its_room_from_the_last_documents() {
    let data: Vec<Vec<u8>> = (0..40).map(|number| line(number).into_bytes()).collect();
    let limit = once(&rules(Destination::OpenSearch, 1_000_000), &data, false).body.len() * 3 / 4;
    let text = event(&numbered(&data), false);
    let event = Event::read(&text).unwrap();
    let rules = rules(Destination::OpenSearch, limit);
    let transformed = rules.transform(&event, &mut decorator(), &mut Scratch::default());
    let refused: Refused = transformed.put_backs.iter().map(|put_back| (put_back.record, "put-back-refused")).collect();
    let documents_before = 40 - refused.len();
    assert!(refused.len() > 5);
    let put = Outcome { accepted: 0, refused: refused.clone() };
    let (body, counts) = transformed.settle(&event, limit, &put);
    assert!(body.len() <= limit, "{}", body.len());
    let answers = answers(&body);
    let ok = answers.iter().filter(|(_, result, _)| result == "Ok").count();
    assert!(ok > 0 && ok < documents_before);
    for (index, (_, result, answered)) in answers.iter().enumerate() {
        assert_eq!(result == "Ok", index < ok, "the first ones keep their documents");
        if index >= ok {
            assert_eq!(answered, &data[index]);
        }
    }
    // One more would not have fitted: the next document is longer than what is left and its echo.
    let ok_len = response::ok_len(&event.records[ok], 0) + answers[0].2.len() * 4 / 3;
    assert!(body.len() + ok_len - response::failed_len(&event.records[ok]) > limit - 200);
    assert_eq!(
        (counts.decorated, counts.failed, counts.put_back_failed),
        (ok as u64, 40 - ok as u64, refused.len() as u64)
    );
}
