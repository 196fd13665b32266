//! Plans: what they take away is held against simulated truth and against every line of the logs, what they say is read back, and
//! the real program is asked for each form.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod command;
mod documents;
mod export;
mod managed;
mod network;
mod small;
mod traps;
mod truth;
mod warnings;
