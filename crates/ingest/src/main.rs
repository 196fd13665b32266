//! `flow-ingest`: the Lambda function around the library.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Once;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use ingest::{Ingest, Invocation, Settings};
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

/// Time that an invocation takes to have if Lambda does not say.
const TIME_WITHOUT_DEADLINE: Duration = Duration::from_secs(30);

/// A deadline that passed longer ago than this before the event even came was never meant as one.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    start_log();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One thread is enough: the function waits for the network, and Lambda gives less than one processor below 1,769 MB.
fn run() -> anyhow::Result<()> {
    // The runtime panics without these; they are there in every Lambda function.
    for name in [
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    ] {
        std::env::var(name)
            .with_context(|| format!("{name} is not set: flow-ingest runs as an AWS Lambda function"))?;
    }
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let ingest = ingest::connect(settings).await;
        let handler = service_fn(|event| answer(&ingest, event));
        lambda_runtime::run(handler).await.map_err(|error| anyhow::anyhow!("the Lambda runtime has ended: {error}"))
    })
}

async fn answer(ingest: &Ingest, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    let (payload, context) = event.into_parts();
    let remaining = time_left(context.deadline(), SystemTime::now()).unwrap_or_else(|| {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            let deadline = context.deadline;
            tracing::warn!(
                deadline,
                "the deadline lies in the past and is not kept to: each invocation takes 30 seconds"
            );
        });
        TIME_WITHOUT_DEADLINE
    });
    let invocation = Invocation { request_id: context.request_id, remaining };
    let outcome = ingest.handle(&payload, &invocation).await;

    let line = outcome.metrics.line(&context.env_config.function_name, &invocation.request_id, Timestamp::now());
    // A closed standard output is no reason to have the event sent again.
    let _ = writeln!(std::io::stdout(), "{line}");
    match outcome.result {
        // Nobody reads the answer of an asynchronous invocation; this is for those who invoke by hand.
        Ok(()) => Ok(outcome.metrics.records.map_or_else(
            || json!({"kept": "event"}),
            |counts| json!({"recordsIn": counts.records_in, "put": counts.put, "leftovers": counts.leftovers}),
        )),
        Err(failure) => Err(Diagnostic { error_type: failure.kind().to_owned(), error_message: failure.to_string() }),
    }
}

/// From `now` to the deadline, nothing if it has just passed; `None` if it is no deadline: `cargo lambda watch` sends the time that there is,
/// where Lambda sends the moment at which it ends, in milliseconds since 1970.
fn time_left(deadline: SystemTime, now: SystemTime) -> Option<Duration> {
    match deadline.duration_since(now) {
        Ok(left) => Some(left),
        Err(passed) => (passed.duration() <= LONGEST_DELAY).then_some(Duration::ZERO),
    }
}

/// JSON lines on standard output, where Lambda takes them from. Level: `RUST_LOG`, else `AWS_LAMBDA_LOG_LEVEL`, else info.
fn start_log() {
    let set = |name: &str| std::env::var(name).ok().filter(|level| !level.trim().is_empty());
    let level = set("RUST_LOG").or_else(|| set("AWS_LAMBDA_LOG_LEVEL")).unwrap_or_else(|| "info".to_owned());
    // Lambda knows a level above error, which tracing does not.
    let known = if level.eq_ignore_ascii_case("fatal") { "error" } else { level.as_str() };
    let asked = EnvFilter::try_new(known);
    let unknown = asked.is_err();
    let mut filter = asked.unwrap_or_else(|_| EnvFilter::new("info"));
    // The span that carries the request id is there whatever the level.
    if let Ok(span) = "lambda_runtime::layers::trace=info".parse() {
        filter = filter.add_directive(span);
    }
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_span_list(false).with_target(false);
    lines.with_env_filter(filter).init();
    if unknown {
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
