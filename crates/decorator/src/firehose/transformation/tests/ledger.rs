//! Nothing is lost, whatever comes and whatever the stream refuses.

use std::collections::VecDeque;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

/// Random records of every kind, batches of any size, any limit, refusals: everything ends, and every line is delivered once or kept
/// once, or, where a part of a record was refused, at least once.
#[test]
fn ledger() {
    for seed in 0..60 {
        let mut random = StdRng::seed_from_u64(seed);
        let destination = if random.random() { Destination::OpenSearch } else { Destination::S3 };
        let from_kinesis = random.random_ratio(1, 5);
        let refuses = random.random_ratio(1, 2);
        let rules = rules(destination, random.random_range(1_500..60_000));
        run_ledger(&rules, from_kinesis, refuses, &mut random);
    }
}

fn random_record(random: &mut StdRng, next: &mut u64) -> Vec<u8> {
    let mut take = |random: &mut StdRng| {
        *next += 1;
        if random.random_ratio(1, 6) { bad_line(*next) } else { line(*next) }
    };
    let count = if random.random_ratio(1, 3) { random.random_range(2..60) } else { 1 };
    let mut lines: Vec<String> = (0..count).map(|_| take(random)).collect();
    while random.random_ratio(1, 6) {
        // One of the lines is itself a message with lines, or a message with such a message.
        let within: Vec<String> = (0..random.random_range(1..6)).map(|_| take(random)).collect();
        let nested = json!({ "message": within.join("\n") }).to_string();
        let place = random.random_range(0..lines.len());
        lines[place] = json!({ "message": format!("{}\n{nested}", lines[place]) }).to_string();
    }
    match random.random_range(0..5) {
        0 => lines.join("\r\n").into_bytes(),
        1 => lines.iter().map(|line| json!({ "message": line }).to_string()).collect::<String>().into_bytes(),
        2 => json!({ "message": lines.join("\n") }).to_string().into_bytes(),
        3 => subscription(&lines),
        _ => format!("{}\n\n", lines.join("\n")).into_bytes(),
    }
}

/// Numbers of the lines that a record holds, and of the lines that its lines hold.
fn numbers(data: &[u8]) -> Vec<u64> {
    let mut unpacker = Unpacker::default();
    let Payload::Lines(lines) = unpacker.unpack(data) else { panic!("lines") };
    let of_line = |text: &[u8]| if text.starts_with(b"{") { numbers(text) } else { vec![number_of(text)] };
    lines.iter().flat_map(|piece| of_line(piece.text)).collect()
}

fn number_of(line: &[u8]) -> u64 {
    let words: Vec<&str> = std::str::from_utf8(line).unwrap().split(' ').collect();
    words[if words[2] == "bad" { 3 } else { 9 }].parse().unwrap()
}

fn run_ledger(rules: &Transformation, from_kinesis: bool, refuses: bool, random: &mut StdRng) {
    let mut next = 0;
    let mut stream: VecDeque<Vec<u8>> = (0..150).map(|_| random_record(random, &mut next)).collect();
    let mut delivered: BTreeMap<u64, u32> = BTreeMap::new();
    let mut kept: BTreeMap<u64, u32> = BTreeMap::new();
    let mut decorator = decorator();
    let mut scratch = Scratch::default();
    let mut may_double = false;
    for round in 0.. {
        assert!(round < 20_000, "it does not end");
        if stream.is_empty() {
            break;
        }
        let size = random.random_range(1..=stream.len().min(40));
        let data: Vec<Vec<u8>> = stream.drain(..size).collect();
        let text = event(&numbered(&data), from_kinesis);
        let event = Event::read(&text).unwrap();
        let transformed = rules.transform(&event, &mut decorator, &mut scratch);
        let mut put = Outcome::default();
        let mut taken_of = Vec::new();
        for (record, parts) in put_back_of(&event, &transformed) {
            let mut taken = 0;
            for part in &parts {
                if refuses && random.random_ratio(1, 5) {
                    put.refused.insert(record, "put-back-refused");
                } else {
                    stream.push_back(part.clone());
                    taken += 1;
                }
            }
            put.accepted += taken;
            may_double |= taken > 0 && put.refused.contains_key(&record);
            if taken > 0 {
                taken_of.push(record);
            }
        }
        assert!(!from_kinesis || put.accepted == 0);
        let all_refused = put.refused.len();
        let (body, counts) = transformed.settle(&event, rules.limit, &put);
        let answers = answers(&body);
        assert_eq!(answers.len(), data.len());
        let echo: usize = event.records.iter().map(response::failed_len).sum::<usize>() + FRAME;
        let dropped: usize = event.records.iter().map(response::dropped_len).sum::<usize>() + FRAME;
        assert!(!from_kinesis || body.len() <= echo.max(rules.limit), "{} > {echo}", body.len());
        // The first record is answered, come what may; only then, or where nothing at all would fit, is the limit passed.
        let first_failed = response::failed_len(&event.records[0]);
        let attainable = if from_kinesis { echo <= rules.limit } else { dropped + first_failed <= rules.limit };
        if attainable && (all_refused == 0 || echo <= rules.limit) {
            assert!(body.len() <= rules.limit, "{} > {}", body.len(), rules.limit);
        }
        // Room for what was refused may have been taken from a record of which bad lines are put back.
        may_double |= taken_of.iter().any(|record| answers[*record].1 == "ProcessingFailed");
        let mut ok_documents = 0;
        for ((id, result, answered), (expected_id, data)) in answers.iter().zip(numbered(&data)) {
            assert_eq!(id, &expected_id);
            match result.as_str() {
                "Ok" => {
                    let documents: Vec<&[u8]> = answered.split_inclusive(|byte| *byte == b'\n').collect();
                    assert!(rules.destination == Destination::S3 || documents.len() == 1);
                    for document in documents {
                        let document: Value = serde_json::from_slice(document).unwrap();
                        *delivered.entry(document["bytes"].as_u64().unwrap()).or_default() += 1;
                        ok_documents += 1;
                    }
                }
                "ProcessingFailed" => {
                    assert_eq!(answered, &data);
                    for number in numbers(&data) {
                        *kept.entry(number).or_default() += 1;
                    }
                }
                _ => assert_eq!(result, "Dropped"),
            }
        }
        assert_eq!(counts.decorated, ok_documents);
    }
    for number in 1..=next {
        let times = delivered.get(&number).unwrap_or(&0) + kept.get(&number).unwrap_or(&0);
        assert!(times >= 1, "line {number} is lost");
        assert!(times == 1 || may_double, "line {number} is there {times} times");
    }
}
