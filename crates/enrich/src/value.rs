//! One record of a MaxMind DB as a tree of values, whatever its shape.
//!
//! The makers of databases agree on neither names nor types: a country is a map here and a text there, a latitude a
//! double, a float or a text. A struct with typed fields would lose a whole record for one field of another type; this
//! tree takes any record and lets [`entry`](crate::entry) ask it for paths. Only keys that some path asks for are kept,
//! so that the names of a city in eight languages cost a skip each and nothing more.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A value, with texts borrowed from the database.
#[derive(Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Number(f64),
    /// The keys that [`KEYS`] names, in the order of the record.
    Map(Vec<(&'a str, Value<'a>)>),
    /// The first item of a list: of subdivisions, the outermost.
    List(Option<Box<Value<'a>>>),
    /// A boolean, bytes, or a number that no field of ours can hold.
    Other,
}

/// Every key that a path in `entry` mentions; any other is skipped unread.
pub(crate) const KEYS: &[&str] = &[
    "as_name",
    "asn",
    "autonomous_system_number",
    "autonomous_system_organization",
    "city",
    "city_name",
    "code",
    "continent",
    "continent_code",
    "continent_name",
    "country",
    "country_code",
    "country_name",
    "en",
    "iso_code",
    "lat",
    "latitude",
    "lng",
    "location",
    "lon",
    "longitude",
    "names",
    "region",
    "region_code",
    "region_name",
    "state",
    "state1",
    "subdivisions",
    "traits",
];

impl<'a> Value<'a> {
    /// What lies at the path; a list stands for its first item.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Value<'a>> {
        let mut value = self;
        for step in path {
            if let Value::List(first) = value {
                value = first.as_deref()?;
            }
            let Value::Map(entries) = value else { return None };
            value = entries.iter().find(|(key, _)| key == step).map(|(_, value)| value)?;
        }
        Some(value)
    }

    /// The text itself, unless it is a way of writing "unknown": nothing, blanks, or a dash.
    pub(crate) fn text(&self) -> Option<&'a str> {
        let Value::Text(text) = self else { return None };
        let text = text.trim();
        (!text.is_empty() && text != "-").then_some(text)
    }

    /// A number, or a text that is one.
    pub(crate) fn number(&self) -> Option<f64> {
        let number = match self {
            Value::Number(number) => *number,
            Value::Text(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(text))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number))
    }

    /// A 32-bit 37.422 is 37.422000885009766 when widened bit by bit, which pretends to a precision that nobody
    /// measured. Its shortest decimal form is what was meant.
    fn visit_f32<E>(self, number: f32) -> Result<Value<'de>, E> {
        Ok(Value::Number(number.to_string().parse().unwrap_or(f64::from(number))))
    }

    // Serde widens the smaller integers to these two. No field of ours is larger than 32 bits.
    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(i32::try_from(number).map_or(Value::Other, |number| Value::Number(f64::from(number))))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(u32::try_from(number).map_or(Value::Other, |number| Value::Number(f64::from(number))))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_borrowed_bytes<E>(self, _: &'de [u8]) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<&str>()? {
            if KEYS.binary_search(&key).is_ok() {
                entries.push((key, map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Map(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        let first = list.next_element::<Value>()?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::List(first.map(Box::new)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn keys_are_sorted_for_the_search() {
        assert!(KEYS.is_sorted());
    }

    #[test]
    fn any_record_is_a_value_and_unasked_keys_are_skipped() {
        let record = r#"{"city": {"geoname_id": 1, "names": {"de": "Mailand", "en": "Milan"}},
            "traits": {"is_anycast": true},
            "subdivisions": [{"iso_code": "25"}, {"iso_code": "MI"}],
            "location": {"latitude": 45.4, "longitude": "9.2"},
            "names": []}"#;
        let record: Value = serde_json::from_str(record).unwrap();
        assert_eq!(record.at(&["city", "names", "en"]).and_then(Value::text), Some("Milan"));
        assert_eq!(record.at(&["city", "names", "de"]), None);
        assert_eq!(record.at(&["city", "geoname_id"]), None);
        assert_eq!(record.at(&["subdivisions", "iso_code"]).and_then(Value::text), Some("25"));
        assert_eq!(record.at(&["location", "latitude"]).and_then(Value::number), Some(45.4));
        assert_eq!(record.at(&["location", "longitude"]).and_then(Value::number), Some(9.2));
        assert_eq!(record.at(&["names", "en"]), None);
        assert_eq!(record.at(&["city", "names", "en", "en"]), None);
    }

    #[test]
    fn ways_to_write_unknown_are_no_text() {
        for text in ["", " ", "-", "\t-\n"] {
            assert_eq!(Value::Text(text).text(), None);
        }
        assert_eq!(Value::Text(" Aix-en-Provence ").text(), Some("Aix-en-Provence"));
        assert_eq!(Value::Number(0.0).text(), None);
    }

    #[test]
    fn numbers_are_finite() {
        for text in ["NaN", "inf", "", "12,5", "0x10"] {
            assert_eq!(Value::Text(text).number(), None, "{text}");
        }
        assert_eq!(Value::Number(f64::NAN).number(), None);
        assert_eq!(Value::Text(" -71.5 ").number(), Some(-71.5));
    }
}
