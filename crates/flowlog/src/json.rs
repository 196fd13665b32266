//! JSON objects: `{"message": "..."}` as Firehose writes flow logs that were sent straight to it, messages of a CloudWatch Logs
//! subscription, and decorated records of our own.

use serde_json::{Map, Value};

use crate::field::Field;
use crate::format::OF_INTERFACES;
use crate::log_events::{self, Envelope, MessageType};
use crate::record::Record;
use crate::units::LINE_LIMIT;
use crate::unparsed::Unparsed;
use crate::value::{self, Needed};

/// What an object is.
pub(crate) enum Object<'a> {
    /// The text of `message`: one or more lines.
    Message(std::borrow::Cow<'a, str>),
    /// A message of a subscription; its events are read by [`log_events::each`].
    LogEvents,
    /// By this CloudWatch Logs tries whether it may send: it holds no record.
    ControlMessage,
    /// A record with AWS's hyphenated names as keys.
    Decorated(Map<String, Value>),
    /// A record of a transit gateway.
    TransitGateway,
}

/// Tells what an object is.
pub(crate) fn open(text: &[u8]) -> Result<Object<'_>, Unparsed> {
    if text.len() <= LINE_LIMIT
        && let Some(message) = plain_message(text)
    {
        return Ok(Object::Message(message.into()));
    }
    if log_events::may_be_in(text) {
        match log_events::each(text, |_| {})? {
            Envelope { message_type: Some(MessageType::Control), .. } => return Ok(Object::ControlMessage),
            Envelope { message_type: Some(MessageType::Other), .. } => return Err(Unparsed::UnknownJson),
            Envelope { has_events: true, .. } => return Ok(Object::LogEvents),
            // The name was that of something deeper, or part of a text.
            Envelope { .. } => {}
        }
    }
    if text.len() > LINE_LIMIT {
        return Err(Unparsed::LineTooLong);
    }
    let Ok(Value::Object(mut object)) = serde_json::from_slice::<Value>(text) else {
        return Err(Unparsed::NotJson);
    };
    let is_record = ["interface-id", "srcaddr", "log-status"].iter().any(|key| object.contains_key(*key));
    let is_of_interface = OF_INTERFACES.iter().any(|field| object.contains_key(field.name()));
    if !is_of_interface && object.keys().any(|key| key.starts_with("tgw-")) {
        return Ok(Object::TransitGateway);
    }
    if is_record {
        return Ok(Object::Decorated(object));
    }
    match object.remove("message") {
        Some(Value::String(message)) => Ok(Object::Message(message.into())),
        _ => Err(Unparsed::UnknownJson),
    }
}

/// Firehose's own spelling, `{"message":"..."}` without escapes, is nearly all there is: no need to build a tree for it.
fn plain_message(text: &[u8]) -> Option<&str> {
    let inner = text.strip_prefix(b"{\"message\":\"")?.strip_suffix(b"\"}")?;
    if memchr::memchr2(b'"', b'\\', inner).is_some() {
        return None;
    }
    std::str::from_utf8(inner).ok()
}

/// Reads a decorated record. Values are typed, yet text that holds a number is understood; null and `-` are absent.
pub(crate) fn decorated(object: &Map<String, Value>) -> Result<Record<'_>, Unparsed> {
    let mut record = Record::default();
    for (key, value) in object {
        let Some(field) = Field::from_name(key) else {
            continue;
        };
        match value {
            Value::Null => {}
            Value::String(text) => value::set_text(&mut record, field, text.as_bytes())?,
            Value::Number(number) => match number.as_u64() {
                Some(number) => value::set_number(&mut record, field, number)?,
                None => value::unreadable(field)?,
            },
            _ => value::unreadable(field)?,
        }
    }
    value::complete(&record, &Needed::of(|_| true))?;
    Ok(record)
}
