//! Recommendations: on accounts made by hand, on random small rules against every possibility tried, and on simulated networks, where
//! every observed and possible request must still be allowed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod account;
mod one_peer;
mod quota;
mod simulated;
mod small;
