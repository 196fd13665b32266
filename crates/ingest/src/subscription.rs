//! What CloudWatch Logs hands to the function: `{"awslogs":{"data": base64(gzip(json))}}`, and inside it the messages of a log group.
//!
//! The event is opened here and not by `aws_lambda_events`, whose `Deserialize` inflates whatever comes (a few kilobytes of gzip can
//! stand for gigabytes) and makes three allocations of every log event. Shape: CloudWatch Logs User Guide, "Log group-level
//! subscription filters", example with AWS Lambda.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value;
use thiserror::Error;

/// How many bytes of JSON one event may hold: 32 MiB.
///
/// An asynchronous invocation carries at most 1 MB (Lambda quotas, "Invocation payload"), so at most some 750 KiB of gzip. Flow logs
/// deflate to a tenth or, where nearly all lines say NODATA, a thirtieth; a real batch stays below, gzip's own limit (about 1,030 to 1)
/// lies far above.
///
/// An event of this size takes the function to 72 MiB where its log events are of flow logs (217 bytes each, in JSON), and to 181 MiB at
/// worst, with 2.2 million log events that are nothing but an empty message. A function of 256 MB lives through all of them; the test
/// `the_worst_event_fits_into_a_small_function` measures it.
pub const JSON_LIMIT: usize = 32 * 1024 * 1024;

const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An event that was opened.
#[derive(Debug)]
pub enum Message {
    /// `CONTROL_MESSAGE`: CloudWatch Logs asks whether the destination can be reached. It carries no records.
    Control,
    /// `DATA_MESSAGE`: log events of one log stream.
    Data(LogEvents),
}

/// What is needed of a `DATA_MESSAGE`.
#[derive(Debug)]
pub struct LogEvents {
    /// `logGroup`.
    pub log_group: Option<String>,
    /// `logStream`.
    pub log_stream: Option<String>,
    /// `message` of each log event, in order.
    pub lines: Lines,
}

/// Texts one behind the other: a list of strings would take twice to ten times the room of short ones.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Lines {
    text: String,
    /// Where each line ends in the text.
    ends: Vec<usize>,
}

impl Lines {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none; an empty line is one.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The lines, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let mut begin = 0;
        self.ends.iter().map(move |end| {
            let line = self.text.get(begin..*end).unwrap_or_default();
            begin = *end;
            line
        })
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.ends.push(self.text.len());
    }
}

/// The message inside an event. Other fields are skipped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inside<'a> {
    #[serde(borrow)]
    message_type: Cow<'a, str>,
    log_group: Option<String>,
    log_stream: Option<String>,
    log_events: Lines,
}

#[derive(Deserialize)]
struct LogEvent<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
}

impl<'de> Deserialize<'de> for Lines {
    /// From a list of log events.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Lines, D::Error> {
        struct LogEventList;
        impl<'de> Visitor<'de> for LogEventList {
            type Value = Lines;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of log events")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Lines, A::Error> {
                let mut lines = Lines::default();
                while let Some(event) = list.next_element::<LogEvent<'de>>()? {
                    lines.push(&event.message);
                }
                Ok(lines)
            }
        }
        deserializer.deserialize_seq(LogEventList)
    }
}

/// Why an event cannot be opened. No text in here holds log content.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// Not the shape of a subscription event.
    #[error(
        "the event has no string at awslogs.data; this function takes CloudWatch Logs subscription events only: check what \
         invokes it"
    )]
    NoData,
    /// `awslogs.data` is not base64.
    #[error("awslogs.data is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// What the base64 held is not gzip, or it is cut short or damaged.
    #[error("awslogs.data is not whole gzip: {0}")]
    Gzip(std::io::Error),
    /// A gzip bomb, or a batch larger than CloudWatch Logs can make.
    #[error("awslogs.data inflates to more than {limit} bytes and was not expanded further")]
    TooLarge {
        /// Bytes that would have been accepted.
        limit: usize,
    },
    /// The gzip held something else.
    #[error("awslogs.data does not hold a CloudWatch Logs message: {0}")]
    Json(String),
    /// Neither `DATA_MESSAGE` nor `CONTROL_MESSAGE`.
    #[error("messageType {0:?} is not known: neither DATA_MESSAGE nor CONTROL_MESSAGE")]
    MessageType(String),
}

