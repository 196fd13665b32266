//! OpenSearch really starts, keeps documents, says which it refuses, and leaves nothing behind.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use servers::OpenSearch;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Tells the one test below to be the process that uses a server and dies in this way.
const DEATH: &str = "SERVERS_TEST_DEATH";
const PATIENCE: Duration = Duration::from_secs(60);

/// The server may be one that `OPENSEARCH_URL` names, and remember the last run.
fn forget(indices: &[&str]) -> &'static OpenSearch {
    let server = OpenSearch::shared();
    for index in indices {
        server.call("DELETE", index, "", b"");
    }
    server
}

#[test]
fn a_document_is_found_again() {
    let server = forget(&["sgflow-test-found"]);
    let told = server.get("/", &Value::Null);
    assert_eq!(told["version"]["distribution"], "opensearch");
    assert!(server.url().starts_with("http://127.0.0.1:"), "{}", server.url());
    server.put("/sgflow-test-found", &json!({"mappings": {"properties": {"who": {"type": "keyword"}}}}));
    server.post("sgflow-test-found/_doc", &json!({"who": "a"}));
    server.post("sgflow-test-found/_doc", &json!({"who": "b"}));
    server.refresh("sgflow-test-found");
    let answer = server.search("sgflow-test-found", &json!({"query": {"term": {"who": "b"}}}));
    assert_eq!(answer["hits"]["total"]["value"], 1);
    assert_eq!(answer["hits"]["hits"][0]["_source"], json!({"who": "b"}));
    server.delete("/sgflow-test-found", &Value::Null);
    let (status, answer) = server.call("GET", "/sgflow-test-found", "", b"");
    assert_eq!((status, answer["error"]["type"].as_str()), (404, Some("index_not_found_exception")));
    let (status, text) = server.call("GET", "/_cat/health", "", b"");
    assert!(status == 200 && text.as_str().is_some_and(|text| text.contains(" 1 1 true ")), "{text}");
}

#[test]
fn a_refused_document_is_told_and_the_others_stay() {
    let server = forget(&["sgflow-test-refusing"]);
    server.put("/sgflow-test-refusing", &json!({"mappings": {"properties": {"address": {"type": "ip"}}}}));
    let documents = "{\"address\":\"10.0.0.1\"}\n\n{\"address\":\"nowhere\"}\n{\"address\":\"2001:db8::1\"}";
    let bulk = server.bulk_documents("sgflow-test-refusing", "index", &mut documents.as_bytes());
    assert_eq!((bulk.indexed, bulk.refused.len()), (2, 1));
    assert_eq!(bulk.refused[0]["index"]["status"], 400);
    assert_eq!(bulk.refused[0]["index"]["error"]["type"], "mapper_parsing_exception");
    server.refresh("sgflow-test-refusing");
    assert_eq!(server.get("/sgflow-test-refusing/_count", &Value::Null)["count"], 2);
}

#[test]
fn a_body_with_its_own_actions() {
    let server = forget(&["sgflow-test-a", "sgflow-test-b"]);
    let body = concat!(
        "{\"index\":{\"_id\":\"1\"}}\n{\"n\":1}\n",
        "{\"index\":{\"_index\":\"sgflow-test-b\",\"_id\":\"2\"}}\n{\"n\":2}\n",
        "{\"delete\":{\"_id\":\"1\"}}\n",
        "{\"create\":{\"_index\":\"sgflow-test-b\",\"_id\":\"2\"}}\n{\"n\":3}\n",
        "{\"update\":{\"_index\":\"sgflow-test-b\",\"_id\":\"2\"}}\n{\"doc\":{\"n\":4}}\n",
    );
    let bulk = server.bulk(Some("sgflow-test-a"), &mut body.as_bytes());
    assert_eq!((bulk.indexed, bulk.refused.len()), (4, 1));
    assert_eq!(bulk.refused[0]["create"]["error"]["type"], "version_conflict_engine_exception");
    assert_eq!(server.get("/sgflow-test-b/_doc/2", &Value::Null)["_source"], json!({"n": 4}));
    assert_eq!(server.call("GET", "/sgflow-test-a/_doc/1", "", b"").0, 404);
}

