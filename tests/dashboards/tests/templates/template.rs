//! A template as a file, and the mapping in it as a flat list.

use serde_json::Value;
use std::collections::BTreeMap;

/// The three that are kept by hand.
pub const CLASSIC: &str = "index-template.json";
/// See [`CLASSIC`].
pub const ECS: &str = "index-template-ecs.json";
/// See [`CLASSIC`].
pub const INVENTORY: &str = "index-template-inventory.json";

/// A file of `dashboards/`.
pub fn read(file: &str) -> Value {
    let path = stack::project("dashboards").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every field of a mapping (an object with `properties`) that holds values, by its dotted name, with its own mapping.
pub fn leaves(mapping: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    collect("", mapping, &mut found);
    found
}

fn collect(prefix: &str, mapping: &Value, found: &mut BTreeMap<String, Value>) {
    let Some(properties) = mapping["properties"].as_object() else {
        panic!("no properties below `{prefix}`: {mapping}");
    };
    for (name, field) in properties {
        let name = format!("{prefix}{name}");
        if field.get("type").is_some_and(Value::is_string) {
            found.insert(name, field.clone());
        } else {
            collect(&format!("{name}."), field, found);
        }
    }
}

/// The names and types of a template's fields.
pub fn types(template: &Value) -> BTreeMap<String, String> {
    let leaves = leaves(&template["template"]["mappings"]);
    leaves.into_iter().map(|(name, field)| (name, field["type"].as_str().unwrap().to_owned())).collect()
}
