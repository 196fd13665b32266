//! All goes well.

use serde_json::json;
use servers::{Function, Moto, RuntimeApi, events};

use crate::rig::{self, LONG, Ledger, Rig, STREAM, lines, response, split};

#[test]
fn every_record_is_once_in_the_objects_of_the_stream() {
    let moto = Moto::start();
    moto.create_bucket("flow-bucket");
    moto.create_stream(STREAM, "flow-bucket", "logs/");
    let api = RuntimeApi::start();
    let environment = moto.environment();
    let mut settings = vec![("DELIVERY_STREAM_NAME", STREAM)];
    settings.extend(environment.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let function = Function::start(rig::binary(), &api, &settings);

    let sent = lines(1_234);
    let answer = api.invoke(&events::subscription(&sent), LONG);
    assert_eq!(response(answer), json!({"recordsIn": 1_234, "put": 1_234, "leftovers": 0}), "{}", function.output());

    let mut stored: Vec<String> = moto.objects("flow-bucket").iter().flat_map(|(_, body)| split(body)).collect();
    stored.sort();
    let mut wanted = sent;
    wanted.sort();
    assert_eq!(stored, wanted);
}

#[test]
fn a_huge_event_goes_out_in_full_batches() {
    let rig = Rig::start(&[]);
    let sent = lines(10_000);
    response(rig.send(&sent, LONG));
    assert_eq!(rig.call_sizes(), [500; 20]);
    assert_eq!(rig.aws.firehose_records(STREAM).len(), 10_000);
    // Four calls at once may overtake each other; within a call the order stays.
    let mut delivered = rig.delivered();
    let place = |line: &String| line.split(' ').nth(8).unwrap().parse::<usize>().unwrap();
    assert!(delivered.chunks(500).all(|call| call.is_sorted_by_key(place)));
    delivered.sort_by_key(place);
    assert_eq!(delivered, sent);
    assert_eq!(rig.check_ledger(&sent), Ledger { put: 10_000, put_again: 0, leftovers: 0, oversize: 0, failed: 0 });
}

#[test]
fn for_s3_lines_are_packed() {
    let rig = Rig::start(&[("DESTINATION", "s3")]);
    let sent = lines(10_000);
    response(rig.send(&sent, LONG));
    // Lines and line feeds together: how many records of at most 250 KiB they need if none could be filled to the brim.
    let bytes: usize = sent.iter().map(|line| line.len() + 1).sum();
    let records = rig.aws.firehose_records(STREAM);
    assert_eq!(records.len(), bytes.div_ceil(256_000 - 120));
    assert_eq!(rig.delivered(), sent);
    assert_eq!(rig.check_ledger(&sent), Ledger { put: 10_000, put_again: 0, leftovers: 0, oversize: 0, failed: 0 });
}

#[test]
fn records_pass_as_they_are() {
    let rig = Rig::start(&[]);
    let odd: Vec<String> = [
        "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA",
        "2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA",
        "{\"message\":\"as JSON\"}",
        "tags=caf\u{e9} \u{1f980}\ttab",
        "not a flow log at all",
        "",
    ]
    .map(str::to_owned)
    .to_vec();
    response(rig.send(&odd, LONG));
    assert_eq!(rig.delivered(), odd);
    assert_eq!(rig.call_sizes(), [6]);
}

#[test]
fn one_process_serves_many_invocations() {
    let rig = Rig::start(&[]);
    let pending: Vec<_> =
        lines(20).chunks(4).map(|part| rig.api.invoke_later(events::subscription(part), LONG)).collect();
    for invocation in pending {
        assert_eq!(response(invocation.wait()), json!({"recordsIn": 4, "put": 4, "leftovers": 0}));
    }
    assert_eq!(rig.delivered(), lines(20));
    assert_eq!(rig.metrics(5)["RecordsPut"], 4);
}
