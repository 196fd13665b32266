//! The one question that shows that it works: accepted and rejected records of the day, by security group.

use crate::day::Day;
use serde_json::{Value, json};
use servers::OpenSearch;
use stack::Schema;

/// Asks it, prints what a person types to ask the same, and the answer.
pub fn ask(server: &OpenSearch, day: Day) {
    let actions = json!({"terms": {"field": "action"}});
    let body = json!({
        "size": 0,
        "track_total_hits": true,
        "query": {"range": {"@timestamp": {"gte": day.start.to_string(), "lt": day.end.to_string()}}},
        "aggs": {
            "actions": actions,
            "groups": {"terms": {"field": "security-group-names", "size": 100}, "aggs": {"actions": actions}}
        }
    });
    let pattern = Schema::Classic.pattern();
    let answer = server.search(pattern, &body);
    println!("\nAsk it");
    println!("  curl -s '{}/{pattern}/_search?pretty' -H 'content-type: application/json' -d '{body}'", server.url());
    println!("\nThe answer in short");
    let (all, found) = (&answer["hits"]["total"]["value"], &answer["aggregations"]);
    println!("  {:10} {all:>8} records {}", "the day", in_words(&found["actions"]));
    for group in list(&found["groups"]["buckets"]) {
        println!("  {:10} {:>8} records {}", text(&group["key"]), group["doc_count"], in_words(&group["actions"]));
    }
}

/// `ACCEPT 172417 REJECT 27583`
fn in_words(actions: &Value) -> String {
    let mut words = Vec::new();
    for action in list(&actions["buckets"]) {
        words.push(format!("{} {}", text(&action["key"]), action["doc_count"]));
    }
    words.join(" ")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
