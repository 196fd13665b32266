//! A page in a real browser, used as a person would: Chromium driven by playwright-core, with axe-core to look for what
//! keeps people out.

use crate::chromium::{Chromium, file_url};
use crate::npm::{self, write};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = include_str!("../browser/package.json");
const LOCK: &str = include_str!("../browser/package-lock.json");
const VISIT: &str = include_str!("../browser/visit.js");
const CURE: &str = "install Node.js 20 or newer with npm, and let npm reach a package index";

/// Chromium with what drives it, installed once.
pub struct Visitor {
    chromium: Chromium,
    modules: PathBuf,
}

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Whether the system prefers dark colours.
    pub dark: bool,
    /// Whether scripts run.
    pub scripts: bool,
}

impl Default for View {
    fn default() -> View {
        View { width: 1280, height: 900, dark: false, scripts: true }
    }
}

/// What came of a visit.
#[derive(Debug)]
pub struct Visit {
    /// What the scenario returned.
    pub result: Value,
    /// Messages of the page, each with its kind: `error: ...`.
    pub console: Vec<String>,
    /// Addresses of everything that was asked for, the page itself among them.
    pub requests: Vec<String>,
    /// What the page's own policy forbade: directive and what it was.
    pub violations: Vec<String>,
}

impl Visitor {
    /// Installs it, if that has not been done.
    pub fn install() -> Visitor {
        Visitor { chromium: Chromium::find(), modules: npm::modules("browser", PACKAGE, LOCK, CURE) }
    }

    /// Opens a page and hands it to a scenario: a file of JavaScript that exports `async ({page, input, axe}) =>
    /// result`, `page` being Playwright's and `axe` the text of axe-core. A scenario that throws fails the test.
    pub fn visit(&self, html: &Path, view: View, scenario: &Path, input: &Value) -> Visit {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let job = json!({
            "program": self.chromium.program(), "page": file_url(html), "scenario": scenario, "input": input,
            "width": view.width, "height": view.height, "dark": view.dark, "scripts": view.scripts,
        });
        let (script, job_file) = (folder.path().join("visit.js"), folder.path().join("job.json"));
        write(&script, VISIT);
        write(&job_file, &job.to_string());
        let mut node = Command::new("node");
        node.arg(&script).arg(&job_file).env("NODE_PATH", &self.modules);
        let output = node.output().unwrap_or_else(|error| panic!("node: {error}; {CURE}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} on {}: {said}", scenario.display(), html.display());
        let printed = String::from_utf8_lossy(&output.stdout);
        let mut told: Value =
            serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}\n{said}"));
        let texts = |value: &Value| {
            let texts = value.as_array().into_iter().flatten();
            texts.map(|text| text.as_str().unwrap_or_default().to_owned()).collect()
        };
        Visit {
            console: texts(&told["console"]),
            requests: texts(&told["requests"]),
            violations: texts(&told["violations"]),
            result: told["result"].take(),
        }
    }
}
