//! `make stack`'s binary as a process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use servers::http::{Reply, Response, Server};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const RECORDS: &str = "5000";
const PATIENCE: Duration = Duration::from_secs(60);
const STACK: &str = env!("CARGO_BIN_EXE_stack");

#[test]
fn it_loads_and_answers_and_leaves_nothing_behind() {
    let temporary = Temporary::new();
    // Where a Docker daemon answers it would fetch an image and start a container: not here.
    let docker = temporary.beside.path().join("docker");
    fs::write(&docker, "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", temporary.beside.path().display(), std::env::var("PATH").unwrap());

    let mut command = temporary.stack(&["--records", RECORDS]);
    let mut stack = command.env("PATH", path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let progress = all_of(stack.stderr.take().unwrap());
    let mut said = String::new();
    for line in BufReader::new(stack.stdout.take().unwrap()).lines() {
        said.push_str(&line.unwrap());
        said.push('\n');
        if said.contains("Ctrl-C") {
            break;
        }
    }
    terminate(&stack);
    let ended = stack.wait().unwrap();
    let progress = progress.join().unwrap();
    assert!(said.contains("Ctrl-C ends it and throws the data away."), "{progress}{said}");
    assert!(!ended.success());
    assert!(said.contains("No Docker daemon answers here"), "{said}");
    assert!(said.contains("import dashboards/classic.ndjson"), "{said}");
    the_counts_are_the_truth(&said, &progress);

    let address = progress.lines().find_map(|line| line.strip_prefix("stack: OpenSearch answers at http://"));
    let address: SocketAddr = address.unwrap_or_else(|| panic!("{progress}")).parse().unwrap();
    let since = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(since.elapsed() < PATIENCE, "OpenSearch is left behind at {address}");
        std::thread::sleep(Duration::from_millis(100));
    }
    temporary.becomes_empty();
}

fn the_counts_are_the_truth(said: &str, progress: &str) {
    // The samples' 15,310 records (README) and the day's, in each schema.
    for (index, documents) in
        [("sgflow-flows-*", "15310"), ("sgflow-flows", RECORDS), ("sgflow-ecs-*", "15310"), ("sgflow-ecs", RECORDS)]
    {
        let told = line(said, index);
        assert_eq!(told.split_whitespace().nth(1), Some(documents), "{told}");
    }
    // The day's answer equals the simulator's own truth: the same seed gives the same traffic whenever it starts.
    let truth = truth();
    let number = |name: &str| truth["records"][name].as_u64().unwrap();
    let (accepted, rejected) = (number("accepted"), number("rejected"));
    let expected = format!("the day {RECORDS} records ACCEPT {accepted} REJECT {rejected}");
    let told: Vec<&str> = line(said, "  the day").split_whitespace().collect();
    assert_eq!(told.join(" "), expected);
    // And its groups are those of the simulated network: every record is on an interface with one group.
    let mut groups = Vec::new();
    let mut sum = 0;
    let answer = said.lines().skip_while(|line| !line.starts_with("  the day")).skip(1);
    for told in answer.take_while(|line| line.starts_with("  ")) {
        let words: Vec<&str> = told.split_whitespace().collect();
        groups.push(words[0]);
        sum += words[1].parse::<u64>().unwrap();
    }
    groups.sort_unstable();
    assert_eq!(groups, ["app", "batch", "cache", "db", "queue", "web"]);
    assert_eq!(sum.to_string(), RECORDS);
    assert!(
        progress.contains("stack: classic: samples/ into sgflow-flows-*: 15310 records decorated, 3 lines unparsed")
    );
}

#[test]
fn once_ends_by_itself() {
    let temporary = Temporary::new();
    let output = temporary.stack(&["--once", "--records", "2000"]).output().unwrap();
    let (said, progress) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{}: {progress}{said}", output.status);
    assert_eq!(line(&said, "sgflow-ecs").split_whitespace().nth(1), Some("2000"), "{said}");
    assert!(!said.contains("Ctrl-C"), "{said}");
    temporary.becomes_empty();
}

