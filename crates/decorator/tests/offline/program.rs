//! The real binary, run in a process of its own.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
pub use servers::Ran;

pub const INVENTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/inventory");
pub const LOGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/logs");

/// The first record of the VPC User Guide's examples ("Flow log record examples").
pub const SSH: &str = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK";

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flow-decorate"));
    command.env_remove("AWS_LAMBDA_RUNTIME_API").env_remove("NO_COLOR").env_remove("COLUMNS");
    command
}

pub fn run(arguments: &[&str]) -> Ran {
    program().args(arguments).output().unwrap().into()
}

pub fn on_input(arguments: &[&str], content: &[u8]) -> Ran {
    let mut child =
        program().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let content = content.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&content));
    let ran = child.wait_with_output().unwrap().into();
    let _ = writer.join().unwrap();
    ran
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
