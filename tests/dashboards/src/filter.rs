//! The query that a panel's own filters and query make, as the filter bar sends them.

use serde_json::{Value, json};

/// The clauses of a `bool` query.
#[derive(Debug, Default)]
pub(crate) struct Clauses {
    pub must: Vec<Value>,
    pub filter: Vec<Value>,
    pub must_not: Vec<Value>,
}

impl Clauses {
    /// From `searchSourceJSON`. Anything that is not known here is an error: it would be a panel that nobody has tested.
    pub fn of(source: &Value) -> Result<Clauses, String> {
        let mut clauses = Clauses::default();
        let text = source["query"]["query"].as_str().unwrap_or_default();
        if !text.is_empty() {
            return Err(format!("a query in a query language: `{text}`; use filters"));
        }
        for filter in source["filter"].as_array().into_iter().flatten() {
            let meta = &filter["meta"];
            if meta["disabled"] == true {
                continue;
            }
            let clause = clause(filter)?;
            same_in_filter_bar(meta, &clause)?;
            if meta["negate"] == true {
                clauses.must_not.push(clause);
            } else {
                clauses.filter.push(clause);
            }
        }
        Ok(clauses)
    }

    /// As `bool` query.
    pub fn query(self) -> Value {
        json!({"bool": {"must": self.must, "filter": self.filter, "should": [], "must_not": self.must_not}})
    }
}

/// What the filter bar shows (`meta`) is what is asked. Both products write them together (`buildPhraseFilter`, `buildPhrasesFilter`,
/// `buildExistsFilter`), show the one and send the other; a negation stands in `meta` alone.
fn same_in_filter_bar(meta: &Value, clause: &Value) -> Result<(), String> {
    let field = meta["key"].as_str().unwrap_or_default();
    let phrase = |value: &Value| json!({"match_phrase": {field: value}});
    let shown = match meta["type"].as_str().unwrap_or_default() {
        "phrase" => phrase(&meta["params"]["query"]),
        "phrases" => {
            let values = meta["params"].as_array().map_or(&[][..], Vec::as_slice);
            let names: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            if meta["value"] != names.join(", ") {
                return Err(format!("a filter on {field} that is shown as {} and means {names:?}", meta["value"]));
            }
            let any: Vec<Value> = values.iter().map(phrase).collect();
            json!({"bool": {"should": any, "minimum_should_match": 1}})
        }
        "exists" => json!({"exists": {"field": field}}),
        other => return Err(format!("a filter of a type that is not known here: {other}")),
    };
    if shown != *clause {
        return Err(format!("a filter that shows {shown} and asks {clause}"));
    }
    Ok(())
}

/// The filter without its `meta` and `$state`: `query`, or `exists` and `range`, which stand beside `meta` in 7.10 exports.
fn clause(filter: &Value) -> Result<Value, String> {
    if let Some(query) = filter.get("query") {
        return Ok(query.clone());
    }
    for form in ["exists", "range", "match_all", "bool"] {
        if let Some(body) = filter.get(form) {
            return Ok(json!({form: body}));
        }
    }
    Err(format!("a filter of unknown form: {filter}"))
}
