//! The report: its data, and the five forms in which it is handed out.
//!
//! [`model::Report`] is filled by the analysis and knows nothing of how it looks. Each form is one module with one
//! function `write(&Report, ..., &mut dyn Write)`:
//!
//! | module | for whom |
//! |---|---|
//! | [`table`] | a person at a terminal |
//! | [`json`] | other programs: the contract `sgflow.report/1` |
//! | [`csv`] | a spreadsheet, one row a rule |
//! | [`markdown`] | a pull request or a wiki page on GitHub |
//! | [`html`] | a person with a browser; it takes an [`html::Page`], which has more than a report |
//!
//! What the forms for people share is said once: [`ranking`] (which rules first), [`totals`], [`warnings`] (what is
//! wrong with the input, and the cure) and [`wording`] (how a number or a range of ports is put). Text that came from
//! the network or from an account, a group's name or a file's, passes through [`printable`] first.

pub mod baseline;
pub mod csv;
pub mod html;
pub mod json;
pub mod markdown;
pub mod model;
pub mod printable;
pub mod ranking;
pub mod table;
pub mod totals;
pub mod warnings;
pub mod wording;

#[cfg(test)]
pub(crate) mod example;
