//! What a test must know of saved objects: how they are read, and which searches Dashboards makes of them.
//!
//! ```no_run
//! use dashboards_test::{Range, SavedObjects, searches};
//!
//! let objects = SavedObjects::read(std::path::Path::new("../../dashboards/classic.ndjson")).unwrap();
//! let march = Range { from: "2026-03-01T00:00:00Z", to: "2026-03-04T00:00:00Z" };
//! for panel in objects.of_type("visualization") {
//!     for search in searches(&objects, panel, &march).unwrap() {
//!         println!("{}: GET {}/_search {}", panel.id, search.index, search.body);
//!     }
//! }
//! ```
//!
//! The searches are built from the object itself, so a panel that asks the wrong thing is found out by what the server answers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod aggregation;
mod filter;
mod objects;
mod search;
mod vega_url;

pub use objects::{Object, SavedObjects};
pub use search::{Range, Search, searches};
pub use vega_url::{DataUrl, data_urls};
