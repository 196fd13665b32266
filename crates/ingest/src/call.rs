//! One call to AWS: how long it may take, whether it may be tried again, and when.
//!
//! The SDK's own retries are off: it would send a whole batch again where only some records failed, and knows nothing of the
//! invocation's deadline.

use std::future::Future;
use std::time::Duration;

use aws_sdk_firehose::config::http::HttpResponse;
use aws_sdk_firehose::error::{ProvideErrorMetadata, SdkError};
use tokio::time::Instant;

/// No attempt takes longer, so that one stuck connection leaves time for another.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(10);

/// An attempt that has less time than this is not begun: it could only end as a doubt whether it was received.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(50);

const BACKOFF_BASE: Duration = Duration::from_millis(100);
const BACKOFF_CAP: Duration = Duration::from_secs(5);

/// Error codes besides those with status 429 and 5xx after which the same request may succeed: the throttling and transient codes of
/// the AWS SDKs and Tools Reference Guide, "Retry behavior".
const TRANSIENT_CODES: [&str; 18] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "InternalFailure",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailableException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// A call that did not succeed.
#[derive(Debug, Clone)]
pub(crate) struct CallFailure {
    /// The same request may succeed a little later.
    pub(crate) transient: bool,
    /// What AWS or the network said.
    pub(crate) reason: String,
}

/// Awaits one attempt, for no longer than until `until` and [`ATTEMPT_LIMIT`].
pub(crate) async fn attempt<T, E>(
    until: Instant,
    call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Result<T, CallFailure>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let limit = until.min(Instant::now() + ATTEMPT_LIMIT);
    match tokio::time::timeout_at(limit, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(failure(&error)),
        Err(_) => Err(CallFailure { transient: true, reason: "no answer in time".to_owned() }),
    }
}

/// Is there time to begin an attempt?
pub(crate) fn time_left(until: Instant) -> bool {
    Instant::now() + SHORTEST_ATTEMPT <= until
}

/// Sleeps before attempt number `tried` + 1; false, at once, if that would leave no time for it.
pub(crate) async fn back_off(tried: u32, until: Instant) -> bool {
    let pause = full_jitter(tried);
    if !time_left(until.checked_sub(pause).unwrap_or_else(Instant::now)) {
        return false;
    }
    tokio::time::sleep(pause).await;
    true
}

/// Between nothing and base x 2^(tried - 1), capped ("Exponential Backoff And Jitter", AWS Architecture Blog).
fn full_jitter(tried: u32) -> Duration {
    let doublings = tried.saturating_sub(1).min(16);
    let ceiling = BACKOFF_BASE.saturating_mul(1 << doublings).min(BACKOFF_CAP);
    let micros = u64::try_from(ceiling.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(fastrand::u64(0..=micros))
}

fn failure<E>(error: &SdkError<E, HttpResponse>) -> CallFailure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let code = service.err().code().unwrap_or("no error code");
            let transient = status == 429 || status >= 500 || TRANSIENT_CODES.contains(&code);
            let message = service.err().message().unwrap_or("no message");
            CallFailure { transient, reason: shortened(&format!("{code} ({status}): {message}")) }
        }
        // The request was never made: no endpoint, no credentials, an input that cannot be encoded.
        SdkError::ConstructionFailure(_) => CallFailure { transient: false, reason: chain(error) },
        // A wrong endpoint or certificate shows as a user error; all else of the network passes by.
        SdkError::DispatchFailure(dispatch) => CallFailure { transient: !dispatch.is_user(), reason: chain(error) },
        _ => CallFailure { transient: true, reason: chain(error) },
    }
}

/// The error and all its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    shortened(&text)
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 300;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap() {
        let ceilings = [(1, 100), (2, 200), (3, 400), (6, 3_200), (7, 5_000), (1_000, 5_000), (u32::MAX, 5_000)];
        for (tried, milliseconds) in ceilings {
            let pauses: Vec<Duration> = (0..1_000).map(|_| full_jitter(tried)).collect();
            let longest = pauses.iter().max().unwrap();
            let shortest = pauses.iter().min().unwrap();
            let ceiling = Duration::from_millis(milliseconds);
            // Of 1,000 uniform draws one lies in the outer 5 % on either side but for a chance of 1 in 10^22.
            assert!(*longest <= ceiling && *longest > ceiling * 95 / 100, "{tried}: {longest:?}");
            assert!(*shortest < ceiling * 5 / 100, "{tried}: {shortest:?}");
        }
    }

    #[test]
    fn long_reasons_are_cut_between_characters() {
        let text = shortened(&"ü".repeat(500));
        assert_eq!(text.chars().count(), 301);
        assert_eq!(shortened("short"), "short");
    }
}
