//! Shell completions and man pages, from the same definitions as the help.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::Cli;

/// Writes the completion script of a shell.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn completions(shell: Shell, out: &mut dyn Write) -> io::Result<()> {
    // clap_complete panics when it cannot write, which a closed pipe makes happen; a buffer it can always write to.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sg-audit", &mut script);
    if shell == Shell::Bash {
        script = with_matching_labels(script)?;
    }
    out.write_all(&script)
}

/// The bash script with the state of each command spelled alike where it is set and where it is asked for. For a
/// program with a hyphen in its name clap_complete 4.6.11 spells them differently, and nothing is completed behind a
/// command (<https://github.com/clap-rs/clap/issues/6421>). Once that is mended this changes nothing.
fn with_matching_labels(script: Vec<u8>) -> io::Result<Vec<u8>> {
    let script = String::from_utf8(script).map_err(io::Error::other)?;
    Ok(script.replace("sg__subcmd__audit__", "sg__audit__").into_bytes())
}

/// Writes the man page of the program, in roff.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn man_page(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&page(complete_definition())?)
}

/// Writes one page for the program and one for each command, `sg-audit.1`, `sg-audit-report.1` and so on, to a folder
/// that is made if need be. Gives the files in the order in which they were written.
///
/// # Errors
/// When the folder or a file cannot be written.
pub fn man_pages(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let program = complete_definition();
    let mut written = Vec::new();
    for command in std::iter::once(&program).chain(program.get_subcommands()) {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        let file = folder.join(format!("{name}.1"));
        fs::write(&file, page(command.clone())?)?;
        written.push(file);
    }
    Ok(written)
}

/// The definition with all that clap adds to it, such as the full names of commands.
fn complete_definition() -> Command {
    let mut program = Cli::command();
    program.build();
    program
}

/// One page. The examples are ours to write: clap_mangen would fill their lines like a paragraph.
fn page(command: Command) -> io::Result<Vec<u8>> {
    let examples = command.get_after_help().map(ToString::to_string);
    let mut roff = Vec::new();
    Man::new(command.after_help(Resettable::Reset))
        .manual("sgflow")
        .source(concat!("sgflow ", env!("CARGO_PKG_VERSION")))
        .render(&mut roff)?;
    if let Some(text) = examples {
        write_examples(&text, &mut roff)?;
    }
    Ok(roff)
}

/// The text below the help, line for line. Its own heading becomes that of the section.
fn write_examples(text: &str, out: &mut Vec<u8>) -> io::Result<()> {
    writeln!(out, ".SH EXAMPLES\n.nf")?;
    for line in text.strip_prefix("Examples:\n").unwrap_or(text).lines() {
        writeln!(out, "{}", verbatim(line))?;
    }
    writeln!(out, ".fi")
}

/// A line that roff prints as it stands: no backslash, hyphen or quote is its own, and no dot at the beginning.
fn verbatim(line: &str) -> String {
    let escaped = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga");
    if escaped.starts_with('.') { format!("\\&{escaped}") } else { escaped }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let mut bytes = Vec::new();
            completions(*shell, &mut bytes).unwrap();
            let script = String::from_utf8(bytes).unwrap();
            for word in ["sg-audit", "report", "rollup", "min-coverage"] {
                assert!(script.contains(word), "{shell} does not know {word}");
            }
        }
    }

    #[test]
    fn a_page_for_every_command_with_its_examples() {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("man1");
        let written = man_pages(&pages).unwrap();
        let names: Vec<_> = written.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
        let mut expected = vec!["sg-audit.1"];
        expected.extend(["sg-audit-report.1", "sg-audit-plan.1", "sg-audit-replay.1", "sg-audit-explain.1"]);
        expected.push("sg-audit-rollup.1");
        if cfg!(feature = "aws") {
            expected.push("sg-audit-snapshot.1");
        }
        expected.extend(["sg-audit-completions.1", "sg-audit-man.1"]);
        assert_eq!(names, expected);
        let report = fs::read_to_string(pages.join("sg-audit-report.1")).unwrap();
        assert!(report.contains(".SH EXAMPLES\n.nf\n"));
        assert!(report.contains("sg\\-audit report logs/ \\-\\-inventory inventory/"));
        assert!(report.contains("min\\-coverage"));
        assert!(!report.contains(".SH EXTRA"));
    }

    #[test]
    fn roff_does_not_take_examples_for_its_own() {
        assert_eq!(verbatim(".log 'a' \\n --x"), "\\&.log \\(aqa\\(aq \\en \\-\\-x");
        let mut page = Vec::new();
        man_page(&mut page).unwrap();
        assert!(String::from_utf8(page).unwrap().contains(".TH sg-audit 1"));
    }
}
