//! Replays of changed rules: against the truth of simulated networks, and by the real program on real files.
//!
//! `tests/oracle/replaying.rs` holds the replay against plain loops on random networks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod command;
#[allow(dead_code, reason = "shared with the end-to-end tests, which use the rest")]
#[path = "../end_to_end/program.rs"]
mod program;
#[allow(dead_code, reason = "shared with the end-to-end tests, which use the rest")]
#[path = "../end_to_end/samples.rs"]
mod samples;
mod truth;
