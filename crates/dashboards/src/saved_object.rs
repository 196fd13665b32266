//! A saved object: one line of an export, in the form of Kibana 7.10.
//!
//! OpenSearch Dashboards came from that version, and later Kibanas migrate it: so it is the newest form that all of
//! them import. <https://www.elastic.co/guide/en/kibana/7.10/saved-objects-api-export.html>

use serde_json::{Map, Value, json};

/// The kinds of saved objects that are made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// an index pattern with its fields (Kibana 8 calls it a data view)
    IndexPattern,
    /// a panel with a picture
    Visualization,
    /// a saved search: a panel with documents
    Search,
    /// a dashboard
    Dashboard,
}

/// What another object is to this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// the name by which the attributes speak of it: `panel_0`
    pub name: String,
    /// its kind
    pub kind: Kind,
    /// its id
    pub id: String,
}

/// One object of an export.
#[derive(Debug, Clone)]
pub struct SavedObject {
    /// unique over all files
    pub id: String,
    /// what it is
    pub kind: Kind,
    /// what the product keeps of it; some attributes are JSON in a string
    pub attributes: Value,
    /// objects that the attributes speak of
    pub references: Vec<Reference>,
}

/// The reference by which `searchSourceJSON` names its index.
pub const SEARCH_SOURCE_INDEX: &str = "kibanaSavedObjectMeta.searchSourceJSON.index";

impl Kind {
    /// As in `type`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::IndexPattern => "index-pattern",
            Kind::Visualization => "visualization",
            Kind::Search => "search",
            Kind::Dashboard => "dashboard",
        }
    }

    /// The last migration of that type that Kibana 7.10 had: later ones are run by whoever imports.
    fn migration(self) -> &'static str {
        match self {
            Kind::IndexPattern => "7.6.0",
            Kind::Visualization => "7.10.0",
            Kind::Search | Kind::Dashboard => "7.9.3",
        }
    }
}

impl SavedObject {
    /// The line of the export, without its end.
    pub fn line(&self) -> String {
        let references: Vec<Value> = self
            .references
            .iter()
            .map(|reference| json!({"id": reference.id, "name": reference.name, "type": reference.kind.name()}))
            .collect();
        compact(json!({
            "attributes": self.attributes,
            "id": self.id,
            "migrationVersion": {self.kind.name(): self.kind.migration()},
            "references": references,
            "type": self.kind.name(),
        }))
    }
}

/// The whole export: a line for each object, and the line that counts them.
pub fn export(objects: &[SavedObject]) -> String {
    let mut text = String::new();
    for object in objects {
        text.push_str(&object.line());
        text.push('\n');
    }
    let count = json!({"exportedCount": objects.len(), "missingRefCount": 0, "missingReferences": []});
    text.push_str(&compact(count));
    text.push('\n');
    text
}

/// JSON in one line, keys sorted: also for the attributes that hold JSON in a string.
pub fn compact(value: Value) -> String {
    sorted(value).to_string()
}

/// The same value with the keys of every object in order. Whether `serde_json` sorts them itself depends on a feature
/// that any crate of a build can turn on, and the files must not.
pub fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_line_is_what_kibana_7_10_writes() {
        let object = SavedObject {
            id: "sgflow-classic-x".to_owned(),
            kind: Kind::Search,
            attributes: json!({"title": "x", "hits": 0}),
            references: vec![Reference {
                name: SEARCH_SOURCE_INDEX.to_owned(),
                kind: Kind::IndexPattern,
                id: "sgflow-classic-flows".to_owned(),
            }],
        };
        let expected = concat!(
            r#"{"attributes":{"hits":0,"title":"x"},"id":"sgflow-classic-x","migrationVersion":{"search":"7.9.3"},"#,
            r#""references":[{"id":"sgflow-classic-flows","name":"kibanaSavedObjectMeta.searchSourceJSON.index","#,
            r#""type":"index-pattern"}],"type":"search"}"#
        );
        assert_eq!(object.line(), expected);
        let count = "{\"exportedCount\":1,\"missingRefCount\":0,\"missingReferences\":[]}\n";
        assert_eq!(export(&[object]), format!("{expected}\n{count}"));
    }

    #[test]
    fn keys_are_sorted_at_every_depth() {
        assert_eq!(compact(json!({"b": [{"d": 1, "c": 2}], "a": 0})), r#"{"a":0,"b":[{"c":2,"d":1}]}"#);
    }
}
