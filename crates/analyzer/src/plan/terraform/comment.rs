//! Text as comments, and blocks and strings as text that is safe to print.

use crate::report::printable::printable;
use hcl::expr::TemplateExpr;
use hcl::{Block, Expression};
use std::borrow::Cow;

/// Columns of a comment; a word that is longer stands alone.
const WIDTH: usize = 110;

/// A text from anywhere as lines of a comment, broken between words. It cannot leave the comment: line breaks are shown as escapes.
pub(super) fn commented(text: &str) -> String {
    let text = printable(text);
    let indent = if text.starts_with("- ") { "  " } else { "" };
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&format!("# {}\n", line.trim_end()));
            line = format!("{indent}{word}");
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push_str(format!("# {line}").trim_end());
    lines.push('\n');
    lines
}

/// A block in HCL, ended by a line feed.
pub(super) fn written(block: Block) -> String {
    // Writing to a string does not fail.
    let mut text = hcl::format::to_string(&block).unwrap_or_default();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A text from anywhere as a quoted string.
///
/// The HCL library escapes strings, too, but overlooks a template that begins after another sign (`$%{ if true }`, version 0.20), which
/// Terraform would run. And it writes what a terminal obeys beyond ASCII as it is, where HCL knows `\u202e` and `\U000e0041`.
pub(super) fn quoted(text: &str) -> Expression {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            // `$${` and `%%{` stand for the signs themselves.
            '$' | '%' if characters.peek() == Some(&'{') => escaped.extend([character, character]),
            _ if is_safe(character) => escaped.push(character),
            _ if u32::from(character) <= 0xffff => escaped.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => escaped.push_str(&format!("\\U{:08x}", u32::from(character))),
        }
    }
    // Taken as it is.
    Expression::from(TemplateExpr::QuotedString(escaped))
}

fn is_safe(character: char) -> bool {
    let mut buffer = [0; 4];
    matches!(printable(character.encode_utf8(&mut buffer)), Cow::Borrowed(_))
}
