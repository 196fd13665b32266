//! ECS documents against those that Elastic's integration "AWS VPC Flow" publishes as the expectations of its own tests.
//!
//! The files in `ecs/` hold one kind of record each: the format, lines, and for each line the document that the integration makes of it,
//! with its source. They lack what is not of the record: `event.original` and `tags` (a test of the integration sets the tag by which
//! `event.original` is kept; by default it is removed), and `geo` and `as` of both ends, which come from a database of places: the
//! decorator has none here, and `places.rs` tests those. Everything else is compared both ways, field by field: what Elastic has and we
//! lack fails, and what we have and Elastic lacks, unless it is in `sgflow`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use decorator::payload::{Payload, Unpacker};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::bench::{Bench, NOTHING};

#[derive(Deserialize)]
struct Kind {
    source: String,
    format: String,
    records: Vec<Published>,
}

#[derive(Deserialize)]
struct Published {
    line: String,
    expected: Value,
}

/// Where documents differ on purpose: what Elastic writes there, and why we write nothing.
const DELIBERATE: [(&str, &str, &str); 3] = [
    ("cloud.region", r#""-""#, "a region that is not told is absent"),
    ("cloud.availability_zone", r#""-""#, "a zone that is not told is absent"),
    ("aws.vpcflow.sublocation", "{}", "an object that holds nothing says nothing"),
];

/// All that a document says, by path. Arrays are values, and so are objects without members.
fn leaves(document: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut left = vec![(String::new(), document)];
    while let Some((path, value)) = left.pop() {
        match value {
            Value::Object(members) if !members.is_empty() => {
                for (name, member) in members {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    left.push((path, member));
                }
            }
            value => assert_eq!(found.insert(path, value.clone()), None),
        }
    }
    found
}

fn differences(ours: &Value, theirs: &Value, used: &mut [u32]) -> Vec<String> {
    let (ours, mut theirs) = (leaves(ours), leaves(theirs));
    for ((path, value, _), used) in DELIBERATE.iter().zip(used) {
        let value: Value = serde_json::from_str(value).unwrap();
        if theirs.get(*path) == Some(&value) {
            theirs.remove(*path);
            *used += 1;
        }
    }
    let mut differences = Vec::new();
    for (path, value) in &theirs {
        match ours.get(path) {
            None => differences.push(format!("{path}: Elastic has {value}, we have nothing")),
            Some(our) if our != value => differences.push(format!("{path}: Elastic has {value}, we have {our}")),
            Some(_) => {}
        }
    }
    for (path, value) in &ours {
        if !theirs.contains_key(path) && !path.starts_with("sgflow.") {
            differences.push(format!("{path}: we have {value}, Elastic has nothing"));
        }
    }
    differences
}

/// The lines of a Firehose record, as the decorator takes it apart.
fn lines(data: &str) -> Vec<String> {
    let mut unpacker = Unpacker::default();
    let Payload::Lines(lines) = unpacker.unpack(data.as_bytes()) else { panic!("no lines in {data}") };
    lines.iter().map(|piece| String::from_utf8(piece.text.to_vec()).unwrap()).collect()
}

#[test]
fn documents_are_those_of_the_integration() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/ecs");
    let mut kinds: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    kinds.sort();
    let names: Vec<_> = kinds.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
    let wanted =
        ["message", "nat-gateway", "transit-gateway", "version-2", "version-3", "version-5", "version-7", "version-8"];
    assert_eq!(names, wanted);

    let mut used = [0; DELIBERATE.len()];
    let mut wrong = Vec::new();
    for path in &kinds {
        let kind: Kind = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        assert!(!kind.source.is_empty() && !kind.records.is_empty(), "{}", path.display());
        let mut bench = Bench::ecs(NOTHING);
        for Published { line, expected } in &kind.records {
            let [unpacked] = &lines(line)[..] else { panic!("several lines in {line}") };
            let document = bench.read(&kind.format, unpacked);
            let differences = differences(&document, expected, &mut used);
            if !differences.is_empty() {
                wrong.push(format!("{line}\n  {}", differences.join("\n  ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for ((path, _, why), used) in DELIBERATE.iter().zip(used) {
        assert!(used > 0, "nothing published has {path} any more: {why}");
    }
}

/// `network.community_id` of the records in Elastic's `test-tgw-samples.log` and `test-ecs-samples.log` that `ecs/` does not hold.
#[test]
fn community_ids_of_the_other_published_records() {
    let cases = [
        ("81.2.69.142 1.128.0.0 3147 3389 17", "1:J/Fl7j/RRZpXe9ikng3WBi2sTHM="),
        ("81.2.69.144 89.160.20.112 59410 80 17", "1:XEYoN1cOVXzxMEVFzD4QjGVuu4E="),
        ("81.2.69.192 81.2.69.144 51593 80 6", "1:OnsXZWClXhCJXATMZF+oXxeUOV4="),
        ("89.160.20.112 81.2.69.192 42450 443 6", "1:Mm92+z5Yem9TLeRCywn8u7i8Ftw="),
        ("89.160.20.128 81.2.69.142 40879 3389 17", "1:p9+VOaSR2/qJxcdcyi2Z5ME3u0E="),
        ("67.43.156.0 216.160.83.56 47415 443 6", "1:DLLdhDgi6HlclUmzd9zm6yqa7K4="),
        ("216.160.83.56 89.160.20.128 29034 80 17", "1:TbwU7L6zyNtfWZ7qZfwDtT411uA="),
        ("81.2.69.142 89.160.20.112 27556 80 17", "1:yiI/BBNhvQ30lh4M4F5E4l56brA="),
        ("81.2.69.144 81.2.69.192 63842 80 17", "1:u5zOdjjWkW3y2U0/yB5h1k1EzJw="),
        ("89.160.20.112 81.2.69.142 37855 443 6", "1:Xscn3ByD5zMkJLpxASyG3b+tXrQ="),
        ("67.43.156.0 175.16.199.0 10302 443 6", "1:AqHof1lyXWe6ZrnGwHVrBmUGZ5A="),
    ];
    let mut bench = Bench::ecs(NOTHING);
    for (line, expected) in cases {
        let document = bench.read("srcaddr dstaddr srcport dstport protocol", line);
        assert_eq!(document["network"]["community_id"], expected, "{line}");
    }
}

/// `network.transport` for the eleven protocols that the ingest pipeline of the integration names; for no other.
#[test]
fn transports_are_those_of_the_integration() {
    let named = [
        (0, "hopopt"),
        (1, "icmp"),
        (2, "igmp"),
        (6, "tcp"),
        (8, "egp"),
        (17, "udp"),
        (47, "gre"),
        (50, "esp"),
        (58, "ipv6-icmp"),
        (112, "vrrp"),
        (132, "sctp"),
    ];
    let mut bench = Bench::ecs(NOTHING);
    for number in 0..=255_u8 {
        let document = bench.read("protocol", &number.to_string());
        let expected = named.iter().find(|(known, _)| *known == number).map_or(Value::Null, |(_, name)| json!(name));
        assert_eq!(document["network"]["transport"], expected, "{number}");
        assert_eq!(document["network"]["iana_number"], number.to_string());
    }
}

/// What a transit gateway's record has beyond what Elastic publishes: counts that no index takes, and fields that AWS may add.
#[test]
fn nothing_of_a_transit_gateway_record_is_lost() {
    let columns = "resource-type packets-lost-no-route packets-lost-blackhole packets-lost-ttl-expired \
                   packets-lost-mtu-exceeded tgw-colour flow-direction protocol tcp-flags";
    let line = "TransitGateway 007 9223372036854775808 -1 9223372036854775807 blue ingress 6 2";
    let expected = json!({
        "aws": {"vpcflow": {
            "resource_type": "TransitGateway", "packets_lost_no_route": 7, "packets_lost_mtu_exceeded": i64::MAX,
            "tcp_flags": "2", "tcp_flags_array": ["syn"],
        }},
        "cloud": {"provider": "aws"},
        "ecs": {"version": "8.11.0"},
        "event": {"category": ["network"], "kind": "event", "type": ["connection"]},
        "network": {"direction": "ingress", "iana_number": "6", "transport": "tcp"},
        "sgflow": {"record": {
            "packets_lost_blackhole": "9223372036854775808", "packets_lost_ttl_expired": "-1", "tgw_colour": "blue",
        }},
    });
    assert_eq!(Bench::ecs(NOTHING).read(columns, line), expected);
    let document = Bench::ecs(NOTHING).read("packets-lost-no-route", "4");
    assert_eq!(document["aws"]["vpcflow"], json!({"packets_lost_no_route": 4}));
}
