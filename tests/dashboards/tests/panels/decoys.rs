//! Records that certain panels must leave out, and that the samples lack: each of them would be a row.

use serde_json::{Value, json};
use servers::OpenSearch;
use stack::Schema;

use dashboards_test::Range;

/// When they are: nothing else is there.
pub const MAY: Range<'static> = Range { from: "2026-05-01T00:00:00Z", to: "2026-05-01T01:00:00Z" };

/// Panels that show nothing of them.
pub const BLIND: [&str; 7] = [
    // A rejected outbound request is no scan of us.
    "threats-rejected-scans",
    "security-groups-rejected-by-group-and-port",
    // What a listed address sends to us is not what we send to it.
    "threats-hits-to",
    // Only requests name rules; a record that names one and is none must not count as one.
    "rule-usage-rules-by-requests",
    "rule-usage-rules-by-bytes",
    "rule-usage-requests-over-time",
    "security-groups-source-addresses",
];

/// Puts them, and a sample from before and one from after March, which a panel shows that forgets the time range.
pub fn put(server: &OpenSearch, schema: Schema) {
    let samples = server.search(
        &schema.day_index("2026-03-01"),
        &json!({"size": 40, "sort": [{"@timestamp": "asc"}], "query": {"match_all": {}}}),
    );
    let samples = samples["hits"]["hits"].as_array().unwrap();
    for (day, time) in [("2026-02-28", "2026-02-28T23:59:59Z"), ("2026-03-04", "2026-03-04T00:00:01Z")] {
        for (number, sample) in samples.iter().enumerate() {
            let mut document = sample["_source"].clone();
            document["@timestamp"] = json!(time);
            server.put(&format!("/{}/_doc/{number}", schema.day_index(day)), &document);
        }
        server.refresh(&schema.day_index(day));
    }
    let index = schema.day_index("2026-05-01");
    for (number, document) in records(schema).into_iter().enumerate() {
        server.put(&format!("/{index}/_doc/{number}"), &document);
    }
    server.refresh(&index);
}

fn records(schema: Schema) -> Vec<Value> {
    let time = "2026-05-01T00:30:00Z";
    match schema {
        Schema::Classic => vec![
            json!({"@timestamp": time, "action": "REJECT", "direction": "outbound", "flow-role": "ambiguous", "log-status": "OK",
                "interface-id": "eni-0decoy", "srcaddr": "10.0.0.1", "dstaddr": "10.0.0.2", "dstport": 9,
                "security-group-names": ["decoy"]}),
            json!({"@timestamp": time, "action": "ACCEPT", "direction": "inbound", "flow-role": "reply", "log-status": "OK",
                "interface-id": "eni-0decoy", "srcaddr": "10.0.0.1", "dstaddr": "10.0.0.2", "dstport": 9, "bytes": 1,
                "destination-threat-lists": ["decoys"], "security-group-rule-ids": ["sgr-0decoy"]}),
        ],
        Schema::Ecs => vec![
            json!({"@timestamp": time,
                "aws": {"vpcflow": {"action": "REJECT", "log_status": "OK", "interface_id": "eni-0decoy"}},
                "source": {"ip": "10.0.0.1"}, "destination": {"ip": "10.0.0.2", "port": 9},
                "sgflow": {"direction": "outbound", "flow_role": "ambiguous", "security_group_names": ["decoy"]}}),
            json!({"@timestamp": time,
                "aws": {"vpcflow": {"action": "ACCEPT", "log_status": "OK", "interface_id": "eni-0decoy"}},
                "source": {"ip": "10.0.0.1"}, "destination": {"ip": "10.0.0.2", "port": 9}, "network": {"bytes": 1},
                "sgflow": {"direction": "inbound", "flow_role": "reply", "destination_threat_lists": ["decoys"],
                    "security_group_rule_ids": ["sgr-0decoy"]}}),
        ],
    }
}
