//! Nothing known is left to dynamic mapping, and nothing in a template is there in vain.

use crate::decorated::{World, beyond_line, every_field, full_line, largest_line, no_data_line};
use crate::template::{CLASSIC, ECS, INVENTORY, read, types};
use serde_json::{Value, json};
use servers::OpenSearch;
use stack::Schema;
use std::collections::BTreeSet;

/// An index with the template's settings and mapping, that refuses a document with any other field.
fn strict_index<'a>(server: &'a OpenSearch, file: &str, index: &str) -> &'a OpenSearch {
    let mut template = read(file)["template"].take();
    template["mappings"]["dynamic"] = json!("strict");
    server.put(&format!("/{index}"), &template);
    server
}

fn index_all(server: &OpenSearch, index: &str, documents: &[Value]) {
    let mut lines = documents.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    lines.push('\n');
    let done = server.bulk_documents(index, "index", &mut lines.as_bytes());
    assert_eq!(done.refused, [] as [Value; 0], "{index}");
    assert_eq!(done.indexed, documents.len() as u64, "{index}");
    server.refresh(index);
    let ignored = server.search(index, &json!({"query": {"exists": {"field": "_ignored"}}}));
    assert_eq!(ignored["hits"]["total"]["value"], 0, "a value that the index overlooked: {ignored}");
}

/// The names of the values of a document, dotted.
fn names(prefix: &str, value: &Value, points: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    for (name, inner) in value.as_object().unwrap() {
        let name = format!("{prefix}{name}");
        if inner.is_object() && !points.contains(&name) {
            names(&format!("{name}."), inner, points, found);
        } else {
            found.insert(name);
        }
    }
}

/// Fields of the template that no document has.
fn never_written(file: &str, documents: &[Value]) -> Vec<String> {
    let types = types(&read(file));
    let points = types.iter().filter(|(_, kind)| *kind == "geo_point").map(|(name, _)| name.clone()).collect();
    let mut found = BTreeSet::new();
    for document in documents {
        names("", document, &points, &mut found);
    }
    types.keys().filter(|name| !found.contains(*name)).cloned().collect()
}

fn all_lines() -> Vec<String> {
    vec![full_line(), largest_line(), beyond_line(), no_data_line()]
}

#[test]
fn classic_documents_have_the_fields_of_the_template_and_no_others() {
    let server = OpenSearch::shared();
    let documents = World::new().documents(Schema::Classic, &every_field(), &all_lines());
    index_all(strict_index(server, CLASSIC, "strict-classic"), "strict-classic", &documents);
    // A record whose ports, protocol or times are none is no record for flowlog: these are for what it might read one
    // day.
    let only_in_case = ["dstport-text", "end-text", "protocol-text", "srcport-text", "start-text"];
    assert_eq!(never_written(CLASSIC, &documents), only_in_case);
}

#[test]
fn ecs_documents_have_the_fields_of_the_template_and_no_others() {
    let server = OpenSearch::shared();
    let world = World::new();
    let mut documents = world.documents(Schema::Ecs, &every_field(), &all_lines());
    documents.extend(transit_gateway_documents());
    index_all(strict_index(server, ECS, "strict-ecs"), "strict-ecs", &documents);
    assert_eq!(never_written(ECS, &documents), [] as [&str; 0]);
}

/// Records of a transit gateway in the shape of the integration's published example
/// (`test-tgw-samples.log-expected.json`), with a value in every field that only they have: one with counts, one with
/// counts that are beyond a `long`.
fn transit_gateway_documents() -> [Value; 2] {
    let beyond = "9223372036854775808";
    let counted = json!({
        "resource_type": "TransitGateway", "tgw_id": "tgw-0a1", "tgw_attachment_id": "tgw-attach-0a1",
        "tgw_src_vpc_account_id": "123456789012", "tgw_dst_vpc_account_id": "123456789012", "tgw_src_vpc_id": "vpc-0a1",
        "tgw_dst_vpc_id": "vpc-0a2", "tgw_src_subnet_id": "subnet-0a1", "tgw_dst_subnet_id": "subnet-0a2",
        "tgw_src_eni": "eni-0a1", "tgw_dst_eni": "eni-0a2", "tgw_src_az_id": "euw1-az1", "tgw_dst_az_id": "euw1-az2",
        "tgw_pair_attachment_id": "tgw-attach-0a2", "packets_lost_no_route": 1, "packets_lost_blackhole": 2,
        "packets_lost_mtu_exceeded": 3, "packets_lost_ttl_expired": i64::MAX,
    });
    let lost = json!({
        "packets_lost_no_route": beyond, "packets_lost_blackhole": beyond, "packets_lost_mtu_exceeded": beyond,
        "packets_lost_ttl_expired": beyond,
    });
    let time = "2026-03-01T00:01:00.000Z";
    [
        json!({"@timestamp": time, "aws": {"vpcflow": counted}}),
        json!({"@timestamp": time, "aws": {"vpcflow": {"tgw_id": "tgw-0a1"}}, "sgflow": {"record": lost}}),
    ]
}

#[test]
fn inventory_documents_have_the_fields_of_the_template_and_no_others() {
    let server = OpenSearch::shared();
    let world = World::new();
    let documents: Vec<Value> = Schema::ALL.into_iter().flat_map(|schema| world.inventory_documents(schema)).collect();
    // Two rules, an interface and a group, in both schemas.
    assert_eq!(documents.len(), 8);
    index_all(strict_index(server, INVENTORY, "strict-inventory"), "strict-inventory", &documents);
    assert_eq!(never_written(INVENTORY, &documents), [] as [&str; 0]);
}

#[test]
fn unknown_columns_are_keywords_whatever_they_look_like() {
    let server = crate::accepted::server();
    let format = format!("{} ${{new-field}} ${{direction}} ${{new-date}}", every_field());
    let line = full_line() + " 0042 sideways 2026-03-01T00:00:00Z";
    let documents = World::new().documents(Schema::Classic, &format, &[line]);
    let index = "sgflow-flows-unknown";
    index_all(server, index, &documents);
    for (field, value) in [("new-field", "0042"), ("direction-text", "sideways"), ("new-date", "2026-03-01T00:00:00Z")]
    {
        let found = server.search(index, &json!({"query": {"term": {field: value}}}));
        assert_eq!(found["hits"]["total"]["value"], 1, "{field}");
    }
    // And from whoever writes JSON of other types.
    let other = json!({"a-flag": true, "a-count": 7, "a-ratio": 0.5, "deep": {"er": "text"}, "many": ["x", "y"]});
    index_all(server, index, &[other]);
    let mapping = server.get(&format!("/{index}/_mapping"), &Value::Null);
    for field in ["new-field", "direction-text", "new-date", "a-flag", "a-count", "a-ratio", "deep.er", "many"] {
        let found = crate::template::leaves(&mapping[index]["mappings"])[field].clone();
        assert_eq!(found, json!({"type": "keyword", "ignore_above": 8191}), "{field}");
    }
    for (field, value) in [("a-flag", "true"), ("a-count", "7"), ("a-ratio", "0.5"), ("deep.er", "text"), ("many", "y")]
    {
        let found = server.search(index, &json!({"query": {"term": {field: value}}}));
        assert_eq!(found["hits"]["total"]["value"], 1, "{field}");
    }
    server.delete(&format!("/{index}"), &Value::Null);
}
