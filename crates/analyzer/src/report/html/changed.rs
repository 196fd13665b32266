//! What has changed since an earlier report: the lists of [`Changes`], whichever it has.

use super::shown;
use crate::report::baseline::Changes;
use serde_json::Value;

/// At most so many entries of a list are shown.
const LISTED: usize = 100;
/// The lists that the page has words for, in the order of reading; others stand behind them under their own names.
const LISTS: [(&str, &str); 7] = [
    ("newly_unused", "Newly unused or redundant"),
    ("newly_used", "Newly used"),
    ("other_verdicts", "Judged differently"),
    ("new_rules", "New rules"),
    ("gone_rules", "Rules that are gone"),
    ("new_groups", "New groups"),
    ("gone_groups", "Groups that are gone"),
];

/// One list.
pub struct ChangeList {
    pub title: String,
    pub count: usize,
    pub entries: Vec<String>,
    pub more: usize,
}

/// The lists that hold anything; each entry in one line.
pub fn lists(changes: &Changes) -> Vec<ChangeList> {
    // What cannot be written as JSON has no lists.
    let value = serde_json::to_value(changes).unwrap_or_default();
    let Value::Object(mut fields) = value else { return Vec::new() };
    let mut lists = Vec::new();
    for (key, title) in LISTS {
        if let Some(Value::Array(entries)) = fields.remove(key) {
            lists.push((title.to_owned(), entries));
        }
    }
    for (key, value) in fields {
        if let Value::Array(entries) = value {
            lists.push((shown(&key.replace('_', " ")), entries));
        }
    }
    lists.retain(|(_, entries)| !entries.is_empty());
    lists
        .into_iter()
        .map(|(title, entries)| ChangeList {
            title,
            count: entries.len(),
            more: entries.len().saturating_sub(LISTED),
            entries: entries.iter().take(LISTED).map(in_words).collect(),
        })
        .collect()
}

/// What an entry says: group, rule and verdicts in the order of reading, then whatever else it holds.
fn in_words(entry: &Value) -> String {
    let Value::Object(fields) = entry else { return value_in_words(entry) };
    let field = |key: &str| fields.get(key).map(value_in_words).filter(|words| !words.is_empty());
    let mut words: Vec<String> = Vec::new();
    words.extend(["group_name", "group_id", "direction", "rule", "rule_id"].iter().filter_map(|key| field(key)));
    match (field("from"), field("to")) {
        (Some(from), Some(to)) => words.push(format!("{from} → {to}")),
        (Some(only), None) | (None, Some(only)) => words.push(only),
        (None, None) => {}
    }
    words.join(" · ")
}

fn value_in_words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => shown(text),
        Value::Array(items) => items.iter().map(value_in_words).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => fields.values().map(value_in_words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_entry_reads_from_group_to_verdicts() {
        let entry = json!({
            "direction": "ingress", "from": "used", "group_id": "sg-1", "group_name": "we\u{1b}b", "rule": "tcp 22 from 0.0.0.0/0",
            "rule_id": "sgr-1", "to": "unused",
        });
        assert_eq!(in_words(&entry), "we\\x1bb · sg-1 · ingress · tcp 22 from 0.0.0.0/0 · sgr-1 · used → unused");
        assert_eq!(in_words(&json!({"group_id": "sg-1", "group_name": "", "from": null, "to": "used"})), "sg-1 · used");
    }
}
