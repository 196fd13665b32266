//! Events of every kind, good and bad.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use servers::{Answer, Fault, Function, RuntimeApi, events};

use crate::rig::{self, LEFTOVERS, LONG, Ledger, Rig, check_name, error, lines, response};

/// Events that cannot be opened, and a word of the reason.
fn unopenable() -> Vec<(Vec<u8>, &'static str)> {
    let whole = events::gzip(events::data_message(&lines(3)).to_string().as_bytes());
    let mut unknown_type = events::data_message(&lines(3));
    unknown_type["messageType"] = json!("HEARTBEAT");
    let mut no_events = events::data_message(&lines(3));
    no_events.as_object_mut().unwrap().remove("logEvents");
    vec![
        (b"{}".to_vec(), "awslogs.data"),
        (b"[1,2]".to_vec(), "awslogs.data"),
        (json!({"awslogs": {"data": "no base64!"}}).to_string().into_bytes(), "base64"),
        (events::wrap(b"no gzip"), "gzip"),
        (events::wrap(&whole[..whole.len() / 2]), "gzip"),
        (events::wrap(&events::gzip(b"{\"messageType\":")), "ends too early"),
        (events::wrap(&events::gzip(b"no JSON")), "not JSON"),
        (events::wrap(&events::gzip(no_events.to_string().as_bytes())), "missing"),
        (events::wrap(&events::gzip(unknown_type.to_string().as_bytes())), "HEARTBEAT"),
        (events::wrap(&events::bomb(700)), "33554432"),
    ]
}

#[test]
fn what_cannot_be_opened_fails_the_invocation() {
    let rig = Rig::start(&[]);
    for (index, (event, reason)) in unopenable().into_iter().enumerate() {
        let message = error(rig.api.invoke(&event, LONG), "UndecodableEvent");
        assert!(message.contains(reason) && message.contains("LEFTOVERS is not set"), "{message}");
        let metrics = rig.metrics(index + 1);
        assert_eq!(metrics["UndecodableEvents"], 1);
        assert_eq!(metrics.get("RecordsIn"), None, "nobody knows how many records there were");
    }
    // The last one was a bomb of 700 MB. A Lambda function of the usual 256 MB lives through it.
    assert!(rig.function.peak_memory_kib() < 200 * 1024, "{} KiB", rig.function.peak_memory_kib());
    response(rig.send(&lines(3), LONG));
    assert_eq!(rig.delivered(), lines(3));
}

/// The JSON of as many log events as an event may hold, each the same.
fn as_large_as_can_be(log_event: &str) -> (Vec<u8>, usize) {
    let head = r#"{"messageType":"DATA_MESSAGE","logEvents":["#;
    let count = (ingest::JSON_LIMIT - head.len() - "]}".len() + 1) / (log_event.len() + 1);
    let log_events = vec![log_event; count].join(",");
    let json = format!("{head}{log_events}]}}");
    assert!(json.len() <= ingest::JSON_LIMIT && json.len() + log_event.len() >= ingest::JSON_LIMIT);
    (events::wrap(&events::gzip(json.as_bytes())), count)
}

