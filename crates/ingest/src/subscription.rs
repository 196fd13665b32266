//! What CloudWatch Logs hands to the function: `{"awslogs":{"data": base64(gzip(json))}}`, and inside it the messages of a log group.
//!
//! The event is opened here and not by `aws_lambda_events`, whose `Deserialize` inflates whatever comes: a few kilobytes of gzip can
//! stand for gigabytes. Its types are used for the message inside. Shape: CloudWatch Logs User Guide, "Log group-level subscription
//! filters", example with AWS Lambda.

use std::io::Read;

use aws_lambda_events::cloudwatch_logs::LogData;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use thiserror::Error;

/// How many bytes of JSON one event may hold: 64 MiB.
///
/// An asynchronous invocation carries at most 1 MB (Lambda quotas, "Invocation payload"), so at most some 750 KiB of gzip. Flow logs
/// deflate to a tenth or, where nearly all lines say NODATA, a thirtieth; a real batch stays far below, gzip's own limit (about 1,030
/// to 1) lies far above. An event of this size, 215 bytes a record, takes the function to some 150 MB.
pub const JSON_LIMIT: usize = 64 * 1024 * 1024;

const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An event that was opened.
#[derive(Debug)]
pub enum Message {
    /// `CONTROL_MESSAGE`: CloudWatch Logs asks whether the destination can be reached. It carries no records.
    Control,
    /// `DATA_MESSAGE`: log events of one log stream, in order.
    Data(LogData),
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
    let message: LogData = serde_json::from_slice(&json).map_err(|error| DecodeError::Json(without_content(&error)))?;
    match message.message_type.as_str() {
        "DATA_MESSAGE" => Ok(Message::Data(message)),
        "CONTROL_MESSAGE" => Ok(Message::Control),
        _ => Err(DecodeError::MessageType(message.message_type.chars().take(64).collect())),
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
            Message::Data(data) => data.log_events.into_iter().map(|entry| entry.message).collect(),
            Message::Control => panic!("a control message"),
        }
    }

    #[test]
    fn data_message_of_the_user_guide() {
        assert_eq!(messages(decode(&event(&gzip(EXAMPLE.as_bytes()))).unwrap()), ["one", "two"]);
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
        let secret = EXAMPLE.replace("1432826855000", "\"10.0.0.5 4249 ACCEPT\"");
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
        for _ in 0..65 {
            encoder.write_all(&zeros).unwrap();
        }
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 100_000);
        assert!(matches!(decode(&event(&bomb)), Err(DecodeError::TooLarge { limit: JSON_LIMIT })));
    }
}
