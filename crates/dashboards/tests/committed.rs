//! The files of `dashboards/` are what the generator makes now, and hang together.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

fn real_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The objects of a file, without the line that counts them.
fn objects(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(real_root().join("dashboards").join(file)).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = lines.pop().unwrap();
    assert_eq!(count["exportedCount"], lines.len(), "{file}");
    lines
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {value}"))
}

fn inner(value: &Value, name: &str) -> Value {
    serde_json::from_str(text(value, name)).unwrap()
}

#[test]
fn committed_files_are_what_the_generator_makes() {
    let made = dashboards::make(&real_root()).unwrap();
    let paths: Vec<&str> = made.iter().map(|file| file.path.as_str()).collect();
    let expected = [
        "dashboards/classic.ndjson",
        "dashboards/data-stream-template.json",
        "dashboards/ecs.ndjson",
        "dashboards/data-stream-template-ecs.json",
    ];
    assert_eq!(paths, expected);
    for file in &made {
        let committed = std::fs::read_to_string(real_root().join(&file.path)).unwrap();
        assert!(committed == file.text, "{} is not what is made from its source; run `make dashboards`", file.path);
    }
    assert_eq!(made, dashboards::make(&real_root()).unwrap(), "equal sources give equal bytes");
}

#[test]
fn ids_are_unique_over_both_files() {
    let mut ids = BTreeSet::new();
    for object in objects("classic.ndjson").iter().chain(&objects("ecs.ndjson")) {
        assert!(ids.insert(text(object, "id").to_owned()), "{} is there twice", object["id"]);
    }
    assert!(ids.contains("sgflow-classic-overview") && ids.contains("sgflow-ecs-rule-usage-unhit-rules"));
}

/// All values under keys that end in `RefName`, also in the JSON that attributes hold as text.
fn reference_names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str() {
                    Some(name) if key.ends_with("RefName") => {
                        assert!(found.insert(name.to_owned()), "{name} is spoken of twice");
                    }
                    Some(text) if key.ends_with("JSON") || key == "visState" => {
                        reference_names(&serde_json::from_str(text).unwrap(), found);
                    }
                    _ => reference_names(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| reference_names(item, found)),
        _ => {}
    }
}

#[test]
fn references_resolve_and_every_one_is_spoken_of() {
    for file in ["classic.ndjson", "ecs.ndjson"] {
        let objects = objects(file);
        let mut before: BTreeMap<&str, &str> = BTreeMap::new();
        for object in &objects {
            let mut named = BTreeSet::new();
            for reference in object["references"].as_array().unwrap() {
                let kind = before.get(text(reference, "id")).copied();
                assert_eq!(kind, Some(text(reference, "type")), "{file}: {} in {}", reference, object["id"]);
                named.insert(text(reference, "name").to_owned());
            }
            let mut spoken = BTreeSet::new();
            reference_names(&object["attributes"], &mut spoken);
            assert_eq!(spoken, named, "{file}: {}", object["id"]);
            before.insert(text(object, "id"), text(object, "type"));
        }
    }
}

#[test]
fn dashboards_have_every_panel_once_and_none_overlap() {
    for file in ["classic.ndjson", "ecs.ndjson"] {
        let objects = objects(file);
        let mut shown = BTreeSet::new();
        let dashboards: Vec<&Value> = objects.iter().filter(|object| object["type"] == "dashboard").collect();
        assert_eq!(dashboards.len(), 4);
        for dashboard in dashboards {
            let mut cells = BTreeSet::new();
            let panels = inner(&dashboard["attributes"], "panelsJSON");
            for panel in panels.as_array().unwrap() {
                let grid = |name: &str| panel["gridData"][name].as_u64().unwrap();
                assert!(grid("x") + grid("w") <= 48);
                for x in grid("x")..grid("x") + grid("w") {
                    for y in grid("y")..grid("y") + grid("h") {
                        assert!(cells.insert((x, y)), "{}: two panels at {x}, {y}", dashboard["id"]);
                    }
                }
                assert!(!text(panel, "title").is_empty());
            }
            for reference in dashboard["references"].as_array().unwrap() {
                assert!(shown.insert(text(reference, "id").to_owned()));
            }
            let height = cells.iter().map(|(_, y)| y + 1).max().unwrap();
            assert_eq!(cells.len() as u64, height * 48, "{} has a hole", dashboard["id"]);
        }
        for object in &objects {
            let kind = text(object, "type");
            if kind == "visualization" || kind == "search" {
                assert!(shown.contains(text(object, "id")), "{} is on no dashboard", object["id"]);
                assert!(!text(&object["attributes"], "description").is_empty());
            }
        }
    }
}

