//! A simulated day of 200,000 records through `_bulk`, in both schemas: nothing is refused, and no field gets a type that
//! the template did not give it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use servers::OpenSearch;
use stack::{Place, Schema, Stack, project};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Once, OnceLock};

const RECORDS: u64 = 200_000;

/// A day with every field of a record through version 11, and what the simulator says it wrote.
struct Day {
    folder: PathBuf,
    /// For another run of this test at the same time, until this process ends.
    _held: File,
    accepted: u64,
    rejected: u64,
}

fn day() -> &'static Day {
    static DAY: OnceLock<Day> = OnceLock::new();
    DAY.get_or_init(|| {
        // A static is never dropped, so a temporary folder in it would stay, one more with each run.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("day");
        let held = File::create(folder.with_extension("lock")).unwrap();
        held.lock().unwrap();
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        let mut simulate = Command::new(servers::binary("flow-simulate"));
        simulate.args(["--scenario", "bench", "--fields", "all", "--records", &RECORDS.to_string(), "--out"]);
        let output = simulate.arg(&folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let truth: Value = serde_json::from_slice(&fs::read(folder.join("truth.json")).unwrap()).unwrap();
        let records = &truth["records"];
        assert_eq!(records["records"], RECORDS);
        let number = |name: &str| records[name].as_u64().unwrap();
        Day { accepted: number("accepted"), rejected: number("rejected"), folder, _held: held }
    })
}

/// The one OpenSearch of these tests, as empty as a new one.
fn stack() -> (&'static OpenSearch, Stack<'static>) {
    static READY: Once = Once::new();
    let server = OpenSearch::shared();
    let stack = Stack::on(server);
    READY.call_once(|| {
        stack.clear();
        stack.put_templates();
    });
    (server, stack)
}

#[test]
fn a_day_of_classic_documents() {
    load_and_look(Schema::Classic, "action");
}

#[test]
fn a_day_of_ecs_documents() {
    load_and_look(Schema::Ecs, "aws.vpcflow.action");
}

/// The samples go into daily indices and the day into the data stream, so that one pattern spans both templates.
fn load_and_look(schema: Schema, action: &str) {
    let (server, stack) = stack();
    let samples = stack.load_samples(schema);
    // README, "What is open that nobody uses?": 15,310 records.
    assert_eq!(samples.documents, 15_310);
    let (logs, inventory) = (day().folder.join("logs"), day().folder.join("inventory"));
    let streamed = stack.load(schema, &logs, &inventory, Place::DataStream);
    assert_eq!(streamed.documents, RECORDS, "{}", streamed.said);

    assert_eq!(stack.count(schema.data_stream()), RECORDS);
    assert_eq!(stack.count(&schema.day_index("*")), 15_310);
    let actions = serde_json::json!({"size": 0, "aggs": {"actions": {"terms": {"field": action}}}});
    let actions = server.search(schema.data_stream(), &actions);
    let mut counted = BTreeMap::new();
    for bucket in actions["aggregations"]["actions"]["buckets"].as_array().unwrap() {
        counted.insert(bucket["key"].as_str().unwrap(), bucket["doc_count"].as_u64().unwrap());
    }
    assert_eq!(counted, BTreeMap::from([("ACCEPT", day().accepted), ("REJECT", day().rejected)]));

    the_mapping_is_the_templates(server, schema);
    no_field_has_two_types(server, schema.pattern());
}

/// Every field of every index has the type that the template gives, and there is no other: what the decorator writes is
/// known to the template, and nothing was left to dynamic mapping.
fn the_mapping_is_the_templates(server: &OpenSearch, schema: Schema) {
    let template: Value = serde_json::from_slice(&fs::read(schema.template()).unwrap()).unwrap();
    let mut expected = BTreeMap::new();
    types("", &template["template"]["mappings"], &mut expected);
    assert!(expected.len() > 50, "only {} fields in {}", expected.len(), schema.template().display());
    let mappings = server.get(&format!("/{}/_mapping", schema.pattern()), &Value::Null);
    let mappings = mappings.as_object().unwrap();
    // Three days of samples and one backing index.
    assert_eq!(mappings.len(), 4, "{:?}", mappings.keys());
    for (index, mapping) in mappings {
        let mut found = BTreeMap::new();
        types("", &mapping["mappings"], &mut found);
        let other: Vec<_> = found.iter().filter(|(field, kind)| expected.get(*field) != Some(kind)).collect();
        assert!(other.is_empty(), "{index} has fields that are not so in the template: {other:?}");
        assert_eq!(found.len(), expected.len(), "{index} lacks fields of the template");
    }
}

/// Types by the full name of each field, multi-fields included.
fn types(prefix: &str, mapping: &Value, into: &mut BTreeMap<String, String>) {
    for inner in ["properties", "fields"] {
        for (name, field) in mapping[inner].as_object().into_iter().flatten() {
            let name = format!("{prefix}{name}");
            types(&format!("{name}."), field, into);
            if let Some(kind) = field["type"].as_str() {
                into.insert(name, kind.to_owned());
            }
        }
    }
}

/// What Dashboards would show as "conflict" in the index pattern.
fn no_field_has_two_types(server: &OpenSearch, pattern: &str) {
    let caps = server.get(&format!("/{pattern}/_field_caps?fields=*"), &Value::Null);
    assert_eq!(caps["indices"].as_array().unwrap().len(), 4);
    let fields = caps["fields"].as_object().unwrap();
    assert!(fields.len() > 50, "{} fields", fields.len());
    for (field, kinds) in fields {
        let kinds: BTreeSet<&String> = kinds.as_object().unwrap().keys().collect();
        assert_eq!(kinds.len(), 1, "{field} is of several types: {kinds:?}");
    }
}

#[test]
fn inventory_documents_of_both_schemas_lie_in_one() {
    let (server, stack) = stack();
    let inventory = project("samples/inventory");
    let classic = stack.load_inventory(Schema::Classic, &inventory).documents;
    let ecs = stack.load_inventory(Schema::Ecs, &inventory).documents;
    assert_eq!((classic, stack.count(stack::INVENTORY_INDEX)), (ecs, ecs));
    let both = serde_json::json!({"size": 0, "track_total_hits": true, "query": {"bool": {"filter": [
        {"term": {"kind": "rule"}}, {"exists": {"field": "security-group-rule-ids"}},
        {"exists": {"field": "sgflow.security_group_rule_ids"}}
    ]}}});
    let rules: Value = serde_json::from_slice(&fs::read(inventory.join("security-group-rules.json")).unwrap()).unwrap();
    let rules = rules["SecurityGroupRules"].as_array().unwrap().len();
    assert_eq!(server.search(stack::INVENTORY_INDEX, &both)["hits"]["total"]["value"], rules);
}
