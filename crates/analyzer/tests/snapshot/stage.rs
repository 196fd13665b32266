//! The program with the surroundings of a test: its AWS, and nothing of this machine's.

use servers::{AwsStub, Ec2World};
use std::path::{Path, PathBuf};
use std::process::Command;

pub const ROLE_A: &str = "arn:aws:iam::111122223333:role/audit";
pub const ROLE_B: &str = "arn:aws:iam::444455556666:role/audit";

/// What came of a run.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

pub fn run(environment: &[(String, String)], arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sg-audit"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    let output = command.envs(environment.iter().cloned()).args(arguments).output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The surroundings with one try a call, for what never succeeds.
pub fn once(stub: &AwsStub) -> Vec<(String, String)> {
    let mut environment = stub.environment();
    environment.push(("AWS_MAX_ATTEMPTS".to_string(), "1".to_string()));
    environment
}

/// `sg-audit snapshot --out FILE` with these options.
pub fn snapshot(environment: &[(String, String)], out: &Path, options: &[&str]) -> Ran {
    run(environment, &[&["snapshot", "--out", out.to_str().unwrap()], options].concat())
}

/// The inventory of the project's samples, as one document.
pub fn samples() -> serde_json::Value {
    let mut all = serde_json::Map::new();
    for file in std::fs::read_dir(sample_folder("inventory")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        all.extend(document.as_object().unwrap().clone());
    }
    serde_json::Value::Object(all)
}

pub fn sample_folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)
}

pub fn stub_of_samples() -> AwsStub {
    let stub = AwsStub::start();
    stub.set_ec2(Ec2World::from_json(&samples()));
    stub
}