/// While it loads there is the simulated day in a temporary folder. Not an OpenSearch but what seems one until documents
/// come: those it never answers, so the moment is always the same.
#[test]
fn a_signal_while_it_loads_leaves_nothing_behind() {
    let temporary = Temporary::new();
    let (tell, told) = mpsc::channel();
    let server = Server::start(move |request, _| {
        if request.path.ends_with("/_bulk") {
            tell.send(()).ok();
            std::thread::sleep(PATIENCE);
        }
        let answer = "{\"count\":0,\"_shards\":{\"failed\":0}}";
        Reply::Answer(Response::new(200, "application/json", answer))
    });
    let mut command = temporary.stack(&["--records", RECORDS]);
    command.env("OPENSEARCH_URL", format!("http://{}", server.address()));
    let mut stack = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let progress = all_of(stack.stderr.take().unwrap());
    let loading = told.recv_timeout(PATIENCE).is_ok();
    let there = temporary.contents();
    terminate(&stack);
    stack.wait().unwrap();
    let progress = progress.join().unwrap();
    assert!(loading && !there.is_empty(), "it came to no load: {progress}");
    temporary.becomes_empty();
}

#[test]
fn wrong_options_are_told() {
    for wrong in [&["--records", "0"][..], &["--often"]] {
        let output = Command::new(STACK).args(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: "));
    }
}

#[test]
fn what_fails_is_one_sentence() {
    let mut command = Command::new(STACK);
    let output = command.arg("--once").env("OPENSEARCH_URL", "http://192.0.2.1:9200").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let told = line(&said, "error: ");
    assert!(told.contains("192.0.2.1:9200: not on loopback"), "{said}");
    assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{said}");
}

/// The line that begins with `start` and goes on with a space or ends there, if `start` is a word.
fn line<'a>(text: &'a str, start: &str) -> &'a str {
    let found = text.lines().find(|line| {
        let rest = line.strip_prefix(start);
        rest.is_some_and(|rest| start.ends_with(' ') || rest.is_empty() || rest.starts_with(' '))
    });
    found.unwrap_or_else(|| panic!("no line begins with {start:?}:\n{text}"))
}

fn truth() -> Value {
    let folder = tempfile::tempdir().unwrap();
    let mut simulate = Command::new(servers::binary("flow-simulate"));
    simulate.args(["--scenario", "bench", "--fields", "v5", "--records", RECORDS, "--out"]).arg(folder.path());
    let output = simulate.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&fs::read(folder.path().join("truth.json")).unwrap()).unwrap()
}

/// A folder that the process takes for `/tmp`, so that what it leaves there is seen.
struct Temporary {
    inside: PathBuf,
    /// For what must not be inside.
    beside: tempfile::TempDir,
}

impl Temporary {
    fn new() -> Temporary {
        let beside = tempfile::tempdir().unwrap();
        let inside = beside.path().join("tmp");
        fs::create_dir(&inside).unwrap();
        // As root, OpenSearch runs as another user and keeps its data here only if that one may pass.
        for folder in [beside.path(), &inside] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Temporary { inside, beside }
    }

    /// The binary, with an OpenSearch of its own.
    fn stack(&self, options: &[&str]) -> Command {
        let mut command = Command::new(STACK);
        command.args(options).env("TMPDIR", &self.inside).env_remove("OPENSEARCH_URL");
        command
    }

    fn contents(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.inside).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    fn becomes_empty(&self) {
        let since = Instant::now();
        while !self.contents().is_empty() {
            assert!(since.elapsed() < PATIENCE, "left behind: {:?}", self.contents());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A shell that starts things in the background has them ignore SIGINT; SIGTERM does the same and is never ignored.
fn terminate(stack: &Child) {
    let sent = Command::new("kill").args(["-TERM", &stack.id().to_string()]).status().unwrap();
    assert!(sent.success(), "it ended before the signal");
}

fn all_of(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}
