//! `plan --output terraform`: what it writes is read by an HCL library and held against the documented arguments, applied by plain loops
//! in every order that Terraform may choose, and, where Terraform and its AWS provider are installed, validated and applied by these.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod arguments;
mod chance;
mod comments;
mod document;
mod order;
mod real;
mod workshop;
