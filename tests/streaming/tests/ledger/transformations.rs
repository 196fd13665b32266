//! The second half: Firehose's part is played here. It cuts what is in the stream into events, calls `flow-decorate`,
//! takes back what that puts into the stream, and tries a failed invocation three times more.

use crate::book::Book;
use crate::lines::{self, Mark, bad, good, marked_bomb, marks, packed_message};
use crate::sandbox::Sandbox;
use crate::{SEED, deceptive, honest, severe};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use servers::{Answer, AwsStub, Chances, Fault, events};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const SANDBOXES: usize = 2;
/// Of a response, in bytes: far below Lambda's, so that small events overflow it as large ones overflow that.
const LIMIT: usize = 12_000;
/// Of an event, in bytes as JSON. Lambda takes no event that is larger than what it takes as a response.
const EVENT: usize = 11_500;
/// The first try and three more.
const TRIES: usize = 4;

struct Phase {
    name: &'static str,
    /// Of what came from `flow-ingest`, in per cent.
    share: usize,
    /// Records of other producers.
    others: usize,
    /// Of `PutRecordBatch`.
    fault: Fault,
    /// Of the describe calls.
    ec2: Fault,
    cold: bool,
    kinesis: bool,
    crashes: u32,
}

fn phases() -> Vec<Phase> {
    let busy = Chances { throttle: 20, unavailable: 10, drop: 5, drop_after: 5, ..Chances::default() };
    let busy = Fault::Random { seed: SEED, chances: busy };
    let usual = |name, share, others, fault| Phase {
        name,
        share,
        others,
        fault,
        ec2: busy.clone(),
        cold: false,
        kinesis: false,
        crashes: 0,
    };
    vec![
        usual("honest put backs", 55, 1_500, honest(SEED + 10)),
        Phase { crashes: 10, ..usual("deceptive put backs", 25, 800, deceptive(SEED + 11)) },
        usual("severe put backs", 10, 300, severe(SEED + 12)),
        usual("no put backs", 4, 100, Fault::AccessDenied),
        Phase { kinesis: true, ..usual("kinesis", 4, 200, Fault::Clear) },
        Phase { cold: true, ec2: Fault::AccessDenied, ..usual("no inventory", 1, 20, honest(SEED + 13)) },
        Phase { cold: true, ..usual("inventory again", 100, 100, honest(SEED + 14)) },
    ]
}

/// Runs all phases on what `flow-ingest` has put.
pub fn run(aws: &AwsStub, book: &mut Book, put: Vec<Vec<u8>>) {
    let mut rng = StdRng::seed_from_u64(SEED + 20);
    let mut sandboxes: Vec<(Sandbox, String)> = Vec::new();
    for number in 0..SANDBOXES {
        let mut environment = aws.environment();
        let destination = if number % 2 == 0 { "opensearch" } else { "s3" };
        for (name, value) in [
            ("DESTINATION", destination),
            ("RESPONSE_LIMIT", &LIMIT.to_string()),
            ("INVENTORY_TTL_SECONDS", "2"),
            ("AWS_LAMBDA_LOG_LEVEL", "ERROR"),
        ] {
            environment.push((name.to_owned(), value.to_owned()));
        }
        // A stream of its own for each sandbox: what is put back can be told by invocation.
        sandboxes.push((Sandbox::new("flow-decorate", environment), format!("flows-{destination}")));
    }
    let total = put.len();
    let mut put: VecDeque<Vec<u8>> = put.into();
    for phase in phases() {
        let began = Instant::now();
        aws.fault("PutRecordBatch", phase.fault.clone());
        for operation in ["DescribeNetworkInterfaces", "DescribeSecurityGroups"] {
            aws.fault(operation, phase.ec2.clone());
        }
        let share = (total * phase.share / 100).min(put.len());
        let mut queue: VecDeque<Vec<u8>> = put.drain(..share).collect();
        for _ in 0..phase.others {
            let at = rng.random_range(0..=queue.len());
            queue.insert(at, other_producer(book, &mut rng, phase.name));
        }
        let weight: usize = queue.iter().map(|record| weight_of(record)).sum();
        let queue = Mutex::new(queue);
        let shared = Mutex::new(std::mem::take(book));
        let invocations = Mutex::new(0_usize);
        std::thread::scope(|scope| {
            for (sandbox, stream) in &mut sandboxes {
                let seed = rng.random::<u64>();
                let (queue, shared, invocations, phase) = (&queue, &shared, &invocations, &phase);
                scope.spawn(move || {
                    if phase.cold {
                        sandbox.restart();
                    }
                    let mut firehose =
                        Firehose { aws, sandbox, stream, phase, queue, book: shared, rng: StdRng::seed_from_u64(seed) };
                    let made = firehose.work();
                    *invocations.lock().unwrap() += made;
                });
            }
        });
        println!("flow-decorate, {}: {:.1} s", phase.name, began.elapsed().as_secs_f64());
        *book = shared.into_inner().unwrap();
        let invocations = invocations.into_inner().unwrap();
        // Each answered event lowers the weight by one at least; a lost answer may put copies back, once for every try.
        assert!(invocations <= weight * TRIES, "{}: {invocations} invocations for weight {weight}", phase.name);
        book.add("batches of Firehose", invocations as u64);
        if phase.crashes > 0 {
            // What a process put back that died meanwhile: the next phase finds it in the stream.
            std::thread::sleep(Duration::from_millis(500));
            for (_, stream) in &sandboxes {
                put.extend(aws.take_firehose_records(stream));
            }
        }
    }
    assert!(put.is_empty());
    for what in [
        "records put back",
        "records answered Ok",
        "records answered ProcessingFailed",
        "batches that failed four times",
    ] {
        assert!(book.counted(what) > 0, "the faults did not bite: no {what}");
    }
}