/// Opens an event.
///
/// # Errors
/// [`DecodeError`], in which case nothing of the event can be used.
pub fn decode(event: &Value) -> Result<Message, DecodeError> {
    decode_within(event, JSON_LIMIT)
}

fn decode_within(event: &Value, limit: usize) -> Result<Message, DecodeError> {
    let data = event.pointer("/awslogs/data").and_then(Value::as_str).ok_or(DecodeError::NoData)?;
    let compressed = STANDARD.decode(data)?;
    let json = inflate(&compressed, limit)?;
    let inside: Inside<'_> =
        serde_json::from_slice(&json).map_err(|error| DecodeError::Json(without_content(&error)))?;
    let Inside { message_type, log_group, log_stream, log_events } = inside;
    match message_type.as_ref() {
        "DATA_MESSAGE" => Ok(Message::Data(LogEvents { log_group, log_stream, lines: log_events })),
        "CONTROL_MESSAGE" => Ok(Message::Control),
        _ => Err(DecodeError::MessageType(message_type.chars().take(64).collect())),
    }
}

/// Inflates all gzip members, one byte further than allowed at most.
fn inflate(compressed: &[u8], limit: usize) -> Result<Vec<u8>, DecodeError> {
    let one_too_many = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut json = Vec::new();
    MultiGzDecoder::new(compressed).take(one_too_many).read_to_end(&mut json).map_err(DecodeError::Gzip)?;
    if json.len() > limit {
        return Err(DecodeError::TooLarge { limit });
    }
    Ok(json)
}

