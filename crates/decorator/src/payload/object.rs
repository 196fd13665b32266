//! JSON objects that hold lines: `{"message": ...}`, and messages of a CloudWatch Logs subscription (CloudWatch Logs user guide,
//! "Log group-level subscription filters").
//!
//! Lines are taken over while the text is parsed: an object of a million events makes no tree of a million values.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Gathered, Unreadable};

/// What one object holds beside lines.
#[derive(Default)]
struct Found {
    message: bool,
    log_events: bool,
    message_type: Option<MessageType>,
    trouble: Option<Unreadable>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum MessageType {
    Data,
    Control,
    Other,
}

impl Gathered {
    /// Takes over the object that `text` begins with and gives its length; `None` if none ends there.
    pub(super) fn object(&mut self, text: &[u8]) -> Result<Option<usize>, Unreadable> {
        let (text_before, spans_before) = (self.text.len(), self.spans.len());
        let mut found = Found::default();
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let read = ObjectReader { gathered: self, found: &mut found }.deserialize(&mut deserializer);
        let length = deserializer.into_iter::<IgnoredAny>().byte_offset();
        if let Some(reason) = found.trouble {
            return Err(reason);
        }
        let is_whole = read.is_ok();
        let is_subscription = found.log_events || found.message_type.is_some();
        match found.message_type {
            _ if !is_whole => {}
            Some(MessageType::Control) => {
                self.forget_after(text_before, spans_before);
                self.saw_control = true;
                return Ok(Some(length));
            }
            Some(MessageType::Other) => return Err(Unreadable::UnknownMessageType),
            Some(MessageType::Data) if found.log_events => return Ok(Some(length)),
            None if found.message && !is_subscription => return Ok(Some(length)),
            _ => {}
        }
        self.forget_after(text_before, spans_before);
        if !is_whole {
            return Ok(None);
        }
        self.copy_piece(text.get(..length).unwrap_or_default(), false)?;
        Ok(Some(length))
    }

    fn forget_after(&mut self, text: usize, spans: usize) {
        self.text.truncate(text);
        self.spans.truncate(spans);
    }
}

struct ObjectReader<'g> {
    gathered: &'g mut Gathered,
    found: &'g mut Found,
}

impl<'de> DeserializeSeed<'de> for ObjectReader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectReader<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            match key {
                Name::Message => {
                    let lines = LinesReader { gathered: &mut *self.gathered, trouble: &mut self.found.trouble };
                    map.next_value_seed(lines)?;
                    self.found.message = true;
                }
                Name::MessageType => self.found.message_type = Some(map.next_value_seed(TypeReader)?),
                Name::LogEvents => {
                    let events = EventsReader { gathered: &mut *self.gathered, trouble: &mut self.found.trouble };
                    map.next_value_seed(events)?;
                    self.found.log_events = true;
                }
                Name::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Keys that matter.
enum Name {
    Message,
    MessageType,
    LogEvents,
    Other,
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Name;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Name, E> {
        Ok(match key {
            "message" => Name::Message,
            "messageType" => Name::MessageType,
            "logEvents" => Name::LogEvents,
            _ => Name::Other,
        })
    }
}

struct TypeReader;

impl<'de> DeserializeSeed<'de> for TypeReader {
    type Value = MessageType;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<MessageType, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TypeReader {
    type Value = MessageType;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a message type")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<MessageType, E> {
        Ok(match text {
            "DATA_MESSAGE" => MessageType::Data,
            "CONTROL_MESSAGE" => MessageType::Control,
            _ => MessageType::Other,
        })
    }
}

/// The text of a `message`: its lines are taken over.
struct LinesReader<'g> {
    gathered: &'g mut Gathered,
    trouble: &'g mut Option<Unreadable>,
}

impl<'de> DeserializeSeed<'de> for LinesReader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for LinesReader<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text with lines")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.gathered.copy_lines(text.as_bytes()).map_err(|reason| {
            *self.trouble = Some(reason);
            E::custom(reason)
        })
    }
}

/// `logEvents`.
struct EventsReader<'g> {
    gathered: &'g mut Gathered,
    trouble: &'g mut Option<Unreadable>,
}

impl<'de> DeserializeSeed<'de> for EventsReader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for EventsReader<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("log events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut events: A) -> Result<(), A::Error> {
        while let Some(()) =
            events.next_element_seed(EventReader { gathered: &mut *self.gathered, trouble: &mut *self.trouble })?
        {
        }
        Ok(())
    }
}

/// One of `logEvents`, which must have a `message`.
struct EventReader<'g> {
    gathered: &'g mut Gathered,
    trouble: &'g mut Option<Unreadable>,
}

impl<'de> DeserializeSeed<'de> for EventReader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EventReader<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a log event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut has_message = false;
        while let Some(key) = map.next_key_seed(Key)? {
            if matches!(key, Name::Message) {
                map.next_value_seed(LinesReader { gathered: &mut *self.gathered, trouble: &mut *self.trouble })?;
                has_message = true;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if !has_message {
            return Err(A::Error::missing_field("message"));
        }
        Ok(())
    }
}
