//! `flow-decorate` as a command.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bulk;
mod command;
mod inventory_index;
mod program;
mod transit_gateways;
