//! How fast the hot path is. Run with `cargo test --release -p flowlog --test speed -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod collect;

use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

use flowlog::{Format, LeftOut, ReadOptions, Record, Sink, Unparsed};

#[derive(Default)]
struct Count(u64);

impl Sink for Count {
    fn record(&mut self, record: &Record<'_>) {
        black_box(record);
        self.0 += 1;
    }
    fn unparsed(&mut self, _line: u64, reason: Unparsed, _text: &[u8]) {
        panic!("{reason}");
    }
    fn left_out(&mut self, _what: LeftOut) {}
}

const RECORDS: u64 = 1_000_000;

fn lines() -> String {
    let mut text = String::new();
    let mut state = 1_u64;
    let mut random = |bound: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % bound
    };
    for index in 0..RECORDS {
        writeln!(
            text,
            "2 123456789010 eni-{:017x} 10.{}.{}.{} {}.{}.{}.{} {} 443 6 {} {} {} {} ACCEPT OK",
            random(20) * 0x0123_4567_89ab_cdef,
            random(4),
            random(256),
            random(256),
            1 + random(222),
            random(256),
            random(256),
            random(256),
            1024 + random(64000),
            random(300),
            random(900_000),
            1_700_000_000 + index / 100,
            1_700_000_060 + index / 100,
        )
        .unwrap();
    }
    text
}

#[test]
#[ignore = "a measurement"]
fn nanoseconds_a_record() {
    let text = lines();
    let format = Format::default_v2();
    for _ in 0..3 {
        let begin = Instant::now();
        for line in text.lines() {
            black_box(format.parse(line.as_bytes()).unwrap());
        }
        println!("parse and find lines: {} ns", begin.elapsed().as_nanos() as u64 / RECORDS);
    }
    let with_header = format!("{}\n{text}", collect::HEADER);
    let packed = collect::gzip(with_header.as_bytes());
    println!("{} bytes a line, {} packed", text.len() as u64 / RECORDS, packed.len() as u64 / RECORDS);
    for (name, input) in [("header", with_header.as_bytes()), ("no header", text.as_bytes()), ("gzip", &packed[..])] {
        for _ in 0..2 {
            let begin = Instant::now();
            let mut count = Count::default();
            flowlog::read(input, name, &ReadOptions::default(), &mut count).unwrap();
            assert_eq!(count.0, RECORDS);
            println!("{name}: {} ns", begin.elapsed().as_nanos() as u64 / RECORDS);
        }
    }
    let begin = Instant::now();
    let mut out = Vec::with_capacity(with_header.len());
    let size = std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut out).unwrap();
    println!("inflate alone: {} ns ({size} bytes)", begin.elapsed().as_nanos() as u64 / RECORDS);
}
