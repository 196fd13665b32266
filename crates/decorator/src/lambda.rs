//! The Lambda function: what is done once when the process starts, and the loop over invocations.

use std::sync::{Arc, Once};
use std::time::{Duration, SystemTime};

use aws_sdk_firehose::config::retry::RetryConfig;
use enrich::Atlas;
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;
use tokio::time::Instant;
use tracing_subscriber::EnvFilter;

use crate::handler::{HandleError, Handler};
use crate::inventory_source::InventorySource;
use crate::settings::Settings;

/// Time that an invocation takes to have if Lambda does not say.
const TIME_WITHOUT_DEADLINE: Duration = Duration::from_secs(30);

/// A deadline that passed longer ago than this before the event even came was never meant as one.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// Whether this process is a Lambda function (AWS Lambda developer guide, "Using the Lambda runtime API").
pub fn is_lambda() -> bool {
    std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Runs until Lambda ends the process.
///
/// # Errors
/// Settings that cannot be used, sources that cannot be opened, or the loss of the runtime API.
pub fn run() -> anyhow::Result<()> {
    log_to_standard_error();
    let told = |error: &anyhow::Error| tracing::error!(error = format!("{error:#}"), "the function cannot start");
    let (settings, atlas) = start().inspect_err(told)?;
    // One thread for the event, one for the inventory that is read beside it.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(serve(settings, atlas))
}

fn start() -> anyhow::Result<(Settings, Atlas)> {
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    if let Some(warning) = settings.warning() {
        tracing::warn!(response_limit = settings.transformation.limit, "{warning}");
    }
    let atlas = Atlas::open(&settings.sources)?;
    Ok((settings, atlas))
}

async fn serve(settings: Settings, atlas: Atlas) -> anyhow::Result<()> {
    let config = inventory::ec2::sdk_config(None).await;
    let inventory =
        InventorySource::new(settings.inventory, settings.time_to_live, settings.decoration.rule_ids, &config);
    // Putting back has tries of its own.
    let firehose = aws_sdk_firehose::config::Builder::from(&config).retry_config(RetryConfig::disabled()).build();
    let handler = Arc::new(Handler::new(
        settings.transformation,
        settings.decoration,
        Arc::new(atlas),
        inventory,
        aws_sdk_firehose::Client::from_conf(firehose),
        std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(),
    ));
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let handler = Arc::clone(&handler);
        async move { answer(&handler, event).await }
    });
    let ended = Runtime::new(service).layer(TracingLayer::new()).run().await;
    ended.map_err(|error| anyhow::anyhow!("the Lambda runtime ended: {error}"))
}

/// The body is JSON already; as a [`RawValue`] it is sent as it is.
async fn answer(handler: &Handler, event: LambdaEvent<Box<RawValue>>) -> Result<Box<RawValue>, Diagnostic> {
    let left = time_left(event.context.deadline(), SystemTime::now()).unwrap_or_else(|| {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            let deadline = event.context.deadline;
            tracing::warn!(
                deadline,
                "the deadline lies in the past and is not kept to: each invocation takes 30 seconds"
            );
        });
        TIME_WITHOUT_DEADLINE
    });
    let body = handler.handle(event.payload.get(), Instant::now() + left).await.map_err(diagnostic)?;
    let unsound = |error: String| Diagnostic { error_type: "UnsoundResponse".to_owned(), error_message: error };
    let body = String::from_utf8(body).map_err(|error| unsound(error.to_string()))?;
    RawValue::from_string(body).map_err(|error| unsound(error.to_string()))
}

/// From `now` to the deadline, nothing if it has just passed; `None` if it is no deadline: `cargo lambda watch` sends the time that there is,
/// where Lambda sends the moment at which it ends, in milliseconds since 1970.
fn time_left(deadline: SystemTime, now: SystemTime) -> Option<Duration> {
    match deadline.duration_since(now) {
        Ok(left) => Some(left),
        Err(passed) => (passed.duration() <= LONGEST_DELAY).then_some(Duration::ZERO),
    }
}

fn diagnostic(error: HandleError) -> Diagnostic {
    Diagnostic { error_type: error.kind().to_owned(), error_message: error.to_string() }
}

/// One JSON object a line, for CloudWatch Logs Insights. `RUST_LOG` says how much, else `AWS_LAMBDA_LOG_LEVEL` (AWS Lambda developer guide,
/// "Configuring advanced logging controls"), else info; empty is unset.
fn log_to_standard_error() {
    let set = |name: &str| std::env::var(name).ok().filter(|level| !level.trim().is_empty());
    let level = set("RUST_LOG").or_else(|| set("AWS_LAMBDA_LOG_LEVEL")).unwrap_or_else(|| "info".to_owned());
    // Lambda knows a level above error, which tracing does not.
    let known = if level.eq_ignore_ascii_case("fatal") { "error" } else { level.as_str() };
    let asked = EnvFilter::try_new(known);
    let is_unknown = asked.is_err();
    let mut filter = asked.unwrap_or_else(|_| EnvFilter::new("info"));
    // The span that carries the request id is there whatever the level.
    if let Ok(span) = "lambda_runtime::layers::trace=info".parse() {
        filter = filter.add_directive(span);
    }
    let subscriber = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr);
    // Only a second call fails, and then logs go where the first one said.
    let _ = subscriber.try_init();
    if is_unknown {
        tracing::warn!(level, "this log level is not known, info is used: say trace, debug, info, warn or error");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_deadline_of_1970_is_none() {
        let at = |milliseconds: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
        let now = 1_510_772_160_000;
        let left = |deadline: u64| time_left(at(deadline), at(now));
        assert_eq!(left(now + 60_000), Some(Duration::from_secs(60)));
        for just_passed in [0, 1, 59_999, 60_000] {
            assert_eq!(left(now - just_passed), Some(Duration::ZERO));
        }
        for no_deadline in [now - 60_001, 600_000, 0] {
            assert_eq!(left(no_deadline), None);
        }
    }
}
