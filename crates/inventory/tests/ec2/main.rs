//! The inventory from the EC2 API: against a stub that pages, throttles, refuses and is silent, and against moto.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod held_then;
mod live;
mod look_ups;
mod moto;
mod reading;
mod stage;
