//! Runs `sg-audit` and keeps what it said.

use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::process::{Command, Output};

/// The program without anything of the surroundings that changes what it prints.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sg-audit"));
    command.env_remove("NO_COLOR").env_remove("COLUMNS").env("TERM", "xterm");
    command
}

/// What came of a run.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    program().args(arguments).output().unwrap().into()
}

impl Ran {
    /// The report; the run must have gone well.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Fails unless it ended so and said all of this; what is an error must say nothing on standard output.
    #[track_caller]
    pub fn assert_says(&self, code: i32, parts: &[&str]) -> &Ran {
        assert_eq!(self.code, Some(code), "stderr: {}", self.stderr);
        // Long messages are not wrapped, but what stands in several lines is one message.
        let said = self.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(said.contains(part), "`{part}` is not in: {}", self.stderr);
        }
        if code == 1 {
            assert!(self.stderr.contains("error: "), "{}", self.stderr);
        }
        self
    }

    #[track_caller]
    pub fn assert_nothing_written(&self) {
        assert_eq!(self.stdout, "", "an error is no result");
    }
}

/// Verdict by rule.
pub fn verdicts(report: &Value) -> BTreeMap<String, String> {
    let mut verdicts = BTreeMap::new();
    for group in report["groups"].as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            verdicts.insert(text(&rule["rule_id"]), text(&rule["verdict"]));
        }
    }
    verdicts
}
