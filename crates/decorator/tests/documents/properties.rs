//! Any format, any values: the document is JSON without repeated keys, and nothing of the line is lost.

use std::collections::BTreeMap;

use flowlog::{Column, Field, FieldType, Format, decode_tag};
use proptest::prelude::*;
use serde_json::Value;

use crate::bench::{BASTION, Bench};
use crate::strict_json;

/// Names that AWS may add, some of them ours already.
const NEW_NAMES: [&str; 8] = [
    "colour",
    "direction",
    "flow-role",
    "source-city",
    "tcp-flags-text",
    "colour-text",
    "packets",
    "security-group-ids",
];

fn column() -> impl Strategy<Value = Column> {
    prop_oneof![
        6 => prop::sample::select(Field::ALL).prop_map(Column::Known),
        1 => prop::sample::select(&NEW_NAMES[..]).prop_map(|name| Column::Unknown(name.to_owned())),
        1 => "[a-z\"\\\\\u{e9}]{1,6}".prop_map(Column::Unknown),
    ]
}

/// A value that may stand in a column: often a good one, else any bytes that do not end a value.
fn value(column: &Column) -> BoxedStrategy<Vec<u8>> {
    let text = |texts: &'static [&'static str]| prop::sample::select(texts).prop_map(|text| text.as_bytes().to_vec());
    let wild = prop::collection::vec(any::<u8>().prop_filter("ends a value", |byte| !b" \n\r".contains(byte)), 0..12);
    let number = prop_oneof![
        any::<u64>().prop_map(|number| number.to_string()),
        (0..100_u32).prop_map(|number| format!("00{number}")),
        (0..70_000_u32).prop_map(|number| number.to_string()),
    ]
    .prop_map(String::into_bytes);
    let good: BoxedStrategy<Vec<u8>> = match column {
        Column::Known(Field::Action) => text(&["ACCEPT", "REJECT"]).boxed(),
        Column::Known(Field::LogStatus) => text(&["OK", "NODATA", "SKIPDATA"]).boxed(),
        Column::Known(Field::FlowDirection) => text(&["ingress", "egress"]).boxed(),
        Column::Known(Field::InterfaceId) => text(&["eni-1235b8ca123456789", "eni-2"]).boxed(),
        Column::Known(Field::Protocol) => (0..=255_u8).prop_map(|number| number.to_string().into_bytes()).boxed(),
        Column::Known(Field::TcpFlags) => (0..=255_u16).prop_map(|number| number.to_string().into_bytes()).boxed(),
        Column::Known(Field::InstanceTag | Field::AsgTag2) => text(&["web%20server", "%", "%2D", "%ff"]).boxed(),
        Column::Known(field) => match field.field_type() {
            FieldType::Ip => {
                text(&["172.31.16.21", "203.0.113.9", "2001:db8::1", "::ffff:1.2.3.4", "224.0.0.1"]).boxed()
            }
            FieldType::Int | FieldType::Long => number.boxed(),
            FieldType::Text => text(&["vpc-1", "IPv4", "us-east-1"]).boxed(),
        },
        Column::Unknown(_) => text(&["7", "x", "2026-03-01"]).boxed(),
    };
    prop_oneof![8 => good, 1 => text(&["-", "-", ""]), 1 => wild].boxed()
}

fn line() -> impl Strategy<Value = (Format, Vec<u8>)> {
    prop::collection::vec(column(), 1..24).prop_flat_map(|columns| {
        let values: Vec<BoxedStrategy<Vec<u8>>> = columns.iter().map(value).collect();
        values.prop_map(move |values| (Format::new(columns.clone()), values.join(&b' ')))
    })
}

/// What a column of a line must be in a document, whatever its name there.
fn expected(column: &Column, text: &[u8]) -> Option<Value> {
    if text.is_empty() || text == b"-" {
        return None;
    }
    let as_text = Value::String(String::from_utf8_lossy(text).into_owned());
    let Column::Known(field) = column else { return Some(as_text) };
    let largest = match field.field_type() {
        FieldType::Int => i64::from(i32::MAX),
        FieldType::Long => i64::MAX,
        FieldType::Text if field.name().contains("-tag") => return Some(Value::String(decode_tag(text))),
        FieldType::Text | FieldType::Ip => return Some(as_text),
    };
    let digits = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse::<i64>().ok()).filter(|number| *number <= largest);
    Some(number.map_or(as_text, |number| Value::Number(number.into())))
}

