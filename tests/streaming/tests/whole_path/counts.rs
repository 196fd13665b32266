//! Records by action, status, group, port and direction: as the simulator tells, and as OpenSearch finds them.
//!
//! Values stand as JSON text (`"ACCEPT"`, `443`, `null`), so a port that became a text would differ from one that is a
//! number.

use serde_json::{Value, json};
use servers::OpenSearch;
use std::collections::{BTreeMap, BTreeSet};

/// Action, status, group, port and direction.
pub type Kind = [String; 5];

/// The names of a schema for these.
pub struct Fields {
    pub action: &'static str,
    pub status: &'static str,
    pub group: &'static str,
    pub port: &'static str,
    pub direction: &'static str,
}

/// Place of the group in a [`Kind`].
const GROUP: usize = 2;

impl Fields {
    /// In the order of a [`Kind`].
    pub fn list(&self) -> [&'static str; 5] {
        [self.action, self.status, self.group, self.port, self.direction]
    }
}

/// The rows of `truth.json`: records that carry exactly these groups.
fn rows(truth: &Value) -> Vec<(Vec<Kind>, u64)> {
    let mut rows = Vec::new();
    for count in truth["counts"].as_array().unwrap() {
        let groups = count["groups"].as_array().unwrap();
        let groups = if groups.is_empty() { vec![Value::Null] } else { groups.clone() };
        let kind = |group: &Value| {
            [&count["action"], &count["status"], group, &count["port"], &count["direction"]].map(Value::to_string)
        };
        rows.push((groups.iter().map(kind).collect(), count["records"].as_u64().unwrap()));
    }
    rows
}

/// A record once for each of its groups.
pub fn of_truth(truth: &Value) -> BTreeMap<Kind, u64> {
    let mut counts = BTreeMap::new();
    for (kinds, records) in rows(truth) {
        for kind in kinds {
            *counts.entry(kind).or_default() += records;
        }
    }
    counts
}

/// Records by one of the five: once for each value, so once for each of its groups, and else once.
pub fn folded(truth: &Value, position: usize) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (kinds, records) in rows(truth) {
        let values: BTreeSet<&String> = kinds.iter().map(|kind| &kind[position]).collect();
        assert!(values.len() == 1 || position == GROUP);
        for value in values {
            *counts.entry(value.clone()).or_default() += records;
        }
    }
    counts
}

/// A search of which every shard answered, in time: what is missing in any other answer is missing in its counts too.
pub fn answer(search: &OpenSearch, indices: &str, query: &Value) -> Value {
    let answer = search.search(indices, query);
    assert_eq!(answer["timed_out"], false, "{answer}");
    let shards = &answer["_shards"];
    assert_eq!(shards["failed"], 0, "{answer}");
    assert!(shards["total"].as_u64().unwrap() > 0 && shards["successful"] == shards["total"], "{answer}");
    answer
}

/// A terms aggregation, with what has no value.
pub fn by_value(search: &OpenSearch, indices: &str, field: &str) -> BTreeMap<String, u64> {
    let query = json!({"size": 0, "aggs": {
        "values": {"terms": {"field": field, "size": 60_000}},
        "none": {"missing": {"field": field}}}});
    let answer = answer(search, indices, &query);
    let found = &answer["aggregations"];
    for part in ["doc_count_error_upper_bound", "sum_other_doc_count"] {
        assert_eq!(found["values"][part], 0, "{field}: not all values were told");
    }
    let mut counts = BTreeMap::new();
    for bucket in found["values"]["buckets"].as_array().unwrap() {
        counts.insert(bucket["key"].to_string(), bucket["doc_count"].as_u64().unwrap());
    }
    let none = found["none"]["doc_count"].as_u64().unwrap();
    if none > 0 {
        counts.insert(Value::Null.to_string(), none);
    }
    counts
}

/// A composite aggregation over all fields, page by page to its end. A record counts once for each value that it has.
pub fn by_all<const N: usize>(search: &OpenSearch, indices: &str, fields: [&str; N]) -> BTreeMap<[String; N], u64> {
    let mut sources = Vec::new();
    for field in fields {
        sources.push(json!({field: {"terms": {"field": field, "missing_bucket": true}}}));
    }
    let mut composite = json!({"size": 500, "sources": sources});
    let mut counts = BTreeMap::new();
    loop {
        let query = json!({"size": 0, "aggs": {"kinds": {"composite": composite}}});
        let answer = answer(search, indices, &query);
        let page = &answer["aggregations"]["kinds"];
        for bucket in page["buckets"].as_array().unwrap() {
            let kind = fields.map(|field| bucket["key"][field].to_string());
            let before = counts.insert(kind, bucket["doc_count"].as_u64().unwrap());
            assert_eq!(before, None, "a combination on two pages: {bucket}");
        }
        if page["after_key"].is_null() {
            return counts;
        }
        composite["after"] = page["after_key"].clone();
    }
}
