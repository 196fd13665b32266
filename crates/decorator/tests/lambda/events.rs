//! What comes in and what is answered.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use servers::{Answer, Ec2World, Function, RuntimeApi, events};

use crate::running::{DEADLINE, Running, document, event, id, line, results};

#[test]
fn records_become_documents() {
    let running = Running::start(&[]);
    let records = [
        line(2, 1000).into_bytes(),
        format!("{}\r\n", line(3, 1001)).into_bytes(),
        json!({ "message": line(4, 1002) }).to_string().into_bytes(),
        events::gzip(events::data_message(&[line(5, 1003)]).to_string().as_bytes()),
        format!("2 123456789012 {} - - - - - - - 1772323100 1772323160 - NODATA", Ec2World::interface_id(6))
            .into_bytes(),
        b"not a record".to_vec(),
        b"\n".to_vec(),
    ];
    let answers = running.transform(&records);
    let (ok, failed) = ("Ok", "ProcessingFailed");
    assert_eq!(results(&answers), [ok, ok, ok, ok, ok, failed, "Dropped"]);
    assert_eq!(answers[5].2, records[5]);
    let first = document(&answers[0].2);
    // 1772323160 is 2026-03-01T00:00:00Z (1772323200) less 40 s.
    assert_eq!(first["@timestamp"], "2026-02-28T23:59:20Z");
    assert_eq!(first["bytes"], 1000);
    assert_eq!(first["security-group-ids"], json!(["sg-db", "sg-web"]));
    assert_eq!(first["direction"], "inbound");
    assert_eq!(document(&answers[1].2)["security-group-names"], json!(["web"]));
    assert_eq!(document(&answers[2].2)["bytes"], 1002);
    assert_eq!(document(&answers[3].2)["bytes"], 1003);
    let no_data = document(&answers[4].2);
    assert_eq!(no_data["log-status"], "NODATA");
    assert_eq!(no_data["security-group-ids"], json!(["sg-db", "sg-web"]));

    let metrics = running.metrics(1);
    for (name, value) in [
        ("RecordsIn", 7),
        ("Decorated", 5),
        ("Unparsed", 1),
        ("ProcessingFailed", 1),
        ("Dropped", 1),
        ("PutBack", 0),
        ("UnknownInterfaces", 0),
        ("InventoryStale", 0),
        ("ColdStart", 1),
        ("InvocationFailed", 0),
    ] {
        assert_eq!(metrics[name], value, "{name}");
    }
    running.transform(&records);
    assert_eq!(running.metrics(2)["ColdStart"], 0);
    // Counts and reasons are logged, but nothing of what the records say.
    assert!(running.function.output().contains("unknown-format"));
    assert!(!running.function.output().contains("203.0.113.9"));
    assert!(!running.function.output().contains("not a record"));
}

/// The same line through the function and through the command is the same document, byte for byte.
#[test]
fn the_same_document_offline() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = folder.path().join("inventory.json");
    let world = Ec2World::with_interfaces(20);
    let lists = json!({"NetworkInterfaces": world.interfaces, "SecurityGroups": world.groups, "SecurityGroupRules": world.rules});
    std::fs::write(&inventory, lists.to_string()).unwrap();
    let database = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/geo.mmdb");
    let drop_list = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/geo/drop.txt");
    // A SYN alone is a request, and requests have rules.
    let format = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} \
                  ${start} ${end} ${action} ${log-status} ${tcp-flags}";
    let lines: Vec<String> = (1..=30).map(|number| line(number, 7 * number) + " 2").collect();

    for schema in ["classic", "ecs"] {
        let running = Running::start(&[
            ("GEO_DATABASES", database),
            ("THREAT_LISTS", &format!("drop={drop_list}")),
            ("OUTPUT_SCHEMA", schema),
            ("RULE_IDS", "on"),
            ("LOG_FORMAT", format),
        ]);
        let records: Vec<Vec<u8>> = lines.iter().map(|line| line.clone().into_bytes()).collect();
        let answers = running.transform(&records);
        let online: String = answers.iter().map(|(_, _, data)| String::from_utf8(data.clone()).unwrap()).collect();

        let mut child = Command::new(env!("CARGO_BIN_EXE_flow-decorate"))
            .args(["-", "--geo", database, "--output-schema", schema, "--rule-ids", "--quiet", "--log-format", format])
            .args(["--threat-list", &format!("drop={drop_list}"), "--inventory"])
            .arg(&inventory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), lines.join("\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let offline = String::from_utf8(output.stdout).unwrap();
        assert_eq!(online, offline, "{schema}");
        assert_eq!(offline.lines().count(), 30);
        assert!(offline.contains("sgr-web"));
        assert_eq!(running.metrics(1)["UnknownInterfaces"], 10, "interfaces 21 to 30");
    }
}

