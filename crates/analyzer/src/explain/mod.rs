//! The traffic behind one verdict.

pub mod details;
