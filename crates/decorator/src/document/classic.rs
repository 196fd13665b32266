//! The classic document: AWS's names and values, and what was added under names of the same kind.

use super::json::{Object, is_plain, push_escaped, push_text, push_texts};
use super::place::told_address;
use super::{Decoration, Desk, protocol};
use flowlog::{Column, Field, FieldType, Format, decode_tag};
use std::collections::HashSet;

/// Names that a column may not have, for they are ours.
const OUR_NAMES: [&str; 29] = [
    "@timestamp",
    "security-group-ids",
    "security-group-names",
    "security-group-rule-ids",
    "direction",
    "flow-role",
    "source-country-code",
    "source-country-name",
    "source-region-code",
    "source-region-name",
    "source-city",
    "source-location",
    "source-as-number",
    "source-as-organization",
    "source-aws-service",
    "source-threat-lists",
    "destination-country-code",
    "destination-country-name",
    "destination-region-code",
    "destination-region-name",
    "destination-city",
    "destination-location",
    "destination-as-number",
    "destination-as-organization",
    "destination-aws-service",
    "destination-threat-lists",
    "protocol-name",
    "interface-description",
    "interface-owner",
];

/// Added to a name, for what cannot go under the name itself.
const AS_TEXT: &str = "-text";

/// How the values of one column are written.
enum Writing {
    /// Not: an earlier column has the same name.
    Nothing,
    /// As a string.
    Text,
    /// As a string, decoded.
    Tag,
    /// As a number up to this one, without quotation marks; else as a string under the second key.
    Number { most: u64, text_key: Box<[u8]> },
}

/// The columns of a log format, compiled for writing.
pub(crate) struct ClassicColumns {
    columns: Vec<Column>,
    /// One for each column: `,"srcaddr":"` or `,"srcport":`, and how the value is written.
    plan: Vec<(Box<[u8]>, Writing)>,
}

impl ClassicColumns {
    pub fn of(format: &Format) -> ClassicColumns {
        let columns = format.columns().to_vec();
        // Names of all fields are taken even where the format lacks them: the index knows their types.
        let mut taken: HashSet<String> = OUR_NAMES.iter().map(|name| (*name).to_owned()).collect();
        for field in Field::ALL {
            taken.insert(field.name().to_owned());
            taken.insert(format!("{}{AS_TEXT}", field.name()));
        }
        let mut plan = Vec::with_capacity(columns.len());
        let mut seen = HashSet::new();
        for column in &columns {
            if !seen.insert(column) {
                plan.push((Box::default(), Writing::Nothing));
                continue;
            }
            plan.push(match column {
                Column::Known(field) => plan_of_field(*field),
                Column::Unknown(name) => {
                    let mut name = name.clone();
                    while !taken.insert(name.clone()) {
                        name.push_str(AS_TEXT);
                    }
                    (text_key(&name), Writing::Text)
                }
            });
        }
        ClassicColumns { columns, plan }
    }

    /// Whether these are the columns of the format.
    pub fn are_of(&self, format: &Format) -> bool {
        self.columns == format.columns()
    }
}

fn plan_of_field(field: Field) -> (Box<[u8]>, Writing) {
    let number = |most: u64| {
        let text_key = text_key(&format!("{}{AS_TEXT}", field.name()));
        (format!(",\"{}\":", field.name()).into_bytes().into_boxed_slice(), Writing::Number { most, text_key })
    };
    match field.field_type() {
        FieldType::Int => number(i32::MAX as u64),
        FieldType::Long => number(i64::MAX as u64),
        FieldType::Text if is_tag(field) => (text_key(field.name()), Writing::Tag),
        FieldType::Ip | FieldType::Text => (text_key(field.name()), Writing::Text),
    }
}

/// Whether AWS writes the field percent-encoded.
pub(crate) fn is_tag(field: Field) -> bool {
    use Field::*;
    matches!(field, InstanceTag | InstanceTag2 | InterfaceTag | InterfaceTag2 | AsgTag | AsgTag2)
}

fn text_key(name: &str) -> Box<[u8]> {
    let mut key = br#",""#.to_vec();
    push_escaped(&mut key, name.as_bytes());
    key.extend_from_slice(br#"":""#);
    key.into_boxed_slice()
}

/// Appends the document.
pub(crate) fn write(columns: &ClassicColumns, desk: &mut Desk, decoration: &Decoration<'_>, out: &mut Vec<u8>) {
    let document = Object::open(out, b"");
    desk.push_timestamp(decoration, false, out);
    push_columns(columns, decoration.line, out);
    if let Some(interface) = decoration.interface {
        out.extend_from_slice(&interface.group_members);
    }
    push_texts(out, br#","security-group-rule-ids":"#, decoration.rule_ids());
    if let Some(direction) = decoration.direction_name() {
        push_text(out, br#","direction":""#, direction.as_bytes());
    }
    if let Some(role) = decoration.role {
        push_text(out, br#","flow-role":""#, role.name().as_bytes());
    }
    let record = decoration.record;
    let source = told_address(record.src_addr, record.pkt_src_addr);
    if let Some(place) = source.and_then(|address| desk.places.of(address)) {
        out.extend_from_slice(&place.source);
    }
    let destination = told_address(record.dst_addr, record.pkt_dst_addr);
    if let Some(place) = destination.and_then(|address| desk.places.of(address)) {
        out.extend_from_slice(&place.destination);
    }
    if let Some(keyword) = record.protocol.and_then(protocol::keyword) {
        push_text(out, br#","protocol-name":""#, keyword.as_bytes());
    }
    if let Some(interface) = decoration.interface {
        out.extend_from_slice(&interface.interface_members);
    }
    document.close(out);
}

fn push_columns(columns: &ClassicColumns, line: &[u8], out: &mut Vec<u8>) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line_is_plain = is_plain(line);
    // The columns as `Format::columns_of` has them, beside their plan.
    for ((key, writing), text) in columns.plan.iter().zip(line.split(|byte| *byte == b' ')) {
        if text.is_empty() || text == b"-" {
            continue;
        }
        match writing {
            Writing::Nothing => {}
            Writing::Number { most, text_key } => match canonical_number(text, *most) {
                Some(Digits::AsTheyStand) => {
                    out.extend_from_slice(key);
                    out.extend_from_slice(text);
                }
                Some(Digits::OtherSpelling(number)) => super::json::push_number(out, key, number),
                None => push_text(out, text_key, text),
            },
            Writing::Tag if text.contains(&b'%') => push_text(out, key, decode_tag(text).as_bytes()),
            Writing::Text | Writing::Tag if line_is_plain => {
                out.extend_from_slice(key);
                out.extend_from_slice(text);
                out.push(b'"');
            }
            Writing::Text | Writing::Tag => push_text(out, key, text),
        }
    }
}

/// A number as JSON wants it.
enum Digits {
    /// The text is one.
    AsTheyStand,
    /// The text has needless zeros, which JSON forbids.
    OtherSpelling(u64),
}

/// Reads a number up to `most`; none for what is none, or is greater.
fn canonical_number(text: &[u8], most: u64) -> Option<Digits> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let has_needless_zeros = text.len() > 1 && text.first() == Some(&b'0');
    if text.len() <= 9 && !has_needless_zeros {
        // 999,999,999 fits the smallest type.
        return Some(Digits::AsTheyStand);
    }
    let mut number = 0_u64;
    for digit in text {
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    if number > most {
        return None;
    }
    Some(if has_needless_zeros { Digits::OtherSpelling(number) } else { Digits::AsTheyStand })
}
