//! Text from elsewhere, made safe to print.
//!
//! Names and descriptions of security groups, file names and log lines are written by others. A terminal obeys escape
//! sequences in them (move the cursor, set the title, hide a line), and bidirectional controls make a line read other
//! than it is. Both are shown as escapes instead: `web\x1b[2K` rather than a line that vanished.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with everything that does not simply stand there as a character written as an escape: line breaks and
/// tabs as `\n`, `\r`, `\t`, other control characters as `\x1b`, invisible and direction-changing ones as `\u{202e}`.
///
/// ```
/// use analyzer::report::printable::printable;
/// assert_eq!(printable("web tier"), "web tier");
/// assert_eq!(printable("web\x1b[31m\n"), "web\\x1b[31m\\n");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            _ if !is_unsafe(character) => safe.push(character),
            // Writing to a string does not fail.
            _ if (character as u32) < 0x100 => {
                let _ = write!(safe, "\\x{:02x}", character as u32);
            }
            _ => {
                let _ = write!(safe, "\\u{{{:x}}}", character as u32);
            }
        }
    }
    Cow::Owned(safe)
}

/// Control characters of both sets (C1 holds the one-byte CSI, 0x9b), and the format characters of Unicode that are
/// invisible or change the direction or the lines of a text.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in ["", "web tier", "größe 日本語 🚀", "a\\b \"quoted\"", "sg-0123456789abcdef0"] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn control_and_direction_characters_become_visible() {
        assert_eq!(printable("\x1b[2J\x07"), "\\x1b[2J\\x07");
        assert_eq!(printable("\u{9b}31m\u{7f}"), "\\x9b31m\\x7f");
        assert_eq!(printable("a\r\n\tb\0"), "a\\r\\n\\tb\\x00");
        assert_eq!(printable("\u{202e}evil\u{200b}"), "\\u{202e}evil\\u{200b}");
        assert_eq!(printable("\u{e0041}"), "\\u{e0041}");
    }
}
