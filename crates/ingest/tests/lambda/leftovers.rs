//! What Firehose does not take: where it goes, and what happens when that place fails too.

use std::time::Duration;

use serde_json::json;
use servers::{Answer, Fault};

use crate::rig::{LEFTOVERS, LONG, Ledger, Rig, error, lines, response};

/// A line that fits into no record with its line feed; the other three do.
fn with_oversize() -> Vec<String> {
    let mut sent = lines(2);
    sent.push("x".repeat(1_024_000));
    sent.push("y".repeat(1_023_999));
    sent
}

#[test]
fn an_oversize_line_goes_alone() {
    for destination in ["opensearch", "s3"] {
        let rig = Rig::start(&[LEFTOVERS, ("DESTINATION", destination)]);
        let sent = with_oversize();
        assert_eq!(response(rig.send(&sent, LONG)), json!({"recordsIn": 4, "put": 3, "leftovers": 1}));
        assert_eq!(rig.kept("oversize"), sent[2..3]);
        assert_eq!(rig.delivered(), [&sent[0], &sent[1], &sent[3]].map(Clone::clone));
        assert_eq!(rig.check_ledger(&sent), Ledger { put: 3, put_again: 0, leftovers: 1, oversize: 1, failed: 0 });
    }
}

#[test]
fn an_oversize_line_without_leftovers_fails_and_the_rest_is_delivered() {
    let rig = Rig::start(&[]);
    let sent = with_oversize();
    let message = error(rig.send(&sent, LONG), "RecordsNotDelivered");
    assert!(message.starts_with("1 of 4 records") && message.contains("1,000 KiB"), "{message}");
    assert_eq!(rig.check_ledger(&sent), Ledger { put: 3, put_again: 0, leftovers: 0, oversize: 1, failed: 1 });
}

#[test]
fn both_kinds_in_one_invocation() {
    let rig = Rig::start(&[LEFTOVERS]);
    rig.aws.fault("PutRecordBatch", Fault::AccessDenied);
    let sent = with_oversize();
    response(rig.send(&sent, LONG));
    assert_eq!(rig.kept("oversize").len(), 1);
    assert_eq!(rig.kept("undelivered").len(), 3);
    assert_eq!(rig.check_ledger(&sent), Ledger { put: 0, put_again: 0, leftovers: 4, oversize: 1, failed: 0 });
}

#[test]
fn leftovers_are_tried_again_too() {
    for fault in [Fault::Throttle { times: 2 }, Fault::Times(2, Box::new(Fault::Drop))] {
        let rig = Rig::start(&[LEFTOVERS]);
        rig.aws.fault("PutRecordBatch", Fault::AccessDenied);
        rig.aws.fault("PutObject", fault);
        let sent = lines(3);
        response(rig.send(&sent, LONG));
        assert_eq!(rig.kept("undelivered"), sent);
        assert_eq!(rig.aws.calls("PutObject").len(), 3);
        assert_eq!(rig.check_ledger(&sent), Ledger { put: 0, put_again: 0, leftovers: 3, oversize: 0, failed: 0 });
    }
}

#[test]
fn leftovers_that_fail_fail_the_invocation() {
    for (fault, reason) in [
        (Fault::AccessDenied, "AccessDenied"),
        (Fault::Throttle { times: u32::MAX }, "SlowDown"),
        (Fault::Delay(Duration::from_secs(8)), "no answer in time"),
    ] {
        let rig = Rig::start(&[LEFTOVERS]);
        rig.aws.fault("PutRecordBatch", Fault::AccessDenied);
        rig.aws.fault("PutObject", fault);
        let sent = lines(3);
        let message = error(rig.send(&sent, Duration::from_secs(3)), "RecordsNotDelivered");
        assert!(message.starts_with("3 of 3 records"), "{message}");
        assert!(message.contains(reason) && message.contains("s3://leftovers/flow/"), "{message}");
        let ledger = rig.check_ledger(&sent);
        assert_eq!((ledger.put, ledger.leftovers, ledger.failed), (0, 0, 3));
    }
}

#[test]
fn an_event_that_cannot_be_kept_fails_the_invocation() {
    let rig = Rig::start(&[LEFTOVERS]);
    rig.aws.fault("PutObject", Fault::AccessDenied);
    let message = error(rig.api.invoke(b"{}", LONG), "UndecodableEvent");
    assert!(message.contains("awslogs.data") && message.contains("AccessDenied"), "{message}");
}

#[test]
fn the_same_function_delivers_after_a_failure() {
    let rig = Rig::start(&[]);
    rig.aws.fault("PutRecordBatch", Fault::AccessDenied);
    assert!(matches!(rig.send(&lines(3), LONG), Answer::Error { .. }));
    rig.aws.fault("PutRecordBatch", Fault::Clear);
    response(rig.send(&lines(3), LONG));
    assert_eq!(rig.delivered(), lines(3));
}
