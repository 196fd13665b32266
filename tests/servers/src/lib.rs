//! Servers on loopback for the end-to-end tests: what the product talks to, as real processes and real sockets.
//!
//! ```no_run
//! use std::time::Duration;
//! use servers::{Answer, AwsStub, Function, RuntimeApi};
//!
//! let aws = AwsStub::start();                                     // EC2, Firehose, S3 and STS on one port
//! let api = RuntimeApi::start();                                  // what Lambda gives to a function
//! let environment = aws.environment();
//! let mut settings: Vec<(&str, &str)> = environment.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
//! settings.push(("DELIVERY_STREAM_NAME", "flows"));
//! let function = Function::start(&servers::binary("flow-ingest"), &api, &settings);
//! let event = servers::events::subscription(&["2 123456789012 eni-1 ..."]);
//! assert!(matches!(api.invoke(&event, Duration::from_secs(5)), Answer::Response(_)));
//! assert_eq!(aws.firehose_records("flows").len(), 1);
//! assert!(function.peak_memory_kib() > 0);
//! ```
//!
//! Every part is a struct with `start()`; it listens on a free port of 127.0.0.1 and ends exactly what it started when
//! it is dropped. What cannot be had (no Python, no network) fails the test with one sentence that says what to
//! install. Since this is test code, it panics where a test should fail.
//!
//! For the dashboards there are a real OpenSearch, and Vega in a real browser:
//!
//! ```no_run
//! use serde_json::json;
//! use servers::{Chromium, OpenSearch, Vega};
//!
//! let server = OpenSearch::shared();                              // one for all tests of a test binary
//! server.put("/flows", &json!({"mappings": {"properties": {"srcaddr": {"type": "ip"}}}}));
//! let bulk = server.bulk_documents("flows", "index", &mut "{\"srcaddr\":\"10.0.0.1\"}\n{\"srcaddr\":1}".as_bytes());
//! assert_eq!((bulk.indexed, bulk.refused.len()), (1, 1));
//! server.refresh("flows");
//! let found = server.search("flows", &json!({"query": {"term": {"srcaddr": "10.0.0.0/8"}}}));
//!
//! let spec = json!({"data": [{"name": "hits", "values": found["hits"]["hits"]}],
//!     "marks": [{"name": "rows", "type": "text", "from": {"data": "hits"}}]});
//! let rendered = Vega::install().render(&Chromium::find(), &spec, 900, 500);
//! assert_eq!((rendered.error, rendered.marks["rows"]), (None, 1));
//! ```
//!
//! | part | where it comes from | a variable names another |
//! |---|---|---|
//! | [`Moto`], [`CargoLambda`], [`AwsCli`], [`faults_of_script`] | Python packages, in a virtual environment in the cache | `MOTO_SERVER_URL` |
//! | [`OpenSearch`] | Maven (`mvn`), unpacked in the cache; Java 21 or newer in `OPENSEARCH_JAVA_HOME` | `OPENSEARCH_URL` |
//! | [`Chromium`] | PATH, else `apt-get` when the tests run as root | `CHROMIUM` |
//! | [`Vega`], [`Visitor`] | npm, in the cache | |
//! | the rest | written here | |
//!
//! The cache is `${XDG_CACHE_HOME:-~/.cache}/sgflow`; whatever makes something there holds a lock file beside it, so that
//! test processes share it. OpenSearch, which does not run as root, lies in `/var/tmp/sgflow` where root's own cache is
//! closed to others. In one that `OPENSEARCH_URL` names, tests delete what is called `sgflow-*`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod aws;
mod aws_cli;
mod cache;
mod cargo_lambda;
mod chromium;
pub mod events;
mod function;
pub mod http;
mod moto;
mod npm;
mod opensearch;
mod process;
mod python;
mod ran;
mod runtime_api;
mod shellcheck;
mod vega;
mod visit;

pub use aws::{AwsStub, Call, Chances, Ec2World, Fault, Pattern};
pub use aws_cli::AwsCli;
pub use cargo_lambda::{Attached, CargoLambda};
pub use chromium::Chromium;
pub use function::{CARGO_BUILDS, Function, binary};
pub use moto::Moto;
pub use opensearch::{Bulk, OpenSearch};
pub use ran::Ran;
pub use runtime_api::{Answer, Pending, RuntimeApi};
pub use shellcheck::faults_of_script;
pub use vega::{Rendered, Vega};
pub use visit::{View, Visit, Visitor};
