//! What must hold whatever the input: laws that are checked on many made-up networks rather than on examples.
//!
//! - A rollup adds up: parts merged in any order are the whole ([`merging`]).
//! - A report on a rollup is the report on its logs, or says less ([`stored`]).
//! - The first law: what can be known less of never proves more. A record more ([`records`]), a gap ([`gaps`]), a line that does
//!   not parse ([`lines`]) or a fact of the inventory that is not known ([`facts`]) never makes a rule `unused` that was not.
//! - The same input gives the same bytes ([`sameness`]).
//!
//! Everything is seeded: a failure names the scenario, the seed, what was done and the rule, and comes again every time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chance;
mod columns;
mod facts;
mod gaps;
mod lines;
mod logs;
mod merging;
mod network;
mod records;
mod sameness;
mod small;
mod stored;
