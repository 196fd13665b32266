//! Lines that fit a width: headings, labels, points of a list, tables. Every text is made printable here, and nowhere
//! else.

use crate::report::printable::printable;
use crate::report::table::Style;
use clap::builder::styling::{AnsiColor, Style as Ansi};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
use std::io::{self, Write};

/// Below this nothing can be laid out; a narrower terminal wraps by itself.
const LEAST_WIDTH: usize = 60;
const LABEL_WIDTH: usize = 11;

const HEADING: Ansi = Ansi::new().bold();
const FAINT: Ansi = Ansi::new().dimmed();
const CAUTION: Ansi = AnsiColor::Yellow.on_default();

/// Writes line after line.
pub(super) struct Sheet<'o> {
    style: Style,
    out: &'o mut dyn Write,
}

impl<'o> Sheet<'o> {
    pub fn new(style: Style, out: &'o mut dyn Write) -> Sheet<'o> {
        Sheet { style: Style { width: style.width.max(LEAST_WIDTH), ..style }, out }
    }

    /// Columns that a line may take.
    pub fn width(&self) -> usize {
        self.style.width
    }

    pub fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A title with an empty line above and below.
    pub fn heading(&mut self, title: &str) -> io::Result<()> {
        let title = self.painted(&printable(title), HEADING);
        writeln!(self.out, "\n{title}\n")
    }

    /// A label, and beside it a text that goes on below itself.
    pub fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        for (position, line) in wrapped(text, self.width() - LABEL_WIDTH).iter().enumerate() {
            let label = if position == 0 { label } else { "" };
            let padding = " ".repeat(LABEL_WIDTH.saturating_sub(label.len()));
            let label = self.painted(label, HEADING);
            writeln!(self.out, "{label}{padding}{line}")?;
        }
        Ok(())
    }

    /// One point of a list, two columns in.
    pub fn item(&mut self, text: &str) -> io::Result<()> {
        for (position, line) in wrapped(text, self.width() - 4).iter().enumerate() {
            let bullet = if position == 0 { "- " } else { "  " };
            writeln!(self.out, "  {bullet}{line}")?;
        }
        Ok(())
    }

    /// What belongs to the point above.
    pub fn below(&mut self, text: &str) -> io::Result<()> {
        for line in wrapped(text, self.width() - 6) {
            let line = self.painted(&line, FAINT);
            writeln!(self.out, "      {line}")?;
        }
        Ok(())
    }

    /// What to do about the point above.
    pub fn cure(&mut self, text: &str) -> io::Result<()> {
        for line in wrapped(&format!("cure: {text}"), self.width() - 4) {
            let line = self.painted(&line, CAUTION);
            writeln!(self.out, "    {line}")?;
        }
        Ok(())
    }

    /// A remark on what stands above.
    pub fn note(&mut self, text: &str) -> io::Result<()> {
        for line in wrapped(text, self.width()) {
            let line = self.painted(&line, FAINT);
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    /// A line as it is; the caller has seen to it that it fits.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", printable(text).trim_end())
    }

    /// Columns below their titles. All keep the width of what is in them but the last, which is broken between words;
    /// columns of numbers are aligned to the right.
    pub fn table(&mut self, titles: &[&str], numbers: &[usize], rows: &[Vec<String>]) -> io::Result<()> {
        let mut table = plain_table(self.width());
        table.set_header(titles.iter().copied());
        for row in rows {
            table.add_row(row.iter().map(|cell| printable(cell)));
        }
        let last = titles.len().saturating_sub(1);
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if index != last {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            if numbers.contains(&index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for (position, line) in table.lines().enumerate() {
            let line = line.trim_end();
            let line = if position == 0 { self.painted(line, FAINT) } else { line.to_owned() };
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    fn painted(&self, text: &str, ansi: Ansi) -> String {
        if !self.style.color || text.is_empty() {
            return text.to_owned();
        }
        format!("{ansi}{text}{ansi:#}")
    }
}

/// A text from anywhere as printable lines of at most `width` columns, broken between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut table = plain_table(width);
    table.add_row([printable(text)]);
    for column in table.column_iter_mut() {
        column.set_padding((0, 0));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// A table without lines that fits a width.
fn plain_table(width: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table
}
