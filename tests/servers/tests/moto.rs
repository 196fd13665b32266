//! What moto really does: the other tests build on it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use servers::Moto;

#[test]
fn a_delivery_stream_writes_one_object_for_each_batch() {
    let moto = Moto::start();
    moto.create_bucket("flows");
    moto.create_stream("stream", "flows", "logs/");
    for batch in [&["a\n", "b\n"][..], &["c\n"]] {
        let records: Vec<_> = batch.iter().map(|data| json!({"Data": STANDARD.encode(data)})).collect();
        let answer = moto.firehose("PutRecordBatch", &json!({"DeliveryStreamName": "stream", "Records": records}));
        assert_eq!(answer["FailedPutCount"], 0);
        assert_eq!(answer["RequestResponses"].as_array().unwrap().len(), batch.len());
    }
    let objects = moto.objects("flows");
    assert!(objects.iter().all(|(key, _)| key.starts_with("logs/")), "{objects:?}");
    let mut bodies: Vec<Vec<u8>> = objects.into_iter().map(|(_, body)| body).collect();
    bodies.sort();
    assert_eq!(bodies, [b"a\nb\n".to_vec(), b"c\n".to_vec()]);
}

#[test]
fn interfaces_are_given_all_at_once() {
    let moto = Moto::start();
    let (interfaces, group) = moto.create_interfaces(7, "web");
    let listed = moto.ec2("DescribeNetworkInterfaces", &[("MaxResults", "5")]);
    assert_eq!(listed.matches("<networkInterfaceId>").count(), 7, "moto pages now: a test against it can be stricter");
    assert!(!listed.contains("<nextToken>"));
    for (id, address) in &interfaces {
        assert!(listed.contains(id.as_str()) && listed.contains(address.as_str()));
    }
    assert!(listed.contains(&group));
}
