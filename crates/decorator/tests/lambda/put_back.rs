//! What does not fit, and what cannot be answered as it is.

use std::collections::{BTreeMap, VecDeque};

use servers::{Fault, Pattern, events};

use crate::running::{Running, STREAM, document, event, line, results};

fn lines(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| line(1 + number % 20, number).into_bytes()).collect()
}

#[test]
fn the_limit_is_the_length_of_the_body() {
    let records = lines(30);
    let whole = Running::start(&[]).body(&event(&records, false));

    let exact = whole.len().to_string();
    let running = Running::start(&[("RESPONSE_LIMIT", &exact)]);
    assert_eq!(running.body(&event(&records, false)), whole);
    assert_eq!(running.metrics(1)["ResponseBytes"], whole.len());
    assert!(running.aws.calls("PutRecordBatch").is_empty());

    let less = (whole.len() - 1).to_string();
    let running = Running::start(&[("RESPONSE_LIMIT", &less)]);
    let body = running.body(&event(&records, false));
    assert!(body.len() < whole.len());
    let answers = events::read_firehose_answer(&body);
    assert_eq!(results(&answers)[28..], ["Ok", "Dropped"]);
    assert_eq!(running.aws.firehose_records(STREAM), [records[29].clone()]);
    assert_eq!(running.metrics(1)["PutBack"], 1);
}

/// Puts back until nothing comes back, and counts what became of each line.
#[test]
fn what_is_put_back_comes_back_until_all_is_delivered() {
    for (destination, limit) in [("opensearch", "20000"), ("s3", "20000"), ("s3", "6000")] {
        let running = Running::start(&[("DESTINATION", destination), ("RESPONSE_LIMIT", limit)]);
        let mut stream: VecDeque<Vec<u8>> = lines(60).into();
        let packed: Vec<String> = (60..160).map(|number| line(1, number)).collect();
        stream.push_back(packed[..50].join("\n").into_bytes());
        stream.push_back(events::gzip(events::data_message(&packed[50..]).to_string().as_bytes()));
        let bad = b"bad 1\nbad 2".to_vec();
        stream.push_back([line(1, 160).as_bytes(), b"\n", &bad].concat());
        let mut delivered: BTreeMap<u64, u32> = BTreeMap::new();
        let mut kept = Vec::new();
        let mut rounds = 0;
        while !stream.is_empty() {
            rounds += 1;
            assert!(rounds < 2_000, "it goes round and round");
            let batch: Vec<Vec<u8>> = stream.drain(..stream.len().min(40)).collect();
            for (index, (_, result, data)) in running.transform(&batch).into_iter().enumerate() {
                match result.as_str() {
                    "Ok" => {
                        for text in data.split_inclusive(|byte| *byte == b'\n') {
                            *delivered.entry(document(text)["bytes"].as_u64().unwrap()).or_default() += 1;
                        }
                    }
                    "ProcessingFailed" => {
                        assert_eq!(data, batch[index]);
                        kept.extend(
                            data.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).filter(|line| !line.is_empty()),
                        );
                    }
                    _ => assert_eq!(result, "Dropped"),
                }
            }
            stream.extend(running.aws.take_firehose_records(STREAM));
        }
        let expected: BTreeMap<u64, u32> = (0..=160).map(|number| (number, 1)).collect();
        assert_eq!(delivered, expected, "{destination} {limit}: every line once");
        kept.sort();
        assert_eq!(kept, [b"bad 1".to_vec(), b"bad 2".to_vec()]);
    }
}

#[test]
fn from_kinesis_nothing_is_put_back() {
    let records = lines(100);
    let running = Running::start(&[("RESPONSE_LIMIT", "40000")]);
    let answers = running.transform_event(&event(&records, true), 100);
    let ok = answers.iter().filter(|(_, result, _)| result == "Ok").count();
    assert!(ok > 0 && ok < 100);
    for (index, (_, result, data)) in answers.iter().enumerate() {
        assert!(result == "Ok" || (result == "ProcessingFailed" && data == &records[index]));
    }
    assert!(running.aws.all_calls().iter().all(|call| call.operation != "PutRecordBatch"));
    assert_eq!(running.metrics(1)["ProcessingFailed"], 100 - ok);
}

