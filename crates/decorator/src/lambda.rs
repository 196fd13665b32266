//! The Lambda function: what is done once when the process starts, and the loop over invocations.

use std::sync::Arc;

use aws_sdk_firehose::config::retry::RetryConfig;
use enrich::Atlas;
use invocation::LogLevel;
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::handler::{HandleError, Handler};
use crate::inventory_source::InventorySource;
use crate::settings::Settings;

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
    let left = invocation::time_left(&event.context);
    let body = handler.handle(event.payload.get(), Instant::now() + left).await.map_err(diagnostic)?;
    let unsound = |error: String| Diagnostic { error_type: "UnsoundResponse".to_owned(), error_message: error };
    let body = String::from_utf8(body).map_err(|error| unsound(error.to_string()))?;
    RawValue::from_string(body).map_err(|error| unsound(error.to_string()))
}

fn diagnostic(error: HandleError) -> Diagnostic {
    Diagnostic { error_type: error.kind().to_owned(), error_message: error.to_string() }
}

/// One JSON object a line, for CloudWatch Logs Insights.
fn log_to_standard_error() {
    let level = LogLevel::from_environment();
    let subscriber = tracing_subscriber::fmt().json().with_env_filter(level.filter()).with_writer(std::io::stderr);
    // Only a second call fails, and then logs go where the first one said.
    let _ = subscriber.try_init();
    level.warn_if_unknown();
}
