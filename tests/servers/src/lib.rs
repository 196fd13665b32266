//! Servers on loopback for the end-to-end tests: what the product talks to, as real processes and real sockets.
//!
//! ```no_run
//! use std::time::Duration;
//! use servers::{Answer, AwsStub, Function, RuntimeApi};
//!
//! let aws = AwsStub::start();                                     // EC2, Firehose, S3 and STS on one port
//! let api = RuntimeApi::start();                                  // what Lambda gives to a function
//! let environment = aws.environment();
//! let mut settings: Vec<(&str, &str)> = environment.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
//! settings.push(("DELIVERY_STREAM_NAME", "flows"));
//! let function = Function::start(&servers::binary("flow-ingest"), &api, &settings);
//! let event = servers::events::subscription(&["2 123456789012 eni-1 ..."]);
//! assert!(matches!(api.invoke(&event, Duration::from_secs(5)), Answer::Response(_)));
//! assert_eq!(aws.firehose_records("flows").len(), 1);
//! assert!(function.peak_memory_kib() > 0);
//! ```
//!
//! Every part is a struct with `start()`; it listens on a free port of 127.0.0.1 and ends exactly what it started when
//! it is dropped. What cannot be had (no Python, no network) fails the test with one sentence that says what to
//! install. Since this is test code, it panics where a test should fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod aws;
mod cargo_lambda;
pub mod events;
mod function;
pub mod http;
mod moto;
mod process;
mod python;
mod runtime_api;

pub use aws::{AwsStub, Call, Chances, Ec2World, Fault, Pattern};
pub use cargo_lambda::{Attached, CargoLambda};
pub use function::{CARGO_BUILDS, Function, binary};
pub use moto::Moto;
pub use runtime_api::{Answer, Pending, RuntimeApi};
