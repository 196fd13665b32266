//! The whole path with real parts: what the simulator knows is what a search finds.
//!
//! ```text
//! flow-simulate ─► subscription events ─► flow-ingest ─► stream (moto) ─► delivery (played here) ─► OpenSearch
//!      │                                                    ▲                │      ▲                   │
//!      │                                                    │                ▼      │                   ▼
//!      │                                                    └─ put back ─ flow-decorate           aggregations
//!      └───────────────────────────────── truth.json ─────────────────────────────────────────────────► =
//! ```
//!
//! Both functions run behind the Runtime API. The records lack `flow-direction`: direction and groups come from the
//! inventory alone, while the truth comes from the simulator, which knows none of the product's code. The stream is
//! delivered twice, once as classic documents and once as ECS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod counts;
mod delivery;
mod network;
mod rules;
mod subscriptions;

use counts::Kind;
use delivery::{Delivery, Stream};
use network::Network;
use serde_json::{Value, json};
use servers::{Answer, Function, Moto, OpenSearch, RuntimeApi, binary};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What ingest writes into, and what Firehose reads for classic documents.
const CLASSIC_STREAM: &str = "flows";
/// Another stream with the same records, for ECS documents.
const ECS_STREAM: &str = "flows-ecs";
/// Lambda's longest time for a function behind Firehose (Firehose guide, "Data transformation": five minutes).
const DEADLINE: Duration = Duration::from_secs(300);

/// The names of one schema.
struct Schema {
    /// Of `OUTPUT_SCHEMA`.
    name: &'static str,
    stream: &'static str,
    template: &'static str,
    /// What stands before the day in an index's name, and the template's name.
    index: &'static str,
    fields: counts::Fields,
    rule: &'static str,
    interface: &'static str,
}

const CLASSIC: Schema = Schema {
    name: "classic",
    stream: CLASSIC_STREAM,
    template: "index-template.json",
    index: "sgflow-flows",
    fields: counts::Fields {
        action: "action",
        status: "log-status",
        group: "security-group-ids",
        port: "dstport",
        direction: "direction",
    },
    rule: "security-group-rule-ids",
    interface: "interface-id",
};

const ECS: Schema = Schema {
    name: "ecs",
    stream: ECS_STREAM,
    template: "index-template-ecs.json",
    index: "sgflow-ecs",
    fields: counts::Fields {
        action: "aws.vpcflow.action",
        status: "aws.vpcflow.log_status",
        group: "sgflow.security_group_ids",
        port: "destination.port",
        direction: "sgflow.direction",
    },
    rule: "sgflow.security_group_rule_ids",
    interface: "aws.vpcflow.interface_id",
};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn response(answer: Answer, function: &Function) -> Vec<u8> {
    match answer {
        Answer::Response(body) => body,
        other => panic!("{other:?}\n{}", function.output()),
    }
}

/// Everything through `flow-ingest`; gives the number of invocations.
fn ingest(network: &Network, moto: &Moto) -> usize {
    let api = RuntimeApi::start();
    let mut environment = moto.environment();
    environment.push(("DELIVERY_STREAM_NAME".to_owned(), CLASSIC_STREAM.to_owned()));
    let settings: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let function = Function::start(&binary("flow-ingest"), &api, &settings);
    let events = subscriptions::events(&network.lines);
    for event in &events {
        response(api.invoke(event, DEADLINE), &function);
    }
    assert_eq!(api.violations(), Vec::<String>::new());
    events.len()
}

/// The template first, then all documents.
fn deliver(schema: &Schema, network: &Network, moto: &Moto, search: &OpenSearch, taken: Stream) {
    let began = Instant::now();
    // What an earlier run may have left in a server that runs on.
    search.delete(&format!("/{}-{}-*", schema.index, network::YEAR), &Value::Null);
    let template = std::fs::read(project().join("dashboards").join(schema.template)).unwrap();
    let template = serde_json::from_slice(&template).unwrap_or_else(|error| panic!("{}: {error}", schema.template));
    search.put(&format!("/_index_template/{}", schema.index), &template);

    let api = RuntimeApi::start();
    let mut environment = moto.environment();
    let inventory = network.inventory();
    let geo = project().join("samples/geo.mmdb");
    for (name, value) in [
        ("OUTPUT_SCHEMA", schema.name),
        ("LOG_FORMAT", network::FORMAT),
        ("RULE_IDS", "on"),
        ("INVENTORY", inventory.to_str().unwrap()),
        ("GEO_DATABASES", geo.to_str().unwrap()),
        // Below Lambda's own, so that some of each batch is put back.
        ("RESPONSE_LIMIT", "2000000"),
    ] {
        environment.push((name.to_owned(), value.to_owned()));
    }
    let settings: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let function = Function::start(&binary("flow-decorate"), &api, &settings);
    let delivery = Delivery { search, stream: taken, index: schema.index };
    let done = delivery.run(|event| response(api.invoke(event, DEADLINE), &function));
    assert_eq!(api.violations(), Vec::<String>::new());
    println!(
        "{}: {} documents in {} indices by {} invocations, {} records put back, {:.1} s",
        schema.name,
        done.documents,
        done.indices.len(),
        done.invocations,
        done.dropped,
        began.elapsed().as_secs_f64()
    );

    let mut kept = done.failed;
    kept.sort();
    assert_eq!(kept, subscriptions::BROKEN, "what is no record is kept as it came, and nothing else");
    assert!(done.dropped > 0, "nothing was put back: the limit of a response did not bite");
    assert!(done.indices.len() >= 12, "one index a day: {:?}", done.indices);
    compare(schema, network, search, &done.indices);
}

