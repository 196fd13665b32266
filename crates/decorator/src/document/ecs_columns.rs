//! Which column goes where in an ECS document.

use flowlog::{Column, Field, Format};
use std::collections::HashSet;

/// What becomes of one column.
enum Slot {
    /// Nothing: an earlier column has the same name.
    Nothing,
    /// The integration knows the field.
    Field(Field),
    /// It does not: the value goes into `sgflow.record` under this key.
    Leftover(Leftover),
}

struct Leftover {
    key: Box<str>,
    is_tag: bool,
}

/// The columns of a log format, sorted for writing.
pub(crate) struct EcsColumns {
    columns: Vec<Column>,
    slots: Vec<Slot>,
    has_leftovers: bool,
}

/// The values of one line, by field; those without a value are none.
pub(crate) struct Texts<'a>([Option<&'a [u8]>; Field::ALL.len()]);

impl<'a> Texts<'a> {
    /// The text of a field.
    pub fn of(&self, field: Field) -> Option<&'a [u8]> {
        self.0.get(field as usize).copied().flatten()
    }
}

impl EcsColumns {
    pub fn of(format: &Format) -> EcsColumns {
        let columns = format.columns().to_vec();
        // `sgflow.record.packets` and `.bytes` hold what is too large for `source.packets` and `.bytes`.
        let mut taken: HashSet<String> = ["packets", "bytes"].map(String::from).into();
        let mut slots = Vec::with_capacity(columns.len());
        let mut seen = HashSet::new();
        for column in &columns {
            if !seen.insert(column) {
                slots.push(Slot::Nothing);
                continue;
            }
            let field = match column {
                Column::Known(field) => Some(*field),
                Column::Unknown(_) => None,
            };
            if let Some(field) = field
                && integration_knows(field)
            {
                slots.push(Slot::Field(field));
                continue;
            }
            let mut name = column.name().replace('-', "_");
            while !taken.insert(name.clone()) {
                name.push_str("_text");
            }
            let is_tag = field.is_some_and(super::classic::is_tag);
            slots.push(Slot::Leftover(Leftover { key: name.into_boxed_str(), is_tag }));
        }
        let has_leftovers = slots.iter().any(|slot| matches!(slot, Slot::Leftover(_)));
        EcsColumns { columns, slots, has_leftovers }
    }

    /// Whether these are the columns of the format.
    pub fn are_of(&self, format: &Format) -> bool {
        self.columns == format.columns()
    }

    /// The values of a line that the integration knows a place for.
    pub fn texts<'a>(&self, line: &'a [u8]) -> Texts<'a> {
        let mut texts = Texts([None; Field::ALL.len()]);
        for (slot, text) in self.slots.iter().zip(words(line)) {
            if let Slot::Field(field) = slot
                && has_value(text)
                && let Some(place) = texts.0.get_mut(*field as usize)
            {
                *place = Some(text);
            }
        }
        texts
    }

    /// The other values of a line: name, text, and whether it is a tag's.
    pub fn leftovers<'a>(&'a self, line: &'a [u8]) -> impl Iterator<Item = (&'a str, &'a [u8], bool)> {
        let slots = if self.has_leftovers { self.slots.as_slice() } else { &[] };
        slots.iter().zip(words(line)).filter_map(|(slot, text)| match slot {
            Slot::Leftover(leftover) if has_value(text) => Some((&*leftover.key, text, leftover.is_tag)),
            _ => None,
        })
    }
}

/// The values of a line, as `Format::columns_of` has them.
fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.split(|byte| *byte == b' ')
}

fn has_value(text: &[u8]) -> bool {
    !text.is_empty() && text != b"-"
}

/// Whether the integration reads the field: it reads those up to version 8.
fn integration_knows(field: Field) -> bool {
    field.version() <= 8
}
