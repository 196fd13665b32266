//! OpenSearch 3.7: the real thing, one node with 1 GB of heap, on free ports of loopback.
//!
//! It is the distribution that OpenSearch's own integration tests run: every module, no plugin (so no Index State
//! Management and no security). Maven fetches it once, 160 MB; it stays unpacked in the cache, and what a node writes
//! goes to a temporary folder of its own.
//!
//! **How it ends.** A small shell is the parent of the server and reads a pipe from the test. When the pipe closes (the
//! value was dropped, or the test process ended in whatever way, SIGKILL too) the shell kills the server, exactly that
//! one, and removes its folder; and should the shell be killed, the kernel kills the server with it, and a value that is
//! dropped removes the folder.

mod bulk;
mod client;
mod distribution;
mod jdk;

pub use bulk::Bulk;

use crate::cache::run;
use crate::http::free_port;
use crate::process::{Process, is_root};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const VERSION: &str = "3.7.0";
/// The variable that names a running one, such as `http://127.0.0.1:9200`.
const RUNNING: &str = "OPENSEARCH_URL";
/// From the start of the process to the first answer; some 15 seconds where nothing else runs.
const PATIENCE: Duration = Duration::from_secs(300);
/// `nobody` on every Linux; only the number matters.
const UNPRIVILEGED: u32 = 65534;
/// A port that was free a moment ago may be taken by the time Java binds it.
const TRIES: u32 = 3;

/// `$1` is the folder to remove, the rest the server's command line.
const KEEPER: &str = r#"
folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
# Nobody may read the pipes any more when the shell says that a child was killed: SIGPIPE would end it too early.
exec >/dev/null 2>&1
(read -r _ <&3; kill -9 "$server") &
watch=$!
exec 3<&-
wait "$server"; status=$?
kill "$watch"
rm -rf "$folder"
exit "$status"
"#;

/// An OpenSearch of its own, or a running one that `OPENSEARCH_URL` names.
pub struct OpenSearch {
    address: SocketAddr,
    started: Option<Started>,
}

/// A server that is ours, and the folder it keeps everything in.
struct Started {
    process: Process,
    folder: PathBuf,
}

/// Whom the server runs as: OpenSearch refuses to run as root.
#[derive(PartialEq)]
enum Identity {
    Ours,
    Unprivileged,
}

impl OpenSearch {
    /// Starts one on a free port and waits until it answers.
    pub fn start() -> OpenSearch {
        OpenSearch::start_at(0)
    }

    /// The same on that port if it is free, else (and for 0) on a free one.
    pub fn start_at(port: u16) -> OpenSearch {
        if let Ok(url) = std::env::var(RUNNING) {
            return OpenSearch::running(&url);
        }
        let mut wanted = port;
        for _ in 1..TRIES {
            match OpenSearch::try_start(wanted) {
                Ok(server) => return server,
                Err(said) if said.contains("BindHttpException") || said.contains("BindTransportException") => {}
                Err(said) => panic!("{said}"),
            }
            wanted = 0;
        }
        OpenSearch::try_start(0).unwrap_or_else(|said| panic!("{said}"))
    }

    /// One for all tests of a test binary; it is started by the first that asks, and ends with the process.
    pub fn shared() -> &'static OpenSearch {
        static SHARED: OnceLock<OpenSearch> = OnceLock::new();
        SHARED.get_or_init(OpenSearch::start)
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it wrote to its log so far; nothing for a running one that was named.
    pub fn log(&self) -> String {
        self.started.as_ref().map(|started| started.process.output()).unwrap_or_default()
    }

    fn running(url: &str) -> OpenSearch {
        let host = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        let address = host.and_then(|host| host.to_socket_addrs().ok()).and_then(|mut found| found.next());
        let address = address.unwrap_or_else(|| panic!("{RUNNING}={url}: not http://HOST:PORT"));
        assert!(address.ip().is_loopback(), "{RUNNING}={url}: not on loopback; the tests write and delete there");
        let server = OpenSearch { address, started: None };
        server.get("/_cluster/health?wait_for_status=yellow&timeout=30s", &serde_json::Value::Null);
        server
    }