#[test]
fn both_files_hold_the_same_dashboards() {
    let without_schema = |file: &str, schema: &str| -> Vec<String> {
        objects(file).iter().map(|object| text(object, "id").replace(schema, "")).collect()
    };
    assert_eq!(without_schema("classic.ndjson", "sgflow-classic-"), without_schema("ecs.ndjson", "sgflow-ecs-"));
}

/// The fields of one panel, by hand from the contract of field names, as the product will ask for them.
#[test]
fn a_panel_asks_for_the_fields_of_its_schema() {
    let cases = [
        ("classic.ndjson", "sgflow-classic", "security-group-names", "dstport", "action", "@timestamp", "srcaddr"),
        (
            "ecs.ndjson",
            "sgflow-ecs",
            "sgflow.security_group_names",
            "destination.port",
            "aws.vpcflow.action",
            "@timestamp",
            "source.ip",
        ),
    ];
    for (file, prefix, group, port, action, time, source) in cases {
        let objects = objects(file);
        let id = format!("{prefix}-security-groups-rejected-by-group-and-port");
        let panel = objects.iter().find(|object| object["id"] == id.as_str()).unwrap();
        let state = inner(&panel["attributes"], "visState");
        assert_eq!(state["type"], "table");
        let asked: Vec<(&str, Option<&str>)> = state["aggs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|agg| (text(agg, "type"), agg["params"]["field"].as_str()))
            .collect();
        let expected = [
            ("count", None),
            ("cardinality", Some(source)),
            ("max", Some(time)),
            ("terms", Some(group)),
            ("terms", Some(port)),
        ];
        assert_eq!(asked, expected);
        let search = inner(&panel["attributes"]["kibanaSavedObjectMeta"], "searchSourceJSON");
        assert_eq!(search["filter"][0]["query"]["match_phrase"][action], "REJECT");
        assert_eq!(search["filter"][0]["meta"]["key"], action);
    }
}

fn visualization(file: &str, id: &str) -> Value {
    let found = objects(file).into_iter().find(|object| object["id"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {file}"))["attributes"].clone()
}

/// As both products' filter bars write "is not one of": `buildPhrasesFilter`, and the negation in `meta`.
#[test]
fn what_is_none_of_some_values_is_a_negated_filter_of_phrases() {
    for (file, id, field) in [
        ("classic.ndjson", "sgflow-classic-security-groups-directions", "log-status"),
        ("ecs.ndjson", "sgflow-ecs-security-groups-directions", "aws.vpcflow.log_status"),
    ] {
        let search = inner(&visualization(file, id)["kibanaSavedObjectMeta"], "searchSourceJSON");
        let expected = json!([{
            "$state": {"store": "appState"},
            "meta": {
                "alias": null, "disabled": false, "key": field, "negate": true, "type": "phrases",
                "params": ["NODATA", "SKIPDATA"], "value": "NODATA, SKIPDATA",
                "indexRefName": "kibanaSavedObjectMeta.searchSourceJSON.filter[0].meta.index",
            },
            "query": {"bool": {
                "should": [{"match_phrase": {field: "NODATA"}}, {"match_phrase": {field: "SKIPDATA"}}],
                "minimum_should_match": 1,
            }},
        }]);
        assert_eq!(search["filter"], expected, "{id}");
    }
}

/// What has more values than are shown comes first, so that each interval shows the same ones; time lies along the axis
/// all the same.
#[test]
fn time_lies_along_the_axis_whatever_is_asked_first() {
    for (file, id, expected) in [
        (
            "classic.ndjson",
            "sgflow-classic-overview-interface-heat-map",
            [("terms", "group", "interface-id"), ("date_histogram", "segment", "@timestamp")],
        ),
        (
            "ecs.ndjson",
            "sgflow-ecs-rule-usage-requests-over-time",
            [("terms", "group", "sgflow.security_group_rule_ids"), ("date_histogram", "segment", "@timestamp")],
        ),
        (
            "classic.ndjson",
            "sgflow-classic-overview-records-over-time",
            [("date_histogram", "segment", "@timestamp"), ("terms", "group", "action")],
        ),
        (
            "classic.ndjson",
            "sgflow-classic-security-groups-destination-ports",
            [("terms", "segment", "dstport"), ("terms", "group", "action")],
        ),
    ] {
        let state = inner(&visualization(file, id), "visState");
        let slots: Vec<(&str, &str, &str)> = state["aggs"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|agg| agg["schema"] != "metric")
            .map(|agg| (text(agg, "type"), text(agg, "schema"), text(&agg["params"], "field")))
            .collect();
        assert_eq!(slots, expected, "{id}");
    }
}

/// Every text in a Vega spec except its descriptions, which may speak of placeholders.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(map) => {
            for (key, value) in map.iter().filter(|(key, _)| *key != "description") {
                found.push(key);
                texts(value, found);
            }
        }
        _ => {}
    }
}

