//! Makes what a person imports into OpenSearch Dashboards or Kibana, from sources that a person can read.
//!
//! A panel is a few lines of TOML in `dashboards/source/`, with logical field names that stand for one field in each of
//! the two document schemas (`fields.toml` names them):
//!
//! ```
//! let panel: toml::Table = toml::from_str(r#"
//!     id = "rejected-by-group"
//!     title = "Rejected by group"
//!     description = "Rejected records by security group. A record of an interface with two groups counts in both."
//!     kind = "horizontal-bars"
//!     metrics = ["count as Records"]
//!     splits = [{ field = "group", size = 20, other = true }]
//!     filters = [{ field = "action", is = "REJECT" }]
//!     place = [24, 10, 24, 13]
//! "#).unwrap();
//! let panel = dashboards::source::Panel::read(panel).unwrap();
//! assert_eq!(panel.id, "rejected-by-group");
//! ```
//!
//! The way of a panel: [`source`] (TOML, checked) → [`visualization`] (what the renderers want to be told) →
//! [`saved_object`] (one line of an export in the form of Kibana 7.10, which OpenSearch Dashboards 2 and 3 and Kibana
//! 7.10 to 9 import). [`make`] does it for all dashboards in both schemas; the binary `make-dashboards` writes the
//! files, `--check` compares them.
//!
//! Invariants:
//! - Ids are made from the names in the sources alone, so a new import overwrites the one before.
//! - Equal sources give equal bytes: keys are sorted, nothing depends on a clock, a hash or a cargo feature.
//! - A field that the index template does not have is an error here, not an empty panel there.
//! - A panel that has no room for one of a few known values, or would choose values anew in each interval, is an error
//!   too: what it hides would look unused.

pub mod aggregation;
pub mod axes;
pub mod dashboard;
pub mod field;
pub mod filter;
pub mod index_pattern;
pub mod layout;
pub mod made;
pub mod saved_object;
pub mod schema;
pub mod source;
pub mod template;
pub mod vega;
pub mod visualization;

pub use made::{Made, make};
pub use schema::Schema;
