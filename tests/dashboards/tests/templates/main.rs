//! The index templates and lifecycle policies of `dashboards/`, on a real OpenSearch.
//!
//! | module | asks |
//! |---|---|
//! | `fields` | has every field the type that AWS, Elastic and section 7 of the design give it? |
//! | `accepted` | does OpenSearch take the templates, and give each index the right one? |
//! | `extremes` | do the largest values go in and come out? do both forms of a date? what becomes of what does not fit? |
//! | `nothing_dynamic` | is every field that flow-decorate writes in the template, and is every field of the template written? |
//! | `policies` | have the policies the form that Index State Management documents? |
//!
//! `expected` holds the types, written down by hand from their sources, and `decorated` runs the real `flow-decorate`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accepted;
mod decorated;
mod expected;
mod extremes;
mod fields;
mod nothing_dynamic;
mod policies;
mod template;
