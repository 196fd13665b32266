//! `flow-ingest`: the Lambda function around the library.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use ingest::{Ingest, Invocation, Settings};
use invocation::LogLevel;
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::{Value, json};

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
    let remaining = invocation::time_left(&context);
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

/// JSON lines on standard output, where Lambda takes them from.
fn start_log() {
    let level = LogLevel::from_environment();
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_span_list(false).with_target(false);
    lines.with_env_filter(level.filter()).init();
    level.warn_if_unknown();
}
