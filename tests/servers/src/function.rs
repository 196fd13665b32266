//! A function under test: the product's own binary as a process.

use crate::process::Process;
use crate::runtime_api::RuntimeApi;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What makes the binaries under test.
pub const CARGO_BUILDS: &str = "cargo build --workspace --bins";

/// The real binary, with a clean environment, behind a Runtime API.
pub struct Function {
    process: Process,
}

impl Function {
    /// Starts it with what Lambda sets and what the test gives; what the test gives wins.
    pub fn start(binary: &Path, api: &RuntimeApi, environment: &[(&str, &str)]) -> Function {
        Function::start_program(binary, &[], api, environment)
    }

    /// The same for a program with arguments, such as an interpreter and its script.
    pub fn start_program(
        program: &Path,
        arguments: &[&str],
        api: &RuntimeApi,
        environment: &[(&str, &str)],
    ) -> Function {
        let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/03/01/[$LATEST]0123456789abcdef")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            // Nothing of the machine's own settings.
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .envs(environment.iter().copied());
        let process = Process::start(command);
        let shared = api.shared();
        shared.function_started();
        process.when_ended(move |status| shared.function_ended(status));
        Function { process }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its exit status, once it has ended.
    pub fn ended(&self) -> Option<String> {
        self.process.ended()
    }

    /// Standard output and standard error so far.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// The lines in CloudWatch's Embedded Metric Format so far: JSON objects with a key `_aws`.
    pub fn metrics(&self) -> Vec<serde_json::Value> {
        let mut metrics = Vec::new();
        for line in self.output().lines() {
            let Ok(value) = serde_json::from_str::<serde_json::Value>(line) else {
                continue;
            };
            if value.get("_aws").is_some() {
                metrics.push(value);
            }
        }
        metrics
    }

    /// The most memory that was resident so far, in KiB: the kernel's `VmHWM`.
    pub fn peak_memory_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.id());
        let status = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|rest| rest.split_whitespace().next()).and_then(|word| word.parse().ok());
        number.unwrap_or_else(|| panic!("{path} names no VmHWM: has the function ended?"))
    }
}

/// A binary of the workspace, from the same build as the running test (`target/<profile>/NAME`).
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of the running test");
    let mut folder = test.parent();
    while let Some(candidate) = folder {
        let path = candidate.join(name);
        if path.is_file() {
            return path;
        }
        // target/<profile>/deps/TEST: one folder up is as far as it goes.
        if candidate.file_name().is_none_or(|name| name != "deps" && name != "examples") {
            panic!("{} is missing: make it with `{CARGO_BUILDS}`", path.display());
        }
        folder = candidate.parent();
    }
    panic!("{name} is missing: make it with `{CARGO_BUILDS}`");
}
