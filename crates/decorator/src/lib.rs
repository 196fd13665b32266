//! Decorates VPC flow log records: each becomes a JSON document that also tells its direction, the security groups of its network
//! interface, the rules that allow it, and where on Earth both ends are.
//!
//! ```
//! use std::sync::Arc;
//! use decorator::decorate::{DecorateOptions, Decorator, Schema};
//! use decorator::firehose::event::Event;
//! use decorator::firehose::put_back::Outcome;
//! use decorator::firehose::transformation::{Destination, Scratch, Transformation};
//! use enrich::{Atlas, Sources};
//! use flowlog::Headerless;
//! use inventory::Inventory;
//!
//! // "2 1 eni-1 10.0.0.5 10.0.0.9 49152 443 6 8 900 1418530010 1418530070 ACCEPT OK", and "nonsense".
//! let event = r#"{"deliveryStreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/flows", "records": [
//!     {"recordId": "a", "data": "MiAxIGVuaS0xIDEwLjAuMC41IDEwLjAuMC45IDQ5MTUyIDQ0MyA2IDggOTAwIDE0MTg1MzAwMTAgMTQxODUzMDA3MCBBQ0NFUFQgT0s="},
//!     {"recordId": "b", "data": "bm9uc2Vuc2U="}]}"#;
//! let event = Event::read(event)?;
//!
//! let options = DecorateOptions { schema: Schema::Classic, rule_ids: false };
//! let atlas = Atlas::open(&Sources::default())?;
//! let mut decorator = Decorator::new(options, Arc::new(Inventory::default()), Arc::new(atlas));
//! let rules = Transformation { destination: Destination::OpenSearch, limit: 5_800_000, headerless: Headerless::new(None) };
//!
//! let transformed = rules.transform(&event, &mut decorator, &mut Scratch::default());
//! let (body, counts) = transformed.settle(&event, rules.limit, &Outcome::default());
//! let body: serde_json::Value = serde_json::from_slice(&body)?;
//! assert_eq!(body["records"][0]["result"], "Ok");
//! assert_eq!(body["records"][1]["result"], "ProcessingFailed");
//! assert_eq!(body["records"][1]["data"], "bm9uc2Vuc2U=");
//! assert_eq!((counts.decorated, counts.unparsed), (1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The binary `flow-decorate` does it in two ways: as a Lambda function that transforms the records of a Firehose stream ([`lambda`] →
//! [`handler`] → [`firehose`]), and offline, from files to newline-delimited JSON ([`offline`]). Both end in [`decorate`] and
//! [`document`], so the same record is the same document.
//!
//! Invariants: no record is lost in silence, none is answered twice, and what is unknown is never written as zero, as an empty string or
//! as a guess.

pub mod decorate;
pub mod document;
pub mod firehose;
pub mod handler;
pub mod inventory_source;
pub mod lambda;
pub mod metrics;
pub mod offline;
pub mod payload;
mod role;
pub mod settings;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
type Base64Engine = base64::engine::Simd;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Base64Engine = base64::engine::GeneralPurpose;

/// Base64 of RFC 4648, section 4, with padding, by the best instructions that this machine has: three quarters of an invocation's bytes
/// pass through it, coming and going.
fn base64_engine() -> &'static Base64Engine {
    static ENGINE: std::sync::LazyLock<Base64Engine> = std::sync::LazyLock::new(|| {
        let padded = base64::engine::general_purpose::PAD;
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        {
            base64::engine::Simd::standard(padded)
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, padded)
        }
    });
    &ENGINE
}
