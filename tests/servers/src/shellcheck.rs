//! shellcheck, which finds faults in shell scripts, and bash's own look at them.

use crate::python;
use std::path::Path;
use std::process::Command;

/// What `bash -n` and shellcheck, at its strictest severity, have to say about a script: nothing, if it is in order.
pub fn faults_of_script(script: &Path) -> String {
    let syntax = Command::new("bash").arg("-n").arg(script).output();
    let syntax = syntax.unwrap_or_else(|error| panic!("bash: {error}; install it"));
    let shellcheck = python::program("shellcheck");
    let style = Command::new(&shellcheck).args(["--norc", "--severity=style", "--shell=bash"]).arg(script).output();
    let style = style.unwrap_or_else(|error| panic!("{}: {error}", shellcheck.display()));
    let mut faults = String::new();
    for output in [syntax, style] {
        faults.push_str(&String::from_utf8_lossy(&output.stdout));
        faults.push_str(&String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            faults.push_str(&format!("{}\n", output.status));
        }
    }
    faults
}
