//! What both Lambda functions ask of where they run: how long an invocation may take, and how much is to be logged.
//!
//! ```
//! use std::time::Duration;
//!
//! let context = lambda_runtime::Context::default(); // its deadline is 1970: none
//! assert_eq!(invocation::time_left(&context), Duration::from_secs(30));
//! let log = invocation::LogLevel::from_environment();
//! tracing_subscriber::fmt().json().with_env_filter(log.filter()).init();
//! log.warn_if_unknown();
//! ```

mod log_level;
mod time_left;

pub use log_level::LogLevel;
pub use time_left::time_left;
