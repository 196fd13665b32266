//! The form of the saved objects: what Kibana 7.10 exports, complete in itself, and every panel that is asked for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dashboards_test::{Object, SavedObjects};
use serde_json::{Value, json};
use stack::Schema;
use std::collections::{BTreeMap, BTreeSet};

fn both() -> Vec<(Schema, SavedObjects)> {
    Schema::ALL.map(|schema| (schema, SavedObjects::read(&schema.saved_objects()).unwrap())).to_vec()
}

/// Type, migration version and attributes of a 7.10 export: Kibana's saved object types as of 7.10 (`src/plugins/*/server/saved_objects`).
const TYPES: [(&str, &str, &[&str]); 4] = [
    ("index-pattern", "7.6.0", &["fields", "title"]),
    (
        "visualization",
        "7.10.0",
        &["description", "kibanaSavedObjectMeta", "title", "uiStateJSON", "version", "visState"],
    ),
    ("search", "7.9.3", &["columns", "description", "hits", "kibanaSavedObjectMeta", "sort", "title", "version"]),
    (
        "dashboard",
        "7.9.3",
        &[
            "description",
            "hits",
            "kibanaSavedObjectMeta",
            "optionsJSON",
            "panelsJSON",
            "refreshInterval",
            "timeFrom",
            "timeRestore",
            "timeTo",
            "title",
            "version",
        ],
    ),
];

#[test]
fn objects_have_the_form_of_a_7_10_export() {
    for (_, objects) in both() {
        for object in &objects.objects {
            let (_, version, attributes) =
                TYPES.iter().find(|(kind, _, _)| *kind == object.kind).unwrap_or_else(|| panic!("{}", object.kind));
            let keys: Vec<&String> = object.line.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["attributes", "id", "migrationVersion", "references", "type"], "{}", object.id);
            assert_eq!(object.line["migrationVersion"], json!({&*object.kind: version}), "{}", object.id);
            let mut there: BTreeSet<&str> =
                object.line["attributes"].as_object().unwrap().keys().map(String::as_str).collect();
            // Only where there is one: the inventory has no time field, since an undated snapshot has no time.
            for optional in ["timeFieldName", "fieldFormatMap"] {
                there.remove(optional);
            }
            assert_eq!(there, attributes.iter().copied().collect(), "{}", object.id);
            assert!(!object.text("title").is_empty(), "{}", object.id);
        }
        let details = json!({"exportedCount": objects.objects.len(), "missingRefCount": 0, "missingReferences": []});
        assert_eq!(objects.details, details);
    }
}

/// The time range of a dashboard reaches the flows and not the inventory.
#[test]
fn flows_have_a_time_field() {
    for (schema, objects) in both() {
        let time_of = |name: &str| {
            let id = format!("sgflow-{}-{name}", schema.name());
            objects.get("index-pattern", &id).unwrap().text("timeFieldName").to_owned()
        };
        assert_eq!(time_of("flows"), "@timestamp");
        assert_eq!(time_of("inventory"), "");
    }
}

#[test]
fn what_is_json_in_a_string_is_json() {
    for (_, objects) in both() {
        for object in &objects.objects {
            match object.kind.as_str() {
                "index-pattern" => {
                    let fields = object.json("fields").unwrap();
                    for field in fields.as_array().unwrap() {
                        for key in
                            ["name", "type", "searchable", "aggregatable", "readFromDocValues", "count", "scripted"]
                        {
                            assert!(field.get(key).is_some(), "{}: {key} of {field}", object.id);
                        }
                    }
                }
                "visualization" => {
                    let state = object.json("visState").unwrap();
                    assert!(state["aggs"].is_array() && state["params"].is_object(), "{}", object.id);
                    assert_eq!(state["title"], object.text("title"), "{}", object.id);
                    assert!(object.json("uiStateJSON").unwrap().is_object());
                    assert!(object.search_source().unwrap().is_object());
                }
                "search" => assert!(object.search_source().unwrap().is_object()),
                _ => {
                    assert!(object.json("optionsJSON").unwrap().is_object());
                    assert!(object.json("panelsJSON").unwrap().is_array());
                }
            }
        }
    }
}

