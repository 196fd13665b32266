//! The templates as files: every field is there, with its type, and no other field is.

use crate::expected::{ADDED, ECS as ECS_FIELDS, INVENTORY as INVENTORY_FIELDS, NUMBERS_AS_TEXT, RECORD, SGFLOW};
use crate::expected::{SGFLOW_RECORD, VPCFLOW};
use crate::template::{CLASSIC, ECS, INVENTORY, leaves, read, types};
use flowlog::Field;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn owned(fields: impl IntoIterator<Item = (String, &'static str)>) -> BTreeMap<String, String> {
    fields.into_iter().map(|(name, kind)| (name, kind.to_owned())).collect()
}

fn named(fields: &[(&'static str, &'static str)]) -> Vec<(String, &'static str)> {
    fields.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect()
}

#[test]
fn classic_has_every_field_of_every_version_with_its_type() {
    let of_versions: BTreeSet<&str> = Field::ALL.iter().map(|field| field.name()).collect();
    let of_table: BTreeSet<&str> = RECORD.iter().map(|(name, _)| *name).collect();
    assert_eq!(of_versions, of_table, "the table in expected.rs does not have the fields that flowlog knows");

    let mut expected = named(&RECORD);
    expected.extend(named(&ADDED));
    expected.extend(NUMBERS_AS_TEXT.map(|name| (name.to_owned(), "keyword")));
    assert_eq!(types(&read(CLASSIC)), owned(expected));
}

#[test]
fn what_aws_types_as_a_number_has_a_place_for_text() {
    let numbers = RECORD.iter().filter(|(_, kind)| ["integer", "long", "date"].contains(kind));
    let places: Vec<String> = numbers.map(|(name, _)| format!("{name}-text")).collect();
    assert_eq!(places, NUMBERS_AS_TEXT);
}

#[test]
fn ecs_has_the_types_of_the_schema_and_of_the_integration() {
    let mut expected = named(&ECS_FIELDS);
    expected.extend(VPCFLOW.map(|(name, kind)| (format!("aws.vpcflow.{name}"), kind)));
    expected.extend(SGFLOW.map(|name| (format!("sgflow.{name}"), "keyword")));
    expected.extend(SGFLOW_RECORD.map(|name| (format!("sgflow.record.{name}"), "keyword")));
    assert_eq!(types(&read(ECS)), owned(expected));
}

#[test]
fn ecs_keeps_what_the_integration_does_not_know() {
    for field in Field::ALL.iter().filter(|field| field.version() > 8) {
        assert!(SGFLOW_RECORD.contains(&field.name().replace('-', "_").as_str()), "{field}");
    }
}

#[test]
fn inventory_has_the_names_of_both_schemas_with_their_types() {
    let inventory = types(&read(INVENTORY));
    assert_eq!(inventory, owned(named(&INVENTORY_FIELDS)));
    // A panel may ask both indices at once: what they share must be of one type.
    for template in [CLASSIC, ECS] {
        for (name, kind) in types(&read(template)) {
            assert!(inventory.get(&name).is_none_or(|here| *here == kind), "{name} is {kind} in {template}");
        }
    }
}

#[test]
fn dates_take_both_forms_and_points_and_times_must_be_right() {
    let classic = leaves(&read(CLASSIC)["template"]["mappings"]);
    for name in ["start", "end"] {
        assert_eq!(classic[name]["format"], "epoch_second||strict_date_optional_time", "{name}");
    }
    for file in [CLASSIC, ECS, INVENTORY] {
        for (name, field) in leaves(&read(file)["template"]["mappings"]) {
            match field["type"].as_str().unwrap() {
                // OpenSearch moves a point that is off the globe onto it where it may overlook what is malformed.
                "geo_point" => assert_eq!(field["ignore_malformed"], json!(false), "{file}: {name}"),
                // The longest term that Lucene takes has 32,766 bytes: 8,191 characters of four.
                "keyword" => assert!(field["ignore_above"].as_u64().unwrap() <= 8191, "{file}: {name}"),
                _ => {}
            }
        }
        let time = &read(file)["template"]["mappings"]["properties"]["@timestamp"];
        assert_eq!(time["format"], "strict_date_optional_time||epoch_millis", "{file}");
        // Data streams demand it.
        assert_eq!(time["ignore_malformed"], json!(false), "{file}");
    }
}

#[test]
fn settings_serve_one_node_and_many() {
    for (file, pattern) in [(CLASSIC, "sgflow-flows-*"), (ECS, "sgflow-ecs-*"), (INVENTORY, "sgflow-inventory*")] {
        let template = read(file);
        assert_eq!(template["index_patterns"], json!([pattern]));
        assert!(template["version"].is_u64() && template["_meta"]["description"].is_string(), "{file}");
        let index = &template["template"]["settings"]["index"];
        assert_eq!(index["number_of_shards"], 1);
        assert_eq!(index["auto_expand_replicas"], "0-1");
        assert_eq!(index["mapping"]["ignore_malformed"], json!(true));
        // What is there at first leaves room for columns that nobody knows yet.
        let fields = types(&template).len() as u64;
        assert!(fields * 3 < index["mapping"]["total_fields"]["limit"].as_u64().unwrap(), "{file}: {fields} fields");
        let mappings = &template["template"]["mappings"];
        assert_eq!((&mappings["date_detection"], &mappings["numeric_detection"]), (&json!(false), &json!(false)));
        let dynamic: Vec<&Value> = mappings["dynamic_templates"].as_array().unwrap().iter().collect();
        let kinds: BTreeSet<&str> = dynamic
            .iter()
            .map(|one| one.as_object().unwrap().values().next().unwrap()["match_mapping_type"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, BTreeSet::from(["string", "long", "double", "boolean"]), "{file}");
    }
}
