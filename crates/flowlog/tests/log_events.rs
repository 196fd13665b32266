//! Messages of a CloudWatch Logs subscription, as Firehose stores them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod collect;

use std::io::Write;

use collect::{HEADER, Kept, SSH, gzip, read, read_with};
use flate2::{Compression, write::GzEncoder};
use flowlog::{Action, Format, MESSAGE_LIMIT, ReadOptions, Shape};

fn ssh() -> Kept {
    Kept::of(&Format::default_v2().parse(SSH.as_bytes()).unwrap())
}

/// As in the CloudWatch Logs user guide, "Log group-level subscription filters".
fn subscription(message_type: &str, messages: &[&str]) -> String {
    let events: Vec<serde_json::Value> = messages
        .iter()
        .enumerate()
        .map(|(number, message)| serde_json::json!({"id": number.to_string(), "timestamp": 1_418_530_010_000_u64, "message": message}))
        .collect();
    serde_json::json!({"messageType": message_type, "owner": "123456789010", "logGroup": "flows", "logStream": "eni-1",
        "subscriptionFilters": ["all"], "logEvents": events})
    .to_string()
}

#[test]
fn messages_of_a_subscription() {
    let two = subscription("DATA_MESSAGE", &[SSH, &format!("{SSH}\n")]);
    let control = subscription("CONTROL_MESSAGE", &["CWL CONTROL MESSAGE: Checking health of destination Firehose."]);
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&two).unwrap()).unwrap();
    let variants = [
        (two.clone().into_bytes(), 2),
        (gzip(two.as_bytes()), 2),
        ([gzip(two.as_bytes()), gzip(control.as_bytes()), gzip(two.as_bytes())].concat(), 4),
        (format!("{control}{two}{two}\n{two}").into_bytes(), 6),
        (format!("{pretty}\n{pretty}").into_bytes(), 4),
        (format!("{{\"logEvents\":[{{\"message\":\"{SSH}\"}}]}}").into_bytes(), 1),
        (subscription("DATA_MESSAGE", &[SSH, "", "\n"]).replace("172.31", "\\u003172.31").into_bytes(), 1),
    ];
    for (input, count) in variants {
        let (collect, summary) = read(&input);
        assert_eq!(collect.records, vec![ssh(); count], "{}", input.escape_ascii());
        assert_eq!((collect.unparsed.len(), summary.shape), (0, Some(Shape::JsonMessage)));
    }
    for nothing in [control, subscription("DATA_MESSAGE", &[])] {
        let (collect, summary) = read(nothing.as_bytes());
        assert_eq!((collect.records.len(), collect.unparsed.len(), summary.shape), (0, 0, None));
    }
    // A bad event costs itself, and a custom format is for events too.
    let (collect, _) = read(subscription("DATA_MESSAGE", &[SSH, "2 1 eni-0a1", SSH]).as_bytes());
    assert_eq!((collect.records.len(), collect.kinds()), (2, vec!["wrong-field-count"]));
    let format = Format::from_template("interface-id srcaddr dstaddr protocol start end action").unwrap();
    let options = ReadOptions { log_format: Some(format), ..ReadOptions::default() };
    let custom = subscription("DATA_MESSAGE", &["eni-7 10.0.0.1 10.0.0.2 17 5 9 REJECT"]);
    assert_eq!(read_with(custom.as_bytes(), &options).0.records[0].action, Some(Action::Reject));
}

/// One gzip record of Firehose (1,000 KiB at most) holds some ten MB of flow logs.
#[test]
fn a_message_of_many_events() {
    let whole = subscription("DATA_MESSAGE", &vec![SSH; 60_000]);
    assert!(whole.len() > 10_000_000);
    let (collect, summary) = read(format!("{whole}{whole}").as_bytes());
    assert_eq!((collect.records.len(), collect.unparsed.len(), summary.lines), (120_000, 0, 2));
}

#[test]
fn messages_that_are_not_what_they_should_be() {
    let good = subscription("DATA_MESSAGE", &[SSH]);
    for (bad, reason) in [
        (subscription("OTHER_MESSAGE", &[SSH]), "unknown-json"),
        ("{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{\"id\":\"1\"}]}".to_owned(), "unknown-json"),
        ("{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":\"none\"}".to_owned(), "unknown-json"),
        ("{\"logEvents\":[{\"message\":7}]}".to_owned(), "unknown-json"),
        ("{\"x\":{\"logEvents\":[]}}".to_owned(), "unknown-json"),
        ("{\"logEvents\":[}".to_owned(), "not-json"),
        ("{\"logEvents\":[,]}".to_owned(), "not-json"),
    ] {
        let (collect, _) = read(format!("{good}\n{bad}\n{good}\n").as_bytes());
        assert_eq!((collect.records.len(), collect.kinds()), (2, vec![reason]), "{bad}");
    }
    // `logEvents` in a text is no message of a subscription.
    let decorated = r#"{"interface-id":"eni-1","srcaddr":"10.0.0.1","dstaddr":"10.0.0.2","protocol":6,"start":1,"end":2,"action":"ACCEPT","interface-description":"logEvents","x":{"logEvents":1}}"#;
    assert_eq!(read(decorated.as_bytes()).1.shape, Some(Shape::Decorated));
}

/// Peak resident memory of this process in KiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// 300 MB of events, and of text that calls itself events, in one line.
#[test]
fn a_bomb_of_events_takes_bounded_memory() {
    for event in ["{\"message\":\"\"},", "{},", "[{\"logEvents\":", "x"] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(format!("{HEADER}\n{SSH}\n{{\"logEvents\":[").as_bytes()).unwrap();
        let some = event.repeat(1_000_000 / event.len());
        for _ in 0..300 {
            encoder.write_all(some.as_bytes()).unwrap();
        }
        encoder.write_all(format!("\n{SSH}\n").as_bytes()).unwrap();
        let input = encoder.finish().unwrap();
        let before = peak_memory();
        let (collect, summary) = read(&input);
        assert_eq!((collect.records.len(), collect.kinds()), (2, vec!["line-too-long"]), "{event}");
        assert_eq!((summary.lines, summary.damage), (4, None));
        // What is kept at most is [`MESSAGE_LIMIT`], twice while it grows; the other tests of this program run beside.
        if let (Some(before), Some(after)) = (before, peak_memory()) {
            assert!(after - before < 200_000, "{before} KiB, then {after} KiB");
        }
    }
}

/// Most of what fits, and complete: no list of its events is made.
#[test]
fn a_message_of_nothing_but_events() {
    let event = "{\"message\":\"\"},";
    let events = event.repeat((MESSAGE_LIMIT - 1000) / event.len());
    let text = format!("{{\"logEvents\":[{events}{{\"message\":\"{SSH}\"}}]}}");
    assert!(text.len() < MESSAGE_LIMIT);
    let (collect, _) = read(text.as_bytes());
    assert_eq!((collect.records, collect.unparsed.len()), (vec![ssh()], 0));
}
