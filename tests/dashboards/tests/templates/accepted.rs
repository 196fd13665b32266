//! OpenSearch takes the templates, and gives each index the right one.

use crate::template::{CLASSIC, ECS, INVENTORY, leaves, read};
use serde_json::{Value, json};
use servers::OpenSearch;
use std::collections::BTreeMap;

/// Each template, the name that it is put under, and an index that it is for.
const TEMPLATES: [(&str, &str, &str); 3] = [
    (CLASSIC, "sgflow-flows", "sgflow-flows-2026-03-01"),
    (ECS, "sgflow-ecs", "sgflow-ecs-2026-03-01"),
    (INVENTORY, "sgflow-inventory", "sgflow-inventory"),
];

/// An OpenSearch that has them.
pub fn server() -> &'static OpenSearch {
    let server = OpenSearch::shared();
    for (file, name, _) in TEMPLATES {
        server.put(&format!("/_index_template/{name}"), &read(file));
    }
    server
}

/// The fields of a mapping. OpenSearch does not repeat the format of a date where it is the one that it takes by
/// itself.
fn fields(mapping: &Value) -> BTreeMap<String, Value> {
    let mut fields = leaves(mapping);
    for field in fields.values_mut() {
        if field["format"] == "strict_date_optional_time||epoch_millis" {
            field.as_object_mut().unwrap().remove("format");
        }
    }
    fields
}

/// What an index of this name would be.
fn simulated(server: &OpenSearch, index: &str) -> Value {
    server.post(&format!("/_index_template/_simulate_index/{index}"), &Value::Null)
}

#[test]
fn each_index_gets_its_mapping_and_settings() {
    let server = server();
    for (file, name, index) in TEMPLATES {
        let ours = read(file);
        let answer = simulated(server, index);
        let mappings = &answer["template"]["mappings"];
        let (told, written) = (fields(mappings), fields(&ours["template"]["mappings"]));
        assert_eq!(told, written, "{file}");
        assert_eq!(mappings["dynamic_templates"], ours["template"]["mappings"]["dynamic_templates"], "{file}");
        // Settings come back as text.
        let settings = &answer["template"]["settings"]["index"];
        assert_eq!(settings["number_of_shards"], "1", "{file}");
        assert_eq!(settings["auto_expand_replicas"], "0-1", "{file}");
        assert_eq!(settings["codec"], "best_compression", "{file}");
        assert_eq!(
            settings["mapping"],
            json!({"ignore_malformed": "true", "total_fields": {"limit": "1000"}}),
            "{file}"
        );
        let overlapping: Vec<&str> =
            answer["overlapping"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(overlapping, [] as [&str; 0], "{name}");
    }
}

#[test]
fn data_streams_and_other_indices_are_not_theirs() {
    let server = server();
    for index in ["sgflow", "my-sgflow-flows-2026-03-01", "logs-2026-03-01"] {
        let answer = simulated(server, index);
        assert!(answer["template"]["mappings"].get("properties").is_none(), "{index}: {answer}");
    }
    // A template for the data stream of that very name has the same priority, and must not be in the way.
    for (file, name, _) in TEMPLATES {
        let pattern = read(file)["index_patterns"][0].as_str().unwrap().to_owned();
        assert!(name == "sgflow-inventory" || pattern == format!("{name}-*"), "{file}: {pattern}");
    }
}

#[test]
fn an_index_is_as_the_template_says() {
    let server = server();
    for (file, _, index) in TEMPLATES {
        let index = format!("{index}-made");
        server.put(&format!("/{index}"), &Value::Null);
        let mapping = server.get(&format!("/{index}/_mapping"), &Value::Null);
        let told = fields(&mapping[&index]["mappings"]);
        assert_eq!(told, fields(&read(file)["template"]["mappings"]), "{file}");
        server.delete(&format!("/{index}"), &Value::Null);
    }
}

#[test]
fn the_mappings_serve_data_streams() {
    let server = server();
    for (file, stream) in [(CLASSIC, "stream-of-classic"), (ECS, "stream-of-ecs")] {
        let mut template = read(file);
        template["index_patterns"] = json!([stream]);
        template["data_stream"] = json!({});
        server.put(&format!("/_index_template/{stream}"), &template);
        let document = br#"{"create":{}}
{"@timestamp":"2026-03-01T00:00:00Z"}
"#;
        let (status, answer) =
            server.call("POST", &format!("/{stream}/_bulk?refresh=true"), "application/x-ndjson", document);
        assert_eq!((status, &answer["errors"]), (200, &json!(false)), "{answer}");
        let found = server
            .search(stream, &json!({"query": {"range": {"@timestamp": {"gte": "2026-03-01", "lt": "2026-03-02"}}}}));
        assert_eq!(found["hits"]["total"]["value"], 1);
        server.delete(&format!("/_data_stream/{stream}"), &Value::Null);
        server.delete(&format!("/_index_template/{stream}"), &Value::Null);
    }
}
