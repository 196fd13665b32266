//! From flow logs and security groups to verdicts: which rules nobody uses, proven.
//!
//! ```text
//! objects --scan--> rollup --attribute--> tallies --verdict--> report
//!                                ^                   ^
//!                            inventory           coverage
//! ```
//!
//! - [`scan`] reads objects into a [`rollup`]: rows that can be added up, and when each interface reported. Neither knows the
//!   inventory.
//! - [`attribute`] asks for each accepted row which rules it used or may have used.
//! - [`verdict`] says of each rule what that, the coverage and the inventory together prove.
//! - [`recommend`] finds the least that would have done.
//! - [`mod@assemble`] puts it all in order, and [`report`] shows it.
//! - [`cli`] is what was typed, and [`audit`] what is then done; with the feature `aws` also `snapshot`.
//!
//! ```
//! use analyzer::rollup::{KeptPorts, Slice};
//! use analyzer::scan::{ScanOptions, Unwatched, objects, scan};
//! use inventory::Inventory;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");
//! let loaded = Inventory::load(&[format!("{samples}/inventory").into()])?;
//! let options = ScanOptions {
//!     log_format: None,
//!     since: None,
//!     until: None,
//!     slice: Slice::Hour,
//!     kept_ports: KeptPorts::new(loaded.inventory.kept_ports()),
//!     threads: 2,
//! };
//! let scanned = scan(&objects::find(&[format!("{samples}/logs")])?, &options, &Unwatched);
//! let report = analyzer::assemble::report(&scanned.rollup, &loaded.inventory, &loaded.notes, &Default::default());
//! assert_eq!(report.schema, "sgflow.report/1");
//! # Ok(())
//! # }
//! ```

pub mod assemble;
pub mod attribute;
pub mod audit;
pub mod cli;
pub mod exposure;
pub mod recommend;
pub mod report;
pub mod rollup;
pub mod scan;
#[cfg(feature = "aws")]
pub mod snapshot;
pub mod verdict;
