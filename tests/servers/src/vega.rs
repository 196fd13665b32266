//! Vega 5 from npm, run by Chromium as the dashboards run it.

use crate::chromium::Chromium;
use crate::npm::{self, write};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PACKAGE: &str = include_str!("../vega/package.json");
const LOCK: &str = include_str!("../vega/package-lock.json");
const PAGE: &str = include_str!("../vega/page.js");
/// The scripts that a page loads: inside `node_modules`, and their names beside the page.
const SCRIPTS: [(&str, &str); 2] =
    [("vega/build/vega.min.js", "vega.js"), ("vega-interpreter/build/vega-interpreter.min.js", "interpreter.js")];
const CURE: &str = "install Node.js with npm, and let npm reach a package index";
/// The page's own time, which passes at once where nothing is waited for.
const BUDGET: Duration = Duration::from_secs(20);
/// Around what the page leaves behind.
const BEFORE: &str = "<script type=\"application/json\" id=\"rendered\">";
const AFTER: &str = "</script>";

/// Vega with its interpreter of expressions, installed once.
pub struct Vega {
    modules: PathBuf,
}

/// What came of a spec.
#[derive(Debug)]
pub struct Rendered {
    /// The picture as SVG; empty after an error.
    pub svg: String,
    /// What Vega warned of, and what the dashboards would.
    pub warnings: Vec<String>,
    /// All errors, each on a line: a spec that does not parse, an expression that fails, anything that would be loaded.
    pub error: Option<String>,
    /// The rows of each data set of the spec's own list, by name, after all transforms: `{"groups": [{...}, ...]}`.
    pub data: Value,
    /// How many items each named mark has, over all groups that it is in. A mark without items is there with 0.
    pub marks: BTreeMap<String, usize>,
}

impl Vega {
    /// Installs it, if that has not been done.
    pub fn install() -> Vega {
        Vega { modules: npm::modules("vega", PACKAGE, LOCK, CURE) }
    }

    /// Renders a spec with its data inlined (`values`) in a panel of so many pixels.
    pub fn render(&self, chromium: &Chromium, spec: &Value, width: u32, height: u32) -> Rendered {
        let folder = self.page(spec, width, height);
        let dom = chromium.dom(&folder.path().join("page.html"), BUDGET);
        let told = dom.split(BEFORE).nth(1).and_then(|rest| rest.split(AFTER).next());
        let told = told.unwrap_or_else(|| panic!("the page came to no end within its time: {dom}"));
        let mut told: Value = serde_json::from_str(told).unwrap_or_else(|error| panic!("the page's result: {error}"));
        let texts = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut marks = BTreeMap::new();
        for (name, count) in told["marks"].as_object().into_iter().flatten() {
            marks.insert(name.clone(), count.as_u64().unwrap_or_default() as usize);
        }
        Rendered {
            svg: texts(&told["svg"]),
            warnings: told["warnings"].as_array().into_iter().flatten().map(texts).collect(),
            error: told["error"].as_str().map(str::to_owned),
            data: told["data"].take(),
            marks,
        }
    }

    /// Writes a picture of a spec, on white. A spec with an error fails the test.
    pub fn picture(&self, chromium: &Chromium, spec: &Value, width: u32, height: u32, png: &Path) {
        if let Some(error) = self.render(chromium, spec, width, height).error {
            panic!("no picture of a broken spec: {error}");
        }
        let folder = self.page(spec, width, height);
        chromium.screenshot(&folder.path().join("page.html"), png, width, height);
    }

    /// A folder with the page and its scripts.
    fn page(&self, spec: &Value, width: u32, height: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (inside, name) in SCRIPTS {
            let from = self.modules.join(inside);
            let copied = fs::copy(&from, folder.path().join(name));
            copied.unwrap_or_else(|error| panic!("{}: {error}: remove {}", from.display(), self.modules.display()));
        }
        write(&folder.path().join("page.js"), PAGE);
        // In a JSON text this character is only in strings, so that it cannot end the element.
        let spec = spec.to_string().replace('<', "\\u003c");
        // No `unsafe-eval`, as in the dashboards, and nothing from anywhere else.
        let policy = "default-src 'none'; script-src file:; style-src 'unsafe-inline'; img-src data:";
        let html = format!(
            "<!doctype html>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
             <style>body {{ margin: 0; background: white }} #view {{ width: {width}px; height: {height}px }}</style>\n\
             <div id=\"view\"></div>\n\
             <script type=\"application/json\" id=\"spec\">{spec}</script>\n\
             <script src=\"vega.js\"></script>\n<script src=\"interpreter.js\"></script>\n\
             <script src=\"page.js\"></script>\n"
        );
        write(&folder.path().join("page.html"), &html);
        folder
    }
}