/// All values that are no objects, wherever they are.
fn leaves<'a>(value: &'a Value, into: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => members.values().for_each(|member| leaves(member, into)),
        leaf => into.push(leaf),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_are_sound((format, line) in line(), rule_ids: bool, arrived: Option<i64>) {
        let Ok(record) = format.parse(&line) else { return Ok(()) };
        let mut bench = if rule_ids { Bench::with_rules(BASTION) } else { Bench::classic(BASTION) };
        let mut out = Vec::new();
        bench.decorator().decorate(&record, &format, &line, arrived, &mut out);
        let document = strict_json::read(&out);
        let mut seen: BTreeMap<&str, ()> = BTreeMap::new();
        for (column, text) in format.columns_of(&line) {
            // Where a column stands twice, the first counts.
            let is_first = match column {
                Column::Known(field) => seen.insert(field.name(), ()).is_none(),
                Column::Unknown(_) => continue,
            };
            let Some(expected) = expected(column, text).filter(|_| is_first) else { continue };
            let name = if expected.is_string() && !matches!(field_type(column), FieldType::Ip | FieldType::Text) {
                format!("{}-text", column.name())
            } else {
                column.name().to_owned()
            };
            prop_assert_eq!(document.get(&name), Some(&expected), "{} in {}", name, document);
        }
        for (index, (column, text)) in format.columns_of(&line).enumerate() {
            let Column::Unknown(name) = column else { continue };
            let is_first = !format.columns()[..index].contains(column);
            let Some(expected) = expected(column, text).filter(|_| is_first) else { continue };
            let mut key = name.clone();
            while document.get(&key) != Some(&expected) {
                key.push_str("-text");
                prop_assert!(key.len() < 100, "{} is lost in {}", name, document);
            }
        }
    }

    #[test]
    fn ecs_documents_are_sound((format, line) in line(), arrived: Option<i64>) {
        let Ok(record) = format.parse(&line) else { return Ok(()) };
        let mut bench = Bench::ecs(BASTION);
        let mut out = Vec::new();
        bench.decorator().decorate(&record, &format, &line, arrived, &mut out);
        let document = strict_json::read(&out);
        let mut all = Vec::new();
        leaves(&document, &mut all);
        for (index, (column, text)) in format.columns_of(&line).enumerate() {
            let is_first = !format.columns()[..index].contains(column);
            // Times are dates here.
            let is_time = matches!(column, Column::Known(Field::Start | Field::End));
            let Some(expected) = expected(column, text).filter(|_| is_first && !is_time) else { continue };
            // Ports and sums are numbers, everything else is a keyword.
            let as_text = Value::String(match column {
                Column::Known(field) if field.name().contains("-tag") => decode_tag(text),
                _ => String::from_utf8_lossy(text).into_owned(),
            });
            prop_assert!(all.contains(&&expected) || all.contains(&&as_text), "{} is lost in {}", column.name(), document);
        }
    }

    /// One decorator for records of many formats does the same as a new one for each.
    #[test]
    fn nothing_is_carried_over(lines in prop::collection::vec(line(), 1..6)) {
        let mut lasting = Bench::with_rules(BASTION);
        for (format, line) in &lines {
            let Ok(record) = format.parse(line) else { continue };
            let (mut one, mut other) = (Vec::new(), Vec::new());
            lasting.decorator().decorate(&record, format, line, None, &mut one);
            Bench::with_rules(BASTION).decorator().decorate(&record, format, line, None, &mut other);
            prop_assert_eq!(String::from_utf8_lossy(&one), String::from_utf8_lossy(&other));
        }
    }
}

fn field_type(column: &Column) -> FieldType {
    match column {
        Column::Known(field) => field.field_type(),
        Column::Unknown(_) => FieldType::Text,
    }
}
