//! Where records go that the stream did not take: objects in S3, named by the invocation.
//!
//! | object | holds |
//! |---|---|
//! | `PREFIX/YYYY/MM/DD/HH/REQUEST-undelivered.log.gz` | lines that Firehose did not accept in time, plain text, gzip |
//! | `PREFIX/YYYY/MM/DD/HH/REQUEST-oversize.log.gz` | lines larger than a Firehose record, plain text, gzip |
//! | `PREFIX/YYYY/MM/DD/HH/REQUEST-event.json` | an event that could not be opened, the same JSON value (not byte for byte): it can be sent again with `aws lambda invoke` |
//!
//! Each line is as it was in the log group and ends in a line feed, so `flow-decorate` and `sg-audit` read the `.log.gz` objects like any others. The hour
//! is that of the invocation, UTC. When Lambda tries an invocation again, its request id stays the same: within the hour, an object of
//! the new try takes the place of the old one's, and misses nothing, for every try begins with the whole event.

use std::io::Write;
use std::str::FromStr;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use thiserror::Error;
use tokio::time::Instant;

use crate::call;

/// A bucket, and the prefix of the keys in it, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    bucket: String,
    prefix: String,
}

/// Not `s3://bucket` or `s3://bucket/prefix`.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not of the form s3://bucket/prefix")]
pub struct LocationError;

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Location, LocationError> {
        let path = text.strip_prefix("s3://").ok_or(LocationError)?;
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        // Amazon S3 User Guide, "Bucket naming rules"; the service knows the rest of them.
        let named_well = (3..=63).contains(&bucket.len())
            && bucket.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte));
        if !named_well {
            return Err(LocationError);
        }
        Ok(Location { bucket: bucket.to_owned(), prefix: prefix.trim_matches('/').to_owned() })
    }
}

/// What an object of leftovers holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Lines that Firehose did not accept.
    Undelivered,
    /// Lines that do not fit into a Firehose record.
    Oversize,
    /// A whole event that could not be opened.
    Event,
}

impl Kind {
    fn suffix(self) -> &'static str {
        match self {
            Kind::Undelivered => "undelivered.log.gz",
            Kind::Oversize => "oversize.log.gz",
            Kind::Event => "event.json",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Kind::Undelivered | Kind::Oversize => "application/gzip",
            Kind::Event => "application/json",
        }
    }
}

impl Location {
    fn key(&self, kind: Kind, request_id: &str, now: Timestamp) -> String {
        let hour = now.strftime("%Y/%m/%d/%H");
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        format!("{}{slash}{hour}/{request_id}-{}", self.prefix, kind.suffix())
    }
}

/// The place itself, ready to be written to.
#[derive(Debug, Clone)]
pub struct Leftovers {
    client: Client,
    location: Location,
}

/// The leftovers could not be kept either.
#[derive(Debug, Error)]
#[error("s3://{bucket}/{key} could not be written: {reason}")]
pub struct KeepError {
    bucket: String,
    key: String,
    reason: String,
}

impl Leftovers {
    /// Leftovers at a location, through a client whose own retries are off.
    pub fn new(client: Client, location: Location) -> Leftovers {
        Leftovers { client, location }
    }

    /// Writes one object and tries until `until`; gives its name.
    ///
    /// # Errors
    /// [`KeepError`] if S3 did not surely take it.
    pub async fn keep(&self, kind: Kind, body: Vec<u8>, request_id: &str, until: Instant) -> Result<String, KeepError> {
        let bucket = &self.location.bucket;
        let key = self.location.key(kind, request_id, Timestamp::now());
        let body = aws_sdk_s3::primitives::SdkBody::from(body);
        let mut tried = 0;
        let mut reason = "no time was left before the invocation's deadline".to_owned();
        while call::time_left(until) {
            tried += 1;
            // A body of bytes in memory can be had again as often as needed.
            let Some(again) = body.try_clone() else { break };
            let request = self.client.put_object().bucket(bucket).key(&key).content_type(kind.content_type());
            match call::attempt(until, request.body(ByteStream::new(again)).send()).await {
                Ok(_) => return Ok(format!("s3://{bucket}/{key}")),
                Err(failure) => {
                    reason = failure.reason;
                    if !failure.transient || !call::back_off(tried, until).await {
                        break;
                    }
                }
            }
        }
        Err(KeepError { bucket: bucket.clone(), key, reason })
    }
}

/// Lines, each with its line feed, as one gzip member.
///
/// # Errors
/// None that can be met: the writer is memory.
pub(crate) fn gzip<'a>(lines: impl Iterator<Item = &'a [u8]>) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for line in lines {
        encoder.write_all(line)?;
    }
    encoder.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn location(text: &str) -> Location {
        text.parse().unwrap()
    }

    #[test]
    fn locations() {
        let parts = |text: &str| {
            let location = location(text);
            (location.bucket, location.prefix)
        };
        assert_eq!(parts("s3://my-bucket"), ("my-bucket".into(), String::new()));
        assert_eq!(parts("s3://my.bucket/"), ("my.bucket".into(), String::new()));
        assert_eq!(parts("s3://b01/flow/left over/"), ("b01".into(), "flow/left over".into()));
        for wrong in
            ["", "my-bucket/flow", "s3:/my-bucket", "s3://", "s3:///flow", "s3://My_Bucket/flow", "https://b01/x"]
        {
            assert_eq!(wrong.parse::<Location>(), Err(LocationError), "{wrong}");
        }
    }

    #[test]
    fn keys_name_the_hour_and_the_invocation() {
        let now: Timestamp = "2026-03-09T07:59:59Z".parse().unwrap();
        assert_eq!(
            location("s3://b01/flow").key(Kind::Undelivered, "8476a536-e9f4", now),
            "flow/2026/03/09/07/8476a536-e9f4-undelivered.log.gz"
        );
        assert_eq!(location("s3://b01").key(Kind::Oversize, "id", now), "2026/03/09/07/id-oversize.log.gz");
        assert_eq!(location("s3://b01/a/b").key(Kind::Event, "id", now), "a/b/2026/03/09/07/id-event.json");
    }

    #[test]
    fn kept_lines_are_read_back() {
        let lines: [&[u8]; 2] = [b"one\n", b"two\n"];
        let object = gzip(lines.into_iter()).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(object.as_slice()), &mut text).unwrap();
        assert_eq!(text, "one\ntwo\n");
    }
}
