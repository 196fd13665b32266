//! A file of saved objects, as `_export` writes it: one JSON object a line, and a last line that counts them.

use serde_json::Value;
use std::path::Path;

/// One saved object.
#[derive(Clone, Debug)]
pub struct Object {
    /// `sgflow-...`.
    pub id: String,
    /// `visualization`, `dashboard`, `search` or `index-pattern`.
    pub kind: String,
    /// The whole line.
    pub line: Value,
}

impl Object {
    /// An attribute.
    pub fn attribute(&self, name: &str) -> &Value {
        &self.line["attributes"][name]
    }

    /// An attribute that is text, or nothing.
    pub fn text(&self, name: &str) -> &str {
        self.attribute(name).as_str().unwrap_or_default()
    }

    /// An attribute that holds JSON as text: `visState`, `panelsJSON`...
    ///
    /// # Errors
    /// If it is no JSON.
    pub fn json(&self, name: &str) -> Result<Value, String> {
        self.parse(self.text(name), name)
    }

    /// `kibanaSavedObjectMeta.searchSourceJSON`.
    ///
    /// # Errors
    /// If it is no JSON.
    pub fn search_source(&self) -> Result<Value, String> {
        let text = self.attribute("kibanaSavedObjectMeta")["searchSourceJSON"].as_str().unwrap_or_default();
        self.parse(text, "searchSourceJSON")
    }

    /// The id that a reference of this name leads to.
    ///
    /// # Errors
    /// If there is none.
    pub fn reference(&self, name: &str) -> Result<&str, String> {
        let references = self.line["references"].as_array().into_iter().flatten();
        for reference in references {
            if reference["name"] == name {
                return Ok(reference["id"].as_str().unwrap_or_default());
            }
        }
        Err(format!("{}: no reference named {name}", self.id))
    }

    fn parse(&self, text: &str, name: &str) -> Result<Value, String> {
        serde_json::from_str(text).map_err(|error| format!("{}: {name}: {error}: {text}", self.id))
    }
}

/// All objects of a file.
#[derive(Clone, Debug)]
pub struct SavedObjects {
    /// In the order of the file.
    pub objects: Vec<Object>,
    /// The last line.
    pub details: Value,
}

impl SavedObjects {
    /// Reads a file.
    ///
    /// # Errors
    /// If a line is no JSON object, or the counting line is not the last.
    pub fn read(path: &Path) -> Result<SavedObjects, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut objects = Vec::new();
        let mut details = Value::Null;
        for (number, line) in text.lines().enumerate() {
            let place = format!("{}:{}", path.display(), number + 1);
            let line: Value = serde_json::from_str(line).map_err(|error| format!("{place}: {error}"))?;
            if !details.is_null() {
                return Err(format!("{place}: a line behind the one that counts"));
            }
            if line.get("exportedCount").is_some() {
                details = line;
                continue;
            }
            let (Some(id), Some(kind)) = (line["id"].as_str(), line["type"].as_str()) else {
                return Err(format!("{place}: without id or type"));
            };
            objects.push(Object { id: id.to_owned(), kind: kind.to_owned(), line });
        }
        Ok(SavedObjects { objects, details })
    }

    /// Those of one type.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Object> {
        self.objects.iter().filter(move |object| object.kind == kind)
    }

    /// One by id.
    ///
    /// # Errors
    /// If it is not there.
    pub fn get(&self, kind: &str, id: &str) -> Result<&Object, String> {
        let found = self.objects.iter().find(|object| object.kind == kind && object.id == id);
        found.ok_or_else(|| format!("no {kind} {id} in the file"))
    }
}
