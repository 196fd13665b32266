//! A local OpenSearch with decorated flow logs in it: what `make stack` shows, and what the tests of the dashboards query.
//!
//! ```no_run
//! use servers::OpenSearch;
//! use stack::{Place, Schema, Stack};
//!
//! let stack = Stack::on(OpenSearch::shared());
//! stack.put_templates();                                  // everything under dashboards/ that is a template
//! let loaded = stack.load_samples(Schema::Classic);       // samples/ -> sgflow-flows-2026-03-01 and the days after
//! assert_eq!(stack.count(Schema::Classic.pattern()), loaded.documents);
//!
//! // Any other logs, into daily indices (as Firehose makes them) or into the data stream `sgflow-flows`:
//! let (logs, inventory) = ("day/logs".as_ref(), "day/inventory".as_ref());
//! stack.load(Schema::Classic, logs, inventory, Place::DataStream);
//! stack.load_inventory(Schema::Classic, inventory);       // -> sgflow-inventory
//! ```
//!
//! The documents come from the real `flow-decorate`, and every `load` is strict: a document that OpenSearch refuses
//! fails it. Documents are passed on as they are made, so a load takes little memory whatever its size. Like the servers
//! it stands on, this is test code: what fails panics with a sentence that says what happened.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bulk_body;
mod decorated;
mod load;
mod schema;
mod templates;

pub use load::{Loaded, Place, Stack};
pub use schema::{INVENTORY_INDEX, Schema, project};
