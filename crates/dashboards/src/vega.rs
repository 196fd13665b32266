//! Vega specs: pictures that no visualisation type draws, with placeholders for what differs between the schemas.
//!
//! `{{port}}` in a text (also in a key) becomes the field, `{{flows}}` and `{{inventory}}` the index patterns. A text
//! that is nothing but `{{NAME}}`, where `NAME` is another file of the folder, becomes what that file holds: so that
//! coastlines are kept once.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde_json::{Map, Value};

use crate::field::Names;
use crate::schema::Index;

/// The files of `dashboards/source/vega/`, by their names without `.json`.
#[derive(Debug, Default)]
pub struct Specs {
    by_name: BTreeMap<String, Value>,
}

/// Where specs are, for errors.
const FOLDER: &str = "dashboards/source/vega";

impl Specs {
    /// Adds the text of `NAME.json`.
    pub fn add(&mut self, name: &str, text: &str) -> anyhow::Result<()> {
        let value = serde_json::from_str(text).with_context(|| format!("{FOLDER}/{name}.json"))?;
        self.by_name.insert(name.to_owned(), value);
        Ok(())
    }

    /// A spec with its placeholders filled for one schema.
    ///
    /// # Errors
    ///
    /// No such spec, an unknown placeholder, a field that neither index has.
    pub fn filled(&self, name: &str, names: &Names<'_>) -> anyhow::Result<Value> {
        let Some(spec) = self.by_name.get(name) else {
            let known: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
            bail!("there is no spec {FOLDER}/{name}.json; write it, or name one of: {}", known.join(", "));
        };
        self.fill(spec, names).with_context(|| format!("{FOLDER}/{name}.json"))
    }

    fn fill(&self, value: &Value, names: &Names<'_>) -> anyhow::Result<Value> {
        match value {
            Value::String(text) => {
                if let Some(other) = self.file_named_by(text) {
                    return Ok(other.clone());
                }
                Ok(Value::String(fill_text(text, names)?))
            }
            Value::Array(items) => {
                let filled: anyhow::Result<Vec<Value>> = items.iter().map(|item| self.fill(item, names)).collect();
                Ok(Value::Array(filled?))
            }
            Value::Object(map) => {
                let mut filled = Map::new();
                for (key, value) in map {
                    filled.insert(fill_text(key, names)?, self.fill(value, names)?);
                }
                Ok(Value::Object(filled))
            }
            other => Ok(other.clone()),
        }
    }

    fn file_named_by(&self, text: &str) -> Option<&Value> {
        let name = text.strip_prefix("{{")?.strip_suffix("}}")?;
        self.by_name.get(name.trim())
    }
}

fn fill_text(text: &str, names: &Names<'_>) -> anyhow::Result<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else {
            bail!("`{{{{` without `}}}}` in `{text}`; close the placeholder");
        };
        out.push_str(before);
        out.push_str(&placeholder(name.trim(), names)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn placeholder(name: &str, names: &Names<'_>) -> anyhow::Result<String> {
    match name {
        "flows" => return Ok(names.schema.index_title(Index::Flows).to_owned()),
        "inventory" => return Ok(names.schema.index_title(Index::Inventory).to_owned()),
        _ => {}
    }
    if names.fields.get(name).is_none() {
        bail!(
            "unknown placeholder `{{{{{name}}}}}`; it must be flows, inventory, \
             a file of the folder or a field of fields.toml"
        );
    }
    // A spec may ask both indices, and names one logical field in both: it must be in one of them at least.
    match names.field(name, Index::Flows) {
        Ok(field) => Ok(field.name),
        Err(_) => Ok(names.field(name, Index::Inventory)?.name),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::field::Fields;
    use crate::saved_object::compact;
    use crate::schema::Schema;
    use crate::template::Template;

    #[test]
    fn placeholders_become_fields_patterns_and_files() {
        let fields = r#"
            port = { label = "Port", classic = "dstport", ecs = "destination.port" }
            rule_text = { label = "Rule", classic = "rule-text", ecs = "rule-text" }
        "#;
        let template = |properties: &str| {
            let text = format!(r#"{{"template": {{"mappings": {{"properties": {{{properties}}}}}}}}}"#);
            Template::read(&text, "t.json").unwrap()
        };
        let flows =
            template(r#""dstport": {"type": "integer"}, "destination": {"properties": {"port": {"type": "long"}}}"#);
        let inventory = template(r#""rule-text": {"type": "keyword"}"#);
        let fields = Fields::read(fields, "fields.toml").unwrap();
        let mut specs = Specs::default();
        specs.add("coast", r#"{"scale": [0.09289990103251805], "about": "goes where {{coast}} stands"}"#).unwrap();
        specs
            .add(
                "spec",
                r#"{"i": ["{{flows}}", "{{inventory}}"], "{{port}}": "x {{ port }}-{{rule_text}}", "c": "{{coast}}"}"#,
            )
            .unwrap();

        let names = Names { schema: Schema::Ecs, fields: &fields, flows: &flows, inventory: &inventory };
        assert_eq!(
            compact(specs.filled("spec", &names).unwrap()),
            concat!(
                r#"{"c":{"about":"goes where {{coast}} stands","scale":[0.09289990103251805]},"#,
                r#""destination.port":"x destination.port-rule-text","i":["sgflow-ecs*","sgflow-inventory*"]}"#
            )
        );
    }
}
