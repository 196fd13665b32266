//! Documents, field for field: against the examples of the VPC User Guide ("Flow log record examples") and values worked out by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bench;
mod classic;
mod ecs;
mod elastic;
mod places;
mod properties;
mod roles;
mod strict_json;
mod times;
