//! Documents and inventories made for one test each.

use super::panel::server;
use serde_json::{Map, Value, json};
use stack::{Schema, project};
use std::path::Path;
use std::process::Command;

/// What the fields are called in classic and in ECS documents.
const FIELDS: [(&str, &str, &str); 16] = [
    ("time", "@timestamp", "@timestamp"),
    ("group_id", "security-group-ids", "sgflow.security_group_ids"),
    ("group", "security-group-names", "sgflow.security_group_names"),
    ("rule", "security-group-rule-ids", "sgflow.security_group_rule_ids"),
    ("action", "action", "aws.vpcflow.action"),
    ("status", "log-status", "aws.vpcflow.log_status"),
    ("source", "srcaddr", "source.ip"),
    ("destination", "dstaddr", "destination.ip"),
    ("port", "dstport", "destination.port"),
    ("direction", "direction", "sgflow.direction"),
    ("role", "flow-role", "sgflow.flow_role"),
    ("interface", "interface-id", "aws.vpcflow.interface_id"),
    ("bytes", "bytes", "network.bytes"),
    ("source_country", "source-country-name", "source.geo.country_name"),
    ("destination_country", "destination-country-name", "destination.geo.country_name"),
    ("source_location", "source-location", "source.geo.location"),
];

/// A field of a schema, by its name in `dashboards/source/fields.toml`.
pub fn field(schema: Schema, name: &str) -> &'static str {
    let (_, classic, ecs) = FIELDS.iter().find(|(known, _, _)| *known == name).unwrap();
    match schema {
        Schema::Classic => classic,
        Schema::Ecs => ecs,
    }
}

/// Some fields of a document.
pub type Fields<'a> = &'a [(&'a str, Value)];

/// Loads documents into an index of their own and gives its name. Each has the fields of `all` and its own, which win;
/// null is no value.
pub fn flows(schema: Schema, name: &str, all: Fields<'_>, documents: &[Fields<'_>]) -> String {
    let index = schema.day_index(name);
    let mut lines = Vec::new();
    for own in documents {
        let mut document = Map::new();
        for (name, value) in all.iter().chain(*own) {
            document.insert(field(schema, name).to_owned(), value.clone());
        }
        document.retain(|_, value| !value.is_null());
        lines.extend(Value::Object(document).to_string().into_bytes());
        lines.push(b'\n');
    }
    load(Some(&index), &lines);
    index
}

/// An index that holds nothing, but has all fields by the template.
pub fn empty(name: &str) -> String {
    server().put(&format!("/{name}"), &Value::Null);
    name.to_owned()
}

/// An index as it comes to be where documents came before the templates: keywords are text there, so that a search of
/// the whole pattern fails on this shard alone. Gives its name.
pub fn without_template(schema: Schema, name: &str) -> String {
    // The daily template is for `sgflow-flows-*`.
    let index = format!("{}untyped-{name}", schema.data_stream());
    let mut properties = Map::new();
    for name in ["group_id", "group", "rule", "interface", "source_country", "destination_country"] {
        let mut place = &mut properties;
        let path: Vec<&str> = field(schema, name).split('.').collect();
        for part in &path[..path.len() - 1] {
            let inner = place.entry(*part).or_insert_with(|| json!({"properties": {}}));
            place = inner["properties"].as_object_mut().unwrap();
        }
        place.insert(path[path.len() - 1].to_owned(), json!({"type": "text"}));
    }
    server().put(&format!("/{index}"), &json!({"mappings": {"properties": properties}}));
    let time = json!("2026-03-02T00:00:00Z");
    server().put(&format!("/{index}/_doc/1?refresh=true"), &json!({"@timestamp": time}));
    index
}

/// The inventory of the samples with entries added (`("network-interfaces", "NetworkInterfaces", {...})`), as
/// `flow-decorate` writes it, in an index of its own. Gives its name.
pub fn inventory(schema: Schema, name: &str, added: &[(&str, &str, Value)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(project("samples/inventory")).unwrap() {
        let path = entry.unwrap().path();
        let mut described: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for (file, list, thing) in added {
            if path.file_stem().unwrap() == *file {
                described[*list].as_array_mut().unwrap().push(thing.clone());
            }
        }
        std::fs::write(folder.path().join(path.file_name().unwrap()), described.to_string()).unwrap();
    }
    let index = format!("sgflow-inventory-{name}-{}", schema.name());
    load(None, &bulk_body(schema, folder.path(), &index));
    index
}

fn bulk_body(schema: Schema, folder: &Path, index: &str) -> Vec<u8> {
    let mut command = Command::new(servers::binary("flow-decorate"));
    command.env_remove("AWS_LAMBDA_RUNTIME_API").arg("--inventory").arg(folder);
    command.args([&format!("--inventory-index={index}"), "--output-schema", schema.name()]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn load(index: Option<&str>, mut lines: &[u8]) {
    let loaded = match index {
        Some(index) => server().bulk_documents(index, "create", &mut lines),
        None => server().bulk(None, &mut lines),
    };
    assert_eq!(loaded.refused, Vec::<Value>::new());
    assert!(loaded.indexed > 0);
    server().refresh(index.unwrap_or("sgflow-inventory*"));
}
