//! The fields of a search, and whether the index template has them.

use dashboards_test::Search;
use serde_json::Value;
use stack::{Schema, project};
use std::collections::BTreeSet;

/// The fields that a schema's templates have: those of its flows and those of the inventory.
pub struct Template {
    flows: BTreeSet<String>,
    inventory: BTreeSet<String>,
}

impl Template {
    pub fn of(schema: Schema) -> Template {
        let read = |path: std::path::PathBuf| -> BTreeSet<String> {
            let template: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            let mut fields = BTreeSet::new();
            walk(&template["template"]["mappings"]["properties"], "", &mut fields);
            fields
        };
        let inventory = project("dashboards/index-template-inventory.json");
        Template { flows: read(schema.template()), inventory: read(inventory) }
    }

    /// Fails for a field that is not in the template: on the server it would be missing in silence, and the panel empty for ever.
    pub fn check(&self, search: &Search) -> Result<(), String> {
        let fields = if search.index.starts_with("sgflow-inventory") { &self.inventory } else { &self.flows };
        let mut used = BTreeSet::new();
        collect(&search.body, &mut used);
        if search.body.to_string().contains("\"aggs\"") && used.is_empty() {
            // Only counts: `overview-plain-totals` alone has no bucket, and names fields in its numbers.
            return Err(format!("no field found in {}", search.body));
        }
        for field in used {
            if !fields.contains(&field) {
                return Err(format!("the field {field} is not in the template of {}", search.index));
            }
        }
        Ok(())
    }
}

fn walk(properties: &Value, prefix: &str, fields: &mut BTreeSet<String>) {
    for (name, field) in properties.as_object().into_iter().flatten() {
        let path = format!("{prefix}{name}");
        if field.get("properties").is_some() {
            walk(&field["properties"], &format!("{path}."), fields);
        } else {
            fields.insert(path);
        }
    }
}

/// `field` of any aggregation or `exists`, the keys of leaf queries, sorts and doc values.
fn collect(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, used)),
        Value::Object(parts) => {
            for (key, part) in parts {
                match (key.as_str(), part) {
                    // Aggregations and filters have names of their own, which may look like anything.
                    ("aggs" | "filters", Value::Object(named)) => named.values().for_each(|part| collect(part, used)),
                    ("field", Value::String(field)) => {
                        used.insert(field.clone());
                    }
                    ("term" | "terms" | "range" | "match_phrase" | "prefix", Value::Object(leaf))
                        if !leaf.contains_key("field") =>
                    {
                        used.extend(leaf.keys().filter(|key| *key != "boost").cloned());
                    }
                    ("docvalue_fields", Value::Array(columns)) => {
                        used.extend(columns.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    ("sort", Value::Array(sorts)) => {
                        let keys = sorts.iter().filter_map(Value::as_object).flat_map(|sort| sort.keys());
                        used.extend(keys.filter(|key| !key.starts_with('_')).cloned());
                    }
                    _ => collect(part, used),
                }
            }
        }
        _ => {}
    }
}
