//! OpenSearch Dashboards beside the OpenSearch, in a container: only where a Docker daemon answers.
//!
//! OpenSearch listens on loopback alone, so the container shares the host's network. A guard that is there before the
//! container removes it, whatever ends this process.

use crate::guard::Guard;
use crate::step;
use jiff::Timestamp;
use serde_json::Value;
use servers::OpenSearch;
use servers::http::{call, free_port};
use stack::Schema;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The version of the OpenSearch that is started.
const IMAGE: &str = "opensearchproject/opensearch-dashboards:3.7.0";
/// Where people look for it.
const PORT: u16 = 5601;
const PATIENCE: Duration = Duration::from_secs(300);
/// The program and the container's name. Nothing is lost by killing it: what it keeps is in OpenSearch.
const REMOVE: &str = r#""$1" rm --force "$2""#;

/// A running one with the saved objects in it.
pub struct Dashboards {
    address: SocketAddr,
    container: Child,
    /// What it prints, in a file without a name.
    log: File,
    _guard: Guard,
}

impl Dashboards {
    /// Starts it and imports the objects of both schemas; or says in a sentence why there is none.
    pub fn start(server: &OpenSearch) -> Result<Dashboards, String> {
        if !docker_answers() {
            return Err("No Docker daemon answers here (`docker info`), so no dashboards were started.".to_owned());
        }
        step(&format!("Docker fetches {IMAGE}, unless it is there"));
        let pulled = Command::new("docker").args(["pull", "--quiet", IMAGE]).stdout(Stdio::null()).status();
        if !pulled.is_ok_and(|status| status.success()) {
            return Err(format!("`docker pull {IMAGE}` failed, so no dashboards were started."));
        }
        let port = if TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).is_ok() { PORT } else { free_port() };
        let dashboards = Dashboards::run("docker".as_ref(), &server.url(), port)
            .map_err(|error| format!("docker does not start: {error}"))?;
        step(&format!("OpenSearch Dashboards starts at {}", dashboards.url()));
        let dashboards = dashboards.wait()?;
        for schema in Schema::ALL {
            let imported = import(dashboards.address, &schema.saved_objects())?;
            step(&format!("{}: {imported} saved objects imported", schema.name()));
        }
        Ok(dashboards)
    }

    fn run(docker: &OsStr, opensearch: &str, port: u16) -> io::Result<Dashboards> {
        let name = format!("sgflow-dashboards-{}", std::process::id());
        let log = tempfile::tempfile()?;
        let guard = Guard::start(REMOVE, &[docker, name.as_ref()])?;
        // The guard waits for it: a container that is created as this process ends is removed after that.
        let mut create = Command::new(docker);
        create.args(arguments(opensearch, port, &name)).process_group(0);
        let created = guard.output_of(&mut create)?;
        if !created.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&created.stderr).into_owned()));
        }
        let mut start = Command::new(docker);
        start.args(["start", "--attach", &name]).stdin(Stdio::null()).process_group(0);
        let container = start.stdout(log.try_clone()?).stderr(log.try_clone()?).spawn()?;
        Ok(Dashboards { address: (Ipv4Addr::LOCALHOST, port).into(), container, log, _guard: guard })
    }

    fn wait(mut self) -> Result<Dashboards, String> {
        let since = Instant::now();
        loop {
            if let Ok(answer) = call(self.address, "GET", "/api/status", &[], b"") {
                let status: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                if answer.status == 200 && status["status"]["overall"]["state"] == "green" {
                    return Ok(self);
                }
            }
            let ended = self.container.try_wait().ok().flatten();
            if ended.is_some() || since.elapsed() > PATIENCE {
                let why = ended.map_or_else(|| "does not answer".to_owned(), |status| format!("ended: {status}"));
                return Err(format!("OpenSearch Dashboards {why}. Its last words:\n{}", self.last_words()));
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    fn last_words(&mut self) -> String {
        let mut log = Vec::new();
        let read = self.log.rewind().and_then(|()| self.log.read_to_end(&mut log));
        let text = read.map_or_else(|error| error.to_string(), |_| String::from_utf8_lossy(&log).into_owned());
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of a schema's first dashboard, open at that time range.
    pub fn link(&self, schema: Schema, from: Timestamp, to: Timestamp) -> Option<String> {
        let objects = fs::read_to_string(schema.saved_objects()).ok()?;
        Some(link(&self.url(), &first_dashboard(&objects)?, from, to))
    }
}

fn docker_answers() -> bool {
    let mut info = Command::new("docker");
    // The client alone answers too, and some versions then end with 0: a daemon has a version.
    info.args(["info", "--format", "{{.ServerVersion}}"]).stdin(Stdio::null()).stderr(Stdio::null());
    info.output().is_ok_and(|output| output.status.success() && !output.stdout.trim_ascii().is_empty())
}

/// `docker create`, so that it speaks plain HTTP with an OpenSearch that has no security plugin, and listens on loopback.
/// The image makes a setting of each variable that is named like one (opensearch-build, docker/release/config).
fn arguments(opensearch: &str, port: u16, name: &str) -> Vec<String> {
    let mut arguments: Vec<String> = Vec::new();
    arguments.extend(["create", "--rm", "--name", name, "--network", "host"].map(str::to_owned));
    let settings = [
        format!("OPENSEARCH_HOSTS=[\"{opensearch}\"]"),
        "DISABLE_SECURITY_DASHBOARDS_PLUGIN=true".to_owned(),
        "SERVER_HOST=127.0.0.1".to_owned(),
        format!("SERVER_PORT={port}"),
    ];
    for setting in settings {
        arguments.extend(["--env".to_owned(), setting]);
    }
    arguments.push(IMAGE.to_owned());
    arguments
}

/// Imports a file of saved objects by the API that its menu uses; gives the number of objects.
fn import(address: SocketAddr, file: &Path) -> Result<u64, String> {
    let objects = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let (content_type, body) = multipart(&name, &objects);
    let headers = [("content-type", content_type.as_str()), ("osd-xsrf", "true")];
    let answer = call(address, "POST", "/api/saved_objects/_import?overwrite=true", &headers, &body);
    let answer = answer.map_err(|error| format!("importing {}: {error}", file.display()))?;
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match (&told["success"], told["successCount"].as_u64()) {
        (Value::Bool(true), Some(count)) => Ok(count),
        _ => Err(format!("importing {} answered {}: {}", file.display(), answer.status, answer.text())),
    }
}

/// A form with one file: its content type and body (RFC 7578).
fn multipart(name: &str, file: &[u8]) -> (String, Vec<u8>) {
    // It must not occur in the file; objects are JSON, where a line never begins with two dashes.
    let boundary = "sgflow-saved-objects";
    let mut body = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
        content-type: application/ndjson\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// The id of the first dashboard among saved objects.
fn first_dashboard(objects: &str) -> Option<String> {
    objects.lines().find_map(|line| {
        let object: Value = serde_json::from_str(line).ok()?;
        if object["type"] == "dashboard" { object["id"].as_str().map(str::to_owned) } else { None }
    })
}

/// The global state in the address is RISON, as Dashboards itself writes it.
fn link(base: &str, id: &str, from: Timestamp, to: Timestamp) -> String {
    format!("{base}/app/dashboards#/view/{id}?_g=(time:(from:'{from}',to:'{to}'))")
}

#[cfg(test)]
mod tests {
    use super::*;
    use servers::http::{Reply, Response, Server};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_container_reaches_what_listens_on_loopback() {
        let arguments = arguments("http://127.0.0.1:9201", 5602, "sgflow-dashboards-7");
        let expected = "create --rm --name sgflow-dashboards-7 --network host --env OPENSEARCH_HOSTS=[\"http://127.0.0.1:9201\"] \
            --env DISABLE_SECURITY_DASHBOARDS_PLUGIN=true --env SERVER_HOST=127.0.0.1 --env SERVER_PORT=5602 \
            opensearchproject/opensearch-dashboards:3.7.0";
        assert_eq!(arguments.join(" "), expected);
        assert!(arguments.iter().all(|argument| !argument.contains(' ')), "one word each: {arguments:?}");
    }

    #[test]
    fn the_file_goes_in_a_form() {
        let (content_type, body) = multipart("ecs.ndjson", b"{}\n{}");
        assert_eq!(content_type, "multipart/form-data; boundary=sgflow-saved-objects");
        let expected = "--sgflow-saved-objects\r\n\
            content-disposition: form-data; name=\"file\"; filename=\"ecs.ndjson\"\r\n\
            content-type: application/ndjson\r\n\r\n{}\n{}\r\n--sgflow-saved-objects--\r\n";
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }

    #[test]
    fn an_import_is_what_dashboards_asks_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("classic.ndjson");
        fs::write(&file, "{\"type\":\"search\"}\n").unwrap();
        // Not Dashboards, which cannot run without Docker: only what its API refuses (as its documentation says).
        let server = Server::start(|request, _| {
            let good = request.method == "POST"
                && (request.path.as_str(), request.query.as_str()) == ("/api/saved_objects/_import", "overwrite=true")
                && request.header("osd-xsrf").is_some()
                && request
                    .header("content-type")
                    .is_some_and(|kind| kind.starts_with("multipart/form-data; boundary="))
                && String::from_utf8_lossy(&request.body).contains("filename=\"classic.ndjson\"");
            let (status, body) = if good { (200, "{\"success\":true,\"successCount\":1}") } else { (400, "no") };
            Reply::Answer(Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
        });
        assert_eq!(import(server.address(), &file), Ok(1));
        let other = folder.path().join("ecs.ndjson");
        fs::write(&other, "").unwrap();
        assert!(import(server.address(), &other).unwrap_err().ends_with("ecs.ndjson answered 400: no"));
    }

    #[test]
    fn a_link_opens_the_first_dashboard_at_its_time() {
        let objects = "{\"type\":\"search\",\"id\":\"s\"}\n{\"type\":\"dashboard\",\"id\":\"one\"}\n\
            {\"type\":\"dashboard\",\"id\":\"two\"}\n{\"exportedCount\":3}\n";
        let id = first_dashboard(objects).unwrap();
        let (from, to) = ("2026-03-01T00:00:00Z".parse().unwrap(), "2026-03-04T00:00:00Z".parse().unwrap());
        let expected = "http://127.0.0.1:5601/app/dashboards#/view/one?\
            _g=(time:(from:'2026-03-01T00:00:00Z',to:'2026-03-04T00:00:00Z'))";
        assert_eq!(link("http://127.0.0.1:5601", &id, from, to), expected);
        assert_eq!(first_dashboard("{\"exportedCount\":0}"), None);
    }

    #[test]
    fn the_container_is_removed_with_the_value() {
        let folder = tempfile::tempdir().unwrap();
        let calls = folder.path().join("calls");
        // A stand-in that writes down what it was called with: what is asked of Docker, not what Docker does.
        let docker = folder.path().join("docker");
        let write = format!("echo \"$1 $2 $3\" >> '{}'", calls.display());
        fs::write(&docker, format!("#!/bin/sh\n{write}\necho \"$1 ends\"\n[ \"$1\" != start ]\n")).unwrap();
        fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).unwrap();
        let dashboards = Dashboards::run(docker.as_os_str(), "http://127.0.0.1:9201", free_port()).unwrap();
        let why = dashboards.wait().err().unwrap();
        assert_eq!(why, "OpenSearch Dashboards ended: exit status: 1. Its last words:\nstart ends");
        let name = format!("sgflow-dashboards-{}", std::process::id());
        let expected = format!("create --rm --name\nstart --attach {name}\nrm --force {name}\n");
        assert_eq!(fs::read_to_string(&calls).unwrap(), expected);

        fs::write(&docker, "#!/bin/sh\necho 'no such image' >&2\nexit 125\n").unwrap();
        let error = Dashboards::run(docker.as_os_str(), "http://127.0.0.1:9201", free_port()).err().unwrap();
        assert_eq!(error.to_string().trim_end(), "no such image");
    }
}
