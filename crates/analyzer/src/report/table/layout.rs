//! Lines that fit: breaking texts between words, and colours where they are allowed.

use clap::builder::styling::{AnsiColor, Style as Ansi};
use comfy_table::{ContentArrangement, Table, presets};

use crate::report::printable::printable;

/// Below this nothing can be laid out; a narrower terminal wraps by itself.
pub(crate) const LEAST_WIDTH: usize = 60;

/// How the table is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether escape sequences for colours are allowed.
    pub color: bool,
    /// Columns that a line may take; at least 60 are used.
    pub width: usize,
}

pub(crate) const HEADING: Ansi = Ansi::new().bold();
pub(crate) const FAINT: Ansi = Ansi::new().dimmed();
pub(crate) const CAUTION: Ansi = AnsiColor::Yellow.on_default();

pub(crate) fn painted(text: &str, ansi: Ansi, style: Style) -> String {
    if !style.color || text.is_empty() {
        return text.to_owned();
    }
    format!("{ansi}{text}{ansi:#}")
}

/// A text from anywhere as printable lines of at most `width` columns, broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut table = plain_table(width);
    table.add_row([printable(text)]);
    for column in table.column_iter_mut() {
        column.set_padding((0, 0));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// A table without lines that fits a width.
pub(crate) fn plain_table(width: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table
}
