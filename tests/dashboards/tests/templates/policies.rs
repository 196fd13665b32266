//! The policies have the form that the documentation of Index State Management gives (OpenSearch documentation,
//! "Policies"). The plugin itself comes with the full distributions only, so no test can run them.

use crate::template::read;
use serde_json::{Map, Value, json};
use stack::Schema;
use std::collections::BTreeSet;

const DAILY: &str = "ism-policy-daily.json";
const STREAM: &str = "ism-policy-stream.json";

fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

fn states(policy: &Value) -> &Vec<Value> {
    policy["states"].as_array().unwrap()
}

#[test]
fn states_actions_and_transitions_are_those_of_the_documentation() {
    for file in [DAILY, STREAM] {
        let file_content = read(file);
        assert_eq!(keys(&file_content), BTreeSet::from(["policy"]), "{file}");
        let policy = &file_content["policy"];
        assert_eq!(keys(policy), BTreeSet::from(["description", "default_state", "states", "ism_template"]), "{file}");
        let names: BTreeSet<&str> = states(policy).iter().map(|state| state["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), states(policy).len(), "{file}: two states of one name");
        assert!(names.contains(policy["default_state"].as_str().unwrap()), "{file}");
        for state in states(policy) {
            assert_eq!(keys(state), BTreeSet::from(["name", "actions", "transitions"]), "{file}");
            for action in state["actions"].as_array().unwrap() {
                check_action(action);
            }
            for transition in state["transitions"].as_array().unwrap() {
                assert_eq!(keys(transition), BTreeSet::from(["state_name", "conditions"]), "{file}");
                assert!(names.contains(transition["state_name"].as_str().unwrap()), "{file}");
                let conditions = keys(&transition["conditions"]);
                // The plugin takes one condition a transition.
                assert_eq!(conditions.len(), 1, "{file}");
                let known = BTreeSet::from(["min_index_age", "min_rollover_age", "min_doc_count", "min_size", "cron"]);
                assert!(conditions.is_subset(&known), "{file}: {conditions:?}");
            }
        }
    }
}

fn check_action(action: &Value) {
    let known = match keys(action).into_iter().next() {
        Some("rollover") => {
            ["min_index_age", "min_primary_shard_size", "min_size", "min_doc_count", "copy_alias"].as_slice()
        }
        Some("delete") => [].as_slice(),
        other => panic!("an action that no test knows: {other:?}"),
    };
    assert_eq!(action.as_object().map(Map::len), Some(1));
    let options = action.as_object().unwrap().values().next().unwrap();
    assert!(keys(options).iter().all(|option| known.contains(option)), "{action}");
}

#[test]
fn daily_indices_are_deleted_after_thirty_days_and_nothing_else_happens_to_them() {
    let policy = &read(DAILY)["policy"];
    let actions: Vec<&Value> = states(policy).iter().flat_map(|state| state["actions"].as_array().unwrap()).collect();
    assert_eq!(actions, [&json!({"delete": {}})]);
    assert_eq!(states(policy)[0]["transitions"][0]["conditions"], json!({"min_index_age": "30d"}));
}

#[test]
fn streams_roll_over_and_each_part_is_kept_for_thirty_days_from_then() {
    let policy = &read(STREAM)["policy"];
    let rollover = json!({"rollover": {"min_index_age": "1d", "min_primary_shard_size": "30gb"}});
    assert_eq!(states(policy)[0]["actions"], json!([rollover]));
    // Not by age: that would be counted from the first record, and the part that is written to must never go.
    assert_eq!(states(policy)[0]["transitions"][0]["conditions"], json!({"min_rollover_age": "30d"}));
}

/// What a pattern with one `*` at its end, or none, matches.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

#[test]
fn each_index_has_one_policy() {
    let patterns = |file: &str| -> Vec<String> {
        let found = read(file)["policy"]["ism_template"].take();
        let lists = found.as_array().unwrap().iter().flat_map(|one| one["index_patterns"].as_array().unwrap().clone());
        lists.map(|pattern| pattern.as_str().unwrap().to_owned()).collect()
    };
    let (daily, stream) = (patterns(DAILY), patterns(STREAM));
    let has = |patterns: &[String], name: &str| patterns.iter().any(|pattern| matches(pattern, name));
    for schema in Schema::ALL {
        let day = schema.day_index("2026-03-01");
        assert!(has(&daily, &day) && !has(&stream, &day), "{day}");
        // The plugin goes by the name of the data stream; some versions by that of the backing index.
        let backing = format!(".ds-{}-000001", schema.data_stream());
        for name in [schema.data_stream(), backing.as_str()] {
            assert!(has(&stream, name) && !has(&daily, name), "{name}");
        }
    }
    assert!(
        !has(&daily, stack::INVENTORY_INDEX) && !has(&stream, stack::INVENTORY_INDEX),
        "inventory is not deleted by age"
    );
}
