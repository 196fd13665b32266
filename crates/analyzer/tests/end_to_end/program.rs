//! Runs `sg-audit` and keeps what it said.

use serde_json::Value;
pub use servers::Ran;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::process::Command;

/// The program without anything of the surroundings that changes what it prints.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sg-audit"));
    command.env_remove("NO_COLOR").env_remove("COLUMNS").env("TERM", "xterm");
    command
}

pub fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    program().args(arguments).output().unwrap().into()
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
