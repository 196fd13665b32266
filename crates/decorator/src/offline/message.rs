//! What is said on standard error: what happened, why, and what to do about it.

use std::error::Error;
use std::io::{IsTerminal, Write};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Note,
}

/// One thing to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    level: Level,
    what: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Message {
    /// Something could not be done.
    pub fn error(what: impl Into<String>) -> Message {
        Message { level: Level::Error, what: what.into(), causes: Vec::new(), hint: None }
    }

    /// It was done, but the reader should know.
    pub fn warning(what: impl Into<String>) -> Message {
        Message { level: Level::Warning, ..Message::error(what) }
    }

    /// Nothing is wrong.
    pub fn note(what: impl Into<String>) -> Message {
        Message { level: Level::Note, ..Message::error(what) }
    }

    /// An error, and its sources as far as it does not repeat them itself.
    pub fn from_error(error: &dyn Error) -> Message {
        let mut message = Message::error(error.to_string());
        let mut said = message.what.clone();
        let mut next = error.source();
        while let Some(source) = next {
            let text = source.to_string();
            if !said.contains(&text) {
                message.causes.push(text.clone());
                said = text;
            }
            next = source.source();
        }
        message
    }

    /// Adds why.
    pub fn caused_by(mut self, cause: impl Into<String>) -> Message {
        self.causes.push(cause.into());
        self
    }

    /// Adds what to do.
    pub fn hint(mut self, cure: impl Into<String>) -> Message {
        self.hint = Some(cure.into());
        self
    }

    fn render(&self, in_color: bool) -> String {
        // Numbers of ECMA-48, "Select Graphic Rendition".
        let paint = |number: &str, word: &str| match in_color {
            true => format!("\x1b[{number}m{word}\x1b[0m"),
            false => word.to_owned(),
        };
        let mut text = match self.level {
            Level::Error => paint("1;31", "error") + ": ",
            Level::Warning => paint("1;33", "warning") + ": ",
            Level::Note => String::new(),
        };
        text.push_str(&printable(&self.what));
        text.push('\n');
        for cause in &self.causes {
            let label = if self.level == Level::Error { paint("31", "caused by") + ": " } else { String::new() };
            text.push_str(&format!("  {label}{}\n", printable(cause)));
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format!("  {}: {}\n", paint("1;36", "hint"), printable(hint)));
        }
        text
    }

    /// Says it. If standard error is gone, nobody is left to be told.
    pub fn print(&self) {
        let stderr = std::io::stderr();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let text = self.render(stderr.is_terminal() && !no_color && !dumb);
        let _ = stderr.lock().write_all(text.as_bytes());
    }
}

/// File names and texts of others cannot give a terminal orders: what is not simply a character is shown as an escape.
fn printable(text: &str) -> String {
    let is_order = |character: char| {
        character.is_control()
            || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_order(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_why_and_what_to_do() {
        let message = Message::error("cannot open a.gz").caused_by("it is locked").hint("unlock it");
        assert_eq!(message.render(false), "error: cannot open a.gz\n  caused by: it is locked\n  hint: unlock it\n");
        assert!(message.render(true).starts_with("\x1b[1;31merror\x1b[0m: cannot"));
        assert_eq!(Message::note("done").render(true), "done\n");
        assert_eq!(Message::warning("2 lines").caused_by("a:1: x").render(false), "warning: 2 lines\n  a:1: x\n");
    }

    #[test]
    fn names_give_no_orders() {
        assert_eq!(Message::note("a\x1b[2Jb\n").render(false), "a\\u{1b}[2Jb\\n\n");
    }
}
