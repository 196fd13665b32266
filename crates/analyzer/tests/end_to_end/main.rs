//! The real program on real files: what a person types, and what comes of it.
//!
//! The samples of the project are the input, whole or damaged in one way at a time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bombs;
mod broken_inventory;
mod broken_logs;
mod face;
mod formats;
mod program;
mod rollups;
mod samples;
mod standard_input;
mod verdicts;
