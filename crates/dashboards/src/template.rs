//! An index template: the fields that documents may have, and the same mapping as the template of a data stream.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};

use crate::saved_object::sorted;
use crate::schema::Schema;

/// A composable index template, with its fields laid out flat.
#[derive(Debug, Clone)]
pub struct Template {
    file: String,
    whole: Value,
    fields: BTreeMap<String, MappedField>,
}

/// One field of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedField {
    /// `keyword`, `ip`, `long`, `date`, `geo_point`...
    pub kind: String,
    /// the field it is a part of, if it is a multi-field (`message` for `message.keyword`)
    pub parent: Option<String>,
    /// false with `index: false`
    pub searchable: bool,
    /// false with `doc_values: false`
    pub doc_values: bool,
}

impl Template {
    /// Reads the text of a template; `file` is named in errors.
    pub fn read(text: &str, file: &str) -> anyhow::Result<Template> {
        let whole: Value = serde_json::from_str(text).with_context(|| file.to_owned())?;
        let Some(properties) = whole.pointer("/template/mappings/properties").and_then(Value::as_object) else {
            bail!("{file}: no template.mappings.properties; it must be a composable index template");
        };
        let mut fields = BTreeMap::new();
        flatten(properties, "", &mut fields);
        Ok(Template { file: file.to_owned(), whole, fields })
    }

    /// The file it was read from.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// All fields with a value of their own, by their full names.
    pub fn fields(&self) -> &BTreeMap<String, MappedField> {
        &self.fields
    }

    /// The type of a field, `None` if the template does not have it.
    pub fn field_type(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|field| field.kind.as_str())
    }

    /// The template of a data stream with the same mapping and settings.
    ///
    /// Its pattern is the data stream's name exactly, so that it and the template of the daily indices never compete
    /// for an index.
    pub fn data_stream(&self, schema: Schema) -> String {
        let mut whole = self.whole.clone();
        if let Some(template) = whole.as_object_mut() {
            template.insert("index_patterns".to_owned(), json!([schema.data_stream()]));
            template.insert("data_stream".to_owned(), json!({}));
            let meta = template.entry("_meta").or_insert_with(|| json!({}));
            if let Some(meta) = meta.as_object_mut() {
                let stream = schema.data_stream();
                let description = format!(
                    "sgflow: the mapping of {} for the data stream {stream}. Made by make-dashboards: change it there",
                    self.file
                );
                meta.insert("description".to_owned(), Value::String(description));
            }
        }
        // Pretty printing of a JSON value cannot fail: there is no writer that could.
        let mut text = serde_json::to_string_pretty(&sorted(whole)).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn flatten(properties: &Map<String, Value>, prefix: &str, fields: &mut BTreeMap<String, MappedField>) {
    for (name, mapping) in properties {
        let full = format!("{prefix}{name}");
        if let Some(inner) = mapping.get("properties").and_then(Value::as_object) {
            flatten(inner, &format!("{full}."), fields);
            continue;
        }
        add(mapping, &full, None, fields);
        let Some(parts) = mapping.get("fields").and_then(Value::as_object) else { continue };
        for (part, mapping) in parts {
            add(mapping, &format!("{full}.{part}"), Some(&full), fields);
        }
    }
}

fn add(mapping: &Value, full: &str, parent: Option<&str>, fields: &mut BTreeMap<String, MappedField>) {
    let Some(kind) = mapping.get("type").and_then(Value::as_str) else { return };
    // An object has no value of its own; what an open object holds is only known once it is there.
    if matches!(kind, "object" | "nested") {
        return;
    }
    let flag = |name| mapping.get(name).and_then(Value::as_bool).unwrap_or(true);
    let field = MappedField {
        kind: kind.to_owned(),
        parent: parent.map(str::to_owned),
        searchable: flag("index"),
        doc_values: flag("doc_values") && kind != "text",
    };
    fields.insert(full.to_owned(), field);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    const TEXT: &str = r#"{
        "index_patterns": ["sgflow-flows-*"], "priority": 200, "_meta": {"description": "x"},
        "template": {"settings": {"index": {"number_of_shards": 1}}, "mappings": {"properties": {
            "bytes": {"type": "long"},
            "source": {"properties": {"ip": {"type": "ip"}, 
                "geo": {"properties": {"location": {"type": "geo_point"}}}}},
            "message": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
            "sgflow": {"type": "object", "dynamic": true},
            "hidden": {"type": "keyword", "index": false, "doc_values": false}
        }}}
    }"#;

    #[test]
    fn nested_properties_and_multi_fields_get_their_full_names() {
        let template = Template::read(TEXT, "t.json").unwrap();
        let names: Vec<&str> = template.fields().keys().map(String::as_str).collect();
        assert_eq!(names, ["bytes", "hidden", "message", "message.raw", "source.geo.location", "source.ip"]);
        assert_eq!(template.field_type("source.ip"), Some("ip"));
        assert_eq!(template.field_type("source"), None);
        assert_eq!(template.fields()["message.raw"].parent.as_deref(), Some("message"));
        assert!(!template.fields()["hidden"].searchable && !template.fields()["hidden"].doc_values);
    }

    #[test]
    fn the_data_stream_has_the_same_mapping_and_a_pattern_that_no_daily_index_fits() {
        let template = Template::read(TEXT, "t.json").unwrap();
        let stream: Value = serde_json::from_str(&template.data_stream(Schema::Classic)).unwrap();
        let daily: Value = serde_json::from_str(TEXT).unwrap();
        assert_eq!(stream["template"], daily["template"]);
        assert_eq!(stream["index_patterns"], json!(["sgflow-flows"]));
        assert_eq!(stream["data_stream"], json!({}));
        assert_eq!(stream["priority"], json!(200));
        let description = stream["_meta"]["description"].as_str().unwrap();
        assert!(
            description.starts_with("sgflow: the mapping of t.json for the data stream sgflow-flows."),
            "{description}"
        );
    }

    #[test]
    fn a_template_without_mappings_is_refused_with_its_file() {
        let error = Template::read(r#"{"index_patterns": []}"#, "t.json").unwrap_err();
        assert!(error.to_string().starts_with("t.json: no template.mappings.properties"), "{error}");
        let error = Template::read("{", "t.json").unwrap_err();
        assert!(format!("{error:#}").starts_with("t.json: EOF"), "{error:#}");
    }
}
