//! Firehose refuses, stalls and breaks off.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use servers::{Fault, Pattern};

use crate::rig::{LEFTOVERS, LONG, Ledger, Rig, error, lines, response};

/// Puts end after 2.3 s where there are leftovers, and after 3.8 s where there are none.
const SHORT: Duration = Duration::from_secs(4);

/// Records of each call, as log lines.
fn calls(rig: &Rig) -> Vec<Vec<String>> {
    let mut calls = Vec::new();
    for call in rig.aws.calls("PutRecordBatch") {
        let records = call.parameters["Records"].as_array().unwrap();
        let line = |record: &serde_json::Value| {
            let data = STANDARD.decode(record["Data"].as_str().unwrap()).unwrap();
            String::from_utf8(data).unwrap().trim_end().to_owned()
        };
        calls.push(records.iter().map(line).collect());
    }
    calls
}

#[test]
fn only_what_was_refused_is_sent_again() {
    let sent = lines(5);
    let pick = |positions: &[usize]| -> Vec<String> { positions.iter().map(|at| sent[*at].clone()).collect() };
    let cases = [
        (Pattern::First, vec![vec![0]]),
        (Pattern::Last, vec![vec![4]]),
        (Pattern::All, vec![vec![0, 1, 2, 3, 4]]),
        (Pattern::Alternating, vec![vec![0, 2, 4]]),
        // The odd ones of 0 to 4, then of those left, then of those left.
        (Pattern::Times(3, Box::new(Pattern::Alternating)), vec![vec![0, 2, 4], vec![0, 4], vec![0]]),
    ];
    for (pattern, again) in cases {
        let rig = Rig::start(&[]);
        rig.aws.fault("PutRecordBatch", Fault::FailRecords(pattern.clone()));
        response(rig.send(&sent, LONG));
        let mut wanted = vec![sent.clone()];
        wanted.extend(again.iter().map(|positions| pick(positions)));
        assert_eq!(calls(&rig), wanted, "{pattern:?}");
        let put_again = again.iter().map(Vec::len).sum::<usize>() as u64;
        assert_eq!(rig.check_ledger(&sent), Ledger { put: 5, put_again, leftovers: 0, oversize: 0, failed: 0 });
        assert_eq!(rig.delivered().len(), 5, "a record came twice");
    }
}

#[test]
fn packed_records_are_counted_by_their_lines() {
    let rig = Rig::start(&[("DESTINATION", "s3")]);
    rig.aws.fault("PutRecordBatch", Fault::FailRecords(Pattern::First));
    let sent = lines(100);
    response(rig.send(&sent, LONG));
    assert_eq!(rig.call_sizes(), [1, 1]);
    assert_eq!(rig.check_ledger(&sent), Ledger { put: 100, put_again: 100, leftovers: 0, oversize: 0, failed: 0 });
}

#[test]
fn what_is_refused_for_ever_goes_to_the_leftovers() {
    let rig = Rig::start(&[LEFTOVERS]);
    rig.aws.fault("PutRecordBatch", Fault::FailRecords(Pattern::Times(u32::MAX, Box::new(Pattern::Last))));
    let sent = lines(1_001);
    response(rig.send(&sent, SHORT));
    // The last of each of three batches; the third batch is that record alone.
    assert_eq!(rig.kept("undelivered"), [&sent[499], &sent[999], &sent[1_000]].map(Clone::clone));
    let ledger = rig.check_ledger(&sent);
    assert_eq!((ledger.put, ledger.leftovers, ledger.failed), (998, 3, 0));
    assert!(ledger.put_again >= 3);
}