    fn try_start(wanted: u16) -> Result<OpenSearch, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let identity = identity();
        let java_home = jdk::home();
        let home = distribution::home(&identity);
        let port = if wanted != 0 && is_free(wanted) { wanted } else { free_port() };
        // The name tells our node from a stranger's that took the port.
        let node = format!("sgflow-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = runtime_folder(&identity, &home, port, &node);
        let inside = |name: &str| folder.path().join(name);
        let options = java_options(&java_home, &home, &inside("config"));

        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "sh"]).arg(folder.path());
        if identity == Identity::Unprivileged {
            let id = UNPRIVILEGED.to_string();
            command.args(["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups", "--pdeathsig", "KILL"]);
        } else if crate::cache::on_path("setpriv").is_some() {
            command.args(["setpriv", "--pdeathsig", "KILL"]);
        }
        command
            .arg(java_home.join("bin/java"))
            .args(options.split_whitespace())
            .arg(format!("-Dopensearch.path.home={}", home.display()))
            .arg(format!("-Dopensearch.path.conf={}", inside("config").display()))
            .args(["-Dopensearch.distribution.type=zip", "-Dopensearch.bundled_jdk=false", "-cp"])
            .arg(home.join("lib/*"))
            .arg("org.opensearch.bootstrap.OpenSearch")
            .current_dir(&home)
            .env_remove("JAVA_TOOL_OPTIONS")
            .env("OPENSEARCH_TMPDIR", inside("tmp"))
            // Ctrl-C is for the test process; the shell hears of it by the pipe.
            .process_group(0);
        let process = Process::start_held(command);
        // From here on the shell removes it.
        let folder = folder.keep();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let server = OpenSearch { address, started: Some(Started { process, folder }) };
        server.wait(&node)?;
        Ok(server)
    }

    fn wait(&self, node: &str) -> Result<(), String> {
        let since = Instant::now();
        let health = "/_cluster/health?wait_for_status=yellow&timeout=1s";
        loop {
            let Some(Started { process, .. }) = &self.started else {
                return Ok(());
            };
            if let Some(status) = process.ended() {
                return Err(format!("OpenSearch ended before it answered ({status}):\n{}", tail(&process.output())));
            }
            if let Ok((200, _)) = self.try_call("GET", health, "", b"")
                && let Ok((200, told)) = self.try_call("GET", "/", "", b"")
                && told["name"] == node
            {
                return Ok(());
            }
            if since.elapsed() > PATIENCE {
                let seconds = PATIENCE.as_secs();
                return Err(format!("OpenSearch gave no answer in {seconds} s:\n{}", tail(&process.output())));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for OpenSearch {
    fn drop(&mut self) {
        let Some(Started { process, folder }) = self.started.take() else {
            return;
        };
        drop(process);
        // Only where the shell could not.
        fs::remove_dir_all(folder).ok();
    }
}

/// The last lines, which hold the reason.
fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

fn identity() -> Identity {
    if is_root() {
        let cure = "OpenSearch does not run as root, and setpriv is missing: install util-linux";
        assert!(crate::cache::on_path("setpriv").is_some(), "{cure}");
        return Identity::Unprivileged;
    }
    Identity::Ours
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((IpAddr::from(Ipv4Addr::LOCALHOST), port)).is_ok()
}

/// A folder with the settings, where the node keeps what it writes.
fn runtime_folder(identity: &Identity, home: &Path, port: u16, node: &str) -> tempfile::TempDir {
    let mut above = std::env::temp_dir();
    if *identity == Identity::Unprivileged && !distribution::open_to_all(&above) {
        above = PathBuf::from("/tmp");
    }
    let folder = tempfile::Builder::new().prefix("sgflow-opensearch-").tempdir_in(&above);
    let made = folder.unwrap_or_else(|error| panic!("{}: {error}", above.display()));
    let folder = made.path();
    for inside in ["config", "data", "logs", "tmp"] {
        write(&folder.join(inside), |path| fs::create_dir(path));
    }
    let transport = free_port();
    let shown = folder.display();
    let settings = format!(
        "cluster.name: {node}\nnode.name: {node}\ndiscovery.type: single-node\nnetwork.host: 127.0.0.1\n\
         http.port: {port}\ntransport.port: {transport}\npath.data: {shown}/data\npath.logs: {shown}/logs\n\
         cluster.routing.allocation.disk.threshold_enabled: false\n"
    );
    let config = folder.join("config");
    write(&config.join("opensearch.yml"), |path| fs::write(path, &settings));
    write(&config.join("log4j2.properties"), |path| fs::write(path, LOGGING));
    let theirs = home.join("config/jvm.options");
    let theirs = fs::read_to_string(&theirs).unwrap_or_else(|error| panic!("{}: {error}", theirs.display()));
    write(&config.join("jvm.options"), |path| fs::write(path, jvm_options(&theirs, folder)));
    if *identity == Identity::Unprivileged {
        for inside in ["", "config", "data", "logs", "tmp"] {
            write(&folder.join(inside), |path| chown(path, Some(UNPRIVILEGED), Some(UNPRIVILEGED)));
        }
        run(Command::new("chmod").args(["-R", "a+rX"]).arg(&config), "it comes with every Unix");
    }
    made
}

fn write(path: &Path, act: impl FnOnce(&Path) -> std::io::Result<()>) {
    act(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

const LOGGING: &str = "status = error\n\
    appender.console.type = Console\n\
    appender.console.name = console\n\
    appender.console.layout.type = PatternLayout\n\
    appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}]%marker %m%n\n\
    rootLogger.level = info\n\
    rootLogger.appenderRef.console.ref = console\n";

/// The distribution's own options, but the heap set, and nothing written into the distribution, which is shared.
fn jvm_options(theirs: &str, folder: &Path) -> String {
    let other = ["-Xms", "-Xmx", "logs/", "-XX:HeapDumpPath", "-XX:+HeapDumpOnOutOfMemoryError"];
    let mut options = String::new();
    for line in theirs.lines() {
        if !line.starts_with('#') && !other.iter().any(|part| line.contains(part)) {
            options.push_str(line);
            options.push('\n');
        }
    }
    // What is not touched need not be resident: small tests then stay small. And a server that lives for a minute has no
    // time to earn back what the second compiler costs: without it a start takes half the processor time (10 s, not 20),
    // and 400,000 documents in bulk take no more with the start than before.
    options.push_str("-Xms1g\n-Xmx1g\n-XX:-AlwaysPreTouch\n-XX:TieredStopAtLevel=1\n");
    options.push_str(&format!("-XX:ErrorFile={}/logs/hs_err_pid%p.log\n", folder.display()));
    options
}

/// The options that the distribution's own launcher makes of `jvm.options` and of what it knows by itself.
fn java_options(java_home: &Path, home: &Path, config: &Path) -> String {
    let mut parser = Command::new(java_home.join("bin/java"));
    parser.arg("-cp").arg(home.join("lib/*")).arg("org.opensearch.tools.launchers.JvmOptionsParser").arg(config);
    let temporary = config.with_file_name("tmp");
    parser.env("OPENSEARCH_TMPDIR", temporary).env_remove("OPENSEARCH_JAVA_OPTS").env_remove("JAVA_TOOL_OPTIONS");
    run(parser.current_dir(home), "the JDK or the unpacked OpenSearch is broken: remove it, and it will be made again")
}