#[test]
fn a_body_longer_than_one_request_is_complete() {
    let server = forget(&["sgflow-test-long"]);
    // 12 MB: three requests.
    let filling = "x".repeat(1000);
    let mut body = String::new();
    for number in 0..12_000 {
        body.push_str(&json!({"create": {"_index": "sgflow-test-long", "_id": number.to_string()}}).to_string());
        body.push('\n');
        body.push_str(&json!({"number": number, "filling": filling}).to_string());
        body.push('\n');
    }
    let bulk = server.bulk(None, &mut body.as_bytes());
    assert_eq!((bulk.indexed, bulk.refused.len()), (12_000, 0));
    server.refresh("sgflow-test-long");
    let aggs = json!({"sum": {"sum": {"field": "number"}}});
    let answer = server.search("sgflow-test-long", &json!({"size": 0, "track_total_hits": true, "aggs": aggs}));
    assert_eq!(answer["hits"]["total"]["value"], 12_000);
    assert_eq!(answer["aggregations"]["sum"]["value"], 71_994_000.0);
}

#[test]
#[should_panic(expected = "OpenSearch: GET /absent/_search: 404")]
fn a_failed_call_names_path_and_status() {
    OpenSearch::shared().get("/absent/_search", &Value::Null);
}

#[test]
fn nothing_is_left_behind() {
    if let Ok(death) = std::env::var(DEATH) {
        die(&death);
    }
    // An exit and a panic end the pipe as a SIGKILL does.
    for death in ["drop", "kill"] {
        // The strictest umask: what the server's own user must read is not open by chance.
        let mut child = Command::new("sh")
            .args(["-c", "umask 077; exec \"$0\" --exact nothing_is_left_behind --nocapture"])
            .arg(std::env::current_exe().unwrap())
            .env(DEATH, death)
            .env_remove("OPENSEARCH_URL")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (address, folder) = told_by(&mut child);
        if death == "kill" {
            assert!(folder.is_dir(), "{} should be there while the server runs", folder.display());
            let named = folder.to_string_lossy().into_owned();
            assert!(!processes_naming(&named).is_empty(), "no process names {named}: this test sees nothing");
            child.kill().unwrap();
        }
        child.wait().unwrap();
        let since = Instant::now();
        let named = folder.to_string_lossy().into_owned();
        while folder.exists() || !processes_naming(&named).is_empty() {
            let left = processes_naming(&named);
            assert!(since.elapsed() < PATIENCE, "after `{death}`: {named} or processes {left:?} are left");
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(std::net::TcpStream::connect(&address).is_err(), "after `{death}`: {address} answers");
    }
}

/// Starts a server, tells where it is, and ends.
fn die(death: &str) -> ! {
    if death == "drop" {
        let server = OpenSearch::start();
        tell(&server);
        drop(server);
        std::process::exit(0);
    }
    tell(OpenSearch::shared());
    loop {
        std::thread::sleep(PATIENCE);
    }
}

fn tell(server: &OpenSearch) {
    let told = server.get("/_nodes/settings?flat_settings=true", &Value::Null);
    let node = told["nodes"].as_object().unwrap().values().next().unwrap();
    let data = node["settings"]["path.data"].as_str().or(node["settings"]["path.data"][0].as_str());
    println!("\nserver {} {}", server.url().trim_start_matches("http://"), data.unwrap());
}

/// Its address, and the folder that it keeps everything in.
fn told_by(child: &mut Child) -> (String, PathBuf) {
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        if let ["server", address, data] = words[..] {
            let folder = PathBuf::from(data).parent().unwrap().to_owned();
            return ((*address).to_owned(), folder);
        }
    }
    panic!("the process ended before its server was up");
}

/// Processes whose command line names that folder: the server and its keeper.
fn processes_naming(folder: &str) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse() else {
            continue;
        };
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).contains(folder) {
            found.insert(id);
        }
    }
    found
}