#[test]
fn the_worst_event_fits_into_a_small_function() {
    let flow_log = format!(r#"{{"id":"{:056}","timestamp":1772323200000,"message":"{}"}}"#, 7, lines(1)[0]);
    let one_message = format!(r#"{{"message":"{}"}}"#, "x".repeat(1_000_000));
    // What CloudWatch Logs sends, empty messages in its shape, the most log events of all, and the fewest.
    for log_event in [&flow_log, r#"{"id":"","timestamp":0,"message":""}"#, r#"{"message":""}"#, &one_message] {
        let (event, count) = as_large_as_can_be(log_event);
        // Firehose does not answer, and everything is packed and kept.
        let rig = Rig::start(&[LEFTOVERS]);
        rig.aws.fault("PutRecordBatch", Fault::Delay(LONG));
        let answer = rig.api.invoke(&event, Duration::from_secs(8));
        let peak = rig.function.peak_memory_kib();
        assert!(peak < 200 * 1024, "{count} log events of {} bytes: {peak} KiB", log_event.len());
        assert_eq!(response(answer), json!({"recordsIn": count, "put": 0, "leftovers": count}));
        assert_eq!(rig.kept("undelivered").len(), count);
    }
}

#[test]
fn what_cannot_be_opened_is_kept_whole() {
    let rig = Rig::start(&[LEFTOVERS]);
    for (event, _) in unopenable() {
        assert_eq!(response(rig.api.invoke(&event, LONG)), json!({"kept": "event"}));
    }
    let mut kept: Vec<Value> = Vec::new();
    for (name, body) in rig.aws.objects() {
        check_name(&name);
        assert!(name.ends_with("-event.json"));
        kept.push(serde_json::from_slice(&body).unwrap());
    }
    let wanted: Vec<Value> = unopenable().iter().map(|(event, _)| serde_json::from_slice(event).unwrap()).collect();
    // Keys end in the number of the request, so they sort as the events came.
    assert_eq!(kept, wanted);
    assert!(rig.delivered().is_empty());
}

#[test]
fn an_event_that_is_not_json_fails_the_invocation() {
    let rig = Rig::start(&[LEFTOVERS]);
    for event in [&b"{\"awslogs\":"[..], b"", b"\xff\xfe"] {
        assert!(matches!(rig.api.invoke(event, LONG), Answer::Error { .. }));
    }
    response(rig.send(&lines(1), LONG));
    assert_eq!(rig.delivered(), lines(1));
}

#[test]
fn a_control_message_is_acknowledged() {
    let rig = Rig::start(&[]);
    response(rig.api.invoke(&events::control_message(), LONG));
    assert!(rig.aws.all_calls().is_empty());
    let metrics = rig.metrics(1);
    assert_eq!((&metrics["ControlMessages"], &metrics["RecordsIn"]), (&json!(1), &json!(0)));
}

#[test]
fn an_event_without_records_calls_nobody() {
    let rig = Rig::start(&[LEFTOVERS]);
    response(rig.send(&[], LONG));
    assert!(rig.aws.all_calls().is_empty());
    assert_eq!(rig.check_ledger(&[]), Ledger { put: 0, put_again: 0, leftovers: 0, oversize: 0, failed: 0 });
}

#[test]
fn settings_that_are_wrong_end_the_start() {
    for (settings, wanted) in [
        (vec![], "DELIVERY_STREAM_NAME is not set"),
        (vec![("DELIVERY_STREAM_NAME", "flows"), ("DESTINATION", "kafka")], "DESTINATION"),
        (vec![("DELIVERY_STREAM_NAME", "flows"), ("LEFTOVERS", "leftovers")], "s3://bucket/prefix"),
    ] {
        let api = RuntimeApi::start();
        let function = Function::start(rig::binary(), &api, &settings);
        assert!(matches!(api.invoke(&events::subscription(&lines(1)), LONG), Answer::Died(_)));
        // What it said comes by another way than the news of its end.
        let patience = Instant::now() + LONG;
        while !function.output().contains(wanted) {
            assert!(Instant::now() < patience, "{wanted}: {}", function.output());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn log_lines_name_the_request_whatever_the_level() {
    for (name, level) in [("RUST_LOG", "error"), ("AWS_LAMBDA_LOG_LEVEL", "FATAL"), ("RUST_LOG", "debug")] {
        let rig = Rig::start(&[(name, level)]);
        error(rig.api.invoke(b"{}", LONG), "UndecodableEvent");
        rig.metrics(1);
        let output = rig.function.output();
        let line = output.lines().find(|line| line.contains("\"ERROR\"")).unwrap_or_else(|| panic!("{output}"));
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["span"]["requestId"].as_str().is_some_and(|id| id.ends_with("-4000-8000-000000000001")), "{line}");
        assert!(line["message"].as_str().unwrap().contains("UndecodableEvent"), "{line}");
        assert_eq!(output.contains("\"INFO\"") || output.contains("\"DEBUG\""), level == "debug", "{output}");
    }
}
