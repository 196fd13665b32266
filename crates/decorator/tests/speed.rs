//! How fast events and files go through. Run with `cargo test --release -p decorator --test speed -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use decorator::decorate::{DecorateOptions, Decorator, Schema};
use decorator::firehose::event::Event;
use decorator::firehose::put_back::Outcome;
use decorator::firehose::transformation::{Destination, Scratch, Transformation};
use enrich::{Atlas, Sources};
use flowlog::Headerless;
use inventory::Inventory;
use servers::{Ec2World, events};

/// A full batch of Firehose's default of 1 MB (in the default format a record has about 92 bytes).
const RECORDS: usize = 11_375;

fn line(number: usize) -> String {
    let interface = 1 + number * 7919 % 500;
    let (id, address) = (Ec2World::interface_id(interface), Ec2World::address(interface));
    let (a, b) = (number * 31 % 200 + 1, number * 17 % 256);
    format!(
        "2 123456789012 {id} 203.0.{a}.{b} {address} {} 443 6 8 900 1772323100 1772323160 ACCEPT OK",
        1024 + number % 60_000
    )
}

#[test]
#[ignore = "a measurement"]
fn milliseconds_an_event() {
    let world = Ec2World::with_interfaces(500);
    let lists = serde_json::json!({"NetworkInterfaces": world.interfaces, "SecurityGroups": world.groups});
    let inventory = Inventory::from_texts(&[("inventory", &lists.to_string())]).unwrap().inventory;
    let geo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/geo.mmdb");
    let atlas = Atlas::open(&Sources { geo: vec![geo.into()], ..Sources::default() }).unwrap();
    let options = DecorateOptions { schema: Schema::Classic, rule_ids: false };
    let mut decorator = Decorator::new(options, Arc::new(inventory), Arc::new(atlas));
    let mut scratch = Scratch::default();
    let rules =
        Transformation { destination: Destination::OpenSearch, limit: 100_000_000, headerless: Headerless::new(None) };

    let mut ids = Vec::new();
    for number in 0..RECORDS {
        let mut id = String::new();
        write!(id, "{number:056}").unwrap();
        ids.push((id, line(number).into_bytes()));
    }
    let pairs: Vec<(&str, &[u8])> = ids.iter().map(|(id, data)| (id.as_str(), data.as_slice())).collect();
    let payload = String::from_utf8(events::firehose(&pairs, &events::stream_arn("flows"), false)).unwrap();
    for _ in 0..5 {
        let begin = Instant::now();
        let event = Event::read(&payload).unwrap();
        let read = begin.elapsed();
        let transformed = rules.transform(&event, &mut decorator, &mut scratch);
        let (body, counts) = transformed.settle(&event, rules.limit, &Outcome::default());
        let total = begin.elapsed();
        let begin = Instant::now();
        let body_len = body.len();
        let body = serde_json::value::RawValue::from_string(String::from_utf8(body).unwrap()).unwrap();
        let raw = begin.elapsed();
        let begin = Instant::now();
        assert!(serde_json::to_vec(&body).unwrap().len() == body_len);
        let sent = begin.elapsed();
        assert_eq!(counts.decorated, RECORDS as u64);
        println!(
            "{} bytes in, {body_len} out: event {read:?}, with documents {total:?}, checked {raw:?}, copied {sent:?}",
            payload.len()
        );
    }
}
