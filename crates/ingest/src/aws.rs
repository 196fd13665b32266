//! Clients of Firehose and S3, made once at start and used by every invocation.

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::delivery::Stream;
use crate::ingest::Ingest;
use crate::leftovers::Leftovers;
use crate::settings::Settings;

/// The function with its clients: region, credentials and endpoints as in every AWS SDK (`AWS_REGION`, `AWS_ENDPOINT_URL`...).
pub async fn connect(settings: Settings) -> Ingest {
    let config = sdk_config().await;
    let firehose = aws_sdk_firehose::Client::new(&config);
    let leftovers = settings.leftovers.map(|location| Leftovers::new(s3_client(&config), location));
    Ingest::new(Stream::new(firehose, settings.stream), settings.destination, leftovers)
}

async fn sdk_config() -> SdkConfig {
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    // What is sent again, and when, is for `delivery` and `leftovers` to say.
    let no_retries = RetryConfig::disabled();
    aws_config::defaults(BehaviorVersion::latest()).http_client(http).retry_config(no_retries).load().await
}

fn s3_client(config: &SdkConfig) -> aws_sdk_s3::Client {
    // Behind an endpoint of one's own, buckets have no host names of theirs.
    let own_endpoint = config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    let config = aws_sdk_s3::config::Builder::from(config).force_path_style(own_endpoint).build();
    aws_sdk_s3::Client::from_conf(config)
}
