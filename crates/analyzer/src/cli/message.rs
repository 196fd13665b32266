//! Errors and warnings, as a person should meet them: what happened, why, and what to do.
//!
//! ```text
//! error: cannot read logs/b.log.gz
//!   caused by: the gzip stream ends in the middle
//!   hint: fetch the file again
//! ```

use std::error::Error;
use std::fmt::Write;

use clap::builder::styling::{AnsiColor, Style};

use super::terminal;
use crate::report::printable::printable;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
}

/// One thing to say on standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    level: Level,
    what: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Message {
    /// The program cannot go on; lowercase, without a full stop.
    pub fn error(what: impl Into<String>) -> Message {
        Message { level: Level::Error, what: what.into(), causes: Vec::new(), hint: None }
    }

    /// The program goes on, but the reader should know; lowercase, without a full stop.
    pub fn warning(what: impl Into<String>) -> Message {
        Message { level: Level::Warning, ..Message::error(what) }
    }

    /// An error and everything that it names as its source. A cause that its error repeats word for word is left out.
    pub fn from_error(error: &(dyn Error + 'static)) -> Message {
        let mut message = Message::error(error.to_string());
        let mut said = message.what.clone();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !said.contains(&text) {
                said.clone_from(&text);
                message.causes.push(text);
            }
            source = cause.source();
        }
        message
    }

    /// The same as a warning.
    pub fn as_warning(mut self) -> Message {
        self.level = Level::Warning;
        self
    }

    /// Adds why it happened, from the nearest cause to the first.
    pub fn caused_by(mut self, cause: impl Into<String>) -> Message {
        self.causes.push(cause.into());
        self
    }

    /// Adds what to do about it.
    pub fn hint(mut self, cure: impl Into<String>) -> Message {
        self.hint = Some(cure.into());
        self
    }

    /// The message as lines, each ended by a line feed. Whatever the texts hold, no escape sequence of theirs is passed
    /// on.
    pub fn render(&self, color: bool) -> String {
        let (word, ansi) = match self.level {
            Level::Error => ("error", AnsiColor::Red.on_default().bold()),
            Level::Warning => ("warning", AnsiColor::Yellow.on_default().bold()),
        };
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}: {}", painted(word, ansi, color), printable(&self.what));
        for cause in &self.causes {
            let label = painted("caused by", AnsiColor::Red.on_default(), color);
            let _ = writeln!(text, "  {label}: {}", printable(cause));
        }
        if let Some(hint) = &self.hint {
            let label = painted("hint", AnsiColor::Cyan.on_default().bold(), color);
            let _ = writeln!(text, "  {label}: {}", printable(hint));
        }
        text
    }

    /// Prints the message to standard error. If that is gone, nobody is left to be told.
    pub fn print(&self) {
        use std::io::Write as _;
        let text = self.render(terminal::errors_in_color());
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}

fn painted(word: &str, ansi: Style, color: bool) -> String {
    if color { format!("{ansi}{word}{ansi:#}") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read {file}")]
    struct Unreadable {
        file: &'static str,
        source: std::io::Error,
    }

    #[test]
    fn what_why_and_what_to_do() {
        let message = Message::error("cannot read logs/b.log.gz")
            .caused_by("the gzip stream ends in the middle")
            .hint("fetch the file again");
        insta::assert_snapshot!(message.render(false), @r"
        error: cannot read logs/b.log.gz
          caused by: the gzip stream ends in the middle
          hint: fetch the file again
        ");
        assert_eq!(Message::warning("3 lines lost").render(false), "warning: 3 lines lost\n");
    }

    #[test]
    fn sources_are_told_but_not_twice() {
        let error = Unreadable { file: "a.gz", source: std::io::Error::other("disk on fire") };
        assert_eq!(
            Message::from_error(&error).as_warning().render(false),
            "warning: cannot read a.gz\n  caused by: disk on fire\n"
        );
        let repeats = std::io::Error::other(Unreadable { file: "a.gz", source: std::io::Error::other("x") });
        assert_eq!(Message::from_error(&repeats).render(false), "error: cannot read a.gz\n  caused by: x\n");
    }

    #[test]
    fn colors_are_our_own_only() {
        let message = Message::error("bad\x1b[2J name\r").caused_by("a\nb").hint("\u{202e}x");
        let plain = message.render(false);
        assert_eq!(plain, "error: bad\\x1b[2J name\\r\n  caused by: a\\nb\n  hint: \\u{202e}x\n");
        let colored = message.render(true);
        assert!(colored.starts_with("\x1b[1m\x1b[31merror\x1b[0m: bad\\x1b[2J"));
    }
}