/// What serde says may quote a value of the event (`invalid type: string "..."`), and the reason goes to the log: only where it failed.
fn without_content(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Io | serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a field is missing or has another type",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;

    /// The example of the CloudWatch Logs User Guide, shortened to two log events.
    const EXAMPLE: &str = r#"{"owner":"123456789012","logGroup":"CloudTrail","logStream":"123456789012_CloudTrail_us-east-1",
        "subscriptionFilters":["Destination"],"messageType":"DATA_MESSAGE","logEvents":[
        {"id":"31953106606966983378809025079804211143289615424298221568","timestamp":1432826855000,"message":"one"},
        {"id":"31953106606966983378809025079804211143289615424298221569","timestamp":1432826855000,"message":"two"}]}"#;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn event(compressed: &[u8]) -> Value {
        json!({"awslogs": {"data": STANDARD.encode(compressed)}})
    }

    fn messages(message: Message) -> Vec<String> {
        match message {
            Message::Data(data) => data.lines.iter().map(str::to_owned).collect(),
            Message::Control => panic!("a control message"),
        }
    }

    #[test]
    fn data_message_of_the_user_guide() {
        assert_eq!(messages(decode(&event(&gzip(EXAMPLE.as_bytes()))).unwrap()), ["one", "two"]);
    }

    #[test]
    fn lines_are_the_messages_as_they_were() {
        let wanted = ["", "caf\u{e9} \u{1f980}\t\"tab\"", "", "two\nlines\n", "x"];
        let log_events: Vec<Value> = wanted.iter().map(|text| json!({"message": text, "id": "1"})).collect();
        // All characters beyond ASCII as escapes, which cannot be borrowed.
        let mut text = json!({"logEvents": log_events, "messageType": "DATA_MESSAGE", "logGroup": "flow"}).to_string();
        text = text.replace('\u{e9}', "\\u00e9").replace('\u{1f980}', "\\ud83e\\udd80");
        let Message::Data(data) = decode(&event(&gzip(text.as_bytes()))).unwrap() else { panic!("a control message") };
        assert_eq!(data.lines.iter().collect::<Vec<_>>(), wanted);
        assert_eq!((data.lines.len(), data.lines.is_empty()), (5, false));
        assert_eq!((data.log_group.as_deref(), data.log_stream), (Some("flow"), None));
    }

    #[test]
    fn a_log_event_without_a_message_makes_the_event_unusable() {
        for log_event in ["{}", r#"{"id":"1","timestamp":1}"#, r#"{"message":null}"#, r#"{"message":7}"#, "null", "[7]"]
        {
            let text = format!(r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"message":"one"}},{log_event}]}}"#);
            assert!(matches!(decode(&event(&gzip(text.as_bytes()))), Err(DecodeError::Json(_))), "{log_event}");
        }
    }

    #[test]
    fn members_one_after_another_are_one_message() {
        let (head, tail) = EXAMPLE.as_bytes().split_at(200);
        let two_members = [gzip(head), gzip(tail)].concat();
        assert_eq!(messages(decode(&event(&two_members)).unwrap()), ["one", "two"]);
    }

    #[test]
    fn padding_may_be_missing() {
        let unpadded = STANDARD.encode(gzip(EXAMPLE.as_bytes())).trim_end_matches('=').to_owned();
        assert_eq!(messages(decode(&json!({"awslogs": {"data": unpadded}})).unwrap()), ["one", "two"]);
    }

    #[test]
    fn control_message_carries_nothing() {
        let control = r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],
            "logEvents":[{"id":"","timestamp":1510109208016,"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}"#;
        assert!(matches!(decode(&event(&gzip(control.as_bytes()))).unwrap(), Message::Control));
    }

    #[test]
    fn no_other_message_type_is_taken() {
        let other = EXAMPLE.replace("DATA_MESSAGE", "DATA_MESSAGE_2");
        let error = decode(&event(&gzip(other.as_bytes()))).unwrap_err();
        assert!(matches!(&error, DecodeError::MessageType(name) if name == "DATA_MESSAGE_2"), "{error}");
    }

    #[test]
    fn events_of_another_shape() {
        for other in [json!({}), json!([]), json!(null), json!({"awslogs": {}}), json!({"awslogs": {"data": 7}})] {
            assert!(matches!(decode(&other), Err(DecodeError::NoData)), "{other}");
        }
    }

    #[test]
    fn broken_wrappings() {
        let whole = gzip(EXAMPLE.as_bytes());
        assert!(matches!(decode(&json!({"awslogs": {"data": "%%%"}})), Err(DecodeError::Base64(_))));
        assert!(matches!(decode(&event(b"")), Err(DecodeError::Gzip(_))));
        assert!(matches!(decode(&event(EXAMPLE.as_bytes())), Err(DecodeError::Gzip(_))));
        for length in 1..whole.len() {
            assert!(matches!(decode(&event(&whole[..length])), Err(DecodeError::Gzip(_))), "cut at {length}");
        }
        let mut checksum_off = whole.clone();
        let checksum = whole.len() - 8;
        checksum_off[checksum] ^= 1;
        assert!(matches!(decode(&event(&checksum_off)), Err(DecodeError::Gzip(_))));
    }

    #[test]
    fn reasons_do_not_quote_the_log() {
        let secret = EXAMPLE.replace(
            r#"[
        {"#,
            r#"[ "10.0.0.5 4249 ACCEPT", {"#,
        );
        let error = decode(&event(&gzip(secret.as_bytes()))).unwrap_err();
        assert!(matches!(error, DecodeError::Json(_)));
        assert!(!error.to_string().contains("4249"), "{error}");
        assert!(matches!(decode(&event(&gzip(b"{\"owner\""))), Err(DecodeError::Json(_))));
        assert!(matches!(decode(&event(&gzip(b""))), Err(DecodeError::Json(_))));
    }

    #[test]
    fn the_limit_is_exact() {
        let length = EXAMPLE.len();
        let event = event(&gzip(EXAMPLE.as_bytes()));
        assert!(decode_within(&event, length).is_ok());
        assert!(
            matches!(decode_within(&event, length - 1), Err(DecodeError::TooLarge { limit }) if limit == length - 1)
        );
    }

    #[test]
    fn a_bomb_is_refused() {
        let zeros = vec![0_u8; 1024 * 1024];
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..33 {
            encoder.write_all(&zeros).unwrap();
        }
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 100_000);
        assert!(matches!(decode(&event(&bomb)), Err(DecodeError::TooLarge { limit: JSON_LIMIT })));
    }
}
