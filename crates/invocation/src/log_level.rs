//! How much is logged.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The level that the environment asks for: `RUST_LOG`, else `AWS_LAMBDA_LOG_LEVEL` (AWS Lambda developer guide, "Configuring advanced
/// logging controls"), else info; empty is unset.
#[derive(Clone, Debug)]
pub struct LogLevel(String);

impl LogLevel {
    /// Reads the environment.
    pub fn from_environment() -> LogLevel {
        let set = |name: &str| std::env::var(name).ok().filter(|level| !level.trim().is_empty());
        LogLevel(set("RUST_LOG").or_else(|| set("AWS_LAMBDA_LOG_LEVEL")).unwrap_or_else(|| "info".to_owned()))
    }

    /// As `tracing_subscriber` takes it; info where the level is not known.
    pub fn filter(&self) -> EnvFilter {
        let mut filter = self.known().unwrap_or_else(|| EnvFilter::new("info"));
        // The span that carries the request id is there whatever the level.
        if let Ok(span) = "lambda_runtime::layers::trace=info".parse() {
            filter = filter.add_directive(span);
        }
        filter
    }

    /// Says so in the log, which must have been started, if the level is not known.
    pub fn warn_if_unknown(&self) {
        if self.known().is_none() {
            let level = &self.0;
            tracing::warn!(level, "this log level is not known, info is used: say trace, debug, info, warn or error");
        }
    }

    fn known(&self) -> Option<EnvFilter> {
        // Lambda knows a level above error, which tracing does not.
        let level = if self.0.eq_ignore_ascii_case("fatal") { "error" } else { &self.0 };
        // A lone word that is no level would be taken for the name of a crate, and all others would fall silent.
        let is_word = level.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_word && level.parse::<LevelFilter>().is_err() {
            return None;
        }
        EnvFilter::try_new(level).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_lambda_and_of_tracing_are_known() {
        for known in ["TRACE", "debug", "INFO", "warn", "ERROR", "FATAL", "fatal", "ingest=debug,info"] {
            assert!(LogLevel(known.to_owned()).known().is_some(), "{known}");
        }
        for unknown in ["loud", "LOUD", "info=loud"] {
            assert!(LogLevel(unknown.to_owned()).known().is_none(), "{unknown}");
        }
        let span = "lambda_runtime::layers::trace=info";
        for level in ["error", "loud"] {
            assert!(LogLevel(level.to_owned()).filter().to_string().contains(span), "{level}");
        }
    }
}
