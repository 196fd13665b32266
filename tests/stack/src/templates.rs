//! What an OpenSearch must know before the first document comes.

use crate::schema::project;
use serde_json::Value;
use servers::OpenSearch;
use std::fs;

/// Files under `dashboards/`, and the names their templates get.
const INDEX_TEMPLATES: [(&str, &str); 5] = [
    ("index-template.json", "sgflow-flows"),
    ("index-template-ecs.json", "sgflow-ecs"),
    ("index-template-inventory.json", "sgflow-inventory"),
    ("data-stream-template.json", "sgflow-flows-stream"),
    ("data-stream-template-ecs.json", "sgflow-ecs-stream"),
];
const POLICIES: [(&str, &str); 2] =
    [("ism-policy-daily.json", "sgflow-daily"), ("ism-policy-stream.json", "sgflow-stream")];
/// The plugin that knows policies. The distribution from Maven comes without plugins, the others have it.
const INDEX_MANAGEMENT: &str = "opensearch-index-management";

/// Puts all of them, and gives the names of what was put.
pub(crate) fn put(server: &OpenSearch) -> Vec<String> {
    let mut put = Vec::new();
    for (file, name) in INDEX_TEMPLATES {
        let path = format!("/_index_template/{name}");
        send(server, "PUT", &path, &read(file));
        put.push(name.to_owned());
    }
    let (status, plugins) = server.call("GET", "/_cat/plugins?format=json&h=component", "", b"");
    assert_eq!(status, 200, "GET _cat/plugins answered {status}: {plugins}");
    let has_policies =
        plugins.as_array().is_some_and(|list| list.iter().any(|one| one["component"] == INDEX_MANAGEMENT));
    if !has_policies {
        return put;
    }
    for (file, name) in POLICIES {
        let path = format!("/_plugins/_ism/policies/{name}");
        let (status, known) = server.call("GET", &path, "", b"");
        // One that exists is replaced only by somebody who says which version he saw.
        let target = match (status, &known["_seq_no"], &known["_primary_term"]) {
            (200, Value::Number(number), Value::Number(term)) => {
                format!("{path}?if_seq_no={number}&if_primary_term={term}")
            }
            _ => path,
        };
        send(server, "PUT", &target, &read(file));
        put.push(name.to_owned());
    }
    put
}

const JSON: &str = "application/json";

fn read(file: &str) -> Vec<u8> {
    let path = project("dashboards").join(file);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn send(server: &OpenSearch, method: &str, path: &str, body: &[u8]) {
    let (status, answer) = server.call(method, path, JSON, body);
    assert!(status < 300, "{method} {path} answered {status}: {answer}");
}