/// `2k - 1` for k lines: the measure by which `flow-decorate` promises that putting back ends.
fn weight_of(record: &[u8]) -> usize {
    (2 * marks(record).len()).max(2) - 1
}

struct Firehose<'a> {
    aws: &'a AwsStub,
    sandbox: &'a mut Sandbox,
    stream: &'a str,
    phase: &'a Phase,
    queue: &'a Mutex<VecDeque<Vec<u8>>>,
    book: &'a Mutex<Book>,
    rng: StdRng,
}

impl Firehose<'_> {
    /// Until nothing is under way here; gives the number of batches.
    fn work(&mut self) -> usize {
        let mut batches = 0;
        loop {
            let batch = self.batch();
            if batch.is_empty() {
                assert_eq!(self.sandbox.violations(), Vec::<String>::new());
                return batches;
            }
            batches += 1;
            self.transform(&batch);
        }
    }

    fn batch(&mut self) -> Vec<Vec<u8>> {
        let mut queue = self.queue.lock().unwrap();
        let bytes = self.rng.random_range(EVENT / 10..=EVENT);
        let mut batch: Vec<Vec<u8>> = Vec::new();
        let mut taken = 0;
        while let Some(next) = queue.front() {
            // Base64, and what stands around it.
            let size = next.len().div_ceil(3) * 4 + 140;
            if !batch.is_empty() && taken + size > bytes {
                break;
            }
            taken += size;
            batch.extend(queue.pop_front());
        }
        batch
    }

    fn transform(&mut self, batch: &[Vec<u8>]) {
        let ids: Vec<String> = (0..batch.len()).map(|number| format!("4966{number:048}000000")).collect();
        let records: Vec<(&str, &[u8])> =
            ids.iter().zip(batch).map(|(id, data)| (id.as_str(), data.as_slice())).collect();
        let event = events::firehose(&records, &events::stream_arn(self.stream), self.phase.kinesis);
        let mut lost_answers = false;
        for _ in 0..TRIES {
            let crashes = self.rng.random_range(0..1_000) < self.phase.crashes;
            let crash_after = crashes.then(|| Duration::from_micros(self.rng.random_range(0..8_000)));
            let (_, answer) = self.sandbox.invoke(None, &event, Duration::from_secs(20), crash_after);
            let put_back = self.aws.take_firehose_records(self.stream);
            self.count(&answer, crashes);
            self.book.lock().unwrap().add("records put back", put_back.len() as u64);
            if let Answer::Response(body) = answer {
                self.settle(&ids, batch, &body, &put_back, lost_answers);
                self.queue.lock().unwrap().extend(put_back);
                return;
            }
            lost_answers |= !put_back.is_empty();
            self.queue.lock().unwrap().extend(put_back);
        }
        let mut book = self.book.lock().unwrap();
        book.count("batches that failed four times");
        for mark in batch.iter().flat_map(|record| marks(record)) {
            book.entry(mark).failed += 1;
        }
    }

    fn count(&self, answer: &Answer, crashes: bool) {
        let what = match answer {
            Answer::Response(_) => "transformations that succeeded",
            Answer::Error { .. } => "transformations that failed",
            Answer::Died(_) if crashes => "transformations that lost their process",
            other => panic!("{}: {other:?}\n{}", self.phase.name, self.sandbox.output()),
        };
        self.book.lock().unwrap().count(what);
    }

    /// Enters a response, and checks it against its event and what was put back beside it.
    fn settle(&self, ids: &[String], batch: &[Vec<u8>], body: &[u8], put_back: &[Vec<u8>], lost_answers: bool) {
        let name = self.phase.name;
        assert!(body.len() <= LIMIT, "{name}: a response of {} bytes", body.len());
        let answered = events::read_firehose_answer(body);
        let answered_ids: Vec<&str> = answered.iter().map(|(id, _, _)| id.as_str()).collect();
        assert_eq!(answered_ids, ids, "{name}: every record once, in order");
        let mut book = self.book.lock().unwrap();
        let mut after: Vec<Mark> = Vec::new();
        for ((_, result, data), input) in answered.iter().zip(batch) {
            book.count(&format!("records answered {result}"));
            let given = marks(input);
            match result.as_str() {
                "Ok" => {
                    let documents: Vec<&[u8]> =
                        data.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
                    assert!(data.ends_with(b"\n"), "{name}: a document without its line end");
                    assert!(!documents.is_empty(), "{name}: Ok without a document");
                    assert!(documents.len() == 1 || self.stream.ends_with("s3"), "{name}: two documents in one record");
                    for document in documents {
                        let mark = lines::read_document(document);
                        assert!(given.contains(&mark), "{name}: a document of another record");
                        book.entry(mark).delivered += 1;
                        after.push(mark);
                    }
                }
                "ProcessingFailed" => {
                    assert_eq!(data, input, "{name}: what failed must be as it came");
                    for mark in &given {
                        book.entry(*mark).failed += 1;
                    }
                    after.extend(given);
                }
                "Dropped" => assert!(data.is_empty(), "{name}: Dropped with data"),
                other => panic!("{name}: the result {other}"),
            }
        }
        let back: Vec<Mark> = put_back.iter().flat_map(|record| marks(record)).collect();
        after.extend(&back);
        after.sort_unstable();
        let before: Vec<Mark> = batch.iter().flat_map(|record| marks(record)).collect();
        // Late and lost answers of the stream, and tries that lost their process, leave copies.
        if self.phase.crashes == 0 && !lost_answers {
            // So does a record of several lines of which the stream took some and, asked twice, refused the others: it
            // is reported with all its lines. This is the one case that flow-decorate names.
            let mut may_be_twice = Vec::new();
            for ((_, result, _), input) in answered.iter().zip(batch) {
                let given = marks(input);
                if result == "ProcessingFailed" && given.len() > 1 {
                    may_be_twice.extend(given.into_iter().filter(|mark| back.contains(mark)));
                }
            }
            for mark in &before {
                let at = after.iter().position(|found| found == mark);
                after.remove(at.unwrap_or_else(|| panic!("{name}: record {mark} is lost")));
            }
            for mark in after {
                let at = may_be_twice.iter().position(|may| *may == mark);
                may_be_twice.remove(at.unwrap_or_else(|| panic!("{name}: record {mark} was answered twice")));
                book.entry(mark).reported_and_put_back += 1;
                book.count("lines both put back and reported");
            }
            let weight_before: usize = batch.iter().map(|record| weight_of(record)).sum();
            let weight_after: usize = put_back.iter().map(|record| weight_of(record)).sum();
            assert!(weight_after < weight_before, "{name}: {weight_before} became {weight_after}");
        } else {
            // Even what a process put back that has died since may come in now, so there may be more than the event held.
            for mark in before {
                assert!(after.binary_search(&mark).is_ok(), "{name}: record {mark} is lost");
            }
        }
        let refused = self.phase.kinesis || matches!(self.phase.fault, Fault::AccessDenied);
        assert!(!refused || back.is_empty(), "{name}: put back all the same");
    }
}

