//! From a subscription event to documents with security groups, when nothing goes wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use servers::{Answer, CargoLambda, Moto, binary, events};
use std::collections::BTreeSet;

/// Default-format lines, one for each interface, told apart by their source port.
fn lines(interfaces: &[(String, String)]) -> Vec<String> {
    let line = |(index, (id, address)): (usize, &(String, String))| {
        let port = 40_000 + index;
        format!("2 123456789012 {id} 203.0.113.9 {address} {port} 443 6 10 840 1772323200 1772323260 ACCEPT OK")
    };
    interfaces.iter().enumerate().map(line).collect()
}

fn response(answer: Answer, output: &str) -> Vec<u8> {
    match answer {
        Answer::Response(body) => body,
        other => panic!("{other:?}\n{output}"),
    }
}

#[test]
fn every_record_arrives_once_and_decorated() {
    let moto = Moto::start();
    let lambda = CargoLambda::start();
    let (interfaces, group) = moto.create_interfaces(20, "web");
    moto.create_bucket("delivered");
    moto.create_stream("flows", "delivered", "flows/");
    let environment = moto.environment();
    let mut settings: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    settings.push(("DELIVERY_STREAM_NAME", "flows"));

    let ingest = lambda.attach("flow-ingest", &binary("flow-ingest"), &settings);
    let sent = lines(&interfaces);
    response(lambda.invoke("flow-ingest", &events::subscription(&sent)), &ingest.output());
    let mut arrived: Vec<String> = Vec::new();
    for (_, body) in moto.objects("delivered") {
        arrived.extend(String::from_utf8(body).unwrap().lines().map(str::to_owned));
    }
    arrived.sort();
    let mut expected = sent.clone();
    expected.sort();
    assert_eq!(arrived, expected);

    let decorate = lambda.attach("flow-decorate", &binary("flow-decorate"), &settings);
    let ids: Vec<String> = (0..arrived.len()).map(|number| format!("record-{number}")).collect();
    let records: Vec<(&str, &[u8])> =
        ids.iter().zip(&arrived).map(|(id, line)| (id.as_str(), line.as_bytes())).collect();
    let event = events::firehose(&records, &events::stream_arn("flows"), false);
    let answer = response(lambda.invoke("flow-decorate", &event), &decorate.output());
    let answered = events::read_firehose_answer(&answer);
    let answered_ids: Vec<&str> = answered.iter().map(|(id, _, _)| id.as_str()).collect();
    assert_eq!(answered_ids, ids);
    let mut ports = BTreeSet::new();
    for (id, result, data) in &answered {
        assert_eq!(result, "Ok", "{id}");
        let document: Value = serde_json::from_slice(data).unwrap();
        assert_eq!(document["security-group-ids"], serde_json::json!([group]), "{document}");
        assert_eq!(document["security-group-names"], serde_json::json!(["web"]), "{document}");
        assert_eq!(document["direction"], "inbound", "{document}");
        assert_eq!(document["@timestamp"], "2026-03-01T00:01:00Z", "{document}");
        let port = document["srcport"].as_u64().unwrap() as usize;
        let (interface, _) = &interfaces[port - 40_000];
        assert_eq!(document["interface-id"], *interface);
        ports.insert(port);
    }
    assert_eq!(ports.len(), interfaces.len());
}
