//! What the terminal can show: colours and width.

use std::ffi::OsStr;
use std::io::IsTerminal;

use crate::report::table::Style;

/// Width where nobody knows the terminal's.
const USUAL_WIDTH: usize = 100;
/// Width where the output is no terminal: a file or a pipe has room.
const FILE_WIDTH: usize = 160;

/// What is known of a stream that people may read.
#[derive(Clone, Copy, Debug)]
struct Facts<'environment> {
    is_terminal: bool,
    no_color: Option<&'environment OsStr>,
    term: Option<&'environment OsStr>,
    columns: Option<&'environment OsStr>,
    /// What the terminal itself says.
    measured: Option<usize>,
}

/// The style for results on standard output, or, with `to_file`, in a file: plain and of a fixed width.
pub fn style_of_output(to_file: bool) -> Style {
    if to_file {
        return Style { color: false, width: FILE_WIDTH };
    }
    style_of(std::io::stdout().is_terminal())
}

/// Whether messages on standard error may be coloured.
pub fn errors_in_color() -> bool {
    style_of(std::io::stderr().is_terminal()).color
}

fn style_of(is_terminal: bool) -> Style {
    let variable = |name| std::env::var_os(name);
    let (no_color, term, columns) = (variable("NO_COLOR"), variable("TERM"), variable("COLUMNS"));
    let measured = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    decide(Facts {
        is_terminal,
        no_color: no_color.as_deref(),
        term: term.as_deref(),
        columns: columns.as_deref(),
        measured,
    })
}

/// Colours only on a terminal that can show them, and never with `NO_COLOR` (<https://no-color.org>: set and not
/// empty). `COLUMNS` wins over what the
/// terminal says, and that over what is assumed.
fn decide(facts: Facts<'_>) -> Style {
    let forbidden = facts.no_color.is_some_and(|value| !value.is_empty());
    let dumb = facts.term.is_some_and(|value| value == "dumb");
    let columns = facts.columns.and_then(OsStr::to_str).and_then(|text| text.parse::<usize>().ok());
    let assumed = if facts.is_terminal { facts.measured.unwrap_or(USUAL_WIDTH) } else { FILE_WIDTH };
    let width = match columns {
        Some(columns) if columns > 0 => columns,
        _ => assumed,
    };
    Style { color: facts.is_terminal && !forbidden && !dumb, width }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Facts<'_> = Facts { is_terminal: true, no_color: None, term: None, columns: None, measured: None };

    #[test]
    fn colors_only_on_a_terminal_and_only_if_wanted() {
        assert!(decide(TERMINAL).color);
        assert!(!decide(Facts { is_terminal: false, ..TERMINAL }).color);
        assert!(!decide(Facts { no_color: Some(OsStr::new("1")), ..TERMINAL }).color);
        assert!(decide(Facts { no_color: Some(OsStr::new("")), ..TERMINAL }).color);
        assert!(!decide(Facts { term: Some(OsStr::new("dumb")), ..TERMINAL }).color);
        assert!(!style_of_output(true).color);
    }

    #[test]
    fn width_from_the_environment_else_assumed() {
        assert_eq!(decide(TERMINAL).width, 100);
        assert_eq!(decide(Facts { is_terminal: false, measured: Some(80), ..TERMINAL }).width, 160);
        assert_eq!(decide(Facts { measured: Some(80), ..TERMINAL }).width, 80);
        assert_eq!(decide(Facts { measured: Some(80), columns: Some(OsStr::new("132")), ..TERMINAL }).width, 132);
        assert_eq!(decide(Facts { columns: Some(OsStr::new("132")), ..TERMINAL }).width, 132);
        for nonsense in ["", "0", "-1", "wide"] {
            assert_eq!(decide(Facts { columns: Some(OsStr::new(nonsense)), ..TERMINAL }).width, 100);
        }
    }
}
