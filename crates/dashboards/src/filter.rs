//! Filters of a panel, in the form of the filter bar: a person who edits the panel sees them there and can switch them
//! off.

use anyhow::bail;
use serde_json::{Value, json};

use crate::field::Names;
use crate::saved_object::{Kind, Reference};
use crate::schema::Index;
use crate::source::{Condition, Filter};

/// The filters of `searchSourceJSON`, and the references by which each names its index.
///
/// # Errors
///
/// A field that is unknown, or a value that it never has.
pub fn filters(filters: &[Filter], index: Index, names: &Names<'_>) -> anyhow::Result<(Vec<Value>, Vec<Reference>)> {
    let mut values = Vec::new();
    let mut references = Vec::new();
    for (number, filter) in filters.iter().enumerate() {
        let name = format!("kibanaSavedObjectMeta.searchSourceJSON.filter[{number}].meta.index");
        let field = names.field(&filter.field, index)?;
        if let Some(unknown) =
            filter.values().iter().find(|value| !field.values.is_empty() && !field.values.contains(value))
        {
            bail!(
                "the filter on `{}` names `{unknown}`, and it has {} only; correct it, or `values` in fields.toml",
                filter.field,
                field.values.join(", ")
            );
        }
        let field = field.name;
        let (kind, negate, about, asked) = match &filter.condition {
            Condition::Is(value) => (
                "phrase",
                false,
                json!({"params": {"query": value}}),
                json!({"query": {"match_phrase": {field.as_str(): value}}}),
            ),
            Condition::IsOneOf(values) | Condition::IsNoneOf(values) => {
                let any: Vec<Value> =
                    values.iter().map(|value| json!({"match_phrase": {field.as_str(): value}})).collect();
                (
                    "phrases",
                    // What is asked is the same; the negation stands in `meta` alone, and both products heed it there.
                    matches!(filter.condition, Condition::IsNoneOf(_)),
                    json!({"params": values, "value": values.join(", ")}),
                    json!({"query": {"bool": {"should": any, "minimum_should_match": 1}}}),
                )
            }
            Condition::Exists(exists) => {
                ("exists", !exists, json!({"value": "exists"}), json!({"exists": {"field": field}}))
            }
        };
        let mut meta = json!({
            "alias": null, "disabled": false, "key": field, "negate": negate, "type": kind, "indexRefName": name,
        });
        put_all(&mut meta, about);
        let mut value = json!({"$state": {"store": "appState"}, "meta": meta});
        put_all(&mut value, asked);
        values.push(value);
        references.push(Reference { name, kind: Kind::IndexPattern, id: names.schema.index_pattern_id(index) });
    }
    Ok((values, references))
}

fn put_all(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}