#[test]
fn a_given_format_and_several_documents_for_s3() {
    let format = "${interface-id} ${srcaddr} ${dstaddr} ${bytes} ${end}";
    let running = Running::start(&[("LOG_FORMAT", format), ("DESTINATION", "s3")]);
    let lines: Vec<String> = (1..=5)
        .map(|number| {
            let (id, address) = (Ec2World::interface_id(number), Ec2World::address(number));
            format!("{id} 203.0.113.9 {address} {number} 1772323160")
        })
        .collect();
    let records = [lines.join("\n").into_bytes(), events::gzip(events::data_message(&lines).to_string().as_bytes())];
    let answers = running.transform(&records);
    assert_eq!(results(&answers), ["Ok", "Ok"]);
    for (_, _, data) in &answers {
        let bytes: Vec<Value> =
            data.split_inclusive(|byte| *byte == b'\n').map(|text| document(text)["bytes"].clone()).collect();
        assert_eq!(bytes, [1, 2, 3, 4, 5].map(Value::from));
    }
    assert_eq!(answers[0].2, answers[1].2);
    assert_eq!(running.metrics(1)["Decorated"], 10);
}

#[test]
fn payloads_that_are_no_event_fail_the_invocation_and_not_the_function() {
    let running = Running::start(&[]);
    for payload in ["null", "[]", "{}", "\"x\"", "{\"records\":[{}]}", "{\"records\":[5]}", "{\"records\":{}}"] {
        let (kind, message) = running.error(payload.as_bytes());
        assert_eq!(kind, "MalformedEvent", "{payload}");
        assert!(message.contains("no Firehose transformation event"), "{message}");
    }
    for payload in ["", "{\"records\":", "\u{1}"] {
        assert!(matches!(running.api.invoke(payload.as_bytes(), DEADLINE), Answer::Error { .. }), "{payload:?}");
    }
    let answers = running.transform(&[line(1, 1).into_bytes()]);
    assert_eq!(results(&answers), ["Ok"]);
    assert_eq!(running.transform(&[]), []);
}

