//! Firehose, played: it cuts what a stream holds into batches, has them transformed and indexes the answers.
//!
//! A batch is what the buffer of the transformation holds ("Transform source data" in the Data Firehose guide). A record
//! answered `Ok` becomes one document, under an id that is the record's own (`DocumentIdOptions` in the API reference), in the
//! index of the UTC day on which the record arrived ("Configure index rotation for OpenSearch Service"); one answered
//! `Dropped` is done with; one answered `ProcessingFailed` is kept under the error prefix as it came.

use crate::network::end_of;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use servers::{Moto, OpenSearch, events};
use std::collections::{BTreeSet, VecDeque};

/// The buffer of the transformation, in bytes of data: 0.5 MB, as the project's template sets it.
const BUFFER: usize = 500_000;
/// How long after its `end` a record comes to Firehose, in seconds: an aggregation interval.
const LATE_BY: i64 = 600;

/// A record in the stream.
struct Record {
    data: Vec<u8>,
    /// Epoch milliseconds.
    arrived: i64,
}

/// A stream whose records moto writes into the bucket of the same name, one a line.
pub struct Stream<'a> {
    moto: &'a Moto,
    name: &'static str,
    waiting: VecDeque<Record>,
    /// Keys of objects that were read.
    read: BTreeSet<String>,
}

impl<'a> Stream<'a> {
    /// With what was put into it so far.
    pub fn new(moto: &'a Moto, name: &'static str) -> Stream<'a> {
        let mut stream = Stream { moto, name, waiting: VecDeque::new(), read: BTreeSet::new() };
        stream.look();
        stream
    }

    /// Another stream, into which the same was put.
    pub fn copied_to(&self, name: &'static str) -> Stream<'a> {
        let copy = |record: &Record| Record { data: record.data.clone(), arrived: record.arrived };
        Stream { moto: self.moto, name, waiting: self.waiting.iter().map(copy).collect(), read: BTreeSet::new() }
    }

    /// Takes what came since the last look.
    fn look(&mut self) {
        let objects = self.moto.objects(self.name);
        assert!(objects.len() < 1_000, "more objects than one listing tells");
        let mut fresh = Vec::new();
        for (key, body) in objects {
            if !self.read.insert(key) {
                continue;
            }
            for line in body.split_inclusive(|byte| *byte == b'\n') {
                fresh.push(line.to_vec());
            }
        }
        // moto's keys are random within a second, and a test is better the same each time.
        fresh.sort_by_key(|data| (end_of(data), data.clone()));
        let mut last = fresh.iter().find_map(|data| end_of(data)).unwrap_or_default();
        for data in fresh {
            last = end_of(&data).unwrap_or(last);
            self.waiting.push_back(Record { data, arrived: (last + LATE_BY) * 1_000 });
        }
    }

    /// As many records as the buffer holds, and at least one while there is one.
    fn batch(&mut self) -> Vec<Record> {
        if self.waiting.is_empty() {
            self.look();
        }
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(next) = self.waiting.front() {
            bytes += next.data.len();
            if bytes > BUFFER && !batch.is_empty() {
                break;
            }
            batch.extend(self.waiting.pop_front());
        }
        batch
    }
}

/// From a stream to indices `INDEX-YYYY-MM-DD`.
pub struct Delivery<'a> {
    pub search: &'a OpenSearch,
    pub stream: Stream<'a>,
    pub index: &'static str,
}

/// What was done.
#[derive(Default)]
pub struct Delivered {
    pub invocations: u64,
    pub documents: u64,
    pub dropped: u64,
    /// Data answered `ProcessingFailed`.
    pub failed: Vec<Vec<u8>>,
    pub indices: BTreeSet<String>,
}

impl Delivery<'_> {
    /// Until nothing is left in the stream. `transform` invokes the function with an event and gives its response.
    pub fn run(mut self, transform: impl Fn(&[u8]) -> Vec<u8>) -> Delivered {
        let mut done = Delivered::default();
        let mut number = 0_u64;
        loop {
            let batch = self.stream.batch();
            if batch.is_empty() {
                return done;
            }
            let first = number;
            number += batch.len() as u64;
            let ids: Vec<String> = (first..number).map(|number| format!("4966{number:052}")).collect();
            done.invocations += 1;
            let answer = transform(&event(self.stream.name, &ids, &batch));
            self.settle(&ids, &batch, &answer, &mut done);
        }
    }

    fn settle(&self, ids: &[String], batch: &[Record], answer: &[u8], done: &mut Delivered) {
        let answered = events::read_firehose_answer(answer);
        let answered_ids: Vec<&str> =
            answered.iter().map(|(id, _, _)| id.strip_suffix("000000").unwrap_or(id)).collect();
        assert_eq!(answered_ids, ids, "every record once, in order");
        let mut body = Vec::new();
        let mut documents = 0;
        for ((id, record), (_, result, data)) in ids.iter().zip(batch).zip(&answered) {
            match result.as_str() {
                "Ok" => {
                    let document = data.strip_suffix(b"\n").unwrap_or(data);
                    assert!(!document.contains(&b'\n'), "two documents in one record, which OpenSearch refuses");
                    let index = format!("{}-{}", self.index, day_of(record.arrived));
                    let action = json!({"index": {"_index": index, "_id": format!("{id}.0")}});
                    body.extend_from_slice(format!("{action}\n").as_bytes());
                    body.extend_from_slice(document);
                    body.push(b'\n');
                    done.indices.insert(index);
                    documents += 1;
                }
                "Dropped" => done.dropped += 1,
                "ProcessingFailed" => {
                    assert_eq!(data, &record.data, "what failed must be as it came");
                    done.failed.push(data.clone());
                }
                other => panic!("the result {other}"),
            }
        }
        if documents == 0 {
            return;
        }
        let bulk = self.search.bulk(None, &mut body.as_slice());
        assert!(bulk.refused.is_empty(), "{} refused: {}", bulk.refused.len(), bulk.refused[0]);
        assert_eq!(bulk.indexed, documents);
        done.documents += documents;
    }
}

/// The transformation's event. Ids have six digits more than the sequence number that tells a record in its stream.
fn event(stream: &str, ids: &[String], batch: &[Record]) -> Vec<u8> {
    let mut records = Vec::new();
    for (id, record) in ids.iter().zip(batch) {
        records.push(json!({"recordId": format!("{id}000000"), "approximateArrivalTimestamp": record.arrived,
            "data": STANDARD.encode(&record.data)}));
    }
    let event = json!({"invocationId": "2b4d1ad9-2f48-94bd-a088-767c317e994a",
        "deliveryStreamArn": events::stream_arn(stream), "region": "us-east-1", "records": records});
    event.to_string().into_bytes()
}

/// `2026-03-01`, in UTC.
fn day_of(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).unwrap().to_zoned(TimeZone::UTC).date().to_string()
}
