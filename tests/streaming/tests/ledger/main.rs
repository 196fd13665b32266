//! Faulted runs: 10,000 events of CloudWatch Logs through `flow-ingest` and what it puts through `flow-decorate`, while
//! everything around them fails at random (seeded), with a ledger of every record.
//!
//! ```text
//! subscription events ─► flow-ingest ─► stream ─► Firehose (played here) ─► flow-decorate ─► documents
//!                            │             ▲                                    │   │
//!                            ▼             └────────── put back ────────────────┘   ▼
//!               leftovers, OnFailure                                     ProcessingFailed
//! ```
//!
//! What must hold:
//! - every record ends in a document, or is reported: a leftover, an event for OnFailure, `ProcessingFailed`;
//! - every response answers each of its records once, in order, within the limit; what it reports failed is unchanged;
//! - a response and what was put back beside it hold exactly the records of the event, unless an answer got lost;
//! - putting back ends: each invocation makes what is under way smaller, measured as `flow-decorate` promises;
//! - where no answer gets lost on the way and no process dies, no record is delivered twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod book;
mod lines;
mod sandbox;
mod subscriptions;
mod transformations;

use book::Book;
use servers::{AwsStub, Chances, Ec2World, Fault};
use std::time::{Duration, Instant};

const SEED: u64 = 20_260_301;

/// Faults after which the caller knows that nothing was done.
fn honest(seed: u64) -> Fault {
    let chances = Chances { throttle: 4, unavailable: 3, drop: 2, fail_records: 10, ..Chances::default() };
    Fault::Random { seed, chances }
}

/// The same, and answers that come late or never although all was done.
fn deceptive(seed: u64) -> Fault {
    let late = Chances { delay: 2, delay_for: Duration::from_millis(300), ..Chances::default() };
    let chances = Chances { throttle: 4, unavailable: 3, drop: 2, drop_after: 3, fail_records: 10, ..late };
    Fault::Random { seed, chances }
}

/// Hardly anything is accepted.
fn severe(seed: u64) -> Fault {
    let chances = Chances { throttle: 15, unavailable: 40, drop: 5, fail_records: 35, ..Chances::default() };
    Fault::Random { seed, chances }
}

#[test]
fn no_record_is_lost_and_none_is_answered_twice() {
    let began = Instant::now();
    let aws = AwsStub::start();
    aws.set_ec2(Ec2World::with_interfaces(lines::KNOWN_INTERFACES));
    let mut book = Book::default();
    let put = subscriptions::run(&aws, &mut book);
    book.print("flow-ingest");
    println!("  {:>8.1}  seconds", began.elapsed().as_secs_f64());

    let began = Instant::now();
    transformations::run(&aws, &mut book, put);
    book.print("both");
    println!("  {:>8.1}  seconds", began.elapsed().as_secs_f64());

    let (mut delivered, mut reported, mut twice) = (0_u64, 0_u64, 0_u64);
    for (mark, entry) in book.entries() {
        let reports = entry.leftover + entry.on_failure + entry.failed;
        assert!(entry.delivered + reports > 0, "record {mark} is lost: {entry:?}");
        // Each copy that the stream took was answered.
        assert!(entry.delivered + entry.failed >= entry.put, "a copy of record {mark} is lost: {entry:?}");
        delivered += u64::from(entry.delivered > 0);
        reported += u64::from(entry.delivered == 0);
        twice += u64::from(entry.delivered > 1);
        if entry.phase.starts_with("honest") {
            let copies = 1 + entry.reported_and_put_back;
            assert_eq!(entry.delivered + entry.failed, copies, "record {mark}: {entry:?}");
            assert_eq!(reports, entry.failed, "record {mark}: {entry:?}");
            assert!(entry.delivered <= 1, "record {mark}: {entry:?}");
        }
    }
    let records = book.entries().count();
    println!("ledger: {records} records: {delivered} delivered, {reported} only reported, 0 lost");
    println!("        {twice} delivered more than once, after lost answers and lost processes");
    assert_eq!(delivered + reported, records as u64);
}
