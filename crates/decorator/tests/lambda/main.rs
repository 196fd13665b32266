//! The real binary as a Lambda function: a runtime API of the tests' own gives it events and watches its answers, a stub plays EC2,
//! Firehose and S3.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod events;
mod inventory;
mod put_back;
mod running;
