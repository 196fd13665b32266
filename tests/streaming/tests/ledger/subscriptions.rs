//! The first half: subscription events through `flow-ingest`, in phases that differ by what goes wrong.

use crate::book::Book;
use crate::lines::{self, Mark, bad, good, marked_bomb, marks};
use crate::sandbox::Sandbox;
use crate::{SEED, deceptive, honest, severe};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use servers::{Answer, AwsStub, Chances, Fault, events};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const STREAM: &str = "flows";
const SANDBOXES: usize = 4;
/// Lambda calls a function asynchronously: a failed invocation is tried twice more.
const TRIES: usize = 3;

struct Phase {
    name: &'static str,
    events: usize,
    deadline: Duration,
    /// Of `PutRecordBatch` and of `PutObject`.
    faults: (Fault, Fault),
    /// How many of a thousand invocations lose their process.
    crashes: u32,
    make: fn(&mut Book, &mut StdRng, &'static str) -> Event,
}

/// An event, and the records that it holds; if it cannot be opened, one mark stands for all of it.
struct Event {
    payload: Vec<u8>,
    marks: Vec<Mark>,
}

fn phases() -> Vec<Phase> {
    let refused = || Fault::AccessDenied;
    let shaky_store = Chances { unavailable: 20, drop: 5, drop_after: 5, ..Chances::default() };
    let shaky_store = Fault::Random { seed: SEED, chances: shaky_store };
    let seconds = Duration::from_secs;
    let phase = |name, events, deadline, faults, crashes, make| Phase { name, events, deadline, faults, crashes, make };
    vec![
        phase("honest", 5_000, seconds(30), (honest(SEED), Fault::Clear), 0, ordinary),
        phase("deceptive", 4_200, seconds(20), (deceptive(SEED), shaky_store.clone()), 10, ordinary),
        phase("severe", 400, Duration::from_millis(600), (severe(SEED), shaky_store.clone()), 0, ordinary),
        phase("unopenable", 200, seconds(5), (honest(SEED + 1), shaky_store.clone()), 0, unopenable),
        phase("oversize", 20, seconds(20), (honest(SEED + 2), shaky_store), 0, oversize),
        phase("stream refused", 100, seconds(5), (refused(), Fault::Clear), 0, ordinary),
        phase("all refused", 60, seconds(5), (refused(), refused()), 0, ordinary),
        phase(
            "too slow",
            20,
            Duration::from_millis(500),
            (Fault::Delay(seconds(1)), Fault::Delay(seconds(1))),
            0,
            ordinary,
        ),
    ]
}

/// Runs all phases; gives what the stream holds then.
pub fn run(aws: &AwsStub, book: &mut Book) -> Vec<Vec<u8>> {
    let mut rng = StdRng::seed_from_u64(SEED);
    let mut sandboxes: Vec<Sandbox> = Vec::new();
    for number in 0..SANDBOXES {
        let mut environment = aws.environment();
        let destination = if number % 2 == 0 { "opensearch" } else { "s3" };
        for (name, value) in [
            ("DELIVERY_STREAM_NAME", STREAM),
            ("DESTINATION", destination),
            ("LEFTOVERS", "s3://leftovers/flows"),
            ("AWS_LAMBDA_LOG_LEVEL", "ERROR"),
        ] {
            environment.push((name.to_owned(), value.to_owned()));
        }
        sandboxes.push(Sandbox::new("flow-ingest", environment));
    }
    let mut put = Vec::new();
    for phase in phases() {
        let began = Instant::now();
        aws.fault("PutRecordBatch", phase.faults.0.clone());
        aws.fault("PutObject", phase.faults.1.clone());
        let mut queue = VecDeque::new();
        for _ in 0..phase.events {
            queue.push_back((phase.make)(book, &mut rng, phase.name));
        }
        book.add("events", queue.len() as u64);
        let queue = Mutex::new(queue);
        let shared = Mutex::new(std::mem::take(book));
        std::thread::scope(|scope| {
            for (number, sandbox) in sandboxes.iter_mut().enumerate() {
                let seed = rng.random::<u64>() ^ number as u64;
                let (queue, shared, phase) = (&queue, &shared, &phase);
                scope.spawn(move || work(sandbox, phase, queue, shared, seed));
            }
        });
        *book = shared.into_inner().unwrap();
        println!("flow-ingest, {}: {:.1} s", phase.name, began.elapsed().as_secs_f64());
        // What a call that was given up does later belongs to this phase too.
        std::thread::sleep(Duration::from_millis(1_200));
        let records = aws.take_firehose_records(STREAM);
        for mark in records.iter().flat_map(|record| marks(record)) {
            book.entry(mark).put += 1;
        }
        put.extend(records);
    }
    aws.fault("PutRecordBatch", Fault::Clear);
    aws.fault("PutObject", Fault::Clear);
    for (name, object) in aws.objects() {
        let text = if name.ends_with(".gz") { lines::gunzip(&object) } else { object };
        for mark in marks(&text) {
            book.entry(mark).leftover += 1;
        }
        book.count("objects of leftovers");
    }
    check(book);
    put
}

fn work(sandbox: &mut Sandbox, phase: &Phase, queue: &Mutex<VecDeque<Event>>, book: &Mutex<Book>, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    loop {
        let Some(event) = queue.lock().unwrap().pop_front() else {
            assert_eq!(sandbox.violations(), Vec::<String>::new());
            return;
        };
        let mut id = None;
        let mut done = false;
        for _ in 0..TRIES {
            let crashes = rng.random_range(0..1_000) < phase.crashes;
            let crash_after = crashes.then(|| Duration::from_micros(rng.random_range(0..8_000)));
            let (this, answer) = sandbox.invoke(id.as_deref(), &event.payload, phase.deadline, crash_after);
            id = Some(this);
            let what = match &answer {
                Answer::Response(_) => "invocations that succeeded",
                Answer::Error { .. } => "invocations that failed",
                Answer::TimedOut => "invocations that timed out",
                Answer::Died(_) if crashes => "invocations that lost their process",
                other => panic!("{}: {other:?}\n{}", phase.name, sandbox.output()),
            };
            book.lock().unwrap().count(what);
            done = matches!(answer, Answer::Response(_));
            if done {
                break;
            }
        }
        if !done {
            let mut book = book.lock().unwrap();
            book.count("events for OnFailure");
            for mark in event.marks {
                book.entry(mark).on_failure += 1;
            }
        }
    }
}

/// What holds after this half alone.
fn check(book: &mut Book) {
    let (mut records, mut put, mut kept, mut reported, mut copies) = (0, 0, 0, 0, 0);
    for (mark, entry) in book.entries() {
        assert!(entry.put + entry.leftover + entry.on_failure > 0, "flow-ingest lost record {mark}: {entry:?}");
        match entry.phase {
            "honest" => {
                assert_eq!((entry.put, entry.leftover, entry.on_failure), (1, 0, 0), "record {mark}: {entry:?}")
            }
            "stream refused" => {
                assert_eq!((entry.put, entry.leftover, entry.on_failure), (0, 1, 0), "record {mark}: {entry:?}");
            }
            "all refused" => {
                assert_eq!((entry.put, entry.leftover, entry.on_failure), (0, 0, 1), "record {mark}: {entry:?}");
            }
            _ => {}
        }
        records += 1;
        put += u64::from(entry.put > 0);
        kept += u64::from(entry.put == 0 && entry.leftover > 0);
        reported += u64::from(entry.put == 0 && entry.leftover == 0);
        copies += u64::from(entry.put.saturating_sub(1));
    }
    book.add("records", records);
    book.add("records in the stream", put);
    book.add("records among the leftovers only", kept);
    book.add("records in events for OnFailure only", reported);
    book.add("further copies in the stream, after lost answers", copies);
    assert!(kept > 0 && reported > 0 && copies > 0, "the faults did not bite");
}

/// One to nine lines, a few of them bad; now and then a control message.
fn ordinary(book: &mut Book, rng: &mut StdRng, phase: &'static str) -> Event {
    if rng.random_range(0..200) == 0 {
        return Event { payload: events::control_message(), marks: Vec::new() };
    }
    let mut lines = Vec::new();
    let mut marks = Vec::new();
    for _ in 0..rng.random_range(1..=9) {
        let mark = book.open(phase);
        lines.push(if rng.random_range(0..40) == 0 { bad(mark) } else { good(mark) });
        marks.push(mark);
    }
    Event { payload: events::subscription(&lines), marks }
}

/// An event that cannot be opened: not base64, not gzip, cut off, a bomb, no JSON, of an unknown type, without its
/// data.
fn unopenable(book: &mut Book, rng: &mut StdRng, phase: &'static str) -> Event {
    let mark = book.open(phase);
    let kind = rng.random_range(0..7);
    let mut event: Value = match kind {
        0 => json!({"awslogs": {"data": "this is not base64!"}}),
        1 => read(&events::wrap(b"this is not gzip")),
        2 => {
            let whole = lines::packed_message(&[good(mark)]);
            read(&events::wrap(&whole[..whole.len() / 2]))
        }
        // 200 MB in 200 kB; a marked one of 4 MB would be opened, and then be no JSON.
        3 => read(&events::wrap(if rng.random_bool(0.1) { events::bomb(200) } else { marked_bomb(mark) }.as_slice())),
        4 => read(&events::wrap(&events::gzip(b"{\"messageType\":"))),
        5 => read(&events::wrap(&events::gzip(br#"{"messageType":"NEW_MESSAGE","logEvents":[]}"#))),
        _ => json!({"Records": []}),
    };
    event["mark"] = json!(format!("mark={mark}."));
    Event { payload: event.to_string().into_bytes(), marks: vec![mark] }
}

fn read(event: &[u8]) -> Value {
    serde_json::from_slice(event).unwrap()
}

/// An ordinary event with a line in it that no Firehose record can hold.
fn oversize(book: &mut Book, rng: &mut StdRng, phase: &'static str) -> Event {
    let (before, large, after) = (book.open(phase), book.open(phase), book.open(phase));
    let line = format!("mark={large}. {}", "x".repeat(rng.random_range(1_024_000..1_100_000)));
    Event { payload: events::subscription(&[good(before), line, good(after)]), marks: vec![before, large, after] }
}
