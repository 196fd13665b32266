//! Messages of a CloudWatch Logs subscription: `{"messageType":"DATA_MESSAGE","logEvents":[{"message":"2 ..."}]}` (CloudWatch Logs user
//! guide, "Log group-level subscription filters").
//!
//! Events are handed over while the text is parsed: a message of a million events makes no list of a million values.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::unparsed::Unparsed;

/// What stands around the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// `messageType`.
    pub message_type: Option<MessageType>,
    /// Whether there is a `logEvents`, be it empty.
    pub has_events: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageType {
    Data,
    Control,
    Other,
}

/// Whether it is worth looking: the name occurs.
pub(crate) fn may_be_in(text: &[u8]) -> bool {
    memmem::find(text, b"\"logEvents\"").is_some()
}

/// Hands over the text of each event.
///
/// # Errors
/// If it is no JSON, or events are not what they should be; some may have been handed over before.
pub(crate) fn each(text: &[u8], take: impl FnMut(&str)) -> Result<Envelope, Unparsed> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let envelope = deserializer.deserialize_map(EnvelopeReader { take });
    let envelope = envelope.and_then(|envelope| deserializer.end().map(|()| envelope));
    envelope.map_err(|error| if error.is_data() { Unparsed::UnknownJson } else { Unparsed::NotJson })
}

struct EnvelopeReader<F> {
    take: F,
}

impl<'de, F: FnMut(&str)> Visitor<'de> for EnvelopeReader<F> {
    type Value = Envelope;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Envelope, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match &*key.0 {
                "messageType" => {
                    envelope.message_type = Some(match &*map.next_value::<Text<'de>>()?.0 {
                        "DATA_MESSAGE" => MessageType::Data,
                        "CONTROL_MESSAGE" => MessageType::Control,
                        _ => MessageType::Other,
                    });
                }
                "logEvents" => {
                    map.next_value_seed(EventsReader { take: &mut self.take })?;
                    envelope.has_events = true;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(envelope)
    }
}

/// A text, copied only if it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// One of `logEvents`; `id` and `timestamp` are of no use here.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
}

struct EventsReader<'f, F> {
    take: &'f mut F,
}

impl<'de, F: FnMut(&str)> DeserializeSeed<'de> for EventsReader<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(&str)> Visitor<'de> for EventsReader<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("log events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut events: A) -> Result<(), A::Error> {
        while let Some(event) = events.next_element::<Event<'de>>()? {
            (self.take)(&event.message);
        }
        Ok(())
    }
}
