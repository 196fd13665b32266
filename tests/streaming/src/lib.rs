//! Tests of the whole stream, from CloudWatch Logs to documents: `flow-ingest` and `flow-decorate` as real processes,
//! with everything around them on loopback (see the crate `servers`).
//!
//! | test | what runs |
//! |---|---|
//! | `happy` | both functions behind cargo-lambda's emulator; EC2, Firehose and S3 are moto's |
//! | `ledger` | 10,000 events through both functions while all around them fails at random; a ledger of every record |
//! | `whole_path` | a simulated network from subscription events to a real OpenSearch, whose counts equal the simulator's truth |
//!
//! ```text
//! cargo test --package streaming -- --nocapture     # prints what each counts
//! ```
