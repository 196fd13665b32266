//! What is told about one rule or group: against plain loops over simulated logs, against small networks made by hand,
//! and through the real program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod grounds;
mod loops;
mod missing;
mod printed;
mod program;
mod simulated;
mod stage;
