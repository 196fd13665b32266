//! The real `flow-decorate` at work: its output while it comes, and what it said when it is done.

use crate::schema::{Schema, project};
use std::ffi::OsStr;
use std::io::{BufReader, Read, Seek};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running `flow-decorate`.
pub(crate) struct Decorated {
    child: Child,
    /// Its standard output.
    pub output: BufReader<ChildStdout>,
    /// Its standard error goes to a file: nobody reads it while the documents are read.
    said: std::fs::File,
}

impl Decorated {
    /// Documents of the records in `logs`, with every fact that the project's samples have.
    pub fn documents(schema: Schema, logs: &Path, inventory: &Path) -> Decorated {
        let mut threat_list = std::ffi::OsString::from("spamhaus-drop=");
        threat_list.push(project("samples/geo/drop.txt"));
        let mut command = Command::new(servers::binary("flow-decorate"));
        command.arg(logs).args([OsStr::new("--inventory"), inventory.as_os_str()]);
        command.args([OsStr::new("--geo"), project("samples/geo.mmdb").as_os_str()]);
        command.args([OsStr::new("--threat-list"), &threat_list]);
        command.args([OsStr::new("--ip-ranges"), project("samples/geo/ip-ranges.json").as_os_str()]);
        command.args(["--rule-ids", "--output-schema", schema.name()]);
        Decorated::start(command)
    }

    /// The inventory itself, as a `_bulk` body.
    pub fn inventory(schema: Schema, inventory: &Path) -> Decorated {
        let mut command = Command::new(servers::binary("flow-decorate"));
        command.args([OsStr::new("--inventory"), inventory.as_os_str()]);
        command.args(["--inventory-index", "--output-schema", schema.name()]);
        Decorated::start(command)
    }

    fn start(mut command: Command) -> Decorated {
        let said = tempfile::tempfile().expect("a temporary file");
        let stderr = said.try_clone().expect("a second handle of a temporary file");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        // It is a Lambda function where this is set.
        command.env_remove("AWS_LAMBDA_RUNTIME_API");
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let output = BufReader::with_capacity(1 << 20, child.stdout.take().expect("standard output is a pipe"));
        Decorated { child, output, said }
    }

    /// Waits for its end, and gives what it said on standard error; panics if it failed.
    pub fn finish(mut self) -> String {
        let status = self.child.wait().unwrap_or_else(|error| panic!("waiting for flow-decorate: {error}"));
        let mut said = String::new();
        self.said.rewind().expect("a file can be rewound");
        self.said.read_to_string(&mut said).unwrap_or_else(|error| panic!("what flow-decorate said: {error}"));
        assert!(status.success(), "flow-decorate ended with {status}: {said}");
        said
    }
}

impl Drop for Decorated {
    fn drop(&mut self) {
        // Only where its output was not read to the end: it must not be left behind.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}
