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
//! - [`mod@analysis`] is all of that together; [`mod@assemble`] puts it in order, and [`report`] shows it.
//! - [`mod@replay`] asks what changed rules would have denied, [`plan`] makes such a change and replays it first, and [`explain`] shows
//!   the traffic behind one verdict.
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

pub mod analysis;
pub mod assemble;
pub mod attribute;
pub mod audit;
pub mod cli;
pub mod explain;
pub mod exposure;
pub mod names;
pub mod plan;
pub mod recommend;
pub mod replay;
pub mod report;
pub mod rollup;
pub mod scan;
#[cfg(feature = "aws")]
pub mod snapshot;
pub mod verdict;
