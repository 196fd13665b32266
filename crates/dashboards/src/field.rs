//! Logical field names: one name in the sources for what the two schemas call differently.
//!
//! `dashboards/source/fields.toml`:
//!
//! ```toml
//! [port]
//! label = "Destination port"
//! classic = "dstport"
//! ecs = "destination.port"
//! format = "plain"
//! ```

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::schema::{Index, Schema};
use crate::template::Template;

/// One logical field.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogicalField {
    /// what a person calls it: the head of a column, the name of a control
    pub label: String,
    /// the field in classic documents
    pub classic: String,
    /// the field in ECS documents
    pub ecs: String,
    /// every value that documents have in it, where these are few and known; none where nobody can say
    #[serde(default)]
    pub values: Vec<String>,
    /// how its numbers are shown, if not as numbers with thousands separators
    pub format: Option<NumberFormat>,
}

/// How the numbers of a field are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberFormat {
    /// as kB, MB
    Bytes,
    /// digits alone: a port is 50051, not 50,051
    Plain,
}

/// `fields.toml`.
#[derive(Debug, Clone)]
pub struct Fields {
    by_name: BTreeMap<String, LogicalField>,
}

impl Fields {
    /// Reads the text of `fields.toml`; `file` is named in errors.
    pub fn read(text: &str, file: &str) -> anyhow::Result<Fields> {
        let by_name = toml::from_str(text).with_context(|| file.to_owned())?;
        Ok(Fields { by_name })
    }

    /// Every logical field with its name, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &LogicalField)> {
        self.by_name.iter().map(|(name, field)| (name.as_str(), field))
    }

    /// The logical field of that name.
    pub fn get(&self, name: &str) -> Option<&LogicalField> {
        self.by_name.get(name)
    }
}

impl LogicalField {
    /// Its name in documents of that schema.
    pub fn in_schema(&self, schema: Schema) -> &str {
        match schema {
            Schema::Classic => &self.classic,
            Schema::Ecs => &self.ecs,
        }
    }
}

/// A field as the documents of one schema have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// `dstport`
    pub name: String,
    /// `Destination port`
    pub label: String,
    /// the type in the index template: `keyword`, `ip`, `long`...
    pub kind: String,
    /// every value there is, if these are few and known
    pub values: Vec<String>,
}

impl Field {
    /// Whether "no value" can be a bucket of its own. Both products send the text `__missing__` for it, which only a
    /// keyword can be.
    pub fn can_be_missing_bucket(&self) -> bool {
        self.kind == "keyword"
    }

    /// Whether values can be added up.
    pub fn is_number(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "long"
                | "integer"
                | "short"
                | "byte"
                | "unsigned_long"
                | "double"
                | "float"
                | "half_float"
                | "scaled_float"
        )
    }

    /// Whether it is a time.
    pub fn is_date(&self) -> bool {
        matches!(self.kind.as_str(), "date" | "date_nanos")
    }

    /// Whether its values can be the terms of a split or the options of a control.
    pub fn has_terms(&self) -> bool {
        self.is_number() || matches!(self.kind.as_str(), "keyword" | "ip" | "boolean")
    }
}

/// One schema's view of everything that a panel may name: logical fields, and the templates that say whether they
/// exist.
#[derive(Debug)]
pub struct Names<'a> {
    /// the schema
    pub schema: Schema,
    /// `fields.toml`
    pub fields: &'a Fields,
    /// the template of the flow documents
    pub flows: &'a Template,
    /// the template of the inventory documents
    pub inventory: &'a Template,
}

impl Names<'_> {
    /// The template of an index.
    pub fn template(&self, index: Index) -> &Template {
        match index {
            Index::Flows => self.flows,
            Index::Inventory => self.inventory,
        }
    }

    /// The field that a logical name means in an index.
    ///
    /// # Errors
    ///
    /// A logical name that `fields.toml` does not have; a field that the index's template does not have.
    pub fn field(&self, name: &str, index: Index) -> anyhow::Result<Field> {
        let Some(logical) = self.fields.get(name) else {
            bail!("unknown field `{name}`; name one of dashboards/source/fields.toml, or add it there");
        };
        let in_schema = logical.in_schema(self.schema);
        let template = self.template(index);
        let Some(kind) = template.field_type(in_schema) else {
            bail!(
                "field `{name}` is `{in_schema}`, which {} does not have; add it there or correct fields.toml",
                template.file()
            );
        };
        Ok(Field {
            name: in_schema.to_owned(),
            label: logical.label.clone(),
            kind: kind.to_owned(),
            values: logical.values.clone(),
        })
    }
}