#[test]
fn ids_are_unique_over_both_files() {
    let mut seen = BTreeSet::new();
    for (schema, objects) in both() {
        for object in objects.objects {
            let prefix = format!("sgflow-{}-", schema.name());
            assert!(object.id.starts_with(&prefix), "{}", object.id);
            // Kibana 8 gives one id to one object in all spaces and of all types.
            assert!(seen.insert(object.id.clone()), "{} is there twice", object.id);
        }
    }
}

/// Names of references that JSON speaks of: values of `indexRefName`, `panelRefName`, `indexPatternRefName`.
fn named_references(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| named_references(item, names)),
        Value::Object(parts) => {
            for (key, part) in parts {
                match part {
                    Value::String(name) if key.ends_with("RefName") => {
                        names.insert(name.clone());
                    }
                    _ => named_references(part, names),
                }
            }
        }
        // JSON in a string.
        Value::String(text) if text.starts_with(['{', '[']) => {
            if let Ok(inner) = serde_json::from_str(text) {
                named_references(&inner, names);
            }
        }
        _ => {}
    }
}

#[test]
fn references_resolve_and_all_of_them_are_used() {
    for (_, objects) in both() {
        for object in &objects.objects {
            let mut spoken_of = BTreeSet::new();
            named_references(&object.line["attributes"], &mut spoken_of);
            let mut given = BTreeSet::new();
            for reference in object.line["references"].as_array().unwrap() {
                let (kind, id) = (reference["type"].as_str().unwrap(), reference["id"].as_str().unwrap());
                objects.get(kind, id).unwrap_or_else(|error| panic!("{}: {error}", object.id));
                given.insert(reference["name"].as_str().unwrap().to_owned());
            }
            assert_eq!(spoken_of, given, "{}", object.id);
        }
    }
}

#[test]
fn every_panel_says_what_it_shows() {
    for (_, objects) in both() {
        for object in objects.objects.iter().filter(|object| object.kind != "index-pattern") {
            let description = object.text("description");
            assert!(description.len() > 10 && description.ends_with('.'), "{}: {description:?}", object.id);
        }
    }
}

fn panels_of<'a>(objects: &'a SavedObjects, dashboard: &Object) -> Vec<&'a Object> {
    let mut panels = Vec::new();
    for reference in dashboard.line["references"].as_array().unwrap() {
        let (kind, id) = (reference["type"].as_str().unwrap(), reference["id"].as_str().unwrap());
        panels.push(objects.get(kind, id).unwrap());
    }
    panels
}

#[test]
fn every_object_is_on_a_dashboard() {
    for (_, objects) in both() {
        let mut shown = BTreeSet::new();
        for dashboard in objects.of_type("dashboard") {
            shown.extend(panels_of(&objects, dashboard).iter().map(|panel| panel.id.clone()));
        }
        for kind in ["visualization", "search"] {
            for object in objects.of_type(kind) {
                assert!(shown.contains(&object.id), "nobody sees {}", object.id);
            }
        }
    }
}

#[test]
fn panels_lie_beside_each_other_on_the_grid() {
    for (_, objects) in both() {
        for dashboard in objects.of_type("dashboard") {
            let mut taken: BTreeMap<(u64, u64), String> = BTreeMap::new();
            for panel in dashboard.json("panelsJSON").unwrap().as_array().unwrap() {
                let place = &panel["gridData"];
                let side = |name: &str| place[name].as_u64().unwrap();
                assert_eq!(place["i"], panel["panelIndex"]);
                assert!(side("w") > 0 && side("h") > 0 && side("x") + side("w") <= 48, "{panel}");
                for x in side("x")..side("x") + side("w") {
                    for y in side("y")..side("y") + side("h") {
                        let before = taken.insert((x, y), panel["panelIndex"].to_string());
                        assert_eq!(before, None, "{} and {} overlap", panel["panelIndex"], dashboard.id);
                    }
                }
            }
        }
    }
}

