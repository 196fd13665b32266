//! Facts about addresses, and which address they are of.

use std::path::Path;

use decorator::decorate::Schema;
use enrich::Sources;
use serde_json::{Value, json};

use crate::bench::{Bench, NOTHING};

/// A NAT gateway as in the guide's "Traffic through a NAT gateway".
const NAT_GATEWAY: &str = r#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1235b8ca123456789", "VpcId": "vpc-1",
    "InterfaceType": "nat_gateway", "PrivateIpAddress": "10.0.0.220", "Groups": []}], "SecurityGroups": []}"#;

fn sources(folder: &Path) -> Sources {
    let list = folder.join("list.txt");
    std::fs::write(&list, "203.0.113.0/24\n2001:db8::/32\n").unwrap();
    let other = folder.join("other.txt");
    std::fs::write(&other, "203.0.113.5\n").unwrap();
    let ranges = folder.join("ip-ranges.json");
    let text = r#"{"syncToken": "1", "createDate": "2026-01-01-00-00-00",
        "prefixes": [
            {"ip_prefix": "198.51.100.0/24", "region": "us-east-1", "service": "AMAZON", "network_border_group": "us-east-1"},
            {"ip_prefix": "198.51.100.0/24", "region": "us-east-1", "service": "S3", "network_border_group": "us-east-1"}],
        "ipv6_prefixes": []}"#;
    std::fs::write(&ranges, text).unwrap();
    Sources {
        geo: Vec::new(),
        threat_lists: vec![("drop".to_owned(), list), ("scanners".to_owned(), other)],
        ip_ranges: Some(ranges),
    }
}

/// The members of a document that tell of its two addresses.
fn facts(document: &Value) -> Value {
    let members = document.as_object().unwrap().iter();
    let told = members.filter(|(key, _)| key.starts_with("source-") || key.starts_with("destination-"));
    Value::Object(told.map(|(key, value)| (key.clone(), value.clone())).collect())
}

#[test]
fn traffic_through_a_nat_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(Schema::Classic, true, NAT_GATEWAY, &sources(folder.path()));
    let columns = "instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr";
    let lists = json!(["drop", "scanners"]);
    let (of_source, of_destination) =
        (json!({"source-threat-lists": lists}), json!({"destination-threat-lists": lists}));
    let cases = [
        ("10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5", "inbound", &of_destination),
        ("10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5", "outbound", &of_destination),
        ("203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220", "inbound", &of_source),
        ("10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5", "outbound", &of_source),
    ];
    for (addresses, direction, expected) in cases {
        let document = bench.read(columns, &format!("- eni-1235b8ca123456789 {addresses}"));
        assert_eq!(document["direction"], direction, "{addresses}");
        assert_eq!(&facts(&document), expected, "{addresses}");
        assert_eq!(document["flow-role"], "ambiguous", "it has no groups, so nothing refuses");
        assert!(document.get("security-group-ids").is_none(), "{document}");
    }
}

#[test]
fn services_lists_and_both_families() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(Schema::Classic, false, NOTHING, &sources(folder.path()));
    let mut read = |line: &str| facts(&bench.read("srcaddr dstaddr", line));
    assert_eq!(
        read("198.51.100.7 2001:db8::9"),
        json!({"source-aws-service": "S3", "destination-threat-lists": ["drop"]})
    );
    assert_eq!(
        read("2001:db8::9 198.51.100.7"),
        json!({"source-threat-lists": ["drop"], "destination-aws-service": "S3"})
    );
    assert_eq!(read("198.51.101.7 10.0.0.1"), json!({}), "nothing is known of the one, and the other is private");
    assert_eq!(read("fd00::1 fe80::1"), json!({}));
}

/// The made-up places of the samples (`samples/geo/make.py`).
fn samples() -> Sources {
    let geo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/geo.mmdb");
    Sources { geo: vec![geo.into()], ..Sources::default() }
}

#[test]
fn places_and_networks_of_both_sides() {
    let mut bench = Bench::new(Schema::Classic, false, NOTHING, &samples());
    let document = bench.read("srcaddr dstaddr", "203.0.113.5 2001:db8::9");
    let expected = json!({
        "source-country-code": "AU", "source-country-name": "Australia", "source-region-code": "AU-NSW",
        "source-region-name": "New South Wales", "source-city": "Sydney",
        "source-location": {"lat": -33.8688, "lon": 151.2093}, "source-as-number": 64500,
        "source-as-organization": "Harbour Net",
        "destination-country-code": "NL", "destination-country-name": "Netherlands", "destination-region-code": "NL-NH",
        "destination-region-name": "North Holland", "destination-city": "Amsterdam",
        "destination-location": {"lat": 52.374, "lon": 4.8897}, "destination-as-number": 64505,
        "destination-as-organization": "Voorbeeldnet",
    });
    assert_eq!(facts(&document), expected);
    // Singapore has no regions there, and 100.200.0.1 is in no database.
    let document = bench.read("srcaddr dstaddr", "203.0.113.200 100.200.0.1");
    let expected = json!({
        "source-country-code": "SG", "source-country-name": "Singapore", "source-city": "Singapore",
        "source-location": {"lat": 1.2897, "lon": 103.8501}, "source-as-number": 64502,
        "source-as-organization": "Straits Hosting",
    });
    assert_eq!(facts(&document), expected);
}

#[test]
fn places_in_ecs_are_of_the_address_in_the_record() {
    let mut bench = Bench::new(Schema::Ecs, false, NAT_GATEWAY, &samples());
    let columns = "interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr";
    let sydney = json!({
        "city_name": "Sydney", "continent_name": "Oceania", "country_iso_code": "AU", "country_name": "Australia",
        "location": {"lat": -33.8688, "lon": 151.2093}, "region_iso_code": "AU-NSW", "region_name": "New South Wales",
    });
    let network = json!({"number": 64500, "organization": {"name": "Harbour Net"}});
    let document = bench.read(columns, "eni-1235b8ca123456789 203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220");
    let end = json!({"address": "203.0.113.5", "ip": "203.0.113.5", "geo": sydney, "as": network});
    assert_eq!(document["source"], end);
    assert_eq!(document["destination"], json!({"address": "10.0.0.220", "ip": "10.0.0.220"}));
    // To the other side of the gateway: the integration does not look at the packet's own address.
    let document = bench.read(columns, "eni-1235b8ca123456789 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5");
    assert_eq!(document["destination"], json!({"address": "10.0.0.220", "ip": "10.0.0.220"}));
}