#[test]
fn data_of_every_kind_is_answered() {
    let running = Running::start(&[]);
    let records = [
        Vec::new(),
        vec![0; 1_000_000],
        vec![b'x'; 1_000_000],
        b"\n".repeat(100_000),
        events::bomb(100),
        b"\x1f\x8b\x08\x00\x00".to_vec(),
        b"{\"message\":".to_vec(),
        b"[[[[[[".repeat(1000),
        b"\xff\xfe\xfd".to_vec(),
        line(1, 1).replace(' ', "\u{a0}").into_bytes(),
        b"2 ab tgw-1 TransitGateway tgw-attach-1".to_vec(),
    ];
    let answers = running.transform(&records);
    for ((_, result, data), record) in answers.iter().zip(&records) {
        if record.trim_ascii().is_empty() {
            assert_eq!((result.as_str(), data.len()), ("Dropped", 0));
        } else {
            assert_eq!(result, "ProcessingFailed");
            assert_eq!(data, record, "the data is untouched");
        }
    }
    assert_eq!(running.metrics(1)["TransitGatewayRecords"], 1);
    // What is no base64 is echoed as it came.
    let event =
        format!(r#"{{"records":[{{"recordId":"{}","data":"@@\"@"}},{{"recordId":"{}","data":"QQ"}}]}}"#, id(0), id(1));
    let body: Value = serde_json::from_slice(&running.body(event.as_bytes())).unwrap();
    assert_eq!(body["records"][0]["data"], "@@\"@");
    assert_eq!(body["records"][1]["data"], "QQ");
    assert_eq!(body["records"][1]["result"], "ProcessingFailed");
}

/// A stream may bring records of both kinds, but has one format: what is of the other kind is kept and told.
#[test]
fn records_of_the_other_kind_than_the_format() {
    let of_gateway = b"TransitGateway tgw-1 203.0.113.9 10.0.0.1 1772323160".to_vec();
    let of_interface =
        format!("123456789012 {} 203.0.113.9 10.0.0.1 1772323160", Ec2World::interface_id(2)).into_bytes();
    let records = [of_gateway, of_interface];
    let gateways = "${resource-type} ${tgw-id} ${srcaddr} ${dstaddr} ${end}";
    let interfaces = "${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${end}";
    for (format, kept, told) in [(gateways, 1, "Unparsed"), (interfaces, 0, "TransitGatewayRecords")] {
        let running = Running::start(&[("OUTPUT_SCHEMA", "ecs"), ("LOG_FORMAT", format)]);
        let answers = running.transform(&records);
        assert_eq!((answers[kept].1.as_str(), &answers[kept].2), ("ProcessingFailed", &records[kept]), "{format}");
        let vpcflow = &document(&answers[1 - kept].2)["aws"]["vpcflow"];
        assert_eq!(vpcflow.get("tgw_id").is_some(), kept == 1, "{vpcflow}");
        assert_eq!(vpcflow.get("interface_id").is_some(), kept == 0, "{vpcflow}");
        let metrics = running.metrics(1);
        for (name, count) in [("Decorated", 1), ("ProcessingFailed", 1), (told, 1)] {
            assert_eq!(metrics[name], count, "{format}: {name}");
        }
    }
}

#[test]
fn random_mixtures_are_answered_once_each() {
    for destination in ["opensearch", "s3"] {
        let running = Running::start(&[("DESTINATION", destination)]);
        let mut random = StdRng::seed_from_u64(7);
        for _ in 0..20 {
            let mut records = Vec::new();
            for _ in 0..random.random_range(0..300) {
                let lines: Vec<String> =
                    (0..random.random_range(0..4)).map(|_| line(random.random_range(1..30), 1)).collect();
                let mut record = match random.random_range(0..4) {
                    0 => events::gzip(events::data_message(&lines).to_string().as_bytes()),
                    1 => json!({"message": lines.join("\n")}).to_string().into_bytes(),
                    _ => lines.join("\n").into_bytes(),
                };
                if random.random_ratio(1, 4) && !record.is_empty() {
                    let place = random.random_range(0..record.len());
                    record[place] = random.random();
                }
                records.push(record);
            }
            running.transform(&records);
        }
    }
}

/// Lambda never does so, but two processes may be asked at the same time.
#[test]
fn several_invocations_that_wait() {
    let running = Running::start(&[]);
    let pending: Vec<_> = (0..20)
        .map(|number| running.api.invoke_later(event(&[line(1, number).into_bytes()], false), DEADLINE))
        .collect();
    for (number, pending) in pending.into_iter().enumerate() {
        let Answer::Response(body) = pending.wait() else { panic!("{}", running.function.output()) };
        let answers = events::read_firehose_answer(&body);
        assert_eq!(document(&answers[0].2)["bytes"], number);
    }
}

#[test]
fn settings_that_cannot_be_used_end_the_function_with_the_cure() {
    for (name, value, said) in [
        ("DESTINATION", "splunk", "set it to opensearch or s3"),
        ("LOG_FORMAT", "Version", "LOG_FORMAT is `Version`"),
        ("GEO_DATABASES", "/no/such.mmdb", "/no/such.mmdb"),
        ("THREAT_LISTS", "drop", "which is not NAME=FILE"),
    ] {
        let api = RuntimeApi::start();
        let path = std::path::Path::new(env!("CARGO_BIN_EXE_flow-decorate"));
        let function = Function::start(path, &api, &[(name, value)]);
        let answer = api.invoke(&event(&[], false), DEADLINE);
        assert!(matches!(answer, Answer::Died(_) | Answer::InitError(_)), "{answer:?}");
        assert!(function.output().contains(said), "{}", function.output());
    }
}

#[test]
fn log_lines_name_the_request_whatever_the_level() {
    for (settings, shows_info) in [
        (&[("RUST_LOG", "error")][..], false),
        (&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")], false),
        (&[("RUST_LOG", ""), ("AWS_LAMBDA_LOG_LEVEL", "ERROR")], false),
        (&[("RUST_LOG", "")], true),
        (&[("RUST_LOG", "a=b=c")], true),
        (&[], true),
    ] {
        let running = Running::start(settings);
        running.transform(&[b"not a record".to_vec()]);
        assert!(matches!(running.api.invoke(b"{}", DEADLINE), Answer::Error { .. }));
        // The log comes by another way than the answer.
        let patience = Instant::now() + DEADLINE;
        while !running.function.output().contains("the invocation failed") {
            assert!(Instant::now() < patience, "{}", running.function.output());
            std::thread::sleep(Duration::from_millis(5));
        }
        let output = running.function.output();
        let line = output.lines().find(|line| line.contains("\"ERROR\"")).unwrap_or_else(|| panic!("{output}"));
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["span"]["requestId"].as_str().is_some_and(|id| id.ends_with("-4000-8000-000000000002")), "{line}");
        assert_eq!(output.contains("not all records were decorated"), shows_info, "{settings:?}: {output}");
    }
}