/// The dashboards, and every panel that each must have: all that were promised, and what was added since.
const PROMISED: [(&str, &[&str]); 4] = [
    (
        "security-groups",
        &[
            "controls",
            "how-to-read",
            "accepted-by-group",
            "rejected-by-group",
            "actions",
            "protocols",
            "directions",
            "destination-ports",
            "source-addresses",
            "rejected-by-group-and-port",
            "2017",
            "2017-security-group-ids",
            "2017-destination-ports",
            "2017-source-addresses",
            "2017-accept-or-reject",
            "2017-protocol-numbers",
            "2017-inbound-or-outbound",
            "2017-raw-records",
        ],
    ),
    (
        "overview",
        &[
            "controls",
            "how-to-read",
            "totals",
            "plain-totals",
            "records-over-time",
            "bytes-over-time",
            "top-talkers-sources",
            "top-talkers-destinations",
            "requests-and-replies",
            "source-countries",
            "destination-countries",
            "map",
            "sankey",
            "source-owners",
            "destination-owners",
            "source-aws-services",
            "destination-aws-services",
            "interface-heat-map",
        ],
    ),
    (
        "threats",
        &[
            "controls",
            "how-to-read",
            "hits-from-over-time",
            "hits-to-over-time",
            "hits-from-by-list",
            "hits-from",
            "hits-to-by-list",
            "hits-to",
            "rejected-scans",
            "new-countries",
            "unused-ports",
            "silent-interfaces",
            "no-data-by-interface",
            "log-status-over-time",
            "ambiguous-by-protocol",
            "direction-unknown",
            "group-unknown",
        ],
    ),
    (
        "rule-usage",
        &[
            "controls",
            "how-to-read",
            "rules-by-requests",
            "rules-by-bytes",
            "requests-over-time",
            "last-seen",
            "unhit-rules",
            "inventory-rules",
            "inventory-groups",
        ],
    ),
];

#[test]
fn every_promised_panel_is_there() {
    for (schema, objects) in both() {
        for (board, panels) in PROMISED {
            let id = format!("sgflow-{}-{board}", schema.name());
            let dashboard = objects.get("dashboard", &id).unwrap();
            let there: BTreeSet<String> = panels_of(&objects, dashboard).iter().map(|panel| panel.id.clone()).collect();
            let promised: BTreeSet<String> = panels.iter().map(|panel| format!("{id}-{panel}")).collect();
            // A new panel gets its line here, and its meaning in `panels/meaning.rs`.
            let panels: BTreeSet<String> =
                there.into_iter().filter(|id| !id.ends_with("-flows") && !id.ends_with("-inventory")).collect();
            assert_eq!(panels, promised);
        }
        assert_eq!(objects.of_type("dashboard").count(), PROMISED.len());
    }
}

/// On every dashboard one chooses group, account, VPC, interface and port: fields of the two schemas, by hand.
#[test]
fn every_dashboard_has_its_controls() {
    for (schema, objects) in both() {
        let fields = match schema {
            Schema::Classic => ["security-group-names", "account-id", "vpc-id", "interface-id", "dstport"],
            Schema::Ecs => [
                "sgflow.security_group_names",
                "cloud.account.id",
                "aws.vpcflow.vpc_id",
                "aws.vpcflow.interface_id",
                "destination.port",
            ],
        };
        for dashboard in objects.of_type("dashboard") {
            let mut offered = Vec::new();
            for panel in panels_of(&objects, dashboard).iter().filter(|panel| panel.kind == "visualization") {
                let state = panel.json("visState").unwrap();
                for control in state["params"]["controls"].as_array().into_iter().flatten() {
                    offered.push(control["fieldName"].as_str().unwrap().to_owned());
                }
            }
            assert_eq!(offered, fields, "{}", dashboard.id);
        }
    }
}

/// Types that OpenSearch Dashboards 2 and 3 and Kibana 7.10 to 9 have, and of the 2017 panels only those that filter with a click.
#[test]
fn only_types_that_all_products_have() {
    let everywhere = [
        "metric",
        "pie",
        "histogram",
        "line",
        "area",
        "horizontal_bar",
        "table",
        "heatmap",
        "markdown",
        "input_control_vis",
        "vega",
    ];
    let that_filter = ["pie", "histogram", "horizontal_bar", "table"];
    for (_, objects) in both() {
        for object in objects.of_type("visualization") {
            let state = object.json("visState").unwrap();
            let kind = state["type"].as_str().unwrap();
            assert!(everywhere.contains(&kind), "{}: {kind}", object.id);
            if object.id.contains("-2017-") {
                assert!(that_filter.contains(&kind), "{}: a click on {kind} filters nothing", object.id);
            }
        }
    }
}
