//! What OpenSearch's `_bulk` API wants beside documents: a line before each that says what is to become of it, and in which index.

use std::fmt;
use std::str::FromStr;

use crate::decorate::Schema;

/// The longest name of an index, in bytes.
const LONGEST_NAME: usize = 255;

/// The longest `_id` of a document, in bytes (OpenSearch and Elasticsearch, "`_id` field": "limited to 512 bytes in size").
const LONGEST_ID: usize = 512;

/// Characters that the name of an index cannot have.
const FORBIDDEN: &str = "\\/*?\"<>| ,#:";

/// The name of an index or data stream, of a form that OpenSearch takes (Elasticsearch reference, "Create index API", path parameters; the
/// rules of OpenSearch are the same).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexName(String);

impl FromStr for IndexName {
    type Err = String;

    fn from_str(name: &str) -> Result<IndexName, String> {
        let problem = if name.is_empty() {
            "is empty".to_owned()
        } else if name == "." || name == ".." {
            "is no name".to_owned()
        } else if name.starts_with(['-', '_', '+']) {
            "begins with -, _ or +".to_owned()
        } else if name.to_lowercase() != name {
            "is not all lower case".to_owned()
        } else if let Some(character) = name.chars().find(|character| FORBIDDEN.contains(*character)) {
            format!("has {character:?} in it")
        } else if name.len() > LONGEST_NAME {
            format!("is longer than {LONGEST_NAME} bytes")
        } else {
            return Ok(IndexName(name.to_owned()));
        };
        Err(format!("OpenSearch takes no index whose name {problem}; a name is such as sgflow-flows-2026-03-01"))
    }
}

impl fmt::Display for IndexName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl IndexName {
    /// Where documents of flows go if nobody says: data streams that the templates in `dashboards/` are for.
    pub fn of_flows(schema: Schema) -> IndexName {
        let name = match schema {
            Schema::Classic => "sgflow-flows",
            Schema::Ecs => "sgflow-ecs",
        };
        IndexName(name.to_owned())
    }

    /// The line, with its end, that adds the document after it. `create` is the only action that a data stream takes too.
    pub fn create_line(&self) -> Vec<u8> {
        format!("{{\"create\":{{\"_index\":{}}}}}\n", quoted(&self.0)).into_bytes()
    }

    /// The line, with its end, that puts the document after it in the place of an older one with that id.
    pub fn index_line(&self, id: &str) -> Vec<u8> {
        format!("{{\"index\":{{\"_index\":{},\"_id\":{}}}}}\n", quoted(&self.0), quoted(id)).into_bytes()
    }
}

/// Whether a document can have this id.
pub fn is_document_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST_ID
}

fn quoted(text: &str) -> serde_json::Value {
    serde_json::Value::from(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn names_that_opensearch_takes() {
        let longest = "a".repeat(255);
        for name in [
            "sgflow-flows",
            "sgflow-flows-2026-03-01",
            ".hidden",
            "a_b-c+d.e",
            "caf\u{e9}",
            "a\nb",
            "1",
            "...",
            &longest,
        ] {
            assert_eq!(name.parse::<IndexName>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn names_that_opensearch_refuses() {
        let (too_long, too_many_bytes) = ("a".repeat(256), "\u{e9}".repeat(128));
        let names = ["", ".", "..", "-a", "_a", "+a", "Flows", "caf\u{c9}", &too_long, &too_many_bytes];
        for name in names {
            assert!(name.parse::<IndexName>().is_err(), "{name:?}");
        }
        for character in "\\/*?\"<>| ,#:".chars() {
            let message = format!("a{character}b").parse::<IndexName>().unwrap_err();
            assert!(message.contains("in it; "), "{message}");
        }
    }

    #[test]
    fn lines_are_json() {
        let index: IndexName = "sgflow-inventory".parse().unwrap();
        assert_eq!(index.create_line(), b"{\"create\":{\"_index\":\"sgflow-inventory\"}}\n");
        let line = index.index_line("sgr-\"\n\u{e9}");
        let expected = "{\"index\":{\"_index\":\"sgflow-inventory\",\"_id\":\"sgr-\\\"\\n\u{e9}\"}}\n";
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }

    #[test]
    fn ids_are_bounded() {
        assert!(is_document_id("sgr-1") && is_document_id(&"a".repeat(512)));
        assert!(!is_document_id("") && !is_document_id(&"a".repeat(513)));
    }
}