/// What a search finds against the simulator's truth.
fn compare(schema: &Schema, network: &Network, search: &OpenSearch, indices: &BTreeSet<String>) {
    let target = indices.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    search.refresh(&target);
    let truth = &network.truth;
    let count = counts::answer(search, &target, &json!({"size": 0, "track_total_hits": true}));
    assert_eq!(count["hits"]["total"]["value"], truth["records"]["records"], "{}", schema.name);

    let expected = counts::of_truth(truth);
    let fields = &schema.fields;
    for (position, field) in fields.list().into_iter().enumerate() {
        // Each record once for every value that it has in this field.
        let folded = counts::folded(truth, position);
        let found = counts::by_value(search, &target, field);
        assert_same(&format!("{}, {field}", schema.name), &folded, &found);
    }
    let found = counts::by_all(search, &target, fields.list());
    assert_same(&format!("{}, all five", schema.name), &expected, &found);
    println!("{}: {} combinations of action, status, group, port and direction", schema.name, found.len());

    let of_rules = [schema.rule, schema.interface, fields.port];
    rules::compare(schema.name, truth, search, &target, of_rules);
}

fn assert_same<K: Ord + std::fmt::Debug>(what: &str, expected: &BTreeMap<K, u64>, found: &BTreeMap<K, u64>) {
    let mut differences = Vec::new();
    for key in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
        let (expected, found) = (expected.get(key), found.get(key));
        if expected != found {
            differences.push(format!("{key:?}: {expected:?} simulated, {found:?} found"));
        }
    }
    assert!(differences.is_empty(), "{what}: {} differ, such as {:#?}", differences.len(), &differences[..1]);
}

/// The test is worth nothing if the simulated network holds less than it speaks of.
fn check_variety(expected: &BTreeMap<Kind, u64>, network: &Network) {
    let values = |position: usize| expected.keys().map(|kind| kind[position].as_str()).collect::<BTreeSet<_>>();
    assert_eq!(values(0), BTreeSet::from(["\"ACCEPT\"", "\"REJECT\"", "null"]));
    assert_eq!(values(1), BTreeSet::from(["\"NODATA\"", "\"OK\"", "\"SKIPDATA\""]));
    assert!(values(2).len() >= 5, "few groups: {:?}", values(2));
    assert!(values(2).contains("null"), "no interface without groups");
    assert!(values(3).len() >= 100, "few ports");
    assert_eq!(values(4), BTreeSet::from(["\"inbound\"", "\"outbound\"", "null"]));
    let records = network.truth["records"]["records"].as_u64().unwrap();
    assert!((15_000..40_000).contains(&records), "{records} records");
    assert_eq!(network.lines.len() as u64, records);
    let several = network.truth["counts"].as_array().unwrap().iter();
    assert!(
        several.filter(|count| count["groups"].as_array().unwrap().len() > 1).count() > 10,
        "few of several groups"
    );
    let version_6 = network.lines.iter().filter(|line| line.text.contains("2001:db8:")).count();
    assert!(version_6 > 10, "{version_6} records of IPv6");
}

#[test]
fn a_search_finds_what_was_simulated() {
    let network = Network::simulate();
    check_variety(&counts::of_truth(&network.truth), &network);
    rules::check_variety(&network.truth, &network.described_rules());
    let moto = Moto::start();
    for stream in [CLASSIC_STREAM, ECS_STREAM] {
        moto.create_bucket(stream);
        moto.create_stream(stream, stream, "");
    }
    // OpenSearch takes long to start: meanwhile the records go through the first function.
    let search = std::thread::scope(|scope| {
        let ingesting = scope.spawn(|| {
            let began = Instant::now();
            let invocations = ingest(&network, &moto);
            println!("flow-ingest: {invocations} invocations, {:.1} s", began.elapsed().as_secs_f64());
        });
        let search = OpenSearch::start();
        ingesting.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause));
        search
    });

    let classic = Stream::new(&moto, CLASSIC.stream);
    let ecs = classic.copied_to(ECS.stream);
    deliver(&CLASSIC, &network, &moto, &search, classic);
    deliver(&ECS, &network, &moto, &search, ecs);
}
