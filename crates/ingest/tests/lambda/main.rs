//! The real `flow-ingest` as a process behind a Runtime API, with Firehose and S3 on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod events;
mod faults;
mod leftovers;
mod rig;
mod stream;
