//! What `sg-audit` answers before it reads a single record: help, usage errors, completions, man pages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::{Command, Output, Stdio};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sg-audit"))
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn help_and_version_are_results() {
    for arguments in [&["--help"][..], &["report", "--help"], &["rollup", "-h"], &["man", "--help"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(text(&output.stdout).contains("Usage: sg-audit"));
        assert!(!text(&output.stdout).contains('\x1b'));
        assert_eq!(text(&output.stderr), "");
    }
    let version = run(&["--version"]);
    assert_eq!(text(&version.stdout), concat!("sg-audit ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn usage_errors_end_with_2_and_leave_standard_output_empty() {
    for arguments in [
        &[][..],
        &["report"],
        &["report", "logs"],
        &["report", "logs", "--inventory", "inventory", "--min-coverage", "95"],
        &["report", "logs", "--inventory", "inventory", "--since", "1d", "--until", "2d"],
        &["rollup", "logs"],
        &["audit"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert!(text(&output.stderr).contains("Usage:") || text(&output.stderr).starts_with("error: "));
        assert!(!text(&output.stderr).contains('\x1b'));
    }
}

#[test]
fn bash_accepts_its_completions() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("sg-audit.bash");
    fs::write(&script, run(&["completions", "bash"]).stdout).unwrap();
    // Asks the completion function itself, as bash would after `sg-audit report --output <TAB>`.
    let question = r#"
        source "$1" || exit 1
        COMP_WORDS=(sg-audit report --output "") COMP_CWORD=3
        [[ "$(complete -p sg-audit)" =~ -F\ ([^ ]+) ]] || exit 1
        "${BASH_REMATCH[1]}" sg-audit "" --output
        echo "${COMPREPLY[@]}"
    "#;
    let output = Command::new("bash")
        .args(["--noprofile", "--norc", "-c", question, "bash"])
        .arg(&script)
        .output()
        .expect("this test needs bash");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(text(&output.stdout), "table json csv markdown html\n");
}

#[test]
fn man_pages_on_standard_output_or_in_a_folder() {
    let page = run(&["man"]);
    assert_eq!(page.status.code(), Some(0));
    assert!(text(&page.stdout).contains(".TH sg-audit 1"));

    let folder = tempfile::tempdir().unwrap();
    let output = program().args(["man", "--out"]).arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(fs::read(folder.path().join("sg-audit.1")).unwrap(), page.stdout);
    assert!(folder.path().join("sg-audit-report.1").is_file());

    let file = folder.path().join("sg-audit.1");
    let output = program().args(["man", "--out"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("error: "));
}

/// `sg-audit completions bash | head -1` is not a failure, and nobody is told of a broken pipe.
#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let mut child =
        program().args(["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
