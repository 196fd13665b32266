//! Index patterns, with their fields: so that panels work before a person has refreshed the list of fields.

use serde_json::{Map, Value, json};

use crate::field::{Names, NumberFormat};
use crate::saved_object::{Kind, SavedObject, compact};
use crate::schema::Index;
use crate::template::MappedField;

/// The saved object of an index pattern.
///
/// The inventory's has no time field: rules and interfaces are as of their snapshot, whatever range a dashboard shows.
pub fn saved_object(index: Index, names: &Names<'_>) -> anyhow::Result<SavedObject> {
    let mut fields = meta_fields();
    for (name, mapped) in names.template(index).fields() {
        fields.push(field(name, mapped));
    }
    fields.sort_by(|left, right| left["name"].as_str().cmp(&right["name"].as_str()));

    let mut attributes = json!({
        "title": names.schema.index_title(index),
        "fields": compact(Value::Array(fields)),
        "fieldFormatMap": compact(Value::Object(formats(index, names))),
    });
    if index == Index::Flows {
        let time = names.field("time", index)?.name;
        if let Some(attributes) = attributes.as_object_mut() {
            attributes.insert("timeFieldName".to_owned(), Value::String(time));
        }
    }
    let id = names.schema.index_pattern_id(index);
    Ok(SavedObject { id, kind: Kind::IndexPattern, attributes, references: Vec::new() })
}

fn field(name: &str, mapped: &MappedField) -> Value {
    let mut field = json!({
        "name": name, "type": dashboards_type(&mapped.kind), "esTypes": [mapped.kind], "count": 0, "scripted": false,
        "searchable": mapped.searchable, "aggregatable": mapped.doc_values, "readFromDocValues": mapped.doc_values,
    });
    if let (Some(parent), Some(field)) = (&mapped.parent, field.as_object_mut()) {
        field.insert("subType".to_owned(), json!({"multi": {"parent": parent}}));
    }
    field
}

/// The fields that every document has, as Kibana 7.10 lists them.
fn meta_fields() -> Vec<Value> {
    let text = |name| {
        json!({
            "name": name, "type": "string", "esTypes": [name], "count": 0, "scripted": false, "searchable": true,
            "aggregatable": true, "readFromDocValues": false,
        })
    };
    vec![
        text("_id"),
        text("_index"),
        json!({
            "name": "_score", "type": "number", "count": 0, "scripted": false, "searchable": false,
            "aggregatable": false, "readFromDocValues": false,
        }),
        json!({
            "name": "_source", "type": "_source", "esTypes": ["_source"], "count": 0, "scripted": false,
            "searchable": false, "aggregatable": false, "readFromDocValues": false,
        }),
        text("_type"),
    ]
}

/// The products' own coarser types (`castEsToKbnFieldTypeName`).
fn dashboards_type(kind: &str) -> &'static str {
    match kind {
        "keyword" | "text" | "wildcard" | "constant_keyword" | "match_only_text" => "string",
        "long" | "integer" | "short" | "byte" | "unsigned_long" | "double" | "float" | "half_float"
        | "scaled_float" => "number",
        "date" | "date_nanos" => "date",
        "ip" => "ip",
        "boolean" => "boolean",
        "geo_point" => "geo_point",
        _ => "unknown",
    }
}

fn formats(index: Index, names: &Names<'_>) -> Map<String, Value> {
    let mut formats = Map::new();
    for (name, logical) in names.fields.iter() {
        let (Some(format), Ok(field)) = (logical.format, names.field(name, index)) else { continue };
        if !field.is_number() {
            continue;
        }
        let format = match format {
            NumberFormat::Bytes => json!({"id": "bytes"}),
            NumberFormat::Plain => json!({"id": "number", "params": {"pattern": "0"}}),
        };
        formats.insert(field.name, format);
    }
    formats
}