#[test]
fn batches_are_cut_to_firehose_limits() {
    // 1,200 lines in one record for OpenSearch: 1,200 records, in batches of 500.
    let running = Running::start(&[]);
    let texts: Vec<String> = (0..1_200).map(|number| line(1, number)).collect();
    let record = events::gzip(events::data_message(&texts).to_string().as_bytes());
    let answers = running.transform(&[record]);
    assert_eq!(results(&answers), ["Dropped"]);
    assert_eq!(running.aws.calls("PutRecordBatch").len(), 3);
    let mut back = running.aws.firehose_records(STREAM);
    back.sort();
    let mut expected: Vec<Vec<u8>> = texts.iter().map(|line| format!("{line}\n").into_bytes()).collect();
    expected.sort();
    assert_eq!(back, expected);
    assert_eq!(running.metrics(1)["PutBack"], 1_200);
}

#[test]
fn refusals_that_pass_are_tried_again() {
    for fault in [
        Fault::FailRecords(Pattern::First),
        Fault::FailRecords(Pattern::Last),
        Fault::FailRecords(Pattern::Alternating),
        Fault::FailRecords(Pattern::All),
        Fault::Throttle { times: 1 },
        Fault::Refuse { code: "ServiceUnavailableException".to_owned(), status: 503, times: 1 },
        Fault::Times(1, Box::new(Fault::Drop)),
    ] {
        let running = Running::start(&[("RESPONSE_LIMIT", "20000")]);
        running.aws.fault("PutRecordBatch", fault.clone());
        let records = lines(60);
        let answers = running.transform(&records);
        let ok = answers.iter().filter(|(_, result, _)| result == "Ok").count();
        assert!(answers[ok..].iter().all(|(_, result, _)| result == "Dropped"), "{fault:?}");
        let mut back = running.aws.firehose_records(STREAM);
        back.sort();
        let mut expected = records[ok..].to_vec();
        expected.sort();
        assert_eq!(back, expected, "{fault:?}: none lost, none twice");
        assert_eq!(running.aws.calls("PutRecordBatch").len(), 2, "{fault:?}: one more try, for what was refused");
    }
}

#[test]
fn what_the_stream_refuses_for_good_is_failed_and_never_the_invocation() {
    for fault in [
        Fault::FailRecords(Pattern::Forever),
        Fault::AccessDenied,
        Fault::Refuse { code: "ResourceNotFoundException".to_owned(), status: 400, times: u32::MAX },
        Fault::Throttle { times: u32::MAX },
        Fault::Drop,
    ] {
        let running = Running::start(&[("RESPONSE_LIMIT", "20000")]);
        running.aws.fault("PutRecordBatch", fault.clone());
        let records = lines(60);
        let body = running.body(&event(&records, false));
        assert!(body.len() <= 20_000, "{fault:?}: {}", body.len());
        let answers = events::read_firehose_answer(&body);
        assert_eq!(answers.len(), 60);
        let ok = answers.iter().filter(|(_, result, _)| result == "Ok").count();
        assert!(ok > 0);
        for (index, (_, result, data)) in answers.iter().enumerate() {
            assert!(
                result == "Ok" || (result == "ProcessingFailed" && data == &records[index]),
                "{fault:?} {index} {result}"
            );
        }
        assert_eq!(running.aws.calls("PutRecordBatch").len(), 2, "{fault:?}: two tries");
        assert!(running.metrics(1)["PutBackFailed"].as_u64().unwrap() > 0);
    }
}

/// Of a record of several lines some are taken, the others refused once: those go together the second time, and none is there twice.
#[test]
fn a_record_that_is_taken_in_part() {
    let running = Running::start(&[]);
    running.aws.fault("PutRecordBatch", Fault::FailRecords(Pattern::Alternating));
    let texts: Vec<String> = (0..7).map(|number| line(1, number)).collect();
    let answers = running.transform(&[line(1, 100).into_bytes(), texts.join("\n").into_bytes()]);
    assert_eq!(results(&answers), ["Ok", "Dropped"]);
    let back = running.aws.firehose_records(STREAM);
    assert_eq!(back.len(), 4, "three alone, four together");
    let mut lines: Vec<String> =
        back.iter().flat_map(|data| std::str::from_utf8(data).unwrap().lines()).map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, texts);
}

/// A deadline that a silent Firehose would pass: the records fail, and the answer is in time.
#[test]
fn a_silent_stream_does_not_cost_the_invocation() {
    let running = Running::start(&[("RESPONSE_LIMIT", "20000")]);
    let records = lines(60);
    running.transform(&records[..5]);
    running.aws.fault("PutRecordBatch", Fault::Delay(std::time::Duration::from_secs(30)));
    let answer = running.api.invoke(&event(&records, false), std::time::Duration::from_secs(4));
    let servers::Answer::Response(body) = answer else { panic!("{answer:?}") };
    let answers = events::read_firehose_answer(&body);
    assert!(answers.iter().all(|(_, result, _)| result != "Dropped"));
    assert_eq!(answers.len(), 60);
}
