//! What Firehose asks: an event with records, each with an id and base64 data (Data Firehose developer guide, "Amazon Data Firehose
//! data transformation").
//!
//! The event is up to 6 MB, nearly all of it base64, so its texts are borrowed from the payload. The shape is that of
//! `aws_lambda_events::firehose::KinesisFirehoseEvent`; that type decodes every record's data into a vector of its own, and cannot say
//! which record it was whose data is no base64, while here such a record is answered like any other.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// An invocation's payload.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event<'a> {
    #[serde(borrow, default)]
    delivery_stream_arn: Text<'a>,
    #[serde(borrow, default)]
    source_kinesis_stream_arn: Text<'a>,
    /// In the order in which they are answered.
    #[serde(borrow)]
    pub records: Vec<EventRecord<'a>>,
}

/// One record of an event.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventRecord<'a> {
    #[serde(borrow)]
    record_id: Text<'a>,
    #[serde(borrow, default)]
    data: Text<'a>,
    #[serde(default)]
    approximate_arrival_timestamp: Milliseconds,
}

impl EventRecord<'_> {
    /// The id under which it must be answered.
    pub fn id(&self) -> &str {
        &self.record_id.0
    }

    /// Base64, as it came.
    pub fn data(&self) -> &str {
        &self.data.0
    }

    /// When Firehose got it, in epoch milliseconds.
    pub fn arrived(&self) -> Option<i64> {
        self.approximate_arrival_timestamp.0
    }
}

/// The payload is no Firehose event.
#[derive(Debug, thiserror::Error)]
#[error(
    "the payload is no Firehose transformation event: {0}; let only a Firehose stream invoke this function, as its data transformation"
)]
pub struct MalformedEvent(#[from] serde_json::Error);

impl<'a> Event<'a> {
    /// Reads the payload.
    ///
    /// # Errors
    /// If it is not JSON, or has no `records` with ids.
    pub fn read(payload: &'a str) -> Result<Event<'a>, MalformedEvent> {
        Ok(serde_json::from_str(payload)?)
    }

    /// The stream into which records can be put back: the one that sent them, and only if producers put into it directly. A stream that
    /// reads from a Kinesis data stream takes no other records.
    pub fn stream_for_put_back(&self) -> Option<&str> {
        if !self.source_kinesis_stream_arn.0.is_empty() {
            return None;
        }
        // arn:aws:firehose:us-east-1:123456789012:deliverystream/NAME
        let (_, name) = self.delivery_stream_arn.0.rsplit_once(":deliverystream/")?;
        (!name.is_empty()).then_some(name)
    }
}

/// A string, borrowed where it has no escapes; null is empty.
#[derive(Debug, Default)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text<'a>, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E: Error>(self) -> Result<Text<'de>, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Epoch milliseconds; a time that cannot be read is not known, and no reason to refuse the record.
#[derive(Debug, Default)]
struct Milliseconds(Option<i64>);

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Milliseconds, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Number(number) => Ok(Milliseconds(number.as_i64())),
            _ => Ok(Milliseconds(None)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    /// In the shape of the example event of the AWS Lambda developer guide, "Using AWS Lambda with Amazon Data Firehose".
    const EVENT: &str = r#"{"invocationId": "invoked123", "deliveryStreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/flows",
        "region": "us-west-2", "records": [
            {"data": "SGVsbG8gV29ybGQ=", "recordId": "record1", "approximateArrivalTimestamp": 1510772160000,
             "kinesisRecordMetadata": {"shardId": "shardId-000000000000", "subsequenceNumber": ""}},
            {"recordId": "record\/2", "data": "a\/b="}]}"#;

    #[test]
    fn an_event_is_read_without_copies() {
        let event = Event::read(EVENT).unwrap();
        assert_eq!(event.stream_for_put_back(), Some("flows"));
        let [first, second] = &event.records[..] else { panic!("two records") };
        assert_eq!(
            (first.id(), first.data(), first.arrived()),
            ("record1", "SGVsbG8gV29ybGQ=", Some(1_510_772_160_000))
        );
        assert!(matches!(first.data.0, Cow::Borrowed(_)));
        assert_eq!((second.id(), second.data(), second.arrived()), ("record/2", "a/b=", None));
    }

    #[test]
    fn only_a_direct_put_stream_takes_records_back() {
        let kinesis = EVENT
            .replace("\"region\"", "\"sourceKinesisStreamArn\": \"arn:aws:kinesis:us-east-1:1:stream/s\", \"region\"");
        assert_eq!(Event::read(&kinesis).unwrap().stream_for_put_back(), None);
        let null = EVENT.replace("\"region\"", "\"sourceKinesisStreamArn\": null, \"region\"");
        assert_eq!(Event::read(&null).unwrap().stream_for_put_back(), Some("flows"));
        assert_eq!(Event::read(r#"{"records": []}"#).unwrap().stream_for_put_back(), None);
        let odd = r#"{"deliveryStreamArn": "arn:aws:firehose:us-east-1:1:deliverystream/", "records": []}"#;
        assert_eq!(Event::read(odd).unwrap().stream_for_put_back(), None);
    }

    #[test]
    fn odd_times_and_missing_data_are_no_reason_to_refuse() {
        let event = r#"{"records": [{"recordId": "a", "approximateArrivalTimestamp": "soon", "data": null}, {"recordId": "b"}]}"#;
        let event = Event::read(event).unwrap();
        assert_eq!(event.records.len(), 2);
        assert_eq!((event.records[0].data(), event.records[0].arrived()), ("", None));
    }

    #[test]
    fn what_is_no_event_is_said_with_the_cure() {
        for payload in
            ["", "null", "[]", "{}", "{\"records\": 5}", "{\"records\": [{}]}", "{\"records\": [{\"recordId\": 5}]}"]
        {
            let error = Event::read(payload).unwrap_err().to_string();
            assert!(error.starts_with("the payload is no Firehose transformation event: "), "{error}");
        }
    }
}
