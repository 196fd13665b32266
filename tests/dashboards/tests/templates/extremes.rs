//! What goes in comes out: the largest numbers, both kinds of addresses, both forms of dates; and what does not fit is
//! neither refused nor changed.

use crate::accepted;
use crate::decorated::{World, beyond_line, every_field, full_line, largest_line, no_data_line};
use serde_json::{Value, json};
use servers::OpenSearch;
use stack::Schema;

/// Documents in an index of their own, which goes with the value.
struct Index {
    server: &'static OpenSearch,
    name: String,
}

impl Index {
    fn new(name: &str) -> Index {
        Index { server: accepted::server(), name: name.to_owned() }
    }

    /// Puts a document under an id, and gives the status.
    fn put(&self, id: &str, document: &Value) -> u16 {
        let path = format!("/{}/_doc/{id}?refresh=true", self.name);
        self.server.call("PUT", &path, "application/json", document.to_string().as_bytes()).0
    }

    /// The ids of what a query finds, sorted.
    fn found(&self, query: Value) -> Vec<String> {
        let answer = self.server.search(&self.name, &json!({"query": query, "size": 100}));
        let hits = answer["hits"]["hits"].as_array().unwrap();
        let mut ids: Vec<String> = hits.iter().map(|hit| hit["_id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    fn is_found(&self, id: &str, query: Value) {
        assert!(self.found(query.clone()).contains(&id.to_owned()), "{id} is not found by {query}");
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.server.call("DELETE", &format!("/{}", self.name), "", b"");
    }
}

const IDS: [&str; 4] = ["full", "largest", "beyond", "no-data"];

/// Everything that the real flow-decorate makes of the four lines, under the ids above.
fn decorated(schema: Schema, index: &Index) {
    let lines = [full_line(), largest_line(), beyond_line(), no_data_line()];
    let documents = World::new().documents(schema, &every_field(), &lines);
    for (id, document) in IDS.iter().zip(&documents) {
        assert_eq!(index.put(id, document), 201, "{document}");
    }
    assert_eq!(index.found(json!({"exists": {"field": "_ignored"}})), [] as [String; 0]);
}

#[test]
fn classic_values_come_out_again() {
    let index = Index::new("sgflow-flows-extremes");
    decorated(Schema::Classic, &index);
    let largest = |field: &str, value: Value| index.is_found("largest", json!({"term": {field: value}}));
    largest("bytes", json!(9_223_372_036_854_775_807_u64));
    largest("packets", json!(9_223_372_036_854_775_807_u64));
    for field in ["version", "traffic-path", "encryption-status"] {
        largest(field, json!(2_147_483_647));
    }
    for field in ["srcport", "dstport", "tcp-flags"] {
        largest(field, json!(65535));
    }
    largest("protocol", json!(255));
    largest("srcaddr", json!("2001:db8::1"));
    largest("srcaddr", json!("2001:0db8:0:0::/64"));
    largest("dstaddr", json!("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
    largest("pkt-srcaddr", json!("::"));
    largest("pkt-dstaddr", json!("fd00:ec2::/32"));
    // 2^32 - 1 seconds after 1970, `date -u -d @4294967295`.
    for field in ["start", "end"] {
        largest(field, json!(4_294_967_295_u64));
        largest(field, json!("2106-02-07T06:28:15Z"));
    }
    index.is_found(
        "largest",
        json!({"range": {"@timestamp": {"gte": "2106-02-07T06:28:15Z", "lt": "2106-02-07T06:28:16Z"}}}),
    );

    let beyond = |field: &str, value: Value| index.is_found("beyond", json!({"term": {field: value}}));
    beyond("packets-text", json!("9223372036854775808"));
    beyond("bytes-text", json!("18446744073709551615"));
    beyond("version-text", json!("2147483648"));
    beyond("traffic-path-text", json!("99999999999"));
    beyond("encryption-status-text", json!("enabled"));
    beyond("tcp-flags-text", json!("SYN"));
    beyond("dstaddr", json!("255.255.255.255"));
    beyond("srcaddr", json!("10.0.0.0/8"));
    // Zero is zero where the record says so, and nowhere else.
    beyond("srcport", json!(0));
    beyond("start", json!(0));
    for field in ["packets", "bytes", "version", "traffic-path", "encryption-status", "tcp-flags"] {
        assert!(!index.found(json!({"exists": {"field": field}})).contains(&"beyond".to_owned()), "{field}");
    }

    index.is_found("no-data", json!({"term": {"log-status": "NODATA"}}));
    for field in ["srcaddr", "dstport", "bytes", "packets", "protocol", "direction", "source-location"] {
        assert!(!index.found(json!({"exists": {"field": field}})).contains(&"no-data".to_owned()), "{field}");
    }

    let full = |query: Value| index.is_found("full", query);
    full(json!({"term": {"instance-tag": "team=net work"}}));
    full(json!({"term": {"account-id": "012345678901"}}));
    full(json!({"terms": {"security-group-rule-ids": ["sgr-0a1"]}}));
    full(json!({"term": {"interface-description": "the \"web\" server"}}));
    full(json!({"term": {"source-threat-lists": "drop"}}));
    full(json!({"term": {"destination-as-number": 64500}}));
    // Sydney, as samples/geo/make.py has it.
    for field in ["source-location", "destination-location"] {
        let near = json!({"distance": "1km", field: {"lat": -33.8688, "lon": 151.2093}});
        full(json!({"geo_distance": near}));
    }
}

#[test]
fn ecs_values_come_out_again() {
    let index = Index::new("sgflow-ecs-extremes");
    decorated(Schema::Ecs, &index);
    let largest = |field: &str, value: Value| index.is_found("largest", json!({"term": {field: value}}));
    for field in ["source.bytes", "source.packets", "network.bytes", "network.packets"] {
        largest(field, json!(9_223_372_036_854_775_807_u64));
    }
    for field in ["source.port", "destination.port"] {
        largest(field, json!(65535));
    }
    largest("network.iana_number", json!("255"));
    largest("source.ip", json!("2001:db8::/32"));
    largest("related.ip", json!("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
    largest("aws.vpcflow.pkt_srcaddr", json!("::"));
    largest("aws.vpcflow.tcp_flags", json!("65535"));
    largest("event.start", json!("2106-02-07T06:28:15Z"));
    largest("event.end", json!("2106-02-07T06:28:15.000Z"));
    let beyond = |field: &str, value: Value| index.is_found("beyond", json!({"term": {field: value}}));
    beyond("sgflow.record.bytes", json!("18446744073709551615"));
    beyond("sgflow.record.packets", json!("9223372036854775808"));
    beyond("sgflow.record.encryption_status", json!("enabled"));
    beyond("event.start", json!("1970-01-01T00:00:00Z"));
    beyond("destination.ip", json!("255.255.255.255"));
    for field in ["source.bytes", "network.packets"] {
        assert!(!index.found(json!({"exists": {"field": field}})).contains(&"beyond".to_owned()), "{field}");
    }
    index.is_found("full", json!({"term": {"source.as.number": 64500}}));
    index.is_found("full", json!({"term": {"source.as.organization.name": "Harbour Net"}}));
    let near = json!({"distance": "1km", "destination.geo.location": {"lat": -33.8688, "lon": 151.2093}});
    index.is_found("full", json!({"geo_distance": near}));
}

#[test]
fn dates_in_both_forms_are_the_same_moment() {
    let index = Index::new("sgflow-flows-dates");
    // `date -u -d 2026-03-01 +%s` is 1772323200.
    assert_eq!(index.put("epoch", &json!({"start": 1_772_323_200, "@timestamp": 1_772_323_200_000_u64})), 201);
    assert_eq!(index.put("text", &json!({"start": "2026-03-01T00:00:00Z", "@timestamp": "2026-03-01T00:00:00Z"})), 201);
    assert_eq!(
        index.put("millis", &json!({"start": "2026-03-01T01:00:00+01:00", "@timestamp": "2026-03-01T00:00:00.000Z"})),
        201
    );
    assert_eq!(index.put("later", &json!({"start": 1_772_323_201, "@timestamp": "2026-03-01T00:00:01Z"})), 201);
    for field in ["start", "@timestamp"] {
        let first_second = json!({"range": {field: {"gte": "2026-03-01T00:00:00Z", "lt": "2026-03-01T00:00:01Z"}}});
        assert_eq!(index.found(first_second), ["epoch", "millis", "text"], "{field}");
    }
    // As panels of Dashboards ask: the format beside the bounds.
    let (from, to) = ("2026-03-01T00:00:01.000Z", "2026-03-01T23:59:59.999Z");
    let bounds = json!({"gte": from, "lte": to, "format": "strict_date_optional_time"});
    assert_eq!(index.found(json!({"range": {"@timestamp": bounds}})), ["later"]);
}

#[test]
fn an_odd_value_costs_itself_and_not_the_document() {
    let index = Index::new("sgflow-flows-odd");
    let odd = json!({
        "@timestamp": "2026-03-01T00:00:00Z", "action": "ACCEPT",
        "srcaddr": "10.0.0.256", "srcport": "https", "protocol": 99_999_999_999_u64,
        "bytes": 9_223_372_036_854_775_808_u64, "start": "yesterday",
    });
    assert_eq!(index.put("odd", &odd), 201);
    index.is_found("odd", json!({"term": {"action": "ACCEPT"}}));
    for field in ["srcaddr", "srcport", "protocol", "bytes", "start"] {
        // It is no value, it is told, and it is kept as it came.
        assert_eq!(index.found(json!({"exists": {"field": field}})), [] as [String; 0], "{field}");
        index.is_found("odd", json!({"term": {"_ignored": field}}));
    }
    let kept = index.server.get(&format!("/{}/_doc/odd", index.name), &Value::Null);
    assert_eq!(kept["_source"], odd);
}

#[test]
fn long_texts_are_kept_and_short_enough_ones_found() {
    let index = Index::new("sgflow-flows-long");
    // Of three bytes each: a term may have 32,766 bytes.
    let (fits, too_long) = ("\u{20ac}".repeat(8191), "\u{20ac}".repeat(20_000));
    assert_eq!(index.put("fits", &json!({"instance-tag": fits})), 201);
    let document = json!({"instance-tag": too_long, "some-column": too_long, "action": "ACCEPT"});
    assert_eq!(index.put("too-long", &document), 201);
    index.is_found("fits", json!({"term": {"instance-tag": fits}}));
    index.is_found("too-long", json!({"term": {"action": "ACCEPT"}}));
    assert_eq!(index.found(json!({"exists": {"field": "instance-tag"}})), ["fits"]);
    let kept = index.server.get(&format!("/{}/_doc/too-long", index.name), &Value::Null);
    assert_eq!(kept["_source"], document);
}

#[test]
fn a_wrong_time_or_place_is_refused_aloud() {
    let index = Index::new("sgflow-flows-wrong");
    // Without a time a document would be on no dashboard, and a place off the globe would be moved onto it.
    assert_eq!(index.put("time", &json!({"@timestamp": "soon"})), 400);
    assert_eq!(index.put("place", &json!({"source-location": {"lat": 95.0, "lon": 2.0}})), 400);
    assert_eq!(index.put("pole", &json!({"source-location": {"lat": -90.0, "lon": -180.0}})), 201);
}

#[test]
fn inventory_documents_are_found_by_the_names_of_either_schema() {
    let index = Index::new("sgflow-inventory-test");
    let rule = json!({
        "@timestamp": "2026-03-01T00:00:00Z", "kind": "rule", "rule-protocol": "tcp",
        "rule-from-port": 0, "rule-to-port": 65535, "rule-peer": "0.0.0.0/0", "rule-description": "a \"rule\"",
        "rule-text": "tcp 0-65535 from 0.0.0.0/0",
    });
    let mut classic = rule.clone();
    classic["security-group-rule-ids"] = json!(["sgr-0a1"]);
    classic["security-group-ids"] = json!(["sg-0a1"]);
    let mut ecs = rule;
    ecs["sgflow"] =
        json!({"security_group_rule_ids": ["sgr-0a1"], "security_group_ids": ["sg-0a1"], "direction": "inbound"});
    ecs["cloud"] = json!({"account": {"id": "123456789012"}, "region": "eu-west-1"});
    // ICMP: type -1 stands for all of them.
    let interface =
        json!({"kind": "interface", "interface-addresses": ["10.0.0.5", "2001:db8::5"], "rule-from-port": -1});
    for (id, document) in [("classic", &classic), ("ecs", &ecs), ("interface", &interface)] {
        assert_eq!(index.put(id, document), 201);
    }
    assert_eq!(index.found(json!({"term": {"security-group-rule-ids": "sgr-0a1"}})), ["classic"]);
    assert_eq!(index.found(json!({"term": {"sgflow.security_group_rule_ids": "sgr-0a1"}})), ["ecs"]);
    assert_eq!(index.found(json!({"range": {"rule-to-port": {"gte": 65535}}})), ["classic", "ecs"]);
    assert_eq!(index.found(json!({"term": {"interface-addresses": "2001:db8::/32"}})), ["interface"]);
    assert_eq!(index.found(json!({"exists": {"field": "_ignored"}})), [] as [String; 0]);
}
