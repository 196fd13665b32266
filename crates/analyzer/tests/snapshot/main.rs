//! `sg-audit snapshot` as a process: against a stub of AWS that refuses and is silent, and against moto.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod refusals;
mod stage;
mod whole;