#[test]
fn specs_are_filled_and_ask_only_what_both_products_can() {
    for file in ["classic.ndjson", "ecs.ndjson"] {
        let mut specs = 0;
        for object in objects(file).iter().filter(|object| object["type"] == "visualization") {
            let state = inner(&object["attributes"], "visState");
            if state["type"] != "vega" {
                continue;
            }
            specs += 1;
            let spec = inner(&state["params"], "spec");
            assert!(text(&spec, "$schema").contains("vega.github.io/schema/vega/v5"), "{}", object["id"]);
            let mut found = Vec::new();
            texts(&spec, &mut found);
            for text in found {
                assert!(!text.contains("{{"), "{}: {text}", object["id"]);
                for of_one_product in ["kibanaAddFilter", "opensearchDashboardsAddFilter", "kibanaSetTimeFilter"] {
                    assert!(!text.contains(of_one_product), "{}: {text}", object["id"]);
                }
            }
        }
        assert_eq!(
            specs, 7,
            "{file}: totals, map, sankey, new-countries, unused-ports, silent-interfaces, unhit-rules"
        );
    }
}

#[test]
fn links_stay_in_the_product_and_lead_to_dashboards_of_the_same_file() {
    for (file, prefix) in [("classic.ndjson", "sgflow-classic-"), ("ecs.ndjson", "sgflow-ecs-")] {
        let objects = objects(file);
        let dashboards: BTreeSet<&str> =
            objects.iter().filter(|object| object["type"] == "dashboard").map(|object| text(object, "id")).collect();
        let mut links = 0;
        for object in objects.iter().filter(|object| object["type"] == "visualization") {
            let state = inner(&object["attributes"], "visState");
            let Some(markdown) = state["params"]["markdown"].as_str() else { continue };
            for link in markdown.split("](").skip(1) {
                let target = link.split(')').next().unwrap();
                let id = target.strip_prefix("#/view/").unwrap_or_else(|| panic!("{target}"));
                assert!(dashboards.contains(id) && id.starts_with(prefix), "{target}");
                links += 1;
            }
        }
        assert_eq!(links, 12, "each of four dashboards links the other three");
    }
}
