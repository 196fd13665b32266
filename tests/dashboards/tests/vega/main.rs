//! Every panel that Vega draws, on a real OpenSearch's answers and in a real browser: its specification is taken from
//! the saved object, its searches are sent as Dashboards sends them, and what comes of it is held against the samples
//! read by other means than the product's (`../panels/records.rs`, `../panels/rules.rs`).
//!
//! Beside that, for each panel: indices that hold nothing, and everything that could make it call something unused that
//! is not. Then it must list nothing, and say why.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod made_up;
mod map;
mod new_countries;
mod nothing;
mod panel;
#[path = "../panels/records.rs"]
#[allow(dead_code)]
mod records;
#[path = "../panels/rules.rs"]
mod rules;
mod samples;
mod sankey;
mod silent_interfaces;
mod totals;
mod unhit_rules;
mod unused_ports;