/// A record as other producers, or other ways into the stream, make it.
fn other_producer(book: &mut Book, rng: &mut StdRng, phase: &'static str) -> Vec<u8> {
    let mut open = |count: usize, rng: &mut StdRng| -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..count {
            let mark = book.open(phase);
            book.entry(mark).put += 1;
            lines.push(if rng.random_range(0..10) == 0 { bad(mark) } else { good(mark) });
        }
        lines
    };
    let count = rng.random_range(1..=12);
    match rng.random_range(0..8) {
        0 => open(count, rng).join("\r\n").into_bytes(),
        1 => {
            let lines = open(count, rng);
            let messages: Vec<String> =
                lines.iter().map(|line| serde_json::json!({"message": line}).to_string()).collect();
            messages.join("\n").into_bytes()
        }
        2 | 3 => packed_message(&open(count, rng)),
        4 => {
            let mark = book.open(phase);
            book.entry(mark).put += 1;
            marked_bomb(mark)
        }
        5 => {
            let mark = book.open(phase);
            book.entry(mark).put += 1;
            let mut damaged = vec![0x1f, 0x8b, 0xff, 0x00];
            damaged.extend(format!("mark={mark}.").bytes());
            damaged
        }
        6 => b" \n".to_vec(),
        _ => bad_bytes(book, rng, phase),
    }
}

/// Bytes of no kind, without a line end.
fn bad_bytes(book: &mut Book, rng: &mut StdRng, phase: &'static str) -> Vec<u8> {
    let mark = book.open(phase);
    book.entry(mark).put += 1;
    let mut bytes: Vec<u8> = (0..rng.random_range(0..200)).map(|_| rng.random_range(0x20..=0xff)).collect();
    bytes.splice(0..0, format!("mark={mark}. ").bytes());
    bytes
}
