//! Pages made by the real program, and visits to them.

use serde_json::Value;
use servers::{View, Visit, Visitor};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

pub const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");

/// A page and the JSON report on the same input.
pub struct Stage {
    _folder: TempDir,
    pub html: PathBuf,
    pub report: Value,
}

/// Runs `sg-audit report` and gives the file it wrote.
pub fn written(folder: &Path, output: &str, logs: &Path, inventory: &Path, more: &[&str]) -> PathBuf {
    let out = folder.join(format!("report.{output}"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_sg-audit"));
    command.arg("report").arg(logs).args([OsStr::new("--inventory"), inventory.as_os_str()]);
    command.args(["--output", output, "--out"]).arg(&out).arg("--quiet").args(more);
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    out
}

impl Stage {
    pub fn of(logs: &Path, inventory: &Path, more: &[&str]) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let html = written(folder.path(), "html", logs, inventory, more);
        let json = written(folder.path(), "json", logs, inventory, more);
        let report = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
        Stage { _folder: folder, html, report }
    }

    /// Of the samples, which are three days.
    pub fn of_samples() -> &'static Stage {
        static STAGE: OnceLock<Stage> = OnceLock::new();
        STAGE.get_or_init(|| {
            let folder = Path::new(SAMPLES);
            Stage::of(&folder.join("logs"), &folder.join("inventory"), &["--min-days", "2"])
        })
    }

    /// Does these steps of `steps.js` and gives their answers. Whatever it shows, a page says nothing on its console,
    /// breaks no rule of its own and asks for nothing but itself.
    pub fn visit(&self, view: View, steps: Value) -> Vec<Value> {
        visit(&self.html, view, &steps)
    }
}

pub fn visit(html: &Path, view: View, steps: &Value) -> Vec<Value> {
    let visited =
        visitor().visit(html, view, Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page/steps.js")), steps);
    let Visit { result, console, requests, violations } = visited;
    assert_eq!(console, Vec::<String>::new(), "the page said something");
    assert_eq!(violations, Vec::<String>::new(), "the page broke its own policy");
    assert_eq!(requests.len(), 1, "the page asked for more than itself: {requests:?}");
    assert!(requests[0].starts_with("file:///"), "{requests:?}");
    let Value::Array(answers) = result else { panic!("no answers: {result}") };
    assert_eq!(answers.len(), steps.as_array().unwrap().len());
    answers
}

fn visitor() -> &'static Visitor {
    static VISITOR: OnceLock<Visitor> = OnceLock::new();
    VISITOR.get_or_init(Visitor::install)
}

/// Texts of an array.
pub fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().unwrap_or_else(|| panic!("no list: {value}"));
    items.iter().map(|item| item.as_str().unwrap_or_else(|| panic!("no text: {item}")).to_owned()).collect()
}

/// The same, sorted.
pub fn sorted(value: &Value) -> Vec<String> {
    let mut texts = texts(value);
    texts.sort();
    texts
}