#[test]
fn refused_for_ever_without_leftovers_fails_and_counts() {
    let rig = Rig::start(&[]);
    rig.aws.fault("PutRecordBatch", Fault::FailRecords(Pattern::Forever));
    let sent = lines(7);
    let message = error(rig.send(&sent, SHORT), "RecordsNotDelivered");
    assert!(message.starts_with("7 of 7 records were not delivered to stream flows"), "{message}");
    assert!(message.contains("ServiceUnavailableException") && message.contains("LEFTOVERS is not set"), "{message}");
    let ledger = rig.check_ledger(&sent);
    assert_eq!((ledger.put, ledger.leftovers, ledger.failed), (0, 0, 7));
}

#[test]
fn a_call_that_may_succeed_later_is_made_again() {
    let unavailable = |code: &str, status| Fault::Refuse { code: code.into(), status, times: 3 };
    for fault in [
        Fault::Throttle { times: 3 },
        unavailable("ServiceUnavailableException", 500),
        unavailable("ServiceUnavailableException", 400),
        unavailable("InternalFailure", 500),
        unavailable("SomethingNew", 503),
        unavailable("TooManyRequests", 429),
        Fault::Times(3, Box::new(Fault::Drop)),
    ] {
        let rig = Rig::start(&[]);
        rig.aws.fault("PutRecordBatch", fault.clone());
        let sent = lines(4);
        response(rig.send(&sent, LONG));
        assert_eq!(rig.call_sizes(), [4; 4], "{fault:?}");
        assert_eq!(rig.delivered(), sent);
        assert_eq!(rig.check_ledger(&sent), Ledger { put: 4, put_again: 12, leftovers: 0, oversize: 0, failed: 0 });
    }
}

#[test]
fn a_lost_answer_doubles_and_loses_nothing() {
    let rig = Rig::start(&[]);
    rig.aws.fault("PutRecordBatch", Fault::Times(1, Box::new(Fault::DropAfter)));
    let sent = lines(3);
    response(rig.send(&sent, LONG));
    assert_eq!(rig.delivered(), [sent.clone(), sent.clone()].concat());
    assert_eq!(rig.check_ledger(&sent), Ledger { put: 3, put_again: 3, leftovers: 0, oversize: 0, failed: 0 });
}

#[test]
fn a_call_that_can_never_succeed_is_made_once() {
    let refusal = |code: &str| Fault::Refuse { code: code.into(), status: 400, times: u32::MAX };
    for (fault, code) in [
        (Fault::AccessDenied, "AccessDeniedException"),
        (refusal("ResourceNotFoundException"), "ResourceNotFoundException"),
        (refusal("InvalidArgumentException"), "InvalidArgumentException"),
    ] {
        let rig = Rig::start(&[LEFTOVERS]);
        rig.aws.fault("PutRecordBatch", fault);
        let sent = lines(501);
        response(rig.send(&sent, LONG));
        let mut sizes = rig.call_sizes();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 500]);
        assert_eq!(rig.kept("undelivered"), sent);
        assert_eq!(rig.check_ledger(&sent), Ledger { put: 0, put_again: 0, leftovers: 501, oversize: 0, failed: 0 });
        assert!(rig.function.output().contains(code));
    }
}

#[test]
fn answers_that_come_after_the_deadline_are_not_waited_for() {
    for (settings, keeps) in [(&[][..], false), (&[LEFTOVERS][..], true)] {
        let rig = Rig::start(settings);
        rig.aws.fault("PutRecordBatch", Fault::Delay(Duration::from_secs(10)));
        let sent = lines(2_500);
        let answer = rig.send(&sent, SHORT);
        if keeps {
            response(answer);
            assert_eq!(rig.kept("undelivered"), sent);
        } else {
            let message = error(answer, "RecordsNotDelivered");
            assert!(message.starts_with("2500 of 2500 records"), "{message}");
        }
        let ledger = rig.check_ledger(&sent);
        assert_eq!((ledger.put, ledger.leftovers + ledger.failed), (0, 2_500));
        // Four of the five calls were under way when the time was over, and the fifth never began.
        assert_eq!(rig.call_sizes(), [500; 4]);
    }
}
