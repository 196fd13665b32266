//! cargo-lambda's emulator of Lambda: the happy path runs behind a Runtime API that is not of our own making.
//!
//! What it does otherwise than Lambda: `Lambda-Runtime-Deadline-Ms` is 600000 for every invocation, ten minutes after
//! the beginning of 1970, where Lambda gives the time of the deadline. Our functions take that for unknown and warn; here
//! they ask a go-between that passes everything on, and tells the deadline as Lambda would.

use crate::http::{Reply, Request, Server, call, free_port};
use crate::process::Process;
use crate::python;
use crate::runtime_api::Answer;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PATIENCE: Duration = Duration::from_secs(120);
/// The names that functions may come under.
const FUNCTIONS: [&str; 2] = ["flow-ingest", "flow-decorate"];

/// `cargo lambda watch --only-lambda-apis`: the emulated APIs without any function; functions come to it.
pub struct CargoLambda {
    address: SocketAddr,
    process: Process,
    between: Server,
    _folder: tempfile::TempDir,
}

/// A function process that asks the emulator for its invocations.
pub struct Attached {
    process: Process,
}

impl CargoLambda {
    /// Starts it and waits until it answers.
    pub fn start() -> CargoLambda {
        let port = free_port();
        let folder = package();
        let mut command = Command::new(python::program("cargo-lambda"));
        command.args(["lambda", "watch", "--only-lambda-apis", "--invoke-address", "127.0.0.1"]);
        command.args(["--invoke-port", &port.to_string()]).current_dir(folder.path());
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let between = Server::start(move |request, _| pass_on(address, request));
        let emulator = CargoLambda { address, process: Process::start(command), between, _folder: folder };
        let since = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            let ended = emulator.process.ended();
            if ended.is_some() || since.elapsed() > PATIENCE {
                panic!("cargo lambda watch does not answer: {}", emulator.process.output());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        emulator
    }

    /// What a function sets `AWS_LAMBDA_RUNTIME_API` to, to serve under this name.
    pub fn runtime_api(&self, name: &str) -> String {
        format!("http://{}/.rt/{name}", self.between.address())
    }

    /// Starts the real binary under that name (`flow-ingest` or `flow-decorate`), with what Lambda sets and what the
    /// test gives.
    pub fn attach(&self, name: &str, binary: &Path, environment: &[(&str, &str)]) -> Attached {
        let mut command = Command::new(binary);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_LAMBDA_RUNTIME_API", self.runtime_api(name))
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .envs(environment.iter().copied());
        Attached { process: Process::start(command) }
    }

    /// Invokes a function by the emulator's HTTP endpoint, the one that SDKs call.
    pub fn invoke(&self, name: &str, payload: &[u8]) -> Answer {
        let target = format!("/2015-03-31/functions/{name}/invocations");
        let answer = call(self.address, "POST", &target, &[("content-type", "application/json")], payload);
        let answer = answer.unwrap_or_else(|error| panic!("cargo lambda: {error}: {}", self.process.output()));
        let parsed: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let failed = answer.status >= 300 || parsed.get("errorMessage").is_some();
        if !failed {
            return Answer::Response(answer.body);
        }
        let text = |key: &str| parsed[key].as_str().unwrap_or_default().to_owned();
        Answer::Error { kind: text("errorType"), message: text("errorMessage"), body: answer.body }
    }
}

impl Attached {
    /// Standard output and standard error so far.
    pub fn output(&self) -> String {
        self.process.output()
    }
}

fn pass_on(emulator: SocketAddr, request: Request) -> Reply {
    // The connection's own headers are set anew on each side.
    let own = ["host", "connection", "content-length", "transfer-encoding"];
    let mut headers = Vec::new();
    for (name, value) in &request.headers {
        if !own.contains(&name.as_str()) {
            headers.push((name.as_str(), value.as_str()));
        }
    }
    let Ok(mut answer) = call(emulator, &request.method, &request.path, &headers, &request.body) else {
        return Reply::Close;
    };
    answer.headers.retain(|(name, _)| !own.contains(&name.as_str()));
    for (name, value) in &mut answer.headers {
        if name == "lambda-runtime-deadline-ms" {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
            let told: u128 = value.parse().unwrap_or_default();
            *value = if told < now { now + told } else { told }.to_string();
        }
    }
    Reply::Answer(answer)
}

/// The emulator serves only names that are binaries of the package it stands in, though it builds nothing of it.
fn package() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut manifest =
        "[package]\nname = \"functions\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n".to_owned();
    for name in FUNCTIONS {
        manifest.push_str(&format!("[[bin]]\nname = \"{name}\"\npath = \"main.rs\"\n"));
    }
    std::fs::write(folder.path().join("Cargo.toml"), manifest).expect("a file in a temporary folder");
    std::fs::write(folder.path().join("main.rs"), "fn main() {}\n").expect("a file in a temporary folder");
    folder
}
